"""Frequency inside a run as it was measured, alone or with what the site adds to it.

Measured frequency is straight between its rows, the model's answer to the site is known in closed form, and
so is their sum: leaving a band is looked for chord by chord, and then found on the exact curve.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import Annotated, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, Field, model_validator

from sim.errors import InputError
from sim.grid.frequency.live import PASSED_HZ, LiveFrequency
from sim.grid.line import Line
from sim.signals import FloatArray, Signal
from sim.span import Span
from sim.spec import NonNegative, Spec
from sim.tables import Table

TIME_NAMES: Final = ("time_utc", "time_s")
"""What the column of times is called: the first that a file has is taken."""
WIDEST_FRACTION: Final = 0.2
"""Farthest from nominal that a row may be, over nominal: beyond, it is no frequency, or of another grid."""
MIN_STEP_S: Final = 1e-6
"""Shortest time between two rows [s]; a float resolves less on a run of many years."""
LEAST_ROWS: Final = 2


class FrequencyFile(Spec):
    """A measured frequency, as a recorder writes it: straight lines from row to row, nominal outside them."""

    file: Annotated[str, Field(min_length=1)]
    """CSV (plain or .gz) or Parquet file with a column of times and one of frequencies, two rows or more."""
    time_column: str | None = None
    """Column of times, strictly increasing: seconds from the scenario's start where its name ends in ``_s``,
    else ISO 8601 with Z or an offset. By default the first there is of ``time_utc``, ``time_s``."""
    frequency_column: str = "frequency_hz"
    """Column of frequencies [Hz], within a fifth of the grid's nominal_hz. A blank row is a sample that is
    missing: the line goes on to the next."""
    at: AwareDatetime | None = None
    """When the first row happens in the run, ISO 8601 with an offset; or ``at_s``. With either the file may
    be of any other day, and its times may stand without an offset. Left out: at the row's own time."""
    at_s: NonNegative | None = None
    """When the first row happens [s from the scenario's start]; or ``at``."""

    @model_validator(mode="after")
    def _begins_once(self) -> Self:
        if self.at is not None and self.at_s is not None:
            raise ValueError("the first row happens once: state at or at_s, not both")
        return self

    def frequency_hz(self, span: Span, nominal_hz: float) -> Signal:
        """Return the frequency from the scenario's start to its end [Hz].

        Parameters
        ----------
        span
            The run.
        nominal_hz
            Nominal frequency of the grid [Hz], which holds outside the file's rows.

        Raises
        ------
        InputError
            If the file is missing, its times do not increase or miss the run, or a frequency is missing or
            farther from nominal than `WIDEST_FRACTION`; names file, row, value and what is allowed.
        """
        table = span.files.table(self.file)
        time_s = self._times_s(table, span.start_utc_s)
        frequency_hz = table.numbers(self.frequency_column, blanks=True)
        self._check(frequency_hz, nominal_hz)
        there = ~np.isnan(frequency_hz)
        time_s, frequency_hz = time_s[there], frequency_hz[there]
        self._check_place(time_s, span.end_s)
        times_s, values_hz = np.append(time_s, time_s[-1]), np.append(frequency_hz, nominal_hz)
        if time_s[0] > 0.0:
            times_s = np.concatenate([[0.0, time_s[0]], times_s])
            values_hz = np.concatenate([[nominal_hz, nominal_hz], values_hz])
        return Signal.linear(times_s, values_hz, max(span.end_s, float(times_s[-1]))).clip_time(
            0.0, span.end_s
        )

    def _times_s(self, table: Table, start_utc_s: float) -> FloatArray:
        """Return when the rows happen [s from the scenario's start]."""
        column = self.time_column or next((name for name in TIME_NAMES if name in table.columns), "time_utc")
        moved = self.at is not None or self.at_s is not None
        if column.endswith("_s"):
            time_s = table.increasing(column)
        else:
            time_s = table.clock_s(column) if moved else table.times_utc_s(column) - start_utc_s
        if moved:
            first_s = self.at.timestamp() - start_utc_s if self.at is not None else self.at_s or 0.0
            time_s = time_s - time_s[0] + first_s
        self._refuse(
            time_s, np.diff(time_s, prepend=-np.inf) < MIN_STEP_S, column, f"{MIN_STEP_S:g} s after the last"
        )
        return time_s

    def _check(self, frequency_hz: FloatArray, nominal_hz: float) -> None:
        """Refuse what is no frequency of this grid."""
        widest_hz = WIDEST_FRACTION * nominal_hz
        allowed = (
            f"from {nominal_hz - widest_hz:g} to {nominal_hz + widest_hz:g} Hz, a fifth of the grid's "
            f"nominal_hz of {nominal_hz:g} Hz"
        )
        self._refuse(
            frequency_hz, np.abs(frequency_hz - nominal_hz) > widest_hz, self.frequency_column, allowed
        )

    def _check_place(self, time_s: FloatArray, end_s: float) -> None:
        """Refuse rows that say nothing of the run."""
        if time_s.size < LEAST_ROWS:
            message = f"must have {LEAST_ROWS} rows with a frequency or more, got {time_s.size}"
            raise InputError.single(self.file, "", message)
        if time_s[-1] <= 0.0 or time_s[0] >= end_s:
            message = (
                f"no row lies within the run, 0 to {end_s:g} s; its rows are at {time_s[0]:.0f} to "
                f"{time_s[-1]:.0f} s from the start: state at or at_s, when the first row happens"
            )
            raise InputError.single(self.file, "", message)

    def _refuse(self, values: FloatArray, bad: NDArray[np.bool_], column: str, must: str) -> None:
        """Raise InputError for the first bad row, if there is one."""
        if bad.any():
            row = int(np.argmax(bad))
            message = f"column '{column}', row {row + 1}: must be {must}; got {values[row]:g}"
            raise InputError.single(self.file, "", message)


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

    def advance(
        self,
        lines: Sequence[Line],
        to_s: float,
        record: Recorded | None = None,
    ) -> None:
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

    def _chords(
        self, lines: Sequence[Line], until_s: float
    ) -> Iterator[tuple[float, float, Callable[[float], float]]]:
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

    return float(
        brentq(lambda time_s: beyond_hz(time_s) - 2.0 * PASSED_HZ, piece.start_s, piece.end_s, xtol=1e-12)
    )


def _on_top(piece: _Piece, record: Recorded) -> Recorded:
    """Return what records a chord of the site's answer with the measured piece added."""

    def add(start_s: float, frequency_hz: float, slope_hz_per_s: float) -> None:
        record(start_s, frequency_hz + piece.at_hz(start_s), slope_hz_per_s + piece.slope_hz_per_s)

    return add


def _nothing_hz(_: float) -> float:
    return 0.0
