"""Frequency inside the run: when it is told, and that it is what the site makes of it."""

import numpy as np
import pytest
from quick import run

from sim.errors import InputError
from sim.grid.frequency import response
from sim.metrics.frequency import frequency
from sim.testing import a_scenario

ISLAND = {"frequency": {"preset": "island", "agc_time_s": 0.0, "closed_loop": True}}
LOSS = {"type": "generation-loss", "at_s": 60.0, "lost_mw": 40.0}
ALWAYS = {"type": "always-on"}
OPEN = {"frequency": {"preset": "island"}}
OF_50_HZ = {"type": "droop", "nominal_hz": 50.0, "inner": ALWAYS}
RELAY = {"type": "under-frequency", "inner": ALWAYS}
COHORT = {
    "name": "cohort", "type": "cohort", "model": "antminer-s21", "machine_count": 10_000,
    "failures": {
        "per_year_fraction": 5.0, "per_start_fraction": 0.02, "repair_min_d": 0.001, "repair_max_d": 0.01,
    },
    "response": {"commandable_fraction": 0.9},
}  # fmt: skip
MINUTES = 1.0 / 1440.0


def ran(minutes=10.0, **fields):
    return run(a_scenario(**{"days": minutes * MINUTES, "grid": ISLAND, "events": [LOSS], **fields}))


def missed_hz(result):
    """Return by how much recorded frequency misses what the recorded power gives, at its points [Hz]."""
    exact = frequency(result.recording)
    inside = exact.time_s < result.recording.end_s
    found_hz = result.recording["frequency_hz"].at(exact.time_s[inside])
    return np.abs(found_hz - exact.frequency_hz[inside]).max()


def test_a_loss_elsewhere_moves_frequency_and_its_metrics():
    result = ran(policy=ALWAYS)
    signal = result.recording["frequency_hz"]
    assert signal.at(59.0) == 60.0
    assert signal.minimum() == pytest.approx(result.metrics["frequency_nadir_hz"], abs=1e-4)
    assert result.metrics["frequency_nadir_hz"] == pytest.approx(59.6349, abs=1e-4)
    # by its droop of 208.3 MW/Hz
    assert signal.at(600.0 - 1e-6) == pytest.approx(60.0 - 40.0 / (200.0 + 500.0 / 60.0), abs=1e-4)


def test_the_open_loop_gives_the_same_metrics():
    open_loop = {"frequency": ISLAND["frequency"] | {"closed_loop": False}}
    one, other = ran(policy=ALWAYS), ran(policy=ALWAYS, grid=open_loop)
    assert "frequency_hz" not in other.recording.signals
    for name in ("frequency_nadir_hz", "frequency_rms_mhz"):
        assert one.metrics[name] == other.metrics[name]


def test_what_is_lost_comes_back():
    signal = ran(events=[LOSS | {"duration_min": 2.0}], policy=ALWAYS).recording["frequency_hz"]
    assert signal.maximum() > 60.1
    assert signal.at(599.0) == pytest.approx(60.0, abs=1e-3)


def test_the_relay_trips_half_a_second_after_the_level_is_passed():
    result = ran(policy=RELAY)
    exact = frequency(ran(policy=ALWAYS).recording)
    times_s = np.linspace(60.0, 61.0, 100_001)
    curve = response(np.concatenate([[0.0, 60.0], times_s]), [0.0, 0.0] + [40.0] * times_s.size, exact.model)
    passed_s = times_s[np.argmax(curve.frequency_hz[2:] <= 59.7)]
    trips_s = [event.time_s for event in result.recording.events if event.kind == "decision: under-frequency"]
    assert trips_s == [pytest.approx(passed_s + 0.5, abs=2e-5)]


def test_a_droop_is_asked_as_often_as_frequency_moves_and_nothing_is_scanned():
    result = ran(policy={"type": "droop", "inner": ALWAYS})
    swings_hz = 0.365 + 0.17 + 0.01
    assert result.recording.constants["run.decision_count"] < 2.0 * swings_hz / 0.005
    calm = ran(policy={"type": "droop", "inner": ALWAYS}, events=[])
    assert calm.recording.constants["run.decision_count"] == 1
    assert len(calm.recording["frequency_hz"].time_s) == 1


@pytest.mark.parametrize("latency_s", [0.0, 0.4, 7.0])
def test_recorded_frequency_is_what_the_recorded_site_makes_of_the_grid(latency_s, tmp_path):
    (tmp_path / "ai.csv").write_text("time_s,power_mw\n0,60\n100,40\n200,70\n333.3,20\n420,61\n")
    fleets = [
        {"name": "plain", "type": "aggregate", "rated_mw": 30.0, "ramp_up_mw_per_s": 0.5,
         "ramp_down_mw_per_s": 3.0, "latency_s": latency_s, "efficiency_j_per_th": 16.0},
        COHORT | {"latency_s": latency_s},
    ]  # fmt: skip
    result = run(
        a_scenario(
            tmp_path,
            days=10.0 * MINUTES,
            loads=[{"name": "ai", "type": "replay", "file": "ai.csv", "interpolation": "linear"}],
            fleets=fleets,
            grid=ISLAND,
            events=[LOSS],
            limit_mw=120.0,
            policy={
                "type": "droop",
                "droop_fraction": 0.03,
                "inner": {"type": "follow-headroom", "margin_mw": 20.0},
            },
        )
    )
    assert result.recording["fleet.cohort.failed_count"].maximum() > 0.0
    assert missed_hz(result) < 1e-8


def test_without_mining_there_is_no_frequency_of_the_run():
    assert "frequency_hz" not in ran(policy=ALWAYS).recording.without_mining().signals


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"grid": {}}, "generation-loss needs grid.frequency"),
        ({"grid": {}, "events": [], "policy": RELAY}, "under-frequency needs grid.frequency with closed"),
        ({"grid": OPEN, "policy": {"type": "island-frequency"}}, "closed_loop: true"),
        (
            {"policy": {"type": "minimum-dwell", "minimum_s": 9.0, "inner": OF_50_HZ}},
            "nominal_hz of 50 Hz; must be that of grid.frequency, 60 Hz",
        ),
        ({"grid": {"frequency": {"preset": "island", "report_step_hz": 0.01}}}, "unless closed_loop is true"),
    ],
)  # fmt: skip
def test_a_policy_that_needs_frequency_gets_it_or_is_refused(fields, said):
    with pytest.raises(InputError, match=said):
        ran(**fields)
