"""Frequency inside a run as it was measured, alone or with what the site adds to it.

Measured frequency is straight between its rows, the model's answer to the site is known in closed form, and
so is their sum: leaving a band is looked for chord by chord, and then found on the exact curve.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import Annotated, Final, NamedTuple

import numpy as np
from pydantic import AwareDatetime, Field

from sim.grid.frequency.live import PASSED_HZ, LiveFrequency
from sim.grid.line import Line
from sim.signals import Signal
from sim.span import Span
from sim.spec import NonNegative, some_of
from sim.tables.cover import Needed, Wanted, covered
from sim.tables.quantities import Quantity
from sim.tables.reading import SeriesReading
from sim.tables.stamps import USUAL_TIME

BRIDGED_ROWS: Final = 10.0
"""Samples in a row that may be missing, where ``max_gap_s`` does not say how long a hole may be."""
WIDEST_FRACTION: Final = 0.2
"""Farthest from nominal that a row may be, over nominal: beyond, it is no frequency, or of another grid."""


class FrequencyFile(SeriesReading):
    """A measured frequency, as a recorder writes it: straight lines from row to row.

    It covers the run, or ``outside`` says what holds. Holes of a few rows are crossed in a line.
    """

    counts_seconds = True
    has_nominal = True
    file: Annotated[str, Field(min_length=1)]
    """CSV (plain or .gz) or Parquet file with a column of times and one of frequencies, two rows or more."""
    time_column: str | None = None
    """Column of times, strictly increasing: seconds from the scenario's start where it holds numbers, else
    times by the clock. By default the first of ``time_utc``, ``time_s`` and the other usual names."""
    frequency_column: str = "frequency_hz"
    """Column of frequencies [Hz], within a fifth of the grid's nominal_hz. A blank row is a sample that is
    missing: the line goes on to the next."""
    at: AwareDatetime | None = None
    """When the first row happens in the run, ISO 8601 with an offset; or ``at_s``. With either the file may
    be of any other day, and its times may stand without an offset. Left out: at the row's own time."""
    at_s: NonNegative | None = None
    """When the first row happens [s from the scenario's start]; or ``at``."""

    _begins_once = some_of("at", "at_s", least=0)

    def frequency_hz(self, span: Span, nominal_hz: float) -> Signal:
        """Return the frequency from the scenario's start to its end [Hz].

        Parameters
        ----------
        span
            The run.
        nominal_hz
            Nominal frequency of the grid [Hz].

        Raises
        ------
        InputError
            If the file is missing, its times do not increase or miss the run, or a frequency is missing or
            farther from nominal than `WIDEST_FRACTION`; names file, row, value and what is allowed.
        """
        needed = Needed(
            span.start_utc_s,
            span.end_s,
            by_line=True,
            first_s=self._first_s(span.start_utc_s),
            to_the_end=True,
            bridged_rows=BRIDGED_ROWS,
        )
        wanted = Wanted(self.frequency_column, _frequency(nominal_hz))
        found = covered(self, span.files, self.time_column or USUAL_TIME, [wanted], needed)
        time_s, values_hz = found.time_s, found.values[0]
        outside = nominal_hz if self.outside == "nominal" else None
        if outside is not None and time_s[-1] < span.end_s:
            time_s, values_hz = np.append(time_s, time_s[-1]), np.append(values_hz, outside)
        if time_s[0] > 0.0:
            first_hz = values_hz[0] if outside is None else outside
            time_s = np.concatenate([[0.0, time_s[0]], time_s])
            values_hz = np.concatenate([[first_hz, first_hz], values_hz])
        return Signal.linear(time_s, values_hz, max(span.end_s, float(time_s[-1]))).clip_time(0.0, span.end_s)

    def _first_s(self, start_utc_s: float) -> float | None:
        """Return when the first row happens [s from the scenario's start], where it is stated."""
        return self.at.timestamp() - start_utc_s if self.at is not None else self.at_s


def _frequency(nominal_hz: float) -> Quantity:
    """Return what a grid's frequency may be."""
    widest_hz = WIDEST_FRACTION * nominal_hz
    hint = f"a fifth of the grid's nominal_hz of {nominal_hz:g} Hz either way"
    return Quantity(
        "frequency", "hz", ("frequency",), "frequency_column", nominal_hz - widest_hz, nominal_hz + widest_hz, hint
    )


def spacing_s(frequency_hz: Signal, nominal_hz: float) -> tuple[float, float]:
    """Return the usual and the longest time between two rows of a measured frequency in a run [s].

    Examples
    --------
    >>> spacing_s(Signal.linear([0.0, 2.0, 4.0, 10.0], [50.0, 50.01, 50.02, 50.0], 10.0), 50.0)
    (2.0, 6.0)
    """
    away = (frequency_hz.value != nominal_hz) | (frequency_hz.slope_per_s != 0.0)
    lengths_s = np.diff(np.append(frequency_hz.time_s, frequency_hz.end_s))[away]
    return (float(np.median(lengths_s)), float(lengths_s.max())) if lengths_s.size else (0.0, 0.0)


Recorded = Callable[[float, float, float], None]
"""Told the start [s], the frequency there [Hz] and the slope [Hz/s] of a chord."""
AHEAD_COUNT: Final = 64
"""Rows that are looked at in one look ahead; what lies beyond is looked at when the time has come."""


class _Piece(NamedTuple):
    """A straight piece of measured deviation."""

    start_s: float
    end_s: float
    deviation_hz: float
    slope_hz_per_s: float

    def at_hz(self, time_s: float) -> float:
        """Return the deviation at a time [Hz]."""
        return self.deviation_hz + self.slope_hz_per_s * (time_s - self.start_s)


class MeasuredFrequency:
    """A measured frequency as it is met in a run, from its start on.

    Parameters
    ----------
    frequency_hz
        The measured frequency [Hz], over the whole run.
    nominal_hz
        Nominal frequency [Hz].
    live
        What the site adds, of a grid with the same nominal frequency; None: nothing, the site is too small to
        move this grid.

    Examples
    --------
    >>> dip = MeasuredFrequency(Signal.linear([0.0, 10.0, 12.0, 60.0], [60.0, 60.0, 59.6, 60.0], 60.0), 60.0)
    >>> round(dip.when_outside([], 60.0, 59.7, 60.3), 6)
    11.5
    """

    def __init__(self, frequency_hz: Signal, nominal_hz: float, live: LiveFrequency | None = None) -> None:
        self._nominal_hz = nominal_hz
        self._live = live
        # plain floats without a copy: a year of 2 s has 16 million rows
        self._times_s = frequency_hz.time_s.data
        self._values_hz = frequency_hz.value.data
        self._slopes = frequency_hz.slope_per_s.data
        self.time_s = 0.0
        """How far it has been advanced [s]."""

    @property
    def frequency_hz(self) -> float:
        """Frequency at that time [Hz]."""
        measured_hz = self._piece(self._place(self.time_s), self.time_s).deviation_hz
        return measured_hz + (self._nominal_hz if self._live is None else self._live.frequency_hz)

    def looks_until_s(self) -> float:
        """Return how far `when_outside` can look now [s]; infinity: to the end."""
        place = self._place(self.time_s) + AHEAD_COUNT
        return self._times_s[place] if place < len(self._times_s) else inf

    def advance(self, lines: Sequence[Line], to_s: float, record: Recorded | None = None) -> None:
        """Go on to a time along lines of load; see `LiveFrequency.advance`."""
        if self._live is not None:
            for piece in self._pieces(self.time_s, to_s):
                told = None if record is None else _on_top(piece, record)
                self._live.advance(lines, piece.end_s, told)
        self.time_s = to_s

    def when_outside(self, lines: Sequence[Line], until_s: float, low_hz: float, high_hz: float) -> float:
        """Return when frequency will leave a band; infinity: not as far as it looks.

        See `LiveFrequency.when_outside`; it looks no farther than `looks_until_s`.
        """
        low, high = low_hz - self._nominal_hz, high_hz - self._nominal_hz
        for from_s, to_s, answer_hz in self._chords(lines, min(until_s, self.looks_until_s())):
            for piece in self._pieces(from_s, to_s):
                for sign, level_hz in ((1.0, high), (-1.0, -low)):
                    time_s = _passing_s(piece, answer_hz, sign, level_hz)
                    if time_s < inf:
                        return time_s
        return inf

    def _chords(self, lines: Sequence[Line], until_s: float) -> Iterator[tuple[float, float, Callable[[float], float]]]:
        """Iterate over the chords of what the site adds: start, end [s], and the deviation at a time [Hz]."""
        if self._live is None:
            yield self.time_s, until_s, _nothing_hz
            return
        for knot in self._live.knots(lines, until_s):
            yield knot.start_s, knot.time_s, knot.curve.at_hz

    def _pieces(self, from_s: float, to_s: float) -> Iterator[_Piece]:
        """Iterate over the straight pieces between two times."""
        place = self._place(from_s)
        while from_s < to_s:
            piece = self._piece(place, from_s)
            yield piece._replace(end_s=min(piece.end_s, to_s))
            from_s, place = piece.end_s, place + 1

    def _piece(self, place: int, from_s: float) -> _Piece:
        """Return what is left of a piece from a time on."""
        slope = self._slopes[place]
        end_s = self._times_s[place + 1] if place + 1 < len(self._times_s) else inf
        deviation_hz = self._values_hz[place] - self._nominal_hz + slope * (from_s - self._times_s[place])
        return _Piece(from_s, end_s, deviation_hz, slope)

    def _place(self, time_s: float) -> int:
        return bisect_right(self._times_s, time_s) - 1


def _passing_s(piece: _Piece, answer_hz: Callable[[float], float], sign: float, level_hz: float) -> float:
    """Return when the sum passes a level within a piece, out of the band [s]; infinity: it does not."""

    def beyond_hz(time_s: float) -> float:
        return sign * (piece.at_hz(time_s) + answer_hz(time_s)) - level_hz

    if beyond_hz(piece.start_s) > PASSED_HZ:  # it jumps, where a file begins or ends
        return piece.start_s
    last_hz = beyond_hz(piece.end_s)
    if last_hz <= PASSED_HZ:
        return inf
    if last_hz <= 2.0 * PASSED_HZ:
        return piece.end_s
    from scipy.optimize import brentq  # noqa: PLC0415  # slow to import, and few runs need it

    return float(brentq(lambda time_s: beyond_hz(time_s) - 2.0 * PASSED_HZ, piece.start_s, piece.end_s, xtol=1e-12))


def _on_top(piece: _Piece, record: Recorded) -> Recorded:
    """Return what records a chord of the site's answer with the measured piece added."""

    def add(start_s: float, frequency_hz: float, slope_hz_per_s: float) -> None:
        record(start_s, frequency_hz + piece.at_hz(start_s), slope_hz_per_s + piece.slope_hz_per_s)

    return add


def _nothing_hz(_: float) -> float:
    return 0.0
