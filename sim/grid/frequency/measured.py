"""Frequency inside a run as it was measured, alone or with what the site adds to it.

Measured frequency is straight between its rows, the model's answer to the site is known in closed form, and
so is their sum: leaving a band is looked for chord by chord, and then found on the exact curve.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import Final, NamedTuple

from sim.grid.frequency.live import PASSED_HZ, LiveFrequency
from sim.grid.line import Line
from sim.signals import Signal

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
