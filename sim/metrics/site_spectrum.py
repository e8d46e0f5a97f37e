"""How the site of a run swings by frequency, as far as it can be told, and within the second by synthesis."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.metrics.power_limits import SYNTHESIS_HZ, synthesised
from sim.metrics.resolution import resolution_s
from sim.metrics.spectrum import (
    BANDS_HZ,
    CRITICAL_HZ,
    SEGMENT,
    FrequencyBand,
    SpectralLine,
    Spectrum,
    bands,
    largest_line,
    sampled,
)
from sim.recording import Recording
from sim.signals import FloatArray, Signal

MOST_STRETCHES: Final = 120
"""Most segments of samples that are looked at; a longer run is seen in so many, spread evenly over it."""
LOBE: Final = 5
"""Bins that a line is wide under a flat-top window, either way: below so many it is no line but a level."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenSpectrum:
    """What a recording tells of one power by frequency."""

    spectrum: Spectrum
    """Density up to `known_hz`, from exact means over intervals as long as the run's resolution."""
    bands: tuple[FrequencyBand, ...]
    """The bands, each as far as it is known: NaN where it lies above `known_hz`."""


@dataclass(frozen=True, slots=True, eq=False)
class SiteSpectrum:
    """How the site of a run swings by frequency."""

    known_hz: float
    """Highest frequency that the recording tells of [Hz]: half of the rate at which power is known."""
    seen_fraction: float
    """Share of the run that was looked at."""
    site: SeenSpectrum
    """The site with its miners."""
    alone: SeenSpectrum
    """AI alone."""
    within_second: Spectrum | None
    """Density of a window synthesised within the second; None where there is no iteration to synthesise."""
    within_second_bands: tuple[FrequencyBand, ...]
    """The bands of that window; empty where there is none."""

    @property
    def critical_share(self) -> float:
        """Part of the synthesised window's variation in `CRITICAL_HZ`, 0 to 1; NaN where there is none."""
        return float("nan") if self.within_second is None else self.within_second.share(*CRITICAL_HZ)


def site_spectrum(recording: Recording, seed: int = 1) -> SiteSpectrum | None:
    """Return how the site of a run swings by frequency.

    Parameters
    ----------
    recording
        The run.
    seed
        Seed of the iterations that are synthesised.

    Returns
    -------
    SiteSpectrum or None
        None in a run that is shorter than twice the time within which its power is known.

    Notes
    -----
    The rate of samples is one over the resolution of the recording, 1 Hz at the most, so that nothing is told
    above the frequency that power is known to. A sample is an exact mean, which takes 36 % off a swing at the
    very top and 1.6 % at a fifth of it. Each segment is less its mean: what is slower than a segment of
    32,768 samples is left out.
    """
    step_s = resolution_s(recording)
    if recording.end_s < 2.0 * step_s:
        return None
    rate_hz = 1.0 / step_s
    stretches = _stretches_s(recording.end_s, rate_hz)
    seen_s = sum(to_s - from_s for from_s, to_s in stretches)
    wave = synthesised(recording, seed)
    return SiteSpectrum(
        0.5 * rate_hz,
        seen_s / recording.end_s,
        _seen(recording["site_power_mw"], rate_hz, stretches),
        _seen(recording["ai_power_mw"], rate_hz, stretches),
        None if wave is None else Spectrum.of(wave.power_mw, SYNTHESIS_HZ),
        () if wave is None else bands(wave.power_mw, SYNTHESIS_HZ),
    )


def _stretches_s(end_s: float, rate_hz: float) -> list[tuple[float, float]]:
    """Return the stretches of a run to look at [s]: all of it, or segments spread evenly over it."""
    segment_s = SEGMENT / rate_hz
    if end_s <= MOST_STRETCHES * segment_s:
        return [(0.0, end_s)]
    starts_s = np.linspace(0.0, end_s - segment_s, MOST_STRETCHES)
    return [(start_s, start_s + segment_s) for start_s in starts_s.tolist()]


def _seen(power: Signal, rate_hz: float, stretches: list[tuple[float, float]]) -> SeenSpectrum:
    samples = [sampled(power.clip_time(*stretch), rate_hz) for stretch in stretches]
    spectra = [Spectrum.of(part, rate_hz) for part in samples]
    density = np.mean([spectrum.density for spectrum in spectra], axis=0)
    spectrum = Spectrum(spectra[0].frequency_hz, density)
    return SeenSpectrum(
        spectrum, tuple(_band(spectrum, samples, rate_hz, low_hz, high_hz) for low_hz, high_hz in BANDS_HZ)
    )


def _band(
    spectrum: Spectrum, samples: list[FloatArray], rate_hz: float, low_hz: float, high_hz: float
) -> FrequencyBand:
    """Return what is known of a band."""
    top_hz = min(high_hz, 0.5 * rate_hz)
    if low_hz >= top_hz:
        unknown = float("nan")
        return FrequencyBand(low_hz, high_hz, unknown, SpectralLine(unknown, unknown), unknown)
    share = spectrum.share(low_hz, high_hz)
    line_low_hz = max(low_hz, LOBE * spectrum.step_hz)
    lines = [largest_line(part, rate_hz, line_low_hz, top_hz) for part in samples]
    # of many stretches the one in the middle: what is seen in less than half of them is no lasting line
    line = sorted(lines, key=lambda line: line.amplitude_mw)[len(lines) // 2]
    return FrequencyBand(low_hz, high_hz, spectrum.rms_mw(low_hz, high_hz), line, share)
