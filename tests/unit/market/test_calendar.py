from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sim.market.calendar import hour_of_week, utc_offset_s


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

    hours = hour_of_week(
        np.array([first.timestamp(), (first + timedelta(hours=1)).timestamp()]), "America/Chicago"
    )

    assert hours.tolist() == [6 * 24 + 1.5] * 2


def test_utc_is_its_own_local_time():
    assert utc_offset_s(np.array([0.0, 1e9]), "UTC").tolist() == [0.0, 0.0]
