"""The limit as a constraint: which policies keep it, in which order all stand, what would mend the others.

A policy is feasible if in no replication the site exceeds what is tolerated where it would not without
miners. Feasible ones come first, the better the more they earn; then the others, those first that break
least. Of a study, that is who wins where: which policy is best at each combination of what else it varies.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Final, NamedTuple

import numpy as np

from sim.scenario.policy_choice import POLICY
from sim.study.expand import SEED
from sim.study.paired import paired_difference, simultaneous
from sim.study.spec import Axis
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
    return {policy: Standing(feasible[policy], order.index(policy) + 1, _broken_text(of[policy])) for policy in of}


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


EARNED: Final = "incremental_ebitda_usd"
"""What ranks the policies of a study, whose runs know no objective."""
NEEDED: Final = (COUNT, ENERGY, LONGEST, PEAK, EARNED)
"""Metrics that are looked at."""
MOST_AXES: Final = 2

Cell = dict[Any, list[Mapping[str, Any]]]
"""Rows of the runs of each policy, the seeds in their order."""


def who_wins(axes: Sequence[Axis], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return in each combination the policy that ranks first, and whether it leads; None: no such question.

    A policy that keeps the limit ranks before one that does not, then money counts. It leads where its paired
    difference to every other one that keeps it (or breaks it) too is above zero by simultaneous 95 %
    intervals (Bonferroni over these policies of the cell).

    Parameters
    ----------
    axes
        The study's axes: the policy, one or two others, and perhaps seeds.
    rows
        Its runs, with a value for each axis, the seed and `NEEDED`; every one done.
    """
    others = [axis for axis in axes if axis.path not in (POLICY, SEED)]
    if all(axis.path != POLICY for axis in axes) or not 1 <= len(others) <= MOST_AXES:
        return None
    cells: dict[tuple[Any, ...], Cell] = {}
    for row in rows:
        cell = cells.setdefault(tuple(row[axis.path] for axis in others), {})
        cell.setdefault(row[POLICY], []).append(row)
    policies = list(dict.fromkeys(row[POLICY] for row in rows))
    counts = {len(found) for cell in cells.values() for found in cell.values()}
    places = list(product(*(map(axis.cell, axis.values) for axis in others)))
    if len(policies) < 2 or len(counts) > 1 or cells.keys() != set(places):  # noqa: PLR2004  # one wins nothing
        return None
    if any(row[name] is None for row in rows for name in NEEDED):
        return None
    return {
        "metric": EARNED,
        "policies": policies,
        "replications": counts.pop(),
        "axes": [{"path": axis.path, "values": list(axis.values)} for axis in others],
        "cells": [{"values": list(place), **_won(cells[place])} for place in places],
    }


def _won(cell: Cell) -> dict[str, Any]:
    values: dict[Any, dict[str, FloatArray]] = {
        policy: {name: np.array([row[name] for row in rows], dtype=np.float64) for name in NEEDED}
        for policy, rows in cell.items()
    }
    found = standings({policy: {**of, MONEY: of[EARNED]} for policy, of in values.items()})
    best = min(found, key=lambda policy: found[policy].rank)
    alike = [one for one in found if one != best and found[one].feasible == found[best].feasible]
    leads = {
        one: paired_difference(values[best][EARNED], values[one][EARNED], simultaneous(len(alike))) for one in alike
    }
    return {
        "winner": best,
        "no_significant_difference_to": [one for one, lead in leads.items() if not lead.mean - lead.half_width > 0.0],
        EARNED: {policy: float(of[EARNED].mean()) for policy, of in values.items()},
        "feasible": [policy for policy in found if found[policy].feasible],
    }
