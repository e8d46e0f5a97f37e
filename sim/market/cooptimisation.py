r"""What a price taker sells ahead: energy to mine with and reserves, chosen together, hour by hour.

Notes
-----
In an hour the miners' power above their minimum is :math:`\sum_g x_g`, with margin :math:`m_g` of a
megawatt-hour (what it mines less what it costs). Reserve :math:`k` is paid :math:`a_k` for each megawatt
held, and a share :math:`d_k` of it is called; :math:`y_{kg}` of it is held by fleet :math:`g`:

.. math::

    \max \sum_g m_g x_g + \sum_{k \in up, g} (a_k - d_k m_g)\, y_{kg}
    + \sum_{k \in down, g} (a_k + d_k m_g)\, y_{kg}

subject to :math:`\sum_{up} y_{kg} \le x_g \le W_g - \sum_{down} y_{kg}`, :math:`\sum_g y_{kg} \le Q_k`,
:math:`S_{up} + \sum_{up, g} y_{kg} \le \sum_g x_g` and
:math:`\sum_g x_g + S_{down} + \sum_{down, g} y_{kg} \le A`, with what is sold already, :math:`S`. A call
takes from the fleets that earn least, as the executor does. Where several reserves are sold no two are held
by the same megawatt, as if all were called at once: exact for one, on the safe side for several. Solved by
HiGHS.

It is the outcome of a day-ahead market that clears energy and reserves together, for a site that bids its
margins and moves no price: such a bid needs no forecast of the prices.

References
----------
A. El Helou, A. Menati, L. Xie, arXiv 2303.09081 (a miner's offers of regulation).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.units import FloatArray


@dataclass(frozen=True)
class ReserveProduct:
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
    reserves: tuple[ReserveProduct, ...],
    sold_mw: tuple[float, float] = (0.0, 0.0),
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
    sold_mw
        What is sold already in every hour, up and down [MW]; what of it the room cannot hold is no bound.

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

    >>> reserve = ReserveProduct(np.full(3, 5.0), np.full(3, 30.0), 0.02)
    >>> best_offers(np.array([60.0]), np.array([[50.0, -4.0, -40.0]]), np.full(3, 60.0), (reserve,)).tolist()
    [[30.0, 30.0, 0.0]]
    """
    from scipy import sparse  # noqa: PLC0415  # slow to import
    from scipy.optimize import linprog  # noqa: PLC0415  # slow to import

    fleets, hours = margin_usd_per_mwh.shape
    worth = [margin_usd_per_mwh]
    for one in reserves:
        # what a call takes from mining, or gives
        called = margin_usd_per_mwh * (one.called_fraction if one.downward else -one.called_fraction)
        worth.append(one.price_usd_per_mwh + called)
    room_mw = np.minimum(available_mw, segment_mw.sum())
    down_mw = np.minimum(sold_mw[1], room_mw)
    up_mw = np.minimum(sold_mw[0], room_mw - down_mw)
    widths_mw = [np.full(hours, width_mw) for width_mw in segment_mw]
    bounds_mw = [np.zeros(fleets * hours), *widths_mw, *(one.most_mw for one in reserves)]
    rows: Any = _rows(fleets, reserves)
    if hours > 1:
        rows = sparse.kron(rows, sparse.eye(hours), format="csr")
    found = linprog(
        -np.concatenate(worth).ravel(),
        A_ub=rows,
        b_ub=np.concatenate([*bounds_mw, -up_mw, available_mw - down_mw]),
        method="highs",
    )
    if found.status != 0:
        raise RuntimeError(f"no best offers were found: {found.message}")
    held_mw = found.x.reshape(1 + len(reserves), fleets, hours)[1:]
    # without the solver's last digits, which would differ from one processor to another; and no -0
    return np.asarray(np.round(held_mw.sum(axis=1), 6) + 0.0)


def _rows(fleets: int, reserves: tuple[ReserveProduct, ...]) -> FloatArray:
    """Return the rows of one hour over what is mined by each fleet, and held by each for each reserve.

    In order: what falls comes out of what is mined, what rises has a place beside it, no reserve is sold
    beyond its most, what falls is there beside what is sold already, and so is the room for what rises.
    """
    each, every = np.eye(fleets), np.ones(fleets)
    down = np.array([float(one.downward) for one in reserves])
    return np.vstack(
        [
            np.hstack([-each, np.kron(1.0 - down, each)]),
            np.hstack([each, np.kron(down, each)]),
            np.hstack([np.zeros((len(reserves), fleets)), np.kron(np.eye(len(reserves)), every)]),
            np.hstack([-every, np.kron(1.0 - down, every)])[None],
            np.hstack([every, np.kron(down, every)])[None],
        ]
    )
