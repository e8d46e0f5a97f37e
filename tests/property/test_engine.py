"""Laws of a run on random sites: balance at every breakpoint, one settle an instant, common draws."""

import os
import subprocess
import sys
from contextlib import contextmanager
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from quick import run

from sim.clock import Alarm, Clock
from sim.engine.campus import Campus
from sim.engine.controller import Controller, Senses, Turn
from sim.engine.observation import Published
from sim.metrics import measure
from sim.mining.executor import Executor
from sim.mining.fleet import AggregateFleet, LiveFleet
from sim.policies import Decision
from sim.recording import Track
from sim.rng import stream
from sim.scenario.model import ControllerSpec
from sim.testing import a_scenario

LAW = examples(40)
END_S = 1350.0
POLICIES = [
    {"type": "always-on"},
    {"type": "mining-off"},
    {"type": "follow-headroom", "margin_mw": 3.0},
    {"type": "price-threshold", "threshold_usd_per_mwh": 45.0},
    {"type": "hysteresis", "strike_usd_per_mwh": 30.0},
    {"type": "sced-bid"},
    {"type": "flat-site", "up_mw_per_min": 20.0, "down_mw_per_min": 40.0},
    {
        "type": "ramp-limit",
        "up_mw_per_min": 30.0,
        "inner": {"type": "minimum-dwell", "minimum_s": 90.0, "inner": {"type": "follow-headroom"}},
    },
]


@st.composite
def traces(draw):
    """Rows of a replayed load; times and powers with decimals, so that all carries rounding."""
    times = draw(st.lists(st.floats(0.01, END_S - 0.01), max_size=8, unique_by=lambda time_s: round(time_s, 2)))
    return [(time_s, draw(st.floats(0.0, 250.0))) for time_s in [0.0, *sorted(round(t, 2) for t in times)]]


@st.composite
def fleet_entries(draw, name):
    rated = draw(st.floats(0.5, 150.0))
    minimum = rated * draw(st.sampled_from([0.0, 0.0, 0.3, 1.0]))
    return {
        "name": name,
        "type": "aggregate",
        "rated_mw": rated,
        "minimum_mw": minimum,
        "ramp_up_mw_per_s": draw(st.floats(0.01, 50.0)),
        "ramp_down_mw_per_s": draw(st.floats(0.01, 50.0)),
        "latency_s": draw(st.sampled_from([0.0, 0.0, 1.3, 40.0])),
        "efficiency_j_per_th": draw(st.floats(10.0, 40.0)),
        "initial_mw": draw(st.sampled_from([None, minimum, rated])),
    }


@st.composite
def sites(draw):
    """Replayed loads, each a list of rows and how they are joined, and the rest of a scenario."""
    loads = draw(st.lists(st.tuples(traces(), st.sampled_from(["step", "linear"])), min_size=1, max_size=3))
    count = draw(st.integers(0, 3))
    fields = {
        "fleets": [draw(fleet_entries(f"f{number}")) for number in range(count)],
        "controller": {
            "telemetry_delay_s": draw(st.sampled_from([0.0, 2.0, 31.7])),
            "minimum_interval_s": draw(st.sampled_from([0.0, 1.0, 60.0])),
            "telemetry_deadband_mw": draw(st.sampled_from([0.5, 7.0])),
        },
        "policy": draw(st.sampled_from(POLICIES)),
        "market": {"power": {"type": "synthetic"}},
    }
    return loads, fields


@contextmanager
def scenario_of(site, **others):
    loads, fields = site
    with TemporaryDirectory() as folder:
        entries = []
        for number, (rows, interpolation) in enumerate(loads):
            text = "".join(f"{time_s!r},{power_mw!r}\n" for time_s, power_mw in rows)
            (Path(folder) / f"{number}.csv").write_text("time_s,power_mw\n" + text)
            entries.append(
                {
                    "name": f"l{number}",
                    "type": "replay",
                    "file": f"{number}.csv",
                    "interpolation": interpolation,
                }
            )
        yield a_scenario(Path(folder), **({"loads": entries, "days": END_S / 86_400.0} | fields | others))


def both_sides(signal, times_s):
    """Return values and limits from the left of a signal at the breakpoints of another."""
    before = np.nextafter(times_s, -inf)
    return np.concatenate([signal.at(times_s), signal.at(np.maximum(before, 0.0))])


@LAW
@given(sites())
def test_power_balances_at_every_breakpoint(site):
    with scenario_of(site) as scenario:
        recording = Campus(scenario).run()
    everything = np.unique(np.concatenate([signal.time_s for signal in recording.signals.values()]))
    parts = [f"load.{name}.power_mw" for name in recording.load_names]
    parts += [f"fleet.{name}.power_mw" for name in recording.fleet_names]
    total = sum((both_sides(recording[part], everything) for part in parts), np.zeros(2 * len(everything)))
    np.testing.assert_allclose(both_sides(recording["site_power_mw"], everything), total, rtol=0, atol=1e-9)
    for kind in ("ai", "fleet"):
        total_mw = both_sides(recording[f"{kind}_power_mw"], everything)
        names = [part for part in parts if part.startswith("load" if kind == "ai" else "fleet")]
        expected = sum((both_sides(recording[name], everything) for name in names), np.zeros(2 * len(everything)))
        np.testing.assert_allclose(total_mw, expected, rtol=0, atol=1e-9)
    assert measure(recording)["energy_balance_error_mwh"] == pytest.approx(0.0, abs=1e-9)


@LAW
@given(sites())
def test_no_state_breaks_a_limit_of_a_fleet(site):
    with scenario_of(site) as scenario:
        recording = Campus(scenario).run()
    for fleet in scenario.fleets:
        power, told = recording[f"fleet.{fleet.name}.power_mw"], recording[f"fleet.{fleet.name}.commanded_mw"]
        assert fleet.minimum_mw - 1e-9 <= power.minimum() <= power.maximum() <= fleet.rated_mw + 1e-9
        assert fleet.minimum_mw <= told.minimum() <= told.maximum() <= fleet.rated_mw
        assert told.is_step
        assert power.slope_per_s.max() <= fleet.ramp_up_mw_per_s * (1 + 1e-12)
        assert power.slope_per_s.min() >= -fleet.ramp_down_mw_per_s * (1 + 1e-12)
        # it never jumps: where a segment ends, the next begins
        assert np.abs(power.value[1:] - power.left_limits()[:-1]).max(initial=0.0) < 1e-9


@LAW
@given(sites())
def test_target_is_clipped_to_the_fleets_and_power_moves_towards_what_was_commanded_a_latency_ago(site):
    with scenario_of(site) as scenario:
        recording = Campus(scenario).run()
    least, most = (sum(getattr(f, bound) for f in scenario.fleets) for bound in ("minimum_mw", "rated_mw"))
    target, told = recording["fleet_target_mw"], recording["fleet_commanded_mw"]
    times_s = np.union1d(target.time_s, told.time_s)
    np.testing.assert_allclose(told.at(times_s), np.clip(target.at(times_s), least, most), atol=1e-9)
    for fleet in scenario.fleets:
        power, goal = recording[f"fleet.{fleet.name}.power_mw"], recording[f"fleet.{fleet.name}.commanded_mw"]
        starts_s = power.time_s[power.time_s > fleet.latency_s]
        ends_s = np.append(starts_s[1:], power.end_s)
        middles_s = (starts_s + ends_s) / 2.0
        miss = goal.at(middles_s - fleet.latency_s) - power.at(middles_s)
        slope = power.slope_per_s[power.time_s > fleet.latency_s]
        long = (ends_s - starts_s > 1e-6) & (np.abs(miss) > 1e-6)
        assert np.array_equal(np.sign(slope[long]), np.sign(miss[long]))


@LAW
@given(sites())
def test_decisions_keep_their_distance_and_instants_settle_once(site):
    with scenario_of(site) as scenario:
        campus = Campus(scenario)
        settle, times = campus.clock.settle, []

        def watched():
            times.append(campus.clock.now)
            settle()

        campus.clock.settle = watched
        recording = campus.run()
    assert len(times) == len(set(times)) == recording.constants["run.settle_count"]
    decided_s = recording["fleet_target_mw"].time_s
    assert np.diff(decided_s).min(initial=inf) >= scenario.controller.minimum_interval_s - 1e-9
    assert recording.constants["run.decision_count"] <= len(times)


# -- common random numbers -----------------------------------------------------------------------------

TRAINING = {
    "name": "llm",
    "type": "training",
    "gpus": 16_000,
    "power_mw": 80.0,
    "failures": {"per_job_hour": 2.0},
}
CHAT = {"name": "chat", "type": "inference", "power_mw": 30.0}
OTHER = {
    "name": "other",
    "type": "training",
    "gpus": 4000,
    "power_mw": 10.0,
    "failures": {"per_job_hour": 9.0},
}


def same(one, other, names):
    for name in names:
        for column in ("time_s", "value", "slope_per_s"):
            if getattr(one[name], column).tobytes() != getattr(other[name], column).tobytes():
                return False
    return True


def simulated(loads, **fields):
    return run(
        a_scenario(loads=loads, **({"days": 0.5, "market": {"power": {"type": "synthetic"}}} | fields))
    ).recording


def test_another_load_policy_or_fleet_leaves_every_other_draw_as_it_was():
    signals = ("load.llm.power_mw", "load.chat.power_mw", "price_usd_per_mwh")
    base = simulated([TRAINING, CHAT])
    assert len(base["load.llm.power_mw"].time_s) > 50
    for other in (
        simulated([OTHER, TRAINING, CHAT]),
        simulated([CHAT, TRAINING]),
        simulated([TRAINING, CHAT], policy={"type": "always-on"}),
        simulated([TRAINING, CHAT], fleets=[]),
        simulated([TRAINING, CHAT], controller={"telemetry_delay_s": 4.0}),
    ):
        assert same(base, other, signals)
    assert not same(base, simulated([TRAINING, CHAT], seed=2), signals[:1])
    assert not same(base, simulated([TRAINING, CHAT], seed=2), signals[1:2])
    assert not same(base, simulated([TRAINING, CHAT], seed=2), signals[2:])


def test_two_loads_alike_but_for_their_names_draw_for_themselves():
    twins = simulated([TRAINING, TRAINING | {"name": "twin"}])
    one, other = (twins[f"load.{name}.power_mw"].time_s for name in ("llm", "twin"))
    assert np.intersect1d(one, other).tolist() == [0.0]


def test_a_longer_run_begins_like_a_shorter_one():
    short, long = simulated([TRAINING, CHAT]), simulated([TRAINING, CHAT], days=0.75)
    for name in short.signals:
        cut = long[name].clip_time(0.0, short.end_s)
        assert cut.time_s.tobytes() == short[name].time_s.tobytes(), name
        assert cut.value.tobytes() == short[name].value.tobytes(), name


WRITE = """
import json
import sys
from pathlib import Path
from sim.result import write_result
from sim.scenario import scenario_from
from sim.simulation import run
write_result(run(scenario_from(json.loads(sys.argv[1]))), Path(sys.argv[2]))
"""


def test_another_process_with_another_hash_seed_writes_the_same_bytes(tmp_path):
    from sim.result import DATA_FILES, write_result  # noqa: PLC0415  # for this test alone

    miners = {"type": "aggregate", "rated_mw": 20.0, "ramp_up_mw_per_s": 0.7, "ramp_down_mw_per_s": 3.0}
    efficiencies = {"a": 20.0, "b": 15.0, "c": 20.0}
    fleets = [miners | {"name": name, "efficiency_j_per_th": e} for name, e in efficiencies.items()]
    market = {"power": {"type": "synthetic"}}
    scenario = a_scenario(loads=[TRAINING, CHAT, OTHER], fleets=fleets, market=market, days=0.25)
    folders = [tmp_path / name for name in ("here", "one", "two")]
    for folder in folders:
        folder.mkdir()
    write_result(run(scenario), folders[0])
    for seed, folder in zip(("1", "4242"), folders[1:], strict=True):
        arguments = [sys.executable, "-c", WRITE, scenario.model_dump_json(), str(folder)]
        subprocess.run(arguments, check=True, env=os.environ | {"PYTHONHASHSEED": seed})
    for name in DATA_FILES:
        written = {(folder / name).read_bytes() for folder in folders}
        assert len(written) == 1, name


# -- alarms against the plainest model of one ----------------------------------------------------------


@examples(150)
@given(st.lists(st.tuples(st.integers(0, 3), st.one_of(st.integers(0, 30), st.just(None))), min_size=1, max_size=30))
def test_an_alarm_rings_at_the_time_it_was_last_set_to_and_at_no_other(story):
    clock, rung = Clock(), []
    alarm = Alarm(clock, lambda: rung.append(clock.now))
    expected, due_s, now = [], inf, 0.0

    def tell():
        for gap_s, ahead_s in story:
            yield clock.timeout(gap_s + 0.5)
            alarm.set(inf if ahead_s is None else clock.now + ahead_s + 0.25)

    for gap_s, ahead_s in story:
        now += gap_s + 0.5
        if due_s < now:
            expected.append(due_s)
        due_s = inf if ahead_s is None else now + ahead_s + 0.25
    clock.process(tell())
    clock.run_before(1e6)

    assert rung == expected + ([due_s] if due_s < inf else [])


# -- the heap ------------------------------------------------------------------------------------------


class RandomWishes:
    """A policy that wants something else each time, and to be asked again after a random time."""

    def __init__(self):
        draws = stream(1, "test")
        self._targets = draws.uniform(0.0, 60.0, 4096).tolist()
        self._gaps = draws.exponential(1.0, 4096).tolist()
        self._asked = 0

    def decide(self, observation):
        self._asked += 1
        index = self._asked % 4096
        return Decision(self._targets[index], "whim", observation.time_s + 1e-3 + self._gaps[index])


def most_events_pending(commands, latency_s):
    """Return the largest size of the heap over a run of so many commands, and the decisions made."""
    clock = Clock()
    miners = AggregateFleet(
        name="m", type="aggregate", rated_mw=60.0, ramp_up_mw_per_s=1.0, ramp_down_mw_per_s=5.0,
        latency_s=latency_s, efficiency_j_per_th=20.0,
    )  # fmt: skip
    power = Track()
    executor = Executor([LiveFleet(clock, miners, Track(), power)])
    turn = Turn(clock, ControllerSpec().minimum_interval_s)
    controller = Controller(
        clock,
        Senses(Published(turn.notice), turn),
        RandomWishes(),
        None,
        executor,
        Track(),
        lambda kind, value: None,  # noqa: ARG005
    )
    clock.settle = controller.settle
    turn.notice()
    clock.timeout(0.0)
    most = 0
    while controller.decision_count < commands:
        clock.step()
        most = max(most, clock.pending_count)
    signal = power.freeze(clock.now)
    assert 0.0 <= signal.minimum() <= signal.maximum() <= 60.0 + 1e-9
    return most


@pytest.mark.parametrize(("latency_s", "most"), [(0.0, 1), (2.0, 20)])
def test_the_heap_does_not_grow_with_a_hundred_thousand_commands(latency_s, most):
    # with latency what is in flight is: two seconds of commands, one a second on average
    assert most_events_pending(1_000, latency_s) <= most
    assert most_events_pending(100_000, latency_s) <= most


@pytest.mark.slow
@pytest.mark.parametrize("latency_s", [0.0, 2.0])
def test_the_heap_does_not_grow_with_a_million_commands(latency_s):
    assert most_events_pending(1_000_000, latency_s) <= 20
