"""What does not change in a run: fleets, halls, leases, terms of the market, as plain types.

A recording holds one :class:`Facts`. In a result folder it stands as numbers by dotted names,
``fleet.miners.rated_mw``: :meth:`Facts.numbers` writes them, :meth:`Facts.of` reads them, older ones too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from math import inf, nan
from typing import Self, TypeVar

from sim.facts.limit import CertificateFacts, ToleranceFacts
from sim.facts.numbers import LATE, NAMELESS, read, tree_of, written


@dataclass(frozen=True, slots=True)
class HallFacts:
    """A hall."""

    rated_mw: float = nan
    """Power at the meter with all of its IT at work [MW]."""
    rated_it_mw: float = nan
    """IT power that it is built for [MW]."""
    miner_capacity_mw: float = nan
    """Power of miners that its shell could hold [MW]."""
    base_mw: float = nan
    """Most that it draws at the meter at no IT power [MW]."""
    feed_ratio: float = nan
    """Most that a MW of IT power adds to what is fed, cooling apart."""
    load: tuple[str, ...] = ()
    """The loads that stand in it."""
    water_l_per_kwh: float = nan
    """Water that its cooling takes for each kWh of IT [L/kWh]."""


@dataclass(frozen=True, slots=True)
class LoadFacts:
    """An AI load; each kind states what it knows."""

    pue_ratio: float | None = None
    """Power at the meter over IT power, of a load outside halls."""
    stated_mw: float | None = None
    """Most that its tenant states to draw [MW], where a policy claims to keep the limit by it."""
    announces: bool | None = None
    """Whether it announces its rises, in such a run."""
    silence_means_down: bool | None = None
    """Whether its tenant covenants that it does not rise unannounced, in such a run."""
    drifts: bool | None = None
    """Whether its power drifts with demand and never jumps, in such a run."""
    rise_mw_per_s: float | None = None
    """Fastest that it can rise [MW/s], in such a run; None: at once."""
    iteration_period_s: float | None = None
    """Length of an iteration of a training job [s]."""
    iteration_duty_fraction: float | None = None
    """Share of an iteration that is computed."""
    iteration_jitter_fraction: float | None = None
    """Standard deviation of an iteration's length, over the length."""
    iteration_low_fraction: float | None = None
    """Power between the computing over power while computing."""
    sample_spacing_s: float | None = field(default=None, metadata=LATE)
    """Spacing of the rows of a replayed trace [s]."""
    smoothing_energy_mwh: float | None = field(default=None, metadata=LATE)
    """Energy that a training job drew to smooth its power [MWh]."""
    interlock_wait_s: float | None = field(default=None, metadata=LATE)
    """Time that a training job waited for the miners to go [s]."""
    return_lost_s: float | None = field(default=None, metadata=LATE)
    """Computing that a training job lost by its slow returns [s]."""
    flex_class: int | None = None
    """Class by which it gives way, in a run that may ask it to."""
    work_usd_per_mwh: float | None = None
    """What the work of a MWh that it draws is worth, in such a run [USD/MWh]."""
    served_query_count: float | None = field(default=None, metadata=LATE)
    served_token_count: float | None = field(default=None, metadata=LATE)
    backfill_token_count: float | None = field(default=None, metadata=LATE)
    unserved_fraction: float | None = field(default=None, metadata=LATE)
    delayed_fraction: float | None = field(default=None, metadata=LATE)
    backlog_peak_s: float | None = field(default=None, metadata=LATE)
    replica_mean_count: float | None = field(default=None, metadata=LATE)
    utilisation_mean_fraction: float | None = field(default=None, metadata=LATE)

    def __or__(self, other: Self) -> Self:
        """Return these facts with what others state in place of what these do."""
        stated = {item.name: getattr(other, item.name) for item in fields(other)}
        return replace(self, **{name: value for name, value in stated.items() if value is not None})


@dataclass(frozen=True, slots=True)
class FleetFacts:
    """A fleet: miners, or another that earns with its power."""

    rated_mw: float = nan
    """The most that it draws [MW]."""
    minimum_mw: float = nan
    """The least that it draws [MW]."""
    efficiency_j_per_th: float = nan
    """Energy for a terahash at rated power [J/TH]; NaN for a fleet that is no miner."""
    product_usd_per_mwh: float | None = None
    """What a MWh at rated power earns a fleet that is no miner [USD/MWh]; None for miners."""
    start_count: int | None = field(default=None, metadata=LATE)
    """Machines woken, each time counted; None for a fleet of bare megawatts."""

    @property
    def j_per_th(self) -> float:
        """Energy for a terahash at rated power [J/TH]; infinity for a fleet that is no miner."""
        return self.efficiency_j_per_th if self.product_usd_per_mwh is None else inf


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """An ancillary service that the policy may offer."""

    policy_up_to_mw: float = nan
    """The most that it may offer [MW]."""
    restored_after_s: float = nan
    """Time after a call at which it must be held again [s]."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The run itself."""

    seed: float | None = None
    """Its seed, where limits are counted, as that synthesises iterations."""
    utc_offset_s: float | None = None
    """Local time at its start less UTC [s]."""
    filled_s: float | None = None
    """Time in which no row of some file tells what holds, and its description does [s]; None: none."""
    event_count: float = field(default=nan, metadata=LATE)
    settle_count: float = field(default=nan, metadata=LATE)
    decision_count: float = field(default=nan, metadata=LATE)


@dataclass(frozen=True, slots=True)
class LeaseFacts:
    """A lease of AI capacity."""

    critical_mw: float = nan
    """IT power that is leased [MW]."""
    rent_usd_per_mw_year: float = nan
    """Rent of the first year [USD/MW/year]."""
    escalator_fraction: float = nan
    """Growth of the rent a year."""
    term_years: float = nan
    take_or_pay_fraction: float = nan
    """Least share of the rent that is owed."""
    by_delivery: bool | None = None
    delay_damages_ratio: float | None = None
    """Whether rent is owed for halls that stand alone; days of rent for one of delay. None: an old folder."""
    ebitda_margin_fraction: float = nan
    """What is left of the rent after the landlord's operations."""
    capex_usd_per_mw: float = nan
    """What the landlord spends on capacity [USD/MW]."""
    curtailment_share_fraction: float = nan
    """The tenant's share of what curtailment is worth."""
    start_s: float = nan
    """Commencement, from the run's start [s]."""
    end_s: float = nan
    """End of the term, from the run's start [s]."""
    pass_through: bool = False
    """Whether the tenant pays for the energy."""
    tenant_keeps_curtailment: bool = False
    """Whether the tenant gets its share of what curtailment is worth."""
    part: tuple[str, ...] = ()
    """What the tenant draws power by at the site's meter: ``load.llama``, ``hall.one``."""


@dataclass(frozen=True, slots=True)
class CostFacts:
    """What the site costs besides power; None: not counted."""

    mining_opex_usd_per_mwh: float | None = None
    ai_opex_usd_per_mwh: float | None = None
    start_cost_usd_per_machine: float | None = None
    cycle_cost_usd_per_machine: float | None = None
    repair_cost_usd_per_machine: float | None = None
    machine_power_w: float | None = None
    """Power of a machine, by which a fleet of bare megawatts is taken to start some [W]."""
    exceedance_penalty_usd_per_mwh: float | None = None
    fixed_usd_per_year: float | None = None


@dataclass(frozen=True, slots=True)
class MultipleFacts:
    """Enterprise value over EBITDA."""

    low_ratio: float = nan
    base_ratio: float = nan
    high_ratio: float = nan

    def at(self, level: str) -> float:
        """Return one of the three: ``low``, ``base``, ``high``."""
        return {"low": self.low_ratio, "base": self.base_ratio, "high": self.high_ratio}[level]


@dataclass(frozen=True, slots=True)
class ValuationFacts:
    """How a year's earnings are turned into a value."""

    discount_rate_fraction: float = nan
    mining_life_years: float = nan
    capex_to_complete_usd: float = 0.0
    net_debt_usd: float = 0.0
    mining_capex_usd_per_mw: float | None = None
    asic_price_usd_per_th: float | None = None
    mining_multiple: MultipleFacts | None = None
    ai_multiple: MultipleFacts | None = None


@dataclass(frozen=True, slots=True)
class GridFacts:
    """The grid behind the connection, as far as the scenario says."""

    short_circuit_mva: float | None = None
    x_over_r_ratio: float | None = None
    power_factor_ratio: float | None = None
    """Below 0 where reactive power is given."""
    nominal_hz: float | None = None
    """Nominal frequency of one that was measured [Hz]."""
    frequency: Mapping[str, float] = field(default_factory=dict)
    """Numbers of the model of its frequency; see `sim.grid.frequency.GridModel.of_numbers`."""
    envelope: tuple[str, ...] = ()
    """Envelope by which sags are judged, where it is not the default."""
    region: tuple[str, ...] = ()
    """Region whose published limits the site is held against, where not all are."""
    count_limits: bool | None = None
    """Whether the limits that the site keeps are counted."""
    limit: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Numbers of the user's own limits; see `sim.grid.limits.PowerLimit.of_numbers`."""


@dataclass(frozen=True, slots=True)
class BatteryFacts:
    """A battery between site and grid."""

    power_mw: float = nan
    energy_mwh: float = nan
    round_trip_efficiency_fraction: float = nan
    wear_usd_per_mwh: float = 0.0


@dataclass(frozen=True, slots=True)
class GenerationFacts:
    """Own generation behind the meter."""

    cost_usd_per_mwh: float | None = None
    """What a MWh of it costs [USD/MWh]; None: nothing."""
    export_limit_mw: float | None = None
    """The most that may flow out to the grid [MW]; None: nothing."""


@dataclass(frozen=True, slots=True)
class SupplyFacts:
    """How power is bought."""

    resale: bool | None = None
    """Whether what a contract buys and nobody draws is sold at real time; None: there is no contract."""
    as_consumed: bool | None = None
    """Whether a contract asks for what is drawn of it alone."""
    delivery_usd_per_mwh: float | None = None
    """What delivery costs on top, at hours without a price of their own; None: nothing."""


@dataclass(frozen=True, slots=True)
class SpanFacts:
    """A part of the time; it may reach beyond the run."""

    start_s: float = nan
    """Its start, from the run's [s]."""
    end_s: float = nan
    """Its end [s]."""


@dataclass(frozen=True, slots=True)
class FourCpFacts:
    """Transmission charged by four coincident peaks a year."""

    rate_usd_per_kw_year: float = nan
    previous_average_mw: float = nan
    """Mean demand at the peaks of the year before [MW]."""
    peak: Mapping[str, SpanFacts] = field(default_factory=dict, metadata=NAMELESS)
    """The intervals of the peaks that are known, by month: ``2024-08``."""
    unknown_count: int = 0
    """Months of the run whose peak is not known."""
    peaks_count: int = 4
    """Peaks whose mean is charged."""
    minimum_mw: float | None = None
    """Mean demand that is billed at the least [MW]; None: nothing."""

    def billed_mw(self, average_mw: float) -> float:
        """Return what is billed of a mean demand at the peaks [MW]; NaN where that is not known."""
        return max(average_mw, self.minimum_mw or 0.0)


@dataclass(frozen=True, slots=True)
class DemandChargeFacts:
    """A charge on the highest interval of each month."""

    usd_per_kw_month: float = nan
    interval_s: float = nan
    ratchet_fraction: float = nan
    previous_peak_mw: float = nan
    """Highest peak of the months before the run [MW]."""
    minimum_mw: float | None = None
    """What a tariff bills whatever is drawn [MW]; None: nothing."""
    collateral_usd: float | None = None
    """What is deposited with the utility [USD]; None: nothing that is known."""


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """A pool, or the chain itself, that pays by blocks."""

    expected_block_count: float = nan
    """Blocks that were to be expected of it in the run."""


T = TypeVar("T", LeaseFacts, SpanFacts)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that does not change in a run."""

    hall: Mapping[str, HallFacts] = field(default_factory=dict)
    load: Mapping[str, LoadFacts] = field(default_factory=dict)
    fleet: Mapping[str, FleetFacts] = field(default_factory=dict)
    ancillary: Mapping[str, ServiceFacts] = field(default_factory=dict)
    run: RunFacts = RunFacts()
    lease: Mapping[str, LeaseFacts] = field(default_factory=dict)
    cost: CostFacts = CostFacts()
    tolerance: ToleranceFacts | None = None
    """Tolerance of the limit; None: there is none."""
    certificate: CertificateFacts | None = None
    """What the policy reckons with that claims to keep the limit; None: none claims it."""
    valuation: ValuationFacts | None = None
    grid: GridFacts = field(default_factory=GridFacts)
    battery: BatteryFacts | None = None
    generation: GenerationFacts = GenerationFacts()
    supply: SupplyFacts = SupplyFacts()
    four_cp: FourCpFacts | None = None
    pool_fee_fraction: float = nan
    """Share of mining's revenue that a pool keeps."""
    stale_fraction: float | None = None
    """Share of work that comes too late; None in older results, which had none."""
    demand_charge: DemandChargeFacts | None = None
    billing_month: Mapping[str, SpanFacts] = field(default_factory=dict)
    """The months of a demand charge that the run touches."""
    pool: PoolFacts | None = field(default=None, metadata=LATE)

    @property
    def accepted_fraction(self) -> float:
        """Share of the work of miners that does not come too late."""
        return 1.0 - (self.stale_fraction or 0.0)

    @property
    def paid_fraction(self) -> float:
        """Share of what all work would earn that is paid: stale work and the pool's fee taken off."""
        return (1.0 - self.pool_fee_fraction) * self.accepted_fraction

    def of_load(self, load: str) -> LoadFacts:
        """Return what is stated of a load; nothing where it stated nothing."""
        return self.load.get(load, LoadFacts())

    @classmethod
    def of(cls, numbers: Mapping[str, float]) -> Self:
        """Return the facts that numbers by dotted names state; a name that is not known states nothing.

        Parameters
        ----------
        numbers
            Numbers as `numbers` gives them.

        Examples
        --------
        >>> Facts.of({"fleet.miners.rated_mw": 60.0, "lease.one.part.hall.a": 1.0}).fleet["miners"].rated_mw
        60.0
        """
        return read(cls, tree_of(numbers))

    def numbers(self) -> dict[str, float]:
        """Return all that is stated as numbers by dotted names, true as 1 and false as 0."""
        return written(self)

    def moved(self, by_s: float) -> Self:
        """Return the same of a run that begins at another time: all that is counted from its start moves.

        Parameters
        ----------
        by_s
            What is added to each time [s].
        """
        four_cp = self.four_cp and replace(self.four_cp, peak=_moved(self.four_cp.peak, by_s))
        lease, billing_month = _moved(self.lease, by_s), _moved(self.billing_month, by_s)
        return replace(self, lease=lease, four_cp=four_cp, billing_month=billing_month)


def _moved(found: Mapping[str, T], by_s: float) -> dict[str, T]:
    return {name: replace(one, start_s=one.start_s + by_s, end_s=one.end_s + by_s) for name, one in found.items()}
