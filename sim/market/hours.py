"""Hours of the week on local clocks: what a tariff and a schedule are stated in."""

from typing import Annotated, Final, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from sim.market.calendar import hour_of_week, utc_offset_s
from sim.spec import Spec
from sim.units import HOURS_PER_DAY, SECONDS_PER_DAY, SECONDS_PER_MINUTE, BoolArray, FloatArray

STEP_S: Final = SECONDS_PER_MINUTE
"""Hours are stated to the minute."""
_WEEKDAYS: Final = (0, 1, 2, 3, 4)
_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
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
        if self.day == "all":
            return tuple(range(7))
        if isinstance(self.day, str):
            return _WEEKDAYS if self.day == "weekdays" else (5, 6)
        return tuple(_NAMES.index(day) for day in self.day)

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
