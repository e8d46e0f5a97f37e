import os
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.scenario import load_scenario, resolve


def write(name: str, text: str) -> Path:
    Path(name).write_text(text)
    return Path(name)


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as error:
        load_scenario(path)
    return str(error.value)


@pytest.mark.usefixtures("helios")
def test_a_child_changes_what_it_names_and_keeps_the_rest() -> None:
    child = write("child.yaml", "extends: helios.yaml\nname: child\ninterconnection: {limit_mw: 150}\n")

    scenario = load_scenario(child)

    assert (scenario.name, scenario.interconnection.limit_mw) == ("child", 150.0)
    assert scenario.fleets[0].rated_mw == 60.0
    assert "extends" not in resolve(child)


@pytest.mark.usefixtures("helios")
def test_named_entries_merge_by_name_and_new_ones_follow() -> None:
    text = """\
extends: helios.yaml
fleets:
  - {name: new, type: aggregate, rated_mw: 5, efficiency_j_per_th: 30, ramp_up_mw_per_s: 1,
     ramp_down_mw_per_s: 1}
  - {name: miners, rated_mw: 90}
"""
    fleets = load_scenario(write("child.yaml", text)).fleets

    assert [(fleet.name, fleet.rated_mw) for fleet in fleets] == [("miners", 90.0), ("new", 5.0)]
    assert fleets[0].efficiency_j_per_th == 20.0


@pytest.mark.usefixtures("helios")
def test_an_empty_list_takes_all_entries_away() -> None:
    assert load_scenario(write("child.yaml", "extends: helios.yaml\nloads: []\n")).loads == ()


@pytest.mark.usefixtures("helios")
def test_lists_without_names_are_replaced() -> None:
    write("a.yaml", "x: [1, 2]\ny: [{name: a}, {nam: b}]\nz: [{name: a}, {name: a}]\n")
    child = write("b.yaml", "extends: a.yaml\nx: [3]\ny: [{name: c}]\nz: [{name: a, v: 1}]\n")

    assert resolve(child) == {"x": [3], "y": [{"name": "c"}], "z": [{"name": "a", "v": 1}]}


def test_a_new_type_takes_nothing_from_the_old_one(helios: Path) -> None:
    helios.write_text(helios.read_text().replace("{type: follow-headroom}", "{type: follow-headroom, margin_mw: 3}"))

    same = resolve(write("same.yaml", "extends: helios.yaml\npolicy: {type: follow-headroom}\n"))
    other = resolve(write("other.yaml", "extends: helios.yaml\npolicy: {type: mining-off}\n"))

    assert same["policy"] == {"type": "follow-headroom", "margin_mw": 3}
    assert other["policy"] == {"type": "mining-off"}


@pytest.mark.usefixtures("helios")
def test_a_fault_is_named_in_the_file_that_holds_it(helios: Path) -> None:
    helios.write_text(helios.read_text().replace("rated_mw: 60", "rated_mw: -60"))
    child = write("child.yaml", "extends: helios.yaml\nname: child\ndays: 0\n")

    assert refusal(child).split("\n") == [
        "child.yaml:3:1 days: must be above 0 d, got 0 d",
        "helios.yaml:13:5 fleets.0.rated_mw: must be above 0 MW, got -60 MW",
    ]


@pytest.mark.usefixtures("helios")
def test_eight_files_may_extend_one_another_and_no_more() -> None:
    write("s1.yaml", "extends: helios.yaml\n")
    for step in range(2, 9):
        write(f"s{step}.yaml", f"extends: s{step - 1}.yaml\n")

    assert load_scenario(Path("s7.yaml")).name == "helios"
    assert "is one file too many; 8 may extend one another" in refusal(Path("s8.yaml"))


def test_an_example_is_extended_and_loaded_by_its_name_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("replay-day", "replay-day.yaml"):
        write("mine.yaml", f"extends: {name}\ninterconnection: {{limit_mw: 150.0}}\n")
        mine, example = load_scenario(Path("mine.yaml")), load_scenario("replay-day")
        assert (mine.interconnection.limit_mw, mine.loads) == (150.0, example.loads)
    assert "mine.yaml:1:1 extends: replay-dya: no such file in ., and no example of this name" in refusal(
        write("mine.yaml", "extends: replay-dya\n")
    )


def test_a_file_of_an_examples_name_comes_before_it(helios):
    assert load_scenario(write("child.yaml", "extends: helios\n")).days == load_scenario(helios).days
    assert "helioz: no such file" in refusal(Path("helioz"))


@pytest.mark.parametrize("start", ["a.yaml", "b.yaml"])
def test_a_circle_is_refused(helios: Path, start: str) -> None:
    write("a.yaml", "extends: b.yaml\n")
    write("b.yaml", "extends: a.yaml\n")
    write("self.yaml", "extends: self.yaml\n")

    assert "goes in a circle" in refusal(helios.with_name(start))
    assert "goes in a circle: self.yaml extends self.yaml" in refusal(Path("self.yaml"))


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("../helios.yaml", "must be a path relative to the scenario's folder"),
        ("/etc/passwd", "must be a path relative to the scenario's folder"),
        ("sub/helios.yaml", "must lie in the same folder"),
        ("gone.yaml", "no such file in ."),
        ("link.yaml", "is a link that leads out of ."),
        ("pipe.yaml", "is no regular file"),
        ("[helios.yaml]", "must be the name of a file in the same folder"),
        ("''", "must be the name of a file in the same folder"),
        ("5", "must be the name of a file in the same folder"),
    ],
)
def test_a_file_elsewhere_is_not_extended(helios: Path, name: str, phrase: str) -> None:
    os.mkfifo(helios.with_name("pipe.yaml"))
    Path("link.yaml").symlink_to("/etc/hostname")

    found = refusal(write("child.yaml", f"days: 1\nextends: {name}\n"))

    assert phrase in found
    assert found.startswith(("child.yaml:2:1 extends: ", "pipe.yaml: "))
