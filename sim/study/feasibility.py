"""The limit as a constraint: which policies keep it, in which order all stand, what would mend the others.

A policy is feasible if in no replication the site exceeds what is tolerated where it would not without
miners. Feasible ones come first, the better the more they earn; then the others, those first that break
least.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from sim.units import SECONDS_PER_HOUR, FloatArray

COUNT: Final = "limit_broken_count"
ENERGY: Final = "limit_broken_mwh"
LONGEST: Final = "limit_broken_longest_s"
PEAK: Final = "limit_broken_peak_mw"
MONEY: Final = "objective_usd"
ONLY_FEASIBLE: Final = "uplift_capture"
"""Means nothing of a policy that earns by breaking the limit."""

Values = Mapping[str, FloatArray]
"""By metric, one value for each replication."""


class Standing(NamedTuple):
    """How a policy stands among those compared."""

    feasible: bool
    """Whether it keeps the limit in every replication."""
    rank: int
    """Its place; 1 is the best."""
    broken: str
    """What it breaks, in words; empty where it is feasible."""


def is_feasible(values: Values) -> bool:
    """Tell whether a policy keeps the limit in every replication."""
    return bool(np.all(values[COUNT] == 0.0))


def standings(of: Mapping[str, Values]) -> dict[str, Standing]:
    """Return how policies stand: feasible first, then money; below the line what breaks least.

    Parameters
    ----------
    of
        By policy and metric, one value for each replication.

    Examples
    --------
    >>> def runs(usd, count):
    ...     return {"objective_usd": np.array([usd]), "limit_broken_count": np.array([count]),
    ...             "limit_broken_mwh": np.array([count]), "limit_broken_longest_s": np.array([1.0]),
    ...             "limit_broken_peak_mw": np.array([2.0])}
    >>> found = standings({"greedy": runs(9.0, 3.0), "careful": runs(5.0, 0.0), "better": runs(6.0, 0.0)})
    >>> [(name, each.feasible, each.rank) for name, each in found.items()]
    [('greedy', False, 3), ('careful', True, 2), ('better', True, 1)]
    """
    feasible = {policy: is_feasible(values) for policy, values in of.items()}

    def worth(policy: str) -> tuple[float, ...]:
        values = of[policy]
        money = -_mean(values[MONEY])
        if feasible[policy]:
            return 0.0, money
        return 1.0, _mean(values[ENERGY]), _mean(values[COUNT]), money

    order = sorted(of, key=worth)  # of equals the one named first
    return {
        policy: Standing(feasible[policy], order.index(policy) + 1, _broken_text(of[policy])) for policy in of
    }


def advice(of: Mapping[str, Values]) -> str:
    """Return which policy breaks least and what would mend it, where none is feasible; else nothing."""
    found = standings(of)
    if any(standing.feasible for standing in found.values()):
        return ""
    least = min(found, key=lambda policy: found[policy].rank)
    peak_mw, longest_s = float(np.nanmax(of[least][PEAK])), float(np.nanmax(of[least][LONGEST]))
    energy_mwh = peak_mw * longest_s / SECONDS_PER_HOUR
    return (
        f"No policy keeps the limit. {least} breaks it least: {found[least].broken}. What would mend it: a "
        f"margin of {peak_mw:.1f} MW more; or an interlock on the loads that come back; or a battery of "
        f"{peak_mw:.1f} MW and {energy_mwh:.3g} MWh that gives above the limit; or the policy hold-limit."
    )


def without_what_means_nothing(values: Values) -> dict[str, FloatArray]:
    """Return the values of a policy, without those that mean nothing of one that breaks the limit."""
    if ONLY_FEASIBLE not in values or is_feasible(values):
        return dict(values)
    return {**values, ONLY_FEASIBLE: np.full_like(values[ONLY_FEASIBLE], np.nan)}


def _broken_text(values: Values) -> str:
    if is_feasible(values):
        return ""
    runs = int(np.sum(values[COUNT] != 0.0))
    longest_s, peak_mw = float(np.nanmax(values[LONGEST])), float(np.nanmax(values[PEAK]))
    return (
        f"{_mean(values[COUNT]):.4g} times a run in {runs} of {values[COUNT].size} runs, "
        f"for {longest_s:,.1f} s at the longest, by {peak_mw:,.1f} MW at the most"
    )


def _mean(values: FloatArray) -> float:
    return float(np.mean(values))


def standing_document(standing: Standing) -> dict[str, Any]:
    """Return what ``compare.json`` says of a standing."""
    return {"feasible": standing.feasible, "rank": standing.rank, "broken": standing.broken}
