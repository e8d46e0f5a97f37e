"""Coincident peaks: transmission charged on what a site draws at peaks of the system."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import AwareDatetime, Field

from sim.errors import InputError
from sim.market.calendar import LocalMonth, daily_utc_s, hour_of_day, local_months, utc_offset_s
from sim.market.forecasts import LoadRecord
from sim.market.series import Course, Place, published_signal, step_signals
from sim.shipped import shipped
from sim.signals import FloatArray, Signal
from sim.span import Span
from sim.spec import SIZED, NonNegative, Spec, TimeZone, some_of
from sim.tables import Files
from sim.tables.cover import Wanted, column_values
from sim.tables.quantities import QUANTITIES
from sim.tables.reading import SeriesReading
from sim.tables.timeline import HOLE_RATIO, timeline_of
from sim.units import KW_PER_MW, SECONDS_PER_MINUTE, SECONDS_PER_QUARTER


@dataclass(frozen=True, slots=True)
class PeakRule:
    """Which peaks of the system a year's transmission is charged by."""

    months: list[int]
    """Months that have them, 1 to 12."""
    peaks_count: int
    """How many there are in a year [1]."""
    interval_min: float
    """Length of the interval over which load and demand are means [min]."""
    is_monthly: bool
    """Whether each month has one; else the highest days of all these months have one each."""
    source: str
    """Who sets it, its state, and where that was read."""


PEAK_RULES: Final = {name: PeakRule(**rule) for name, rule in shipped("sim.market", "peak_rules.json").items()}
"""Rules by name; they stand in ``peak_rules.json`` beside this module."""


def peak_rate_usd_per_mw(rate_usd_per_kw_year: float, peaks_count: int = 4) -> float:
    """Return what a MW drawn at one of a year's peaks costs in the year after [USD/MW].

    Examples
    --------
    >>> peak_rate_usd_per_mw(60.0), peak_rate_usd_per_mw(60.0, 12)
    (15000.0, 5000.0)
    """
    return rate_usd_per_kw_year * KW_PER_MW / peaks_count


class CoincidentPeak(NamedTuple):
    """An interval in which the system's load is highest: of a month, or of a day."""

    name: str
    """Year and month, ``2024-08``, or the day."""
    start_s: float
    """When it begins [s from the run's start]; may lie outside the run."""
    end_s: float
    """When it ends [s from the run's start]."""
    load_mw: float = 0.0
    """Mean load of the system over it [MW]; zero where it is not known."""


class LocalHours(NamedTuple):
    """What local clocks show over a run, hour by hour."""

    hour_h: Signal
    """The last whole hour that struck [h], 0 to 23."""
    month_count: Signal
    """The month, 1 to 12."""


class SystemLoad(Course, SeriesReading):
    """Load of the whole system, from a file; each row holds from its time until the next row's."""

    file: str = Field(min_length=1)
    """CSV (plain or .gz) or Parquet file, relative to the scenario file or a data folder. A month's peak is
    known where the file holds the whole month, be the run shorter."""
    time_column: str = "time_utc"
    """Column with the START of each interval, as ISO-8601 with zone or offset."""
    load_column: str = "system_load_mw"
    """Column with the mean load of each interval [MW]."""
    publication_delay_s: NonNegative | None = None
    """Time from the start of an interval until policies see its load [s]; by default it ends first."""

    def signal(self, span: Span) -> Signal:
        """Return the load over the run, as steps [MW]."""
        return step_signals(self, Place(self.time_column), [self._wanted], span)[0]

    def record(self, files: Files, start_utc_s: float = 0.0) -> LoadRecord:
        """Return all that the file holds, its times from a start on [s since 1970-01-01T00:00Z]."""
        timeline = timeline_of(self, self.table(files), self.time_column, 0.0)
        if timeline.from_start:
            what = f"column '{timeline.time_column}': months are told by the clock"
            raise InputError.single(self.file, "", f"{what}; must hold times, not seconds")
        load_mw = column_values(self, timeline, self._wanted, slice(0, 0), keep_blanks=True)
        spacing_s = float(np.median(np.diff(timeline.time_s)))
        delay_s = spacing_s if self.publication_delay_s is None else self.publication_delay_s
        return LoadRecord(timeline.time_s - start_utc_s, load_mw, spacing_s, delay_s)

    def late(self, span: Span) -> Signal:
        """Return the load as it is published, as steps [MW]."""
        place, delay_s = Place(self.time_column), self.record(span.files).delay_s
        return published_signal(self, place, self._wanted, delay_s, span)

    @property
    def _wanted(self) -> Wanted:
        return Wanted(self.load_column, QUANTITIES["system_load"])


class FourCoincidentPeaks(Spec):
    """Transmission charged by the year, on the mean power at the year's coincident peaks before.

    By ERCOT's rule a peak is the interval of June, July, August or September in which the system's load is
    highest, of 15 minutes. From a file of hours it is an hour, and the site's demand the mean of that hour.
    The rule may be replaced: the regulator of Texas is to finish its review by the end of 2026. Policies that
    look out for peaks do so from June to September alone.
    """

    rule: Literal[*PEAK_RULES] = "ercot-4cp"  # type: ignore[valid-type]  # the names of a table
    """Which peaks count: ``ercot-4cp``, ``ercot-12cp`` (as proposed) or ``pjm-5cp``."""
    minimum_mw: NonNegative = 0.0
    """Mean demand that is billed at the least [MW]. Default: none; of the minimum that goes with the proposed
    rule no size was seen."""

    system_load: SystemLoad | None = None
    """Load of the system whose peaks count; policies see it. Or ``peak_times``, one of both."""
    peak_times: Annotated[tuple[AwareDatetime, ...], Field(max_length=1000)] = ()
    """When the intervals of the peaks began, ISO 8601 with an offset, in place of a file: they are charged,
    and no policy sees them coming."""
    peak_interval_min: Annotated[float, Field(ge=1.0, le=60.0)] = 15.0
    """Length of the interval of each of ``peak_times`` [min]. Default: ERCOT's."""
    rate_usd_per_kw_year: Annotated[float, Field(gt=0.0, le=1000.0), SIZED] = 65.0
    """What a kW at the peaks costs for the year after [USD/kW/year]; the default is unverified, 45 to 80 is
    the range in Texas (unverified)."""
    previous_average_mw: NonNegative
    """The site's mean power at the four peaks of the year before, on which this year's charge rests [MW]."""
    time_zone: TimeZone = "America/Chicago"
    """Time zone of the calendar months, and of the hours that policies see."""

    _one_source = some_of("system_load", "peak_times")

    @property
    def usd_per_mw(self) -> float:
        """What a MW of mean power at one of the four peaks costs in the year after [USD/MW]."""
        return peak_rate_usd_per_mw(self.rate_usd_per_kw_year, self.terms.peaks_count)

    @property
    def terms(self) -> PeakRule:
        """Which peaks count."""
        return PEAK_RULES[self.rule]

    def peaks(self, span: Span) -> tuple[CoincidentPeak, ...]:
        """Return the peaks of the years that a run touches, of the months that the file holds as a whole.

        Parameters
        ----------
        span
            The run.
        """
        if self.system_load is None:
            return self._stated_peaks(span)
        record, found = self.system_load.record(span.files), list[CoincidentPeak]()
        for name, first_s, last_s in self.peak_months(span):
            found += self._tops(record, name, (first_s, last_s), span)
        if self.terms.is_monthly:
            return tuple(found)
        seasons = [[peak for peak in found if peak.name[:4] == year] for year in {peak.name[:4] for peak in found}]
        whole = [days for days in seasons if len({day.name[:7] for day in days}) == len(self.terms.months)]
        highest = [sorted(days, key=attrgetter("load_mw"))[-self.terms.peaks_count :] for days in whole]
        return tuple(sorted(peak for days in highest for peak in days))

    def _tops(
        self, record: LoadRecord, month: str, month_s: tuple[float, float], span: Span
    ) -> Iterator[CoincidentPeak]:
        """Yield the highest interval of a month, or of each of its days; none where the file lacks a part."""
        utc_s, load_mw, spacing_s, _ = record
        rows = slice(*np.searchsorted(utc_s, month_s))
        utc_s, load_mw = utc_s[rows], load_mw[rows]
        if not _is_whole(utc_s, load_mw, spacing_s, month_s):
            return
        length_s = max(spacing_s, self.terms.interval_min * SECONDS_PER_MINUTE)
        if length_s > spacing_s:
            utc_s, place = np.unique(utc_s // length_s * length_s, return_inverse=True)
            load_mw = np.bincount(place, load_mw) / np.bincount(place)
        local_s = (utc_s + utc_offset_s(utc_s, self.time_zone)).astype("datetime64[s]")
        days = local_s.astype("datetime64[M]" if self.terms.is_monthly else "datetime64[D]")
        for day in np.unique(days):
            top = np.flatnonzero(days == day)[np.argmax(load_mw[days == day])]
            at_s = float(utc_s[top]) - span.start_utc_s
            name = month if self.terms.is_monthly else str(day)
            yield CoincidentPeak(name, at_s, at_s + length_s, float(load_mw[top]))

    def unknown_count(self, span: Span, peaks: Iterable[str]) -> int:
        """Return how many of the run's peak months have none of the known peaks; a season is known whole."""
        part = slice(7 if self.terms.is_monthly else 4)
        known = {name[part] for name in peaks}
        return sum(
            name[part] not in known and first_s < span.end_utc_s and last_s > span.start_utc_s
            for name, first_s, last_s in self.peak_months(span)
        )

    def _stated_peaks(self, span: Span) -> tuple[CoincidentPeak, ...]:
        """Return the peaks that are stated, of the years that a run touches."""
        length_s = self.peak_interval_min * SECONDS_PER_MINUTE
        found = []
        for name, first_s, last_s in self.peak_months(span):
            for time in sorted(self.peak_times):
                if first_s <= time.timestamp() < last_s:
                    start_s = time.timestamp() - span.start_utc_s
                    called = name if self.terms.is_monthly else f"{time:%Y-%m-%d}"
                    found.append(CoincidentPeak(called, start_s, start_s + length_s))
        return tuple(found)

    def peak_months(self, span: Span) -> list[LocalMonth]:
        """Return the peak months of the years that a run touches."""
        zone = ZoneInfo(self.time_zone)
        first, last = (datetime.fromtimestamp(at_s, zone) for at_s in (span.start_utc_s, span.end_utc_s))
        from_utc_s = datetime(first.year, 1, 1, tzinfo=zone).timestamp()
        until_utc_s = datetime(last.year + 1, 1, 1, tzinfo=zone).timestamp()
        months = local_months(from_utc_s, until_utc_s, zone)
        return [month for month in months if int(month.name[-2:]) in self.terms.months]

    def published_peak(self, load: SystemLoad, span: Span) -> Signal:
        """Return the calendar month's highest load published by now, as steps [MW]; zero where none is.

        A month's rows from before the run count where the file holds them.
        """
        utc_s, load_mw, _, delay_s = load.record(span.files)
        times_s, peaks_mw = [np.array([0.0])], [np.array([0.0])]
        for _, first_s, last_s in local_months(span.start_utc_s, span.end_utc_s, ZoneInfo(self.time_zone)):
            rows = (utc_s >= first_s) & (utc_s + delay_s < last_s) & np.isfinite(load_mw)
            times_s += [np.array([first_s]) - span.start_utc_s, utc_s[rows] + delay_s - span.start_utc_s]
            peaks_mw += [np.array([0.0]), np.maximum.accumulate(load_mw[rows])]
        seen_s = np.maximum(np.concatenate(times_s)[1:], 0.0)  # what came before the run stands at its start
        return Signal.steps(seen_s, np.concatenate(peaks_mw)[1:], span.end_s)

    def local_hours(self, span: Span) -> LocalHours:
        """Return what local clocks show over the run, hour by hour."""
        first, last = (second // SECONDS_PER_QUARTER for second in (span.start_utc_s, span.end_utc_s))
        quarters_s = np.arange(first + 1.0, last + 1.0) * SECONDS_PER_QUARTER
        strikes_s = quarters_s[hour_of_day(quarters_s, self.time_zone) % 1.0 == 0.0]
        utc_s = np.concatenate([[span.start_utc_s], strikes_s])
        hours_h = np.floor(hour_of_day(utc_s, self.time_zone))
        zone = ZoneInfo(self.time_zone)
        months = [float(datetime.fromtimestamp(at_s, zone).month) for at_s in utc_s.tolist()]
        times_s = utc_s - span.start_utc_s
        return LocalHours(Signal.steps(times_s, hours_h, span.end_s), Signal.steps(times_s, months, span.end_s))

    def midnights_s(self, span: Span) -> FloatArray:
        """Return when local days end, from the run's start until after its end [s], shape (n,)."""
        days = daily_utc_s(span.start_utc_s, span.end_utc_s, self.time_zone)
        return np.unique(np.array([at for pair in days for at in pair])) - span.start_utc_s


def _is_whole(utc_s: FloatArray, load_mw: FloatArray, spacing_s: float, span_s: tuple[float, float]) -> bool:
    """Tell whether rows fill a span of time, without a hole or a blank."""
    if not utc_s.size or not np.isfinite(load_mw).all():
        return False
    edges_s = np.concatenate([utc_s, [span_s[1]]])
    return bool(utc_s[0] - span_s[0] < spacing_s and np.diff(edges_s).max() <= HOLE_RATIO * spacing_s)
