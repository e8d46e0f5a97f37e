"""Every metric of the catalogue on runs of nothing: zero everywhere, one breakpoint, one instant."""

import warnings
from dataclasses import replace

import pytest

from sim.events import EventRow
from sim.facts import (
    BatteryFacts,
    CostFacts,
    DemandChargeFacts,
    Facts,
    FleetFacts,
    FourCpFacts,
    GenerationFacts,
    HallFacts,
    LeaseFacts,
    LoadFacts,
    MultipleFacts,
    PoolFacts,
    RunFacts,
    ServiceFacts,
    SpanFacts,
    SupplyFacts,
    ValuationFacts,
)
from sim.grid.frequency import GridModel
from sim.market.ancillary import SERVED_FIRST
from sim.metrics import measure, metrics_of
from sim.metrics.months import months
from sim.recording import SIGNALS, Recording, add_totals
from sim.signals import Signal

NAMES = {
    "load": ["job", "chat", "rack"],
    "hall": ["one"],
    "fleet": ["bare", "cohort"],
    "ancillary": list(SERVED_FIRST),
    "lease": ["tenants"],
}
KINDS = {"job": "training", "chat": "inference", "rack": "tenant", "one": "hall"}
KINDS |= {"bare": "fleet", "cohort": "fleet"} | dict.fromkeys(SERVED_FIRST, "ancillary")
TEN = MultipleFacts(6.0, 9.0, 12.0)


def names_of(name):
    family = name.split(".")[0]
    return [name.replace("*", one) for one in NAMES[family]] if "*" in name else [name]


def facts(size):
    """Return facts with everything in them; all that may be none is this large."""
    return Facts(
        hall={"one": HallFacts(size, size, size)},
        load={name: LoadFacts(pue_ratio=1.2, iteration_period_s=5.0) for name in NAMES["load"]},
        fleet={"bare": FleetFacts(size, 0.0, 20.0), "cohort": FleetFacts(size, 0.1 * size, 15.0, 0)},
        ancillary={"rrs": ServiceFacts(size, 3600.0)},
        run=RunFacts(1.0, 0.0, 0, 0, 0),
        lease={
            "tenants": LeaseFacts(
                10.0,
                size,
                0.0,
                1.0,
                0.5,
                0.9,
                size,
                0.5,
                0.0,
                100.0,
                pass_through=True,
                tenant_keeps_curtailment=True,
                part=("load.job", "hall.one"),
            )
        },
        cost=CostFacts(size, size, size, 3500.0, size, size),
        valuation=ValuationFacts(0.1, 5.0, size, size, size, size, TEN, TEN),
        grid=Facts.of(
            {f"grid.frequency.{name}": value for name, value in GridModel.preset("island").numbers().items()}
            | {"grid.short_circuit_mva": 500.0, "grid.x_over_r_ratio": 10.0, "grid.power_factor_ratio": 1.0}
            | {"grid.count_limits": 1.0}
        ).grid,
        battery=BatteryFacts(10.0, 10.0, 0.9, size),
        generation=GenerationFacts(size, size),
        supply=SupplyFacts(resale=True, as_consumed=False, delivery_usd_per_mwh=size),
        four_cp=FourCpFacts(size, size, {"2026-06": SpanFacts(0.0, 900.0)}, 0),
        pool_fee_fraction=0.0,
        stale_fraction=0.0,
        demand_charge=DemandChargeFacts(size, 900.0, 0.0, 0.0),
        billing_month={"2026-01": SpanFacts(-10.0, 2_678_390.0)},
        pool=PoolFacts(0.0),
    )


def recording(signal, end_s, size=0.0, **others):
    """Return a run whose signals are all the same, but for what is given by name."""
    signals = {one: signal for info in SIGNALS for one in names_of(info.name)}
    totals = ("site_power_mw", "ai_power_mw", "fleet_power_mw", "fleet_commanded_mw")
    for name in (*totals, "load.job.it_power_mw", "load.rack.it_power_mw", "load.chat.power_mw"):
        del signals[name]
    signals |= {name: Signal.constant(value, end_s) for name, value in others.items()}
    events = (
        EventRow(0.0, "controller", "decision: coincident peak", 0.0),
        EventRow(0.0, "load.job", "failure", 0.0),
    )
    return Recording(0.0, end_s, add_totals(signals, end_s), events, facts(size), KINDS)


PRICES = {
    "price_usd_per_btc": 80_000.0,
    "difficulty": 1e14,
    "frequency_measured_hz": 50.0,
    "frequency_hz": 50.0,
}
RUNS = {
    "all zero": recording(Signal.constant(0.0, 8640.0), 8640.0, **PRICES),
    "zero, with prices of nothing": recording(Signal.constant(0.0, 8640.0), 8640.0),
    "one breakpoint": recording(Signal.constant(5.0, 8640.0), 8640.0, 5.0, **PRICES),
    "zero, then more": recording(Signal.steps([0.0, 60.0], [0.0, 5.0], 8640.0), 8640.0, 5.0, **PRICES),
    "less than a second": recording(Signal.constant(5.0, 0.5), 0.5, 5.0, **PRICES),
    "one instant": recording(Signal.constant(5.0, 0.0), 0.0, 5.0, **PRICES),
    "one instant of zero": recording(Signal.constant(0.0, 0.0), 0.0, **PRICES),
}


def without(run, *parts):
    """Return the run without the signals that begin so: what a site without them leaves."""
    signals = {name: signal for name, signal in run.signals.items() if not name.startswith(parts)}
    return replace(run, signals=signals)


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("parts", [("none",), ("contract", "generation"), ("frequency", "battery")])
def test_every_metric_of_a_run_of_nothing_is_a_number_or_not_a_number(name, parts):
    run = without(RUNS[name], *parts)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure(run)
    assert all(isinstance(value.value, float) for value in found.values())
    assert {metric.name for metric in metrics_of(run.load_kinds) if not metric.needs} <= set(found)


@pytest.mark.parametrize("name", [name for name in RUNS if "instant" not in name])
def test_the_months_of_a_run_of_nothing_are_numbers_too(name):
    assert len(months(RUNS[name])) == 1
