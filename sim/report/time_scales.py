"""Variation of power by time scale: what miners fix, what is left, what they make worse."""

import math
from typing import Final, NamedTuple

from sim.metrics.residual import site_variation
from sim.recording import Recording
from sim.report.format import NOT_ASSESSABLE, format_percent, format_value

SCALES: Final = ("below 5 s", "5 to 60 s", "1 to 10 min", "above 10 min")
ROUNDING_FRACTION: Final = 1e-9
"""Two variations that differ by no more than this are the same."""
ALIKE_FRACTION: Final = 0.01
"""Variations that differ by no more than this count as alike."""


class ScaleRow(NamedTuple):
    """What miners do to the variation on one time scale, ready to show."""

    scale: str
    alone: str
    """AI alone: what is fixed and what is left of it."""
    site: str
    """The site: what is left and what is made worse."""
    fixed: str
    left: str
    worse: str
    verdict: str
    widths: tuple[float, float, float]
    """Fixed, left and worse as shares of the largest bar, 0 to 100."""


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
        return ScaleRow(scale, NOT_ASSESSABLE, NOT_ASSESSABLE, "", "", "", NOT_ASSESSABLE, (0.0, 0.0, 0.0))
    if math.isclose(site_mw, alone_mw, rel_tol=ROUNDING_FRACTION):
        site_mw = alone_mw
    fixed, left, worse = max(alone_mw - site_mw, 0.0), min(site_mw, alone_mw), max(site_mw - alone_mw, 0.0)
    unit = 100.0 / largest_mw if largest_mw > 0.0 else 0.0
    widths = (round(unit * fixed, 1), round(unit * left, 1), round(unit * worse, 1))
    alone, site = format_value(alone_mw, "MW"), format_value(site_mw, "MW")
    parts = (format_value(fixed, "MW"), format_value(left, "MW"), format_value(worse, "MW"))
    return ScaleRow(scale, alone, site, *parts, _verdict(site_mw, alone_mw), widths)


def _verdict(site_mw: float, alone_mw: float) -> str:
    """Return what miners made of a variation, in words."""
    if abs(site_mw - alone_mw) <= ALIKE_FRACTION * alone_mw:
        return "as without miners"
    if alone_mw == 0.0:
        return "made worse: there was none"
    share = format_percent(abs(site_mw - alone_mw) / alone_mw)
    return f"made worse by {share}" if site_mw > alone_mw else f"reduced by {share}"
