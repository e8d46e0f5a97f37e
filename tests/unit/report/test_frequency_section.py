"""What the page says of a grid's frequency."""

from sim.report.format import LocalTime
from sim.report.frequency import frequency_section
from sim.report.page import page
from sim.report.stability import stability_section
from sim.report.worst_windows import worst_moments
from sim.result import as_stored
from sim.simulation import run
from sim.testing import a_scenario

AI = {"name": "ai", "type": "replay", "file": "ai.csv"}


def ran(folder, frequency):
    (folder / "ai.csv").write_text("time_s,power_mw\n0,100\n60,40\n120,100\n")
    (folder / "f.csv").write_text("time_s,frequency_hz\n0,60\n30,59.9\n90,60\n")
    return run(a_scenario(folder, days=0.01, loads=[AI], grid={"frequency": frequency}))


def page_of(result):
    stored = as_stored(result)
    clock = LocalTime.of_run(stored.scenario["start"], stored.recording.start_utc_s)
    moments = worst_moments(stored.recording)
    return page(stored, clock, moments, stability_section(stored.recording, stored.scenario, clock))


def test_neutral_steps_stand_with_governors_and_without_and_rocof_by_window(tmp_path):
    result = ran(tmp_path, {"preset": "ercot", "agc_time_s": 0.0})
    section = frequency_section(result.recording, result.metrics)
    assert "122 MW within 17 mHz and 259 MW within 36 mHz" in section.neutral
    assert "25.5 MW and 54 MW where governors do not act" in section.neutral
    assert [part.split(" over ")[1] for part in section.rocof.split("; ")] == ["0.1 s", "0.5 s", "1 s"]
    assert section.rocof in page_of(result)


def test_a_measured_frequency_has_no_sensitivities_and_says_what_it_is(tmp_path):
    result = ran(tmp_path, {"measured": {"file": "f.csv", "outside": "nominal"}})
    section = frequency_section(result.recording, result.metrics)
    assert (section.rows, section.neutral) == ((), "")
    assert "the site does not move it" in section.measured
    text = page_of(result)
    assert section.measured in text
    assert "How sure that is" not in text
