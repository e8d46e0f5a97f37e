"""Whatever a site buys and makes, its energies add up."""

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from sim.facts import Facts
from sim.metrics import measure
from sim.metrics.power_cost import cost_lines
from sim.recording import Recording, add_totals
from sim.signals import Signal

END_S = 7200.0
powers_mw = st.floats(0.0, 300.0)
prices = st.floats(-200.0, 5000.0)


def steps(values):
    times_s = [END_S * position / len(values) for position in range(len(values))]
    return Signal.steps(times_s, values, END_S)


def lines(values):
    times_s = [END_S * position / len(values) for position in range(len(values))]
    return Signal.linear(times_s, values, END_S)


@st.composite
def sites(draw):
    signals = {
        "load.a.power_mw": lines(draw(st.lists(powers_mw, min_size=1, max_size=5))),
        "fleet.m.power_mw": lines(draw(st.lists(powers_mw, min_size=1, max_size=5))),
        "fleet.m.commanded_mw": Signal.constant(0.0, END_S),
        "fleet_target_mw": Signal.constant(0.0, END_S),
        "limit_mw": Signal.constant(200.0, END_S),
        "price_usd_per_mwh": steps(draw(st.lists(prices, min_size=1, max_size=4))),
        "hashprice_usd_per_ph_day": Signal.constant(50.0, END_S),
        "price_usd_per_btc": Signal.constant(80_000.0, END_S),
        "contract_mw": Signal.constant(draw(powers_mw), END_S),
        "contract_price_usd_per_mwh": steps(draw(st.lists(prices, min_size=1, max_size=3))),
        "generation_mw": steps(draw(st.lists(powers_mw, min_size=1, max_size=4))),
    }
    settlement = draw(st.sampled_from(["resale", "take-or-pay", "as-consumed"]))
    constants = {
        "pool_fee_fraction": 0.0,
        "run.event_count": 0.0,
        "run.settle_count": 0.0,
        "run.decision_count": 0.0,
        "fleet.m.rated_mw": 300.0,
        "fleet.m.minimum_mw": 0.0,
        "fleet.m.efficiency_j_per_th": 20.0,
        "generation.cost_usd_per_mwh": draw(st.floats(0.0, 100.0)),
        "generation.export_limit_mw": draw(powers_mw),
        "supply.resale": float(settlement == "resale"),
        "supply.as_consumed": float(settlement == "as-consumed"),
        "supply.delivery_usd_per_mwh": draw(st.floats(0.1, 20.0)),
    }
    return settlement, Recording(0.0, END_S, add_totals(signals, END_S), (), Facts.of(constants))


@examples(60)
@given(sites())
def test_what_is_bought_made_sold_and_lost_adds_up(site):
    settlement, recording = site
    metrics = measure(recording)
    near = {"rel": 1e-9, "abs": 1e-6}

    own_mwh = metrics["own_generation_fraction"] * metrics["site_energy_mwh"]
    if metrics["site_energy_mwh"] > 0.0:
        assert metrics["import_mwh"] + own_mwh == pytest.approx(metrics["site_energy_mwh"], **near)
        made_mwh = own_mwh + metrics["export_mwh"] + metrics["curtailed_generation_mwh"]
        assert made_mwh == pytest.approx(metrics["generation_mwh"], **near)
    bought_mwh = metrics["contract_energy_mwh"] - metrics["resale_energy_mwh"] + metrics["real_time_energy_mwh"]
    if settlement == "take-or-pay":
        assert bought_mwh >= metrics["import_mwh"] - 1e-6
    else:
        assert bought_mwh == pytest.approx(metrics["import_mwh"], **near)
    total_usd = sum(line.cost_usd for line in cost_lines(recording))
    assert metrics["power_cost_usd"] == pytest.approx(total_usd, rel=1e-12, abs=1e-6)


@examples(60)
@given(sites())
def test_a_contract_that_is_resold_does_not_change_what_the_miners_cost(site):
    _, recording = site
    constants = dict(recording.constants) | {"supply.resale": 1.0, "supply.as_consumed": 0.0}
    with_contract = Recording(0.0, END_S, recording.signals, (), Facts.of(constants))
    without = {name: signal for name, signal in recording.signals.items() if not name.startswith("contract")}

    cost_usd = [
        measure(found)["fleet_power_cost_usd"].value
        for found in (with_contract, Recording(0.0, END_S, without, (), Facts.of(constants)))
    ]
    assert cost_usd[0] == pytest.approx(cost_usd[1], rel=1e-6, abs=0.01)
