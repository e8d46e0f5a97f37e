r"""Instructions to draw less, within what a contract of firm and non-firm megawatts allows.

Notes
-----
*By the calendar*: on each day on which the contract may be called it is called with the same chance, until
its calls or hours are used up; the start is drawn within the hours allowed.

*By net load*, the method of Norris et al. 2025 (from a public note on it): a system of hourly load :math:`D`
that was built for its seasonal peak :math:`\hat D` takes a new flat load :math:`\Lambda`, and cuts

.. math:: c_t = \max(0, D_t + \Lambda - \hat D)

of it. :math:`\hat D` is that of June to August for April to October, that of December to February for the
other months; :math:`\Lambda` is such that a stated share of its energy is cut. It does not contain: the grid
between load and generation, outages, weather beyond that of the file.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import Annotated, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import Field, TypeAdapter

from sim.errors import InputError
from sim.market.calendar import midnight_utc_s, utc_offset_s
from sim.market.four_cp import SystemLoad
from sim.rng import LIMIT_CALLS
from sim.shipped import shipped
from sim.span import Span
from sim.spec import SIZED, Fraction, Spec, TimeZone
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE, FloatArray

Mark = Literal["primary", "secondary", "proposed", "assumption"]
"""How sure an entry is: read in the tariff or order; told by others; not yet adopted; nobody's number."""
ALL_YEAR: Final = tuple(range(1, 13))
EVERY_DAY: Final = tuple(range(7))


@dataclass(frozen=True, slots=True)
class CallWindow:
    """When a contract may be called, by local clocks."""

    months: tuple[int, ...] = ALL_YEAR
    """Months, 1 to 12."""
    first_day: int = 1
    """First day of the first month."""
    last_day: int = 31
    """Last day of the last month."""
    spans_h: tuple[tuple[float, float], ...] = ((0.0, 24.0),)
    """Start and end of the hours of a day in which it may be called [h]."""
    weekdays: tuple[int, ...] = EVERY_DAY
    """Days of the week, 0 = Monday."""
    most_calls_count: int | None = None
    """Calls in a year within this window at most [1]."""

    def holds(self, day: date) -> bool:
        """Tell whether a day lies in it; the first day counts in its first month, the last in its last."""
        if day.month not in self.months or day.weekday() not in self.weekdays:
            return False
        after_start = day.month != self.months[0] or day.day >= self.first_day
        before_end = day.month != self.months[-1] or day.day <= self.last_day
        return after_start and before_end


@dataclass(frozen=True, slots=True)
class FlexibleContract:
    """What a load that can give way signs."""

    title: str
    """What it is called."""
    notice_s: float | None
    """Time from a call until it binds [s]."""
    windows: tuple[CallWindow, ...]
    """When it may be called."""
    most_hours_h: float | None
    """Hours called in a year at most [h]."""
    most_events_count: int | None
    """Calls in a year at most [1]."""
    longest_event_h: float | None
    """Longest call [h]."""
    ramp_s: float | None
    """Time in which the load moves to what it is told, in a line [s]."""
    sells_services: bool
    """Whether the load may sell ancillary services, or be paid for demand response."""
    security_usd_per_mw: float | None
    """Collateral for each MW [USD/MW]."""
    status: str
    """In force, filed, proposed; since when."""
    source: str
    """Where that was read."""
    mark: Mark
    """How sure it is."""

    def window_at(self, local: datetime) -> CallWindow | None:
        """Return the window in which it may be called at a local time; None: it may not."""
        hour_h = local.hour + local.minute * SECONDS_PER_MINUTE / SECONDS_PER_HOUR
        for window in self.windows:
            if window.holds(local.date()) and any(low <= hour_h < high for low, high in window.spans_h):
                return window
        return None


CONTRACTS: Final[Mapping[str, FlexibleContract]] = TypeAdapter(dict[str, FlexibleContract]).validate_python(
    shipped("sim.market", "contracts.json")
)
"""Contracts by name, out of ``contracts.json`` beside this module: who offers them, how they are called.

Events and hours are capped apart: "10 to 20 events a year" says nothing of hours. What no source was seen to
say is None. Each entry carries its state and how sure it is; none is legal advice.
"""


SUMMER_MONTHS: Final = (4, 5, 6, 7, 8, 9, 10)
"""Months that are held against the peak of June to August."""
SUMMER_PEAK_MONTHS: Final = (6, 7, 8)
WINTER_PEAK_MONTHS: Final = (12, 1, 2)
SEASON_DAYS: Final = 85
"""Days of a season that a file must hold at the least, of 90 or 92: the peak of a part of it is no peak."""


class Call(NamedTuple):
    """One instruction to draw less."""

    from_s: float
    """From when it binds [s from the run's start]."""
    until_s: float
    """When it is over [s]."""
    depth_fraction: float
    """Share of the non-firm megawatts that is taken [1]."""


class CalendarCalls(Spec):
    """Calls drawn over the days on which a contract may be called."""

    type: Literal["calendar"] = "calendar"
    """Kind of instructions."""
    yearly_calls_count: Annotated[float, Field(gt=0.0, le=10_000.0), SIZED]
    """Calls in a year, on average [1]; the contract's caps hold besides."""
    event_h: Annotated[float, Field(gt=0.0, le=744.0), SIZED] = 4.0
    """Length of a call [h], no longer than the contract and its hours allow. Default: the 3 to 4 h of
    emergency calls in PJM (secondary)."""
    depth_fraction: Fraction = 1.0
    """Share of the non-firm megawatts that a call takes [1]. Default: all, an assumption."""
    time_zone: TimeZone = "America/Chicago"
    """Zone by whose clocks the contract's hours are."""

    def calls(self, contract: FlexibleContract, span: Span) -> tuple[Call, ...]:
        """Return the calls of a run, in order of time.

        Parameters
        ----------
        contract
            What may be called, and how often.
        span
            The time of the run; each day of it takes its numbers of the stream, called or not.
        """
        draws, used = span.stream(LIMIT_CALLS), _Used(contract)
        chance = cache(partial(self._chance, contract))
        found = []
        for day in self._days(span):
            luck, place, which = draws.random(3).tolist()
            window = next((one for one in contract.windows if one.holds(day)), None)
            if window is None or luck >= chance(day.year):
                continue
            call = self._call(midnight_utc_s(day, self.time_zone) - span.start_utc_s, window, contract, place, which)
            if used.takes(day, window, (call.until_s - call.from_s) / SECONDS_PER_HOUR):
                found.append(call)
        return tuple(call for call in found if call.from_s < span.end_s and call.until_s > 0.0)

    def _chance(self, contract: FlexibleContract, year: int) -> float:
        """Return the chance of a call on a day that may have one."""
        days = (date(year, 1, 1) + timedelta(days=number) for number in range(365))
        open_days = sum(any(window.holds(day) for window in contract.windows) for day in days)
        return min(1.0, self.yearly_calls_count / max(1, open_days))

    def _call(
        self, midnight_s: float, window: CallWindow, contract: FlexibleContract, place: float, which: float
    ) -> Call:
        from_h, until_h = window.spans_h[int(which * len(window.spans_h))]
        longest_h = until_h - from_h if contract.longest_event_h is None else contract.longest_event_h
        length_h = min(self.event_h, longest_h, until_h - from_h)
        begin_h = from_h + place * (until_h - from_h - length_h)
        from_s = midnight_s + round(begin_h * SECONDS_PER_HOUR)
        return Call(from_s, from_s + length_h * SECONDS_PER_HOUR, self.depth_fraction)

    def _days(self, span: Span) -> Iterator[date]:
        zone = ZoneInfo(self.time_zone)
        first, last = (datetime.fromtimestamp(at_s, zone).date() for at_s in (span.start_utc_s, span.end_utc_s))
        for number in range(-1, (last - first).days + 1):
            yield first + timedelta(days=number)


class NetLoadCalls(Spec):
    """Calls in the hours in which a system has no room for all of a new load; how deep follows from it."""

    type: Literal["net-load"]
    """Kind of instructions."""
    system_load: SystemLoad
    """Load of the system, or its load less wind and sun; the seasonal peaks are those of the whole file,
    which must hold its seasons whole."""
    energy_fraction: Annotated[float, Field(gt=0.0, le=0.1)] = 0.005
    """Share of the new load's energy that is cut over the file [1]; 0.0025, 0.005 and 0.01 were published.
    Default: assumption."""
    time_zone: TimeZone = "America/Chicago"
    """Zone by whose clocks the seasons and the contract's hours are."""

    def calls(self, contract: FlexibleContract, span: Span) -> tuple[Call, ...]:
        """Return the calls of a run, hour by hour; raise InputError where the file does not serve it."""
        self.system_load.signal(span)  # tells what of the run the file lacks
        utc_s, load_mw, spacing_s, _ = self.system_load.record(span.files)
        room_mw = self._room_mw(utc_s, load_mw)
        new_mw = new_load_mw(room_mw, self.energy_fraction)
        if new_mw == 0.0:
            share = f"energy_fraction = {self.energy_fraction:g}"
            message = f"stands at its season's peak for more than {share} of the time: no new load fits"
            raise InputError.single(self.system_load.file, "", message)
        depth = np.clip(1.0 - room_mw / new_mw, 0.0, 1.0)
        within = (utc_s > span.start_utc_s - spacing_s) & (utc_s < span.end_utc_s) & (depth > 0.0)
        used, zone, found = _Used(contract), ZoneInfo(self.time_zone), list[Call]()
        event_h, length_h = 0.0, spacing_s / SECONDS_PER_HOUR
        for at_utc_s, share in zip(utc_s[within].tolist(), depth[within].tolist(), strict=True):
            local = datetime.fromtimestamp(at_utc_s, zone)
            from_s = at_utc_s - span.start_utc_s
            event_h = event_h + length_h if found and found[-1].until_s == from_s else length_h
            window = contract.window_at(local)
            if window is None or _is_above(event_h, contract.longest_event_h):
                continue
            if used.takes(local.date(), window, length_h, begins=event_h == length_h):
                found.append(Call(from_s, from_s + spacing_s, share))
        return tuple(found)

    def _room_mw(self, utc_s: FloatArray, load_mw: FloatArray) -> FloatArray:
        """Return the seasonal peak less the load [MW]; NaN where the load is blank."""
        local_s = utc_s + utc_offset_s(utc_s, self.time_zone)
        days = local_s.astype("datetime64[s]").astype("datetime64[D]")
        month = days.astype("datetime64[M]").astype(np.int64) % 12 + 1
        summer = np.isin(month, SUMMER_MONTHS)
        peaks_mw = []
        for peak_months in (SUMMER_PEAK_MONTHS, WINTER_PEAK_MONTHS):
            rows = np.isin(month, peak_months) & np.isfinite(load_mw)
            known = np.unique((days - days.astype("datetime64[M]"))[rows].astype(np.int64) * 12 + month[rows])
            if known.size < SEASON_DAYS:
                message = f"has {known.size} days of the months {peak_months}, whose peak the method needs: "
                whole = "must hold whole seasons, such as a calendar year"
                raise InputError.single(self.system_load.file, "", message + whole)
            peaks_mw.append(load_mw[rows].max())
        return np.asarray(np.maximum(0.0, np.where(summer, *peaks_mw) - load_mw))


AnyCalls = Annotated[CalendarCalls | NetLoadCalls, Field(discriminator="type")]
"""Any way in which a contract is called, told apart by its ``type``."""


def new_load_mw(room_mw: FloatArray, energy_fraction: float) -> float:
    """Return the flat load of which a share of energy is cut, as it may draw no more than the room [MW].

    Parameters
    ----------
    room_mw
        Room for it, interval by interval [MW], not below 0, shape (n,); NaN counts for nothing.
    energy_fraction
        The share [1], above 0 and below 1.

    Examples
    --------
    Of 4 h at 100 MW, 10 % are cut where an hour has room for 60 MW:

    >>> new_load_mw(np.array([60.0, 100.0, 200.0, 300.0]), 0.10)
    100.0
    """
    room = np.sort(room_mw[np.isfinite(room_mw)])
    count, least = np.arange(1.0, room.size + 1.0), energy_fraction * room.size
    # cut in the first k intervals: k L - sum(room) = f n L; the right k leaves L within the next one's room
    with np.errstate(divide="ignore"):
        loads = np.where(count > least, np.cumsum(room) / (count - least), np.inf)
    fits = loads <= np.append(room[1:], np.inf)
    return float(loads[np.argmax(fits)])


class _Used:
    """What of a contract's caps is used, year by year."""

    def __init__(self, contract: FlexibleContract) -> None:
        self._contract = contract
        self._hours: defaultdict[int, float] = defaultdict(float)
        self._events: Counter[tuple[int, CallWindow | None]] = Counter()

    def takes(self, day: date, window: CallWindow, length_h: float, *, begins: bool = True) -> bool:
        """Take a call, or more of one, if the caps allow it, and tell whether they did."""
        keys = (day.year, None), (day.year, window)
        events, calls = (self._events[key] + begins for key in keys)
        hours = self._hours[day.year] + length_h
        if (
            _is_above(hours, self._contract.most_hours_h)
            or _is_above(events, self._contract.most_events_count)
            or _is_above(calls, window.most_calls_count)
        ):
            return False
        self._hours[day.year] = hours
        self._events.update(keys if begins else ())
        return True


def _is_above(value: float, cap: float | None) -> bool:
    return cap is not None and value > cap
