"""Forecasts in a run: what a policy gets to see of them, and that none but the noisy one knows the future."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from quick import run

from sim.engine.campus import Campus
from sim.errors import InputError
from sim.policies import AlwaysOn, Decision
from sim.testing import a_scenario

TRAINING = {"name": "llama", "type": "training", "gpus": 16_000, "power_mw": 80.0}


class Watcher:
    """A policy that keeps what it sees, every ten minutes and whenever something happens."""

    def __init__(self) -> None:
        self.seen = []

    def decide(self, observation):
        self.seen.append(observation)
        return Decision(0.0, "watching", observation.time_s + 600.0 - observation.time_s % 600.0)


@pytest.fixture
def watched(monkeypatch, tmp_path) -> Callable[..., list]:
    """Run a scenario and return all that its policy saw; prices as given, one an hour."""

    def watch(rt, da=None, forecasts=None, delay_s=0.0, **fields):
        policy = Watcher()
        monkeypatch.setattr(AlwaysOn, "start", lambda _: policy)
        times = np.datetime64("2026-01-01T06:00", "s") + np.arange(len(rt)) * np.timedelta64(3600, "s")
        market = {"forecasts": forecasts}
        for name, values in (("power", rt), ("day_ahead", da)):
            if values is not None:
                rows = (f"{at}Z,{value}\n" for at, value in zip(times, values, strict=True))
                (tmp_path / f"{name}.csv").write_text("time_utc,price_usd_per_mwh\n" + "".join(rows))
                market[name] = {"type": "file", "file": f"{name}.csv"}
        market["power"]["publication_delay_s"] = delay_s
        scenario = a_scenario(tmp_path, days=len(rt) / 24.0, policy={"type": "always-on"}, market=market, **fields)
        Campus(scenario).run()
        return policy.seen

    return watch


KINDS = [
    {"type": "day-ahead"},
    {"type": "persistence"},
    {"type": "persistence", "like": "yesterday"},
    {"type": "noisy", "skill_fraction": 0.0},
    {"type": "noisy", "skill_fraction": 1.0},
]
CUT_H = 54.25  # the third day at 06:15


def changed_after(prices, from_h):
    return np.where(np.arange(len(prices)) >= from_h, prices + 500.0, prices)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))
@pytest.mark.parametrize("delay_s", [0.0, 900.0])
def test_no_policy_sees_the_future_but_by_the_noisy_forecast(watched, kind, delay_s):
    draws = np.random.default_rng(1)
    rt, da = draws.normal(30.0, 20.0, (2, 96)).round(2)
    spec = {"price": kind, "ai": {"type": "weekly"}, "horizon_h": 36.0}
    before = watched(rt, da, spec, delay_s)
    # at 06:15 real-time prices are published up to that of 06:00, day-ahead prices to the end of the day
    after = watched(changed_after(rt, 55), changed_after(da, 72), spec, delay_s)
    seen = [[it for it in run if it.time_s <= CUT_H * 3600.0] for run in (before, after)]
    assert (seen[0] == seen[1]) == (kind["type"] != "noisy")
    assert before != after


def test_a_forecast_is_made_anew_at_the_first_decision_of_an_interval(watched):
    seen = watched(np.arange(6.0), forecasts={"price": {"type": "persistence"}, "interval_min": 20.0})
    issues = {it.price_forecast.issued_s for it in seen}
    assert {issue % 1200.0 for issue in issues} == {0.0}
    assert len(issues) == 18
    for it in seen:
        assert 0.0 <= it.time_s - it.price_forecast.issued_s < 1200.0
        assert it.price_forecast.start_s <= it.price_forecast.issued_s < it.price_forecast.start_s + 900.0


def test_a_forecast_is_of_the_price_that_the_site_pays():
    supply = {"type": "real-time", "delivery_usd_per_mwh": 4.0}
    policy = Watcher()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AlwaysOn, "start", lambda _: policy)
        market = {
            "power": {"type": "fixed", "price_usd_per_mwh": 30.0},
            "supply": supply,
            "forecasts": {"price": {"type": "persistence"}, "horizon_h": 1.0},
        }
        Campus(a_scenario(days=0.01, policy={"type": "always-on"}, market=market)).run()
    assert policy.seen[0].price_usd_per_mwh == 34.0
    assert policy.seen[0].price_forecast.values == (34.0,) * 5


def test_without_forecasts_a_policy_sees_none(watched):
    assert {(it.price_forecast, it.ai_forecast) for it in watched(np.arange(3.0))} == {(None, None)}


def test_ai_power_of_the_week_before_is_forecast_once_it_was_seen(watched):
    seen = watched(np.zeros(8 * 24), forecasts={"ai": {"type": "weekly"}, "step_min": 60}, loads=[TRAINING])
    first = next(it for it in seen if it.time_s >= 3600.0)
    assert set(first.ai_forecast.values[1:]) == {first.ai_power_mw}
    last = seen[-1].ai_forecast
    recorded = [it for it in seen if last.start_s - 168 * 3600.0 <= it.time_s < last.start_s - 167 * 3600.0]
    spans = [*(it.time_s for it in recorded), last.start_s - 167 * 3600.0]
    mean_mw = sum(it.ai_power_mw * (b - a) for it, (a, b) in zip(recorded, pairwise(spans), strict=True)) / 3600.0
    # what was seen stands still while power moves by less than the deadband
    assert last.values[0] == pytest.approx(mean_mw, rel=1e-4)


def test_forecasts_move_no_other_draw():
    market = {"power": {"type": "synthetic"}}
    policy = {"type": "price-threshold"}
    plain = run(a_scenario(days=2.0, policy=policy, market=market))
    noisy = {"forecasts": {"price": {"type": "noisy", "skill_fraction": 0.5}, "ai": {"type": "weekly"}}}
    assert run(a_scenario(days=2.0, policy=policy, market=market | noisy)).metrics == pytest.approx(
        plain.metrics, nan_ok=True, rel=0.0, abs=0.0
    )


@pytest.mark.parametrize(
    "market",
    [
        {"generation": {"type": "constant", "mw": 20.0}},
        {"supply": {"type": "ppa", "mw": 20.0, "settlement": "take-or-pay"}},
    ],
)
@pytest.mark.parametrize("wrap", [lambda policy: policy, lambda policy: {"type": "price-guard", "inner": policy}])
def test_planning_is_refused_where_the_price_depends_on_site_power(market, wrap):
    with pytest.raises(InputError, match="plans with one price"):
        a_scenario(policy=wrap({"type": "mpc"}), market=market)
    a_scenario(policy=wrap({"type": "mpc", "start_usd_per_mw": 0.0}), market=market)


def test_planning_beats_the_threshold_where_starts_cost_and_forecasts_are_good():
    market = {
        "power": {"type": "synthetic"},
        "bitcoin": {"type": "fixed", "hashprice_usd_per_ph_day": 15.0},
        "forecasts": {"price": {"type": "noisy", "skill_fraction": 1.0}},
    }

    def worth_usd(policy):
        metrics = run(a_scenario(days=4.0, policy=policy, market=market)).metrics
        return metrics["mining_margin_usd"] - 10.0 * 60.0 * metrics["fleet_start_count"]

    assert worth_usd({"type": "mpc", "start_usd_per_mw": 10.0}) > worth_usd({"type": "price-threshold"})
