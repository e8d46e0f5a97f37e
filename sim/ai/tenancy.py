r"""How a tenant moves in: phases slip, data halls are energised one by one, racks burn in, then jobs draw.

The formulas take floats or arrays. A phase of :math:`S` MW that is ready at :math:`t_k + \Delta_k` and takes
:math:`L_k` is energised as :math:`S\,\mathrm{clip}((t - t_k - \Delta_k)/L_k, 0, 1)`, rounded down to whole
data halls.
"""

import math
from typing import NamedTuple

import numpy as np

FULL = 1.0 - 1e-9
"""A share of a hall beyond this is a whole one."""


class DataHall(NamedTuple):
    """One data hall of a phase."""

    energised_s: float
    """When it can draw power [s]."""
    size_mw: float
    """IT power let in it [MW]."""


class DrawShape(NamedTuple):
    """What a tenant draws in a data hall, by the hall's age."""

    fill_s: float
    """Time in which racks are set up, evenly [s]."""
    burn_in_s: float
    """Time each rack is tested under load once it stands [s]."""
    burn_in_fraction: float
    """IT power of a rack under test over what is let for it."""
    draw_fraction: float
    """IT power of a rack in service over what is let for it."""


def energised_fraction(age_s: float | np.ndarray, length_s: float) -> float | np.ndarray:
    """Return the share of a phase that stands so long after it began [s], before rounding to data halls.

    Examples
    --------
    >>> energised_fraction(np.array([-1.0, 25.0, 200.0]), 100.0).tolist()
    [0.0, 0.25, 1.0]
    """
    if length_s == 0.0:
        return np.where(np.asarray(age_s) >= 0.0, 1.0, 0.0)
    return np.clip(np.asarray(age_s) / length_s, 0.0, 1.0)


def blocks_of(ready_s: float, size_mw: float, length_s: float, block_mw: float) -> tuple[DataHall, ...]:
    """Return the data halls of a phase, each energised once the phase has come so far.

    Parameters
    ----------
    ready_s
        When the phase begins, delay counted [s].
    size_mw
        IT power let in it [MW], above 0.
    length_s
        Time from its first to its last megawatt [s]; 0: all at once.
    block_mw
        IT power of one data hall [MW], above 0; the last one is what is left.

    Examples
    --------
    >>> [tuple(block) for block in blocks_of(100.0, 25.0, 50.0, 10.0)]
    [(120.0, 10.0), (140.0, 10.0), (150.0, 5.0)]
    """
    whole = math.floor(size_mw / block_mw / FULL)
    sizes_mw = [block_mw] * whole
    rest_mw = size_mw - whole * block_mw
    if rest_mw > size_mw * (1.0 - FULL):
        sizes_mw.append(rest_mw)
    done_mw, blocks = 0.0, []
    for each_mw in sizes_mw:
        done_mw = min(done_mw + each_mw, size_mw)
        blocks.append(DataHall(ready_s + length_s * done_mw / size_mw, each_mw))
    return tuple(blocks)


def draw_fraction(age_s: float | np.ndarray, shape: DrawShape) -> float | np.ndarray:
    """Return what a tenant draws in a data hall of this age, over what is let in it.

    Racks are set up evenly over ``fill_s``; each burns in for ``burn_in_s``, then serves.

    Examples
    --------
    Racks set up over 40 days, tested for 10 at 0.9, then drawing 0.8: after 20 days half stand, half of those
    are still under test.

    >>> shape = DrawShape(40.0, 10.0, 0.9, 0.8)
    >>> [round(float(draw_fraction(day, shape)), 3) for day in (0.0, 5.0, 20.0, 45.0, 50.0)]
    [0.0, 0.113, 0.425, 0.813, 0.8]
    """
    standing = energised_fraction(age_s, shape.fill_s)
    serving = energised_fraction(np.asarray(age_s) - shape.burn_in_s, shape.fill_s)
    return shape.burn_in_fraction * (standing - serving) + shape.draw_fraction * serving


def draw_bends_s(shape: DrawShape) -> tuple[float, ...]:
    """Return the ages at which the straight lines of `draw_fraction` meet [s], in order."""
    return tuple(sorted({0.0, shape.burn_in_s, shape.fill_s, shape.fill_s + shape.burn_in_s}))
