"""What outdoor air does to the clock of machines: profile by profile down, then a stop."""

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

import numpy as np

from sim.mining.cohort.spec import Heat
from sim.signals import FloatArray, Signal


class Ceiling(NamedTuple):
    """What heat allows from a time on."""

    time_s: float
    """From when [s]."""
    clock: float
    """Highest clock over the default; infinity: any [1]."""
    tripped: bool
    """Whether it has stopped the machines."""


def ceilings(heat: Heat, outdoor_c: Signal, fractions: Sequence[float]) -> list[Ceiling]:
    r"""Return how heat limits the clock over a run, in order of time.

    Parameters
    ----------
    heat
        What hot air does.
    outdoor_c
        Outdoor temperature [°C].
    fractions
        Clocks of the firmware's profiles over the default clock [1].

    Notes
    -----
    Up to ``derate_from_c`` any clock is free; at ``derated_at_c`` it is held at ``derated_fraction``. In
    between, the profiles are given up one after the other, at temperatures evenly apart. Above ``trip_c``
    machines stop, until the temperature falls below ``restart_c``. Each switch is at the exact crossing.
    """
    spans = [(outdoor_c.intervals_above(above_c), clock) for above_c, clock in _limits(heat, fractions)]
    stops = _stops(outdoor_c, heat)
    edges = [spans_s.ravel() for spans_s, _ in spans] + [stops.ravel(), np.array([outdoor_c.start_s])]
    found: list[Ceiling] = []
    for time_s in np.unique(np.concatenate(edges)).tolist():
        clock = min((clock for spans_s, clock in spans if _holds(spans_s, time_s)), default=inf)
        ceiling = Ceiling(time_s, clock, _holds(stops, time_s))
        if not found or ceiling[1:] != found[-1][1:]:
            found.append(ceiling)
    return found


def _limits(heat: Heat, fractions: Sequence[float]) -> list[tuple[float, float]]:
    """Return temperatures, and the highest clock above each."""
    highest = max(fractions)
    lower = sorted({heat.derated_fraction, *(x for x in fractions if heat.derated_fraction < x < highest)})
    width_c = (heat.derated_at_c - heat.derate_from_c) / len(lower)
    return [(heat.derated_at_c - width_c * number, clock) for number, clock in enumerate(lower)]


def _stops(outdoor_c: Signal, heat: Heat) -> FloatArray:
    """Return from when to when machines have tripped [s], shape (n, 2)."""
    warm_s = outdoor_c.intervals_above(heat.restart_c)
    trips_s = outdoor_c.intervals_above(heat.trip_c)[:, 0]
    first = np.searchsorted(trips_s, warm_s[:, 0], side="left")
    trips = [
        (trips_s[position], end_s)
        for position, end_s in zip(first, warm_s[:, 1], strict=True)
        if position < trips_s.size and trips_s[position] < end_s
    ]
    return np.array(trips).reshape(-1, 2)


def _holds(spans_s: FloatArray, time_s: float) -> bool:
    return bool(np.any((spans_s[:, 0] <= time_s) & (time_s < spans_s[:, 1])))
