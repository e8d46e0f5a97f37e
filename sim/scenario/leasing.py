"""Which AI loads a lease takes, and whether leases fit the loads that there are."""

from collections.abc import Sequence

from sim.ai.base import Load
from sim.market import Lease


def loads_of(lease: Lease, loads: Sequence[Load]) -> list[Load]:
    """Return the loads that a lease takes: those it names, or all."""
    return [load for load in loads if not lease.loads or load.name in lease.loads]


def parts_of(lease: Lease, loads: Sequence[Load]) -> list[str]:
    """Return what draws the power of a lease at the site's meter: ``load.llama``, ``hall.one``; each once."""
    parts = (
        f"load.{load.name}" if load.hall is None else f"hall.{load.hall}" for load in loads_of(lease, loads)
    )
    return list(dict.fromkeys(parts))


def curtailment_share_fraction(lease: Lease, leases: Sequence[Lease], limit_mw: float) -> float:
    """Return a tenant's share of what not drawing earns [1].

    Its critical power over the site's limit [MW], or over all leased critical power where that is more.
    """
    return lease.critical_mw / max(limit_mw, sum(each.critical_mw for each in leases))


def check_leases(leases: Sequence[Lease], loads: Sequence[Load]) -> None:
    """Raise ValueError where leases share a name or a part of the site, or name a load that is not there."""
    names = [lease.name for lease in leases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"leases need names of their own; used twice: {', '.join(twice)}")
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
    halls = {load.hall for load in members if load.hall is not None}
    left = sorted(load.name for load in loads if load.hall in halls and load not in members)
    if left:
        raise ValueError(
            f"lease '{lease.name}' takes only part of a hall, without {', '.join(left)}; "
            "name all loads of a hall: its power at the meter is not told apart"
        )
