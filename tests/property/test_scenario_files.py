"""Any bytes, as a scenario or as a data file, are read or refused: nothing else, and soon."""

import gzip
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from examples import examples
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from pyarrow import parquet

from sim.errors import InputError
from sim.scenario import load_scenario, scenario_from
from sim.tables import Files, Table
from sim.tables.reading import SeriesReading
from sim.tables.timeline import timeline_of

SCENARIO = b"""\
schema_version: 1
name: helios
start: 2026-01-01T00:00:00-06:00
days: 1
interconnection: {limit_mw: 200}
loads:
  - name: trace
    type: replay
    file: trace.csv
fleets:
  - name: miners
    type: aggregate
    rated_mw: 60
    ramp_up_mw_per_s: 1
    ramp_down_mw_per_s: 2
    efficiency_j_per_th: 20
policy: {type: follow-headroom}
"""
TRACE = b"# a trace\ntime_s,power_mw\n0,100\n3600,5.5e1\n7200,80\n"
SOON_S = 5.0

fuzz = examples(150, suppress_health_check=[HealthCheck.function_scoped_fixture])
splices = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 30), st.binary(max_size=12)), min_size=1, max_size=4)
yaml_words = st.text(alphabet="abn:{}[]-?&*!|>'\"#%@`,\n \t0.eE+~<\\u", max_size=80)


@contextmanager
def read_or_refused() -> Iterator[None]:
    """Let input errors pass, and nothing else, within a bearable time."""
    began_s = time.perf_counter()
    found: list[str] = []
    try:
        yield
    except InputError as error:
        found = str(error).split("\n")
    assert all(line.isprintable() and ": " in line for line in found), found
    assert time.perf_counter() - began_s < SOON_S


def spliced(content: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """Return the content with pieces cut out and others put in."""
    for start, length, piece in changes:
        place = start % (len(content) + 1)
        content = content[:place] + piece + content[place + length :]
    return content


def load(folder: Path, scenario: bytes, trace: bytes = TRACE) -> None:
    (folder / "helios.yaml").write_bytes(scenario)
    (folder / "trace.csv").write_bytes(trace)
    with read_or_refused():
        load_scenario(folder / "helios.yaml")


@fuzz
@given(st.binary(max_size=300))
def test_any_bytes_as_a_scenario(tmp_path: Path, content: bytes) -> None:
    load(tmp_path, content)


@fuzz
@given(yaml_words)
def test_any_yaml_as_a_scenario(tmp_path: Path, text: str) -> None:
    load(tmp_path, text.encode())


@fuzz
@given(yaml_words, st.sampled_from([b"1\n", b"helios", b"200", b"trace.csv", b"60", b"miners", b"{type: f"]))
def test_any_yaml_inside_a_scenario(tmp_path: Path, text: str, place: bytes) -> None:
    load(tmp_path, SCENARIO.replace(place, text.encode() + place[-1:], 1))


@fuzz
@given(splices)
def test_a_scenario_with_bytes_changed(tmp_path: Path, changes: list[tuple[int, int, bytes]]) -> None:
    load(tmp_path, spliced(SCENARIO, changes))


@fuzz
@given(st.binary(max_size=300))
def test_any_bytes_as_a_trace(tmp_path: Path, content: bytes) -> None:
    load(tmp_path, SCENARIO, content)


@fuzz
@given(splices)
def test_a_trace_with_bytes_changed(tmp_path: Path, changes: list[tuple[int, int, bytes]]) -> None:
    load(tmp_path, SCENARIO, spliced(TRACE, changes))


def in_order(table: Table, column: str) -> None:
    for said in (
        {},
        {"time_zone": "America/Chicago", "stamp": "end", "duplicates": "mean"},
        {"time_format": "excel"},
    ):
        with read_or_refused():
            timeline_of(SeriesReading(**said), table, column, 0.0)


def read_all(folder: Path, name: str) -> None:
    """Read every column of a file in every way."""
    table = None
    with read_or_refused():
        table = Files([folder]).table(name)
    for column in () if table is None else table.columns[:5]:
        for read in (table.numbers, table.words, partial(in_order, table)) if table else ():
            with read_or_refused():
                read(column)


@fuzz
@given(splices)
def test_a_packed_file_with_bytes_changed(tmp_path: Path, changes: list[tuple[int, int, bytes]]) -> None:
    (tmp_path / "x.csv.gz").write_bytes(spliced(gzip.compress(TRACE, mtime=0), changes))
    read_all(tmp_path, "x.csv.gz")


@pytest.fixture(scope="module")
def parquet_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("parquet") / "x.parquet"
    columns = {
        "t": pa.array([0, 1, 2], pa.timestamp("us", "UTC")),
        "v": pa.array([1.0, 2.0, 3.0]),
        "n": pa.array([1, 2, 3]),
    }
    parquet.write_table(pa.table(columns), path)
    return path.read_bytes()


@fuzz
@given(changes=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 4), st.binary(max_size=4)), max_size=3))
def test_a_parquet_file_with_bytes_changed(
    tmp_path: Path, parquet_bytes: bytes, changes: list[tuple[int, int, bytes]]
) -> None:
    (tmp_path / "x.parquet").write_bytes(spliced(parquet_bytes, changes))
    read_all(tmp_path, "x.parquet")


@fuzz
@given(st.text(max_size=40))
def test_any_name_of_a_file(tmp_path: Path, name: str) -> None:
    for suffix in ("", ".csv", ".parquet"):
        with read_or_refused():
            Files([tmp_path]).table(name + suffix)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
plain_data = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
root_keys = st.sampled_from(
    [
        "schema_version",
        "name",
        "start",
        "days",
        "seed",
        "interconnection",
        "loads",
        "fleets",
        "policy",
        "market",
    ]
)


@fuzz
@given(st.dictionaries(root_keys, plain_data, max_size=10))
def test_any_plain_data_as_a_scenario(content: dict[str, object]) -> None:
    with read_or_refused():
        scenario_from(content)


@fuzz
@given(st.lists(st.text(max_size=30) | st.builds("{}={}".format, root_keys, yaml_words), max_size=3))
def test_any_overrides(tmp_path: Path, overrides: list[str]) -> None:
    (tmp_path / "helios.yaml").write_bytes(SCENARIO)
    (tmp_path / "trace.csv").write_bytes(TRACE)
    with read_or_refused():
        load_scenario(tmp_path / "helios.yaml", overrides=overrides)


HOSTILE = {
    "nested brackets": b"a: " + b"[" * 260_000,
    "nested braces": b"{" * 260_000,
    "nested keys": b"? " * 130_000,
    "deep indent": b"".join(b" " * depth + b"a:\n" for depth in range(700)),
    "one key again and again": b"a: 1\n" * 52_000,
    "many keys": b"".join(b"k%05d: 1\n" % key for key in range(26_000)),
    "many values": b"a: [" + b"1," * 130_000 + b"]",
    "many anchors": b"&a" * 130_000,
    "open quote": b'a: "' + b"\n" * 260_000,
    "one long number": b"days: " + b"9" * 260_000,
    "one long key": b"k" * 260_000 + b": 1",
    "long words that are near": b"\n".join(b"interconnectio" + b"n" * 40 + b"%d: 1" % row for row in range(4000)),
    "many loads": b"loads:\n" + b"  - {name: a, type: replay, file: trace.csv}\n" * 3700,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_scenario_made_to_take_long_does_not(tmp_path: Path, kind: str) -> None:
    content = HOSTILE[kind][: 256 * 1024]

    load(tmp_path, content)


def test_a_scenario_reads_nothing_but_what_it_names(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "helios.yaml").write_bytes(SCENARIO)
    (tmp_path / "trace.csv").write_bytes(TRACE)

    assert load_scenario(tmp_path / "helios.yaml").name == "helios"
