"""The profit and loss in one row a segment."""

from dataclasses import dataclass
from math import nan
from typing import Final

from sim.metrics.ledger import POWER, LedgerLine, ai_revenue_is_known, ledger, sum_usd
from sim.recording import Recording

TITLES: Final = {"mining": "Mining", "ai": "AI", "site": "Shared by the site"}
"""The segments, in order, and what a table calls them."""
TOTAL: Final = "total"


@dataclass(frozen=True, slots=True)
class Row:
    """Revenue and cost of a segment, or of the site."""

    segment: str
    """``mining``, ``ai``, ``site`` or ``total``."""
    title: str
    """What a table calls it."""
    revenue_usd: float
    """All that comes in, but for power sold on [USD]; NaN where no lease says what AI earns."""
    power_usd: float
    """Power, its resale taken off; below 0: a cost [USD]."""
    other_usd: float
    """All other cost, below 0 [USD]."""
    ebitda_usd: float
    """The sum of the three [USD]."""


def row(segment: str, title: str, lines: tuple[LedgerLine, ...], *, is_known: bool = True) -> Row:
    """Return the row of some lines; their revenue, and so their sum, is NaN where it is not known."""
    power_usd = sum_usd(line for line in lines if line.account == POWER)
    others = [line for line in lines if line.account != POWER]
    revenue_usd = sum_usd(line for line in others if line.amount_usd > 0.0)
    other_usd = sum_usd(line for line in others if line.amount_usd <= 0.0)
    if not is_known:
        return Row(segment, title, nan, power_usd, other_usd, nan)
    return Row(segment, title, revenue_usd, power_usd, other_usd, sum_usd(lines))


def statement(recording: Recording) -> tuple[Row, ...]:
    """Return a row for each segment that has lines, then the total."""
    lines, is_known = recording.once(ledger), ai_revenue_is_known(recording)
    rows = []
    for segment, title in TITLES.items():
        own = tuple(line for line in lines if line.segment == segment)
        known = is_known or segment != "ai"
        if not known or any(line.amount_usd for line in own):
            rows.append(row(segment, title, own, is_known=known))
    return (*rows, row(TOTAL, "Total", lines, is_known=is_known))


def total(recording: Recording) -> Row:
    """Return the site's row."""
    return recording.once(statement)[-1]


def of_segment(recording: Recording, segment: str) -> Row:
    """Return the row of a segment; zeros where it has no lines."""
    rows = (found for found in recording.once(statement) if found.segment == segment)
    return next(rows, Row(segment, TITLES[segment], 0.0, 0.0, 0.0, 0.0))
