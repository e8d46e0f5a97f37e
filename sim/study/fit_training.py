r"""A record of a training job turned into a generated one: levels by state, stalls, restarts, edges.

Notes
-----
Two levels are found in the record (two means); half way between them lies what tells computing from all else.
What lies below is a stall, or a restart where it lasts longer than `LONGEST_STALL_S`. With :math:`u` the mean
time of computing before a pause and :math:`w` the mean stall, the interval is :math:`u + w`; stalls and
restarts are lognormal. Edges are told by the time between 5 and 95 % of a step.
"""

from typing import Any, Final

import numpy as np

from sim.errors import InputError
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE, FloatArray, IndexArray

LONGEST_STALL_S: Final = 300.0
"""A pause of computing that lasts longer is a restart, not a checkpoint; assumption: published stalls last
seconds to two minutes."""
_LEAST_STEP_RATIO: Final = 1.1
"""Levels closer than this are one, with its fluctuation."""
_FEW_STALLS: Final = 5
_EDGE_FRACTION: Final = 0.05
_NEVER_S: Final = 6e6
_SHORTEST_MIN: Final = 0.1


def running(place: str, values: FloatArray) -> tuple[slice, float]:
    """Return the part of a record from the first to the last computing, and what tells it from a pause.

    Raises
    ------
    InputError
        If the record has no two levels.
    """
    from scipy.cluster.vq import kmeans  # noqa: PLC0415  # slow to import

    low, high = np.sort(kmeans(values, np.quantile(values, [0.01, 0.99]))[0])
    if high < _LEAST_STEP_RATIO * low or high <= 0.0:
        message = "has one level alone, no stalls and no restarts: fit --as inference, or --as site"
        raise InputError.single(place, "", message)
    threshold = float(low + high) / 2.0
    computing = np.flatnonzero(values > threshold)
    return slice(int(computing[0]), int(computing[-1]) + 1), threshold


def fit_training(place: str, step_s: float, values: FloatArray) -> dict[str, Any]:
    """Return the fields of the generated job that is like a record, from its first computing to its last.

    Parameters
    ----------
    place
        Name of the record, for messages.
    step_s
        Time between two values [s].
    values
        Power, shape (n,).

    Returns
    -------
    dict
        By the names of its template: ``compute`` is the level while computing, in the record's unit, fractions are
        over that, ``interval_min`` is from the start of a checkpoint to that of the next (far beyond any record
        without one), ``first_min`` from the end of the record to the next, ``failures_per_job_hour`` are restarts in
        an hour of computing. None where the record does not tell.

    Raises
    ------
    InputError
        If the record has no two levels.

    Examples
    --------
    Ten stalls of 4 s at half power, one in 20 s:

    >>> found = fit_training("x", 1.0, np.tile(np.repeat([2.0, 1.0], [16, 4]), 10))
    >>> round(60 * found["interval_min"]), found["stall_count"], found["stall_fraction"]
    (20, 9, 0.5)
    """
    import pandas as pd  # noqa: PLC0415  # slow to import

    part, threshold = running(place, values)
    tail_s, values = step_s * (values.size - part.stop), values[part]
    on = values > threshold
    rows = pd.DataFrame({"on": on, "level": values, "run": np.cumsum(np.diff(on, prepend=True))})
    runs = rows.groupby("run").agg(on=("on", "first"), level=("level", "median"), s=("on", "size"))
    runs["s"] *= step_s
    compute = float(np.median(values[on]))
    worked, paused = runs[runs.on], runs[~runs.on]
    stalls, restarts = paused[paused.s <= LONGEST_STALL_S], paused[paused.s > LONGEST_STALL_S]
    interval_s = float(worked.s[:-1].mean() + stalls.s.mean()) if len(stalls) else _NEVER_S
    since_s = tail_s + float(runs.s[-2:].sum())
    computing_h = float(worked.s.sum()) / SECONDS_PER_HOUR
    fraction = float(stalls.level.median()) / compute if len(stalls) else None
    done = (values / compute - (fraction or 0.0)) / (1.0 - (fraction or 0.0))
    turns = np.flatnonzero(np.diff(on)) + 1
    return {
        "compute": compute,
        "stall_count": len(stalls),
        "stall_median_s": float(np.exp(np.log(stalls.s).mean())) if len(stalls) else 1.0,
        "stall_sigma": float(np.log(stalls.s).std()) if len(stalls) > 1 else 0.0,
        "stall_fraction": fraction,
        "interval_min": max(interval_s / SECONDS_PER_MINUTE, _SHORTEST_MIN),
        "first_min": max((interval_s - since_s) / SECONDS_PER_MINUTE, _SHORTEST_MIN),
        "restart_count": len(restarts),
        "restart_mean_min": max(float(restarts.s.mean()) / SECONDS_PER_MINUTE, _SHORTEST_MIN)
        if len(restarts)
        else _SHORTEST_MIN,
        "restart_sigma": float(np.log(restarts.s).std()) if len(restarts) > 1 else 0.0,
        "down_fraction": float(restarts.level.median()) / compute if len(restarts) else None,
        "failures_per_job_hour": len(restarts) / computing_h,
        "snap_back_s": _edge_s(done, turns[1::2], step_s),
        "fall_s": _edge_s(1.0 - done, turns[::2], step_s),
        "warnings": tuple(_warnings(step_s, len(stalls), len(restarts), computing_h)),
    }


def _edge_s(done: FloatArray, edges: IndexArray, step_s: float) -> float:
    """Return how long a step takes around some edges, their median [s]; 0 without one."""
    low, high = np.flatnonzero(done < _EDGE_FRACTION), np.flatnonzero(done > 1.0 - _EDGE_FRACTION)
    before, after = np.searchsorted(low, edges) - 1, np.searchsorted(high, edges)
    seen = (before >= 0) & (after < high.size)
    return float(np.median(high[after[seen]] - low[before[seen]])) * step_s if seen.any() else 0.0


def _warnings(step_s: float, stalls: int, restarts: int, hours: float) -> list[str]:
    found = []
    if step_s > 1.0:
        found.append(f"a value every {step_s:g} s: stalls and edges shorter than {2.0 * step_s:g} s are lost")
    if stalls < _FEW_STALLS:
        found.append(f"{stalls} stalls in {hours:.3g} h of computing tell little of checkpoints")
    if not restarts:
        rate = f"up to {3.0 / hours:.2g} an hour would look like this"
        found.append(f"no restart in {hours:.3g} h of computing: failures are left out; {rate}")
    return found
