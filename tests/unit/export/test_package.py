"""Packages for a planner: whole, true of the run, and red after one changed byte."""

import csv
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from sim import load_scenario, run
from sim.errors import InputError, ResultError
from sim.export import verify, write_package
from sim.export.package import FORMS, SUMS
from sim.result import write_result
from sim.testing import a_scenario

SAG = {"type": "voltage-sag", "at_s": 600.0, "depth_pu": 0.4, "duration_s": 0.2}
UPS = {"ups": {"below_pu": 0.85, "return_s": 1.0, "walk_in_s": 2.0}, "strike_count": None}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return a result folder of a site of all kinds of parts, its data folder, and its package."""
    place = tmp_path_factory.mktemp("site")
    (place / "ai.csv").write_text("time_s,power_mw\n0,40\n3000,50\n")
    halls = [
        {"name": name, "racks": {"count": 400, "power_mw": 0.132}, "ride_through": spec}
        for name, spec in (("bare", None), ("ups", UPS))
    ]
    loads = [
        {"name": "outside", "type": "replay", "file": "ai.csv"},
        *({"name": f"in-{hall['name']}", "type": "replay", "file": "ai.csv", "hall": hall["name"]} for hall in halls),
    ]
    scenario = a_scenario(
        place, loads=loads, halls=halls, events=[SAG], days=0.1, limit_mw=300.0,
        weather={"type": "synthetic"},
        grid={"connection": {"short_circuit_mva": 2000.0, "x_over_r": 15.0, "power_factor": 0.98}},
    )  # fmt: skip
    (place / "result").mkdir()
    write_result(run(scenario), place / "result")
    write_package(place / "result", "ercot", place / "package", [place])
    return place / "result", place, place / "package"


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_item_has_its_words_and_a_source(folders):
    told = rows(folders[2] / "data.csv")
    assert {row["source"] for row in told} == {"run", "scenario", "assumption"}
    assert all(row["what"] and row["value"] for row in told)
    asked = " ".join(text for asks in FORMS["asks"].values() for text in asks.values())
    assert [name for name in asked.split("`")[1::2] if "_" in name and name not in FORMS["items"]] == []


def test_parts_add_up_to_the_site_at_its_peak(folders):
    told = rows(folders[2] / "data.csv")
    parts = sum(float(row["value"]) for row in told if row["item"] == "at_peak_mw")
    (peak,) = [float(row["value"]) for row in told if row["item"] == "peak_mw"]
    assert parts == pytest.approx(peak, rel=1e-9)
    (mvar,) = [float(row["value"]) for row in told if row["item"] == "peak_mvar"]
    assert mvar == pytest.approx(peak * np.tan(np.arccos(0.98)))


def ldelec(voltage_pu, lowest_pu, vd1, vd2, frcel):
    """Return what an electronic load draws, falling or coming back from its lowest voltage."""
    lowest = max(vd2, min(lowest_pu, vd1))
    if voltage_pu <= lowest_pu:
        return float(voltage_pu > vd1) if vd1 == vd2 else min(1.0, max(0.0, (voltage_pu - vd2) / (vd1 - vd2)))
    if vd1 == vd2:
        return frcel if lowest_pu <= vd2 else 1.0
    return (lowest - vd2 + frcel * (min(voltage_pu, vd1) - lowest)) / (vd1 - vd2)


def test_models_answer_the_sag_as_the_run_does(folders):
    """Our own response against LDELEC's logic: within the sag, and after a study's ten seconds."""
    result = run(load_scenario(folders[2] / "scenario.yaml"))
    kinds = {"outside": "load", "bare": "hall", "ups": "hall", "miners": "fleet"}
    found = {}
    for row in rows(folders[2] / "models.csv"):
        if row["model"] == "LDELEC":
            found.setdefault(row["part"], {})[row["parameter"].lower()] = float(row["value"])
    assert set(found) == set(kinds)
    for part, record in found.items():
        power = result.recording[f"{kinds[part]}.{part}.power_mw"]
        before, inside, after = power.at([599.9, 600.1, 612.0])
        assert inside / before == pytest.approx(ldelec(0.6, 0.6, **record), abs=1e-9), part
        assert after / before == pytest.approx(ldelec(1.0, 0.6, **record), abs=1e-3), part


def test_it_holds_elsewhere_and_not_after_one_changed_byte(folders, tmp_path):
    copy = tmp_path / "another place"
    shutil.copytree(folders[2], copy)
    assert verify(copy) == []
    for path in sorted(copy.rglob("*")):
        if path.is_file() and path.name != SUMS:
            content = path.read_bytes()
            path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
            assert verify(copy) == [f"{path.relative_to(copy).as_posix()}: is not what {SUMS} states"]
            path.write_bytes(content)


def test_what_is_missing_or_added_is_named(folders, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folders[2], copy)
    (copy / "limits.json").unlink()
    (copy / "note.txt").write_text("hello")
    assert verify(copy) == [f"note.txt: is not in {SUMS}", "limits.json: is absent"]


def test_figures_that_the_run_does_not_give_are_named_with_both_values(folders, tmp_path):
    copy = tmp_path / "result"
    shutil.copytree(folders[0], copy)
    told = json.loads((copy / "metrics.json").read_text())
    told["site_peak_mw"]["value"] += 1.0
    (copy / "metrics.json").write_text(json.dumps(told))
    (fault,) = verify(copy, [folders[1]])
    assert "site_peak_mw is " in fault
    assert "the run made again gives" in fault


def turned_into(make):
    """Return what puts something else in place of a file."""

    def turn(path):
        path.unlink()
        make(path)

    return turn


@pytest.mark.parametrize(
    ("name", "spoil", "message"),
    [
        (SUMS, lambda path: path.write_text("hello\n"), "SUMS:1: must be a hash, two spaces and a name"),
        (SUMS, lambda path: path.write_bytes(b"\xff\x00"), "SUMS:1: must be a hash"),
        (SUMS, lambda path: path.write_text(""), "SUMS: is empty"),
        (SUMS, lambda path: path.write_text("0" * 64 + "  ../x\n"), r"without \.\."),
        (SUMS, lambda path: path.write_text("0" * 64 + "  /etc/passwd\n"), "must be a path relative"),
        (SUMS, lambda path: os.truncate(path, 1 << 32), "must be 67,108,864 at most"),
        (SUMS, turned_into(Path.mkdir), "SUMS: is no regular file"),
        (SUMS, Path.unlink, "SUMS: no such file"),
        ("data.csv", turned_into(Path.mkdir), "data.csv: is no regular file"),
        ("data.csv", turned_into(os.mkfifo), "data.csv: is no regular file"),
        ("data.csv", turned_into(lambda path: path.symlink_to("/dev/zero")), "leads out of"),
        ("data.csv", turned_into(lambda path: path.symlink_to(path)), "link to itself"),
    ],
)
def test_a_package_that_somebody_spoilt_is_refused_in_a_line(folders, tmp_path, name, spoil, message):
    copy = tmp_path / "copy"
    shutil.copytree(folders[2], copy)
    spoil(copy / name)
    with pytest.raises(InputError, match=message):
        verify(copy)


def test_links_and_pipes_beside_what_is_stated_are_named(folders, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folders[2], copy)
    (copy / "all").symlink_to("/")
    os.mkfifo(copy / "pipe")
    assert verify(copy) == [f"all: is not in {SUMS}", f"pipe: is not in {SUMS}"]


def test_sums_of_other_programs_are_read(folders, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folders[2], copy)
    lines = (copy / SUMS).read_text().splitlines()
    (copy / SUMS).write_text("".join(f"{line[:64].upper()} *{line[66:]}\r\n" for line in lines))
    assert verify(copy) == []


@pytest.mark.parametrize("file", ["metrics.json", "provenance.json"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[" * 100_000, "is no JSON"),
        (b"\xff", "is no JSON"),
        (b"{", "is no JSON"),
        (b"[]", "is no JSON object"),
    ],
)
def test_figures_that_are_none_are_refused(folders, tmp_path, file, content, message):
    copy = tmp_path / "result"
    shutil.copytree(folders[0], copy)
    (copy / file).write_bytes(content)
    with pytest.raises(InputError, match=message):
        verify(copy, [folders[1]])


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"value": float("nan")}, "site_peak_mw is nan"),
        ({"value": "high"}, "site_peak_mw is high"),
        ({"value": None}, "site_peak_mw is None"),
        ({"value": 10**400}, "site_peak_mw is 1000"),
        ({"baseline": 1.0}, "site_peak_mw without miners is 1.0"),
    ],
)
def test_a_figure_of_any_kind_that_the_run_does_not_give_is_named(folders, tmp_path, told, said):
    copy = tmp_path / "result"
    shutil.copytree(folders[0], copy)
    metrics = json.loads((copy / "metrics.json").read_text())
    metrics["site_peak_mw"] |= told
    (copy / "metrics.json").write_text(json.dumps(metrics))
    (fault,) = verify(copy, [folders[1]])
    assert said in fault


def test_another_file_than_the_run_read_is_refused(folders, tmp_path):
    (tmp_path / "ai.csv").write_text("time_s,power_mw\n0,41\n")
    with pytest.raises(InputError, match=r"ai\.csv.* is not the file that the run read"):
        write_package(folders[0], "own", tmp_path / "package", [tmp_path])
    assert not (tmp_path / "package").exists()


def test_recipient_and_place_are_checked(folders, tmp_path):
    with pytest.raises(InputError, match="must be one of ercot, nerc, own"):
        write_package(folders[0], "ferc", tmp_path / "package", [folders[1]])
    with pytest.raises(ResultError, match="there already"):
        write_package(folders[0], "own", Path(folders[2]), [folders[1]])
