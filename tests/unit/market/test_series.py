"""Price files in the shapes that people have."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from pyarrow import parquet

from sim.errors import InputError
from sim.market.power import FilePowerPrice
from sim.signals import Signal
from sim.span import Span
from sim.tables import Files

START = datetime(2024, 1, 1, 6, tzinfo=UTC)
HOUR_S = 3600.0

GRIDSTATUS = """\
Interval Start,Interval End,Location,Location Type,Market,SPP
2024-01-01 00:00:00-06:00,2024-01-01 00:15:00-06:00,HB_NORTH,Trading Hub,REAL_TIME_15_MIN,21.5
2024-01-01 00:00:00-06:00,2024-01-01 00:15:00-06:00,HB_WEST,Trading Hub,REAL_TIME_15_MIN,-3.0
2024-01-01 00:15:00-06:00,2024-01-01 00:30:00-06:00,HB_NORTH,Trading Hub,REAL_TIME_15_MIN,22.5
2024-01-01 00:15:00-06:00,2024-01-01 00:30:00-06:00,HB_WEST,Trading Hub,REAL_TIME_15_MIN,-4.0
"""


def read(folder: Path, text: str, end_s: float = 1800.0, name: str = "p.csv", **fields: str) -> Signal:
    (folder / name).write_text(text)
    return price(folder, end_s, name, **fields)


def price(folder: Path, end_s: float, name: str, **fields: str) -> Signal:
    spec = FilePowerPrice(file=name, **fields)
    return spec.signal(Span(Files([folder]), START.timestamp(), end_s))


def test_a_gridstatus_frame_needs_only_the_location(tmp_path):
    assert read(tmp_path, GRIDSTATUS, location="HB_WEST").value.tolist() == [-3.0, -4.0]
    assert read(tmp_path, GRIDSTATUS, location="HB_NORTH").time_s.tolist() == [0.0, 900.0]


def test_several_locations_leave_a_choice_that_is_named(tmp_path):
    with pytest.raises(InputError, match="'Location' holds several: HB_NORTH, HB_WEST; name one as location"):
        read(tmp_path, GRIDSTATUS)


def test_an_unknown_location_is_answered_with_those_there_are(tmp_path):
    with pytest.raises(InputError, match="no row holds 'HB_EAST'; there are HB_NORTH, HB_WEST; did you mean"):
        read(tmp_path, GRIDSTATUS, location="HB_EAST")


def test_a_location_asked_of_a_file_without_any_is_refused(tmp_path):
    text = "time_utc,price\n2024-01-01T06:00Z,1\n2024-01-01T07:00Z,2\n"
    with pytest.raises(InputError, match="has no column 'Location' to find location in: time_utc, price"):
        read(tmp_path, text, location="HB_WEST")


def test_a_frame_of_one_location_needs_nothing(tmp_path):
    lines = [line for line in GRIDSTATUS.splitlines() if "HB_WEST" not in line]
    assert read(tmp_path, "\n".join(lines)).value.tolist() == [21.5, 22.5]


def test_two_markets_leave_a_choice(tmp_path):
    both = GRIDSTATUS + GRIDSTATUS.partition("\n")[2].replace("REAL_TIME_15_MIN", "DAY_AHEAD_HOURLY")
    with pytest.raises(InputError, match="'Market' holds several: REAL_TIME_15_MIN, DAY_AHEAD_HOURLY; name "):
        read(tmp_path, both, location="HB_WEST")

    found = read(tmp_path, both, location="HB_WEST", market="DAY_AHEAD_HOURLY")
    assert found.value.tolist() == [-3.0, -4.0]


def test_an_lmp_frame_takes_the_whole_price_and_not_a_part_of_it(tmp_path):
    text = (
        "Time,Market,Location,Location Type,LMP,Energy,Congestion,Loss\n"
        "2024-01-01 00:00:00-06:00,REAL_TIME_5_MIN,A,Node,30,28,1.5,0.5\n"
        "2024-01-01 00:05:00-06:00,REAL_TIME_5_MIN,A,Node,31,28,2.5,0.5\n"
    )
    assert read(tmp_path, text, end_s=600.0).value.tolist() == [30.0, 31.0]


def test_a_frame_of_ancillary_prices_is_read_by_the_name_of_its_product(tmp_path):
    text = (
        "Time,Interval Start,Interval End,Market,Non-Spinning Reserves,Regulation Up\n"
        "2024-01-01 00:00:00-06:00,2024-01-01 00:00:00-06:00,2024-01-01 01:00:00-06:00,DAM,0.94,1.49\n"
        "2024-01-01 01:00:00-06:00,2024-01-01 01:00:00-06:00,2024-01-01 02:00:00-06:00,DAM,0.94,1.47\n"
    )
    assert read(tmp_path, text, price_column="Regulation Up").value.tolist() == [1.49]
    with pytest.raises(InputError, match="name one as price_column"):
        read(tmp_path, text)


def test_a_plain_file_of_time_and_price_needs_no_names(tmp_path):
    text = "time_utc,price\n2024-01-01T06:00Z,7\n2024-01-01T07:00Z,8\n"
    assert read(tmp_path, text, end_s=2 * HOUR_S).value.tolist() == [7.0, 8.0]


@pytest.mark.parametrize("location_type", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())])
def test_a_frame_in_parquet_reads_like_one_in_csv(tmp_path, location_type):
    zone = ZoneInfo("America/Chicago")
    moments = [START, START, datetime(2024, 1, 1, 7, tzinfo=UTC), datetime(2024, 1, 1, 7, tzinfo=UTC)]
    stamps = pa.array([moment.astimezone(zone) for moment in moments], pa.timestamp("ns", "America/Chicago"))
    locations = pa.array(["HB_NORTH", "HB_WEST"] * 2).cast(location_type)
    frame = pa.table({"Interval Start": stamps, "Location": locations, "SPP": [1.0, 2.0, 3.0, 4.0]})
    parquet.write_table(frame, tmp_path / "p.parquet")

    assert price(tmp_path, 2 * HOUR_S, "p.parquet", location="HB_WEST").value.tolist() == [2.0, 4.0]
    with pytest.raises(InputError, match="holds several: HB_NORTH, HB_WEST"):
        price(tmp_path, HOUR_S, "p.parquet")
    with pytest.raises(InputError, match="'SPP' holds double; must hold texts"):
        Files([tmp_path]).table("p.parquet").words("SPP")


def test_local_times_with_offsets_pass_the_change_of_clocks(tmp_path):
    rows = [
        f"2024-11-03 {hour}:00:00-0{offset}:00,{position}"
        for position, (hour, offset) in enumerate([("00", 5), ("01", 5), ("01", 6), ("02", 6)])
    ]
    (tmp_path / "p.csv").write_text("\n".join(["Interval Start,price", *rows]))
    start_utc_s = datetime(2024, 11, 3, 5, tzinfo=UTC).timestamp()

    found = FilePowerPrice(file="p.csv").signal(Span(Files([tmp_path]), start_utc_s, 4 * HOUR_S))

    assert found.time_s.tolist() == [0.0, 3600.0, 7200.0, 10_800.0]


def test_a_fault_names_the_line_of_the_file(tmp_path):
    with pytest.raises(InputError, match=r"p.csv:5: column 'SPP', row 2: must be a finite number; got 'x'"):
        read(tmp_path, GRIDSTATUS.replace("-4.0", "x"), location="HB_WEST")
