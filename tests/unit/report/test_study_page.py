"""The page of a study: the figure that it states, and a table of its combinations."""

import json
import re

import pytest

from sim.errors import InputError
from sim.report.study_page import combinations, write_study_report
from sim.report.trade_chart import Point, axis_title, lines_of, trade_chart
from sim.study.sweep import load_study, sweep

SCENARIO = """
schema_version: 1
name: small
start: "2026-01-01T00:00:00-06:00"
days: 0.02
interconnection: {limit_mw: 100.0}
fleets:
  - {name: miners, type: aggregate, rated_mw: 60.0, minimum_mw: 0.0, ramp_up_mw_per_s: 1.0,
     ramp_down_mw_per_s: 1.0, efficiency_j_per_th: 20.0}
policy: {type: follow-headroom}
"""
STUDY = """
schema_version: 1
name: try
question: Is it drawn?
scenario: small
axes:
  policy.margin_mw: [50.0, 60.0]
figure: {x: site_peak_mw, y: mining_margin_usd}
"""
PATHS = ["policy", "seed_of_something", "policy.margin_mw"]


def a_point(policy, margin_mw, x=1.0, y=2.0):
    return Point((policy, 1.0, margin_mw), x, y)


@pytest.fixture
def swept(tmp_path):
    def do(text):
        (tmp_path / "small.yaml").write_text(SCENARIO)
        (tmp_path / "study.yaml").write_text(text)
        return sweep(load_study(tmp_path / "study.yaml"), tmp_path / "out").folder

    return do


def test_a_line_runs_along_the_last_axis_of_numbers_and_there_is_one_for_each_choice():
    points = [a_point(policy, margin) for policy in ("a", "b") for margin in (0.0, 2.5)]
    lines = lines_of(PATHS, points)

    assert lines.along == 2
    assert lines.points == {"policy = a": points[:2], "policy = b": points[2:]}
    assert [lines.label(point) for point in points[:2]] == ["0", "2.5"]


def test_without_an_axis_of_numbers_points_stand_alone_and_what_never_changes_is_not_named():
    points = [a_point("a", 1.0), a_point("b", 1.0)]
    lines = lines_of(PATHS, points)

    assert lines.along is None
    assert list(lines.points) == ["policy = a", "policy = b"]
    assert lines.label(points[0]) == ""


def test_the_figure_has_a_point_for_each_combination_with_its_value():
    points = [a_point("a", 0.0, 5.0, 0.8), a_point("a", 4.0, 3.0, 0.6)]
    facts = {"exceedance_mwh": {"unit": "MWh"}, "soaked_fraction": {"unit": "1"}}
    names = tuple(axis_title({"metrics": facts}, metric) for metric in facts)
    found = trade_chart(names, PATHS, points, "Soaked against exceedance")

    assert found.drawing.count('<g class="mark') == 4  # for a screen and for a telephone
    assert found.drawing.count("<polyline") == 2
    assert re.findall(r'class="beside"[^>]*>([04])</text>', found.drawing) == ["0", "4"]
    assert "Exceedance energy [MWh]" in found.drawing


def test_replications_are_means_and_what_one_cannot_tell_is_not_known():
    rows = [
        {"a": 1, "done": True, "m": 2.0, "n": 1.0},
        {"a": 1, "done": True, "m": 4.0, "n": None},
        {"a": 2, "done": False},
    ]
    first, second = combinations(["a"], rows)
    assert (first.mean("m"), first.mean("n"), second.mean("m")) == (3.0, None, None)


def test_a_sweep_leaves_a_page_with_its_figure_and_loads_nothing(swept):
    folder = swept(STUDY)
    page = write_study_report(folder).read_text(encoding="utf-8")

    assert "Is it drawn?" in page
    assert page.count("<h2>Mining margin against site peak</h2>") == 1
    assert page.count("<svg") % 2 == 0
    assert "<h2>Mining margin by policy.margin_mw</h2>" in page
    assert not (folder / "figures").exists()
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert page.count("<tr>") == 3
    before = page
    assert write_study_report(folder).read_text(encoding="utf-8") == before


def test_a_study_that_states_no_figure_has_a_table_alone(swept):
    folder = swept(STUDY.replace("figure: {x: site_peak_mw, y: mining_margin_usd}", ""))
    assert json.loads((folder / "study.json").read_text())["figure"] is None
    assert not re.search(r"<h2>[^<]* against ", write_study_report(folder).read_text(encoding="utf-8"))


def test_the_verdict_names_what_earns_most_of_what_keeps_the_limit(swept):
    text = write_study_report(swept(STUDY)).read_text(encoding="utf-8")
    words = re.findall(r"<li>(.*?)</li>", text)

    assert "2 of 2 combinations kept the limit in every run." in words
    # the smaller margin leaves more to mine
    assert any(word.startswith("Of those, policy.margin_mw = 50.0 earns most: ") for word in words)


def test_a_figure_of_a_metric_that_is_not_there_is_refused(swept):
    with pytest.raises(
        InputError, match=r"figure\.x: no such metric: 'site_peek_mw'; did you mean 'site_peak_mw'"
    ):
        swept(STUDY.replace("x: site_peak_mw", "x: site_peek_mw"))
