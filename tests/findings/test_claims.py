"""What the claims come to: verdicts and the numbers that they rest on; all of them in the slow tests."""

import json
import subprocess
import sys

import pytest

from docs.claims import ROOT, table
from sim.errors import InputError
from sim.scenario.load import resolve
from sim.scenario.model import PLACEHOLDER
from sim.study.claims import fields_of, judge_all, of_runs, read_claims
from sim.study.expand import metric_facts, set_axis
from sim.units import unit_of

CLAIMS = {claim["id"]: claim for claim in read_claims()}
VERDICTS = {
    "S1": "conditional",
    "S2": "true",
    "S3": "conditional",
    "S4": "true",
    "S5": "conditional",
    "S6": "conditional",
    "S7": "conditional",
    "S8": "conditional",
    "S9": "true",
    "S10": "conditional",
    "S11": "conditional",
    "S12": "conditional",
    "S13": "conditional",
    "S14": "conditional",
    "S15": "conditional",
    "S16": "conditional",
}
SHORT = ("S1", "S2", "S6", "S7", "S9", "S10", "S11", "S14", "S15")
"""Claims whose runs, shortened, take some seconds together."""


def scenario(name):
    return ROOT / "scenarios" / f"{name}.yaml"


def judged(folder, ids, *, quick=True):
    return {row["id"]: row for row in judge_all([CLAIMS[one] for one in ids], scenario, folder, quick=quick, workers=2)}


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    return judged(tmp_path_factory.mktemp("claims"), SHORT)


def test_every_claim_is_there_in_order():
    assert list(CLAIMS) == [f"S{number}" for number in range(1, 17)] == list(VERDICTS)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_names_only_what_there_is(name):
    """Metrics that runs have, measured numbers with a unit, words for each verdict that can come."""
    claim, known = CLAIMS[name], dict.fromkeys(CLAIMS[name].get("given", {}), 1.0)
    assert all(set(entry) == {"value", "from"} for entry in claim.get("given", {}).values())
    for quick in (False, True):
        facts = {}
        for run in claim["runs"]:
            content = resolve(scenario(claim["runs"][run]["scenario"]))
            for field, value in fields_of(claim["runs"][run], quick=quick).items():
                content = set_axis(content, field, value)
            facts[run] = metric_facts(content)
    used = set()
    for measured, text in claim["measured"].items():
        for place in PLACEHOLDER.finditer(text):
            run, _, metric = place[1].partition(":")
            assert metric in facts[run], (measured, place[0])
            assert place[2] in {None, "without"}
            used.add(run)
        of_runs(PLACEHOLDER.sub("1.0", text), {}, known)
        assert unit_of(measured), f"{measured} ends in no unit"
        known[measured] = 1.0
    assert used == set(claim["runs"]), "a run that nothing is measured of"
    verdicts = {"conditional", *(verdict for verdict in ("true", "false") if verdict in claim)}
    for verdict in verdicts - {"conditional"}:
        of_runs(claim[verdict], {}, known)
    assert set(claim["said"]) == verdicts
    for text in claim["said"].values():
        assert "{" not in text.format(**known)


@pytest.mark.parametrize("name", SHORT)
def test_verdict_of_a_short_look(short, name):
    assert short[name]["verdict"] == VERDICTS[name], short[name]
    assert "{" not in short[name]["condition"]
    assert "nan" not in short[name]["condition"]
    assert None not in short[name]["measured"].values()


def test_checkpoints_in_the_background_stall_for_seconds(short):
    measured = short["S1"]["measured"]
    assert measured["stall_in_background_s"] < 10.0
    assert measured["growth_ratio"] == pytest.approx(2000.0 / 405.0, rel=0.05)  # as the model's bytes


def test_one_large_job_loses_to_four_small_ones_and_beats_one_on_four_sites(short):
    measured = short["S7"]["measured"]
    assert measured["four_sites_one_job_fraction"] < measured["one_effective_fraction"]
    assert measured["one_effective_fraction"] < measured["four_jobs_effective_fraction"]
    assert measured["latency_part_fraction"] < 0.01


def test_miners_leave_the_reserve_as_fast_as_their_ramp(short):
    # 3 s until they are reached, 5 s from 30 MW at 6 MW/s: the yard is the slower one
    assert short["S10"]["measured"]["miners_gone_after_s"] == pytest.approx(8.0, abs=0.1)


def test_seconds_are_no_steadier_with_miners(short):
    measured = short["S15"]["measured"]
    assert measured["load_factor_ratio"] > measured["load_factor_without_ratio"] + 0.03
    assert measured["swing_below_5s_mw"] == pytest.approx(measured["swing_below_5s_without_mw"], rel=0.02)


def test_rows_are_json_and_a_section_of_the_page(short):
    row = short["S14"]
    assert json.loads(json.dumps(row))["measured"] == row["measured"]
    assert row["run"].startswith(
        "stranded-wind x 1; stranded-wind x 1 policy.margin_mw=10.0; stranded-wind x 1 market.gener"
    )
    assert f"## S14: {row['verdict']}" in table([row])
    assert max(map(len, table([row]).splitlines())) <= 120


def test_runs_that_are_done_are_not_done_again(tmp_path, monkeypatch):
    first = judged(tmp_path, ["S14"])
    monkeypatch.setattr("sim.study.claims.perform", None)

    assert judged(tmp_path, ["S14"]) == first


def test_what_is_not_assessable_makes_a_claim_conditional(tmp_path):
    claim = {
        "id": "S1",
        "claim": "All is well.",
        "runs": {"one": {"scenario": "stranded-wind", "set": {"days": 1.0}, "seeds": 2}},
        "measured": {"dip_depth_mw": "mean({one:dip_depth_mean_mw})"},  # there are no dips
        "true": "dip_depth_mw > 0",
        "false": "dip_depth_mw <= 0",
        "said": {"true": "Yes.", "false": "No.", "conditional": "It is {dip_depth_mw:.3g} MW."},
    }
    [row] = judge_all([claim], scenario, tmp_path, quick=False, workers=1)

    assert row == {
        "id": "S1",
        "claim": "All is well.",
        "run": "stranded-wind x 2 days=1.0",
        "measured": {"dip_depth_mw": None},
        "verdict": "conditional",
        "condition": "It is nan MW.",
    }


def test_a_field_that_there_is_not_is_named(tmp_path):
    claim = {
        "id": "S1",
        "claim": "",
        "runs": {"one": {"scenario": "island", "set": {"fleets.rabbits.mw": 1.0}}},
    }
    with pytest.raises(InputError, match="rabbits"):
        judge_all([claim], scenario, tmp_path, quick=False, workers=1)


def test_the_page_has_every_claim_with_its_verdict():
    text = (ROOT / "docs" / "explanation" / "claims.md").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        f"## {name}: {verdict}" for name, verdict in VERDICTS.items()
    ]


@pytest.mark.slow
def test_the_command_gives_a_row_for_each_claim(tmp_path):
    command = [sys.executable, "-m", "sim", "claims", "--quick", "--json", "--out", str(tmp_path / "claims")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # our own

    rows = json.loads(done.stdout)
    assert {row["id"]: row["verdict"] for row in rows} == VERDICTS
    for row in rows:
        assert list(row) == ["id", "claim", "run", "measured", "verdict", "condition"]
        assert None not in row["measured"].values()
        assert "{" not in row["condition"]
    assert json.loads((tmp_path / "claims" / "claims.json").read_text(encoding="utf-8")) == rows


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_page_of_claims_is_what_runs_give(tmp_path):
    page = (ROOT / "docs" / "explanation" / "claims.md").read_text(encoding="utf-8")

    assert table(list(judged(tmp_path, CLAIMS, quick=False).values())) in page
