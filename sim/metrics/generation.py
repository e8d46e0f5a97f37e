"""Own generation: how much of it the site uses, sells or loses, and what it still takes from the grid."""

from functools import partial

from sim.market.bill import exported_mw
from sim.metrics.base import Metric, ratio
from sim.metrics.energy import energy_mwh
from sim.recording import Recording
from sim.signals import Signal


def import_mw(recording: Recording) -> Signal:
    """Return what the site takes from the grid: its power less own generation, not below zero [MW]."""
    if "generation_mw" not in recording.signals:
        return recording["site_power_mw"]
    return recording.once(_import_mw)


def _import_mw(recording: Recording) -> Signal:
    return (recording["site_power_mw"] - recording["generation_mw"]).positive_part()


def own_power_mw(recording: Recording) -> Signal:
    """Return what the site uses of its own generation [MW]."""
    return recording["site_power_mw"].minimum_with(recording["generation_mw"])


def surplus_mw(recording: Recording) -> Signal:
    """Return own generation beyond what the site draws [MW]."""
    return (recording["generation_mw"] - recording["site_power_mw"]).positive_part()


def exportable_mw(recording: Recording) -> Signal:
    """Return what may flow out to the grid: up to a limit, while it earns its cost [MW]."""
    price, facts = recording["price_usd_per_mwh"], recording.facts.generation
    limit_mw = exported_mw(price.value, facts.cost_usd_per_mwh or 0.0, facts.export_limit_mw or 0.0)
    return Signal.steps(price.time_s, limit_mw, price.end_s)


def export_mw(recording: Recording) -> Signal:
    """Return what flows out to the grid: the surplus, as far as it may [MW]."""
    return surplus_mw(recording).minimum_with(exportable_mw(recording))


def _exported_mwh(recording: Recording) -> float:
    return energy_mwh(export_mw(recording))


def _own_mwh(recording: Recording) -> float:
    return energy_mwh(own_power_mw(recording))


_own = partial(Metric, needs="generation_mw", compares=True)

CATALOGUE = (
    _own("generation_mwh", lambda r: energy_mwh(r["generation_mw"]), compares=False),
    _own("import_mwh", lambda r: energy_mwh(import_mw(r))),
    _own("export_mwh", _exported_mwh),
    _own("curtailed_generation_mwh", lambda r: energy_mwh(surplus_mw(r)) - r.once(_exported_mwh)),
    _own("own_generation_fraction", lambda r: ratio(r.once(_own_mwh), energy_mwh(r["site_power_mw"]))),
    _own("generation_used_fraction", lambda r: ratio(r.once(_own_mwh), energy_mwh(r["generation_mw"]))),
)
