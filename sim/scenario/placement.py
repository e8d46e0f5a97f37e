"""Whether what a scenario puts into its halls has a place there."""

from collections.abc import Iterable, Sequence

from sim.ai.base import Load
from sim.ai.halls import Hall
from sim.grid.events import AnyGridEvent, HallEvent
from sim.mining import AnyFleet
from sim.mining.cohort.spec import CohortFleet
from sim.mining.events import PoolLoss

_TOLERANCE = 1e-9


def check_halls(
    halls: Sequence[Hall],
    loads: Sequence[Load],
    fleets: Sequence[AnyFleet],
    events: Sequence[AnyGridEvent | PoolLoss],
) -> None:
    """Raise ValueError where something names no hall, or a hall has no room for its fleets."""
    known = {hall.name for hall in halls}
    named = [(f"load '{load.name}'", load.hall) for load in loads if load.hall is not None]
    named += [
        (f"fleet '{fleet.name}'", fleet.location.hall) for fleet in fleets if fleet.location is not None
    ]
    named += [
        ("an event", name) for event in events if isinstance(event, HallEvent) for name in event.halls or ()
    ]
    _check_known(named, known)
    for load in loads:
        _check_pue(load)
    for hall in halls:
        _check_room(hall, fleets)


def _check_known(named: Iterable[tuple[str, str]], known: set[str]) -> None:
    for who, name in named:
        if name not in known:
            there = f"halls are {', '.join(sorted(known))}" if known else "the scenario has no halls"
            raise ValueError(f"{who} names hall '{name}'; {there}")


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
    if rated_mw > hall.miner_capacity_mw * (1.0 + _TOLERANCE):
        raise ValueError(
            f"hall '{hall.name}' has room and power for {hall.miner_capacity_mw:g} MW of rack-form miners; "
            f"its fleets are rated {rated_mw:g} MW: {', '.join(fleet.name for fleet in inside)}"
        )


def check_pools(fleets: Sequence[AnyFleet], events: Sequence[AnyGridEvent | PoolLoss]) -> None:
    """Raise ValueError where a pool loss names what is no cohort: an aggregate fleet has no pool to lose."""
    cohorts = [fleet.name for fleet in fleets if isinstance(fleet, CohortFleet)]
    for event in events:
        for name in (event.fleets or ()) if isinstance(event, PoolLoss) else ():
            if name not in cohorts:
                there = f"cohorts are {', '.join(cohorts)}" if cohorts else "the scenario has no cohorts"
                raise ValueError(f"a pool-loss names fleet '{name}'; {there}")
