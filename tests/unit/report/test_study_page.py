"""The page of a study: its verdict, and a table of its combinations, which a script draws."""

import json
import math
import re

import pytest

from sim.errors import InputError
from sim.report.study_page import combinations, write_study_report
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


@pytest.fixture
def swept(tmp_path):
    def do(text, scenario=SCENARIO):
        (tmp_path / "small.yaml").write_text(scenario)
        (tmp_path / "study.yaml").write_text(text)
        return sweep(load_study(tmp_path / "study.yaml"), tmp_path / "out").folder

    return do


def test_replications_are_means_and_what_one_cannot_tell_is_not_known():
    rows = [
        {"a": 1, "done": True, "m": 2.0, "n": 1.0},
        {"a": 1, "done": True, "m": 4.0, "n": None},
        {"a": 2, "done": False},
    ]
    first, second = combinations(["a"], rows)
    assert (first.mean("m"), first.mean("n"), second.mean("m")) == (3.0, None, None)


def test_an_interval_is_students_t_and_rounding_is_none():
    rows = [{"a": 1, "done": True, "m": value, "n": 0.1 + 1e-17, "k": 1.0} for value in (2.0, 4.0, 6.0)]
    rows[1]["n"] = 0.3 - 0.2
    (one,) = combinations(["a"], rows)
    assert one.half_width("m") == pytest.approx(4.302653 * 2.0 / math.sqrt(3.0), rel=1e-6)
    assert one.half_width("n") == 0.0
    (single,) = combinations(["a"], rows[:1])
    assert single.half_width("m") is None


def test_a_sweep_leaves_a_page_that_says_what_to_draw_first_and_loads_nothing(swept):
    folder = swept(STUDY)
    page = write_study_report(folder).read_text(encoding="utf-8")

    assert "Is it drawn?" in page
    assert 'data-axes="1" data-x="Site peak [MW]" data-y="Mining margin [USD]"' in page
    links = re.findall(r' (?:src|href)="([^"]*)"', page)
    assert len(links) == 2
    assert all(json.loads((folder / link).read_text())["metrics"] for link in links)
    assert page.count("<tr>") == 3
    before = page
    assert write_study_report(folder).read_text(encoding="utf-8") == before


def test_a_study_that_states_no_figure_leaves_the_choice_to_the_page(swept):
    folder = swept(STUDY.replace("figure: {x: site_peak_mw, y: mining_margin_usd}", ""))
    assert json.loads((folder / "study.json").read_text())["figure"] is None
    page = write_study_report(folder).read_text(encoding="utf-8")
    assert 'data-axes="1">' in page


def test_replications_stand_with_their_interval_and_what_never_changes_above_the_table(swept):
    text = STUDY.replace("[50.0, 60.0]", "[50.0, 60.0]\n  controller.minimum_interval_s: [0.0]")
    page = write_study_report(swept(f"{text}replications: 2\n")).read_text(encoding="utf-8")

    assert "<dt>controller.minimum_interval_s</dt><dd>0.0</dd>" in page
    assert page.count('<th scope="col">policy.margin_mw</th>') == 1
    assert "<small>± 0</small>" in page
    assert page.count(">seed 2</a>") == 2


def test_the_verdict_names_what_earns_most_of_what_keeps_the_limit(swept):
    text = write_study_report(swept(STUDY)).read_text(encoding="utf-8")
    words = re.findall(r"<li>(.*?)</li>", text)

    assert "2 of 2 combinations kept the limit in every run." in words
    # the smaller margin leaves more to mine
    assert any(word.startswith("Of those, policy.margin_mw = 50.0 earns most: ") for word in words)


def test_a_figure_of_a_metric_that_is_not_there_is_refused(swept):
    with pytest.raises(InputError, match=r"figure\.x: no such metric: 'site_peek_mw'; did you mean 'site_peak_mw'"):
        swept(STUDY.replace("x: site_peak_mw", "x: site_peek_mw"))


def test_where_none_keeps_the_limit_the_one_that_breaks_it_least_is_named(swept, tmp_path):
    (tmp_path / "ai.csv").write_text("time_s,power_mw\n0,120\n900,80\n")
    loads = "\nloads: [{name: ai, type: replay, file: ai.csv}]"
    text = write_study_report(swept(STUDY, SCENARIO + loads)).read_text(encoding="utf-8")
    words = re.findall(r"<li>(.*?)</li>", text)

    assert "None of 2 combinations kept the limit in every run." in words
    assert any(re.fullmatch(r"policy.margin_mw = \S+ is above it for the shortest time: .* s\.", w) for w in words)
