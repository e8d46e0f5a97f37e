"""Voltage sags of any depth, length and order: at 0 V nothing draws, and no fleet is back before its time."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from sim.engine.campus import Campus
from sim.testing import a_scenario

FLEETS = {
    "miners": {
        "type": "aggregate", "rated_mw": 30.0, "ramp_up_mw_per_s": 2.0, "ramp_down_mw_per_s": 12.0,
        "efficiency_j_per_th": 17.5, "latency_s": 3.0,
    },
    "cohort": {"type": "cohort", "model": "antminer-s21", "rated_mw": 30.0},
}  # fmt: skip
sags = st.lists(
    st.fixed_dictionaries(
        {
            "at_s": st.floats(60.0, 3000.0).map(lambda time_s: round(time_s, 1)),
            "depth_pu": st.sampled_from([0.05, 0.1, 0.29, 0.3, 0.31, 0.6, 1.0]),
            "duration_s": st.sampled_from([0.01, 0.02, 0.021, 0.15, 2.0, 60.0]),
        }
    ),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sags")
    (folder / "ai.csv").write_text("time_s,power_mw\n0,40\n1000,90\n2000,20\n")
    return folder


@given(sags, st.sampled_from([0.0, 30.0, 300.0]), st.sampled_from(["always-on", "follow-headroom", "hold-limit"]))
def test_no_voltage_no_power_and_no_fleet_is_back_before_its_time(place, events, restart_s, policy):
    load = {"name": "ai", "type": "replay", "file": "ai.csv"}
    fleets = [{**spec, "name": name, "drop_out": {"restart_s": restart_s}} for name, spec in FLEETS.items()]
    scenario = a_scenario(
        place, loads=[load], fleets=fleets, days=0.05, limit_mw=140.0, policy={"type": policy},
        events=[{"type": "voltage-sag", **event} for event in events],
    )  # fmt: skip
    recording = Campus(scenario).run()
    voltage, ai = recording["voltage_pu"], recording["ai_power_mw"]
    calm = Campus(scenario.model_copy(update={"events": ()})).run()["ai_power_mw"]

    middles_s = 0.5 * (voltage.time_s + np.append(voltage.time_s[1:], voltage.end_s))
    share = np.minimum(1.0, voltage.at(middles_s) / 0.9)
    assert ai.at(middles_s) == pytest.approx(calm.at(middles_s) * share)
    off = middles_s[voltage.at(middles_s) == 0.0]
    lasts = {event["at_s"]: event["duration_s"] for event in events if event["depth_pu"] == 1.0}
    for time_s in off:
        if any(at_s <= time_s < at_s + length_s and length_s > 0.02 for at_s, length_s in lasts.items()):
            assert recording["site_power_mw"].at([time_s]).tolist() == [0.0]
    for event in events:
        if event["depth_pu"] > 0.3 + 1e-9 and event["duration_s"] > 0.02:
            back_s = event["at_s"] + event["duration_s"] + restart_s
            for name in FLEETS:
                assert recording[f"fleet.{name}.power_mw"].clip_time(event["at_s"], back_s).maximum() == 0.0
