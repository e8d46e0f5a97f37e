"""What stands above a policy's wish, at the very instants at which it begins."""

import pytest
from quick import run

from sim.testing import a_scenario


@pytest.mark.timeout(20)  # a relay that does not count it asks to be read at that instant for ever
def test_a_site_that_stands_exactly_where_the_relay_counts_from_is_counted(tmp_path):
    # one MW a second: at the crossing the site draws the level and the watt, to the last bit
    (tmp_path / "ramp.csv").write_text("time_s,power_mw\n0,0\n300,300\n")
    scenario = a_scenario(
        tmp_path,
        days=400.0 / 86_400.0,
        loads=[{"name": "ai", "type": "replay", "file": "ramp.csv", "interpolation": "linear"}],
        policy={"type": "mining-off"},
        controller={"telemetry_deadband_mw": 1000.0},
        interconnection={"limit_mw": 100.0, "trip": {"above_ratio": 1.0, "after_s": 10.0, "hold_min": 5.0}},
    )
    trips_s = [event.time_s for event in run(scenario).recording.events if event.kind == "trip"]
    assert trips_s == [100.0 + 1e-6 + 10.0]
