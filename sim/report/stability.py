"""How the site moves, ready to show: dips, variation by time scale, spectrum."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sim.metrics.dips import DEPTH_TEXT, Dip, ai_dips, depth_mw
from sim.metrics.fillable import LENGTHS_S, dip_fillings, fillings
from sim.metrics.power_limits import SYNTHESIS_S
from sim.metrics.residual import site_variation
from sim.metrics.resolution import resolution_s
from sim.metrics.site_spectrum import SiteSpectrum, site_spectrum
from sim.metrics.spectrum import CRITICAL_HZ, FrequencyBand, Spectrum
from sim.recording import Recording
from sim.report.format import NOT_ASSESSABLE, NOTES, LocalTime, format_duration, format_percent, format_value
from sim.report.worst_windows import WINDOW_S
from sim.units import ROUNDING, TOLERANCE_MW

SCALES: Final = ("below 5 s", "5 to 60 s", "1 to 10 min", "above 10 min")
ALIKE_FRACTION: Final = 0.01
"""Variations that differ by no more than this count as alike."""


ScaleRow = tuple[tuple[str, ...], tuple[float, float, float]]
"""Time scale, variation of AI alone and of the site, what miners fix, leave and make worse, and that in words; then
what they fix, leave and make worse as shares of the largest bar, 0 to 100."""


def scale_rows(recording: Recording) -> tuple[ScaleRow, ...]:
    """Return the variation of AI alone and of the site on each time scale, and their difference.

    Parameters
    ----------
    recording
        The run.

    Returns
    -------
    tuple of ScaleRow
        One for each of `SCALES`. Fixed is what AI alone has above the site, made worse what the site has
        above AI alone, and left the smaller of both.
    """
    pairs = list(zip(recording.once(site_variation), site_variation(recording.without_mining()), strict=True))
    largest_mw = max((max(pair) for pair in pairs if not any(map(math.isnan, pair))), default=0.0)
    return tuple(_row(scale, *pair, largest_mw) for scale, pair in zip(SCALES, pairs, strict=True))


def _row(scale: str, site_mw: float, alone_mw: float, largest_mw: float) -> ScaleRow:
    if math.isnan(site_mw) or math.isnan(alone_mw):
        return (scale, NOT_ASSESSABLE, NOT_ASSESSABLE, "", "", "", NOT_ASSESSABLE), (0.0, 0.0, 0.0)
    if math.isclose(site_mw, alone_mw, rel_tol=ROUNDING):
        site_mw = alone_mw
    fixed, left, worse = max(alone_mw - site_mw, 0.0), min(site_mw, alone_mw), max(site_mw - alone_mw, 0.0)
    unit = 100.0 / largest_mw if largest_mw > 0.0 else 0.0
    widths = (round(unit * fixed, 1), round(unit * left, 1), round(unit * worse, 1))
    powers = (format_value(power_mw, "MW") for power_mw in (alone_mw, site_mw, fixed, left, worse))
    return (scale, *powers, _verdict(site_mw, alone_mw)), widths


def _verdict(site_mw: float, alone_mw: float) -> str:
    """Return what miners made of a variation, in words."""
    if abs(site_mw - alone_mw) <= ALIKE_FRACTION * alone_mw:
        return "as without miners"
    if alone_mw == 0.0:
        return "made worse: there was none"
    share = format_percent(abs(site_mw - alone_mw) / alone_mw)
    return f"made worse by {share}" if site_mw > alone_mw else f"reduced by {share}"


CURVE_POINTS: Final = 240
"""Most points of a density curve: as many bins, evenly spaced on a logarithmic axis."""
MHZ_BELOW_HZ: Final = 0.1
"""Frequencies below this are shown in mHz."""
MOST_DIPS: Final = 10
"""Most dips that a table shows."""


DipRow = tuple[float, float, tuple[str, ...]]
"""Start and end of what a chart shows of a dip [s]; when it was, depth, the level it fell from and the lowest it
reached, length, energy not drawn against the level before, and the time that the fall took to become a dip."""


@dataclass(frozen=True, slots=True, eq=False)
class StabilitySection:
    """All that page and terminal say of how the site moves."""

    dip_note: str
    dips: tuple[DipRow, ...]
    soak: tuple[tuple[str, str, str, str, str], ...]
    """What there was to fill, by cause: dips, what could be filled, what was, and its share."""
    scales: tuple[ScaleRow, ...]
    spectrum_notes: tuple[str, ...]
    bands: tuple[tuple[str, ...], ...]
    """Of each: itself, what tells of it, rms of site and of AI alone, largest line, share of what is seen."""
    curves: tuple[dict[str, Any], ...]
    """Density for a chart: name, title, frequencies [Hz], densities [MW²/Hz]."""


def stability_section(recording: Recording, scenario: Mapping[str, Any], clock: LocalTime) -> StabilitySection:
    """Return how the site of a run moves.

    Parameters
    ----------
    recording
        The run.
    scenario
        The resolved scenario, as a result folder holds it; its seed is that of synthesised iterations.
    clock
        The run's local time.

    Returns
    -------
    StabilitySection
        Rows of text, and curves for a chart.
    """
    found = site_spectrum(recording, int(scenario.get("seed", 1)))
    return StabilitySection(
        _dip_note(recording),
        dip_rows(recording, clock),
        tuple(soak_rows(recording) if recording.fleet_names else ()),
        scale_rows(recording),
        tuple(_spectrum_notes(recording, found)),
        () if found is None else tuple(_band_rows(found)),
        () if found is None else tuple(curve for curve in _curves(found) if curve["density"]),
    )


def soak_rows(recording: Recording) -> list[tuple[str, str, str, str, str]]:
    """Return what could be filled, and was, by cause: static headroom, slow idle, dips of each length."""
    found, from_s = recording.once(fillings), 0.0
    rows = [_soak_row("static headroom", "", *found["static"]), _soak_row("slow idle", "", *found["slow"])]
    for until_s, (count, *energies_mwh) in zip(LENGTHS_S, recording.once(dip_fillings), strict=True):
        length = f"{from_s:g} s and longer" if until_s == LENGTHS_S[-1] else f"{from_s:g} to {until_s:g} s"
        rows.append(_soak_row(f"dips of {length}", str(count), *energies_mwh))
        from_s = until_s
    return rows


def _soak_row(name: str, count: str, could_mwh: float, did_mwh: float) -> tuple[str, str, str, str, str]:
    could, did = (format_value(mwh, "MWh") for mwh in (could_mwh, did_mwh))
    return name, count, could, did, format_percent(did_mwh / could_mwh) if could_mwh > 0.0 else ""


def dip_rows(recording: Recording, clock: LocalTime) -> tuple[DipRow, ...]:
    """Return the deepest dips of AI power.

    Parameters
    ----------
    recording
        The run.
    clock
        Its local time.

    Returns
    -------
    tuple of DipRow
        At most `MOST_DIPS`, the deepest first, of equal ones the earlier.
    """
    deepest = sorted(recording.once(ai_dips), key=lambda dip: (-dip.depth_mw, dip.start_s))
    return tuple(_dip_row(dip, clock) for dip in deepest[:MOST_DIPS])


def _dip_row(dip: Dip, clock: LocalTime) -> DipRow:
    cells = (
        clock.text(dip.start_s),
        format_value(dip.depth_mw, "MW"),
        f"{format_value(dip.reference_mw)} to {format_value(dip.lowest_mw, 'MW')}",
        format_duration(dip.length_s),
        format_value(dip.energy_mwh, "MWh"),
        "jump" if dip.fall_s == 0.0 else format_duration(dip.fall_s),
    )
    return max(0.0, dip.start_s - 0.5 * WINDOW_S), dip.start_s + dip.length_s + 0.5 * WINDOW_S, cells


def _dip_note(recording: Recording) -> str:
    count = len(recording.once(ai_dips))
    least = format_value(depth_mw(recording), "MW")
    times = {0: "never", 1: "once"}.get(count, f"{count:,} times")
    return NOTES["dips"].format(least=least, depth=DEPTH_TEXT, times=times)


def _spectrum_notes(recording: Recording, found: SiteSpectrum | None) -> Iterator[str]:
    if found is None:
        yield f"{NOT_ASSESSABLE.capitalize()}: the run is too short."
        return
    spacing = format_duration(resolution_s(recording))
    yield NOTES["spectrum_known"].format(spacing=spacing, highest=_frequency(found.known_hz))
    if found.seen_fraction < 1.0:
        yield f"Seen in segments spread evenly over the run, {format_percent(found.seen_fraction)} of it."
    low_hz, high_hz = CRITICAL_HZ
    critical = f"Share of the variation in the critical band of {low_hz:g} to {high_hz:g} Hz"
    if found.within_second is None:
        reason = "no training job is in it" if recording.end_s >= SYNTHESIS_S else "the run is too short"
        yield f"{critical}: {NOT_ASSESSABLE}; the run has no content within the second, as {reason}."
        return
    share = format_percent(found.critical_share)
    yield NOTES["spectrum_critical"].format(critical=critical, share=share, window_s=SYNTHESIS_S)


def _band_rows(found: SiteSpectrum) -> Iterator[tuple[str, ...]]:
    for site, alone in zip(found.site.bands, found.alone.bands, strict=True):
        if not math.isnan(site.rms_mw):
            end = "" if site.high_hz <= found.known_hz else f", up to {_frequency(found.known_hz)}"
            yield _band_row(site, f"recorded{end}", format_value(alone.rms_mw, "MW"))
        elif not found.within_second_bands:
            yield _band_text(site), "", NOT_ASSESSABLE, NOT_ASSESSABLE, "", ""
    for band in found.within_second_bands:
        if band.high_hz > found.known_hz:
            yield _band_row(band, f"synthesised, {SYNTHESIS_S:g} s", "")


def _band_row(band: FrequencyBand, source: str, alone: str) -> tuple[str, ...]:
    line = band.line
    text = f"{format_value(line.amplitude_mw, 'MW')} at {_frequency(line.frequency_hz)}"
    text = text if line.amplitude_mw >= TOLERANCE_MW else ""  # nor where it is not a number
    site = format_value(band.rms_mw, "MW")
    return _band_text(band), source, site, alone, text, format_percent(band.share)


def _band_text(band: FrequencyBand) -> str:
    return f"{band.low_hz:g} to {band.high_hz:g} Hz" if band.low_hz > 0.0 else f"below {band.high_hz:g} Hz"


def _frequency(frequency_hz: float) -> str:
    if frequency_hz < MHZ_BELOW_HZ:
        return f"{1000.0 * frequency_hz:.3g} mHz"
    return f"{frequency_hz:.3g} Hz"


def _curves(found: SiteSpectrum) -> Iterator[dict[str, Any]]:
    yield _curve("site", "Site with mining", found.site.spectrum)
    yield _curve("ai", "AI alone", found.alone.spectrum)
    if found.within_second is not None:
        title = f"Site, synthesised within the second ({SYNTHESIS_S:g} s)"
        yield _curve("within", title, found.within_second)


def _curve(name: str, title: str, spectrum: Spectrum) -> dict[str, Any]:
    """Return a density as means over bins that are evenly spaced on a logarithmic axis."""
    frequency_hz, density = spectrum.frequency_hz[1:], spectrum.density[1:]
    edges_hz = np.geomspace(frequency_hz[0], frequency_hz[-1] * (1.0 + 1e-9), CURVE_POINTS + 1)
    bins = np.clip(np.searchsorted(edges_hz, frequency_hz, side="right") - 1, 0, CURVE_POINTS - 1)
    counts = np.bincount(bins, minlength=CURVE_POINTS)
    used = counts > 0
    means = [
        np.bincount(bins, weights=values, minlength=CURVE_POINTS)[used] / counts[used]
        for values in (frequency_hz, density)
    ]
    # a density of nothing has no place on a logarithmic axis
    shown = means[1] > 0.0
    hz, mw2_per_hz = ([float(f"{value:.5g}") for value in mean[shown].tolist()] for mean in means)
    return {"name": name, "title": title, "frequency_hz": hz, "density": mw2_per_hz}
