"""Frequency from a file inside the run: when it is told, what the site adds, and files that will not do."""

import json
from math import isnan
from pathlib import Path

import numpy as np
import pytest
from quick import run

from sim.errors import InputError
from sim.grid.frequency import response
from sim.grid.frequency.model import GridModel
from sim.grid.spec import FrequencySpec
from sim.metrics.frequency import frequency, points_of
from sim.policies.droop import beyond_hz
from sim.report.frequency import frequency_section, remarks
from sim.signals import Signal
from sim.testing import a_scenario

DATA = Path(__file__).parents[4] / "shared" / "data"
IBERIA = "grid_frequency_2s_iberia_quiet_20250428.csv.gz"
MINUTE_D = 1.0 / 1440.0
DIP = "time_s,frequency_hz\n0,60\n10,60\n14,59.65\n20,59.65\n60,60\n"
ALWAYS = {"type": "always-on"}
RELAY = {"type": "under-frequency", "restore_after_min": 1.0, "inner": ALWAYS}
ISLAND = {"preset": "island", "agc_time_s": 0.0, "closed_loop": True}


def scenario(folder, text=DIP, measured=None, minutes=10.0, frequency=None, **fields):
    (folder / "f.csv").write_text(text)
    grid = {
        "frequency": {
            **(frequency or {}),
            "measured": {"file": "f.csv", "outside": "nominal", **(measured or {})},
        }
    }
    return a_scenario(folder, days=minutes * MINUTE_D, grid=grid, **{"policy": RELAY, **fields})


def reasons(result):
    return [
        (event.time_s, event.kind.removeprefix("decision: "))
        for event in result.recording.events
        if event.kind.startswith("decision")
    ]


def test_the_relay_trips_half_a_second_after_the_measured_line_passes_its_level(tmp_path):
    result = run(scenario(tmp_path, measured={"at_s": 100.0}))
    (trip_s, trip), (back_s, back) = reasons(result)[1:]
    assert (trip, back) == ("under-frequency", "always on")
    assert trip_s == pytest.approx(110.0 + 4.0 * 0.30 / 0.35 + 0.5, abs=1e-6)
    assert back_s == pytest.approx(120.0 + 40.0 * 0.30 / 0.35 + 60.0, abs=1e-6)


@pytest.mark.parametrize("lowest", ["59.7", "59.70"])
def test_frequency_that_stands_just_at_the_level_trips_the_relay(tmp_path, lowest):
    text = f"time_s,frequency_hz\n0,60\n30,{lowest}\n60,{lowest}\n90,60\n"
    assert reasons(run(scenario(tmp_path, text)))[1] == (30.5, "under-frequency")


def test_frequency_that_only_touches_the_level_does_not(tmp_path):
    text = "time_s,frequency_hz\n0,60\n30,59.7\n60,60\n"
    assert len(reasons(run(scenario(tmp_path, text)))) == 1


def test_frequency_that_comes_back_in_time_does_not_trip_the_relay(tmp_path):
    text = "time_s,frequency_hz\n0,60\n10,59.75\n10.2,59.65\n10.4,59.75\n40,60\n"
    assert len(reasons(run(scenario(tmp_path, text)))) == 1


def test_the_run_records_the_lines_of_the_file_and_its_numbers_are_of_them(tmp_path):
    result = run(scenario(tmp_path, measured={"at_s": 100.0}))
    signal, metrics = result.recording["frequency_hz"], result.metrics
    assert signal.at([50.0, 112.0, 115.0, 140.0]) == pytest.approx([60.0, 59.825, 59.65, 59.825])
    assert (metrics["frequency_nadir_hz"], metrics["frequency_zenith_hz"]) == (59.65, 60.0)
    assert metrics["frequency_rocof_hz_per_s"] == pytest.approx(-0.35 / 4.0)
    # within 36 mHz of nominal for a share of each slope
    assert metrics["frequency_outside_36mhz_s"] == pytest.approx(50.0 - 44.0 * 0.036 / 0.35)
    square = (44.0 / 3.0 + 6.0) * 0.35**2
    assert metrics["frequency_rms_mhz"] == pytest.approx(1000.0 * (square / 600.0) ** 0.5)
    assert isnan(metrics["frequency_cps1_points"])
    assert metrics["frequency_nadir_hz"].baseline == 59.65


def test_nothing_is_scanned(tmp_path):
    rows = "".join(f"{2 * row},{60.0 + 1e-4 * (row % 2)}\n" for row in range(3000))
    result = run(scenario(tmp_path, "time_s,frequency_hz\n" + rows, minutes=90.0))
    assert result.recording.constants["run.decision_count"] == 1
    assert result.recording.constants["run.settle_count"] < 3000 / 64 + 5


def test_local_times_do_where_the_first_row_is_placed_and_blank_rows_are_missing_samples(tmp_path):
    rows = "when,hz\n2025-04-28T11:00:00,60\n2025-04-28T11:00:10,59.9\n2025-04-28T11:00:20,\n"
    names = {"time_column": "when", "frequency_column": "hz", "at": "2026-01-01T06:01:00Z"}
    result = run(scenario(tmp_path, rows + "2025-04-28T11:00:30,59.8\n", names))
    assert result.recording["frequency_hz"].at([70.0, 80.0, 89.9]) == pytest.approx([59.9, 59.85, 59.8005])
    assert result.recording["frequency_hz"].at(90.0) == 60.0
    assert "a row every 15 s" in remarks(result.recording, result.metrics)[0]


def test_utc_times_stand_where_they_are(tmp_path):
    text = "time_utc,frequency_hz\n2026-01-01T05:59:00Z,60\n2026-01-01T06:01:00Z,59.9\n"
    assert run(scenario(tmp_path, text)).recording["frequency_hz"].at([0.0, 30.0]) == pytest.approx([59.95, 59.925])


def test_what_the_site_does_is_added_to_what_was_measured(tmp_path):
    text = "time_s,frequency_hz\n0,60.01\n60,59.95\n200,60.02\n600,59.99\n"
    loss = {"type": "generation-loss", "at_s": 100.0, "lost_mw": 40.0}
    droop = {"type": "droop", "inner": {"type": "follow-headroom", "margin_mw": 150.0}}
    result = run(scenario(tmp_path, text, frequency=ISLAND, events=[loss], policy=droop))
    alone = frequency(result.recording)
    inside = alone.time_s < 600.0
    measured = result.recording["frequency_measured_hz"].at(alone.time_s[inside])
    found = result.recording["frequency_hz"].at(alone.time_s[inside])
    assert np.abs(found - (measured + alone.frequency_hz[inside] - 60.0)).max() < 2e-4
    assert result.metrics["frequency_nadir_hz"] == pytest.approx(result.recording["frequency_hz"].minimum())
    # without miners a droop does nothing, and the dip is what the loss and the measurement make together
    site = [0.0, 100.0, 100.0, 600.0], [0.0, 0.0, 40.0, 40.0]
    bare = response(*points_of(Signal.linear(*site, 600.0).split_at(np.linspace(0.0, 600.0, 60_001))),
                    GridModel.preset("island"))  # fmt: skip
    both = bare.frequency_hz + np.interp(bare.time_s, [0, 60, 200, 600], [0.01, -0.05, 0.02, -0.01])
    assert result.metrics["frequency_nadir_hz"].baseline == pytest.approx(both.min(), abs=1.1e-4)
    section = frequency_section(result.recording, {})
    assert "what the site does is added" in section.measured
    assert section.rows


def test_the_relay_trips_where_the_sum_passes_its_level(tmp_path):
    text = "time_s,frequency_hz\n0,59.9\n600,59.9\n"
    loss = {"type": "generation-loss", "at_s": 60.0, "lost_mw": 40.0}
    result = run(scenario(tmp_path, text, frequency=ISLAND, events=[loss]))
    times_s = np.linspace(60.0, 61.0, 100_001)
    load_mw = np.where(np.arange(times_s.size + 2) < 2, 0.0, 40.0)
    curve = response(np.concatenate([[0.0, 60.0], times_s]), load_mw, GridModel.preset("island"))
    passed_s = times_s[np.argmax(curve.frequency_hz[2:] - 0.1 <= 59.7)]
    assert reasons(result)[1] == (pytest.approx(passed_s + 0.5, abs=2e-5), "under-frequency")


@pytest.mark.skipif(not (DATA / IBERIA).is_file(), reason=f"needs {IBERIA} in ../shared/data")
def test_a_droop_follows_the_measured_frequency_of_iberia_on_its_line():
    fleets = [
        {"name": "miners", "type": "aggregate", "rated_mw": 60.0, "efficiency_j_per_th": 17.5,
         "ramp_up_mw_per_s": 60.0, "ramp_down_mw_per_s": 60.0}
    ]  # fmt: skip
    droop = {"type": "droop", "nominal_hz": 50.0, "deadband_hz": 0.01, "droop_fraction": 0.01}
    measured = {"file": IBERIA, "time_column": "time_local_cest", "at_s": 0.0}
    result = run(
        a_scenario(
            DATA,
            days=75.0 * MINUTE_D,
            limit_mw=90.0,
            fleets=fleets,
            grid={"frequency": {"nominal_hz": 50.0, "measured": measured}},
            policy={**droop, "inner": {"type": "follow-headroom", "margin_mw": 60.0}},
        )
    )
    metrics, target = result.metrics, result.recording["fleet_target_mw"]
    assert (metrics["frequency_nadir_hz"], metrics["frequency_zenith_hz"]) == (49.948, 50.044)
    times_s = np.arange(1.0, 4499.0, 0.5)
    wanted_mw = [30.0 + 120.0 * beyond_hz(hz, 0.01)
                 for hz in result.recording["frequency_hz"].at(times_s) - 50.0]  # fmt: skip
    # off its line by no more than a report is off frequency, 5 mHz
    assert np.abs(target.at(times_s) - wanted_mw).max() < 120.0 * 0.005 + 1e-6
    assert result.recording.constants["run.decision_count"] < 1000


BAD = [
    ("time_s,frequency_hz\n0,60\n10,0.02\n", {}, "column 'frequency_hz', row 2: must be from 48 to 72 Hz"),
    ("time_s,frequency_hz\n0,50\n10,47.9\n", {}, "got 47.9"),
    ("time_s,frequency_hz\n0,60\n10,NaN\n20,60\n", {}, "row 2: must be a finite number"),
    ("time_s,frequency_hz\n0,60\n0,60\n", {}, "column 'time_s', row 2: must be above the row before"),
    ("time_s,frequency_hz\n0,60\n", {}, "must have at least 2 rows, got 1"),
    ("time_s,frequency_hz\n900,60\n950,60\n", {}, "the run needs 0 s to 600 s; state at or at_s"),
    ("time_s,hz\n0,60\n5,60\n", {}, "no column 'frequency_hz'; has time_s, hz"),
    ("when,frequency_hz\n2026-01-01T05:59:00Z,60\n", {}, "no column 'time_utc'"),
    ("time,frequency_hz\n2026-01-01T06:00,60\n2026-01-01T06:01,60\n", {}, "with Z or an offset"),
    (DIP, {"outside": "refuse"}, "0 s to 66 s, the run needs 0 s to 600 s; outside: hold keeps .*, nominal"),
    ("time_utc,frequency_hz\nsoon,60\nlater,60\n", {"at_s": 5.0}, "must be a time, such as"),
    (DIP, {"at_s": 5.0, "at": "2026-01-01T06:00:00Z"}, "at most one of at, at_s; got at and at_s"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "measured", "said"), BAD)
def test_a_file_that_will_not_do_is_refused_with_its_row_and_what_is_allowed(tmp_path, text, measured, said):
    with pytest.raises(InputError, match=said.replace("(", r"\(")) as refused:
        scenario(tmp_path, text, measured).check_files()
    assert "f.csv" in str(refused.value) or "at_s" in said


@pytest.mark.parametrize(
    ("frequency", "said"),
    [
        ({"preset": "ercot"}, "closed_loop must be true; or leave the grid out"),
        ({"agc_time_s": 60.0}, "measured frequency without a grid has no agc_time_s"),
        ({"closed_loop": True}, "has no closed_loop"),
        ({"nominal_hz": 50.0}, "nominal_hz of 60 Hz; must be that of grid.frequency, 50 Hz"),
    ],
)
def test_what_would_be_read_and_ignored_is_refused(tmp_path, frequency, said):
    droop = {"type": "droop", "inner": ALWAYS}
    with pytest.raises(InputError, match=said):
        scenario(tmp_path, frequency=frequency, policy=droop)


def test_the_resolved_scenario_may_be_run_again(tmp_path):
    given = scenario(tmp_path).model_dump(mode="json")["grid"]["frequency"]
    assert FrequencySpec.model_validate_json(json.dumps(given)).measured is not None


def test_a_loss_elsewhere_moves_nothing_that_is_only_measured(tmp_path):
    with pytest.raises(InputError, match="generation-loss needs grid"):
        scenario(tmp_path, events=[{"type": "generation-loss", "at_s": 1.0, "lost_mw": 4.0}])
