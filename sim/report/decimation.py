"""Exact minimum, mean and maximum of a signal over bins: nothing between two points of a chart gets lost."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.signals import FloatArray, Signal

NICE_WIDTHS_S: Final = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    *(60.0, 120.0, 300.0, 600.0, 900.0, 1800.0),
    *(3600.0, 7200.0, 10_800.0, 21_600.0, 86_400.0, 604_800.0),
)
"""Widths of bins that people can name [s]; not half a day, where day and night take turns."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Extremes and mean of a signal in each of some bins."""

    edges_s: FloatArray
    """Edges of the bins [s], shape (n+1,)."""
    minimum: FloatArray
    """Infimum in each bin, limits from the left included [value], shape (n,)."""
    mean: FloatArray
    """Time-weighted mean in each bin [value], shape (n,)."""
    maximum: FloatArray
    """Supremum in each bin [value], shape (n,)."""


def envelope_of(signal: Signal, edges_s: FloatArray) -> Envelope:
    """Return extremes and mean of a signal in each bin, computed from its breakpoints.

    Parameters
    ----------
    signal
        The signal [value].
    edges_s
        Edges of the bins [s], shape (n+1,), strictly increasing, within the signal's domain.

    Returns
    -------
    Envelope
        Minimum, mean and maximum of each bin, shape (n,).

    Raises
    ------
    ValueError
        The edges do not increase, or lie outside the domain.
    """
    return Envelope(
        edges_s, signal.minima_over(edges_s), signal.means_over(edges_s), signal.maxima_over(edges_s)
    )


def bin_edges_s(end_s: float, most: int, start_s: float = 0.0) -> FloatArray:
    """Return the edges of at most so many bins of a nice width.

    Parameters
    ----------
    end_s
        End of the last bin [s], above the start.
    most
        Most bins there may be, at least 1.
    start_s
        Start of the first bin [s].

    Returns
    -------
    FloatArray
        Edges [s], equally far apart but for the last, which may be nearer.

    Examples
    --------
    >>> bin_edges_s(100.0, 4).tolist()
    [0.0, 30.0, 60.0, 90.0, 100.0]
    """
    least_s = (end_s - start_s) / most
    width_s = next((width_s for width_s in NICE_WIDTHS_S if width_s >= least_s), least_s)
    inner = np.arange(start_s, end_s - 1e-6 * width_s, width_s)
    return np.append(inner, end_s)
