"""Whether the parts of a scenario fit together: every check that looks at more than one of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sim.ai import AnyLoad, TrainingLoad
from sim.ai.base import Load
from sim.ai.halls import Hall
from sim.ai.replay import ReplayLoad
from sim.ai.tenant import TenantLoad
from sim.errors import InputError
from sim.grid.events import GenerationLoss, HallEvent
from sim.grid.spec import FrequencySpec
from sim.grid.storage import Battery
from sim.market import MarketSpec
from sim.market.ancillary import AncillaryService
from sim.market.generation import FileGeneration
from sim.market.leases import Lease
from sim.market.moving_limit import ScheduledLimit
from sim.mining import AnyFleet
from sim.mining.cohort.spec import CohortFleet
from sim.policies import PolicySpec, WrapperSpec
from sim.policies.ancillary import Ancillary
from sim.policies.four_cp import FourCp
from sim.policies.planning import PlanningSpec
from sim.scenario.interconnection import Interconnection
from sim.signals import Signal
from sim.span import Span
from sim.spec import require_once
from sim.tables.unit_words import unit_in
from sim.units import ROUNDING, SECONDS_PER_MINUTE

LEAST_INERTIA_S: Final = 2.0
"""Kinetic energy of a grid's machines over its load, at the least [s]; assumption: critical inertia in ERCOT
is 3.3 s of its load."""
_BEYOND_DOUBT: Final = 20.0
"""Times the limit that a replayed load cannot draw for most of a run, whatever its column is called."""
_BEYOND_BELIEF: Final = 3.0
"""The same of a column whose name says no unit."""


def check_names(names: list[str], services: Iterable[AncillaryService]) -> None:
    """Raise ValueError where loads, halls, fleets and the services sold do not have names of their own."""
    taken = [*names, *(entry.service for entry in services)]
    require_once(taken, "loads, halls and fleets need names of their own, other than a service's")


def check_scale(loads: Sequence[AnyLoad], limit_mw: float | None, span: Span) -> None:
    """Raise InputError where a file's load is above the site's limit by far for most of a run.

    Its numbers are then in another unit than is thought; where ``unit`` says which, they are believed.
    """
    if not limit_mw:
        return
    for load in loads:
        if not isinstance(load, ReplayLoad) or load.unit is not None:
            continue
        times = _BEYOND_BELIEF if unit_in(load.power_column) is None else _BEYOND_DOUBT
        try:
            power = load.signal(span)
        except InputError:
            continue  # its own check says what is wrong
        if power.time_above(times * limit_mw) > 0.5 * span.end_s:
            message = (
                f"column '{load.power_column}' is above {times:g} times the limit_mw for most of the "
                f"run, {power.mean():,.4g} MW on average: if it is in kW write unit: kw, if in MW unit: mw"
            )
            raise InputError.single(load.file, "", message)


def check_scale_of_generation(market: MarketSpec, limit_mw: float | None, span: Span) -> None:
    """Raise InputError where own generation out of a file is above the site's limit by far, on average."""
    own = market.generation
    if not limit_mw or not isinstance(own, FileGeneration) or own.unit is not None:
        return
    try:
        mean_mw = own.signal(span).mean()
    except InputError:
        return  # its own check says what is wrong
    if mean_mw > _BEYOND_DOUBT * limit_mw:
        message = (
            f"column '{own.power_column}' is {mean_mw:,.4g} MW on average, above {_BEYOND_DOUBT:g} times the "
            "limit_mw: if it is in kW write unit: kw, if in MW unit: mw"
        )
        raise InputError.single(own.file, "", message)


def check_supply(interconnection: Interconnection, market: MarketSpec, fleets: Sequence[AnyFleet]) -> None:
    """Raise ValueError where a site has nothing to draw from, or offers left open cannot be made."""
    left_open = any(entry.cooptimised_up_to_mw is not None for entry in market.ancillary)
    if left_open and not (market.day_ahead and fleets):
        raise ValueError("cooptimised_up_to_mw needs a fleet and a day-ahead price: state market.day_ahead")
    if interconnection.highest_mw == 0.0 and market.generation is None:
        raise ValueError("interconnection.limit_mw is 0 MW; must be above 0 MW, unless the site has market.generation")


def check_limit(interconnection: Interconnection, start_utc_s: float) -> None:
    """Raise ValueError where the stages of a limit do not fit a run that starts then."""
    if isinstance(interconnection.limit, ScheduledLimit):
        try:
            interconnection.limit.times_s(start_utc_s)
        except ValueError as error:
            raise ValueError(f"interconnection.limit.{error}") from None


def check_storage(storage: Battery | None, interconnection: Interconnection, frequency: FrequencySpec | None) -> None:
    """Raise ValueError where a battery stands beside what meters or answers the site before it."""
    if storage is not None and interconnection.trip is not None:
        raise ValueError(
            "storage and interconnection.trip cannot go together: the relay reckons site power ahead and "
            "does not know what a battery will draw; leave one of them out"
        )
    if storage is not None and frequency is not None and frequency.closed_loop:
        raise ValueError(
            "storage and grid.frequency.closed_loop cannot go together: inside the run frequency follows "
            "the site as it is before the battery; leave one of them out"
        )


def check_halls(
    halls: Sequence[Hall], loads: Sequence[Load], fleets: Sequence[AnyFleet], events: Iterable[object]
) -> None:
    """Raise ValueError where something names no hall, or a hall has no room for its fleets."""
    known = {hall.name for hall in halls}
    named = [(f"load '{load.name}'", load.hall) for load in loads if load.hall is not None]
    named += [(f"fleet '{fleet.name}'", fleet.location.hall) for fleet in fleets if fleet.location is not None]
    named += [("an event", name) for event in events if isinstance(event, HallEvent) for name in event.halls or ()]
    _check_known(named, "hall", known, "halls")
    for load in loads:
        _check_pue(load)
    for hall in halls:
        _check_room(hall, fleets)


def _check_known(named: Iterable[tuple[str, str]], kind: str, known: set[str], these: str) -> None:
    """Raise ValueError where somebody names what is not there."""
    for who, name in named:
        if name not in known:
            there = f"{these} are {', '.join(sorted(known))}" if known else f"the scenario has no {these}"
            raise ValueError(f"{who} names {kind} '{name}'; {there}")


def _check_pue(load: Load) -> None:
    field = type(load).model_fields.get("pue")
    if load.hall is not None and field is not None and getattr(load, "pue", None) != field.default:
        raise ValueError(
            f"load '{load.name}' has a pue and stands in hall '{load.hall}', whose cooling and losses take "
            "its place; leave pue out"
        )


def _check_room(hall: Hall, fleets: Sequence[AnyFleet]) -> None:
    inside = [fleet for fleet in fleets if fleet.location is not None and fleet.location.hall == hall.name]
    rated_mw = sum(fleet.full_mw for fleet in inside)
    if rated_mw > hall.miner_capacity_mw * (1.0 + ROUNDING):
        raise ValueError(
            f"hall '{hall.name}' has room and power for {hall.miner_capacity_mw:g} MW of rack-form miners; "
            f"its fleets are rated {rated_mw:g} MW: {', '.join(fleet.name for fleet in inside)}"
        )


def check_faults(fleets: Sequence[AnyFleet], loads: Sequence[Load], events: Iterable[Any]) -> None:
    """Raise ValueError where a fault strikes what is not there; an aggregate fleet has no pool to lose."""
    known = {
        "pool-loss": ("fleet", "cohorts", {each.name for each in fleets if isinstance(each, CohortFleet)}),
        "stuck-blocks": ("fleet", "fleets", {fleet.name for fleet in fleets}),
        "stale-telemetry": ("load", "loads", {load.name for load in loads}),
    }
    for event in events:
        if event.type in known:
            kind, these, names = known[event.type]
            named = getattr(event, f"{kind}s") or ()
            _check_known(((f"a {event.type}", name) for name in named), kind, names, these)


def check_policy(policy: PolicySpec, market: MarketSpec) -> None:
    """Raise ValueError where a policy, or one inside it, cannot do with what the market shows."""
    for part in chain_of(policy):
        if isinstance(part, FourCp) and not market.shows_system_load:
            raise ValueError("policy four-cp needs market.four_cp.system_load: without it there is no load to see")
        plans = isinstance(part, Ancillary) or (isinstance(part, PlanningSpec) and part.couples)
        if plans and _price_depends_on_power(market):
            raise ValueError(
                f"policy {'ancillary' if isinstance(part, Ancillary) else 'mpc'} plans with one price, but "
                "market.generation, or a market.supply whose energy is not resold, makes the price depend on "
                "site power; use price-threshold there"
            )
        if isinstance(part, Ancillary) and all(entry.policy_up_to_mw is None for entry in market.ancillary):
            raise ValueError(
                "policy ancillary has nothing to offer: state policy_up_to_mw in place of offer_mw for a "
                "service in market.ancillary"
            )


def _price_depends_on_power(market: MarketSpec) -> bool:
    return market.generation is not None or getattr(market.supply, "settlement", "resale") != "resale"


def check_frequency(frequency: FrequencySpec | None, policy: PolicySpec, events: Iterable[object]) -> None:
    """Raise ValueError where a policy or an event needs a frequency that the scenario does not compute.

    Parameters
    ----------
    frequency
        What the scenario says of its grid's frequency.
    policy
        Its policy.
    events
        Its events.
    """
    has_grid = frequency is not None and frequency.has_grid
    if not has_grid and any(isinstance(event, GenerationLoss) for event in events):
        raise ValueError(
            "an event generation-loss needs grid.frequency with a preset or a grid of one's own: without it "
            "nothing answers"
        )
    seeing = [each for each in chain_of(policy) if each.watched_hz is not None]
    if not seeing:
        return
    name = getattr(policy, "type", "")
    if frequency is None or not frequency.is_followed:
        raise ValueError(
            f"policy {name} needs grid.frequency with closed_loop: true or measured: without it no frequency "
            "is seen in the run"
        )
    for each in seeing:
        nominal_hz = getattr(each, "nominal_hz", frequency.nominal_hz)
        if nominal_hz != frequency.nominal_hz:
            raise ValueError(
                f"policy {name} has a nominal_hz of {nominal_hz:g} Hz; must be that of grid.frequency, "
                f"{frequency.nominal_hz:g} Hz"
            )


def check_losses(frequency: FrequencySpec | None, lost_mw: Signal | None) -> None:
    """Raise ValueError where more generation is lost at a time than the grid has load of its own.

    Parameters
    ----------
    frequency
        What the scenario says of its grid's frequency.
    lost_mw
        All generation that is lost [MW]; None: none is.
    """
    if lost_mw is None or frequency is None or not frequency.has_grid:
        return
    most_mw = frequency.model().kinetic_mws / LEAST_INERTIA_S
    found_mw = max(lost_mw.value.tolist())
    if found_mw > most_mw:
        raise ValueError(
            f"events generation-loss take {found_mw:g} MW at a time; must be at most {most_mw:g} MW, the "
            f"kinetic energy of grid.frequency over {LEAST_INERTIA_S:g} s: no grid has more load"
        )


def chain_of(policy: PolicySpec) -> list[PolicySpec]:
    """Return a policy and all that stand in it, from the outside in."""
    chain = [policy]
    while isinstance(chain[-1], WrapperSpec):
        chain.append(chain[-1].inner)
    return chain


def loads_of(lease: Lease, loads: Sequence[Load]) -> list[Load]:
    """Return the loads that a lease takes: those it names, or all."""
    return [load for load in loads if not lease.loads or load.name in lease.loads]


def parts_of(lease: Lease, loads: Sequence[Load]) -> list[str]:
    """Return what draws the power of a lease at the site's meter: ``load.llama``, ``hall.one``; each once."""
    parts = (f"load.{load.name}" if load.hall is None else f"hall.{load.hall}" for load in loads_of(lease, loads))
    return list(dict.fromkeys(parts))


def curtailment_share_fraction(lease: Lease, leases: Sequence[Lease], limit_mw: float) -> float:
    """Return a tenant's share of what not drawing earns [1].

    Its critical power over the site's limit [MW], or over all leased critical power where that is more.
    """
    return lease.critical_mw / max(limit_mw, sum(each.critical_mw for each in leases))


def check_leases(leases: Sequence[Lease], loads: Sequence[Load]) -> None:
    """Raise ValueError where leases share a name or a part of the site, or name a load that is not there."""
    require_once((lease.name for lease in leases), "leases need names of their own")
    taken: dict[str, str] = {}
    for lease in leases:
        _check_loads(lease, loads)
        for part in parts_of(lease, loads):
            if part in taken:
                raise ValueError(
                    f"lease '{lease.name}' takes {part.replace('.', ' ')}, which lease '{taken[part]}' has "
                    "taken; a load or hall is leased once"
                )
            taken[part] = lease.name


def _check_loads(lease: Lease, loads: Sequence[Load]) -> None:
    known = {load.name for load in loads}
    if not known:
        raise ValueError(f"lease '{lease.name}' has no AI load to take; the scenario has none")
    unknown = sorted(set(lease.loads) - known)
    if unknown:
        raise ValueError(
            f"lease '{lease.name}' names loads that are not there: {', '.join(unknown)}; "
            f"loads are {', '.join(sorted(known))}"
        )
    members = loads_of(lease, loads)
    if (lease.rent_from == "delivery" or lease.delay_damages_ratio) and not all(
        isinstance(load, TenantLoad) for load in members
    ):
        raise ValueError(
            f"lease '{lease.name}': rent_from: delivery and delay_damages_ratio are for loads of type "
            "tenant, whose data halls are delivered"
        )
    halls = {load.hall for load in members if load.hall is not None}
    left = sorted(load.name for load in loads if load.hall in halls and load not in members)
    if left:
        raise ValueError(
            f"lease '{lease.name}' takes only part of a hall, without {', '.join(left)}; "
            "name all loads of a hall: its power at the meter is not told apart"
        )


INTERVAL_DIGITS: Final = 6
"""Intervals that agree to a microsecond are one."""


def staggered(loads: Sequence[AnyLoad]) -> tuple[AnyLoad, ...]:
    """Return the loads, training jobs of one checkpoint interval with phases shared out over it.

    Parameters
    ----------
    loads
        The loads; of n jobs with the same interval, the k-th gets a phase of (k - 1)/n of it. Jobs that say
        when their checkpoints start keep to it and are not counted.

    Returns
    -------
    tuple of AnyLoad
        In the same order; no draw of any job depends on it.
    """
    phases_min = {
        name: interval_s / SECONDS_PER_MINUTE * place / len(names)
        for interval_s, names in _alike(loads).items()
        for place, name in enumerate(names)
    }
    return tuple(_with_phase(load, phases_min.get(load.name)) for load in loads)


def check_staggering(loads: Sequence[AnyLoad]) -> None:
    """Raise ValueError where no two jobs could be told apart."""
    if max(map(len, _alike(loads).values()), default=0) < 2:  # noqa: PLR2004  # a pair
        raise ValueError(
            "stagger_checkpoints needs two training jobs or more with one checkpoint interval, which leave "
            "out first_checkpoint_min and checkpoint.phase_min"
        )


def _alike(loads: Sequence[AnyLoad]) -> dict[float, list[str]]:
    """Return the names of the jobs that leave their phase open, by interval [s]."""
    names: dict[float, list[str]] = defaultdict(list)
    for load in loads:
        if isinstance(load, TrainingLoad) and load.first_checkpoint_min is None and load.checkpoint.phase_min is None:
            names[round(load.interval_s, INTERVAL_DIGITS)].append(load.name)
    return names


def _with_phase(load: AnyLoad, phase_min: float | None) -> AnyLoad:
    if phase_min is None or not isinstance(load, TrainingLoad):
        return load
    checkpoint = load.checkpoint.model_copy(update={"phase_min": phase_min})
    return load.model_copy(update={"checkpoint": checkpoint})
