"""The relay at the interconnection trips when the recorded site power says so, whatever the site does."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from examples import examples
from hypothesis import assume, given
from hypothesis import strategies as st
from quick import run

from sim.engine.duties import FALLS_MW, RISES_MW
from sim.testing import a_scenario

END_S = 1350.0
POLICIES = st.sampled_from([{"type": "always-on"}, {"type": "follow-headroom"}])


@st.composite
def fleets(draw):
    rated_mw = draw(st.floats(20.0, 150.0))
    return {
        "name": "miners",
        "type": "aggregate",
        "rated_mw": rated_mw,
        "minimum_mw": rated_mw * draw(st.sampled_from([0.0, 0.3])),
        "ramp_up_mw_per_s": draw(st.floats(0.1, 50.0)),
        "ramp_down_mw_per_s": draw(st.floats(0.1, 50.0)),
        "latency_s": draw(st.sampled_from([0.0, 3.0, 40.0])),
        "efficiency_j_per_th": 20.0,
    }


@st.composite
def traces(draw):
    times_s = draw(st.lists(st.integers(1, int(END_S) - 1), max_size=8, unique=True))
    return [(time_s, draw(st.floats(0.0, 250.0))) for time_s in [0, *sorted(times_s)]]


def expected_trips(excess_mw, after_s, hold_s):
    """Return when the relay trips, from the whole of the recorded excess over its level [s]."""
    trips_s, free_s = [], 0.0
    for from_s, until_s in excess_mw.intervals_above(0.5 * (RISES_MW + FALLS_MW)):
        due_s = max(from_s, free_s) + after_s
        while due_s < min(until_s, END_S):
            assume(until_s - due_s > 1e-6)  # a tie is decided by rounding
            trips_s.append(due_s)
            free_s = due_s + hold_s
            due_s = free_s + after_s
        assume(abs(until_s - due_s) > 1e-6)
    return trips_s


@examples(60)
@given(
    st.lists(traces(), min_size=1, max_size=2), fleets(), POLICIES, st.sampled_from([0.0, 10.0, 60.0]),
    st.sampled_from([1.0, 5.0]), st.sampled_from([0.0, 5.0]),
)  # fmt: skip
def test_it_trips_when_the_site_has_been_above_for_so_long(loads, fleet, policy, after_s, hold_min, delay_s):
    with TemporaryDirectory() as name:
        for number, rows in enumerate(loads):
            text = "".join(f"{time_s},{power_mw!r}\n" for time_s, power_mw in rows)
            (Path(name) / f"{number}.csv").write_text("time_s,power_mw\n" + text)
        recording = run(
            a_scenario(
                Path(name),
                days=END_S / 86_400.0,
                loads=[
                    {"name": f"l{number}", "type": "replay", "file": f"{number}.csv"} for number in range(len(loads))
                ],
                fleets=[fleet],
                policy=policy,
                controller={"telemetry_delay_s": delay_s},
                interconnection={
                    "limit_mw": 180.0,
                    "trip": {"above_ratio": 1.02, "after_s": after_s, "hold_min": hold_min},
                },
            )
        ).recording
    excess_mw = recording["site_power_mw"] - 1.02 * 180.0
    trips_s = [event.time_s for event in recording.events if event.kind == "trip"]

    assert np.allclose(trips_s, expected_trips(excess_mw, after_s, hold_min * 60.0), atol=1e-6)
    for trip_s in trips_s:
        held = recording["fleet_commanded_mw"].clip_time(trip_s, min(trip_s + hold_min * 60.0, END_S))
        assert held.maximum() == fleet["minimum_mw"]
