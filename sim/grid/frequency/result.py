"""Frequency in answer to a load, and the numbers that are read from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import nan
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike

from sim.grid.frequency.deadband import stretches_of
from sim.grid.frequency.dense import Cubics, cubics_of, steepest_slope, whole_cubics
from sim.grid.frequency.model import GridModel
from sim.grid.frequency.propagation import EVEN, Pieces, PiecewiseLoad, even_step_s
from sim.grid.frequency.rocof import SteepestChange, overlapping
from sim.grid.frequency.state_space import System, system_of
from sim.grid.frequency.statistics import (
    Bounds,
    EvenMinuteMeans,
    Extremes,
    MeanSquare,
    MinuteMeans,
    Outside,
    cps1_percent,
)
from sim.signals.breakpoints import require_breakpoints
from sim.units import SECONDS_PER_MINUTE, FloatArray

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
MOST_PANELS: Final = 10_000
"""Panels up to which the integrals are worked out."""
MOST_CONDITION: Final = 1e4
"""Condition of the modes up to which squares are summed in them: they lose rounding times its square."""


class EvenMoments:
    r"""Integral and integral of the square of the deviation along pieces of one length.

    Parameters
    ----------
    system
        The grid's modes.
    step_s
        Length of each piece [s].

    Notes
    -----
    Some time x after the start of a piece the deviation is a sum of what there is at its start (the modes
    :math:`y_j`, the load u and its slope), each times a function of x that is the same for all pieces. With
    these as vectors z and g(x),

    .. math::

        \int_0^h f = z \cdot \int_0^h g, \qquad \int_0^h f^2 = z^T \left(\int_0^h g g^T\right) z,

    so that two integrals, worked out once, serve all pieces. They are taken by Gauss's rule of eight points
    on panels within which no mode changes by more than a factor of e: exact to rounding.
    """

    def __init__(self, system: System, step_s: float) -> None:
        self._system = system
        self.steps_a_minute = round(SECONDS_PER_MINUTE / step_s)
        panels = _panels(system, step_s)
        width_s = step_s / panels
        times_s = (width_s * (np.arange(panels)[:, np.newaxis] + 0.5 * (_NODES + 1.0))).ravel()
        weights_s = np.tile(0.5 * width_s * _WEIGHTS, panels)
        functions = self._functions(times_s)
        self._integrals = functions @ weights_s
        self._squares = (functions * weights_s) @ functions.T

    @classmethod
    def along(cls, time_s: FloatArray, model: GridModel) -> Self | None:
        """Return the moments along points at these times [s].

        None where they serve no purpose: with a deadband, on a grid that is not uniform or not in step with
        minutes, or so coarse that its panels would be many; or where modes all but coincide.
        """
        step_s = even_step_s(time_s)
        if model.deadband_hz > 0.0 or step_s is None:
            return None
        steps, system = SECONDS_PER_MINUTE / step_s, system_of(model)
        in_step = round(steps) >= 1 and abs(steps - round(steps)) <= EVEN * steps
        apart = system.condition <= MOST_CONDITION
        return cls(system, step_s) if in_step and apart and _panels(system, step_s) <= MOST_PANELS else None

    def _functions(self, times_s: FloatArray) -> FloatArray:
        """Return what each number at the start of a piece makes of the deviation later, shape (n, times)."""
        rows, held_up, ramped_up = [], np.zeros(times_s.size), np.zeros(times_s.size)
        for mode in self._system.modes:
            decay, held, ramped = mode.advance(times_s)
            rows.append(np.real(mode.output * decay))
            if isinstance(mode.rate_per_s, complex):
                rows.append(-np.imag(mode.output * decay))
            held_up += np.real(mode.output * mode.load * held)
            ramped_up += np.real(mode.output * mode.load * ramped)
        return np.stack([*rows, held_up, ramped_up])

    def of(self, pieces: Pieces) -> tuple[FloatArray, float]:
        """Return the integral along each piece [Hz s], and that of the square along all [Hz^2 s]."""
        rows = []
        for mode, value in zip(self._system.modes, pieces.values, strict=True):
            rows.append(np.real(value[:-1]))
            if isinstance(mode.rate_per_s, complex):
                rows.append(np.imag(value[:-1]))
        numbers = np.stack([*rows, pieces.load_mw, pieces.slope_mw_per_s])
        # einsum, not a product of matrices: threads for one so narrow would only wait for each other
        products = np.einsum("ik,jk->ij", numbers, numbers)
        return np.einsum("i,ik->k", self._integrals, numbers), float(np.sum(self._squares * products))


def _panels(system: System, step_s: float) -> int:
    """Return how many panels a step is cut into."""
    return int(np.ceil(step_s * max(abs(mode.rate_per_s) for mode in system.modes))) + 1


ROCOF_WINDOWS_S: Final = (0.1, 0.5, 1.0)
"""Windows over which RoCoF is quoted [s]."""
NARROW_HZ: Final = 0.017
"""Governor deadband of most units in ERCOT [Hz] (BAL-001-TRE-2, unverified)."""
WIDE_HZ: Final = 0.036
"""Governor deadband elsewhere in North America [Hz] (NERC guideline, unverified)."""


class _Survey:
    """Everything gathered along the curve in one go."""

    def __init__(self, start_s: float) -> None:
        self.extremes = Extremes()
        self.narrow, self.wide = Outside(NARROW_HZ), Outside(WIDE_HZ)
        self.square = MeanSquare()
        self._minutes = MinuteMeans(start_s)

    @property
    def minute_means_hz(self) -> FloatArray:
        """The mean deviation of each whole minute [Hz]."""
        return self._minutes.means_hz

    def add(self, pieces: Pieces) -> None:
        """Take in the next pieces of load."""
        since = self.extremes.lowest_s, self.extremes.highest_s
        self._gather(pieces)
        self.extremes.sharpen(pieces, since)

    def _gather(self, pieces: Pieces) -> None:
        for cubics in cubics_of(pieces):
            for statistic in (self.extremes, self.narrow, self.wide, self.square, self._minutes):
                statistic.add(cubics)


class _EvenSurvey(_Survey):
    """The same on a uniform grid: means in closed form, a closer look where extremes or levels may be."""

    def __init__(self, moments: EvenMoments) -> None:
        super().__init__(0.0)
        self._moments = moments
        self._even_minutes = EvenMinuteMeans(moments.steps_a_minute)

    @property
    def minute_means_hz(self) -> FloatArray:
        """The mean deviation of each whole minute [Hz]."""
        return self._even_minutes.means_hz

    def _gather(self, pieces: Pieces) -> None:
        integrals, square = self._moments.of(pieces)
        self._even_minutes.add(integrals)
        self.square.add_integral(square, float(pieces.length_s.sum()))
        bounds, close = Bounds.of(pieces), (self.extremes, self.narrow, self.wide)
        chosen = np.any([one.may_matter(bounds) for one in close], axis=0)
        for cubics in cubics_of(pieces.only(chosen)) if chosen.any() else ():
            for statistic in close:
                statistic.add(cubics)


@dataclass(frozen=True, eq=False)
class FrequencyResult:
    """Frequency at the points of a load, and exact numbers of the curve between them.

    Numbers are of the continuous curve, not of its points: extremes exact, the rest to 1e-7 Hz.
    They are computed when first asked for, which walks along the whole curve.
    """

    time_s: FloatArray
    """Times of the points [s], shape (n,)."""
    load_mw: FloatArray
    """Load at the points [MW], shape (n,)."""
    frequency_hz: FloatArray
    """Frequency at the points [Hz], shape (n,)."""
    model: GridModel
    """The grid that answers."""

    @property
    def nadir_hz(self) -> float:
        """Lowest frequency [Hz]."""
        return self.model.nominal_hz + self._extremes.lowest_hz

    @property
    def nadir_time_s(self) -> float:
        """Time of the lowest frequency [s]."""
        return self._extremes.lowest_s

    @property
    def zenith_hz(self) -> float:
        """Highest frequency [Hz]."""
        return self.model.nominal_hz + self._extremes.highest_hz

    @property
    def zenith_time_s(self) -> float:
        """Time of the highest frequency [s]."""
        return self._extremes.highest_s

    @property
    def peak_hz(self) -> float:
        """Largest deviation, without sign [Hz]."""
        return max(self._extremes.highest_hz, -self._extremes.lowest_hz)

    @property
    def rms_mhz(self) -> float:
        """Root of the mean squared deviation from nominal [mHz]; NaN where no time passes."""
        return 1000.0 * self._survey.square.root_hz

    @property
    def seconds_outside_17_mhz(self) -> float:
        """Time with a deviation larger than 17 mHz [s]."""
        return self._survey.narrow.time_s

    @property
    def seconds_outside_36_mhz(self) -> float:
        """Time with a deviation larger than 36 mHz [s]."""
        return self._survey.wide.time_s

    @property
    def minute_mean_hz(self) -> FloatArray:
        """Mean deviation of each whole minute from the start on [Hz]."""
        return self._survey.minute_means_hz

    @property
    def cps1_points(self) -> float:
        """What the load alone takes from CPS1 [percentage points]; NaN without a target or a whole minute.

        It adds to what else is wrong in the grid if that is independent of the load. Of a control area that
        is only a part of its interconnection it is what the load costs all areas together.
        """
        epsilon_hz = self.model.cps1_epsilon_hz
        return nan if epsilon_hz is None else cps1_percent(self.minute_mean_hz, epsilon_hz) - 200.0

    @cached_property
    def rocof(self) -> dict[float, float]:
        """Largest RoCoF, (f(t + w) - f(t))/w with its sign [Hz/s], by window w [s]; NaN in a shorter run."""
        return self._rocof_hz_per_s(ROCOF_WINDOWS_S)

    def rocof_hz_per_s(self, window_s: float) -> float:
        """Return the largest change of frequency over any window of a length [s], by that length [Hz/s]."""
        if not window_s > 0.0:
            raise ValueError(f"a window must be above 0 s, got {window_s:g} s")
        return self._rocof_hz_per_s((window_s,))[window_s]

    def _rocof_hz_per_s(self, windows_s: tuple[float, ...]) -> dict[float, float]:
        """Return the largest change over each of some windows, in one walk along the curve."""
        changes = {window_s: SteepestChange(window_s) for window_s in windows_s}
        if self.model.deadband_hz > 0.0:  # blocks end where it does, and modes change there
            for cubics in self.cubics():
                for change in changes.values():
                    change.add(cubics)
        else:
            for pieces in overlapping(self._pieces(), max(windows_s)):
                whole, miss_hz = whole_cubics(pieces)
                slopes = steepest_slope(whole, miss_hz)
                for change in changes.values():
                    change.add_pieces(pieces, whole, slopes)
        length_s = float(self.time_s[-1] - self.time_s[0])
        return {window_s: change.hz_per_s if length_s > window_s else nan for window_s, change in changes.items()}

    def cubics(self) -> Iterator[Cubics]:
        """Iterate over the curve's deviation as cubics, in order of time; see `sim.grid.frequency.dense`."""
        for pieces in self._pieces():
            yield from cubics_of(pieces)

    def _pieces(self) -> Iterator[Pieces]:
        """Iterate over the pieces of load with the modes at their ends."""
        stretches = stretches_of(self.model, PiecewiseLoad(self.time_s, self.load_mw))
        return (stretch.pieces for stretch in stretches)

    @property
    def _extremes(self) -> Extremes:
        return self._survey.extremes

    @cached_property
    def _survey(self) -> _Survey:
        start_s = float(self.time_s[0])
        moments = EvenMoments.along(self.time_s, self.model)
        survey = _Survey(start_s) if moments is None else _EvenSurvey(moments)
        for pieces in self._pieces():
            survey.add(pieces)
        if self.time_s[0] == self.time_s[-1]:
            survey.extremes.lowest_hz = survey.extremes.highest_hz = 0.0
            survey.extremes.lowest_s = survey.extremes.highest_s = start_s
        return survey


def response(time_s: ArrayLike, load_mw: ArrayLike, model: GridModel) -> FrequencyResult:
    """Return the frequency of a grid in answer to a load: load up, frequency down.

    Parameters
    ----------
    time_s
        Times of the points [s], shape (n,), not decreasing; a repeated time is a jump.
    load_mw
        Load at the points [MW], shape (n,), on straight lines between them. The grid is at its nominal
        frequency in balance with the first value.
    model
        The grid.

    Returns
    -------
    FrequencyResult
        Frequency at the points, in the shape of `time_s`, and numbers of the curve.

    Raises
    ------
    ValueError
        Where the arrays differ in length, are empty, hold a number that is not finite, or decrease in time,
        or where the grid is unstable.

    Notes
    -----
    Exact at the points to rounding. The arrays are kept, not copied, and looked at again for each number of
    the result that is asked for: leave them as they are meanwhile.

    On a uniform grid a year of seconds (31.5 million points) takes a second, with some 256 kB of working
    memory a mode beside the result, and the numbers of that curve, or its RoCoF, two to four: means in closed
    form, and a closer look only where an extreme, a level or the steepest change is. Five million points at
    any times take one to two seconds, and their numbers ten times as long. With a deadband the curve is
    followed from one passing of its edge to the next, about 5 ms each: minutes for a load that passes it
    every half minute for a week, seconds for one that never does.

    Examples
    --------
    >>> result = response([0.0, 0.0, 60.0], [0.0, 2600.0, 2600.0], GridModel.preset("ercot"))
    >>> round(result.nadir_hz, 3)
    59.639
    """
    times_s, loads_mw = (np.asarray(array, dtype=np.float64).view() for array in (time_s, load_mw))
    require_breakpoints([times_s, loads_mw], None)
    lines = PiecewiseLoad(times_s, loads_mw)
    frequency_hz = np.zeros(times_s.size)
    for stretch in stretches_of(model, lines):
        stretch.write(frequency_hz)
    frequency_hz += model.nominal_hz
    for array in (times_s, loads_mw, frequency_hz):
        array.setflags(write=False)
    return FrequencyResult(times_s, loads_mw, frequency_hz, model)
