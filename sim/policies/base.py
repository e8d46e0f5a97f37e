"""What a policy sees, what it answers, and what it is; and what limit and fleets let through of its wish."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from sim.ai.notice import Notice, State
from sim.grid.events import Order
from sim.market.bill import PriceStep
from sim.market.demand_charge import DemandTerms
from sim.market.forecasts import Forecast
from sim.market.moving_limit import LimitChange
from sim.spec import Spec

if TYPE_CHECKING:
    from sim.policies import AnyPolicy


class FleetView(NamedTuple):
    """One fleet as a policy sees it."""

    name: str
    minimum_mw: float
    """Power it draws at the least [MW]."""
    rated_mw: float
    """Power it draws at the most [MW]."""
    efficiency_j_per_th: float
    """Energy one terahash takes [J/TH]; infinity: it is no miner, and makes something else."""
    breakeven_usd_per_mwh: float
    """Power price at which it earns nothing at rated power, pool fee and operations paid [USD/MWh]."""
    available_mw: float = inf
    """Power it can draw now, without machines in repair and what heat takes [MW]; infinity: as rated."""
    levels: tuple[tuple[float, float], ...] = ()
    """What it can be clocked to: power [MW] and hash rate [PH/s] of each level; empty: on or off."""
    latency_s: float = 0.0
    """Time from a command to the start of its ramp [s]."""
    ramp_up_mw_per_s: float = inf
    """How fast its power rises at the most [MW/s]; infinity: at once."""
    ramp_down_mw_per_s: float = inf
    """How fast its power falls [MW/s]; infinity: within `fall_s`, however far."""
    fall_s: float = 0.0
    """Time that a fall takes in any case [s], on top of what `ramp_down_mw_per_s` says."""
    return_s: float | None = None
    """Time after which it can be woken once its breakers were opened [s]; None: it has none."""
    stuck_mw: float = 0.0
    """Power of its blocks that are known not to answer [MW]: no command moves it, open breakers do."""


class LoadView(NamedTuple):
    """One AI load as a policy sees it, at the site's meter; or what a hall draws besides its loads."""

    name: str
    """Its name, as notices give it."""
    power_mw: float
    """Its power as last telemetered [MW]."""
    stated_mw: float
    """Most that its tenant states it to draw [MW]; infinity: nothing is stated."""
    state: State = ""
    """What it does, as telemetered; empty: it does not tell."""
    level_mw: float = inf
    """Most that it draws in that state until a rise that it announces [MW]; infinity: not told."""
    since_s: float = 0.0
    """Since when it is in that state [s]."""
    announces: bool = False
    """Whether it announces its rises, as far as notices arrive."""
    silence_means_down: bool = False
    """Whether its tenant covenants that it does not rise unannounced."""
    drifts: bool = False
    """Whether its power drifts with demand, and never jumps."""
    rise_mw_per_s: float = inf
    """Fastest that it can rise [MW/s]; infinity: at once."""
    valid_s: float = inf
    """How long what it states may be counted on [s]: in a hall it goes with the weather."""
    lead_s: float = inf
    """How long before it rises it announces that, or asks for it, at the least [s]; infinity: long before."""
    is_stale: bool = False
    """Whether its reading is overdue: what is seen of it is older than telemetry's delay and scan."""


class BatteryView(NamedTuple):
    """The battery at the interconnection as a policy sees it."""

    power_mw: float
    """Most that it gives [MW]."""
    charge_mwh: float
    """Its charge now [MWh]."""
    wanted_mwh: float
    """Charge that it returns to [MWh]."""
    giving_mw: float
    """What it gives now [MW]; below zero while it takes."""
    giving_efficiency_fraction: float
    """Energy given over the charge that it takes."""
    recharge_mw: float
    """Power with which it returns to the wanted charge [MW]."""
    gives_above_mw: float | None
    """Site power above which it gives [MW]; None: not on that account."""


class TelemetryView(NamedTuple):
    """How old what a policy sees may be, and how soon it is asked."""

    delay_s: float = 0.0
    """Time from a change of AI power to its arrival [s]."""
    scan_s: float = 0.0
    """Least time between two reports of a power that moves [s]."""
    deadband_mw: float = 0.0
    """Power moves by so much before it is reported [MW]."""
    interval_s: float = 0.0
    """Least time between two decisions [s]."""


class Awards(NamedTuple):
    """Reserves that the site has sold for now."""

    up_mw: float = 0.0
    """What the fleets must be able to draw less [MW]."""
    down_mw: float = 0.0
    """What they must be able to draw more [MW]."""


class ServiceView(NamedTuple):
    """One ancillary service whose amount is left to the policy, before its next gate."""

    service: str
    """Its name: ``rrs``."""
    downward: bool
    """Whether a call makes the fleets draw more."""
    gate_s: float
    """The next gate [s]: what stands offered when it comes is final; a decision at that very instant is too
    late."""
    hour_s: float
    """Start of the hour that the gate is of [s]."""
    most_mw: float
    """Most that may be offered for that hour [MW]; 0 where it is known that the service is not bought."""
    price_usd_per_mwh: float
    """Capacity price of that hour, or of the last hour published [USD/MWh, for a megawatt held an hour]."""
    day_ahead_usd_per_mwh: float | None
    """Day-ahead price of power in that hour, delivery included [USD/MWh]; None: not published."""
    called_fraction: float
    """Share of an award that is expected to be called [1]."""
    awarded_mw: tuple[float, ...]
    """Its awards of the hours from the present one on, up to the one before ``hour_s`` [MW]."""
    sold_mw: Awards
    """All that is sold of the hour from ``hour_s`` on by now, of any service."""


class AwardChange(NamedTuple):
    """When what is sold changes next."""

    at_s: float
    """When [s]."""
    awards_mw: Awards
    """Reserves sold from then on."""


class Observation(NamedTuple):
    """What telemetry and publication have delivered by now; nothing of the future."""

    time_s: float
    """Time of the observation [s]."""
    ai_power_mw: float
    """AI power as last telemetered [MW]."""
    limit_mw: float
    """Limit of the interconnection [MW]."""
    price_usd_per_mwh: float
    """What one MWh more or less is worth to the site, by what was last published [USD/MWh].

    The real-time price plus delivery, unless ``price_steps`` says that it depends on site power: then the
    price at what AI and fleets draw by now (AI as telemetered, fleets as commanded)."""
    hashprice_usd_per_ph_day: float
    """Revenue of one PH/s held for a day [USD/(PH/s)/d]."""
    commanded_mw: float
    """What the fleets were last told to draw, together [MW]."""
    fleets: tuple[FleetView, ...]
    """The fleets, in merit order: the most efficient first."""
    notices: tuple[Notice, ...] = ()
    """What tenants have announced and is not over, in the order in which it arrived."""
    price_steps: tuple[PriceStep, ...] = ()
    """What a MWh is worth by site power, where it depends on it: own generation, or a contract whose energy
    is not resold; empty: one price."""
    orders: tuple[Order, ...] = ()
    """Orders to draw less that are announced and not over; the controller keeps them in any case."""
    awards_mw: Awards = Awards()
    """Reserves sold now; the controller holds and delivers them in any case."""
    day_ahead_usd_per_mwh: float | None = None
    """Day-ahead price of the present hour [USD/MWh]; None: the market has none."""
    day_ahead_until_s: float | None = None
    """Until when day-ahead prices are published by now [s]; None: the market has none."""
    billing_peak_mw: float | None = None
    """Highest interval mean of grid import in the billing month so far [MW]; None: no demand charge."""
    system_load_mw: float | None = None
    """Load of the whole system as last published [MW]; None: the market has no coincident peaks."""
    system_peak_mw: float | None = None
    """Highest load of the whole system in the calendar month that is published by now [MW]; zero: none is."""
    frequency_hz: float | None = None
    """Frequency of the grid as measured at the site [Hz]; None: it is not followed in the run."""
    local_hour_h: float | None = None
    """Last whole hour that struck on local clocks [h], 0 to 23; None: the market has no coincident peaks."""
    local_month_count: float | None = None
    """Month of the local calendar, 1 to 12; None: the market has no coincident peaks."""
    price_forecast: Forecast | None = None
    """Forecast of the price [USD/MWh]: real-time price plus delivery; None: the market has none."""
    ai_forecast: Forecast | None = None
    """Forecast of AI power [MW]; None: the market has none."""
    services: tuple[ServiceView, ...] = ()
    """Ancillary services whose amount is left to the policy, each before its next gate."""
    next_awards: AwardChange | None = None
    """The next change of what is sold, as far as awards are published; None: none is known."""
    system_load_forecast: Forecast | None = None
    """Forecast of the system's load for the rest of the local day [MW], from the interval on that now lies
    in; None: the market has none."""
    demand_terms: DemandTerms | None = None
    """What this billing month's peak costs; None: no demand charge."""
    coincident_peak_usd_per_mw: float | None = None
    """What a MW of mean power at a coincident peak costs in the year after [USD/MW]; None: nothing."""
    loads: Sequence[LoadView] = ()
    """The AI loads, each as telemetered; their order never changes."""
    battery: BatteryView | None = None
    """The battery at the interconnection; None: there is none."""
    telemetry: TelemetryView = TelemetryView()
    """How late and how often all this comes."""
    limit_changes: tuple[LimitChange, ...] = ()
    """Changes of the interconnection's limit that are announced, up to the end of each; own generation comes
    on top. The controller keeps a lower limit in any case, as late as the fleets can be brought to it."""
    start_utc_s: float | None = None
    """The run's start on the clock [s since 1970-01-01T00:00Z]; None: not known."""

    @property
    def headroom_mw(self) -> float:
        """Limit less AI power; below zero when AI alone exceeds the limit [MW]."""
        return self.limit_mw - self.ai_power_mw


class Decision(NamedTuple):
    """What a policy wants of all fleets together."""

    target_mw: float
    """Power the fleets are to draw, at least 0 [MW]; the executor clips it to what they can."""
    reason: str
    """Why, in a few words that do not vary with the numbers; a report splits energy by it."""
    wake_at_s: float | None = None
    """Ask again at this time even if nothing changes [s]; None: only on change."""
    offers: tuple[tuple[str, float], ...] = ()
    """What stands offered from now on of the services in ``Observation.services``: name, and amount, at least
    0 [MW]. At each gate it is the offer for that gate's hour; more than the most counts as the most, and of a
    service that is left out nothing is offered. A policy around another one passes this on."""
    off: tuple[str, ...] = ()
    """Fleets whose machines are to sleep behind open breakers, by name; all others are to be supplied. A
    policy around another one passes this on."""


class Claim(NamedTuple):
    """What a policy reckons with that claims that the site never exceeds its limit."""

    margin_mw: float
    """Power that it keeps free below the limit [MW]."""
    drift_mw: float | None
    """How far each drifting load moves until the fleets have answered [MW]; None: its stated power counts."""


class Policy(Protocol):
    """Decides what the fleets should draw: pure, with own state only.

    A policy has no clock, no randomness and no future, so that a user may run the same one on a site.
    """

    def decide(self, observation: Observation) -> Decision:
        """Return the power wanted of all fleets together, and why."""


class PolicySpec(Spec):
    """Base of every policy's description."""

    not_taken_over: ClassVar[frozenset[str]] = frozenset()
    """Fields that it does not take over from a policy in whose place it is put, though both have them."""
    from_outside: ClassVar[bool] = False
    """Whether it is none that the schema of a scenario knows."""
    source_sha256: ClassVar[Mapping[str, str]] = {}
    """SHA-256 of the source of a policy from outside, by its module's name; empty for the project's own."""

    if TYPE_CHECKING:
        type: str  # each policy declares its own, a literal; here it would come before all other fields

    @property
    def claim(self) -> "Claim | None":
        """What it reckons with if it claims that the limit is never exceeded; None: it claims nothing."""
        return None

    @property
    def watched_hz(self) -> tuple[float, ...] | None:
        """Frequencies that it must be told of when they are passed [Hz]; None: it needs no frequency."""
        return None

    @abstractmethod
    def start(self) -> Policy:
        """Return a fresh policy for one run."""


class StatelessPolicy(PolicySpec):
    """Base of a policy that remembers nothing: it is its own description."""

    def start(self) -> Policy:
        """Return the policy itself."""
        return self

    @abstractmethod
    def decide(self, observation: Observation) -> Decision:
        """Return the power wanted of all fleets together, and why."""


class WrapperSpec(PolicySpec):
    """Base of the policies that change what another one decides; they may stand in one another."""

    inner: "AnyPolicy"
    """The policy whose decisions are changed; of any type."""

    @property
    def claim(self) -> "Claim | None":
        """What the inner policy claims."""
        return self.inner.claim

    @property
    def watched_hz(self) -> tuple[float, ...] | None:
        """What the inner policy must be told of [Hz]; None: no frequency."""
        return self.inner.watched_hz


Around = TypeVar("Around", bound=WrapperSpec)


@dataclass(eq=False)
class WrapperPolicy(Generic[Around]):
    """Base of such a policy in a run: asks the inner one, and makes its own decision of the answer."""

    inner: Policy
    """The policy that is asked first; any one."""
    spec: Around
    """What this one does; its own inner policy plays no part."""

    def decide(self, observation: Observation) -> Decision:
        """Return the inner decision, changed."""
        return self.changed(self.inner.decide(observation), observation)

    @abstractmethod
    def changed(self, wish: Decision, observation: Observation) -> Decision:
        """Return what is made of the inner decision."""


def reachable_mw(target_mw: float, fleets: tuple[FleetView, ...]) -> float:
    """Return what the fleets can draw together that is nearest to a target [MW].

    Examples
    --------
    >>> reachable_mw(200.0, (FleetView("miners", 5.0, 60.0, 17.5, 100.0),))
    60.0
    """
    minimum_mw = sum(fleet.minimum_mw for fleet in fleets)
    rated_mw = sum(fleet.rated_mw for fleet in fleets)
    return min(max(target_mw, minimum_mw), rated_mw)


def running_mw(fleets: Iterable[FleetView], run: Iterable[bool]) -> float:
    """Return what fleets draw of which some run at rated power, the others at their minimum [MW].

    Examples
    --------
    >>> fleet = FleetView("miners", 5.0, 60.0, 17.5, 100.0)
    >>> running_mw([fleet, fleet], [True, False])
    65.0
    """
    pairs = zip(fleets, run, strict=True)
    return sum(fleet.rated_mw if runs else fleet.minimum_mw for fleet, runs in pairs)


def within_headroom(
    wanted_mw: float, reason: str, observation: Observation, margin_mw: float, wake_at_s: float | None = None
) -> Decision:
    """Return the decision to draw a power, cut at the headroom less a margin.

    Parameters
    ----------
    wanted_mw
        Power that the fleets are to draw if the limit allows [MW].
    reason
        Why; it gives way to ``headroom`` or ``no headroom`` where the limit cuts.
    observation
        What is known of limit and AI power.
    margin_mw
        Power kept free below the limit [MW].
    wake_at_s
        When to ask again [s].
    """
    free_mw = max(0.0, observation.headroom_mw - margin_mw)
    if wanted_mw <= free_mw:
        return Decision(wanted_mw, reason, wake_at_s)
    return Decision(free_mw, "headroom" if free_mw > 0.0 else "no headroom", wake_at_s)
