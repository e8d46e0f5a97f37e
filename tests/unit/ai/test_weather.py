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
        (lambda rows: rows[:-1], r"column 'month' must hold the 8,760 hours .* got 8,759 rows"),
        (lambda rows: [rows[1], rows[0], *rows[2:]], r"column 'hour' must hold"),
        (lambda rows: [*rows[:-1], (*rows[-1][:3], "400")], r"between -90 and 60 °C; got 0 to 400 °C"),
    ],
)
def test_file_that_is_no_year_of_weather_is_refused(weather, change, message):
    spec, files = weather(change)

    with pytest.raises(InputError, match=message):
        spec.outdoor_c(Span(files, 0.0, HOUR_S))
