"""Offers by a policy: awards come of them alone, calls do not depend on them, nothing beats the bound."""

import itertools
import json

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from quick import run

from sim.engine.campus import Campus
from sim.policies import Decision
from sim.study.objective import objective_usd
from sim.study.optimum import benchmarks
from sim.testing import a_scenario

HOUR_S = 3600.0
HOURS = 6
NEAR = 1e-6
START = "2026-01-01T00:00:00-06:00"


class RandomOffers:
    """A policy that asks for any power under the limit, and offers anything, whenever it is woken."""

    def __init__(self, seed, names):
        self._draws = np.random.default_rng(seed)
        self._names = names
        self.asked = []

    def decide(self, observation):
        self.asked.append(observation)
        offers = tuple((name, float(self._draws.uniform(0.0, 90.0))) for name in self._names)
        target_mw = min(float(self._draws.uniform(0.0, 70.0)), max(observation.headroom_mw, 0.0))
        wake_at_s = observation.time_s + float(self._draws.uniform(300.0, 3000.0))
        return Decision(target_mw, "dice", wake_at_s, offers)


def price_file(folder, name, values, header="price"):
    rows = [f"2026-01-01T{6 + hour:02}:00:00Z,{value}" for hour, value in enumerate(values)]
    (folder / name).write_text("\n".join([f"time_utc,{header}", *rows]) + "\n")


prices = st.lists(st.floats(-30.0, 200.0), min_size=HOURS, max_size=HOURS)
paid = st.lists(st.floats(0.0, 80.0), min_size=HOURS, max_size=HOURS)
SERVICES = ("regulation-up", "rrs", "ecrs", "regulation-down")


@st.composite
def markets(draw, folder):
    """Return a scenario of six hours with services that the policy offers, in a market of any prices."""
    names = draw(st.lists(st.sampled_from(SERVICES), min_size=1, max_size=3, unique=True))
    price_file(folder, "rt.csv", draw(prices))
    price_file(folder, "da.csv", draw(prices))
    services = []
    for name in names:
        price_file(folder, f"{name}.csv", draw(paid))
        calls = [
            {"at_s": draw(st.floats(0.0, 20_000.0)), "duration_min": draw(st.floats(1.0, 90.0))}
            for _ in range(draw(st.integers(0, 2)))
        ]
        services.append(
            {
                "service": name,
                "policy_up_to_mw": draw(st.floats(0.0, 70.0)),
                "gate_closure_min": draw(st.sampled_from([10.0, 60.0, 90.0])),
                "price": {"type": "file", "file": f"{name}.csv", "price_column": "price"},
                "deployment": {"type": "scheduled", "calls": calls},
                "penalty_ratio": draw(st.sampled_from([0.0, 1.0, 2.0])),
            }
        )
    if draw(st.booleans()):
        services.append(
            {
                "service": "non-spin",
                "offer_mw": draw(st.floats(0.0, 30.0)),
                "price": {"type": "fixed", "price_usd_per_mwh": draw(st.floats(0.0, 20.0))},
            }
        )
    ai = draw(st.lists(st.floats(0.0, 120.0), min_size=1, max_size=4))
    rows = [f"{5000 * place},{power_mw}" for place, power_mw in enumerate(ai)]
    (folder / "ai.csv").write_text("\n".join(["time_s,power_mw", *rows]) + "\n")
    market = {
        "power": {"type": "file", "file": "rt.csv", "price_column": "price"},
        "bitcoin": {
            "type": "fixed",
            "hashprice_usd_per_ph_day": draw(st.floats(10.0, 80.0)),
        },
        "ancillary": services,
    }
    if draw(st.booleans()):
        market["day_ahead"] = {"type": "file", "file": "da.csv", "price_column": "price"}
    return a_scenario(
        folder,
        loads=[{"name": "ai", "type": "replay", "file": "ai.csv"}],
        limit_mw=draw(st.floats(60.0, 200.0)),
        start=START,
        days=HOURS / 24.0,
        market=market,
        policy={"type": "ancillary", "margin_mw": draw(st.sampled_from([0.0, 5.0]))},
    )


def names_of(scenario):
    return [entry.service for entry in scenario.market.ancillary if entry.policy_up_to_mw is not None]


@examples(60)
@given(st.data(), st.integers(0, 1000))
def test_neither_the_policy_nor_random_offers_beat_the_bound_and_calls_are_the_same(tmp_path_factory, data, seed):
    scenario = data.draw(markets(tmp_path_factory.mktemp("offers")))
    names = names_of(scenario)
    recordings = [run(scenario).recording, Campus(scenario, RandomOffers(seed, names)).run()]
    bounds = [benchmarks(recording, scenario.fleets).bound_usd for recording in recordings]

    assert bounds[0] == pytest.approx(bounds[1], rel=1e-9, abs=1e-6)
    for recording in recordings:
        # the bound keeps the limit: it says nothing of who breaks it, as a ramp does while AI rises
        broken_s = recording["site_power_mw"].time_above(scenario.interconnection.limit_mw)
        assert broken_s or objective_usd(recording) <= bounds[0] + NEAR * (1.0 + abs(bounds[0]))
        for name in names:
            signal = f"ancillary.{name}.called_fraction"
            assert np.array_equal(recording[signal].value, recordings[0][signal].value)


@examples(40)
@given(st.data(), st.integers(0, 1000))
def test_an_award_is_what_stood_offered_at_its_gate_and_holds_for_the_hour(tmp_path_factory, data, seed):
    scenario = data.draw(markets(tmp_path_factory.mktemp("offers")))
    names = names_of(scenario)
    policy, said = RandomOffers(seed, names), []
    decide = policy.decide

    def listening(observation):
        decision = decide(observation)
        said.append((observation.time_s, dict(decision.offers)))
        return decision

    policy.decide = listening
    recording = Campus(scenario, policy).run()
    for entry in scenario.market.ancillary:
        if entry.service not in names:
            continue
        award = recording[f"ancillary.{entry.service}.award_mw"]
        assert set(award.time_s % HOUR_S) == {0.0}
        assert award.maximum() <= entry.policy_up_to_mw
        for hour in range(HOURS):
            gate_s = hour * HOUR_S - entry.gate_closure_s
            offered = [offers[entry.service] for time_s, offers in said if time_s < gate_s]
            expected = min(offered[-1], entry.policy_up_to_mw) if offered and gate_s > 0.0 else 0.0
            assert award.at(hour * HOUR_S) == expected
        share = recording[f"ancillary.{entry.service}.called_fraction"]
        called = recording[f"ancillary.{entry.service}.deployed_mw"]
        for time_s in np.linspace(0.0, HOURS * HOUR_S - 1.0, 50):
            assert called.at(time_s) == award.at(time_s) * share.at(time_s)


@examples(40)
@given(st.data(), st.integers(0, 1000))
def test_what_is_seen_of_the_hours_ahead_comes_true(tmp_path_factory, data, seed):
    scenario = data.draw(markets(tmp_path_factory.mktemp("offers")))
    names = names_of(scenario)
    policy = RandomOffers(seed, names)
    recording = Campus(scenario, policy).run()

    def sold_mw(time_s):
        both = {True: 0.0, False: 0.0}
        for entry in scenario.market.ancillary:
            both[entry.downward] += float(recording[f"ancillary.{entry.service}.award_mw"].at(time_s))
        return both[False], both[True]

    for seen in policy.asked:
        assert seen.awards_mw == pytest.approx(sold_mw(seen.time_s))
        if seen.next_awards is not None:
            assert seen.next_awards.at_s > seen.time_s
            assert seen.next_awards.awards_mw == pytest.approx(sold_mw(seen.next_awards.at_s))
        for view in seen.services:
            assert seen.time_s < view.gate_s <= view.hour_s
            award = recording[f"ancillary.{view.service}.award_mw"]
            hour_s = seen.time_s // HOUR_S * HOUR_S
            hours_s = itertools.takewhile(lambda t, v=view: t < v.hour_s, itertools.count(hour_s, HOUR_S))
            assert list(view.awarded_mw) == [float(award.at(time_s)) for time_s in hours_s]


@examples(25)
@given(st.data(), st.integers(1, HOURS - 1))
def test_a_price_that_changes_later_changes_no_earlier_decision(tmp_path_factory, data, hour):
    """Of real time nothing is known ahead; for the day ahead see `test_gates`."""
    folder = tmp_path_factory.mktemp("offers")
    scenario = data.draw(markets(folder))
    before = run(scenario).recording
    lines = (folder / "rt.csv").read_text().splitlines()
    later = [line.partition(",")[0] + f",{data.draw(st.floats(-30.0, 200.0))}" for line in lines[hour + 1 :]]
    (folder / "rt.csv").write_text("\n".join([*lines[: hour + 1], *later]) + "\n")
    again = a_scenario(folder, **{"days": scenario.days, **json.loads(scenario.model_dump_json())})
    after = run(again).recording
    at_s = np.linspace(0.0, hour * HOUR_S - 1.0, 100)

    for name in ["fleet_target_mw", *(f"ancillary.{name}.award_mw" for name in names_of(scenario))]:
        assert np.array_equal(before[name].at(at_s), after[name].at(at_s))
