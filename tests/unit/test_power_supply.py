"""Runs of sites that buy their power in different ways."""

import re
from math import inf

import pytest
from quick import run

from sim.errors import InputError
from sim.policies import PriceStep
from sim.recording import SIGNALS
from sim.testing import a_scenario

AI = {"name": "a", "type": "replay", "file": "ai.csv"}


def site(folder, *, market, policy="price-threshold", limit_mw=200.0, price="20\n90", **fields):
    """Return a scenario of two hours: 40 MW of AI, 60 MW of miners, real-time prices of two hours."""
    (folder / "ai.csv").write_text("time_s,power_mw\n0,40\n")
    first, second = price.split()
    (folder / "rt.csv").write_text(f"time_utc,price\n2026-01-01T06:00Z,{first}\n2026-01-01T07:00Z,{second}\n")
    market = {"power": {"type": "file", "file": "rt.csv"}} | market
    policy = {"type": policy} if isinstance(policy, str) else policy
    return a_scenario(folder, loads=[AI], market=market, policy=policy, limit_mw=limit_mw, days=2 / 24, **fields)


THRESHOLD = {"type": "price-threshold", "threshold_usd_per_mwh": 60.0}


def fleet_mw(result, hour):
    return float(result.recording["fleet_power_mw"].at(3600.0 * hour + 1800.0))


@pytest.mark.parametrize(
    ("supply", "second_mw"),
    [
        ({"type": "real-time"}, 0.0),
        ({"type": "real-time", "delivery_usd_per_mwh": 45.0}, 0.0),
        ({"type": "ppa", "mw": 70.0}, 0.0),
        ({"type": "ppa", "mw": 70.0, "settlement": "take-or-pay"}, 30.0),
        ({"type": "ppa", "mw": 70.0, "settlement": "as-consumed"}, 30.0),
        ({"type": "ppa", "mw": 70.0, "settlement": "as-consumed", "price_usd_per_mwh": 61.0}, 0.0),
    ],
)
def test_miners_stay_within_the_block_that_is_not_resold_while_power_is_dear(tmp_path, supply, second_mw):
    result = run(site(tmp_path, market={"supply": supply}, policy=THRESHOLD))

    first_mw = 0.0 if supply.get("delivery_usd_per_mwh") else 60.0
    assert (fleet_mw(result, 0), fleet_mw(result, 1)) == (first_mw, second_mw)


def test_a_day_ahead_purchase_settles_its_deviation_at_real_time(tmp_path):
    market = {
        "day_ahead": {"type": "fixed", "price_usd_per_mwh": 50.0},
        "supply": {"type": "day-ahead", "mw": 70.0},
    }
    result = run(site(tmp_path, market=market, policy="mining-off"))

    assert result.recording["price_day_ahead_usd_per_mwh"].mean() == 50.0
    assert result.metrics["contract_cost_usd"] == 2 * 70.0 * 50.0
    assert result.metrics["resale_revenue_usd"] == 30.0 * (20.0 + 90.0)
    assert result.metrics["power_cost_usd"] == 7000.0 - 3300.0


def test_a_stranded_site_mines_what_its_wind_gives(tmp_path):
    (tmp_path / "wind.csv").write_text("time_utc,wind_mw\n2026-01-01T06:00Z,90\n2026-01-01T07:00Z,50\n")
    generation = {"type": "file", "file": "wind.csv", "power_column": "wind_mw"}
    scenario = site(tmp_path, market={"generation": generation}, policy="follow-headroom", limit_mw=0.0)

    result = run(scenario)

    assert result.recording["limit_mw"].value.tolist() == [90.0, 50.0]
    assert (fleet_mw(result, 0), fleet_mw(result, 1)) == (50.0, 10.0)
    # 40 MW of miners at 5 MW/s: 8 s, in which 160 MW·s come from nowhere and are exceedance
    assert result.metrics["import_mwh"] == pytest.approx(160.0 / 3600.0)
    assert result.metrics["exceedance_mwh"] == pytest.approx(160.0 / 3600.0)
    assert result.metrics["own_generation_fraction"] > 0.999


def test_a_fixed_site_sees_one_price_and_one_with_own_power_sees_steps(tmp_path):
    class Watch:
        def __init__(self):
            self.seen = []

        def decide(self, observation):
            self.seen.append(observation)
            return inner.decide(observation)

    from sim.engine.campus import Campus  # noqa: PLC0415  # only this test looks inside

    market = {"generation": {"type": "constant", "mw": 90.0}, "day_ahead": {"type": "fixed"}}
    scenario = site(tmp_path, market=market, policy="follow-headroom")
    inner = scenario.policy.start()
    campus, watch = Campus(scenario), Watch()
    campus.controller._decide_by_policy = watch.decide  # noqa: SLF001  # a scenario names no such policy
    campus.run()

    first = watch.seen[0]
    assert first.price_steps == (PriceStep(90.0, 0.0), PriceStep(inf, 20.0))
    assert first.price_usd_per_mwh == 0.0
    assert watch.seen[-1].price_usd_per_mwh == 90.0  # with 60 MW of miners the margin is the grid's
    assert (first.day_ahead_usd_per_mwh, first.day_ahead_until_s) == (40.0, 86_400.0)


def test_every_signal_of_a_site_that_buys_in_every_way_is_in_the_catalogue(tmp_path):
    rows = "".join(f"2026-01-01T{hour:02}:00Z,50000\n" for hour in range(6, 8))
    (tmp_path / "load.csv").write_text(f"time_utc,system_load_mw\n{rows}")
    market = {
        "day_ahead": {"type": "fixed"},
        "supply": {"type": "day-ahead", "mw": 50.0},
        "generation": {"type": "synthetic-wind", "rated_mw": 50.0},
        "demand_charge": {"usd_per_kw_month": 5.0},
        "four_cp": {"system_load": {"file": "load.csv"}, "previous_average_mw": 1.0},
    }
    result = run(site(tmp_path, market=market, policy="four-cp"))

    names = {re.sub(r"^(load|fleet)\.[^.]+\.", r"\1.*.", name) for name in result.recording.signals}
    assert names <= {info.name for info in SIGNALS}
    with pytest.raises(InputError, match=r"market.day_ahead: .*no such file"):
        a_scenario(tmp_path, market={"day_ahead": {"type": "file", "file": "gone.csv"}})


def test_the_policy_four_cp_needs_a_system_to_watch():
    with pytest.raises(InputError, match=r"policy four-cp needs market\.four_cp"):
        a_scenario(policy={"type": "four-cp"})
