"""Each bad file, and the line that a user is to read."""

import os
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.scenario import load_scenario

# what stands in the file, what stands there instead, and the fault: its place, path and words
BAD_VALUES = [
    ("days: 1\n", "dayz: 1\n", "4:1 dayz: unknown key; did you mean 'days'?"),
    ("days: 1\n", "days: 1\nxyzzy: 2\n", "5:1 xyzzy: unknown key; known: schema_version, name"),
    ("    rated_mw", "    rated_kw", "13:5 fleets.0.rated_kw: unknown key; did you mean 'rated_mw'?"),
    ("    rated_mw", "    rated_kw", "11:5 fleets.0.rated_mw: missing; needed: Power at full mining"),
    ("rated_mw: 60", "rated_mw: 60 MW", "fleets.0.rated_mw: must be a number [MW], got the text '60 MW'"),
    ("rated_mw: 60", "rated_mw: '60'", "fleets.0.rated_mw: must be a number [MW], got the text '60'"),
    ("rated_mw: 60", "rated_mw: true", "fleets.0.rated_mw: must be a number [MW], got true"),
    ("rated_mw: 60", "rated_mw:", "13:5 fleets.0.rated_mw: must be a number [MW], got nothing"),
    ("rated_mw: 60", "rated_mw: [60]", "fleets.0.rated_mw: must be a number [MW], got a list"),
    ("rated_mw: 60", "rated_mw: .nan", "fleets.0.rated_mw: must be a finite number [MW], got nan"),
    ("rated_mw: 60", "rated_mw: -.inf", "fleets.0.rated_mw: must be a finite number [MW], got -inf"),
    ("rated_mw: 60", "rated_mw: 1e999", "fleets.0.rated_mw: must be a finite number [MW], got inf"),
    ("rated_mw: 60", "rated_mw: -5", "13:5 fleets.0.rated_mw: must be above 0 MW, got -5 MW"),
    ("rated_mw: 60", "rated_mw: 1e13", "rated_mw: must be at most 1e+12 MW, got 1e+13 MW"),
    ("up_mw_per_s: 1", "up_mw_per_s: 0", "14:5 fleets.0.ramp_up_mw_per_s: must be above 0 MW/s, got 0 MW/s"),
    ("days: 1", "days: 0", "4:1 days: must be above 0 d, got 0 d"),
    ("days: 1", "days: 1e6", "4:1 days: must be at most 3660 d, got 1000000 d"),
    ("days: 1", "days: 012:30", "days: must be a number [d], got the text '012:30'"),
    ("days: 1", "seed: 1.5", "4:1 seed: must be a whole number, got 1.5"),
    ("days: 1", "seed: -1", "4:1 seed: must be at least 0, got -1"),
    ("days: 1", f"seed: {10**29}", "4:1 seed: must be at most 9007199254740992, got 1e+29"),
    ("sion: 1", "sion: 3", "1:1 schema_version: version 3 is not supported; supported: 1 or 2"),
    ("schema_version: 1\n", "", "1:1 schema_version: missing; write schema_version: 2"),
    ("name: helios\n", "", "1:1 name: missing; needed: Name of the scenario"),
    ("name: helios", "name: He lios", "2:1 name: must begin with a lower-case letter"),
    ("name: helios", "name: no", None),
    ("name: helios", "name: null", "2:1 name: must be text, got nothing"),
    ("T00:00:00-06:00", "", "3:1 start: must be a time with Z or an offset"),
    ("00:00:00-06:00", "00:00:00", "got the text '2026-01-01T00:00:00'"),
    ("start: 2026", "start: 0001", "3:1 start: must lie in the years 1970 to 2199, got 1"),
    ("{limit_mw: 200}", "200", "5:1 interconnection: must be a mapping, got 200"),
    ("limit_mw: 200", "limit_mw: 200, limt: 3", "5:34 interconnection.limt: unknown key"),
    ("type: replay", "type: repla", "8:5 loads.0.type: unknown type 'repla'; one of replay,"),
    ("type: replay", "type: repla", "did you mean 'replay'?"),
    ("    type: replay\n", "", "7:5 loads.0.type: missing; one of replay,"),
    ("file: trace.csv", "file: trace.csv\n    interpolation: cubic", "10:5 loads.0.interpolation: must be"),
    ("file: trace.csv", "file: 3", "9:5 loads.0.file: must be text, got 3"),
    ("policy: {type: follow-headroom}", "policy: follow-headroom", "17:1 policy: must be a mapping"),
    ("type: follow-headroom", "type: [1]", "17:10 policy.type: unknown type '[1]'; one of"),
    ("follow-headroom", "my_pkg.mine:Policy", "my_pkg.mine:Policy: is Python code from outside"),
    ("policy:", "market: {power: {file: x}}\npolicy:", "17:10 market.power.type: missing; one of"),
    ("policy:", "? [a]\n: 1\npolicy:", "17:3: a key must be a plain word"),
    ("fleets:", "  - 5\nfleets:", "10:5 loads.1: must be a mapping, got 5"),
    ("name: miners", "name: trace", "helios.yaml: loads, halls and fleets need names of their own"),
    ("    rated_mw: 60", "    rated_mw: 60\n    minimum_mw: 70", "11:5 fleets.0: minimum_mw is 70 MW;"),
    ("days: 1", "days: 1\ndays: 2", "5:1: key 'days' stands twice in one mapping, first on line 4"),
    ("{limit_mw: 200}", "&a {limit_mw: 200}", "5:18: anchors (&name) are refused; write the value out"),
    ("{limit_mw: 200}", "*a", "5:18: aliases (*name) are refused; write the value out"),
    ("200", "!!python/object/apply:os.system [x]", "tags (!!python/object/apply:os.system) are refused"),
    ("200", "!x 3", "5:29: tags (!x) are refused"),
    ("200", "[" * 200, "more than 24 mappings and lists in one another"),
    ("200", '"\\ud800"', "5:29: holds half of a surrogate pair"),
    ("200", '"\\U00110000"', "is no YAML"),
    ("{limit_mw: 200}", "{limit_mw: 200", "is no YAML"),
    ("days: 1", "\tdays: 1", "4:1: is no YAML"),
    ("days: 1", "days: 1: 2", "4:8: is no YAML: mapping values are not allowed here"),
    ("policy:", "---\nname: other\n---\npolicy:", "17:1: holds more than one document"),
    ("days: 1", "%YAML 3.0\n---\ndays: 1", "is no YAML"),
    ("days: 1", "days: " + "9" * 5000, "days: must be a finite number [d], got inf"),
    ("days: 1", "question: " + "x" * 2001, "4:1 question: must be 2000 long at most, got 2001"),
]  # fmt: skip


def lines(path: Path) -> list[str]:
    with pytest.raises(InputError) as error:
        load_scenario(path)
    return str(error.value).split("\n")


@pytest.mark.parametrize(("good", "bad", "fault"), BAD_VALUES)
def test_a_bad_value_is_named_with_its_place(helios: Path, good: str, bad: str, fault: str | None) -> None:
    text = helios.read_text()
    assert text.count(good) >= 1
    helios.write_text(text.replace(good, bad, 1))

    if fault is None:
        load_scenario(helios)
    else:
        found = lines(helios)
        assert any(fault in line for line in found), found
        assert all(line.startswith("helios.yaml") for line in found)
        assert "pydantic" not in "".join(found)


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        (b"", "helios.yaml: is empty"),
        (b"# nothing\n", "helios.yaml: must be a mapping: lines of 'key: value'"),
        (b"- a\n- b\n", "helios.yaml: must be a mapping"),
        (b"just words\n", "helios.yaml: must be a mapping"),
        (b"name: \xff\n", "helios.yaml: is no UTF-8 text: byte 7 is 0xff"),
        (b"\x00\x01\x02", "helios.yaml: is no YAML"),
        (b"\x7fELF\x02\x01", "helios.yaml: is no YAML"),
        (b"PK\x03\x04", "helios.yaml: is no YAML"),
        (b"a: " + b"x" * 262_142, "helios.yaml: is 262,145 bytes; must be 262,144 at most"),
        (b"[" * 100_000, "more than 24 mappings and lists"),
        (b"a: [" + b"1," * 100_000 + b"]", "more than 15,000 values"),
        (b"a: 1\n" * 50_000, "key 'a' stands twice"),
    ],
)
def test_a_file_that_is_no_scenario_is_refused(helios: Path, content: bytes, phrase: str) -> None:
    helios.write_bytes(content)

    assert phrase in lines(helios)[0]


def test_an_alias_bomb_is_refused_at_its_first_alias(helios: Path) -> None:
    rows = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    rows += [f"a{row}: &a{row} [{', '.join([f'*a{row - 1}'] * 9)}]" for row in range(1, 30)]
    helios.write_text("\n".join(rows))

    assert lines(helios)[-1] == "helios.yaml:2:10: aliases (*name) are refused; write the value out"


def test_a_file_that_is_not_there_is_named(helios: Path) -> None:
    assert lines(helios.with_name("helio.yaml")) == ["helio.yaml: no such file"]


def test_a_folder_and_a_pipe_are_refused_without_waiting(helios: Path) -> None:
    os.mkfifo("pipe.yaml")

    assert lines(helios.parent) == [".: is no regular file"]
    assert lines(Path("pipe.yaml")) == ["pipe.yaml: is no regular file"]


def test_all_faults_are_shown_at_once_in_the_order_of_the_file(helios: Path) -> None:
    helios.write_text(
        helios.read_text()
        .replace("schema_version: 1\n", "")
        .replace("days: 1", "days: 0\ndays: 1")
        .replace("limit_mw: 200", "limit_mw: -1")
        .replace("rated_mw: 60", "rated_mw: .nan\n    colour: red")
        .replace("type: follow-headroom", "type: folow-headroom")
    )

    places = [line.partition(": ")[0] for line in lines(helios)]

    assert places == [
        "helios.yaml:4:1",
        "helios.yaml:1:1 schema_version",
        "helios.yaml:3:1 days",
        "helios.yaml:5:19 interconnection.limit_mw",
        "helios.yaml:13:5 fleets.0.rated_mw",
        "helios.yaml:14:5 fleets.0.colour",
        "helios.yaml:18:10 policy.type",
    ]


def test_a_thousand_faults_are_cut_to_a_hundred(helios: Path) -> None:
    helios.write_text(helios.read_text() + "".join(f"k{key}: 1\n" for key in range(1000)))

    found = lines(helios)

    assert len(found) == 101
    assert found[-1] == "helios.yaml: and 900 more faults"


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("name: helios", 'name: "\\e[31mred"'),
        ("days: 1", '"\\e[31mred": 1'),
        ("days: 1", '"\\e[31mred": 1\n"\\e[31mred": 2'),
        ("trace.csv", '"\\e[31mred.csv"'),
        ("trace.csv", 'trace.csv\n    power_column: "\\e[31mred"'),
        ("follow-headroom", '"\\e[31mred"'),
        ("days: 1", 'extends: "\\e[31mred.yaml"'),
    ],
)
def test_control_characters_of_a_file_do_not_reach_the_terminal(helios: Path, good: str, bad: str) -> None:
    helios.write_text(helios.read_text().replace(good, bad))

    found = "".join(lines(helios))

    assert "red" in found
    assert "\x1b" not in found


BAD_DATA = [
    ("time_s,power_mw\n0,100\n3600,50\n3600,80\n", "trace.csv:4 loads.0: column 'time_s', row 3: must be"),
    ("time_s,power_mw\n0,100\n7200,50\n3600,80\n", "the row before, '7200'; got '3600'"),
    ("time_s,power_mw\n0,100\n3600,\n", "trace.csv:3 loads.0: column 'power_mw', row 2: must be"),
    ("time_s,power_mw\n0,100\n3600,\n", "; it is blank"),
    ("time_s,power_mw\n0,off\n", "trace.csv:2 loads.0: column 'power_mw', row 1"),
    ("time_s,power_mw\n0,nan\n", "got 'nan'"),
    ("time_s,power_mw\n0,-3\n", "trace.csv"),
    ("time_s,power_kw\n0,3\n", "trace.csv loads.0: no column 'power_mw'; has time_s, power_kw"),
    ("when,power_mw\n0,3\n", "has when, power_mw: name the column of times as time_column"),
    ("time_s,power_mw\n", "trace.csv loads.0: has no rows"),
    ("", "trace.csv loads.0: is empty"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "fault"), BAD_DATA)
def test_a_bad_data_file_is_named_with_its_row(helios: Path, content: str, fault: str) -> None:
    Path("trace.csv").write_text(content)

    (found,) = lines(helios)

    assert fault in found


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("../trace.csv", "must be a path relative to the scenario's folder"),
        ("/etc/passwd.csv", "must be a path relative to the scenario's folder"),
        ("/etc/passwd", "must be a path relative to the scenario's folder"),
        ("secret.key", "must be a file of one of the kinds .csv, "),
        ("link.csv", "is a link that leads out of"),
        ("folder.csv", "is no regular file"),
        ("pipe.csv", "is no regular file"),
        ("gone.csv", "no such file; looked in .; name the folder that holds it with --data DIR"),
        ('"\\0.csv"', "must be a path relative to the scenario's folder"),
    ],
)
def test_a_file_outside_the_scenario_s_folder_is_not_read(helios: Path, name: str, phrase: str) -> None:
    Path("link.csv").symlink_to("/etc/passwd")
    Path("folder.csv").mkdir()
    os.mkfifo("pipe.csv")
    helios.write_text(helios.read_text().replace("trace.csv", name))

    (found,) = lines(helios)

    assert phrase in found
    assert " loads.0: " in found


def test_all_bad_data_files_are_shown_at_once(helios: Path) -> None:
    market = "market: {power: {type: file, file: prices.csv}, bitcoin: {type: file, file: gone.csv}}\n"
    helios.write_text(helios.read_text() + market)
    Path("trace.csv").write_text("time_s,power_mw\n0,x\n")
    Path("prices.csv").write_text("time_utc,x_usd_per_mwh\n2025-01-01T00:00:00Z,1\n2025-01-01T01:00:00Z,2\n")

    found = lines(helios)

    assert [line.partition(": ")[0] for line in found] == [
        "trace.csv:2 loads.0",
        "prices.csv market.power",
        "gone.csv market.bitcoin",
    ]
    assert "covers 2025-01-01T00:00Z to 2025-01-01T02:00Z" in found[1]
