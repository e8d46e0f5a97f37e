"""How a power swings by frequency: density, rms and lines by band, share in a critical band.

Two views. Samples at a steady rate (interval means of a recorded signal, or a window synthesised within the
second) give a Welch density. A recorded signal, linear between breakpoints, has an exact Fourier integral:
the amplitude at one frequency needs no samples.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from sim.signals import FloatArray, Signal

SEGMENT: Final = 1 << 15
"""Longest segment of Welch's method [samples]."""
BANDS_HZ: Final = ((0.0, 0.1), (0.1, 0.8), (0.8, 2.5), (2.5, 5.0), (5.0, 55.0))
"""Regulation; inter-area oscillation; local oscillation; in between; torsion and control interaction [Hz].
The edges 0.1, 5 and 55 Hz stand in utilities' limits; 0.8 and 2.5 Hz are unverified."""
CRITICAL_HZ: Final = (0.1, 20.0)
"""The example of a critical band in arXiv:2508.14318 [Hz], with at most 20 % of the energy of all
harmonics."""
HANN: Final = (0.5, 0.5)
"""Weights of the cosines of a Hann window."""
FLAT_TOP: Final = (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368)
"""Weights of the cosines of a flat-top window: G. D'Antona and A. Ferrero, Digital Signal Processing for
Measurement Systems (2006), section 3.1."""
FORGOTTEN: Final = 40.0
"""After so many times its time constant nothing is left of a filter's past: e^-40 is below rounding."""
LINE_PERIODS: Final = 10.0
"""Periods of the lowest frequency in a segment that lines are sought in: a line under the flat-top window is
five of them wide either way."""
SMALL_ANGLE: Final = 1e-4
"""Below this a segment turns so little [rad] that its integral is taken by the midpoint."""


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """One-sided power spectral density of a power."""

    frequency_hz: FloatArray
    """Frequencies [Hz], evenly spaced from 0, shape (n,)."""
    density: FloatArray
    """Mean square of the power per frequency [MW²/Hz], shape (n,)."""

    @classmethod
    def of(cls, power_mw: FloatArray, rate_hz: float, *, whole: bool = False) -> Self:
        r"""Return the density of samples, by Welch's method.

        Parameters
        ----------
        power_mw
            Power [MW], shape (n,), n at least 2.
        rate_hz
            Samples in a second [Hz], above 0.
        whole
            Take all samples as one segment without window, so that :math:`\int S\,df` is the variance
            exactly; else segments of at most `SEGMENT` samples under a Hann window, each less its mean.

        Returns
        -------
        Spectrum
            From 0 to half of the rate.

        Raises
        ------
        ValueError
            Where there are fewer than two samples.

        Examples
        --------
        >>> time_s = np.arange(0.0, 100.0, 0.05)
        >>> swing = Spectrum.of(100.0 + 5.0 * np.sin(2.0 * np.pi * 0.5 * time_s), 20.0)
        >>> round(swing.rms_mw(0.0, 10.0), 3), round(swing.share(0.1, 1.0), 3)
        (3.536, 1.0)
        """
        if power_mw.size < 2:  # noqa: PLR2004  # a swing needs two values
            raise ValueError(f"a spectrum needs at least two samples, got {power_mw.size}")
        segment = power_mw.size if whole else min(SEGMENT, power_mw.size)
        window = np.ones(segment) if whole else _cosines(HANN, segment)
        density = _squares(power_mw, window).mean(axis=0) / (rate_hz * float(np.sum(window**2)))
        return cls(_frequencies_hz(segment, rate_hz), density)

    @property
    def step_hz(self) -> float:
        """Distance of two frequencies [Hz]."""
        return float(self.frequency_hz[1])

    def rms_mw(self, low_hz: float, high_hz: float) -> float:
        """Return the root mean square of what lies in a band [MW]; NaN where the band is above all of it."""
        if low_hz >= self.frequency_hz[-1]:
            return float("nan")
        return float(np.sqrt(self._energy(low_hz, high_hz)))

    def share(self, low_hz: float = CRITICAL_HZ[0], high_hz: float = CRITICAL_HZ[1]) -> float:
        """Return what part of all variation lies in a band, 0 to 1; 0 where nothing varies.

        The measure of arXiv:2508.14318, whose example is 0.1 to 20 Hz and at most 0.2. Frequencies above half
        of the sampling rate are not seen.
        """
        energy = self._energy(0.0, np.inf)
        return self._energy(low_hz, high_hz) / energy if energy > 0.0 else 0.0

    def _energy(self, low_hz: float, high_hz: float) -> float:
        inside = (self.frequency_hz >= low_hz) & (self.frequency_hz < high_hz)
        return float(self.density[inside].sum() * self.step_hz)


@dataclass(frozen=True, slots=True)
class SpectralLine:
    """The largest periodic component of a power in a band."""

    frequency_hz: float
    """Its frequency [Hz]."""
    amplitude_mw: float
    """Half of its swing from lowest to highest [MW]."""


def largest_line(power_mw: FloatArray, rate_hz: float, low_hz: float, high_hz: float) -> SpectralLine:
    """Return the largest line of samples in a band.

    Parameters
    ----------
    power_mw
        Power [MW], shape (n,), n at least 2.
    rate_hz
        Samples in a second [Hz].
    low_hz
        Lowest frequency [Hz].
    high_hz
        Highest frequency [Hz].

    Returns
    -------
    SpectralLine
        NaN where no frequency of the samples lies in the band.

    Notes
    -----
    The highest value of a spectrum under a flat-top window, which gives the amplitude of a steady line within
    0.1 %. It is taken segment by segment, each of `LINE_PERIODS` periods of the lowest frequency, and the
    median of all segments counts, so that one step or dip is no line, and neither is what lasts for less than
    half of the time.

    Examples
    --------
    >>> time_s = np.arange(0.0, 100.0, 0.05)
    >>> line = largest_line(5.0 * np.sin(2.0 * np.pi * 0.503 * time_s), 20.0, 0.1, 5.0)
    >>> round(line.frequency_hz, 1), round(line.amplitude_mw, 2)
    (0.5, 5.0)
    """
    segment = SEGMENT if low_hz <= 0.0 else int(np.ceil(LINE_PERIODS / low_hz * rate_hz))
    segment = min(segment, power_mw.size)
    window = _cosines(FLAT_TOP, segment)
    frequency_hz = _frequencies_hz(segment, rate_hz)
    squares = np.median(_squares(power_mw, window), axis=0) / np.sum(window) ** 2
    inside = np.flatnonzero((frequency_hz >= low_hz) & (frequency_hz <= high_hz))
    if inside.size == 0:
        return SpectralLine(float("nan"), float("nan"))
    top = inside[np.argmax(squares[inside])]
    return SpectralLine(float(frequency_hz[top]), float(np.sqrt(2.0 * squares[top])))


@lru_cache(maxsize=8)  # the segments of a run are of few lengths
def _cosines(weights: tuple[float, ...], size: int) -> FloatArray:
    """Return a window as a sum of cosines of once, twice, ... its length, shape (size,)."""
    angle = 2.0 * np.pi * np.arange(size) / size
    return np.asarray(sum((-1) ** k * weight * np.cos(k * angle) for k, weight in enumerate(weights)))


def _frequencies_hz(size: int, rate_hz: float) -> FloatArray:
    """Return the frequencies of a Fourier sum over so many samples [Hz], shape (size // 2 + 1,)."""
    return np.arange(size // 2 + 1, dtype=np.float64) * (rate_hz / size)


def _squares(power_mw: FloatArray, window: FloatArray) -> FloatArray:
    """Return the squared Fourier sums of half-overlapping segments under a window, less the mean of each.

    Those of negative frequencies are counted with the positive ones; shape (segments, frequencies).
    """
    starts = range(0, power_mw.size - window.size + 1, window.size - window.size // 2)
    segments = (power_mw[start : start + window.size] for start in starts)
    squares = np.array([np.abs(np.fft.rfft(window * (one - one.mean()))) ** 2 for one in segments])
    # zero and half of the rate have no negative twin
    squares[:, 1 : (window.size + 1) // 2] *= 2.0
    return np.asarray(squares, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class FrequencyBand:
    """What lies in one band of frequencies."""

    low_hz: float
    high_hz: float
    rms_mw: float
    """Root mean square [MW]; NaN above half of the sampling rate."""
    line: SpectralLine
    """The largest line."""
    share: float
    """Part of all variation that was seen, 0 to 1."""


def bands(power_mw: FloatArray, rate_hz: float) -> tuple[FrequencyBand, ...]:
    """Return rms, largest line and share of samples in each of `BANDS_HZ`; see `Spectrum.of` and `largest_line`."""
    spectrum = Spectrum.of(power_mw, rate_hz)
    return tuple(
        FrequencyBand(
            low_hz,
            high_hz,
            spectrum.rms_mw(low_hz, high_hz),
            largest_line(power_mw, rate_hz, low_hz, high_hz),
            spectrum.share(low_hz, high_hz),
        )
        for low_hz, high_hz in BANDS_HZ
    )


def sampled(power: Signal, rate_hz: float) -> FloatArray:
    """Return the exact means of a signal over intervals of ``1 / rate_hz``; a rest at the end is left out.

    A mean over an interval weakens a swing of frequency f by sin(x) / x with x = pi f / rate: by 36 % at half
    of the rate, by 1.6 % at a tenth.
    """
    count = int(np.floor(power.duration_s * rate_hz * (1.0 + 1e-12)))
    if count == 0:
        return np.empty(0)
    edges_s = np.minimum(power.start_s + np.arange(count + 1) / rate_hz, power.end_s)
    return power.means_over(edges_s)


def amplitude_mw(power: Signal, frequency_hz: float) -> float:
    r"""Return the amplitude of a power at one frequency, exactly.

    Parameters
    ----------
    power
        Power [MW]; best over a whole number of periods.
    frequency_hz
        The frequency [Hz], above 0.

    Returns
    -------
    float
        Amplitude [MW]:

        .. math:: \frac{2}{T} \left| \int P(t)\, e^{-2 \pi i f t}\,dt \right|

    Raises
    ------
    ValueError
        Where the frequency is not above 0.

    Notes
    -----
    On a segment of length :math:`L` from value :math:`v` with slope :math:`s`, with :math:`j = 2 \pi i f`,
    the integral is :math:`(v + s/j)(1 - e^{-jL})/j - s L e^{-jL}/j`, turned by :math:`e^{-j t_0}`.

    Examples
    --------
    >>> square = Signal.steps([0.0, 1.0, 2.0, 3.0], [10.0, 20.0, 10.0, 20.0], 4.0)
    >>> round(amplitude_mw(square, 0.5), 6)  # 2 / pi times the height of the square
    6.366198
    """
    if not frequency_hz > 0.0:
        raise ValueError(f"a frequency must be above 0 Hz, got {frequency_hz} Hz")
    turn_per_s = 2.0 * np.pi * frequency_hz
    mean = power.mean()
    integral = 0j
    for block in power.segments():
        first, last, length_s = block.value - mean, block.left_limit - mean, block.length_s
        angle = turn_per_s * length_s
        slow = angle < SMALL_ANGLE
        safe_s = np.where(slow, 1.0, length_s)
        turned = np.exp(-1j * turn_per_s * safe_s)
        slope = (last - first) / safe_s
        rate = 1j * turn_per_s
        exact = (first + slope / rate) * (1.0 - turned) / rate - slope * safe_s * turned / rate
        middle = 0.5 * (first + last) * length_s * np.exp(-0.5j * angle)
        integral += np.sum(np.where(slow, middle, exact) * np.exp(-rate * (block.start_s - power.start_s)))
    return float(2.0 * abs(integral) / power.duration_s)


def band_passed(power_mw: FloatArray, rate_hz: float, low_hz: float, high_hz: float) -> FloatArray:
    r"""Return samples filtered to a band, as if their first value had held for ever before.

    Parameters
    ----------
    power_mw
        Power [MW], shape (n,).
    rate_hz
        Samples in a second [Hz], above twice `high_hz`.
    low_hz
        Lower edge of the band [Hz], above 0.
    high_hz
        Upper edge of the band [Hz].

    Returns
    -------
    FloatArray
        What is left [MW], shape (n,): a Butterworth band-pass of second order at each edge, causal.

    Raises
    ------
    ValueError
        Where the band reaches half of the rate.

    Notes
    -----
    Second order is an assumption: no limit that was seen publishes its filter. The analogue filter

    .. math:: H = \frac{1}{p^2 + \sqrt 2\,p + 1}, \quad
        p = \frac{s^2 + \omega_1 \omega_2}{(\omega_2 - \omega_1) s}

    goes over to samples by the bilinear transform :math:`s = j \tan(\pi f / f_s)`, with its edges likewise.
    """
    if high_hz >= 0.5 * rate_hz:
        raise ValueError(f"a band up to {high_hz:g} Hz needs more than {2 * high_hz:g} Hz, got {rate_hz:g} Hz")
    # a band-pass answers a constant with nothing: less its first value, power begins at rest
    swing_mw = power_mw - power_mw[0]
    # in zeros after the last sample the filter forgets, so that its end does not run into its beginning
    size = fast_size(power_mw.size + int(np.ceil(_forgets_after_s(low_hz, high_hz) * rate_hz)))
    passes = _band_pass(size, rate_hz, low_hz, high_hz)
    return np.asarray(np.fft.irfft(np.fft.rfft(swing_mw, size) * passes, size)[: power_mw.size])


def fast_size(least: int) -> int:
    """Return the least size from one on that is a product of twos, threes and fives: its transform is fast.

    Examples
    --------
    >>> fast_size(17), fast_size(1000), fast_size(1001)
    (18, 1000, 1024)
    """
    powers = range(least.bit_length())
    odd = (3**threes * 5**fives for threes in powers for fives in powers)
    size: int = min(one << (-(-least // one) - 1).bit_length() for one in odd)
    return size


@lru_cache(maxsize=8)  # the windows of a run are of one length
def _band_pass(size: int, rate_hz: float, low_hz: float, high_hz: float) -> NDArray[np.complex128]:
    """Return what passes of each frequency of a transform of some size."""
    angle = np.pi * np.fft.rfftfreq(size)
    # the bilinear transform, which is infinite at half of the rate: nothing passes there
    passes = np.zeros(angle.size, dtype=np.complex128)
    tangent = np.tan(angle[1 : (size + 1) // 2])
    low, high = np.tan(np.pi * low_hz / rate_hz), np.tan(np.pi * high_hz / rate_hz)
    shifted = 1j * (tangent**2 - low * high) / ((high - low) * tangent)
    passes[1 : tangent.size + 1] = 1.0 / (shifted**2 + np.sqrt(2.0) * shifted + 1.0)
    return passes


def _forgets_after_s(low_hz: float, high_hz: float) -> float:
    """Return the time after which nothing is left of what a band-pass was given [s], by its slowest pole."""
    width, centre = 2.0 * np.pi * (high_hz - low_hz), 4.0 * np.pi**2 * low_hz * high_hz
    poles = np.roots([1.0, width * np.sqrt(0.5) * (1.0 - 1j), centre])
    return FORGOTTEN / float(-poles.real.max())
