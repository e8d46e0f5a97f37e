"""Outdoor temperature: from a file of a typical year, or made from two cosines."""

import math
from abc import abstractmethod
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.signals import FloatArray, Signal
from sim.span import Span
from sim.spec import UNSAID, Spec
from sim.tables import Files
from sim.tables.reading import TableReading
from sim.tables.typical_year import year_of
from sim.units import HOURS_PER_DAY, SECONDS_PER_HOUR

COMMON_YEAR_D: Final = 365
LEAP_DAY: Final = 59
"""Day of a leap year, counted from 0, that a typical year has not: 29 February takes the weather of the
28th."""
OffsetHours = Annotated[float, Field(ge=-14.0, le=14.0)]
Temperature = Annotated[float, Field(ge=-60.0, le=60.0)]
Swing = Annotated[float, Field(ge=0.0, le=50.0)]


class _Weather(Spec):
    """Base of every description of the weather."""

    utc_offset_h: OffsetHours

    @abstractmethod
    def year_c(self, files: Files) -> FloatArray:
        """Return the temperature at the start of each of the 8,760 hours of a year in local time [°C]."""

    def outdoor_c(self, span: Span) -> Signal:
        """Return the outdoor temperature over a run, straight lines from hour to hour [°C].

        Parameters
        ----------
        span
            The run.

        Raises
        ------
        InputError
            The file is missing or holds no year of temperatures.
        """
        local_s = span.start_utc_s + self.utc_offset_h * SECONDS_PER_HOUR
        first = math.floor(local_s / SECONDS_PER_HOUR)
        hours = first + np.arange(math.ceil(span.end_s / SECONDS_PER_HOUR) + 2, dtype=np.int64)
        at_hours = Signal.linear(
            hours * SECONDS_PER_HOUR - local_s,
            self.year_c(span.files)[hour_of_year(hours)],
            (hours[-1] + 1) * SECONDS_PER_HOUR - local_s,
        )
        return at_hours.clip_time(0.0, span.end_s)


class FileWeather(_Weather, TableReading):
    """A typical year from a file, the same each year.

    EPW, TMY3, PSM3 and PVGIS files are read as they are published.
    """

    type: Literal["file"]
    file: Annotated[str, Field(min_length=1)]
    """EPW, CSV (plain or .gz) or Parquet file with a row for each hour of a year of 365 days: columns
    ``month``, ``day`` and ``hour`` in local standard time, and one of temperatures. Hours 1 to 24 are the
    time of the value, hours 0 to 23 the hour's start."""
    column: str = "dry_bulb_c"
    """Column of the outdoor dry-bulb temperature [°C]; where there is none of this name, the usual one."""
    stamp: Literal["start", "end"] | None = UNSAID
    """Which end of its hour an hour from 0 to 23 marks; left out: the start."""
    utc_offset_h: OffsetHours
    """Local standard time less UTC [h]: -6 in Texas and Illinois."""

    def year_c(self, files: Files) -> FloatArray:
        """Return the temperatures of the file [°C]; raise InputError where it is no year of them."""
        ends = None if self.stamp is None else self.stamp == "end"
        return year_of(self, self.table(files), self.column, self.utc_offset_h, ends=ends)


class SyntheticWeather(_Weather):
    """A year made from two cosines: one over the year, one over the day. Every day of a date is alike."""

    type: Literal["synthetic"] = "synthetic"
    mean_c: Temperature = 19.0
    """Mean temperature of the year [°C]. Default: about that of Dallas; assumption."""
    annual_c: Swing = 11.0
    """Warmest day's mean less the year's [°C]. Default: assumption."""
    daily_c: Swing = 6.0
    """Warmest hour less the day's mean [°C]. Default: assumption."""
    warmest_day_d: Annotated[float, Field(ge=0.0, le=365.0)] = 205.0
    """Warmest day, from 1 January [d]. Default: assumption."""
    warmest_hour_h: Annotated[float, Field(ge=0.0, le=24.0)] = 16.0
    """Warmest time of day, local standard time [h]. Default: assumption."""
    utc_offset_h: OffsetHours = -6.0
    """Local standard time less UTC [h]. Default: Texas."""

    def year_c(self, files: Files) -> FloatArray:  # noqa: ARG002  # as in its base
        """Return the temperatures of the two cosines [°C]."""
        days = [
            self.mean_c + self.annual_c * math.cos(2.0 * math.pi * (day - self.warmest_day_d) / COMMON_YEAR_D)
            for day in range(COMMON_YEAR_D)
        ]
        hours = [
            self.daily_c * math.cos(2.0 * math.pi * (hour - self.warmest_hour_h) / HOURS_PER_DAY)
            for hour in range(int(HOURS_PER_DAY))
        ]
        return np.array([day_c + hour_c for day_c in days for hour_c in hours])


AnyWeather = Annotated[FileWeather | SyntheticWeather, Field(discriminator="type")]
"""Any weather, told apart by its ``type``."""


def hour_of_year(hours: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the hour of a year of 365 days, from 0, that each hour since 1970 is; 29 February is the 28th.

    Parameters
    ----------
    hours
        Whole hours since 1970-01-01T00:00 in local time.

    Examples
    --------
    New year 2024, and noon on 29 February and 1 March of that leap year:

    >>> hour_of_year(np.array([473_352, 474_780, 474_804])).tolist()
    [0, 1404, 1428]
    """
    hours_per_day = int(HOURS_PER_DAY)
    day = (hours // hours_per_day).astype("datetime64[D]")
    year = day.astype("datetime64[Y]")
    of_year = (day - year.astype("datetime64[D]")).astype(int)
    leap = ((year + 1).astype("datetime64[D]") - year.astype("datetime64[D]")).astype(int) > COMMON_YEAR_D
    of_year = of_year - (leap & (of_year >= LEAP_DAY))
    return np.asarray(of_year * hours_per_day + hours % hours_per_day)
