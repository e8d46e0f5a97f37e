"""A line of the ledger: how much of what, at which price."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum, nan
from typing import Final, Literal

Segment = Literal["mining", "ai", "site"]
"""Whose line it is; ``site``: shared by both."""
POWER: Final = "power"
"""The account of what the site pays for power, and gets for power that it sells on."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the profit and loss; revenue is positive, cost negative."""

    segment: Segment
    """Whose it is."""
    account: str
    """What kind of revenue or cost: ``power``."""
    item: str
    """What exactly."""
    quantity: float
    """How much [unit], as an exact integral or count over the run."""
    unit: str
    """Unit of the quantity."""
    amount_usd: float
    """What it brings, or less than zero what it costs [USD]."""

    @property
    def price(self) -> float:
        """Amount over quantity [USD/unit]; NaN for a quantity of zero."""
        return self.amount_usd / self.quantity if self.quantity else nan

    @property
    def is_nothing(self) -> bool:
        """Whether there is neither a quantity nor an amount."""
        return self.quantity == 0.0 and self.amount_usd == 0.0


def cost(segment: Segment, account: str, item: str, quantity: tuple[float, str], price: float | None) -> Line:
    """Return the line of a cost that a price in the scenario sets.

    Parameters
    ----------
    segment, account, item
        Where the line stands.
    quantity
        How much, and its unit.
    price
        What one costs [USD/unit]; None: the scenario gives no price, and the line says so.
    """
    if price is None:
        return Line(segment, account, f"{item} (no price given: not counted)", *quantity, 0.0)
    return Line(segment, account, item, *quantity, -price * quantity[0])


def sum_usd(lines: Iterable[Line]) -> float:
    """Return the sum of lines [USD], rounded once."""
    return fsum(line.amount_usd for line in lines)
