"""Helios passes ERCOT's proposed 10 MW in 5 s with a power floor and a small battery, and with neither alone."""

from pathlib import Path

import pytest

from sim import load_scenario, run
from sim.grid.limits import published_limits
from sim.metrics.power_limits import check_recording

SCENARIO = Path(__file__).parents[2] / "scenarios" / "pass-ercot.yaml"
RULES = [limit for limit in published_limits() if limit.name == "ercot-5s"]


@pytest.mark.parametrize(
    ("without", "passes"),
    [({}, True), ({"storage": None}, False), ({"loads.training.smoothing": None}, False)],
    ids=["both", "no battery", "no floor"],
)
def test_floor_and_battery_pass_together_and_not_alone(without, passes):
    recording = run(load_scenario(SCENARIO, overrides={"days": 0.25, **without})).recording
    (check,) = check_recording(recording, RULES)
    # training is recorded once an iteration, so that a pass is never more than kept where it was looked at
    assert check.status == ("not_assessable" if passes else "fail")
    assert (check.worst <= check.limit) == passes


def test_the_battery_holds_what_its_steps_need_both_ways():
    scenario = load_scenario(SCENARIO)
    power_mw, slope_mw_per_s = scenario.storage.power_mw, scenario.storage.ramp_limit_mw_per_min / 60.0
    one_way_mwh = power_mw**2 / (2.0 * slope_mw_per_s) / 3600.0
    assert scenario.storage.energy_mwh == pytest.approx(2.5 * 2.0 * one_way_mwh, rel=0.05)
    assert slope_mw_per_s * 5.0 == pytest.approx(0.95 * RULES[0].limit_mw)
