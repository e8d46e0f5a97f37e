"""Instructions to draw less, drawn from what a contract allows.

Notes
-----
*By the calendar*: on each day on which the contract may be called it is called with the same chance, until
its calls or hours are used up; the start is drawn within the hours allowed.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field

from sim.market.contracts import CallWindow, FlexibleContract
from sim.rng import LIMIT_CALLS
from sim.span import Span
from sim.spec import Fraction, Spec, TimeZone
from sim.units import SECONDS_PER_HOUR


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
    yearly_calls_count: Annotated[float, Field(gt=0.0, le=10_000.0)]
    """Calls in a year, on average [1]; the contract's caps hold besides."""
    event_h: Annotated[float, Field(gt=0.0, le=744.0)] = 4.0
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
        start_utc_s, end_s, draws = span.start_utc_s, span.end_s, span.stream(LIMIT_CALLS)
        ledger = _Used(contract)
        chance = {year: self._chance(contract, year) for year in self._years(start_utc_s, end_s)}
        found = []
        for day in self._days(start_utc_s, end_s):
            luck, place, which = draws.random(3).tolist()
            window = next((one for one in contract.windows if one.holds(day)), None)
            if window is None or luck >= chance[day.year]:
                continue
            call = self._call(day, window, contract, place, which, start_utc_s)
            if ledger.takes(day, window, (call.until_s - call.from_s) / SECONDS_PER_HOUR):
                found.append(call)
        return tuple(call for call in found if call.from_s < end_s and call.until_s > 0.0)

    def _chance(self, contract: FlexibleContract, year: int) -> float:
        """Return the chance of a call on a day that may have one."""
        days = (date(year, 1, 1) + timedelta(days=number) for number in range(365))
        open_days = sum(any(window.holds(day) for window in contract.windows) for day in days)
        return min(1.0, self.yearly_calls_count / max(1, open_days))

    def _call(
        self,
        day: date,
        window: CallWindow,
        contract: FlexibleContract,
        place: float,
        which: float,
        start_utc_s: float,
    ) -> Call:
        from_h, until_h = window.spans_h[int(which * len(window.spans_h))]
        longest_h = until_h - from_h if contract.longest_event_h is None else contract.longest_event_h
        length_h = min(self.event_h, longest_h, until_h - from_h)
        begin_h = from_h + place * (until_h - from_h - length_h)
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.time_zone)).timestamp()
        from_s = midnight - start_utc_s + round(begin_h * SECONDS_PER_HOUR)
        return Call(from_s, from_s + length_h * SECONDS_PER_HOUR, self.depth_fraction)

    def _days(self, start_utc_s: float, end_s: float) -> Iterator[date]:
        zone = ZoneInfo(self.time_zone)
        day = datetime.fromtimestamp(start_utc_s, zone).date() - timedelta(days=1)
        last = datetime.fromtimestamp(start_utc_s + end_s, zone).date()
        while day <= last:
            yield day
            day += timedelta(days=1)

    def _years(self, start_utc_s: float, end_s: float) -> range:
        first, last = (
            datetime.fromtimestamp(utc_s, UTC).year for utc_s in (start_utc_s, start_utc_s + end_s)
        )
        return range(first - 1, last + 2)


class _Used:
    """What of a contract's caps is used, year by year."""

    def __init__(self, contract: FlexibleContract) -> None:
        self._contract = contract
        self._hours: dict[int, float] = {}
        self._events: dict[int, int] = {}
        self._in_window: dict[tuple[int, CallWindow], int] = {}

    def takes(self, day: date, window: CallWindow, length_h: float) -> bool:
        """Take one more call if the caps allow it, and tell whether they did."""
        hours, events = self._hours.get(day.year, 0.0), self._events.get(day.year, 0)
        calls = self._in_window.get((day.year, window), 0)
        if (
            _is_above(hours + length_h, self._contract.most_hours_h)
            or _is_above(events + 1, self._contract.most_events_count)
            or _is_above(calls + 1, window.most_calls_count)
        ):
            return False
        self._hours[day.year], self._events[day.year] = hours + length_h, events + 1
        self._in_window[day.year, window] = calls + 1
        return True


def _is_above(value: float, cap: float | None) -> bool:
    return cap is not None and value > cap
