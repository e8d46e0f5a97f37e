"""The rate of change of frequency (RoCoF) as it is measured: the steepest change over a window."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from sim.grid.frequency.dense import Cubics, cubics_of, joined, steepest_slope
from sim.grid.frequency.propagation import Pieces
from sim.grid.frequency.state_space import AnyArray
from sim.grid.frequency.statistics import Extremes
from sim.units import FloatArray

MANY: Final = 16
"""Pieces up to which all are looked at, without the steepest before."""


class SteepestChange:
    """The largest change of frequency over a window, either way: RoCoF as it is measured.

    A window is no steeper on the mean than somewhere within it, so that only windows over the steepest pieces
    are looked at.
    """

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._extremes = Extremes()
        self._along = _RocofWindows(window_s, self._extremes)

    def add(self, cubics: Cubics) -> None:
        """Take in the next cubics, all of them."""
        self._along.add(cubics, self._steepest())

    def add_pieces(self, pieces: Pieces, whole: Cubics, slopes: FloatArray) -> None:
        """Take in all windows within pieces of load, given a cubic along each and bounds of slope [Hz/s]."""
        steep = np.flatnonzero(slopes > self._steepest())
        if steep.size > MANY:  # the steepest first: what it tells leaves few of the others
            self._look(pieces, whole, steep[[np.argmax(slopes[steep])]])
            steep = np.flatnonzero(slopes > self._steepest())
        self._look(pieces, whole, steep)

    def _look(self, pieces: Pieces, whole: Cubics, steep: AnyArray) -> None:
        """Look at all windows that touch some pieces."""
        if steep.size == 0:
            return
        first = np.searchsorted(whole.end_s, whole.start_s[steep] - self._window_s)
        last = np.searchsorted(whole.start_s, whole.end_s[steep] + self._window_s, side="right")
        count = len(whole) + 1
        touched = np.bincount(first, minlength=count) - np.bincount(last, minlength=count)
        windows = _RocofWindows(self._window_s, self._extremes)
        # windows that are not whole within these pieces are over none of the steep ones, and left out
        for cubics in cubics_of(pieces.only(np.cumsum(touched)[:-1] > 0)):
            windows.add(cubics, self._steepest())

    @property
    def hz_per_s(self) -> float:
        """The largest change over the window by the window, with its sign [Hz/s]."""
        low, high = min(self._extremes.lowest_hz, 0.0), max(self._extremes.highest_hz, 0.0)
        return (low if -low > high else high) / self._window_s

    def _steepest(self) -> float:
        """Return the steepest window so far, without sign [Hz/s]; 0 before the first."""
        return abs(self.hz_per_s)


class _RocofWindows:
    """All windows along consecutive cubics."""

    def __init__(self, window_s: float, extremes: Extremes) -> None:
        self._window_s = window_s
        self._extremes = extremes
        self._recent: Cubics | None = None
        self._from_s = -float("inf")

    def add(self, cubics: Cubics, least: float) -> None:
        """Take in the next cubics; windows no steeper than the least [Hz/s] may be left out."""
        recent = cubics if self._recent is None else joined([self._recent, cubics])
        from_s = max(self._from_s, float(recent.start_s[0]))
        until_s = float(recent.end_s[-1]) - self._window_s
        if until_s > from_s:
            change = _change(recent, self._window_s, (from_s, until_s), least)
            if len(change):
                self._extremes.add(change)
            self._from_s = until_s
        self._recent = recent[recent.end_s > recent.end_s[-1] - self._window_s * (1.0 + 1e-9)]


def overlapping(blocks: Iterable[Pieces], window_s: float) -> Iterator[Pieces]:
    """Iterate over blocks of pieces, each with what a window that ends in it can see of the blocks before."""
    last: Pieces | None = None
    for block in blocks:
        pieces = block if last is None else last.followed_by(block)
        yield pieces
        end_s = pieces.start_s[-1] + pieces.length_s[-1]
        # a little more than the window: its start may be rounded
        begin = int(np.searchsorted(pieces.start_s, end_s - window_s * (1.0 + 1e-9), side="right")) - 1
        last = pieces.part(slice(max(begin, 0), pieces.start_s.size))


def _change(cubics: Cubics, window_s: float, span_s: tuple[float, float], least: float) -> Cubics:
    """Return the change over the windows that start in a span, as cubics of the window's start.

    Windows that hold no slope steeper than the least [Hz/s] are left out: their mean is no steeper either.
    """
    times_s = np.concatenate([cubics.start_s, cubics.start_s - window_s, span_s])
    times_s.sort(kind="stable")
    times_s = times_s[(times_s >= span_s[0]) & (times_s <= span_s[1])]
    first, last = times_s[:-1], times_s[1:]
    steep = np.append(0, np.cumsum(steepest_slope(cubics) > least))
    some = last > first
    some &= steep[_piece_at(cubics, last + window_s) + 1] > steep[_piece_at(cubics, first)]
    first, last = first[some], last[some]
    middle = 0.5 * (first + last)
    early = _piece_at(cubics, middle)
    late = _piece_at(cubics, middle + window_s)
    ends = []
    for shift_s in (first, last):
        before_hz, before_slope = _value_and_slope(cubics[early], shift_s)
        after_hz, after_slope = _value_and_slope(cubics[late], shift_s + window_s)
        ends.append((after_hz - before_hz, after_slope - before_slope))
    (start_hz, start_slope), (end_hz, end_slope) = ends
    return Cubics(first, last - first, start_hz, end_hz, start_slope, end_slope)


def _piece_at(cubics: Cubics, time_s: FloatArray) -> AnyArray:
    """Return the number of the cubic that holds each time."""
    return np.clip(np.searchsorted(cubics.start_s, time_s, side="right") - 1, 0, None)


def _value_and_slope(cubics: Cubics, time_s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return deviation [Hz] and slope [Hz/s] of each cubic at its own time."""
    share = (time_s - cubics.start_s) / cubics.length_s
    return cubics.at(share), cubics.slope_at(share)
