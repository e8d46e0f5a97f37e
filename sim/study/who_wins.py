"""Who wins where: which policy is best at each combination of what else a study varies."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Final

import numpy as np

from sim.scenario.policy_choice import POLICY
from sim.signals import FloatArray
from sim.study.design import Axis
from sim.study.expand import SEED
from sim.study.feasibility import COUNT, ENERGY, LONGEST, PEAK, standings
from sim.study.feasibility import MONEY as RANKED_BY
from sim.study.paired import paired_difference, simultaneous

MONEY: Final = "incremental_ebitda_usd"
NEEDED: Final = (COUNT, ENERGY, LONGEST, PEAK, MONEY)
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
        "metric": MONEY,
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
    found = standings({policy: {**of, RANKED_BY: of[MONEY]} for policy, of in values.items()})
    best = min(found, key=lambda policy: found[policy].rank)
    alike = [one for one in found if one != best and found[one].feasible == found[best].feasible]
    leads = {
        one: paired_difference(values[best][MONEY], values[one][MONEY], simultaneous(len(alike)))
        for one in alike
    }
    return {
        "winner": best,
        "no_significant_difference_to": [
            one for one, lead in leads.items() if not lead.mean - lead.half_width > 0.0
        ],
        MONEY: {policy: float(of[MONEY].mean()) for policy, of in values.items()},
        "feasible": [policy for policy in found if found[policy].feasible],
    }
