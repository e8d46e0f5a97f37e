"""Delivery by the time of day: what is billed, what policies see, what they do about it."""

import numpy as np
import pytest

from sim.engine.campus import Campus
from sim.metrics.ledger import ledger
from sim.policies import AlwaysOn, Decision
from sim.scenario import scenario_from
from sim.simulation import run

PEAK = [{"from_h": 14.0, "until_h": 18.5, "day": "weekdays", "price_usd_per_mwh": 30.0}]
MONDAY = "2026-06-01T05:00:00Z"  # midnight in Chicago


def site(policy=None, power=None, delivery=PEAK, **market):
    return scenario_from(
        {
            "schema_version": 2,
            "name": "s",
            "start": MONDAY,
            "days": 2.0,
            "interconnection": {"limit_mw": 100.0},
            "loads": [{"name": "ai", "type": "inference", "power_mw": 40.0}],
            "fleets": [
                {
                    "name": "m",
                    "type": "aggregate",
                    "rated_mw": 20.0,
                    "efficiency_j_per_th": 20.0,
                    "ramp_up_mw_per_s": 1.0,
                    "ramp_down_mw_per_s": 1.0,
                }
            ],
            "policy": policy or {"type": "always-on"},
            "market": {
                "power": power or {"type": "fixed", "price_usd_per_mwh": 50.0},
                "supply": {"type": "real-time", "delivery_usd_per_mwh": 4.0, "delivery_periods": delivery},
                "bitcoin": {"type": "fixed", "price_usd_per_btc": 100_000.0},
                **market,
            },
        }
    )


def delivered_usd(signal):
    """Return delivery on a signal: minute by minute of two days from midnight."""
    minutes = np.arange(0.0, 2 * 1440.0)
    price = np.where((minutes % 1440.0 >= 14 * 60.0) & (minutes % 1440.0 < 18.5 * 60.0), 30.0, 4.0)
    energy_mwh = signal.means_over(60.0 * np.append(minutes, 2 * 1440.0)) / 60.0
    return float(np.sum(energy_mwh * price))


def test_each_hour_pays_its_own_delivery_and_segments_add_up():
    result = run(site())
    metrics, recording = result.metrics, result.recording

    assert metrics["delivery_cost_usd"] == pytest.approx(delivered_usd(recording["site_power_mw"]), rel=1e-9)
    lines = [line for line in ledger(recording) if line.item.endswith("delivery")]
    paid = {line.segment: -line.amount_usd for line in lines}
    assert paid["ai"] == pytest.approx(delivered_usd(recording["ai_power_mw"]), rel=1e-9)
    assert paid["mining"] == pytest.approx(delivered_usd(recording["fleet_power_mw"]), rel=1e-9)
    assert metrics["fleet_power_cost_usd"] == pytest.approx(
        paid["mining"] + 50.0 * recording["fleet_power_mw"].integral() / 3600.0, rel=1e-9
    )


def test_an_hour_that_costs_what_the_others_do_changes_nothing():
    same = [{**PEAK[0], "price_usd_per_mwh": 4.0}]
    assert dict(run(site(delivery=same)).metrics) == pytest.approx(
        dict(run(site(delivery=[])).metrics), nan_ok=True, rel=1e-12
    )


def test_a_price_policy_stops_for_delivery_alone_and_knows_when():
    # 20 J/TH at 45 USD/(PH/s)/d earn 93.75 USD/MWh: above 50 + 4 and, in the peak, 50 + 30; not above 50 + 60
    dear = [{**PEAK[0], "price_usd_per_mwh": 60.0}]
    fleet = run(site({"type": "price-threshold"}, delivery=dear)).recording["fleet_power_mw"]

    minutes = 60.0 * np.array([13.9, 14.2, 18.4, 18.7])
    assert fleet.at(60.0 * minutes).tolist() == [20.0, 0.0, 0.0, 20.0]


def test_forecasts_hold_the_delivery_of_hours_to_come(monkeypatch):
    seen = []

    class Watcher:
        def decide(self, observation):
            seen.append(observation)
            return Decision(0.0, "watching", observation.time_s + 3600.0)

    monkeypatch.setattr(AlwaysOn, "start", lambda _: Watcher())
    Campus(site(forecasts={"price": {"type": "persistence"}, "horizon_h": 24.0, "step_min": 30.0})).run()
    at_noon = next(each.price_forecast for each in seen if each.time_s == 12 * 3600.0)
    late = next(each.price_forecast for each in seen if each.time_s == 40 * 3600.0)

    assert at_noon.values[:14] == (54.0,) * 4 + (80.0,) * 9 + (54.0,)
    assert late.values[43:45] == (54.0, 80.0)  # beyond the run's end, about 14:00 of the third day
