"""The demand charge: what the highest mean power of a month costs, and the least that tariffs bill."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import Field, TypeAdapter, model_validator

from sim.market.calendar import local_months
from sim.shipped import shipped
from sim.span import Span
from sim.spec import Fraction, NonNegative, Positive, Spec, TimeZone, together
from sim.units import KW_PER_MW, SECONDS_PER_HOUR, SECONDS_PER_MINUTE


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
"""Tariffs by name, out of ``tariffs.json`` beside this module; all are from public notes on the tariffs, not
from their text. That of AEP Ohio: 15 MW at 25 MW is 0.6 of it; then 0.85 of each MW to 75 MW, and all of what
is above."""


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


RATCHET_MONTHS: Final = 11
"""Months before a month whose highest peak the ratchet looks at."""


class BillingMonth(NamedTuple):
    """A calendar month of the bill."""

    name: str
    """Year and month: ``2024-07``."""
    start_s: float
    """When it begins [s from the run's start]; may lie before the run."""
    end_s: float
    """When it ends [s from the run's start]; may lie after the run."""

    def share_fraction(self, end_s: float) -> float:
        """Return the share of the month that lies in a run of this end [s]."""
        return (min(self.end_s, end_s) - max(self.start_s, 0.0)) / (self.end_s - self.start_s)


class DemandTerms(NamedTuple):
    """What a billing month's peak costs, as the tariff and the months before it say."""

    usd_per_mw: float
    """What one MW more of the peak costs, for the part of the month that is billed in the run [USD/MW]."""
    floor_mw: float
    """What ratchet and tariff bill at the least [MW]."""
    until_s: float
    """End of the month or of the run, whichever is first [s]."""


class DemandCharge(Spec):
    """A charge on the highest mean of grid import over an interval of each calendar month."""

    usd_per_kw_month: Positive
    """Price of the billed demand [USD/kW/month]."""
    interval_min: Annotated[float, Field(ge=1.0, le=60.0)] = 15.0
    """Length of the intervals whose mean power counts [min]; must divide an hour. They begin with the
    month."""
    ratchet_fraction: Fraction = 0.0
    """Share of the highest peak of the eleven months before that is billed at the least; 0: no ratchet."""
    previous_peak_mw: NonNegative = 0.0
    """Highest peak of the eleven months before the run, for the ratchet [MW]."""
    tariff: Literal[*TARIFFS] | None = None  # type: ignore[valid-type]  # the names of a table
    """Tariff whose minimum demand is billed at the least, and whose ratchet counts; left out: none."""
    contract_mw: Positive | None = None
    """Contracted capacity, of which the tariff makes the minimum [MW]."""
    time_zone: TimeZone = "America/Chicago"
    """Time zone of the calendar months."""

    _tariff_has_a_contract = together("tariff", "contract_mw")

    @model_validator(mode="after")
    def _contract_is_of_its_size(self) -> Self:
        _ = self.minimum_mw
        return self

    @property
    def minimum_mw(self) -> float:
        """What the tariff bills whatever is drawn [MW]."""
        return 0.0 if self.tariff is None else minimum_demand_mw(self.tariff, self.contract_mw or 0.0)

    @property
    def billed_ratchet_fraction(self) -> float:
        """Share of the highest peak before that is billed at the least: the tariff's, or more [1]."""
        return max(self.ratchet_fraction, TARIFFS[self.tariff].ratchet_fraction if self.tariff else 0.0)

    @model_validator(mode="after")
    def _divides_an_hour(self) -> Self:
        if SECONDS_PER_HOUR % self.interval_s:
            raise ValueError(f"interval_min is {self.interval_min:g} min; must divide 60 min")
        return self

    @property
    def interval_s(self) -> float:
        """Length of the intervals [s]."""
        return self.interval_min * SECONDS_PER_MINUTE

    def terms(self, month: BillingMonth, end_s: float, peaks_mw: Sequence[float]) -> DemandTerms:
        """Return what a MW of a month's peak costs in a run, after the peaks of its months before.

        Parameters
        ----------
        month
            The month.
        end_s
            End of the run [s].
        peaks_mw
            Peaks of the run's months before [MW], in order.

        Examples
        --------
        Ten days of a month of thirty at 6 USD/kW:

        >>> charge = DemandCharge(usd_per_kw_month=6.0, ratchet_fraction=0.8, previous_peak_mw=100.0)
        >>> charge.terms(BillingMonth("2024-06", 0.0, 30 * 86_400.0), 10 * 86_400.0, [])
        DemandTerms(usd_per_mw=2000.0, floor_mw=80.0, until_s=864000.0)
        """
        ratchet = ratchet_mw(self.billed_ratchet_fraction, [self.previous_peak_mw, *peaks_mw])
        return DemandTerms(
            charge_usd(self.usd_per_kw_month, 1.0, month.share_fraction(end_s)),
            max(self.minimum_mw, ratchet),
            min(month.end_s, end_s),
        )

    def months(self, span: Span) -> tuple[BillingMonth, ...]:
        """Return the calendar months that a run touches."""
        months = local_months(span.start_utc_s, span.end_utc_s, ZoneInfo(self.time_zone))
        return tuple(
            BillingMonth(name, first_s - span.start_utc_s, last_s - span.start_utc_s)
            for name, first_s, last_s in months
        )


def charge_usd(usd_per_kw_month: float, billed_mw: float, month_fraction: float) -> float:
    """Return what a month's billed demand costs, for the share of the month that lies in the run [USD].

    Examples
    --------
    >>> charge_usd(6.0, 100.0, 0.5)
    300000.0
    """
    return usd_per_kw_month * KW_PER_MW * billed_mw * month_fraction


def ratchet_mw(ratchet_fraction: float, peaks_mw: Sequence[float]) -> float:
    """Return what is billed at the least after the peaks of the months before [MW].

    Examples
    --------
    >>> ratchet_mw(0.8, [100.0] + 11 * [50.0])
    40.0
    """
    return ratchet_fraction * max(peaks_mw[-RATCHET_MONTHS:])


def whole_intervals_s(month: BillingMonth, interval_s: float, end_s: float) -> list[float]:
    """Return the edges of the month's intervals that lie wholly in a run of this end [s from its start].

    Examples
    --------
    >>> whole_intervals_s(BillingMonth("2024-07", -1000.0, 5000.0), 900.0, 2000.0)
    [800.0, 1700.0]
    """
    first = max(0, -int(month.start_s // interval_s))
    last = int((min(month.end_s, end_s) - month.start_s) // interval_s)
    return [month.start_s + interval_s * count for count in range(first, last + 1)]
