"""AI that gives way: never above its cap, no class loses more than it may, nothing moves without an order."""

from bisect import bisect_right
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from quick import run

from sim.ai.flexibility import LOST_FRACTION
from sim.metrics.give_way import of
from sim.testing import a_scenario

HOUR_S = 3600.0
END_S = 4.0 * HOUR_S
JOBS = st.sampled_from(["pretraining", "fine-tuning", "inference"])
NEEDS = st.lists(st.tuples(st.floats(1.0, END_S - 1.0), st.floats(10.0, 60.0)), max_size=8)
SPEC = st.fixed_dictionaries(
    {
        "job": JOBS,
        "flex": st.sampled_from([1, 2, 3]),
        "response_s": st.sampled_from([0.0, 5.0, 40.0]),
        "ramp_s": st.sampled_from([1.0, 25.0, 120.0]),
        "value_usd_per_mwh": st.floats(10.0, 3000.0),
    }
)
ORDERS = st.lists(
    st.fixed_dictionaries(
        {
            "at_s": st.floats(0.0, 2.0 * HOUR_S),
            "notice_min": st.sampled_from([0.0, 5.0, 30.0]),
            "duration_min": st.floats(1.0, 90.0),
            "cap_mw": st.floats(20.0, 170.0),
        }
    ),
    min_size=1,
    max_size=3,
)


def site(loads, orders, *, policy="always-on", is_flexible=True):
    """Return a run of loads that step or move in lines, under orders to the site."""
    with TemporaryDirectory() as folder:
        given_loads = []
        for number, (spec, needs, shape) in enumerate(loads):
            rows = sorted({0.0: 40.0, **dict(needs), END_S: 30.0}.items())
            text = "".join(f"{time_s!r},{power_mw!r}\n" for time_s, power_mw in rows)
            (Path(folder) / f"{number}.csv").write_text("time_s,power_mw\n" + text)
            load = {"name": f"ai{number}", "type": "replay", "file": f"{number}.csv", "interpolation": shape}
            given_loads.append(load | ({"flexibility": spec} if is_flexible else {}))
        events = [{"type": "curtailment-order", "applies_to": "site", **order} for order in orders]
        return run(
            a_scenario(
                Path(folder),
                days=END_S / 86_400.0,
                loads=given_loads,
                events=events,
                policy={"type": policy},
                controller={"telemetry_delay_s": 2.0},
            )
        )


LOADS = st.lists(st.tuples(SPEC, NEEDS, st.sampled_from(["step", "linear"])), min_size=1, max_size=3)


def allowed_mw(recording, load, lead_s, times_s):
    """Return the highest of the caps that a load may still be going by."""
    told = [(0.0, np.inf)] + [(row.time_s, row.value) for row in recording.events_of(f"load.{load}", "cap")]
    told_s = [time_s for time_s, _ in told]
    stated_mw = recording[f"load.{load}.need_mw"].maximum()
    levels = [np.inf if level_mw >= stated_mw - 1e-6 else level_mw for _, level_mw in told]
    found = []
    for time_s in times_s:
        first = max(0, bisect_right(told_s, time_s - lead_s) - 1)
        found.append(max(levels[first : bisect_right(told_s, time_s)]))
    return np.array(found)


@examples(40)
@given(loads=LOADS, orders=ORDERS)
def test_no_load_draws_above_its_cap_once_the_response_is_over_nor_above_its_need(loads, orders):
    recording = site(loads, orders).recording
    for number, (spec, _, _) in enumerate(loads):
        name = f"ai{number}"
        drawn, need = recording[f"load.{name}.power_mw"], recording[f"load.{name}.need_mw"]
        assert (drawn - need).maximum() <= 1e-6
        lead_s = spec["response_s"] + spec["ramp_s"]
        edges_s = np.unique([*drawn.time_s, *(drawn.time_s[1:] - 1e-3), END_S - 1.0])
        edges_s = edges_s[(edges_s >= 0.0) & (edges_s < END_S)]
        excess = drawn.at(edges_s) - allowed_mw(recording, name, lead_s + 1e-3, edges_s)
        assert excess.max() <= 1e-4


@examples(25)
@given(loads=LOADS, orders=ORDERS)
def test_a_class_loses_no_more_than_it_may_of_what_it_is_taken_to_need(loads, orders):
    recording = site(loads, orders).recording
    for number, (spec, _, _) in enumerate(loads):
        name = f"ai{number}"
        undone, need = recording[f"load.{name}.undone_mw"], recording[f"load.{name}.need_mw"]
        most = LOST_FRACTION[spec["flex"]] * need  # a replayed load is taken to need what it draws at the most
        assert (undone - most).maximum() <= 1e-6
        assert undone.minimum() >= -1e-9
        assert of(recording, name).energy_mwh >= -1e-9


@examples(10)
@given(loads=LOADS, policy=st.sampled_from(["always-on", "hold-limit", "follow-headroom"]))
def test_without_an_order_nothing_moves(loads, policy):
    one, other = (site(loads, [], policy=policy, is_flexible=flexible) for flexible in (True, False))
    assert one.recording.signals.keys() == other.recording.signals.keys()
    for name, signal in one.recording.signals.items():
        for column in ("time_s", "value", "slope_per_s"):
            assert getattr(signal, column).tobytes() == getattr(other.recording[name], column).tobytes()
    assert one.recording.events == other.recording.events
    assert one.recording.constants == other.recording.constants


@pytest.mark.parametrize("notice_min", [1.0, 15.0, 30.0])
@examples(15)
@given(spec=SPEC, cap_mw=st.floats(118.0, 160.0))
def test_an_order_that_classes_can_keep_is_kept_from_its_first_moment(spec, cap_mw, notice_min):
    spec |= {"flex": 3, "response_s": 5.0, "ramp_s": 25.0}
    loads = [(spec | {"job": job}, [], "step") for job in ("pretraining", "fine-tuning", "inference")]
    orders = [{"at_s": HOUR_S, "notice_min": notice_min, "duration_min": 60.0, "cap_mw": cap_mw}]
    metrics = site([*loads, (spec, [], "step")], orders).metrics
    assert metrics["order_excess_mwh"] == pytest.approx(0.0, abs=1e-9)
    assert metrics["order_kept_fraction"] == 1.0
