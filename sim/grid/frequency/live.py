"""Frequency while a run goes on: exact from one change of load to the next, and when it will leave a band.

The state moves along straight lines of load by the closed form of each mode, in plain floats, without
steps. Between knots, which lie on the exact curve, a straight line misses it by no more than a stated error;
leaving a band is looked for at the knots and then found on the exact curve.
"""

from cmath import exp as complex_exp
from collections.abc import Callable, Iterator, Sequence
from math import exp, inf, sqrt
from typing import Final, NamedTuple

from sim.grid.frequency.deadband import Exit, exits
from sim.grid.frequency.model import GridModel
from sim.grid.frequency.state_space import SMALL, Mode, System, system_of
from sim.grid.line import Line, spans

ERROR_HZ: Final = 1e-4
"""Straight lines between knots miss the exact curve by no more than this [Hz], unless told otherwise."""
PASSED_HZ: Final = 1e-9
"""A band counts as left from so far outside on [Hz]: rounding does not leave it."""
_TERMS: Final = 17
_CHORD: Final = 8.0  # a chord misses a curve by at most h^2/8 times the second derivative


class Knot(NamedTuple):
    """A point of the exact curve, at the end of a chord."""

    time_s: float
    """When [s]."""
    deviation_hz: float
    """Deviation from nominal [Hz]."""
    before_hz: float
    """Deviation at the start of the chord [Hz]."""
    curve: "_Curve"
    """The curve that both ends lie on."""
    from_s: float
    """Start of the chord [s after the curve's]."""
    to_s: float
    """Its end [s after the curve's]."""

    @property
    def start_s(self) -> float:
        """Start of the chord [s]."""
        return self.curve.start_s + self.from_s


class _State(NamedTuple):
    """Where the grid is: the time [s], on which side of the deadband, and the modes."""

    time_s: float
    region: int
    values: tuple[complex, ...]


class LiveFrequency:
    """The frequency of one grid, from rest on.

    Parameters
    ----------
    grid
        The grid.
    error_hz
        What straight lines between knots may miss the exact curve by [Hz]. An excursion beyond a band, or
        beyond the edge of the governors' deadband, that is no larger may be missed.

    Examples
    --------
    >>> live = LiveFrequency(GridModel.preset("island"))
    >>> step = [Line(0.0, 30.0, 0.0)]
    >>> round(live.when_outside(step, 60.0, 59.9, 60.1), 4)
    0.2126
    >>> live.advance(step, 60.0)
    >>> round(live.frequency_hz, 4)
    59.856
    """

    def __init__(self, grid: GridModel, error_hz: float = ERROR_HZ) -> None:
        self._nominal_hz = grid.nominal_hz
        self._deadband_hz = grid.deadband_hz
        self._error_hz = error_hz
        outside = system_of(grid)
        self._systems: tuple[System, System] = (
            system_of(grid, responding=False) if grid.deadband_hz else outside,
            outside,
        )
        region = 0 if grid.deadband_hz else 1
        self._state = _State(0.0, region, tuple(self._systems[region].at_rest()))
        self._deviation_hz = 0.0

    @property
    def time_s(self) -> float:
        """How far it has been advanced [s]."""
        return self._state.time_s

    @property
    def frequency_hz(self) -> float:
        """Frequency at that time [Hz]."""
        return self._nominal_hz + self._deviation_hz

    def looks_until_s(self) -> float:
        """Return how far `when_outside` can look [s]: to the end of what is known of the load."""
        return inf

    def advance(
        self, lines: Sequence[Line], to_s: float, record: Callable[[float, float, float], None] | None = None
    ) -> None:
        """Go on to a time along lines of load.

        Parameters
        ----------
        lines
            Load less its first value [MW], the first line from no later than `time_s` on.
        to_s
            The time [s].
        record
            Told the start [s], the frequency there [Hz] and the slope [Hz/s] of each chord.
        """
        state = self._state
        for knot, after in self._knots(state, lines, to_s):
            if record is not None and knot.time_s > knot.start_s:
                slope = (knot.deviation_hz - knot.before_hz) / (knot.time_s - knot.start_s)
                record(knot.start_s, self._nominal_hz + knot.before_hz, slope)
            self._deviation_hz = knot.deviation_hz
            state = after or state
        self._state = state

    def when_outside(self, lines: Sequence[Line], until_s: float, low_hz: float, high_hz: float) -> float:
        """Return when frequency will leave a band on lines of load; infinity: not before a time.

        Parameters
        ----------
        lines
            Load less its first value [MW], the first line from no later than `time_s` on.
        until_s
            As far as it is looked for [s].
        low_hz, high_hz
            The band [Hz].
        """
        low, high = low_hz - self._nominal_hz, high_hz - self._nominal_hz
        for knot in self.knots(lines, until_s):
            for sign, level_hz in ((1.0, high), (-1.0, -low)):
                if sign * knot.deviation_hz > level_hz + PASSED_HZ:
                    exit_ = Exit(sign, level_hz + 2.0 * PASSED_HZ, 0)
                    return knot.curve.start_s + knot.curve.passing_s(knot.from_s, knot.to_s, exit_)
        return inf

    def knots(self, lines: Sequence[Line], until_s: float) -> Iterator[Knot]:
        """Iterate over the ends of chords along lines of load ahead; nothing is advanced."""
        for knot, _ in self._knots(self._state, lines, until_s):
            yield knot

    def _knots(self, state: _State, lines: Sequence[Line], until_s: float) -> Iterator[tuple[Knot, _State | None]]:
        """Iterate over knots along lines of load, with the state wherever a curve ends."""
        for line, _, end_s in spans(lines, state.time_s, until_s):
            while state.time_s < end_s:
                system = self._systems[abs(state.region)]
                curve = _Curve(system, state, line, state.region * self._deadband_hz)
                for knot, region in self._chords(curve, end_s):
                    ends = region != curve.region or knot.time_s >= end_s
                    after = self._after(knot, region) if ends else None
                    state = after or state
                    yield knot, after

    def _chords(self, curve: "_Curve", end_s: float) -> Iterator[tuple[Knot, int]]:
        """Iterate over the chords of a curve, with the region at their ends; another region ends it."""
        length_s, after_s, hz = end_s - curve.start_s, 0.0, curve.deviation_hz(0.0)
        while after_s < length_s:
            from_s, before_hz = after_s, hz
            after_s = min(length_s, from_s + curve.chord_s(from_s, self._error_hz))
            hz = curve.deviation_hz(after_s)
            time_s = end_s if after_s == length_s else curve.start_s + after_s
            for exit_ in exits(curve.region, self._deadband_hz) if self._deadband_hz else ():
                if exit_.sign * hz > exit_.level_hz:
                    after_s = curve.passing_s(from_s, after_s, exit_)
                    hz, time_s = curve.deviation_hz(after_s), curve.start_s + after_s
                    yield Knot(time_s, hz, before_hz, curve, from_s, after_s), exit_.leads_to
                    return
            yield Knot(time_s, hz, before_hz, curve, from_s, after_s), curve.region

    def _after(self, knot: Knot, region: int) -> _State:
        values = knot.curve.values(knot.to_s)
        before, now = self._systems[abs(knot.curve.region)], self._systems[abs(region)]
        if now is not before:
            values = now.values(before.state(values))
        return _State(knot.time_s, region, tuple(values))


class _Curve:
    """Frequency along one line of load, on one side of the deadband."""

    def __init__(self, system: System, state: _State, line: Line, edge_hz: float) -> None:
        self.start_s = state.time_s
        self.region = state.region
        load_mw, slope = line.at_mw(state.time_s), line.slope_mw_per_s
        self._modes = [
            (mode, value, mode.load * load_mw + mode.offset * edge_hz, mode.load * slope)
            for mode, value in zip(system.modes, state.values, strict=True)
        ]
        # how sharply each mode bends the curve at its start, and how fast that dies out
        self._bends = [
            (abs(mode.output * (mode.rate_per_s * (mode.rate_per_s * value + driven) + changing)), mode.rate_per_s.real)
            for mode, value, driven, changing in self._modes
        ]

    def values(self, after_s: float) -> list[complex]:
        """Return the modes some time after the start [s]."""
        values = []
        for mode, value, driven, changing in self._modes:
            decay, held, ramped = advanced(mode, after_s)
            values.append(decay * value + held * driven + ramped * changing)
        return values

    def deviation_hz(self, after_s: float) -> float:
        """Return the deviation some time after the start [Hz]."""
        hz = 0.0
        for (mode, *_), value in zip(self._modes, self.values(after_s), strict=True):
            hz += (mode.output * value).real
        return hz

    def at_hz(self, time_s: float) -> float:
        """Return the deviation at a time of the run [Hz]."""
        return self.deviation_hz(time_s - self.start_s)

    def chord_s(self, after_s: float, error_hz: float) -> float:
        """Return how long a chord may be that misses the curve by no more than an error [Hz]."""
        bend = 0.0
        for size, rate_per_s in self._bends:
            bend += size * exp(rate_per_s * after_s)
        return sqrt(_CHORD * error_hz / bend) if bend > 0.0 else inf

    def passing_s(self, from_s: float, to_s: float, exit_: Exit) -> float:
        """Return when the exact curve takes an exit, between two times after the start [s]."""
        from scipy.optimize import brentq  # noqa: PLC0415  # slow to import, and few runs need it

        def beyond_hz(after_s: float) -> float:
            return exit_.sign * self.deviation_hz(after_s) - exit_.level_hz

        if beyond_hz(from_s) >= 0.0 or beyond_hz(to_s) <= 0.0:
            return to_s if beyond_hz(from_s) < 0.0 else from_s
        return float(brentq(beyond_hz, from_s, to_s, xtol=1e-12))


def advanced(mode: Mode, length_s: float) -> tuple[complex, complex, complex]:
    """Return what state, input and slope of the input of a mode become over a time, as `Mode.advance` does.

    In plain numbers: they are the same on every processor.

    Examples
    --------
    >>> mode = system_of(GridModel(1800.0, 10.0)).modes[0]
    >>> [round(number, 6) for number in advanced(mode, 2.0)]
    [0.716531, 1.700812, 1.795127]
    """
    angle = mode.rate_per_s * length_s
    if abs(angle) < SMALL:
        second: complex = 0.0
        for term in range(_TERMS, 1, -1):
            second = (1.0 + second) * angle / (term + 1.0)
        second = 0.5 * (1.0 + second)
        first = 1.0 + angle * second
        return 1.0 + angle * first, length_s * first, length_s * length_s * second
    decay = complex_exp(angle)
    first = (decay - 1.0) / angle
    return decay, length_s * first, length_s * length_s * (first - 1.0) / angle
