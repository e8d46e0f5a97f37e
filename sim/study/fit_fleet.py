r"""A record of set-points and power turned into a fleet: latency, ramps, restart, what does not obey.

Notes
-----
A step of the set-point begins at its row and lasts until the next one. Where power moves from :math:`p_0` to
where it settles, :math:`p_1`, the latency is the time until 5 % of :math:`p_1 - p_0` is done, the ramp 90 %
of it over the time from 5 to 95 %. Of a fall to the lowest set-point :math:`s`, :math:`(p_1 - s)/(p_0 - s)`
did not obey.
"""

from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from sim.errors import InputError
from sim.units import FloatArray

_LEAST_STEP: Final = 0.05
"""Smaller steps of the set-point, over the highest, are not looked at; assumption."""
_SETTLED: Final = 0.8
"""Share of the time between two steps after which power has settled; assumption."""
_BEGUN, _DONE = 0.05, 0.95
_FEW_FALLS: Final = 5


class FleetFit(NamedTuple):
    """A fleet that follows its set-point as a record does; power in the record's unit."""

    rated: float
    latency_s: float
    ramp_up_per_s: float
    ramp_down_per_s: float
    restart_s: float | None
    """Until 95 % of a rise from rest is done [s]; None where there was none."""
    disobeying_fraction: float
    minimum: float
    """What does not obey."""
    initial: float
    """Power at the end of the record, within the range."""
    warnings: tuple[str, ...]


def fit_fleet(place: str, step_s: float, target: FloatArray, power: FloatArray) -> FleetFit:
    """Return the fleet that follows its set-point as a record does.

    Parameters
    ----------
    place
        Name of the record, for messages.
    step_s
        Time between two rows [s].
    target, power
        Set-point and power, in one unit, shape (n,).

    Raises
    ------
    InputError
        If no step down is followed.

    Examples
    --------
    >>> target = np.repeat([10.0, 0.0, 10.0], 100)
    >>> power = np.interp(np.arange(300.0), [102, 112, 205, 225], [10, 1, 1, 10])
    >>> found = fit_fleet("x", 1.0, target, power)
    >>> found.latency_s, round(found.ramp_down_per_s, 2), round(found.disobeying_fraction, 2)
    (3.0, 0.9, 0.1)
    """
    import pandas as pd  # noqa: PLC0415  # slow to import

    rated = float(max(target.max(), power.max()))
    least = _LEAST_STEP * rated
    edges = np.flatnonzero(np.abs(np.diff(target)) > least) + 1
    rows = [
        (target[start - 1], target[start], *_followed(power[start - 1 : end], least))
        for start, end in pairwise([*edges.tolist(), target.size])
    ]
    steps = pd.DataFrame(rows, columns=["from", "to", "start", "end", "begun", "done"])
    steps = steps[np.sign(steps.to - steps["from"]) == np.sign(steps.end - steps.start)]
    took_s = step_s * (steps.done - steps.begun).clip(1)
    steps["ramp"] = (_DONE - _BEGUN) * (steps.end - steps.start).abs() / took_s
    falls, rises = steps[steps.to < steps["from"]], steps[steps.to > steps["from"]]
    if falls.empty:
        raise InputError.single(place, "", "has no step down of the set-point that power follows")
    lowest = falls[falls.to <= falls.to.min() + least]
    stays = float(np.clip(((lowest.end - lowest.to) / (lowest.start - lowest.to)).median(), 0.0, 1.0))
    rests = rises[rises["from"] < least]
    told = {
        f"{len(falls)} falls tell little of latency and ramps": len(falls) < _FEW_FALLS,
        f"a value every {step_s:g} s is too coarse for falls this fast": falls.done.median() < _FEW_FALLS,
        "no rise from rest: restart is not told": rests.empty,
    }
    return FleetFit(
        rated,
        step_s * max(float(falls.begun.median()) - 1.0, 0.0),
        float((falls if rises.empty else rises).ramp.median()),
        float(falls.ramp.median()),
        None if rests.empty else step_s * (float(rests.done.median()) - 1.0),
        stays,
        stays * rated,
        float(np.clip(power[-1], stays * rated, rated)),
        tuple(text for text, holds in told.items() if holds),
    )


def _followed(power: FloatArray, least: float) -> tuple[float, float, int, int]:
    """Return where power began and settled, and after how many rows 5 and 95 % was done."""
    start, end = float(power[0]), float(np.median(power[int(_SETTLED * power.size) :]))
    if abs(end - start) < least:
        return start, start, 0, 0
    share = (power - start) / (end - start)
    return start, end, int(np.argmax(share >= _BEGUN)), int(np.argmax(share >= _DONE))
