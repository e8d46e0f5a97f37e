import gzip
import os
import pickle
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from sim.errors import InputError
from sim.tables import Files, Table
from sim.tables import bounds as table_limits
from sim.tables.reading import SeriesReading
from sim.tables.timeline import timeline_of
from sim.units import FloatArray

PRICES = """\
# ERCOT, real time
# fetched for a test
time_utc,rt_usd_per_mwh,note
2024-01-01T00:00:00Z,28.5,a
2024-01-01T00:15:00Z,-3,b
2024-01-01T00:30:00Z,,c
2024-01-01T00:45:00Z,1e2,d
"""


def table(folder: Path, text: str | bytes, name: str = "x.csv") -> Table:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return Files([folder]).table(name)


def utc_s(found: Table, column: str, **said: str) -> FloatArray:
    return timeline_of(SeriesReading(**said), found, column, 0.0).time_s


def clock_s(found: Table, column: str) -> FloatArray:
    return timeline_of(SeriesReading(), found, column, 0.0, any_clock=True).time_s


def message(error: pytest.ExceptionInfo[InputError]) -> str:
    assert len(error.value.faults) == 1
    return str(error.value)


def test_a_csv_file_gives_its_columns_below_the_comments(tmp_path: Path) -> None:
    found = table(tmp_path, PRICES)

    assert found.columns == ("time_utc", "rt_usd_per_mwh", "note")
    assert found.row_count == 4


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_numbers_are_read_as_they_stand(tmp_path: Path, newline: str) -> None:
    text = "\ufeffa,b\n1,+2.5\n-3e2, .5 \n"

    found = table(tmp_path, text.replace("\n", newline))

    assert found.numbers("a").tolist() == [1.0, -300.0]
    assert found.numbers("b").tolist() == [2.5, 0.5]


def test_a_packed_file_reads_like_a_plain_one(tmp_path: Path) -> None:
    packed = table(tmp_path, gzip.compress(PRICES.encode()), "x.csv.gz")

    assert utc_s(packed, "time_utc").tolist() == [1704067200.0 + 900.0 * row for row in range(4)]


def test_a_blank_outside_the_rows_asked_for_is_no_fault(tmp_path: Path) -> None:
    found = table(tmp_path, PRICES)

    values = found.numbers("rt_usd_per_mwh", slice(0, 2))

    assert values[:2].tolist() == [28.5, -3.0]
    assert np.isnan(values[2])
    assert values[3] == 100.0


@pytest.mark.parametrize(
    ("value", "shown"),
    [("", "it is blank"), ("NaN", "got 'NaN'"), ("inf", "got 'inf'"), ("1e999", "got '1e999'"),
     ("0x10", "got '0x10'"), ("1_000", "got '1_000'"), ("12 MW", "got '12 MW'"), ("  ", "it is blank")],
)  # fmt: skip
def test_what_is_no_finite_number_is_named_with_line_row_and_unit(tmp_path: Path, value: str, shown: str) -> None:
    found = table(tmp_path, f"# c\nt_s,power_mw\n0,1\n1,{value}\n2,x\n")

    with pytest.raises(InputError) as error:
        found.numbers("power_mw")

    assert message(error).startswith(f"x.csv:4: column 'power_mw', row 2: must be a finite number [MW]; {shown}")
    assert "max_gap_s" not in message(error)  # not every description of a file has it


def test_utc_times_take_zones_and_dates(tmp_path: Path) -> None:
    found = table(tmp_path, "t\n1970-01-01\n1970-01-01T00:00:01Z\n1970-01-01T00:00:00.5-00:30\n")

    assert utc_s(found, "t").tolist() == [0.0, 1.0, 1800.5]


def test_the_repeated_hour_of_autumn_is_in_order_when_offsets_say_so(tmp_path: Path) -> None:
    found = table(tmp_path, "t\n2024-11-03T01:30:00-05:00\n2024-11-03T01:30:00-06:00\n")

    assert np.diff(utc_s(found, "t")).tolist() == [3600.0]


@pytest.mark.parametrize("value", ["2024-01-01T01:00:00", "2024-13-01", "noon", ""])
def test_a_time_without_zone_or_sense_is_refused(tmp_path: Path, value: str) -> None:
    found = table(tmp_path, f"t,v\n2024-01-01T00:00:00Z,1\n{value},2\n")

    with pytest.raises(InputError, match=r"column 't', row 2: must be a time"):
        utc_s(found, "t")


def test_utc_times_in_the_wrong_order_are_refused(tmp_path: Path) -> None:
    found = table(tmp_path, "t\n2024-01-02\n2024-01-01\n2024-01-03\n")

    with pytest.raises(InputError, match="row 2: must be above the row before, '2024-01-02'; got '2024-01-01'"):
        utc_s(found, "t")


def test_a_missing_column_lists_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        table(tmp_path, "t_s,power_mw\n0,1\n").numbers("powr_mw")

    assert message(error) == "x.csv: no column 'powr_mw'; has t_s, power_mw; did you mean 'power_mw'?"


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        (b"", "is empty"),
        (b"# only a comment", "has no columns"),
        (b"\n1\n2\n", "has no columns"),
        (b"a,b\n", "has no rows"),
        ("\u001b[31ma\n1\n".encode(), "has a column name that is no text"),
        (b"a" * 201 + b"\n1\n", "has a column name that is no text of 200 characters at most"),
        (b"a,a\n1,2\n", "has column 'a' twice"),
        (b"\xff\xfe\x00a\n1\n", "is no text in UTF-8, UTF-16 or Windows-1252"),
        (b"a,b\n1,2\n3\n", "row 2: must have 2 values, one for each column; got 1"),
        (b"a,b\n1,2\n3,4,5\n", "row 2: must have 2 values, one for each column; got 3"),
        (b"a\n" + b"x" * 3_000_000, "cannot be read as CSV"),
        (b"#\n" * 1001 + b"a\n1\n", "more than 1000 comment lines"),
        (b"a," * 1000 + b"\n1\n", "more than 1000 columns"),
    ],
)
def test_a_malformed_csv_file_is_refused(tmp_path: Path, content: bytes, phrase: str) -> None:
    with pytest.raises(InputError) as error:
        table(tmp_path, content)

    assert phrase in message(error)
    assert message(error).startswith("x.csv")


def test_a_blank_line_is_a_blank_value(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"x.csv:3: column 'a', row 2: .*; it is blank"):
        table(tmp_path, "a\n1\n\n2\n").numbers("a")


@pytest.mark.parametrize("content", [b"no gzip", gzip.compress(b"a\n1\n", mtime=0)[:-6]])
def test_a_broken_packed_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match="cannot be unpacked"):
        table(tmp_path, content, "x.csv.gz")


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.tables.files.MAX_BYTES", 1000)

    with pytest.raises(InputError, match="unpacks to more than 1,000 bytes"):
        table(tmp_path, gzip.compress(b"a\n" + b"1\n" * 5000), "x.csv.gz")


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "x.csv").open("wb") as file:
        file.truncate(table_limits.MAX_BYTES + 1)

    with pytest.raises(InputError, match="is 268,435,457 bytes; must be 268,435,456 at most"):
        Files([tmp_path]).table("x.csv")


def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_limits, "MAX_ROWS", 10)

    with pytest.raises(InputError, match="has 11 rows; must have 10 at most"):
        table(tmp_path, "a\n" + "1\n" * 11)


def write_parquet(folder: Path, columns: dict[str, pa.Array]) -> Table:
    parquet.write_table(pa.table(columns), folder / "x.parquet")
    return Files([folder]).table("x.parquet")


def test_a_parquet_file_gives_numbers_and_times(tmp_path: Path) -> None:
    stamps = [datetime(2024, 1, 1, 0, minute, tzinfo=UTC) for minute in (0, 15)]
    found = write_parquet(
        tmp_path,
        {
            "time": pa.array(stamps, pa.timestamp("ns", "America/Chicago")),
            "day": pa.array([date(1970, 1, 1), date(1970, 1, 2)]),
            "price": pa.array([1, 2], pa.int32()),
        },
    )

    assert utc_s(found, "time").tolist() == [1704067200.0, 1704068100.0]
    assert utc_s(found, "day").tolist() == [0.0, 86400.0]
    assert found.numbers("price").tolist() == [1.0, 2.0]


def test_a_parquet_fault_names_the_row(tmp_path: Path) -> None:
    found = write_parquet(tmp_path, {"power_mw": pa.array([1.0, None, 3.0])})

    with pytest.raises(InputError) as error:
        found.numbers("power_mw")

    assert message(error) == ("x.parquet: column 'power_mw', row 2: must be a finite number [MW]; it is blank")


@pytest.mark.parametrize(
    ("column", "phrase"),
    [
        (pa.array(["1", "2"]), "holds string; must hold numbers"),
        (pa.array([[1], [2]]), "must hold numbers"),
        (pa.array([True, False]), "holds bool; must hold numbers"),
        (pa.array([float("nan"), 1.0]), "row 1: must be a finite number; got nan"),
    ],
)
def test_a_parquet_column_of_another_kind_is_no_column_of_numbers(
    tmp_path: Path, column: pa.Array, phrase: str
) -> None:
    with pytest.raises(InputError, match=phrase):
        write_parquet(tmp_path, {"v": column}).numbers("v")


@pytest.mark.parametrize("kind", [pa.timestamp("us"), pa.int64()])
def test_parquet_times_need_a_zone(tmp_path: Path, kind: pa.DataType) -> None:
    found = write_parquet(tmp_path, {"t": pa.array([0, 1], pa.int64()).cast(kind)})

    with pytest.raises(
        InputError,
        match=r"must be a time with Z or an offset; for local time write time_zone|holds plain numbers",
    ):
        utc_s(found, "t")


def test_parquet_times_far_from_our_own_are_named_too(tmp_path: Path) -> None:
    late = pa.array([10**18, 10**18], pa.int64()).cast(pa.timestamp("us", "Nowhere/Land"))

    with pytest.raises(InputError, match=r"row 2: must be above the row before, 33658-09-27T01:46:40"):
        utc_s(write_parquet(tmp_path, {"t": late}), "t")


def test_a_parquet_file_of_too_many_rows_is_refused_unread(tmp_path: Path) -> None:
    ones = pa.DictionaryArray.from_arrays(pa.array(np.zeros(50_000_000, np.int8)), pa.array([1.0]))
    parquet.write_table(pa.table({"v": ones}), tmp_path / "x.parquet")
    assert (tmp_path / "x.parquet").stat().st_size < 1_000_000

    with pytest.raises(InputError, match="has 50,000,000 rows; must have 40,000,000 at most"):
        Files([tmp_path]).table("x.parquet")


def test_no_parquet_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        table(tmp_path, b"PAR1 and so on PAR1", "x.parquet")


@pytest.mark.parametrize(
    "name",
    ["../x.csv", "a/../../x.csv", "/etc/x.csv", "C:/x.csv", "a\\x.csv", "..\\x.csv", "a\0.csv", "a\n.csv"],
)
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")
    (tmp_path / "inner").mkdir()

    with pytest.raises(InputError, match=r"must be a path relative to the scenario's folder"):
        Files([tmp_path / "inner"]).table(name)


@pytest.mark.parametrize("name", ["x", "scenario.yaml", "x.parquet.gz", "x.csv.bz2", ""])
def test_other_endings_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"must be a file of one of the kinds .csv, "):
        Files([tmp_path]).table(name)


def test_a_link_that_leads_out_is_refused_and_one_inside_is_not(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "out.csv").write_text("a\n1\n")
    (inner / "real.csv").write_text("a\n2\n")
    (inner / "out.csv").symlink_to(tmp_path / "out.csv")
    (inner / "in.csv").symlink_to(inner / "real.csv")
    (inner / "round.csv").symlink_to(inner / "round.csv")
    (inner / "up").symlink_to(tmp_path)

    files = Files([inner])

    assert files.table("in.csv").numbers("a").tolist() == [2.0]
    for name, phrase in [
        ("out.csv", "leads out"),
        ("up/out.csv", "leads out"),
        ("round.csv", "link to itself"),
    ]:
        with pytest.raises(InputError, match=phrase):
            files.table(name)


def test_a_pipe_and_a_folder_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()

    for name in ("pipe.csv", "folder.csv"):
        with pytest.raises(InputError, match="is no regular file"):
            Files([tmp_path]).table(name)


def test_an_absent_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with pytest.raises(InputError) as error:
        Files([tmp_path, data]).table("x.csv")

    looked = f"looked in {tmp_path}, {data}"
    assert message(error) == (f"x.csv: no such file; {looked}; name the folder that holds it with --data DIR")


@pytest.mark.parametrize("name", ["a" * 300 + ".csv", "é" * 200 + ".csv", "x.csv/y.csv"])
def test_a_name_no_file_can_have_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")

    with pytest.raises(InputError, match=r"no such file|cannot be read"):
        Files([tmp_path]).table(name)


def test_folders_are_looked_through_in_order(tmp_path: Path) -> None:
    for folder, value in (("own", 1), ("data", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "both.csv").write_text(f"a\n{value}\n")
    (tmp_path / "data" / "sub").mkdir()
    (tmp_path / "data" / "sub" / "one.csv").write_text("a\n3\n")

    files = Files([tmp_path / "own", tmp_path / "data"])

    assert files.table("both.csv").numbers("a").tolist() == [1.0]
    assert files.table("sub/one.csv").numbers("a").tolist() == [3.0]


def test_a_file_is_read_once_and_its_digest_kept(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")
    files = Files([tmp_path])
    assert files.digests() == {}

    first = files.table("x.csv")
    (tmp_path / "x.csv").unlink()

    assert files.table("x.csv") is first
    assert files.digests() == {"x.csv": "309b0e45a73d3fc5325e2b6ed0a01ef8b9cde6b05a5633c1f893f970d52bfddc"}


def test_files_are_equal_by_folder_and_travel_without_what_they_read(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")
    files = Files([tmp_path])
    files.table("x.csv")

    sent = pickle.loads(pickle.dumps(files))  # noqa: S301  # our own bytes

    assert sent == files
    assert hash(sent) == hash(files)
    assert sent != Files([])
    assert sent.digests() == {}


def test_a_column_cannot_be_changed_by_its_readers(tmp_path: Path) -> None:
    values = table(tmp_path, "a\n1\n").numbers("a")

    with pytest.raises(ValueError, match="read-only"):
        values[0] = 2.0


def test_reading_a_table_does_not_wait_for_pandas(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("t,v\n2024-01-01T00:00:00Z,1\n2024-01-02T00:00:00Z,+2\n")
    code = (
        "import sys, pathlib; from sim.tables import Files; "
        f"x = Files([pathlib.Path({str(tmp_path)!r})]).table('x.csv'); "
        "x.moments('t'); x.numbers('v'); sys.exit('pandas' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_blanks_are_let_through_where_they_may_stand_but_text_is_not(tmp_path: Path) -> None:
    found = table(tmp_path, "a,b\n1,x\n,2\n  ,3\n4,\n")

    assert np.array_equal(found.numbers("a", blanks=True), [1.0, np.nan, np.nan, 4.0], equal_nan=True)
    with pytest.raises(InputError, match=r"column 'b', row 1: must be a finite number; got 'x'"):
        found.numbers("b", blanks=True)
    with pytest.raises(InputError, match="it is blank"):
        found.numbers("a")


def test_blanks_of_a_parquet_file_are_its_nulls(tmp_path: Path) -> None:
    found = write_parquet(tmp_path, {"a": pa.array([1.0, None, 3.0]), "b": pa.array([1.0, None, float("inf")])})

    assert np.array_equal(found.numbers("a", blanks=True), [1.0, np.nan, 3.0], equal_nan=True)
    with pytest.raises(InputError, match="row 3: must be a finite number; got inf"):
        found.numbers("b", blanks=True)


@pytest.mark.parametrize(
    "rows",
    [
        "2025-04-28T11:00:00\n2025-04-28T11:00:02.5\n",
        "2025-04-28 11:00:00\n2025-04-28 11:00:02.5\n",
        "2025-04-28T11:00:00+02:00\n2025-04-28T11:00:02.5+02:00\n",
        "2025-04-28T09:00:00Z\n2025-04-28T11:00:02.5+02:00\n",
    ],
)
def test_times_of_any_clock_are_read_where_only_their_differences_count(tmp_path: Path, rows: str) -> None:
    assert np.diff(clock_s(table(tmp_path, "when\n" + rows), "when")) == 2.5


def test_a_clock_of_a_parquet_file_needs_no_zone(tmp_path: Path) -> None:
    when = pa.array([0, 3_600_000], pa.timestamp("ms"))
    parquet.write_table(pa.table({"when": when}), tmp_path / "x.parquet")
    found = Files([tmp_path]).table("x.parquet")
    assert np.diff(clock_s(found, "when")) == 3600.0
    with pytest.raises(
        InputError,
        match=r"must be a time with Z or an offset; for local time write time_zone|holds plain numbers",
    ):
        utc_s(found, "when")


def test_a_clock_that_stands_still_or_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be above the row before"):
        clock_s(table(tmp_path, "when\n2025-04-28T11:00:00\n2025-04-28T11:00:00\n"), "when")
    with pytest.raises(InputError, match="row 2: must be a time, such as 2024-01-31T06:00:00Z"):
        clock_s(table(tmp_path, "when\n2025-04-28T11:00:00\nnoon\n", "y.csv"), "when")
