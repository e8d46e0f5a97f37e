"""Which units to switch off so that at least a target is shed: least efficient first, no more than needed."""

from collections.abc import Iterable, Sequence


def least_efficient_first(efficiencies_j_per_th: Sequence[float | None]) -> list[int]:
    """Return positions, the worst energy per hash first, unknown ones last, equal ones as they stand.

    Parameters
    ----------
    efficiencies_j_per_th
        Energy per hash of each unit [J/TH]; None where it is not known.

    Examples
    --------
    >>> least_efficient_first([15.0, None, 30.0, 15.0])
    [2, 0, 3, 1]
    """
    return sorted(
        range(len(efficiencies_j_per_th)), key=lambda position: -(efficiencies_j_per_th[position] or 0.0)
    )


def units_to_reach(powers_mw: Iterable[float], target_mw: float) -> int:
    """Return how many units, taken as they stand, shed at least a target; all where all do not.

    Parameters
    ----------
    powers_mw
        What each unit sheds [MW], not below 0; read only as far as needed.
    target_mw
        What is to be shed [MW]; nothing is taken for 0 or less.

    Notes
    -----
    The sum over the units taken lies in [target, target + last unit): without the last it falls short. This
    is the fixed-power selection of block/proto-fleet (Apache-2.0), ``curtailment/selector.go``, applied to
    units already ranked by :func:`least_efficient_first`.

    Examples
    --------
    >>> units_to_reach([2.0, 3.0, 4.0], 5.0), units_to_reach([2.0, 3.0, 4.0], 5.5)
    (2, 3)
    """
    taken, shed_mw = 0, 0.0
    if target_mw <= 0.0:
        return 0
    for power_mw in powers_mw:
        taken += 1
        shed_mw += power_mw
        if shed_mw >= target_mw:
            break
    return taken


def select(
    powers_mw: Sequence[float], efficiencies_j_per_th: Sequence[float | None], target_mw: float
) -> list[int]:
    """Return the positions of the units to switch off so that at least a target is shed, in order.

    Parameters
    ----------
    powers_mw
        What each unit sheds [MW].
    efficiencies_j_per_th
        Energy per hash of each unit [J/TH]; None where it is not known.
    target_mw
        What is to be shed [MW].

    Examples
    --------
    >>> select([1.0, 2.0, 3.0], [15.0, 30.0, 20.0], 4.0)
    [1, 2]
    """
    order = least_efficient_first(efficiencies_j_per_th)
    return order[: units_to_reach((powers_mw[position] for position in order), target_mw)]
