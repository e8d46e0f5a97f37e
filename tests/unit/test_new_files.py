"""New scenarios from examples and from a person's own files, and fleets out of a list of machines."""

import json

import pytest

from sim.cli import main
from sim.errors import InputError
from sim.scenario.load import load_scenario

LIST = """\
Model,Count,Building
Antminer S21,1200,North
S19 XP,800,North
Antminer S21,500,South
Antminer S21,10,South
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def command(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return ended.value.code


def test_a_scenario_of_ones_own_files_is_valid_as_it_is_written(tmp_path):
    (tmp_path / "trace.csv").write_text("time_s,power_kw\n0,80000\n43200,60000\n")
    rows = "".join(f"2026-01-01T{hour:02}:00Z,{30 + hour}\n" for hour in range(24))
    (tmp_path / "p.csv").write_text("time_utc,price\n" + rows)
    (tmp_path / "asics.csv").write_text(LIST)

    assert command("new", "mine", "--load", "trace.csv", "--prices", "p.csv", "--fleet", "asics.csv") == 0

    made = load_scenario("mine.yaml")
    assert made.name == "mine"
    assert made.interconnection.limit_mw == 100.0
    assert [fleet.name for fleet in made.fleets] == [
        "north-antminer-s21",
        "north-antminer-s19-xp",
        "south-antminer-s21",
    ]
    assert command("new", "mine") == 2  # it is there already


@pytest.mark.parametrize("example", ["helios", "helios-year"])
def test_an_example_under_another_name_finds_its_data(example):
    assert command("new", "second", "--from", example) == 0
    assert load_scenario("second.yaml").name == "second"


def test_the_examples_are_listed_with_what_they_ask(capsys):
    assert command("list") == 0
    printed = capsys.readouterr().out
    assert "helios " in printed
    assert "How much of the power that two AI tenants leave idle" in printed


def test_the_version_is_shown(capsys):
    assert command("--version") == 0
    assert "hashballast 0.1.0, model version" in "".join(capsys.readouterr())


def scenario(tmp_path, fleets):
    (tmp_path / "asics.csv").write_text(LIST)
    (tmp_path / "s.yaml").write_text(
        'schema_version: 1\nname: s\nstart: "2026-01-01T00:00:00Z"\ndays: 1.0\n'
        f"interconnection: {{limit_mw: 50.0}}\nloads: []\nfleets: {fleets}\n"
    )
    return tmp_path / "s.yaml"


def test_fleets_come_out_of_a_list_of_machines(tmp_path):
    found = load_scenario(scenario(tmp_path, "{file: asics.csv}")).fleets
    assert [(fleet.name, fleet.machine_count) for fleet in found] == [
        ("north-antminer-s21", 1200), ("north-antminer-s19-xp", 800), ("south-antminer-s21", 510),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Model,Count\nAntminer S99,5\n",
            r"asics.csv:2 fleets: column 'Model', row 1: must be a model of the catalogue",
        ),
        ("Model,Count\nAntminer S21,1.5\n", r"must be a whole number of machines, 0 or more; got 1.5"),
        ("a,b\n1,2\n", r"no column 'model'; has a, b: name it as model_column"),
    ],
)
def test_a_list_that_will_not_do_is_refused(tmp_path, text, message):
    path = scenario(tmp_path, "{file: asics.csv}")
    (tmp_path / "asics.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        load_scenario(path)


def test_fields_that_a_list_does_not_have_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"must be a list of fleets, or a mapping of .*; got file, model"):
        load_scenario(scenario(tmp_path, "{file: asics.csv, model: x}"))


def test_a_list_of_machines_is_shown_with_what_it_draws(tmp_path, capsys):
    (tmp_path / "asics.csv").write_text(LIST)
    assert command("data", "asics.csv", "--as", "fleet", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [fleet["machine_count"] for fleet in document["fleets"]] == [1200, 800, 510]
    assert document["fleets"][0]["power_mw"] == pytest.approx(4.2)
    assert document["yaml"] == "fleets: {file: asics.csv}"
    assert command("data", "asics.csv", "--as", "fleet") == 0
    assert "fleets: {file: asics.csv}" in capsys.readouterr().out
