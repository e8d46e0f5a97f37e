r"""Whether a load stayed with the grid through faults, by the envelope that a rule sets.

Notes
-----
Samples hold until the next. An event lasts while voltage, or frequency, is outside the continuous range. At
each value :math:`v` that it reaches, the time spent there or beyond is held against the least time for which
a load must stay; once it is longer, the load may go. That times add up within an event is an assumption:
wording was not seen. :math:`P_0` is the mean of the second before the event. The load *left* where it is not
back at a share of :math:`P_0` within a time from when voltage is back, to stay: what goes again in that time
was not back. What it draws in a sag counts for nothing. While frequency is outside it must stay: there each
stretch below that share counts, from the event's start. Each event stands for itself, so that a load that
counts sags, and leaves at one that it must ride, is in violation. One that is not back when the next event
comes is judged after that, by its power before the first. Without a number for the recovery, only a load that
never fell below 0.9 is known to ride.

It does not contain: current, reactive power, the rate of change of frequency, or ramps after a fault.
"""

from collections.abc import Iterator
from math import isnan, nan
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sim.shipped import shipped
from sim.units import ROUNDING, BoolArray, FloatArray

Verdict = Literal["rides", "trip-permitted", "not-assessable", "violation"]
ORDER: Final[tuple[Verdict, ...]] = ("rides", "trip-permitted", "not-assessable", "violation")
"""From the best to the worst: a record takes that of its worst event."""
USUAL_FRACTION: Final = 0.9
"""Share of the power before at which a load counts as back, where the rule has no number."""
LAW: Final = "ercot-nogrr282"
"""The envelope that is law and has all its numbers."""
ENVELOPES: Final[dict[str, dict[str, Any]]] = shipped("sim.grid", "envelopes.json")
"""Envelopes by name. ``voltage`` and ``frequency`` have the continuous range (``low``, ``high``) and the
least time to stay [s], from each value on (``below``) and up to each value (``above``), null where it was not
seen, joined by a line or not. Then ``recovery_fraction`` within ``recovery_s``, whether counting sags is
banned, state and source."""


class RideThroughJudgement(NamedTuple):
    """What a record is judged to be."""

    verdict: Verdict
    """That of its worst event; ``rides`` without one."""
    recovery_s: float
    """Longest time until power was back [s]; NaN without an event, or where it never was."""


def judge(
    time_s: ArrayLike, voltage_pu: ArrayLike, power_mw: ArrayLike, envelope: str, frequency_hz: ArrayLike | None = None
) -> RideThroughJudgement:
    """Return whether a load rode through the faults of a record.

    Parameters
    ----------
    time_s
        Times of the samples [s], increasing, shape (n,); each holds until the next.
    voltage_pu
        Voltage at the connection [pu of nominal], shape (n,).
    power_mw
        What the load draws [MW], shape (n,).
    envelope
        Name in `ENVELOPES`.
    frequency_hz
        Frequency [Hz], shape (n,); left out: not judged.

    Raises
    ------
    ValueError
        An unknown envelope, times that do not increase, or columns of other lengths or without a number.

    Examples
    --------
    A sag to 0.4 pu for 0.2 s, and power back a second after it, then three:

    >>> time_s, volts = [0.0, 5.0, 5.2, 6.2, 8.2, 20.0], [1.0, 0.4, 1.0, 1.0, 1.0, 1.0]
    >>> judge(time_s, volts, [100.0, 0.0, 0.0, 95.0, 95.0, 95.0], "ercot-nogrr282")
    RideThroughJudgement(verdict='rides', recovery_s=1.0)
    >>> judge(time_s, volts, [100.0, 0.0, 0.0, 0.0, 95.0, 95.0], "ercot-nogrr282").verdict
    'violation'
    """
    found = judge_events(time_s, voltage_pu, power_mw, envelope, frequency_hz)
    worst = max((ORDER.index(one.verdict) for one in found), default=0)
    recoveries = [one.recovery_s for one in found if not isnan(one.recovery_s)]
    return RideThroughJudgement(ORDER[worst], max(recoveries, default=nan))


def judge_events(
    time_s: ArrayLike, voltage_pu: ArrayLike, power_mw: ArrayLike, envelope: str, frequency_hz: ArrayLike | None = None
) -> list[RideThroughJudgement]:
    """Return what each event of a record is judged to be, those of voltage first; parameters as `judge`."""
    if envelope not in ENVELOPES:
        raise ValueError(f"unknown envelope {envelope!r}: one of {', '.join(ENVELOPES)}")
    columns = [time_s, voltage_pu, power_mw] + ([] if frequency_hz is None else [frequency_hz])
    times, voltage, power, *frequency = table = np.array(columns, dtype=np.float64)
    if not (np.isfinite(table).all() and times.size and (np.diff(times) > 0.0).all()):
        raise ValueError("a record must have a number in each row of each column, and times that increase")
    rule = ENVELOPES[envelope]
    found = list(_events(times, power, voltage, rule, "voltage"))
    if frequency and rule["frequency"]:
        found += _events(times, power, frequency[0], rule, "frequency")
    return found


def _events(
    time_s: FloatArray, power_mw: FloatArray, values: FloatArray, rule: dict[str, Any], of: str
) -> Iterator[RideThroughJudgement]:
    """Yield what each event of a quantity is judged to be."""
    band, limit_s = rule[of], rule["recovery_s"]
    edges = _edges((values < band["low"]) | (values > band["high"]))
    lengths_s, before_mw = np.diff(time_s, append=time_s[-1]), nan
    for first, after, stop in zip(edges[::2], edges[1::2], [*edges[2::2], time_s.size], strict=False):
        before_mw = _mean_before_mw(time_s, power_mw, first) if isnan(before_mw) else before_mw
        begin = first if of == "frequency" else after
        low = power_mw[begin:stop] < (rule["recovery_fraction"] or USUAL_FRACTION) * before_mw - ROUNDING
        runs = _edges(low)
        if of == "voltage" and runs:  # what leaves again before its time is up was never back
            since_s = time_s[begin + np.array(runs[::2], dtype=np.intp)] - time_s[begin]
            count = int(np.count_nonzero((since_s == 0.0) | (since_s < (limit_s or 0.0) - ROUNDING)))
            runs = [0, runs[2 * count - 1]] if count else []
        ends_s = time_s[np.minimum(np.add(runs, begin), time_s.size - 1).astype(int)]
        offs_s = (ends_s[1::2] - ends_s[::2]).tolist()
        is_open, longest_s = bool(runs) and runs[-1] == low.size, max(offs_s, default=0.0)
        left: bool | None = bool(offs_s)
        if isnan(before_mw) or after == time_s.size or (offs_s and limit_s is None):
            left = None
        elif offs_s and longest_s <= limit_s + ROUNDING:
            left = None if is_open and offs_s[-1] < limit_s - ROUNDING else is_open
        if left is None and is_open and stop < time_s.size and limit_s is not None:
            continue  # the next event comes before its time is up
        may = _may_leave(band, values[first:after], lengths_s[first:after])
        verdict: Verdict = "violation" if left and may is False else "not-assessable"
        if left is False or may:
            verdict = "trip-permitted" if left is not False else "rides"
        yield RideThroughJudgement(verdict, nan if is_open or after == time_s.size else longest_s)
        before_mw = nan


def _may_leave(band: dict[str, Any], values: FloatArray, lengths_s: FloatArray) -> bool | None:
    """Tell whether an event of such values and lengths [s] may be left; None: not seen."""
    least = {value: _least_s(band, value) for value in np.unique(values).tolist()}
    for value, least_s in least.items():
        beyond = values <= value if value < band["low"] else values >= value
        if least_s is not None and lengths_s[beyond].sum() > least_s + ROUNDING:
            return True
    return None if None in least.values() else False


def _least_s(band: dict[str, Any], value: float) -> float | None:
    """Return for how long a load must stay at a value outside the range [s]; None: not seen."""
    rows = band["above"] if value > band["high"] else band["below"]
    if rows is None:
        return None
    if value > band["high"]:
        return next((least_s for top, least_s in rows if value <= top), 0.0)
    if band["is_line"] and value >= rows[0][0]:
        return float(np.interp(value, *np.transpose(rows)))
    return next((least_s for bottom, least_s in reversed(rows) if value >= bottom), 0.0)


def _edges(mask: BoolArray) -> list[int]:
    """Return where runs of truth begin and end, one after the other."""
    found: list[int] = np.flatnonzero(np.diff(mask, prepend=False, append=False)).tolist()
    return found


def _mean_before_mw(time_s: FloatArray, power_mw: FloatArray, first: int) -> float:
    """Return the mean power of the second before a sample [MW]; NaN where there is nothing before."""
    parts_s = np.diff(np.maximum(time_s[: first + 1], time_s[first] - 1.0))
    return float(parts_s @ power_mw[:first] / parts_s.sum()) if parts_s.sum() > 0.0 else nan
