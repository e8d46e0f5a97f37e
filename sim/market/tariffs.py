"""Minimum billing demand of large-load tariffs, as data: what is billed whatever the site draws.

Each entry says where its numbers come from; all are from public notes on the tariffs, not from their text.
The entries stand in ``tariffs.json`` beside this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from sim.shipped import shipped


@dataclass(frozen=True, slots=True)
class MinimumDemand:
    """Lowest demand that a tariff bills, in a contract of a given size."""

    applies_above_mw: float
    """The tariff is for contracts above this [MW]."""
    segments: tuple[tuple[float, float], ...]
    """Slope of the minimum over the contract [1] from each contract size on [MW], in order of size."""
    highest_share_fraction: float
    """The minimum is no higher than this share of the contract [1]."""
    ratchet_fraction: float
    """At least this share of the highest demand of the eleven months before [1]; 0: no ratchet."""
    collateral_usd_per_mw: float | None
    """Security for each MW of the contract [USD/MW]; None: not seen."""
    source: str
    """Who sets it, its state, and where that was read."""

    def of_contract_mw(self, contract_mw: float) -> float:
        """Return the minimum that the contract alone makes [MW]."""
        ends_mw = [start_mw for start_mw, _ in self.segments[1:]] + [contract_mw]
        risen_mw = sum(
            slope * max(0.0, min(contract_mw, end_mw) - start_mw)
            for (start_mw, slope), end_mw in zip(self.segments, ends_mw, strict=True)
        )
        return min(risen_mw, self.highest_share_fraction * contract_mw)


TARIFFS: Final[Mapping[str, MinimumDemand]] = TypeAdapter(dict[str, MinimumDemand]).validate_python(
    shipped("sim.market", "tariffs.json")
)
"""Tariffs by name. That of AEP Ohio: 15 MW at 25 MW is 0.6 of it; then 0.85 of each MW to 75 MW, and all of
what is above."""


def minimum_demand_mw(tariff: str, contract_mw: float, highest_mw: float = 0.0) -> float:
    """Return the lowest demand that a tariff bills [MW].

    Parameters
    ----------
    tariff
        Name in `TARIFFS`.
    contract_mw
        Contracted capacity [MW], at least what the tariff is for.
    highest_mw
        Highest demand of the eleven months before [MW]; counts where the tariff has a ratchet.

    Raises
    ------
    ValueError
        An unknown tariff, or a contract that it is not for.

    Examples
    --------
    >>> minimum_demand_mw("aep-ohio-dct", 75.0), minimum_demand_mw("aep-ohio-dct", 200.0)
    (57.5, 170.0)
    >>> minimum_demand_mw("aep-ohio-dct", 75.0, highest_mw=70.0)
    59.5
    """
    entry = TARIFFS.get(tariff)
    if entry is None:
        raise ValueError(f"unknown tariff {tariff!r}: one of {', '.join(TARIFFS)}")
    if contract_mw < entry.applies_above_mw:
        raise ValueError(
            f"{tariff} is for contracts of {entry.applies_above_mw:g} MW and above, got {contract_mw:g} MW"
        )
    return max(entry.of_contract_mw(contract_mw), entry.ratchet_fraction * highest_mw)
