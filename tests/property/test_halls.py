"""Whatever its loads and the weather do, a hall is the sum of its parts, and within its rating."""

import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from sim.ai.facility import fed_mw
from sim.engine.campus import Campus
from sim.testing import a_scenario

HOUR_S = 3600.0
ERROR_MW = 0.02
STEP_S = 2.0

rows = st.lists(st.tuples(st.floats(1.0, 600.0), st.floats(0.0, 12.0)), min_size=1, max_size=12)
loads = st.lists(st.tuples(rows, st.sampled_from(["step", "linear"])), min_size=1, max_size=3)
halls = st.fixed_dictionaries(
    {
        "cooling": st.sampled_from([{"type": kind} for kind in ("air", "liquid", "immersion")]),
        "racks": st.fixed_dictionaries({"count": st.integers(100, 300), "power_mw": st.just(0.1)}),
    }
)
weathers = st.builds(
    lambda mean_c, daily_c: {"type": "synthetic", "mean_c": mean_c, "daily_c": daily_c},
    st.floats(-10.0, 45.0),
    st.floats(0.0, 15.0),
)


def run(loads, hall, weather):
    with tempfile.TemporaryDirectory() as folder:
        entries = []
        for number, (steps, interpolation) in enumerate(loads):
            time_s, lines = 0.0, ["time_s,power_mw"]
            for length_s, power_mw in steps:
                lines.append(f"{time_s!r},{power_mw!r}")
                time_s += length_s
            (Path(folder) / f"{number}.csv").write_text("\n".join(lines))
            entries.append(
                {"name": f"l{number}", "type": "replay", "file": f"{number}.csv", "hall": "west"}
                | {"interpolation": interpolation}
            )
        scenario = a_scenario(
            Path(folder),
            loads=entries,
            halls=[{"name": "west", "error_mw": ERROR_MW, **hall}],
            weather=weather,
            days=2.0 / 24.0,
            fleets=[],
        )
        return scenario.halls[0], Campus(scenario).run()


def exact_cooling_mw(hall, recording, times_s):
    """Solve the lag in steps in which the target stands still, from the recorded IT power."""
    ratio = hall.cooling_signal(recording["outdoor_temperature_c"])
    middles_s = 0.5 * (times_s[1:] + times_s[:-1])
    target = (recording["hall.west.it_power_mw"].at(middles_s) * ratio.at(middles_s)).tolist()
    cooling_mw = [float(recording["hall.west.it_power_mw"].at([0.0])[0] * ratio.at([0.0])[0])]
    for length_s, goal_mw in zip(np.diff(times_s).tolist(), target, strict=True):
        lag_s = hall.cooling.lag_up_s if goal_mw > cooling_mw[-1] else hall.cooling.lag_down_s
        cooling_mw.append(goal_mw + (cooling_mw[-1] - goal_mw) * math.exp(-length_s / lag_s))
    return np.array(cooling_mw)


@examples(40)
@given(loads, halls, weathers)
def test_hall_is_the_sum_of_its_parts_and_never_above_its_rating(loads, hall, weather):
    spec, recording = run(loads, hall, weather)
    power = recording["hall.west.power_mw"]
    it, cooling = recording["hall.west.it_power_mw"], recording["hall.west.cooling_power_mw"]
    last_moments = np.nextafter(np.append(power.time_s[1:], power.end_s), -np.inf)
    for times_s in (power.time_s, last_moments):
        inside = np.maximum(times_s, 0.0)
        fed = fed_mw(it.at(inside), spec.plant_mw, spec.losses.stages)
        parts = fed + spec.fixed_mw + cooling.at(inside)
        assert power.at(inside) == pytest.approx(parts, abs=ERROR_MW / 2.0 + 1e-6)
        assert it.at(inside).max() <= spec.rated_it_mw * (1.0 + 1e-9)
    assert power.maximum() <= spec.rated_mw + ERROR_MW
    assert power.minimum() > 0.0
    wanted = sum(recording[f"load.l{number}.it_power_mw"].integral() for number in range(len(loads)))
    assert it.integral() <= wanted * (1.0 + 1e-9) + 1e-6


@examples(40)
@given(loads, halls, weathers)
def test_straight_lines_miss_the_lagging_cooling_by_the_error_stated(loads, hall, weather):
    spec, recording = run(loads, hall, weather)
    times_s = np.unique(
        np.concatenate([np.arange(0.0, recording.end_s, STEP_S), recording["hall.west.it_power_mw"].time_s])
    )
    exact_mw = exact_cooling_mw(spec, recording, times_s)

    miss_mw = np.abs(recording["hall.west.cooling_power_mw"].at(times_s) - exact_mw).max()

    step_error_mw = 0.002 * spec.rated_it_mw * STEP_S / spec.cooling.lag_up_s
    assert miss_mw <= ERROR_MW + step_error_mw
