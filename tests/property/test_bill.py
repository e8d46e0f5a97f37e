"""The bill is one: its steps, its cost and its lines tell the same of any site power."""

import numpy as np
import pytest
from examples import examples
from hypothesis import assume, given
from hypothesis import strategies as st

from sim.facts import Facts
from sim.market.bill import Tariff, cost_usd_per_h, exported_mw, price_at_usd_per_mwh, price_steps
from sim.metrics.power_cost import power_cost_usd
from sim.recording import Recording
from sim.signals import Signal

HOUR_S = 3600.0
powers_mw = st.floats(0.0, 300.0)
prices = st.floats(-200.0, 5000.0)
NEAR = {"rel": 1e-9, "abs": 1e-6}


@st.composite
def tariffs(draw):
    real_time, cost, limit_mw = draw(prices), draw(st.floats(0.0, 100.0)), draw(powers_mw)
    settlement = draw(st.sampled_from(["resale", "take-or-pay", "as-consumed"]))
    tariff = Tariff(
        real_time_usd_per_mwh=real_time,
        wires_usd_per_mwh=draw(st.floats(0.1, 20.0)),
        contract_mw=draw(powers_mw),
        contract_usd_per_mwh=draw(prices),
        settlement=settlement,
        generation_mw=draw(powers_mw),
        generation_usd_per_mwh=cost,
        exported_mw=exported_mw(real_time, cost, limit_mw),
    )
    return tariff, limit_mw


def cost_of(tariff, site_mw):
    edges, steps = map(np.array, tariff.edges_mw), map(np.array, tariff.prices_usd_per_mwh)
    return float(cost_usd_per_h(list(edges), list(steps), np.array(site_mw)))


def written_out(tariff, site_mw):
    """Return what a site power costs, formula by formula [USD/h]."""
    surplus_mw = max(tariff.generation_mw - site_mw, 0.0)
    sold_mw = min(surplus_mw, tariff.exported_mw)
    used_mw = min(site_mw, tariff.generation_mw)
    import_mw = site_mw - used_mw
    in_contract_mw = min(import_mw, tariff.contract_mw)
    beyond_mw = import_mw - in_contract_mw
    own = tariff.generation_usd_per_mwh * (used_mw + sold_mw) - tariff.real_time_usd_per_mwh * sold_mw
    contract = tariff.contract_usd_per_mwh * tariff.contract_mw
    if tariff.settlement == "as-consumed":
        contract = tariff.contract_usd_per_mwh * in_contract_mw
    elif tariff.settlement == "resale":
        contract -= tariff.real_time_usd_per_mwh * (tariff.contract_mw - in_contract_mw)
    return own + contract + tariff.real_time_usd_per_mwh * beyond_mw + tariff.wires_usd_per_mwh * import_mw


@examples(100)
@given(tariffs(), powers_mw)
def test_steps_add_up_to_the_cost_written_out(drawn, site_mw):
    tariff, _ = drawn
    expected = written_out(tariff, site_mw) - written_out(tariff, 0.0)
    assert cost_of(tariff, site_mw) == pytest.approx(expected, **NEAR)


@examples(100)
@given(tariffs(), powers_mw)
def test_what_a_run_is_shown_is_what_another_mwh_costs(drawn, site_mw):
    tariff, _ = drawn
    ends = [step.up_to_mw for step in price_steps(tariff)]
    more_mw = 1e-3
    assume(not any(site_mw < end < site_mw + more_mw for end in ends))
    slope = (written_out(tariff, site_mw + more_mw) - written_out(tariff, site_mw)) / more_mw
    assert price_at_usd_per_mwh(price_steps(tariff), site_mw) == pytest.approx(slope, rel=1e-6, abs=1e-4)


@examples(60)
@given(tariffs(), powers_mw)
def test_the_lines_of_a_bill_add_up_to_it(drawn, site_mw):
    tariff, limit_mw = drawn

    def hold(value):
        return Signal.constant(value, HOUR_S)

    signals = {
        "site_power_mw": hold(site_mw),
        "price_usd_per_mwh": hold(tariff.real_time_usd_per_mwh),
        "contract_mw": hold(tariff.contract_mw),
        "contract_price_usd_per_mwh": hold(tariff.contract_usd_per_mwh),
        "generation_mw": hold(tariff.generation_mw),
    }
    constants = {
        "generation.cost_usd_per_mwh": tariff.generation_usd_per_mwh,
        "generation.export_limit_mw": limit_mw,
        "supply.resale": float(tariff.settlement == "resale"),
        "supply.as_consumed": float(tariff.settlement == "as-consumed"),
        "supply.delivery_usd_per_mwh": tariff.wires_usd_per_mwh,
    }
    recording = Recording(0.0, HOUR_S, signals, (), Facts.of(constants))
    assert power_cost_usd(recording) == pytest.approx(written_out(tariff, site_mw), **NEAR)
