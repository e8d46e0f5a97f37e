"""Miners that answer frequency: what latency leaves of it, and from which gain on they do harm."""

from pathlib import Path

import pytest
from quick import run
from stability import gain_limit_mw_per_hz

from sim import load_scenario
from sim.grid.frequency import GridModel
from sim.testing import a_scenario

BASE = {"type": "flat-site", "site_mw": 45.0}
DROOP = {"type": "droop", "inner": BASE}
SCENARIOS = Path(__file__).parents[2] / "scenarios"


def on_the_island(policy, latency_s=3.0, lost_mw=40.0, minutes=10.0, rated_mw=60.0, **frequency):
    """Run miners of 60 MW on an island of 500 MW that loses a generator after a minute."""
    miners = {
        "name": "miners", "type": "aggregate", "rated_mw": rated_mw, "ramp_up_mw_per_s": 1000.0,
        "ramp_down_mw_per_s": 1000.0, "latency_s": latency_s, "efficiency_j_per_th": 17.5,
    }  # fmt: skip
    grid = {"frequency": {"preset": "island", "agc_time_s": 0.0, "closed_loop": True} | frequency}
    loss = {"type": "generation-loss", "at_s": 60.0, "lost_mw": lost_mw}
    return run(a_scenario(fleets=[miners], policy=policy, days=minutes / 1440.0, grid=grid, events=[loss]))


def nadir_hz(*args, **keys):
    return on_the_island(*args, **keys).metrics["frequency_nadir_hz"]


def swing_hz(result, from_s, to_s):
    stretch = result.recording["frequency_hz"].clip_time(from_s, to_s)
    return stretch.maximum() - stretch.minimum()


def test_a_droop_reduces_the_nadir_only_where_it_acts_before_it():
    # the island is at its lowest 1.3 s after the loss
    alone_hz = nadir_hz(BASE)
    assert alone_hz == pytest.approx(59.635, abs=0.001)
    assert nadir_hz(DROOP, latency_s=0.0) > alone_hz + 0.025
    assert alone_hz + 0.015 < nadir_hz(DROOP, latency_s=0.5) < nadir_hz(DROOP, latency_s=0.0)
    assert nadir_hz(DROOP, latency_s=3.0) == alone_hz


def test_late_as_it_is_a_droop_still_holds_frequency_nearer_to_nominal():
    alone, droop = on_the_island(BASE), on_the_island(DROOP)
    settled_hz = [result.recording["frequency_hz"].at(599.0) for result in (alone, droop)]
    assert settled_hz == pytest.approx([60.0 - 40.0 / 208.33, 60.0 - (40.0 + 20.0 * 0.017) / 228.33], abs=1e-3)


@pytest.mark.parametrize(("share", "dies_out"), [(0.8, True), (1.25, False)])
def test_a_droop_too_steep_for_its_latency_swings_for_ever(share, dies_out):
    gain, swing = gain_limit_mw_per_hz(GridModel.preset("island"), 3.0)
    assert (gain, 1.0 / swing) == pytest.approx((99.9, 6.48), rel=0.01)
    steep = DROOP | {"deadband_hz": 0.0, "droop_fraction": 0.05, "range_mw": share * gain * 3.0}
    result = on_the_island(steep, lost_mw=10.0, minutes=4.0, report_step_hz=0.01)
    late_hz = swing_hz(result, 180.0, 230.0)
    assert late_hz < 0.001 if dies_out else late_hz > 0.5


def test_a_droop_of_5_percent_keeps_a_margin_of_five_on_the_island():
    # 60 MW over 3 Hz; miners reach the limit at 300 MW, or at a droop of 1 %
    limit_mw_per_hz, _ = gain_limit_mw_per_hz(GridModel.preset("island"), 3.0)
    assert limit_mw_per_hz / 20.0 == pytest.approx(5.0, rel=0.01)


def test_fleets_bring_an_island_back_to_nominal_where_nobody_else_does():
    # in T_i (D + K) / K_fleet = 30 s x 228/20 = 340 s: 1,740 s are five of them
    held = on_the_island({"type": "island-frequency", "base_fraction": 0.75}, minutes=30.0)
    assert held.recording["frequency_hz"].at(1799.0) == pytest.approx(60.0, abs=0.006)
    alone = on_the_island(BASE, minutes=30.0)
    assert held.metrics["frequency_rms_mhz"] < 0.4 * alone.metrics["frequency_rms_mhz"]


def test_a_relay_through_the_firmware_stops_the_miners_of_the_shipped_island_after_the_nadir():
    overrides = {"days": 0.0125, "fleets.miners.breaker_open_s": None, "policy.trip_after_s": 0.5}
    result = run(load_scenario(SCENARIOS / "island.yaml", overrides=overrides))
    trips_s = [event.time_s for event in result.recording.events if event.kind == "decision: under-frequency"]
    assert trips_s == [pytest.approx(601.1, abs=0.1)]
    frequency = result.recording["frequency_hz"]
    assert frequency.time_of_minimum() == pytest.approx(601.2, abs=0.1)  # 3 s before the miners have heard
    assert result.recording["fleet_power_mw"].at(620.0) == 2.0


def test_breakers_of_their_own_take_the_miners_off_before_the_nadir_and_lift_it():
    nadirs_hz = {}
    for breaker_open_s in (0.083, None):
        overrides = {"days": 700.0 / 86_400.0, "fleets.miners.breaker_open_s": breaker_open_s}
        recording = run(load_scenario(SCENARIOS / "island.yaml", overrides=overrides)).recording
        nadirs_hz[breaker_open_s] = recording["frequency_hz"].minimum()
    assert nadirs_hz[None] == pytest.approx(59.637, abs=0.001)
    assert nadirs_hz[0.083] == pytest.approx(59.664, abs=0.001)
