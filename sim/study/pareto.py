"""Which policies are beaten by none in all objectives at once."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from sim.study.paired import FloatArray

OBJECTIVES: Final = {
    "objective_usd": 1.0,
    "worst_ramp_60s_mw_per_min": -1.0,
    "exceedance_mwh": -1.0,
    "fleet_start_count": -1.0,
    "fleet_machine_start_count": -1.0,
}
"""What counts, by metric: 1 where more is better, -1 where less is."""


def non_dominated(points: FloatArray) -> list[bool]:
    """Return for each point whether none is at least as good in all and better in one.

    Parameters
    ----------
    points
        Objectives, more is better, shape (points, objectives).

    Examples
    --------
    >>> non_dominated(np.array([[2.0, 1.0], [1.0, 2.0], [1.0, 1.0]]))
    [True, True, False]
    """
    return [
        not any(bool(np.all(other >= point) and np.any(other > point)) for other in points)
        for point in points
    ]


def pareto_view(means: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Return the objectives that all policies know, and of each policy its means and whether none beats it.

    Parameters
    ----------
    means
        Mean of each metric over the replications, by policy and metric; NaN where not assessable.
    """
    known = {
        name: sign
        for name, sign in OBJECTIVES.items()
        if all(np.isfinite(values.get(name, np.nan)) for values in means.values())
    }
    points = np.array([[sign * values[name] for name, sign in known.items()] for values in means.values()])
    flags = non_dominated(points)
    return {
        "objectives": {name: "more" if sign > 0.0 else "less" for name, sign in known.items()},
        "policies": {
            policy: {"non_dominated": flag, **{name: values[name] for name in known}}
            for (policy, values), flag in zip(means.items(), flags, strict=True)
        },
    }
