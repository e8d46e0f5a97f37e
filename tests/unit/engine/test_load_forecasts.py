"""Forecasts of the system's load in a run: how far they reach, and that none but the noisy one peeks."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from sim.engine.campus import Campus
from sim.policies import AlwaysOn, Decision
from sim.testing import a_scenario

START = datetime(2024, 7, 1, 5, tzinfo=UTC)  # midnight in Texas
NOW_H = 38.25  # the second day at 14:15


class Watcher:
    """A policy that keeps what it sees, every ten minutes and whenever something happens."""

    def __init__(self) -> None:
        self.seen = []

    def decide(self, observation):
        self.seen.append(observation)
        return Decision(0.0, "watching", observation.time_s + 600.0 - observation.time_s % 600.0)


@pytest.fixture
def watched(monkeypatch, tmp_path):
    """Run a scenario and return all that its policy saw; loads as given, by the hour from a day before."""

    def watch(load_mw, forecast, days=3.0):
        policy = Watcher()
        monkeypatch.setattr(AlwaysOn, "start", lambda _: policy)
        times = (START + timedelta(hours=hour) for hour in range(-24, len(load_mw) - 24))
        rows = (f"{at:%Y-%m-%dT%H:%M}Z,{mw}\n" for at, mw in zip(times, load_mw, strict=True))
        (tmp_path / "load.csv").write_text("time_utc,system_load_mw\n" + "".join(rows))
        market = {
            "four_cp": {"system_load": {"file": "load.csv"}, "previous_average_mw": 0.0},
            "forecasts": {"system_load": forecast},
        }
        scenario = a_scenario(tmp_path, start=START.isoformat(), days=days, policy={"type": "always-on"}, market=market)
        Campus(scenario).run()
        return policy.seen

    return watch


def loads(seed=1, hours=120):
    return np.random.default_rng(seed).uniform(30_000.0, 80_000.0, hours).round()


@pytest.mark.parametrize("kind", [{"type": "persistence"}, {"type": "noisy", "error_1h_fraction": 0.01}])
def test_no_policy_sees_the_future_but_by_the_noisy_forecast(watched, kind):
    before = loads()
    # at 14:15 the hour from 13:00 is published, that from 14:00 is not
    after = np.where(np.arange(120) - 24 >= 38, before + 9000.0, before)
    seen = [[it for it in watched(load, kind) if it.time_s <= NOW_H * 3600.0] for load in (before, after)]
    assert (seen[0] == seen[1]) == (kind["type"] == "persistence")


def test_a_forecast_reaches_from_the_present_hour_to_local_midnight(watched):
    for it in watched(loads(), {"type": "persistence"}):
        forecast = it.system_load_forecast
        assert 0.0 <= it.time_s - forecast.issued_s < 300.0
        assert forecast.start_s == forecast.issued_s - forecast.issued_s % 3600.0
        assert forecast.end_s == (forecast.issued_s // 86_400.0 + 1.0) * 86_400.0


def test_a_forecast_that_knows_the_future_ends_where_the_file_does(watched):
    last = watched(loads(hours=24 + 60), {"type": "noisy", "error_1h_fraction": 0.0}, days=2.5)[-1]
    assert last.system_load_forecast.end_s == 60.0 * 3600.0
    assert last.system_load_forecast.values[-1] == loads(hours=84)[-1]


def test_without_a_forecast_a_policy_sees_none(watched):
    assert {it.system_load_forecast for it in watched(loads(), None)} == {None}
