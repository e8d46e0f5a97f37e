from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sim.market.calendar import HoursOfDay, hour_of_week, month_edges_s, utc_offset_s


def utc_s(*when):
    return datetime(*when, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("zone", "when"),
    [
        ("America/Chicago", (2024, 3, 10)),  # a day of 23 hours
        ("America/Chicago", (2024, 11, 3)),  # a day of 25 hours
        ("Europe/Berlin", (2024, 3, 31)),
        ("Australia/Lord_Howe", (2024, 4, 6)),  # changes by half an hour
        ("Asia/Kathmandu", (2024, 6, 1)),  # 5 h 45 min ahead
        ("America/Chicago", (2024, 12, 31)),
        ("America/Chicago", (2024, 2, 28)),  # a leap day follows
    ],
)
def test_hour_of_week_is_what_the_clocks_show_minute_by_minute(zone, when):
    minutes = utc_s(*when) + 60.0 * np.arange(2 * 1440)

    clocks = [datetime.fromtimestamp(t, UTC).astimezone(ZoneInfo(zone)) for t in minutes.tolist()]

    shown = [clock.weekday() * 24.0 + clock.hour + clock.minute / 60.0 for clock in clocks]
    assert hour_of_week(minutes, zone) == pytest.approx(shown, abs=1e-9)


def test_the_hour_that_comes_twice_comes_twice():
    first = datetime(2024, 11, 3, 6, 30, tzinfo=UTC)  # 01:30 in Chicago, in summer time

    hours = hour_of_week(np.array([first.timestamp(), (first + timedelta(hours=1)).timestamp()]), "America/Chicago")

    assert hours.tolist() == [6 * 24 + 1.5] * 2


def test_utc_is_its_own_local_time():
    assert utc_offset_s(np.array([0.0, 1e9]), "UTC").tolist() == [0.0, 0.0]


def test_a_run_within_a_month_is_one_month():
    names, edges_s = month_edges_s(1_767_268_800.0, 10 * 86_400.0, 0.0)  # noon UTC on 1 January 2026
    assert names == ("2026-01",)
    assert edges_s.tolist() == [0.0, 10 * 86_400.0]


def test_months_begin_at_local_midnight():
    start_utc_s = 1_767_247_200.0  # 2026-01-01T00:00:00-06:00
    names, edges_s = month_edges_s(start_utc_s, 60 * 86_400.0, -21_600.0)
    assert names == ("2026-01", "2026-02", "2026-03")
    assert edges_s.tolist() == [0.0, 31 * 86_400.0, 59 * 86_400.0, 60 * 86_400.0]


def test_a_run_that_ends_as_a_month_ends_has_no_empty_month():
    names, _ = month_edges_s(1_767_247_200.0, 31 * 86_400.0, -21_600.0)
    assert names == ("2026-01",)


def test_months_of_a_leap_year_add_up():
    names, edges_s = month_edges_s(1_704_067_200.0, 366 * 86_400.0, 0.0)  # 2024 in UTC
    assert len(names) == 12
    assert np.diff(edges_s / 86_400.0).tolist() == [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def test_hours_that_end_on_the_next_morning_are_those_of_the_day_on_which_they_begin():
    night = HoursOfDay(from_h=22.0, until_h=4.0, day=("sat",))
    # Saturday 1 June 2024, at one and at eleven in the evening, and at two on the three mornings after it
    times = [(1, 1), (1, 23), (2, 2), (3, 2), (4, 2)]
    assert night.holds(np.array([utc_s(2024, 6, *time) for time in times]), "UTC").tolist() == [
        False,
        True,
        True,
        False,
        False,
    ]
