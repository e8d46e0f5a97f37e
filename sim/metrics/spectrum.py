"""How a power swings by frequency: density, rms and lines by band, share in a critical band.

Two views. Samples at a steady rate (interval means of a recorded signal, or a window synthesised within the
second) give a Welch density. A recorded signal, linear between breakpoints, has an exact Fourier integral:
the amplitude at one frequency needs no samples.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from sim.signals import FloatArray, Signal

SEGMENT: Final = 1 << 15
"""Longest segment of Welch's method [samples]."""
BANDS_HZ: Final = ((0.0, 0.1), (0.1, 0.8), (0.8, 2.5), (2.5, 5.0), (5.0, 55.0))
"""Regulation; inter-area oscillation; local oscillation; in between; torsion and control interaction [Hz].
The edges 0.1, 5 and 55 Hz stand in utilities' limits; 0.8 and 2.5 Hz are unverified."""
CRITICAL_HZ: Final = (0.1, 20.0)
"""The example of a critical band in arXiv:2508.14318 [Hz], with at most 20 % of the energy of all
harmonics."""
FILTER_ORDER: Final = 2
"""Order of the Butterworth band-pass at each edge. Assumption: no limit that was seen publishes its
filter."""
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
        from scipy.signal import welch  # noqa: PLC0415  # slow to import, and few uses need it

        if power_mw.size < 2:  # noqa: PLR2004  # a swing needs two values
            raise ValueError(f"a spectrum needs at least two samples, got {power_mw.size}")
        segment = power_mw.size if whole else min(SEGMENT, power_mw.size)
        frequency_hz, density = welch(
            power_mw, rate_hz, window="boxcar" if whole else "hann", nperseg=segment, detrend="constant"
        )
        return cls(frequency_hz, density)

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
class Line:
    """The largest periodic component of a power in a band."""

    frequency_hz: float
    """Its frequency [Hz]."""
    amplitude_mw: float
    """Half of its swing from lowest to highest [MW]."""


def largest_line(power_mw: FloatArray, rate_hz: float, low_hz: float, high_hz: float) -> Line:
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
    Line
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
    from scipy.signal import spectrogram  # noqa: PLC0415  # see above

    segment = SEGMENT if low_hz <= 0.0 else int(np.ceil(LINE_PERIODS / low_hz * rate_hz))
    segment = min(segment, power_mw.size)
    frequency_hz, _, squares_by_segment = spectrogram(
        power_mw, rate_hz, "flattop", segment, segment // 2, detrend="constant", scaling="spectrum"
    )
    squares = np.median(squares_by_segment, axis=1)
    inside = np.flatnonzero((frequency_hz >= low_hz) & (frequency_hz <= high_hz))
    if inside.size == 0:
        return Line(float("nan"), float("nan"))
    top = inside[np.argmax(squares[inside])]
    return Line(float(frequency_hz[top]), float(np.sqrt(2.0 * squares[top])))


@dataclass(frozen=True, slots=True)
class Band:
    """What lies in one band of frequencies."""

    low_hz: float
    high_hz: float
    rms_mw: float
    """Root mean square [MW]; NaN above half of the sampling rate."""
    line: Line
    """The largest line."""
    share: float
    """Part of all variation that was seen, 0 to 1."""


def bands(
    power_mw: FloatArray, rate_hz: float, edges_hz: Sequence[tuple[float, float]] = BANDS_HZ
) -> tuple[Band, ...]:
    """Return rms, largest line and share of samples by band; see `Spectrum.of` and `largest_line`."""
    spectrum = Spectrum.of(power_mw, rate_hz)
    return tuple(
        Band(
            low_hz,
            high_hz,
            spectrum.rms_mw(low_hz, high_hz),
            largest_line(power_mw, rate_hz, low_hz, high_hz),
            spectrum.share(low_hz, high_hz),
        )
        for low_hz, high_hz in edges_hz
    )


def sampled(power: Signal, rate_hz: float) -> FloatArray:
    """Return the exact means of a signal over intervals of ``1 / rate_hz``; a rest at the end is left out.

    A mean over an interval weakens a swing of frequency f by sin(x) / x with x = pi f / rate: by 36 % at half
    of the rate, by 1.6 % at a tenth.
    """
    count = int(np.floor(power.duration_s * rate_hz * (1.0 + 1e-12)))
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
    """Return samples filtered to a band, as if their first value had held for ever before.

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
        What is left [MW], shape (n,): a Butterworth band-pass of order `FILTER_ORDER` at each edge, causal.

    Raises
    ------
    ValueError
        Where the band reaches half of the rate.
    """
    from scipy.signal import butter, sosfilt  # noqa: PLC0415  # see above

    if high_hz >= 0.5 * rate_hz:
        raise ValueError(
            f"a band up to {high_hz:g} Hz needs more than {2 * high_hz:g} Hz, got {rate_hz:g} Hz"
        )
    filters = butter(FILTER_ORDER, (low_hz, high_hz), "bandpass", fs=rate_hz, output="sos")
    # a band-pass answers a constant with nothing: less its first value, power begins at rest
    return np.asarray(sosfilt(filters, power_mw - power_mw[0]))
