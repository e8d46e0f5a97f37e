r"""What a price taker sells ahead: energy to mine with and reserves, chosen together, hour by hour.

Notes
-----
In an hour the miners' power above their minimum is :math:`\sum_g x_g`, with margin :math:`m_g` of a
megawatt-hour (what it mines less what it costs). Reserve :math:`k` is paid :math:`a_k` for each megawatt
held, and a share :math:`d_k` of it is called:

.. math::

    \max \sum_g m_g x_g + \sum_k a_k q_k - \sum_{k \in up} d_k \max_g(m_g)\, q_k
    + \sum_{k \in down} d_k \min_g(m_g)\, q_k

subject to :math:`\sum_{up} q_k \le \sum_g x_g`, :math:`\sum_g x_g + \sum_{down} q_k \le A`,
:math:`0 \le x_g \le W_g`, :math:`0 \le q_k \le Q_k`. What a call takes is valued at the best fleet's
margin, and what it gives at the worst's: with one fleet that is exact, with several it is on the safe side.
Solved by HiGHS.

It is the outcome of a day-ahead market that clears energy and reserves together, for a site that bids its
margins and moves no price: such a bid needs no forecast of the prices.

References
----------
A. El Helou, A. Menati, L. Xie, arXiv 2303.09081 (a miner's offers of regulation).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Reserve:
    """One reserve that may be sold."""

    price_usd_per_mwh: FloatArray
    """What a megawatt held for an hour is paid [USD/MWh], shape (hours,)."""
    most_mw: FloatArray
    """Most that may be sold [MW], shape (hours,)."""
    called_fraction: float
    """Share of it that is called, on average [1]."""
    downward: bool = False
    """Whether a call makes the site draw more."""


def best_offers(
    segment_mw: FloatArray,
    margin_usd_per_mwh: FloatArray,
    available_mw: FloatArray,
    reserves: tuple[Reserve, ...],
) -> FloatArray:
    """Return what to sell of each reserve in each hour.

    Parameters
    ----------
    segment_mw
        Power of each fleet above its minimum [MW], shape (fleets,).
    margin_usd_per_mwh
        What a megawatt-hour of each fleet mines, less what it costs [USD/MWh], shape (fleets, hours).
    available_mw
        Power that the fleets may add to their minimum [MW], shape (hours,), at least 0.
    reserves
        What may be sold, at least one.

    Returns
    -------
    ndarray
        Shape (reserves, hours) [MW].

    Raises
    ------
    RuntimeError
        The solver gave up.

    Examples
    --------
    Mining earns 50 USD/MWh, then loses 4, then loses 40. A reserve that pays 5, of which 2 % is called, is
    worth more than the 1 it costs while mining pays; then it is just worth mining for; then it is not:

    >>> reserve = Reserve(np.full(3, 5.0), np.full(3, 30.0), 0.02)
    >>> best_offers(np.array([60.0]), np.array([[50.0, -4.0, -40.0]]), np.full(3, 60.0), (reserve,)).tolist()
    [[30.0, 30.0, 0.0]]
    """
    from scipy import sparse  # noqa: PLC0415  # slow to import
    from scipy.optimize import linprog  # noqa: PLC0415  # slow to import

    fleets, hours = margin_usd_per_mwh.shape
    lost, gained = margin_usd_per_mwh.max(axis=0), margin_usd_per_mwh.min(axis=0)
    worth = [
        reserve.price_usd_per_mwh + reserve.called_fraction * (gained if reserve.downward else -lost)
        for reserve in reserves
    ]
    down = np.array([float(reserve.downward) for reserve in reserves])
    held = np.concatenate([-np.ones(fleets), 1.0 - down])
    drawn = np.concatenate([np.ones(fleets), down])
    rows: Any = sparse.kron(np.vstack([held, drawn]), sparse.eye(hours), format="csr")
    most_mw = [*(np.full(hours, width_mw) for width_mw in segment_mw), *(one.most_mw for one in reserves)]
    found = linprog(
        -np.concatenate([margin_usd_per_mwh.ravel(), *worth]),
        A_ub=rows,
        b_ub=np.concatenate([np.zeros(hours), available_mw]),
        bounds=np.column_stack([np.zeros(len(held) * hours), np.concatenate(most_mw)]),
        method="highs",
    )
    if found.status != 0:
        raise RuntimeError(f"no best offers were found: {found.message}")
    # without the solver's last digits, which would differ from one processor to another; and no -0
    return np.asarray(np.round(found.x, 6) + 0.0).reshape(-1, hours)[fleets:]
