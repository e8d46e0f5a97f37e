from pathlib import Path

import numpy as np
import pytest

from sim.ai.weather import FileWeather, SyntheticWeather, hour_of_year
from sim.errors import InputError
from sim.span import Span
from sim.tables import Files

HOUR_S = 3600.0
NO_FILES = Files([])


@pytest.fixture
def weather(tmp_path):
    """Write a year whose temperature rises by 0.001 °C an hour, changed as wanted."""

    def write(change=lambda rows: rows):
        days = np.datetime64("2023-01-01") + np.arange(365)
        rows = [
            (str(day)[5:7], str(day)[8:10], hour, f"{0.001 * (24 * number + hour):.3f}")
            for number, day in enumerate(days)
            for hour in range(24)
        ]
        text = "\n".join(",".join(map(str, row)) for row in change(rows))
        (tmp_path / "year.csv").write_text(f"month,day,hour,dry_bulb_c\n{text}\n")
        return FileWeather(type="file", file="year.csv", utc_offset_h=-6.0), Files([tmp_path])

    return write


def test_temperature_runs_from_hour_to_hour_in_local_standard_time(weather):
    spec, files = weather()
    start_utc_s = np.datetime64("2026-01-01T18:30", "s").astype(float)  # 12:30 in local standard time

    outdoor_c = spec.outdoor_c(Span(files, start_utc_s, 2 * HOUR_S))

    assert outdoor_c.time_s.tolist() == [0.0, 1800.0, 5400.0]
    assert outdoor_c.value.tolist() == pytest.approx([0.0125, 0.013, 0.014])
    assert outdoor_c.at([7200.0]).tolist() == pytest.approx([0.0145])
    assert outdoor_c.end_s == 2 * HOUR_S


def test_years_repeat_and_the_leap_day_is_the_day_before(weather):
    spec, files = weather()
    start_utc_s = np.datetime64("2024-02-28T06:00", "s").astype(float)

    outdoor_c = spec.outdoor_c(Span(files, start_utc_s, 400 * 24 * HOUR_S))

    at_noon = [outdoor_c.at([(24.0 * day + 12.0) * HOUR_S])[0] for day in (0, 1, 2, 366)]
    assert at_noon == pytest.approx([1.404, 1.404, 1.428, 1.404])


def test_hours_before_1970_have_their_place_in_the_year():
    assert hour_of_year(np.array([-1, 0])).tolist() == [8759, 0]


def test_synthetic_year_is_warmest_when_it_says():
    spec = SyntheticWeather(mean_c=10.0, annual_c=8.0, daily_c=5.0, warmest_day_d=200.0, warmest_hour_h=15.0)

    year_c = spec.year_c(NO_FILES)

    assert year_c.argmax() == 200 * 24 + 15
    assert year_c.max() == pytest.approx(23.0)
    assert year_c.mean() == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[:-1], r"must hold the 8,760 hours .* got 8,759 rows"),
        (lambda rows: [rows[1], rows[0], *rows[2:]], r"must hold the 8,760 hours of a year in order"),
        (
            lambda rows: [*rows[:-1], (*rows[-1][:3], "400")],
            r"column 'dry_bulb_c', row 8760: must be from -90 to 60 °C, got 400; degrees Fahrenheit",
        ),
    ],
)
def test_file_that_is_no_year_of_weather_is_refused(weather, change, message):
    spec, files = weather(change)

    with pytest.raises(InputError, match=message):
        spec.outdoor_c(Span(files, 0.0, HOUR_S))


def year(write):
    """Return what a line of a file is for each hour that ends, 1 to 24, of a year of 365 days."""
    days = np.datetime64("2023-01-01") + np.arange(365)
    return [
        write(int(str(day)[5:7]), int(str(day)[8:10]), hour, 24 * number + hour)
        for number, day in enumerate(days)
        for hour in range(1, 25)
    ]


def hours_of(folder, name, text, **said):
    (folder / name).write_text(text)
    return FileWeather(type="file", file=name, utc_offset_h=-6.0, **said).year_c(Files([folder]))


RISING = 0.001 * (np.arange(8760) + 8760 * (np.arange(8760) == 0))  # the last hour of the year is its first
SHAPES = {
    "own.csv": "month,day,hour,dry_bulb_c\n" + "\n".join(year(lambda m, d, h, n: f"{m},{d},{h},{n / 1000}")),
    "own_f.csv": "month,day,hour,Temp (F)\n"
    + "\n".join(year(lambda m, d, h, n: f"{m},{d},{h},{n * 0.0018 + 32}")),
    "x.epw": "LOCATION,Here\n" + "HEAD\n" * 7
    + "\n".join(year(lambda m, d, h, n: f"1990,{m},{d},{h},60,?9?9,{n / 1000}" + ",0" * 28)),
    "tmy3.csv": '725300,"CHICAGO",IL,-6.0,41.983\nDate (MM/DD/YYYY),Time (HH:MM),ETR (W/m^2),Dry-bulb (C)\n'
    + "\n".join(year(lambda m, d, h, n: f"{m:02}/{d:02}/1988,{h:02}:00,0,{n / 1000}")),
    "pvgis.csv": "Latitude (decimal degrees): 41.983\n\nmonth,year\n1,2007\n\ntime(UTC),T2m,RH\n"
    + "\n".join(year(lambda m, d, h, n: f"2007{m:02}{d:02}:{h - 1:02}00,{(n - 7) % 8760 / 1000},50"))
    + "\n\nT2m: 2-m air temperature\n",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_each_published_shape_gives_the_same_year(tmp_path, name):
    said = {"column": "Temp (F)", "unit": "F"} if name == "own_f.csv" else {}
    found = hours_of(tmp_path, name, SHAPES[name], **said)
    if name == "pvgis.csv":  # in UTC, its own rows count the hours of local time
        assert found == pytest.approx(np.arange(8760) / 1000.0)
    else:
        assert found == pytest.approx(RISING)


def test_half_hours_of_psm3_lie_between_the_hours(tmp_path):
    rows = year(lambda m, d, h, n: f"2020,{m},{d},{h - 1},30,{n - 1}")
    found = hours_of(
        tmp_path,
        "psm3.csv",
        "Year,Month,Day,Hour,Minute,Temperature\n" + "\n".join(rows).replace("8759", "0"),
        clip=(0.0, 60.0),
    )
    assert found[:3].tolist() == [0.0, 0.5, 1.5]


def test_the_weather_that_ships_has_each_value_at_its_hour():
    folder = Path(__file__).parents[3] / "scenarios"
    spec = FileWeather(type="file", file="data/weather_tmy3_chicago_ohare.csv.gz", utc_offset_h=-6.0)
    # TMY3 of Chicago O'Hare: hour 1 (01:00) -12.2, hour 2 -11.7
    assert spec.year_c(Files([folder]))[1:3].tolist() == [-12.2, -11.7]


def test_hours_0_to_23_that_were_the_ends_are_moved_where_it_is_said(weather):
    spec, files = weather()
    moved = spec.model_copy(update={"stamp": "end"})
    assert moved.year_c(files).tolist() == np.roll(spec.year_c(files), 1).tolist()
