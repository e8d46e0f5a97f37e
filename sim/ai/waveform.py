"""Power within the second, made on request from what a run recorded; a run itself does not step through it.

A training job's recorded power is the mean over its iterations. Where it computes, `with_iterations` puts a
square wave around that mean, exact in time, and a `Waveform` is its mean over each sample. Only the windows
asked for are made, so memory does not grow with the length of the run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.random import Generator as RandomStream
from pydantic import Field

from sim.recording import Recording
from sim.rng import WAVEFORM, stream
from sim.signals import FloatArray, Signal, total
from sim.spec import Fraction, NonNegative, Positive, Spec
from sim.units import ROUNDING

MIN_RATE_HZ: Final = 120.0
"""Lowest sampling rate [Hz]: up to 20 Hz, where shaft torsion begins to matter, a sample's mean takes at most
5 % from an amplitude."""
MAX_SAMPLES: Final = 10_000_000
"""Most samples in one window; 80 MB."""

Window = tuple[float, float]
"""Start and end [s]."""


class Iteration(Spec):
    """How a training job's power swings within an iteration."""

    period_s: Positive = 5.0
    """Time of one iteration [s]. Default: within the 1 to 10 s of arXiv:2606.22096; 0.3 to 30 s are seen
    (arXiv:2508.14318)."""
    duty_fraction: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.8
    """Share of the iteration at the high level. Default: assumption; 0.5 to 0.95."""
    jitter_fraction: Annotated[float, Field(ge=0.0, le=0.2)] = 0.015
    """Standard deviation of an iteration's time over its mean. Default: assumption."""
    low_fraction: Fraction = 0.69
    """Low level over high level. Default: GPUs at 0.45 of their rated power instead of 0.9, the lower one
    between the models of arXiv:2308.12908; the rest of the node, 0.38 of its power, stays. Computed, partly
    unverified. At a meter behind which cooling runs steadily it is higher."""
    overshoot_fraction: Fraction = 0.0
    """Peak at each rising edge above the high level, over the high level. Default: none, for power supplies
    hide it; a GB200 reaches 1.1 times its rated power and more (arXiv:2508.14318, III-C)."""
    overshoot_s: NonNegative = 0.05
    """Time of that peak [s]. Default: the longest of the same source."""

    @classmethod
    def recorded(cls, recording: Recording, load: str) -> "Iteration":
        """Return what the recording states of a load; the default where it is silent."""
        facts = recording.facts.of_load(load)
        names = ("period_s", "duty_fraction", "jitter_fraction", "low_fraction")
        stated = {name: getattr(facts, f"iteration_{name}") for name in names}
        return cls(**{field: value for field, value in stated.items() if value is not None})


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """Power sampled at a steady rate; a sample is the mean over its own time."""

    start_s: float
    """Start of the first sample [s]."""
    rate_hz: float
    """Samples in a second [Hz]."""
    power_mw: FloatArray
    """Mean power in each sample [MW], shape (n,)."""

    @property
    def time_s(self) -> FloatArray:
        """Start of each sample [s], shape (n,)."""
        return self.start_s + np.arange(self.power_mw.size) / self.rate_hz

    @property
    def nyquist_hz(self) -> float:
        """Highest frequency that the samples can show [Hz]."""
        return self.rate_hz / 2.0

    @classmethod
    def sampled(cls, power: Signal, rate_hz: float) -> "Waveform":
        """Return the means of a signal over samples; their energy is the signal's.

        Parameters
        ----------
        power
            Power [MW].
        rate_hz
            Sampling rate [Hz], at least `MIN_RATE_HZ`; the signal lasts a whole number of samples.

        Raises
        ------
        ValueError
            Where the rate is too low, or the number of samples not whole, none, or above `MAX_SAMPLES`.
        """
        if not MIN_RATE_HZ <= rate_hz < np.inf:
            raise ValueError(f"a sampling rate must be at least {MIN_RATE_HZ:g} Hz, got {rate_hz} Hz")
        exact = power.duration_s * rate_hz
        count = round(exact)
        if not 1 <= count <= MAX_SAMPLES or abs(exact - count) > 1e-6 * count:
            got = f"got {power.duration_s} s at {rate_hz} Hz: {exact:g} samples"
            raise ValueError(f"a window must hold a whole number of samples, 1 to {MAX_SAMPLES:,}; {got}")
        edges_s = np.linspace(power.start_s, power.end_s, count + 1)
        return cls(power.start_s, rate_hz, power.means_over(edges_s))


def with_iterations(power: Signal, window: Window, iteration: Iteration, draws: RandomStream) -> Signal:
    r"""Return a training job's power in a window, with the swing of its iterations.

    Parameters
    ----------
    power
        Power that the job was recorded with [MW]; where it is at its highest, the job computes.
    window
        Start and end of the window [s], within ``power``.
    iteration
        The swing.
    draws
        Random stream of phases and of the times of iterations.

    Returns
    -------
    Signal
        Power in the window [MW]; outside the stretches of computing as recorded.

    Raises
    ------
    ValueError
        Where the window reaches outside ``power`` or ends before it starts.

    Notes
    -----
    A stretch of computing of length :math:`L` within the window holds the whole number of iterations nearest
    to :math:`L / T`, from a random phase on, as if it were a ring. So the mean over each stretch, and over
    the window, is the recorded one, and the wave's frequency is off by half of :math:`1 / L` at most, which
    is less than the window can resolve. The levels are :math:`P_h = P / s` and :math:`P_l = f P_h`, where
    :math:`s` is the mean of the wave of height 1, :math:`d + (1 - d) f` without overshoot. A stretch shorter
    than half an iteration stays as recorded: take windows of many iterations.

    References
    ----------
    Square wave and levels: arXiv:2508.14318, sections II-C and III-C.

    Examples
    --------
    >>> job = Signal.constant(92.0, end_s=60.0)
    >>> steady = Iteration(period_s=2.0, duty_fraction=0.8, low_fraction=0.6, jitter_fraction=0.0)
    >>> wave = with_iterations(job, (10.0, 30.0), steady, stream(1, "iterations"))
    >>> round(wave.maximum(), 9), round(wave.minimum(), 9), round(wave.mean(), 9)
    (100.0, 60.0, 92.0)
    """
    full_mw = power.maximum()
    part = power.clip_time(*window)
    swings = [
        _swing(start_s, end_s, full_mw, iteration, draws)
        for start_s, end_s in part.intervals_above(full_mw * (1.0 - ROUNDING)).tolist()
    ]
    return total([part, _laid_out(swings, part)])


def site_waveform(
    recording: Recording, windows: Iterable[Window], specs: Mapping[str, Iteration], rate_hz: float, seed: int
) -> tuple[Waveform, ...]:
    """Return the power of the whole site in some windows, with the iterations of its training jobs.

    Parameters
    ----------
    recording
        What a run left behind.
    windows
        Start and end of each window [s]; each lasts a whole number of samples.
    specs
        Swing of each load that has iterations, by its name; see `recorded_iterations`.
    rate_hz
        Sampling rate [Hz], at least `MIN_RATE_HZ`.
    seed
        Seed of the random streams. A load's wave in a window depends on the seed, its name and the window
        alone, not on other loads and windows.

    Returns
    -------
    tuple of Waveform
        Site power in each window.

    Raises
    ------
    ValueError
        Where a load is not in the recording, or a window or the rate does not fit, see `with_iterations` and
        `Waveform.sampled`.

    Notes
    -----
    All else at the site is as recorded: storage and power supplies that would filter the swing are left out,
    and miners do not follow it.
    """
    unknown = sorted(set(specs) - set(recording.load_names))
    if unknown:
        raise ValueError(f"no load is called {unknown[0]!r}; there are {', '.join(recording.load_names)}")
    return tuple(Waveform.sampled(_site_power(recording, window, specs, seed), rate_hz) for window in windows)


def recorded_iterations(recording: Recording) -> dict[str, Iteration]:
    """Return the swing of each training load of a recording, by the load's name."""
    return {
        name: Iteration.recorded(recording, name)
        for name in recording.load_names
        if recording.load_kinds.get(name) == "training"
    }


def _site_power(recording: Recording, window: Window, specs: Mapping[str, Iteration], seed: int) -> Signal:
    """Return the site's power in a window: as recorded, with each load exchanged for its wave."""
    parts = [recording["site_power_mw"].clip_time(*window)]
    for name, iteration in specs.items():
        load = recording.load_power_mw(name)
        draws = stream(seed, WAVEFORM.format(name=name, from_s=window[0], to_s=window[1]))
        parts += [with_iterations(load, window, iteration, draws), -load.clip_time(*window)]
    return total(parts)


def _swing(start_s: float, end_s: float, mean_mw: float, iteration: Iteration, draws: RandomStream) -> Signal | None:
    """Return the swing about the mean over one stretch [MW]; None where it is too short for an iteration."""
    length_s = end_s - start_s
    count = round(length_s / iteration.period_s)
    if count == 0:
        return None
    periods_s = np.maximum(0.5, 1.0 + iteration.jitter_fraction * draws.standard_normal(count))
    periods_s *= length_s / periods_s.sum()
    times_s, levels = _one_ring(periods_s, iteration)
    phase_s = draws.random() * periods_s[-1]
    # the last iteration comes once more in front, so that the ring can begin within it
    ring = Signal.steps(
        np.concatenate((times_s[-3:] - length_s, times_s)) + phase_s, np.concatenate((levels[-3:], levels)), length_s
    ).clip_time(0.0, length_s)
    return ((mean_mw / ring.mean()) * ring - mean_mw).shift(start_s)


def _one_ring(periods_s: FloatArray, iteration: Iteration) -> tuple[FloatArray, FloatArray]:
    """Return times [s] and levels of iterations one after another: peak, high level 1, low level."""
    starts_s = np.cumsum(periods_s) - periods_s
    high_s = iteration.duty_fraction * periods_s
    peak_s = np.minimum(iteration.overshoot_s, high_s)
    times_s = np.column_stack((starts_s, starts_s + peak_s, starts_s + high_s)).ravel()
    return times_s, np.tile([1.0 + iteration.overshoot_fraction, 1.0, iteration.low_fraction], periods_s.size)


def _laid_out(swings: Iterable[Signal | None], window: Signal) -> Signal:
    """Return swings one after another, and 0 between them, over the domain of the window."""
    times_s, values = [np.array([window.start_s])], [np.zeros(1)]
    for swing in swings:
        if swing is not None:
            times_s += [swing.time_s, np.array([swing.end_s])]
            values += [swing.value, np.zeros(1)]
    return Signal.steps(np.concatenate(times_s), np.concatenate(values), window.end_s)
