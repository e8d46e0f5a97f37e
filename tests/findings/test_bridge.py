"""The bridge: three plans meet the same connection, tenant and prices."""

import numpy as np
import pytest

from docs import bridge
from sim import run


@pytest.fixture(scope="module")
def recordings():
    changes = {"days": 1000.0, "loads.tenant.arrival_fraction": 1.0}
    wait = changes | {"policy": {"type": "mining-off"}}
    return [run(bridge.plan(3, plan)).recording for plan in (changes, wait, changes | bridge.NEVER)]


def test_the_plans_meet_the_same_stages_tenant_and_prices(recordings):
    convert, wait, mine = recordings
    for name in ("limit_mw", "hashprice_usd_per_ph_day", "price_usd_per_mwh"):
        assert np.array_equal(convert[name].value, wait[name].value)
        assert np.array_equal(convert[name].value, mine[name].value)
    assert np.array_equal(convert["ai_power_mw"].value, wait["ai_power_mw"].value)
    assert convert["ai_power_mw"].maximum() > 0.0 == mine["ai_power_mw"].maximum()


def test_waiting_is_the_site_without_its_miners(recordings):
    convert, wait, _ = recordings
    alone = [month.ebitda_usd for month in bridge.months(convert.without_mining())]
    assert alone == pytest.approx([month.ebitda_usd for month in bridge.months(wait)], abs=1e-3)


def test_miners_give_way_to_the_tenant(recordings):
    convert, _, mine = recordings
    late_s = convert.end_s - 86_400.0
    assert convert["site_power_mw"].maximum() <= convert["limit_mw"].maximum() + 1e-6
    assert convert["fleet_power_mw"].at(late_s) <= mine["fleet_power_mw"].at(late_s)


def test_a_plan_is_worth_its_flow_and_what_its_machines_lose():
    scenario = bridge.plan(3, {})
    flow_usd = np.array([1e6, 2e6, 1.5e6])
    value_usd = bridge.mining_value_usd(scenario, flow_usd)
    sold_usd = bridge.resale_usd(scenario, scenario.end_s / 31_536_000.0) / 1.1 ** (scenario.end_s / 31_536_000.0)
    paid_usd = 13.0 * 120e6 / 17.5 + 350_000.0 * 120.0
    discounted_usd = 1e6 / 1.1 ** (1 / 12) + 2e6 / 1.1 ** (2 / 12) + 1.5e6 / 1.1 ** (3 / 12)
    assert value_usd == pytest.approx(discounted_usd + sold_usd - paid_usd)
