import json
import sys
from pathlib import Path

import pytest

from sim.cli import main
from sim.errors import InputError, ResultError
from sim.study.goal import Objective, Parameter, Question, parse_parameters, with_values
from sim.study.tune import tune

ROOT = Path(__file__).parents[3]
SCENARIO = """
schema_version: 1
name: to-tune
start: "2026-01-01T00:00:00-06:00"
days: 0.5
interconnection: {limit_mw: 100.0}
fleets:
  - {name: miners, type: aggregate, rated_mw: 60.0, ramp_up_mw_per_s: 1.0, ramp_down_mw_per_s: 5.0,
     efficiency_j_per_th: 17.5}
policy: {type: price-threshold, threshold_usd_per_mwh: 20.0}
market: {power: {type: synthetic}}
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "to-tune.yaml"
    file.write_text(SCENARIO)
    return file


def a_question(path, **fields):
    asked = {"policy": "price-threshold", "trials": 6, "seeds": 2, "test_seeds": 2}
    asked |= {"parameters": parse_parameters(["threshold_usd_per_mwh=10:200"])}
    return Question(path=path, **asked | fields)


def tuned(question, folder):
    pytest.importorskip("optuna")
    return tune(question, folder)[1]


@pytest.mark.parametrize(
    ("text", "parameter"),
    [
        ("margin_mw=0:10", Parameter("margin_mw", (0.0, 10.0))),
        ("wait_min=0.1:10:log", Parameter("wait_min", (0.1, 10.0), "log")),
        ("off_count=1:5:int", Parameter("off_count", (1, 5), "int")),
        ("inner.type=always-on|mining-off", Parameter("inner.type", ("always-on", "mining-off"), "choice")),
        ("share=1|2.5|true", Parameter("share", (1, 2.5, True), "choice")),
    ],
)
def test_a_parameter_is_read(text, parameter):
    assert parse_parameters([text]) == (parameter,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("margin_mw", "must be FIELD=LOW:HIGH"),
        ("margin_mw=3", "LOW below HIGH; got '3'"),
        ("margin_mw=5:1", "LOW below HIGH"),
        ("margin_mw=nan:1", "LOW below HIGH"),
        ("margin_mw=0:inf", "LOW below HIGH"),
        ("margin_mw=0:1:log", "low end of a logarithm must be above 0, got 0"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused(text, said):
    with pytest.raises(InputError, match=said):
        parse_parameters([text])


def test_all_faults_of_parameters_are_said_at_once():
    with pytest.raises(InputError) as refused:
        parse_parameters(["a=1:0", "b=1:2", "b=1:3"])

    assert [fault.path for fault in refused.value.faults] == ["a", "b"]


def test_a_type_is_set_before_the_fields_that_belong_to_it():
    content = {"policy": {"type": "price-guard", "inner": {"type": "always-on"}}}

    changed = with_values(content, {"inner.margin_mw": 2.0, "inner.type": "follow-headroom"})

    assert changed["policy"]["inner"] == {"type": "follow-headroom", "margin_mw": 2.0}


def test_the_objective_is_margin_less_a_price_on_exceedance_or_a_metric():
    metrics = {"mining_margin_usd": 100.0, "exceedance_mwh": 0.002, "exceedance_s": 7.0, "x": None}

    assert Objective().of(metrics) == 100.0
    assert Objective(exceedance_usd_per_mwh=10_000.0).of(metrics) == 80.0
    assert Objective("exceedance_s").of(metrics) == 7.0
    assert Objective("exceedance_s", minimise=True).of(metrics) == -7.0
    with pytest.raises(ResultError, match="y is no metric"):
        Objective("y").of(metrics)
    with pytest.raises(ResultError, match="x cannot be told"):
        Objective("x").of(metrics)


def test_what_breaks_the_limit_is_worth_less_than_what_keeps_it():
    def run(margin_usd, broken_count):
        return {"mining_margin_usd": margin_usd, "limit_broken_count": broken_count}

    assert Objective().worth([run(10.0, 0.0), run(30.0, 2.0)]) == (2.0, 20.0)


def test_tuning_is_judged_on_seeds_it_was_not_tuned_on(path, tmp_path):
    document = tuned(a_question(path), tmp_path / "out")

    verdict = document["verdicts"][0]
    assert document["tuning_seeds"] == [1, 2]
    assert verdict["seeds"] == [3, 4]
    # the default is tried first, and its threshold of 20 USD/MWh stops the miners nearly always
    assert document["trials"][0]["values"] == {"threshold_usd_per_mwh": 20.0}
    objectives = [trial["objective"] for trial in document["trials"]]
    assert document["trials"][document["tuned"]["trial"]]["objective"] == max(objectives)
    assert max(objectives) > objectives[0]
    figures = verdict["metrics"]["objective"]
    assert figures["difference"]["mean"] == pytest.approx(figures["tuned"]["mean"] - figures["default"]["mean"])
    assert figures["difference"]["mean"] > 0.0


def test_a_tuning_that_was_stopped_goes_on_and_repeats_nothing(path, tmp_path):
    folder = tmp_path / "out"
    first = tuned(a_question(path, trials=3), folder)
    before = {file: file.stat().st_mtime_ns for file in folder.glob("runs/*/*.json")}
    second = tuned(a_question(path, trials=6), folder)

    assert second["trials"][:3] == first["trials"]
    assert len(second["trials"]) == 6
    assert len({json.dumps(trial["values"]) for trial in second["trials"]}) == 6
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_a_folder_keeps_to_one_question(path, tmp_path):
    tuned(a_question(path, trials=1), tmp_path / "out")

    with pytest.raises(ResultError, match="holds the tuning of another question"):
        tuned(a_question(path, trials=1, seeds=3), tmp_path / "out")


def test_the_same_question_has_the_same_answer(path, tmp_path):
    first = tuned(a_question(path), tmp_path / "one")
    second = tuned(a_question(path), tmp_path / "two")

    assert first == second


def test_test_settings_make_a_second_judgement_alone(path, tmp_path):
    question = a_question(path, trials=2, test_overrides=("start=2026-07-01T00:00:00-05:00",))
    document = tuned(question, tmp_path / "out")

    assert [verdict["where"] for verdict in document["verdicts"]] == [
        "fresh seeds",
        "fresh seeds, test settings",
    ]
    first, second = (verdict["metrics"]["mining_margin_usd"] for verdict in document["verdicts"])
    assert first != second


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"parameters": parse_parameters(["margin_mw=-5:5"])},
            "policy.margin_mw: must be at least 0 MW, got -5 MW",
        ),
        ({"parameters": parse_parameters(["margin=0:5"])}, "did you mean 'margin_mw'"),
        ({"policy": "price-treshold"}, "did you mean 'price-threshold'"),
        ({"test_overrides": ("days=-1",)}, "days: must be above 0"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(path, tmp_path, fields, said):
    with pytest.raises(InputError, match=said):
        tuned(a_question(path, **fields), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_values_that_do_not_go_together_are_passed_over(path, tmp_path):
    choices = parse_parameters(["threshold_usd_per_mwh=20|60", "type=price-threshold|always-on"])
    document = tuned(a_question(path, parameters=choices, trials=8), tmp_path / "out")

    # always-on has no threshold
    assert {trial["objective"] is None for trial in document["trials"]} == {True, False}
    assert document["tuned"]["policy"]["type"] == "price-threshold"


def test_the_command_tunes_a_policy_from_outside_and_prints_a_table(tmp_path, path, capsys):
    pytest.importorskip("optuna")
    (tmp_path / "own.py").write_text((ROOT / "scenarios" / "plugins" / "pause_above_price.py").read_text())
    arguments = [
        "tune",
        str(path),
        "--policy",
        "own.py:PauseAbovePrice",
        "--parameters",
        "price_usd_per_mwh=10:90",
    ]
    arguments += ["--trials", "2", "--seeds", "1", "--test-seeds", "2", "--out", str(tmp_path / "out")]

    with pytest.raises(SystemExit) as refused:
        main(arguments)
    assert refused.value.code == 2
    assert "--allow-plugins" in capsys.readouterr().err
    with pytest.raises(SystemExit) as done:
        main([*arguments, "--allow-plugins"])

    assert done.value.code in (0, None)
    captured = capsys.readouterr()
    assert "objective" in captured.out
    assert "tuned: " in captured.err


def test_without_optuna_the_command_says_what_to_install(path, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)

    with pytest.raises(InputError, match=r"pip install 'hashballast\[tuning\]'"):
        tune(a_question(path), tmp_path / "out")
