"""Miners as a mirror of AI power: they flatten what moves slowly, and make what jumps worse."""

import pytest
from quick import run

from sim.testing import a_scenario

MINERS = {
    "name": "miners",
    "type": "aggregate",
    "rated_mw": 60.0,
    "ramp_up_mw_per_s": 1.0,
    "ramp_down_mw_per_s": 5.0,
    "efficiency_j_per_th": 17.5,
}
FLAT = {"type": "flat-site", "site_mw": 170.0}


def on_a_site(folder, policy, interpolation, rated_mw=60.0):
    """Run a day of AI power between 150 and 110 MW, up and down each half an hour."""
    rows = (f"{1800 * n},150\n{1800 * n + 900},110\n" for n in range(49))
    (folder / "ai.csv").write_text("time_s,power_mw\n" + "".join(rows))
    load = {"name": "ai", "type": "replay", "file": "ai.csv", "interpolation": interpolation}
    return run(a_scenario(folder, loads=[load], fleets=[MINERS | {"rated_mw": rated_mw}], policy=policy))


def test_a_site_whose_ai_moves_slowly_stands_still(tmp_path):
    # 40 MW in 15 min; telemetry reports each half a megawatt
    alone = on_a_site(tmp_path, {"type": "mining-off"}, "linear").metrics
    flat = on_a_site(tmp_path, FLAT, "linear").metrics
    assert alone["dynamic_range_mw"] == pytest.approx(40.0)
    assert flat["dynamic_range_mw"] < 1.1
    assert flat["site_mean_mw"] == pytest.approx(170.0, abs=0.5)


def test_a_jump_is_seen_in_full_and_a_return_on_top_of_the_miners(tmp_path):
    alone = on_a_site(tmp_path, {"type": "mining-off"}, "step").metrics
    flat = on_a_site(tmp_path, FLAT, "step")
    assert alone["dynamic_range_mw"] == 40.0
    assert flat.metrics["dynamic_range_mw"] == 80.0
    # yet nearly all the time the site stands at its level: 40 s up and 8 s down each half an hour do not
    site = flat.recording["site_power_mw"]
    off_s = site.time_above(170.01) + (86_400.0 - site.time_above(169.99))
    assert off_s == pytest.approx(48 * 48.0, rel=0.03)


def test_an_average_holds_a_level_that_drifts_slowly(tmp_path):
    level = {"type": "flat-site", "averaging_min": 240.0}
    # AI swings by 40 MW around 130 MW, the average begins at 150 MW and goes there; 100 MW reach all of it
    flat = on_a_site(tmp_path, level, "linear", rated_mw=100.0).metrics
    assert flat["dynamic_range_mw"] > 15.0
    assert flat["rolling_range_60s_mw"] < 1.5
    assert flat["net_ramp_up_300s_mw_per_min"] < 0.5
