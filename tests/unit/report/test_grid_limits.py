import json
from dataclasses import replace

from report_fakes import recording_of, stored, week_loads

from sim.facts import Facts
from sim.report.grid_limits import checks_of, grid_section, limit_document, trace_warnings
from sim.report.local_time import LocalTime
from sim.report.page import page
from sim.report.stability import stability_section
from sim.report.worst_windows import worst_moments

DAY_S = 86_400.0
OWN = {"name": "ours", "kind": "range", "window_s": 5.0, "limit_mw": 1000.0, "source": "our agreement"}


def section_of(recording, **scenario):
    result = stored(recording, **scenario)
    clock = LocalTime.of_run(result.scenario["start"], recording.start_utc_s)
    return grid_section(recording, result.scenario, clock)


def test_a_section_has_each_limit_with_and_without_miners_and_its_source():
    recording = recording_of(week_loads(DAY_S), DAY_S)
    rows = {row.name: row for row in section_of(recording).limits}
    assert rows["ieso-15s"].status == rows["ieso-15s"].baseline_status == "fail"
    assert rows["ieso-15s"].allowed == "5 MW"
    assert "IESO" in rows["ieso-15s"].source
    assert "times" in rows["ieso-15s"].exceeded
    assert rows["ieso-oscillation"].status == "not assessable"
    assert rows["ieso-oscillation"].reason


def test_the_scenarios_own_limits_come_last():
    recording = recording_of(week_loads(DAY_S), DAY_S)
    last = section_of(recording, grid={"limits": [OWN]}).limits[-1]
    assert (last.name, last.status, last.allowed) == ("ours", "pass", "1,000 MW")
    assert "our agreement" in last.source


def test_without_a_fleet_both_columns_are_one():
    recording = recording_of(week_loads(DAY_S), DAY_S, with_fleet=False)
    with_miners, alone = checks_of(recording, {})
    assert with_miners is alone


def test_a_coarse_trace_is_warned_of_on_the_page():
    recording = recording_of(week_loads(DAY_S), DAY_S)
    assert trace_warnings(recording) == ()
    recording = replace(
        recording, facts=Facts.of({**recording.constants, "load.chat.sample_spacing_s": 300.0})
    )
    (warning,) = trace_warnings(recording)
    assert "load chat has a row every 5 min" in warning
    result = stored(recording)
    clock = LocalTime.of_run(result.scenario["start"], recording.start_utc_s)
    stability = stability_section(recording, result.scenario, clock)
    text = page(result, clock, worst_moments(recording), stability)
    assert warning in text
    assert "Grid limits" in text


def test_a_document_holds_margin_episodes_and_null_for_what_is_not_told():
    recording = recording_of(week_loads(DAY_S), DAY_S)
    documents = [limit_document(*pair) for pair in zip(*checks_of(recording, {}), strict=True)]
    by_name = {document["limit"]["name"]: document for document in documents}
    site = by_name["ieso-15s"]["site"]
    assert (site["status"], site["allowed"]) == ("fail", 5.0)
    assert site["margin"] == 5.0 - site["worst"]
    assert site["episodes"] >= 1.0
    assert by_name["ercot-5s"]["site"]["episodes"] is None
    assert by_name["ercot-5s"]["without_mining"]["status"] == "fail"
    assert json.dumps(documents, allow_nan=False)
