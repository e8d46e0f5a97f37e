"""How the site moves, as page and terminal show it."""

import math
from dataclasses import replace

import numpy as np
import pytest
from report_fakes import day_course, pulses, recording_of, week_loads

from sim.cli import main
from sim.facts import Facts
from sim.metrics.site_spectrum import MOST_STRETCHES, site_spectrum
from sim.report.format import LocalTime
from sim.report.stability import MOST_DIPS, dip_rows, scale_rows, stability_section
from sim.result import write_result
from sim.scenario import load_scenario
from sim.signals import Signal
from sim.simulation import run

DAY_S = 86_400.0
CLOCK = LocalTime.of_run("2026-01-01T00:00:00-06:00", 1_767_247_200.0)


def square(end_s=4 * 3600.0, period_s=100.0, *, training=False, resolution_s=1.0):
    times_s = np.arange(0.0, end_s, 0.5 * period_s)
    levels_mw = np.where(np.arange(times_s.size) % 2, 120.0, 80.0)
    recording = recording_of({"job": Signal.steps(times_s, levels_mw, end_s)}, end_s, with_fleet=False)
    if training:
        recording.load_kinds["job"] = "training"
        recording = replace(
            recording, facts=Facts.of({**recording.constants, "load.job.iteration_period_s": resolution_s})
        )
    return recording


def test_the_deepest_dip_comes_first_with_its_energy_and_fall():
    times_s, levels_mw = [0.0, 600.0, 602.0, 630.0, 632.0, 5000.0, 5060.0], [200, 200, 40, 40, 200, 200, 200]
    ramped = Signal.linear(times_s, levels_mw, 2 * 3600.0)
    jump = Signal.steps([0.0, 3000.0, 3060.0], [100.0, 50.0, 100.0], 2 * 3600.0)
    (_, _, first), (_, _, second) = dip_rows(recording_of({"a": ramped, "b": jump}, 2 * 3600.0), CLOCK)
    when, depth, levels, _, _, fall = first
    assert (when, depth, levels, fall) == ("2026-01-01 00:10", "160 MW", "300 to 140 MW", "0.25 s")
    _, depth, _, *rest = second
    assert (depth, *rest) == ("50 MW", "1 min", "0.8333 MWh", "jump")


def test_a_table_of_many_dips_shows_the_deepest_and_the_note_tells_how_many_there_are():
    recording = recording_of({"a": pulses(DAY_S, 600.0, 180.0, 60.0, 60.0)}, DAY_S)
    section = stability_section(recording, {}, CLOCK)
    assert len(section.dips) == MOST_DIPS
    assert "144 times" in section.dip_note


def test_what_is_fixed_and_left_adds_up_to_ai_and_what_is_left_and_worse_to_the_site():
    for (_, *powers, verdict), widths in scale_rows(recording_of(week_loads(DAY_S), DAY_S)):
        alone, site, fixed, left, worse = (float(text.split()[0]) for text in powers)
        assert alone == pytest.approx(fixed + left, rel=2e-3)
        assert site == pytest.approx(left + worse, rel=2e-3)
        assert verdict.startswith(("reduced by", "made worse by", "as without"))
        assert max(widths) <= 100.0


def test_without_a_fleet_nothing_is_fixed():
    rows = scale_rows(recording_of(week_loads(DAY_S), DAY_S, with_fleet=False))
    assert {(fixed, worse, verdict) for (_, _, _, fixed, _, worse, verdict), _ in rows} == {
        ("0 MW", "0 MW", "as without miners")
    }


def test_a_square_wave_has_its_mean_square_in_its_band_and_its_line_at_its_frequency():
    found = site_spectrum(square())
    low, partly, *above = found.site.bands
    assert found.known_hz == 0.5
    assert math.hypot(low.rms_mw, partly.rms_mw) == pytest.approx(20.0, rel=1e-2)
    assert low.line.frequency_hz == pytest.approx(0.01, abs=2e-4)
    assert low.line.amplitude_mw == pytest.approx(80.0 / math.pi, rel=5e-3)
    assert all(math.isnan(band.rms_mw) for band in above)


def test_what_the_run_cannot_tell_is_said_to_be_not_assessable():
    section = stability_section(square(), {}, CLOCK)
    assert any("0.1 to 20 Hz: not assessable" in note for note in section.spectrum_notes)
    words = {row[0]: row[2] for row in section.bands}
    assert words["5 to 55 Hz"] == "not assessable"
    assert section.bands[1][1] == "recorded, up to 0.5 Hz"


def test_iterations_of_a_training_job_are_told_from_a_synthesised_window():
    section = stability_section(square(training=True, resolution_s=4.0), {"seed": 3}, CLOCK)
    assert any("in 120 s at the highest AI power" in note for note in section.spectrum_notes)
    rows = {row[:2] for row in section.bands}
    assert ("0.1 to 0.8 Hz", "synthesised, 120 s") in rows
    assert [curve["name"] for curve in section.curves] == ["site", "ai", "within"]


def test_a_coarse_trace_tells_only_of_slow_swings():
    recording = square()
    recording = replace(recording, facts=Facts.of({**recording.constants, "load.job.sample_spacing_s": 300.0}))
    found = site_spectrum(recording)
    assert found.known_hz == pytest.approx(1.0 / 600.0)
    assert math.isnan(found.site.bands[1].rms_mw)


def test_a_year_is_seen_in_segments_spread_over_it():
    end_s = 366.0 * DAY_S
    recording = recording_of({"a": day_course(end_s, 100.0, 20.0)}, end_s, with_fleet=False)
    note = stability_section(recording, {}, CLOCK).spectrum_notes[1]
    assert MOST_STRETCHES * 32_768.0 / end_s == pytest.approx(0.1243, abs=1e-4)
    assert "spread evenly over the run, 12.4 %" in note


def test_a_run_of_a_second_has_no_spectrum():
    section = stability_section(recording_of({}, 1.0), {}, CLOCK)
    assert section.spectrum_notes == ("Not assessable: the run is too short.",)
    assert section.curves == section.bands == ()


def test_power_that_stands_still_has_a_spectrum_of_nothing():
    recording = recording_of({"a": Signal.constant(100.0, 3600.0)}, 3600.0, with_fleet=False)
    section = stability_section(recording, {}, CLOCK)
    assert section.bands[0][2] == "0 MW"
    assert section.curves == ()


def test_the_command_prints_dips_scales_and_spectrum(tmp_path, capsys):
    write_result(run(load_scenario("scenarios/replay-day.yaml")), tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(["stability", str(tmp_path)])
    captured = capsys.readouterr()
    assert not stopped.value.code
    for words in ("deepest dips of AI power", "80 MW", "made worse", "spectrum by band", "below 0.1 Hz"):
        assert words in captured.out
    assert "not assessable" in captured.err
