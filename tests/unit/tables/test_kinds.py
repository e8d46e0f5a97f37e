"""Files as people have them: each kind is read right, or refused with its cause and its cure in one line."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from openpyxl import Workbook
from pyarrow import parquet

from sim.ai import ReplayLoad
from sim.ai.traffic import RatesFile, RequestsFile, Traffic
from sim.errors import InputError
from sim.market.ancillary import FileCapacityPrice
from sim.market.difficulty import FileDifficulty
from sim.market.four_cp import SystemLoad
from sim.market.generation import FileGeneration
from sim.market.hashprice import FileBitcoin
from sim.market.network import FileFees
from sim.market.power import FilePowerPrice
from sim.signals import Signal
from sim.simulation import run
from sim.span import Span
from sim.tables import Files
from sim.testing import a_scenario

START = datetime(2025, 1, 1, tzinfo=UTC)
HOUR_S = 3600.0


def hours(count, start=START, step_min=60):
    return [start + timedelta(minutes=step_min * row) for row in range(count)]


def lines(header, rows):
    return "\n".join([header, *(",".join(str(cell) for cell in row) for row in rows)]) + "\n"


def keep(folder: Path, content, name="x.csv") -> Files:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return Files([folder])


def load(folder, content, end_s=86_400.0, name="x.csv", start=START, **said) -> Signal:
    spec = ReplayLoad(type="replay", name="ai", file=name, **said)
    return spec.signal(Span(keep(folder, content, name), start.timestamp(), end_s))


def price(folder, content, end_s=86_400.0, name="x.csv", start=START, **said) -> Signal:
    spec = FilePowerPrice(file=name, **said)
    return spec.signal(Span(keep(folder, content, name), start.timestamp(), end_s))


def mean_price(*arguments, **said):
    return pytest.approx(price(*arguments, **said).mean(), rel=1e-9)


LOAD_DAY = lines("time_utc,power_mw", [(f"{at:%Y-%m-%dT%H:%MZ}", 50 + row) for row, at in enumerate(hours(24))])
PRICE_DAY = lines("time_utc,price", [(f"{at:%Y-%m-%dT%H:%MZ}", 40 + row) for row, at in enumerate(hours(24))])


# --- times


@pytest.mark.parametrize(("factor", "column"), [(1, "timestamp"), (1000, "timestamp"), (1e6, "ts"), (1, "time")])
def test_seconds_since_1970_are_read_by_the_clock(tmp_path, factor, column):
    rows = [(f"{(START.timestamp() + 900.0 * row) * factor:.0f}", row) for row in range(96)]
    found = load(tmp_path, lines(f"{column},power_mw", rows))
    assert found.time_s.tolist() == [900.0 * row for row in range(96)]
    assert found.mean() == pytest.approx(47.5)


def test_a_column_of_seconds_from_the_start_that_holds_those_since_1970_is_refused(tmp_path):
    rows = [(START.timestamp() + row, 1) for row in range(10)]
    with pytest.raises(InputError, match=r"'time_s' holds numbers of the size of seconds since 1970.*epoch_s"):
        load(tmp_path, lines("time_s,power_mw", rows))
    assert load(tmp_path, lines("time_s,power_mw", rows), 10.0, time_format="epoch_s").mean() == 1.0


@pytest.mark.parametrize(
    ("column", "said", "factor"),
    [
        ("time_min", "min", 60.0),
        ("minutes", "min", 60.0),
        ("time_ms", "ms", 1e-3),
        ("elapsed_h", "h", 3600.0),
    ],
)
def test_another_unit_of_time_is_refused_until_it_is_stated(tmp_path, column, said, factor):
    text = lines(f"{column},power_mw", [(0, 80), (60, 20), (120, 80)])
    with pytest.raises(InputError, match=rf"column '{column}' is in {said} by its name.*time_format: {said}"):
        load(tmp_path, text, time_column=column)
    found = load(tmp_path, text, 180.0 * factor, time_column=column, time_format=said)
    assert found.mean() == pytest.approx(60.0)


def test_local_times_need_a_zone_and_a_day_of_23_hours_has_23(tmp_path):
    stamps = [f"2024-03-10 {hour:02}:00" for hour in range(24) if hour != 2]
    text = lines("time,price", [(stamp, 20 + row) for row, stamp in enumerate(stamps)])
    start = datetime(2024, 3, 10, 6, tzinfo=UTC)
    with pytest.raises(InputError, match=r"with Z or an offset; for local time write time_zone, such as America"):
        price(tmp_path, text, start=start)
    found = price(tmp_path, text, 23 * HOUR_S, start=start, time_zone="America/Chicago")
    assert found.time_s.tolist() == [HOUR_S * row for row in range(23)]
    assert found.value.tolist() == [20.0 + row for row in range(23)]


def test_a_day_of_25_hours_has_the_repeated_hour_twice(tmp_path):
    stamps = [f"11/03/2024 {hour:02}:00" for hour in (0, 1, 1, *range(2, 24))]
    text = lines("time,price", [(stamp, 20 + row) for row, stamp in enumerate(stamps)])
    start = datetime(2024, 11, 3, 5, tzinfo=UTC)
    said = {"time_zone": "America/Chicago", "time_format": "%m/%d/%Y %H:%M"}
    found = price(tmp_path, text, 25 * HOUR_S, start=start, **said)
    assert found.mean() == pytest.approx(32.0)
    assert found.time_s.tolist() == [HOUR_S * row for row in range(25)]


def test_an_hour_that_comes_twice_and_is_there_once_is_refused(tmp_path):
    stamps = [f"2024-11-03 {hour:02}:00" for hour in range(24)]
    text = lines("time,price", [(stamp, 20) for stamp in stamps])
    with pytest.raises(InputError, match=r"show this hour twice and the file has it once"):
        price(tmp_path, text, start=datetime(2024, 11, 3, 5, tzinfo=UTC), time_zone="America/Chicago")


def test_an_hour_that_the_clocks_skip_is_refused_with_the_cure(tmp_path):
    text = lines("time,price", [(f"2024-03-10 {hour:02}:00", 20 + hour) for hour in range(24)])
    start = datetime(2024, 3, 10, 6, tzinfo=UTC)
    with pytest.raises(InputError, match=r"x.csv:4: .*row 3: the clocks of America/Chicago skip.*Etc/GMT\+6"):
        price(tmp_path, text, start=start, time_zone="America/Chicago")
    assert price(tmp_path, text, start=start, time_zone="Etc/GMT+6").mean() == pytest.approx(31.5)


@pytest.mark.parametrize("newest_first", [False, True])
def test_rows_may_begin_with_the_newest(tmp_path, newest_first):
    rows = PRICE_DAY.splitlines()[1:]
    text = "\n".join(["time_utc,price", *(reversed(rows) if newest_first else rows)])
    assert price(tmp_path, text).value.tolist() == [40.0 + row for row in range(24)]


def test_dates_that_leave_day_and_month_open_are_refused_with_both_patterns(tmp_path):
    text = lines("time,price", [(f"{at:%d/%m/%Y %H:%M}", row) for row, at in enumerate(hours(24))])
    start = START
    with pytest.raises(InputError, match=r"cannot be told apart: write time_format: \"%m/%d/%Y %H:%M\" or \"%d/"):
        price(tmp_path, text, start=start, time_zone="UTC")
    found = price(tmp_path, text, start=start, time_zone="UTC", time_format="%d/%m/%Y %H:%M")
    assert found.mean() == pytest.approx(11.5)


@pytest.mark.parametrize("pattern", ["%m/%d/%Y %I:%M %p", "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M:%S", "%d-%b-%Y %H:%M:%S"])
def test_unmistakable_patterns_are_read(tmp_path, pattern):
    start = datetime(2025, 1, 20, tzinfo=UTC)
    text = lines("time,price", [(f"{at:{pattern}}", row) for row, at in enumerate(hours(24, start))])
    assert price(tmp_path, text, start=start, time_zone="UTC").value.tolist() == [float(row) for row in range(24)]


def test_hours_ending_1_to_24_beside_a_date_end_at_their_hour(tmp_path):
    text = lines("Date,HE,price", [("2025-01-01", hour, 20 + hour) for hour in range(1, 25)])
    found = price(tmp_path, text, time_column="Date", hour_column="HE", time_zone="UTC")
    assert found.value.tolist() == [21.0 + row for row in range(24)]
    text = lines("Date,Hour,price", [("2025-01-01", hour, 20 + hour) for hour in range(24)])
    found = price(tmp_path, text, time_column="Date", hour_column="Hour", time_zone="UTC")
    assert found.value.tolist() == [20.0 + row for row in range(24)]


def test_stamps_at_the_end_begin_an_interval_earlier(tmp_path):
    rows = [(f"{at + timedelta(hours=1):%Y-%m-%d %H:%MZ}", row) for row, at in enumerate(hours(24))]
    found = price(tmp_path, lines("when,price", rows), time_column="when", stamp="end")
    assert found.value.tolist() == [float(row) for row in range(24)]


@pytest.mark.parametrize(
    "column", ["Interval End", "interval_end_utc", "INTERVALENDTIME_GMT", "period_end", "HourEnding"]
)
def test_a_column_that_is_called_an_end_is_refused_until_it_is_stated(tmp_path, column):
    rows = [(f"{at + timedelta(hours=1):%Y-%m-%d %H:%MZ}", row) for row, at in enumerate(hours(24))]
    with pytest.raises(InputError, match=rf"column '{column}' marks the end of each interval.*stamp: end"):
        price(tmp_path, lines(f"{column},price", rows), time_column=column)
    text = lines(f"{column},price", rows)
    assert price(tmp_path, text, time_column=column, stamp="end").mean() == pytest.approx(11.5)


def test_24_00_is_the_end_of_its_day(tmp_path):
    stamps = [f"2025-01-01 {hour:02}:00" for hour in range(1, 25)]
    text = lines("time,price", [(stamp, row) for row, stamp in enumerate(stamps)])
    found = price(tmp_path, text, time_zone="UTC", stamp="end")
    assert found.value.tolist() == [float(row) for row in range(24)]


def test_days_of_a_spreadsheet_are_refused_until_they_are_stated(tmp_path):
    text = lines("Date,power_mw", [(45_658 + row / 24.0, row) for row in range(24)])
    with pytest.raises(InputError, match=r"size of a spreadsheet's days: write time_format: excel and time_zone"):
        load(tmp_path, text)
    found = load(tmp_path, text, time_format="excel", time_zone="UTC")
    assert found.time_s.tolist() == [HOUR_S * row for row in range(24)]


def test_plain_numbers_are_no_times_of_a_market(tmp_path):
    text = lines("time,price", [(row, 20) for row in range(24)])
    with pytest.raises(InputError, match=r"holds plain numbers, which may mean any time: write time_format: s"):
        price(tmp_path, text)


def test_parquet_of_pandas_has_its_index_and_naive_stamps_need_a_zone(tmp_path):
    stamps = pa.array([at.replace(tzinfo=None) for at in hours(24)], pa.timestamp("ns"))
    table = pa.table({"power_mw": [1.0] * 24, "__index_level_0__": stamps})
    parquet.write_table(table, tmp_path / "x.parquet")
    content = (tmp_path / "x.parquet").read_bytes()
    with pytest.raises(InputError, match=r"for local time write time_zone"):
        load(tmp_path, content, name="x.parquet")
    assert load(tmp_path, content, name="x.parquet", time_zone="UTC").mean() == 1.0


@pytest.mark.parametrize("unit", ["ms"])
def test_stamps_too_far_away_are_refused_and_never_wrap(tmp_path, unit):
    far = pa.array([2**62, 2**62 + 1], pa.int64()).cast(pa.timestamp(unit, "UTC"))
    parquet.write_table(pa.table({"time_utc": far, "power_mw": [1.0, 2.0]}), tmp_path / "x.parquet")
    with pytest.raises(InputError, match=r"too far from 1970"):
        load(tmp_path, (tmp_path / "x.parquet").read_bytes(), name="x.parquet", time_column="time_utc")


# --- units


@pytest.mark.parametrize(
    ("column", "unit", "factor"),
    [("power_kw", "kw", 1e-3), ("Power (kW)", "kW", 1e-3), ("Active Power [W]", "W", 1e-6),
     ("ActivePower_kW_Avg", "kw", 1e-3),
     ("load_gw", "GW", 1e3), ("PowerKW", "kw", 1e-3)],
)  # fmt: skip
def test_power_in_another_unit_is_refused_until_it_is_stated(tmp_path, column, unit, factor):
    text = lines(f"time_s,{column}", [(0, 80 / factor), (43_200, 60 / factor)])
    with pytest.raises(
        InputError,
        match=rf"x.csv: column .* by its name; power_column takes power in MW: write unit: {unit.lower()}",
    ):
        load(tmp_path, text, power_column=column)
    assert load(tmp_path, text, power_column=column, unit=unit).mean() == pytest.approx(70.0)


def test_energy_of_intervals_becomes_power(tmp_path):
    text = lines("time_utc,energy_kwh", [(f"{at:%Y-%m-%dT%H:%MZ}", 20_000) for at in hours(96, step_min=15)])
    with pytest.raises(InputError, match=r"'energy_kwh' is in kWh by its name"):
        load(tmp_path, text, power_column="energy_kwh")
    assert load(tmp_path, text, power_column="energy_kwh", unit="kwh").mean() == pytest.approx(80.0)


@pytest.mark.parametrize(
    ("column", "unit", "factor"),
    [("price_usd_per_kwh", "usd_per_kwh", 1e-3), ("Price ($/kWh)", "$/kWh", 1e-3),
     ("cents_per_kwh", "cents_per_kwh", 0.1),
     ("Rate (c/kWh)", "cents/kWh", 0.1)],
)  # fmt: skip
def test_prices_in_another_unit_are_refused_until_it_is_stated(tmp_path, column, unit, factor):
    rows = [(f"{at:%Y-%m-%dT%H:%MZ}", (40 + row) * factor) for row, at in enumerate(hours(24))]
    text = lines(f"time_utc,{column}", rows)
    with pytest.raises(InputError, match=r"price_column takes a price in USD/MWh: write unit: "):
        price(tmp_path, text, price_column=column)
    assert price(tmp_path, text, price_column=column, unit=unit).mean() == pytest.approx(51.5)


def test_another_currency_needs_its_worth(tmp_path):
    rows = [(f"{at:%Y-%m-%dT%H:%MZ}", 40 + row) for row, at in enumerate(hours(24))]
    text = lines("time_utc,Price [EUR/MWh]", rows)
    with pytest.raises(InputError, match=r"write unit: eur_per_mwh and currency_usd"):
        price(tmp_path, text, price_column="Price [EUR/MWh]")
    with pytest.raises(InputError, match=r"needs currency_usd"):
        price(tmp_path, text, price_column="Price [EUR/MWh]", unit="EUR/MWh")
    said = {"price_column": "Price [EUR/MWh]", "unit": "EUR/MWh", "currency_usd": 1.1}
    assert price(tmp_path, text, **said).mean() == pytest.approx(51.5 * 1.1)


def test_prices_that_are_all_tiny_are_refused_with_the_likely_cause(tmp_path):
    rows = [(f"{at:%Y-%m-%dT%H:%MZ}", 0.04) for at in hours(24)]
    with pytest.raises(InputError, match=r"is no price in USD/MWh: none is above 0.04; state its unit.*usd_per_kwh"):
        price(tmp_path, lines("time_utc,price", rows))
    assert price(tmp_path, lines("time_utc,price", rows), unit="usd_per_mwh").mean() == pytest.approx(0.04)


def test_a_unit_that_contradicts_the_name_or_is_none_is_refused(tmp_path):
    text = lines("time_s,power_kw", [(0, 80)])
    with pytest.raises(InputError, match=r"'power_kw' is in kW by its name, but unit says W"):
        load(tmp_path, text, power_column="power_kw", unit="w")
    with pytest.raises(InputError, match=r"unit 'furlong' is no unit of power; must be one of w, kw, mw, gw"):
        load(tmp_path, text, power_column="power_kw", unit="furlong")


def difficulty(folder, column, value, **said):
    rows = [(f"{at:%Y-%m-%d}", value) for at in hours(3, step_min=1440)]
    spec = FileDifficulty(file="x.csv", difficulty_column=column, **said)
    files = keep(folder, lines(f"date_utc,{column}", rows))
    return spec.network(Span(files, START.timestamp(), 86_400.0), None, lambda *_: 0.0).difficulty


def test_difficulty_in_trillions_is_refused_until_it_is_stated(tmp_path):
    with pytest.raises(InputError, match=r"'difficulty_t' is in difficulty_t by its name.*write unit: difficulty_t"):
        difficulty(tmp_path, "difficulty_t", 126.0)
    with pytest.raises(InputError, match=r"126 is no difficulty of its time, which was 1e"):
        difficulty(tmp_path, "difficulty", 126.0)
    assert difficulty(tmp_path, "difficulty_t", 126.0, unit="difficulty_t").mean() == pytest.approx(126e12)


@pytest.mark.parametrize(("column", "unit", "factor"), [("rate_ghs_gh_s", "GH/s", 1e9), ("hashrate_th_s", "th_s", 1e6)])
def test_hash_rates_in_another_unit_are_refused_until_it_is_stated(tmp_path, column, unit, factor):
    rows = [(f"{at:%Y-%m-%d}", 110e12, 800 * factor) for at in hours(3, step_min=1440)]
    files = keep(tmp_path, lines(f"date_utc,difficulty,{column}", rows))
    spec = FileDifficulty(file="x.csv", hashrate_column=column)
    with pytest.raises(InputError, match=r"hashrate_column takes hash rate in EH/s: write unit"):
        spec.network(Span(files, START.timestamp(), 86_400.0), None, lambda *_: 0.0)
    found = spec.model_copy(update={"unit": unit}).network(
        Span(files, START.timestamp(), 86_400.0), None, lambda *_: 0.0
    )
    assert found.hashrate_eh_s.mean() == pytest.approx(800.0)
    assert found.difficulty.mean() == pytest.approx(110e12)


def test_hashprice_by_the_terahash_is_refused_until_it_is_stated(tmp_path):
    rows = [(f"{at:%Y-%m-%d}", 0.05, 95_000) for at in hours(3, step_min=1440)]
    files = keep(tmp_path, lines("date_utc,hashprice_usd_per_th_day,price_usd", rows))
    spec = FileBitcoin(file="x.csv", hashprice_column="hashprice_usd_per_th_day")
    with pytest.raises(InputError, match=r"hashprice_column takes a hashprice in"):
        spec.signals(Span(files, START.timestamp(), 86_400.0))
    said = spec.model_copy(update={"unit": "usd_per_th_day"})
    found = said.signals(Span(files, START.timestamp(), 86_400.0))
    assert found["hashprice_usd_per_ph_day"].mean() == pytest.approx(50.0)
    assert found["price_usd_per_btc"].mean() == pytest.approx(95_000.0)


def test_fees_in_satoshi_and_rates_by_the_minute_are_converted_where_stated(tmp_path):
    rows = [(f"{at:%Y-%m-%d}", 5e8, 144) for at in hours(3, step_min=1440)]
    files = keep(tmp_path, lines("date_utc,fees_sat,blocks", rows))
    fees = FileFees(file="x.csv", fees_column="fees_sat", unit="sat")
    subsidy = Signal.constant(3.125, 86_400.0)
    assert fees.per_block_btc(Span(files, START.timestamp(), 86_400.0), subsidy).mean() == pytest.approx(5.0 / 144)
    files = keep(tmp_path, lines("t_s,requests_per_min", [(0, 600), (600, 1200)]), "r.csv")
    with pytest.raises(InputError, match=r"rate_column takes requests in 1/s: write unit: per_min"):
        RatesFile(file="r.csv", rate_column="requests_per_min").read(Span(files, 0.0, 1200.0))
    said = RatesFile(file="r.csv", rate_column="requests_per_min", unit="per_min")
    assert said.read(Span(files, 0.0, 1200.0))[1].tolist() == [10.0, 20.0]


def test_every_file_of_power_converts_alike(tmp_path):
    rows = [(f"{at:%Y-%m-%dT%H:%MZ}", 1000 * row) for row, at in enumerate(hours(24))]
    files = keep(tmp_path, lines("time_utc,v_kw", rows))
    own = FileGeneration(file="x.csv", power_column="v_kw", unit="kw")
    system = SystemLoad(file="x.csv", load_column="v_kw", unit="kw")
    assert own.signal(Span(files, START.timestamp(), 86_400.0)).mean() == pytest.approx(11.5)
    assert system.signal(Span(files, START.timestamp(), 86_400.0)).mean() == pytest.approx(11.5)


def test_prices_of_capacity_stand_per_megawatt_too(tmp_path):
    rows = [(f"{at:%Y-%m-%dT%H:%MZ}", 5) for at in hours(24)]
    files = keep(tmp_path, lines("time_utc,rrs_usd_per_mw", rows))
    found = FileCapacityPrice(type="file", file="x.csv", price_column="rrs_usd_per_mw").signals(
        Span(files, START.timestamp(), 86_400.0)
    )
    assert found.day_ahead.mean() == 5.0


# --- rows and layout


def test_semicolons_decimal_commas_tabs_marks_and_titles_are_read(tmp_path):
    rows = [(f"{at:%Y-%m-%dT%H:%MZ}", f"{40 + row},5") for row, at in enumerate(hours(24))]
    semicolons = "time_utc;price\n" + "\n".join(";".join(row) for row in rows)
    tabs = PRICE_DAY.replace(",", "\t")
    titled = "Settlement report\nGenerated 2025-02-01, by hand\n\n" + PRICE_DAY
    assert price(tmp_path, semicolons).mean() == pytest.approx(52.0)
    assert price(tmp_path, "\ufeff" + semicolons).mean() == pytest.approx(52.0)
    assert price(tmp_path, tabs, name="x.tsv").mean() == pytest.approx(51.5)
    assert price(tmp_path, tabs.encode("utf-16")).mean() == pytest.approx(51.5)
    assert price(tmp_path, titled, name="X.CSV").mean() == pytest.approx(51.5)
    assert price(tmp_path, PRICE_DAY + "\n\nSource: the operator\n").mean() == pytest.approx(51.5)
    assert (
        price(tmp_path, PRICE_DAY.replace("price\n", "price °C\n").encode("cp1252"), price_column="price °C").mean() > 0
    )


def test_a_line_of_units_below_the_header_counts(tmp_path):
    text = "Time,Site Power,State\n,kW,\n" + "\n".join(f"{at:%Y-%m-%d %H:%M},{80_000},ok" for at in hours(24))
    said = {"time_zone": "UTC", "power_column": "Site Power"}
    with pytest.raises(InputError, match=r"column 'Site Power' is in kW by its name"):
        load(tmp_path, text, **said)
    assert load(tmp_path, text, unit="kw", **said).mean() == pytest.approx(80.0)


@pytest.mark.parametrize(
    ("below", "said"),
    [("min,kW", "is in min by its name"), ("s,hp/h", "says 'hp/h' below its name"), ("s,mW", "is in milliw")],
)
def test_a_line_of_units_is_obeyed_or_refused_whatever_it_says(tmp_path, below, said):
    with pytest.raises(InputError, match=said):
        load(tmp_path, f"Time,Power\n{below}\n0,80000\n60,20000\n", power_column="Power")


def test_milliwatts_are_no_megawatts(tmp_path):
    text = "time_s,power_mW\n0,400000\n60,700000\n"
    with pytest.raises(InputError, match="write unit: milliw"):
        load(tmp_path, text, power_column="power_mW")
    assert load(tmp_path, text, 120.0, power_column="power_mW", unit="mW").mean() == pytest.approx(550e-6)


def test_thousands_are_read_where_they_are_unmistakable(tmp_path):
    rows = [(f"{at:%Y-%m-%dT%H:%MZ}", f'"1,{200 + row}.50"') for row, at in enumerate(hours(24))]
    assert price(tmp_path, lines("time_utc,price", rows)).mean() == pytest.approx(1212.0)
    unclear = [(f"{at:%Y-%m-%dT%H:%MZ}", f'"1,{200 + row}"') for row, at in enumerate(hours(24))]
    with pytest.raises(InputError, match=r"x.csv:2: .*row 1: '1,200' may have decimals, or a mark between thousands"):
        price(tmp_path, lines("time_utc,price", unclear))
    assert price(tmp_path, lines("time_utc,price", unclear), decimal=",").mean() == pytest.approx(1.2115)


@pytest.mark.parametrize(
    ("cells", "decimal", "mean"),
    [
        (["32.500", "41.250"], ".", 36.875),
        (["32.500", "41.250"], ",", 36_875.0),
        (["32,500", "41,250"], ",", 36.875),
        (["32.500", "0.250"], None, 16.375),
        (["1.250,5", "12,5"], None, 631.5),
        (["1.250", "250"], ",", 750.0),
    ],
)
def test_decimals_and_thousands_are_told_apart_or_asked_for(tmp_path, cells, decimal, mean):
    text = "Time;price\n" + "\n".join(
        f"{at:%Y-%m-%dT%H:%MZ};{cell}" for at, cell in zip(hours(len(cells)), cells, strict=True)
    )
    end_s = HOUR_S * len(cells)
    if decimal is not None:
        with pytest.raises(InputError, match=r"may have decimals, or a mark between thousands; write decimal"):
            price(tmp_path, text, end_s)
    assert price(tmp_path, text, end_s, decimal=decimal).mean() == pytest.approx(mean)


def test_a_point_among_decimal_commas_is_no_mark_between_thousands(tmp_path):
    text = "Time;price\n2025-01-01T00:00Z;32,5\n2025-01-01T01:00Z;1.5\n2025-01-01T02:00Z;2,5\n"
    with pytest.raises(InputError, match=r"row 2: must be a finite number.*got '1.5'"):
        price(tmp_path, text, 3 * HOUR_S)


def test_a_workbook_is_read_like_a_text(tmp_path):
    book = Workbook()
    book.active.append(["Meter report"])
    book.active.append(["Time", "power_mw"])
    for row, at in enumerate(hours(24)):
        book.active.append([at.replace(tzinfo=None), 50.0 + row])
    book.save(tmp_path / "x.xlsx")
    content = (tmp_path / "x.xlsx").read_bytes()
    assert load(tmp_path, content, name="x.xlsx", time_zone="UTC").mean() == pytest.approx(61.5)
    with pytest.raises(InputError, match=r"cannot be read as a workbook"):
        load(tmp_path, b"PK\x03\x04nothing", name="y.xlsx", power_column="power_mw")


def test_bad_rows_are_holes_that_are_filled_where_it_is_said(tmp_path):
    rows = LOAD_DAY.splitlines()
    rows[6], rows[7] = rows[6].split(",")[0] + ",Bad", rows[7].split(",")[0] + ","
    text = "\n".join(rows)
    with pytest.raises(InputError, match=r"x.csv:7: column 'power_mw', row 6: must be a finite number.*got 'Bad'"):
        load(tmp_path, text, time_column="time_utc")
    with pytest.raises(InputError, match=r"x.csv:7.*it is blank|row 6"):
        load(tmp_path, text, time_column="time_utc", missing=("Bad",))
    said = {"time_column": "time_utc", "missing": ("Bad",), "max_gap_s": 7200.0}
    found = load(tmp_path, text, **said)
    assert found.at([5 * HOUR_S, 6 * HOUR_S, 7 * HOUR_S]).tolist() == [54.0, 54.0, 57.0]
    with pytest.raises(InputError, match=r"longer than max_gap_s of 3600 s.*max_gap_s: 7200 fills it"):
        load(tmp_path, text, **{**said, "max_gap_s": 3600.0})


def test_numbers_that_stand_for_nothing_are_no_values(tmp_path):
    text = LOAD_DAY.replace(",60\n", ",-999\n")
    said = {"time_column": "time_utc", "missing": (-999.0,), "max_gap_s": 3600.0}
    assert load(tmp_path, text, **said).minimum() == 50.0


def test_rows_of_one_time_are_refused_taken_or_averaged(tmp_path):
    text = LOAD_DAY + "2025-01-01T23:00Z,93\n"
    with pytest.raises(InputError, match=r"row 25: must be above the row before.*write duplicates: last, or mean"):
        load(tmp_path, text, time_column="time_utc")
    last = load(tmp_path, text, time_column="time_utc", duplicates="last")
    assert last.at(23.5 * HOUR_S) == 93.0
    assert load(tmp_path, text, time_column="time_utc", duplicates="mean").at(23.5 * HOUR_S) == 83.0


def test_rows_are_chosen_by_any_column(tmp_path):
    rows = [(f"{at:%Y-%m-%dT%H:%MZ}", kind, 30 + row + 100 * (kind == "MCC"))
            for kind in ("LMP", "MCC") for row, at in enumerate(hours(24))]  # fmt: skip
    text = lines("time_utc,kind,price", rows)
    with pytest.raises(InputError, match=r"choose rows with where, by kind"):
        price(tmp_path, text)
    assert price(tmp_path, text, where={"kind": "LMP"}).mean() == pytest.approx(41.5)
    with pytest.raises(InputError, match=r"no row holds 'LMQ'; there are LMP, MCC; did you mean 'LMP'"):
        price(tmp_path, text, where={"kind": "LMQ"})


@pytest.mark.parametrize("clip", [True, 0.0, (0.0, None)])
def test_small_negatives_are_cut_where_it_is_said(tmp_path, clip):
    rows = [(f"{at:%Y-%m-%dT%H:%MZ}", 30 if 8 <= row < 16 else -0.2) for row, at in enumerate(hours(24))]
    files = keep(tmp_path, lines("time_utc,solar_mw", rows))
    spec = FileGeneration(file="x.csv", power_column="solar_mw")
    with pytest.raises(InputError, match=r"row 1: must be from 0 to .* MW, got -0.2; .*clip: true"):
        spec.signal(Span(files, START.timestamp(), 86_400.0))
    cut = FileGeneration(file="x.csv", power_column="solar_mw", clip=clip)
    assert cut.signal(Span(files, START.timestamp(), 86_400.0)).integral() == pytest.approx(240.0 * HOUR_S)


# --- cover and holes


def test_hours_that_become_quarters_are_whole(tmp_path):
    stamps = [*hours(12), *hours(48, START + timedelta(hours=12), 15)]
    rows = [(f"{at:%Y-%m-%dT%H:%MZ}", 1 + (row >= 12)) for row, at in enumerate(stamps)]
    assert price(tmp_path, lines("time_utc,price", rows)).mean() == pytest.approx(1.5)


@pytest.mark.parametrize("dropped", [[40], [40, 41, 42], [40, 44], [94]])
def test_a_hole_is_a_hole_whatever_the_file_held_before(tmp_path, dropped):
    stamps = [*hours(240, START - timedelta(days=10)), *hours(96, step_min=15)]
    kept = [at for row, at in enumerate(stamps) if row - 240 not in dropped]
    text = lines("time_utc,price", [(f"{at:%Y-%m-%dT%H:%MZ}", 50) for at in kept])
    first = START + timedelta(minutes=15 * dropped[0])
    with pytest.raises(InputError, match=rf"has no row for {first:%Y-%m-%dT%H:%MZ} to .*max_gap_s: .* fills it"):
        price(tmp_path, text)
    assert price(tmp_path, text, max_gap_s=2700.0).mean() == pytest.approx(50.0)


def test_a_load_by_the_clock_is_a_course_and_one_in_seconds_a_record_of_changes(tmp_path):
    rows = [(f"{at:%Y-%m-%dT%H:%MZ}", 50) for row, at in enumerate(hours(24)) if row not in {9, 10}]
    with pytest.raises(InputError, match=r"has no row for 2025-01-01T09:00Z to 2025-01-01T11:00Z"):
        load(tmp_path, lines("time_utc,power_mw", rows), time_column="time_utc")
    assert load(tmp_path, "time_s,power_mw\n0,80\n3600,20\n").at(80_000.0) == 20.0
    with pytest.raises(InputError, match=r"covers 2025-01-01T00:00Z to 2025-01-02T00:00Z, the run needs"):
        load(tmp_path, LOAD_DAY, 2 * 86_400.0, time_column="time_utc")
    held = load(tmp_path, LOAD_DAY, 2 * 86_400.0, time_column="time_utc", outside="hold")
    assert held.at(1.5 * 86_400.0) == 73.0


def test_what_is_filled_is_kept(tmp_path):
    rows = [(f"{at:%Y-%m-%dT%H:%MZ}", 50) for row, at in enumerate(hours(24)) if row not in {9, 10}]
    files = keep(tmp_path, lines("time_utc,power_mw", rows))
    spec = ReplayLoad(type="replay", name="ai", file="x.csv", time_column="time_utc", max_gap_s=7200.0)
    spec.signal(Span(files, START.timestamp(), 86_400.0))
    assert files.filled() == {"x.csv": ((9 * HOUR_S, 11 * HOUR_S),)}


def test_nominal_is_for_frequency_alone():
    with pytest.raises(ValueError, match=r"nominal is for frequency alone"):
        FilePowerPrice(file="x.csv", outside="nominal")


# --- ready shapes


def test_the_operators_own_files_need_no_more_than_their_name(tmp_path):
    start = datetime(2024, 11, 3, 5, tzinfo=UTC)
    hour = [("01:00", "N"), ("02:00", "N"), ("02:00", "Y"), *((f"{at:02}:00", "N") for at in range(3, 25))]
    mis = lines(
        "DeliveryDate,HourEnding,SettlementPoint,SettlementPointPrice,DSTFlag",
        [("11/03/2024", ending, "HB_WEST", 20 + row, flag) for row, (ending, flag) in enumerate(hour)],
    )
    assert price(tmp_path, mis, 25 * HOUR_S, start=start).value.tolist() == [20.0 + row for row in range(25)]
    rtm = lines(
        "DeliveryDate,DeliveryHour,DeliveryInterval,SettlementPointName,SettlementPointType,SettlementPointPrice,DSTFlag",
        [("01/01/2025", 1 + row // 4, 1 + row % 4, "HB_WEST", "HU", row, "N") for row in range(96)],
    )
    assert price(tmp_path, rtm, start=START + timedelta(hours=6)).mean() == pytest.approx(47.5)
    pjm = lines(
        "datetime_beginning_utc,datetime_beginning_ept,pnode_id,pnode_name,total_lmp_da",
        [(f"{at:%m/%d/%Y %I:%M:%S %p}", "", 51217, "WESTERN HUB", 30 + row) for row, at in enumerate(hours(24))],
    )
    assert price(tmp_path, pjm).mean() == pytest.approx(41.5)
    aemo = lines(
        "REGION,SETTLEMENTDATE,TOTALDEMAND,RRP,PERIODTYPE",
        [
            ("NSW1", f"{at + timedelta(hours=10, minutes=5):%Y/%m/%d %H:%M:%S}", 7000, 100, "TRADE")
            for at in hours(288, step_min=5)
        ],
    )
    assert price(tmp_path, aemo, currency_usd=0.65).mean() == pytest.approx(65.0)
    entsoe = lines(
        "MTU (CET/CEST),Day-ahead Price [EUR/MWh]",
        [
            (f"{at + timedelta(hours=1):%d.%m.%Y %H:%M} - {at + timedelta(hours=2):%d.%m.%Y %H:%M}", 50)
            for at in hours(24, START.replace(day=20))
        ],
    )
    assert price(tmp_path, entsoe, start=START.replace(day=20), currency_usd=1.1).mean() == pytest.approx(55.0)


def test_oasis_prices_are_the_whole_price_unless_another_part_is_asked_for(tmp_path):
    rows = [
        (f"{at:%Y-%m-%dT%H:%M:%S}-00:00", "2025-02-01T01:00:00-00:00", "TH_X", "DAM", kind, 30 + row + extra)
        for kind, extra in (("LMP", 0), ("MCC", 1000)) for row, at in enumerate(hours(24))
    ]  # fmt: skip
    text = lines("INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,NODE,MARKET_RUN_ID,LMP_TYPE,MW", rows)
    assert price(tmp_path, text).mean() == pytest.approx(41.5)
    assert price(tmp_path, text, where={"LMP_TYPE": "MCC"}).mean() == pytest.approx(1041.5)


def test_requests_that_failed_are_left_out_and_known_records_are_read(tmp_path):
    rows = [(row, "A", 150, 220 if row % 2 == 0 else 0, 370, "API log") for row in range(600)]
    files = keep(tmp_path, lines("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type", rows))
    spec = RequestsFile(file="x.csv", input_column="Request tokens", output_column="Response tokens")
    rate, work = spec.read(Span(files, 0.0, 600.0), 60.0, 10, Traffic())
    assert rate.tolist() == [0.5] * 10
    assert work.tolist() == [220.0] * 10
    rows = [(f"{START + timedelta(seconds=row):%Y-%m-%d %H:%M:%S}.1234567", 100, 50) for row in range(120)]
    files = keep(tmp_path, lines("TIMESTAMP,ContextTokens,GeneratedTokens", rows), "azure.csv")
    spec = RequestsFile(file="azure.csv", input_column="ContextTokens", output_column="GeneratedTokens")
    assert spec.read(Span(files, START.timestamp(), 120.0), 60.0, 2, Traffic())[0].tolist() == [1.0, 1.0]


def test_power_of_renewables_ninja_is_read_in_its_unit(tmp_path):
    rows = [(f"{at:%Y-%m-%d %H:%M}", f"{at:%Y-%m-%d %H:%M}", 500) for at in hours(24)]
    text = '# Renewables.ninja Wind\n# {"capacity": 1000}\n' + lines("time,local_time,electricity", rows)
    spec = FileGeneration(file="x.csv")
    assert spec.signal(Span(keep(tmp_path, text), START.timestamp(), 86_400.0)).mean() == pytest.approx(0.5)


# --- bounds


def test_a_small_file_of_very_many_rows_of_text_is_refused_cheaply(tmp_path, monkeypatch):
    monkeypatch.setattr("sim.tables.sources.MAX_TEXT_ROWS", 1000)
    content = gzip.compress(b"time_s,power_mw\n" + b"x,y\n" * 2000)
    with pytest.raises(
        InputError, match=r"column 'time_s', row 1: must be a .* in a file of more than 1,000 rows; got 'x'"
    ):
        load(tmp_path, content, name="x.csv.gz")


@pytest.mark.parametrize(("column", "value"), [("power", 80_000.0), ("site_mw", 80_000.0)])
def test_a_load_far_above_the_limit_is_refused_with_the_likely_cause(tmp_path, column, value):
    keep(tmp_path, f"time_s,{column}\n0,{value}\n")
    load = {"name": "ai", "type": "replay", "file": "x.csv", "power_column": column}
    with pytest.raises(InputError, match=r"x.csv loads: column .* for most of the run, 8e\+04 MW on average: if"):
        a_scenario(tmp_path, loads=[load])
    assert a_scenario(tmp_path, loads=[{**load, "unit": "kw"}] if column == "power" else [{**load, "unit": "mw"}])


def test_what_was_filled_stands_in_the_result(tmp_path):
    rows = [(f"{at:%Y-%m-%dT%H:%MZ}", 50) for row, at in enumerate(hours(24)) if row not in {9, 10}]
    keep(tmp_path, lines("time_utc,power_mw", rows))
    load = {"name": "ai", "type": "replay", "file": "x.csv", "time_column": "time_utc", "max_gap_s": 7200.0}
    result = run(a_scenario(tmp_path, start="2025-01-01T00:00:00Z", days=1.0, loads=[load]))
    assert result.metrics["filled_s"] == 7200.0
    keep(tmp_path, "time_s,power_mw\n0,50\n", "y.csv")
    whole = a_scenario(tmp_path, loads=[{"name": "ai", "type": "replay", "file": "y.csv"}])
    assert run(whole).metrics["filled_s"] == 0.0


@pytest.mark.parametrize(
    ("text", "said", "message"),
    [
        (
            "time_s,load_percent\n0,50\n",
            {"power_column": "load_percent"},
            "'load_percent' is in percent by its name",
        ),
        ("time_utc,power_mw\n2025-01-01T00:00Z,50\n", {}, "must have at least 2 rows, got 1"),
        ("0,80\n10,70\n", {}, "no line of column names above the rows; its first line begins with '0,80'"),
    ],
)
def test_what_is_no_power_by_the_clock_is_refused(tmp_path, text, said, message):
    with pytest.raises(InputError, match=message):
        load(tmp_path, text, **said)


def test_an_index_without_a_name_is_the_column_of_times(tmp_path):
    rows = "\n".join(f"{at:%Y-%m-%d %H:%M:%S+00:00},50" for at in hours(24))
    assert load(tmp_path, f",power_mw\n{rows}\n").mean() == 50.0


def test_hours_beside_dates_are_named_and_not_averaged(tmp_path):
    text = lines("Date,HE,price", [("2025-01-01", hour, 20 + hour) for hour in range(1, 25)])
    with pytest.raises(InputError, match="name 'HE' as hour_column, if it is the hour of the day"):
        price(tmp_path, text, time_column="Date", time_zone="UTC")


def test_a_price_of_bitcoin_in_another_currency_is_refused(tmp_path):
    rows = [(f"{at:%Y-%m-%d}", 50, 95_000) for at in hours(3, step_min=1440)]
    files = keep(tmp_path, lines("date_utc,hashprice_usd_ph_day,price_eur", rows))
    with pytest.raises(InputError, match="'price_eur' is in eur by its name"):
        FileBitcoin(file="x.csv", price_column="price_eur").signals(Span(files, START.timestamp(), 86_400.0))


def test_the_load_of_a_system_in_gigawatts_is_refused_until_it_is_stated(tmp_path):
    files = keep(tmp_path, lines("time_utc,load", [(f"{at:%Y-%m-%dT%H:%MZ}", 50) for at in hours(24)]))
    span = Span(files, START.timestamp(), 86_400.0)
    with pytest.raises(InputError, match="is no load of the system in MW: none is above 50; state its unit"):
        SystemLoad(file="x.csv", load_column="load").signal(span)
    assert SystemLoad(file="x.csv", load_column="load", unit="gw").signal(span).mean() == pytest.approx(50_000.0)
