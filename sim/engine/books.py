"""Writes down what a run is counted with: leases, costs, multiples, grid, battery."""

from sim.engine.recorder import Recorder
from sim.grid.interconnection import Tolerance
from sim.market import Lease, ValuationSpec
from sim.scenario.model import Scenario
from sim.scenario.rules import curtailment_share_fraction, parts_of
from sim.spec import Spec


def open_books(recorder: Recorder, scenario: Scenario) -> None:
    """Record rents and every number that metrics and ledger need; no load or policy sees them."""
    offset = scenario.start.utcoffset()
    recorder.constant("run.utc_offset_s", 0.0 if offset is None else offset.total_seconds())
    for lease in scenario.leases:
        _open_lease(recorder, scenario, lease)
    _record(recorder, "cost", scenario.costs)
    if scenario.interconnection.tolerated != Tolerance():
        _record(recorder, "tolerance", scenario.interconnection.tolerated)
    _open_valuation(recorder, scenario.valuation)
    for name, value in scenario.grid.constants().items():
        recorder.constant(f"grid.{name}", value)
    if scenario.storage is not None:
        for name in ("power_mw", "energy_mwh", "round_trip_efficiency_fraction", "wear_usd_per_mwh"):
            recorder.constant(f"battery.{name}", getattr(scenario.storage, name))


def _open_lease(recorder: Recorder, scenario: Scenario, lease: Lease) -> None:
    name = f"lease.{lease.name}"
    recorder.give(f"{name}.rent_usd_per_h", lease.rent_usd_per_h(scenario.start, scenario.end_s))
    _record(recorder, name, lease)
    start_s, end_s = lease.span_s(scenario.start)
    share = curtailment_share_fraction(lease, scenario.leases, scenario.interconnection.limit_mw)
    recorder.constant(f"{name}.curtailment_share_fraction", share)
    recorder.constant(f"{name}.start_s", start_s)
    recorder.constant(f"{name}.end_s", end_s)
    recorder.constant(f"{name}.pass_through", float(lease.power == "pass-through"))
    recorder.constant(f"{name}.tenant_keeps_curtailment", float(lease.curtailment_value == "tenant"))
    for part in parts_of(lease, scenario.loads):
        recorder.constant(f"{name}.part.{part}", 1.0)


def _open_valuation(recorder: Recorder, valuation: ValuationSpec) -> None:
    _record(recorder, "valuation", valuation)
    _record(recorder, "valuation.mining_multiple", valuation.mining_multiple)
    _record(recorder, "valuation.ai_multiple", valuation.ai_multiple)


def _record(recorder: Recorder, beginning: str, spec: Spec) -> None:
    """Record the numbers of a description under its name; what is left out is left out here too."""
    for field in type(spec).model_fields:
        value = getattr(spec, field)
        if isinstance(value, int | float):
            recorder.constant(f"{beginning}.{field}", float(value))
