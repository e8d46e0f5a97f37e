import json
import re
from dataclasses import replace

from report_fakes import recording_of, stored, week_loads

from sim.facts import Facts
from sim.report.format import LocalTime
from sim.report.grid_limits import checks_of, limit_document, trace_warnings
from sim.report.page import page
from sim.report.stability import stability_section
from sim.report.worst_windows import worst_moments

DAY_S = 86_400.0
OWN = {"name": "ours", "kind": "range", "window_s": 5.0, "limit_mw": 1000.0, "source": "our agreement"}


def page_of(recording, **scenario):
    result = stored(recording, **scenario)
    clock = LocalTime.of_run(result.scenario["start"], recording.start_utc_s)
    return page(result, clock, worst_moments(recording), stability_section(recording, result.scenario, clock))


def rows_of(recording, **scenario):
    """Return the cells of each limit on the page, by its name."""
    text = page_of(recording, **scenario)
    limits = text[text.index('id="limits-title"') :]
    found = re.findall(r"<tr><th scope=\"row\">[^<]*<code>([\w-]+)</code></th>(.*?)</tr>", limits)
    return {name: re.findall(r"<td[^>]*>(.*?)</td>", cells) for name, cells in found}


def test_a_section_has_each_limit_with_and_without_miners_and_its_source():
    allowed, status, worst, margin, when, alone, source = rows_of(recording_of(week_loads(DAY_S), DAY_S))["ieso-15s"]
    assert (allowed, status) == ("5 MW", "<strong>fail</strong>")
    assert worst.endswith(" MW")
    assert margin.startswith("-")
    assert re.fullmatch(r"2026-01-01 \d\d:\d\d(:\d\d)? \(.* times, .*\)", when)
    assert alone.startswith("fail, ")
    assert "IESO" in source


def test_what_is_not_assessable_says_why():
    allowed, status, worst, *_ = rows_of(recording_of(week_loads(DAY_S), DAY_S))["ieso-oscillation"]
    assert status.startswith("<strong>not assessable</strong>: ")
    assert (allowed != "", worst) == (True, "")


def test_the_scenarios_own_limits_come_last():
    name, cells = list(rows_of(recording_of(week_loads(DAY_S), DAY_S), grid={"limits": [OWN]}).items())[-1]
    assert (name, cells[0], cells[1]) == ("ours", "1,000 MW", "<strong>pass</strong>")
    assert "our agreement" in cells[-1]


def test_without_a_fleet_both_columns_are_one():
    recording = recording_of(week_loads(DAY_S), DAY_S, with_fleet=False)
    with_miners, alone = checks_of(recording, {})
    assert with_miners is alone


def test_a_coarse_trace_is_warned_of_on_the_page():
    recording = recording_of(week_loads(DAY_S), DAY_S)
    assert trace_warnings(recording) == ()
    recording = replace(recording, facts=Facts.of({**recording.constants, "load.chat.sample_spacing_s": 300.0}))
    (warning,) = trace_warnings(recording)
    assert "load chat has a row every 5 min" in warning
    text = page_of(recording)
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
