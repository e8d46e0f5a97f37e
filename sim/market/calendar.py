"""Local time: what the clocks of a zone show, daylight saving included; hours of the week stated by them."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from datetime import time as datetime_time
from typing import Annotated, Final, Literal, NamedTuple, Self, get_args
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from sim.spec import Spec
from sim.units import (
    EPOCH_HOUR_OF_WEEK,
    HOURS_PER_DAY,
    HOURS_PER_WEEK,
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    SECONDS_PER_MINUTE,
    SECONDS_PER_QUARTER,
    BoolArray,
    FloatArray,
)


def utc_offset_s(utc_s: FloatArray, time_zone: str) -> FloatArray:
    """Return by how much the clocks of a zone are ahead of UTC.

    Parameters
    ----------
    utc_s
        Instants [s since 1970-01-01T00:00Z], shape (n,).
    time_zone
        Name in the IANA data base, ``America/Chicago``.

    Returns
    -------
    numpy.ndarray
        Local time less UTC [s], shape (n,).

    Examples
    --------
    The last second of winter time in Chicago in 2024, and the first of summer time:

    >>> (utc_offset_s(np.array([1_710_057_599.0, 1_710_057_600.0]), "America/Chicago") / 3600.0).tolist()
    [-6.0, -5.0]
    """
    zone = ZoneInfo(time_zone)
    quarters, which = np.unique(np.floor(utc_s / SECONDS_PER_QUARTER), return_inverse=True)
    offsets = [_offset_s(quarter * SECONDS_PER_QUARTER, zone) for quarter in quarters.tolist()]
    return np.array(offsets, dtype=np.float64)[which]


def _offset_s(utc_s: float, zone: ZoneInfo) -> float:
    offset = datetime.fromtimestamp(utc_s, UTC).astimezone(zone).utcoffset()
    return 0.0 if offset is None else offset.total_seconds()


def hour_of_week(utc_s: FloatArray, time_zone: str) -> FloatArray:
    """Return the hour of the week that the clocks of a zone show.

    Parameters
    ----------
    utc_s
        Instants [s since 1970-01-01T00:00Z], shape (n,).
    time_zone
        Name in the IANA data base, ``America/Chicago``.

    Returns
    -------
    numpy.ndarray
        Hours since Monday 00:00 on the local clock [h], from 0 to below 168, shape (n,).

    Examples
    --------
    Noon in UTC on Monday 8 January and Monday 8 July 2024, in Chicago:

    >>> hour_of_week(np.array([1_704_715_200.0, 1_720_440_000.0]), "America/Chicago").tolist()
    [6.0, 7.0]
    """
    local_s = utc_s + utc_offset_s(utc_s, time_zone)
    return np.asarray((local_s / SECONDS_PER_HOUR + EPOCH_HOUR_OF_WEEK) % HOURS_PER_WEEK)


def hour_of_day(utc_s: FloatArray, time_zone: str) -> FloatArray:
    """Return the hour of the day that the clocks of a zone show [h]; takes what `hour_of_week` does.

    Examples
    --------
    >>> hour_of_day(np.array([1_720_440_000.0]), "America/Chicago").tolist()
    [7.0]
    """
    return hour_of_week(utc_s, time_zone) % HOURS_PER_DAY


class LocalMonth(NamedTuple):
    """A calendar month, by local clocks."""

    name: str
    """Year and month: ``2024-07``."""
    start_utc_s: float
    """Local midnight of its first day [s since 1970-01-01T00:00Z]."""
    end_utc_s: float
    """That of the month after [s since 1970-01-01T00:00Z]."""


def local_months(from_utc_s: float, until_utc_s: float, zone: tzinfo) -> list[LocalMonth]:
    """Return the local months that a span of time touches.

    Parameters
    ----------
    from_utc_s, until_utc_s
        The span [s since 1970-01-01T00:00Z]; it ends after it begins.
    zone
        Whose clocks count.

    Examples
    --------
    March 2024 in Chicago is an hour short:

    >>> (march,) = local_months(1_710_000_000.0, 1_710_000_001.0, ZoneInfo("America/Chicago"))
    >>> march.name, (march.end_utc_s - march.start_utc_s) / 3600.0 - 31.0 * 24.0
    ('2024-03', -1.0)
    """
    first = datetime.fromtimestamp(from_utc_s, zone)
    number = 12 * first.year + first.month - 1
    months = [_month(number, zone)]
    while months[-1].end_utc_s < until_utc_s:
        number += 1
        months.append(_month(number, zone))
    return months


def _month(number: int, zone: tzinfo) -> LocalMonth:
    firsts = (datetime(each // 12, each % 12 + 1, 1, tzinfo=zone) for each in (number, number + 1))
    return LocalMonth(f"{number // 12}-{number % 12 + 1:02}", *(first.timestamp() for first in firsts))


def daily_utc_s(
    from_utc_s: float, until_utc_s: float, time_zone: str, hour_h: float = 0.0
) -> list[tuple[float, float]]:
    """Return when local clocks show an hour on each day of a span, and the end of the day that follows.

    Parameters
    ----------
    from_utc_s, until_utc_s
        The span [s since 1970-01-01T00:00Z]; days from the day before its first to its last are returned.
    time_zone
        Name in the IANA data base.
    hour_h
        Hour that the clocks show [h], from 0 to below 24.

    Returns
    -------
    list of tuple of float
        For each day the instant, and the end of the day that follows [s since 1970-01-01T00:00Z].
    """
    zone = ZoneInfo(time_zone)
    day = datetime.fromtimestamp(from_utc_s, zone).date() - timedelta(days=1)
    last = datetime.fromtimestamp(until_utc_s, zone).date()
    found = []
    while day <= last:
        wall = datetime.combine(day, datetime_time(), zone) + timedelta(hours=hour_h)  # wall clock, not elapsed
        end = datetime.combine(day + timedelta(days=2), datetime_time(), zone)
        found.append((wall.timestamp(), end.timestamp()))
        day += timedelta(days=1)
    return found


def midnight_utc_s(day: date, time_zone: str) -> float:
    """Return when a day begins on the clocks of a zone [s since 1970-01-01T00:00Z].

    Examples
    --------
    >>> midnight_utc_s(date(2025, 12, 5), "America/Chicago")
    1764914400.0
    """
    return datetime.combine(day, datetime_time(), ZoneInfo(time_zone)).timestamp()


def month_edges_s(start_utc_s: float, end_s: float, offset_s: float) -> tuple[tuple[str, ...], FloatArray]:
    """Return the calendar months of a run, on a clock at a fixed offset from UTC.

    Parameters
    ----------
    start_utc_s
        The run's start [s since 1970-01-01T00:00Z].
    end_s
        The run's end [s from its start], above 0.
    offset_s
        Local time less UTC [s].

    Returns
    -------
    names : tuple of str
        ``2026-01``, shape (n,).
    edges_s : numpy.ndarray
        Start, the first instant of each later month, and end [s from the start], shape (n + 1,).

    Examples
    --------
    Sixty days from noon on 1 January 2026, in UTC:

    >>> month_edges_s(1_767_268_800.0, 60 * 86_400.0, 0.0)
    (('2026-01', '2026-02', '2026-03'), array([      0., 2635200., 5054400., 5184000.]))
    """
    months = local_months(start_utc_s, start_utc_s + end_s, timezone(timedelta(seconds=offset_s)))
    later_s = [month.start_utc_s - start_utc_s for month in months[1:]]
    return tuple(month.name for month in months), np.array([0.0, *later_s, end_s])


STEP_S: Final = SECONDS_PER_MINUTE
"""Hours are stated to the minute."""
DayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: Final = {"all": range(7), "weekdays": range(5), "weekends": range(5, 7)}
AS_TUPLE: Final = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
"""Lists are taken for tuples, in a policy too, which is not validated by way of JSON."""
ClockHour = Annotated[float, Field(ge=0.0, le=24.0)]


class HoursOfDay(Spec):
    """Some hours of some days, by local clocks."""

    from_h: ClockHour = 0.0
    """First hour, as clocks show it [h]: 14.5 is half past two."""
    until_h: ClockHour = 24.0
    """Hour at which it is over [h]; below ``from_h``: on the next morning."""
    day: Annotated[
        Literal["all", "weekdays", "weekends"] | Annotated[tuple[DayName, ...], Field(min_length=1)], AS_TUPLE
    ] = "all"
    """Days on which it begins: ``all``, ``weekdays``, ``weekends``, or names, ``[mon, thu]``."""
    months: Annotated[
        Annotated[tuple[Annotated[int, Field(ge=1, le=12)], ...], Field(min_length=1)] | None, AS_TUPLE
    ] = None
    """Months in which it holds, 1 to 12; left out: all."""

    @model_validator(mode="after")
    def _is_some_time(self) -> Self:
        if self.from_h == self.until_h:
            raise ValueError(f"from_h and until_h must differ, got {self.from_h:g} both")
        return self

    @property
    def _day_numbers(self) -> tuple[int, ...]:
        if isinstance(self.day, str):
            return tuple(_DAYS[self.day])
        return tuple(get_args(DayName).index(day) for day in self.day)

    def holds(self, utc_s: FloatArray, time_zone: str) -> BoolArray:
        """Tell at which instants it holds.

        Parameters
        ----------
        utc_s
            Instants [s since 1970-01-01T00:00Z], shape (n,).
        time_zone
            Zone whose clocks count.

        Examples
        --------
        Noon and one o'clock in Chicago, on Friday 3 January 2025:

        >>> noon = HoursOfDay(from_h=12.0, until_h=13.0)
        >>> noon.holds(np.array([1735927200.0, 1735930800.0]), "America/Chicago").tolist()
        [True, False]
        """
        week_h = np.round(hour_of_week(utc_s, time_zone), 9)
        day, hour_h = np.floor(week_h / HOURS_PER_DAY).astype(int), week_h % HOURS_PER_DAY
        on_day = np.isin(day, self._day_numbers)
        if self.from_h < self.until_h:
            inside = on_day & (hour_h >= self.from_h) & (hour_h < self.until_h)
        else:
            since_yesterday = np.isin((day - 1) % 7, self._day_numbers) & (hour_h < self.until_h)
            inside = (on_day & (hour_h >= self.from_h)) | since_yesterday
        if self.months is None:
            return np.asarray(inside)
        local_s = utc_s + utc_offset_s(utc_s, time_zone)
        month = local_s.astype("datetime64[s]").astype("datetime64[M]").astype(int) % 12 + 1
        return np.asarray(inside & np.isin(month, self.months))


def minutes_of(start_utc_s: float, length_s: float) -> FloatArray:
    """Return the whole minutes of a stretch of time, its start before them [s since 1970-01-01T00:00Z].

    Examples
    --------
    >>> minutes_of(30.0, 100.0).tolist()
    [30.0, 60.0, 120.0]
    """
    first = np.floor(start_utc_s / STEP_S) * STEP_S + STEP_S
    return np.concatenate([[start_utc_s], np.arange(first, start_utc_s + length_s, STEP_S)])


def next_change_utc_s(hours: tuple[HoursOfDay, ...], utc_s: float, time_zone: str) -> float:
    """Return when any of some hours next begins or ends; at most a day later [s since 1970-01-01T00:00Z]."""
    minutes = minutes_of(utc_s, SECONDS_PER_DAY)
    states = np.array([each.holds(minutes, time_zone) for each in hours])
    changes = np.flatnonzero((states[:, 1:] != states[:, :-1]).any(axis=0))
    return float(minutes[changes[0] + 1]) if changes.size else float(utc_s + SECONDS_PER_DAY)
