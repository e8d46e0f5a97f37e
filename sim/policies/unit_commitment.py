r"""The best dispatch of blocks that switch on and off, with minimum times: a mixed-integer programme.

Notes
-----
Each group :math:`g` has :math:`N_g` equal blocks of :math:`B_g` megawatts; :math:`n` of them run, :math:`y`
start, :math:`z` stop:

.. math::

    n_{g,t} - n_{g,t-1} = y_{g,t} - z_{g,t}, \quad
    \sum_{k=t-U+1}^{t} y_{g,k} \le n_{g,t}, \quad
    \sum_{k=t-D+1}^{t} z_{g,k} \le N_g - n_{g,t}, \\
    x_g B_g\, n_{g,t} - \ell_g B_g\, y_{g,t} \le p_{g,t} \le B_g\,(n_{g,t} - \ell_g\, y_{g,t}),
    \quad \sum_g p_{g,t} \le A_t

maximising :math:`\sum \Delta\, m_{g,t}\, p_{g,t} - c_g\, y_{g,t}`. A start loses the share :math:`\ell_g` of
its first step. Whole counts of equal blocks, not a binary for each, keep the programme small. Solved by HiGHS
through :func:`scipy.optimize.milp`.

References
----------
D. Rajan, S. Takriti, "Minimum up/down polytopes of the unit commitment problem with start-up costs", IBM
Research Report RC23628, 2005 (the rows of minimum times).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.policies.programme import Dispatch, DispatchError
from sim.units import FloatArray


@dataclass(frozen=True)
class BlockGroup:
    """Equal blocks of one fleet."""

    block_mw: float
    """Power that a running block adds to its minimum [MW]."""
    blocks: int
    """How many there are."""
    margin_usd_per_mwh: FloatArray
    """What a megawatt-hour earns less what it costs [USD/MWh], shape (steps,)."""
    minimum_share: float = 1.0
    """Least share of its power at which a block runs [1]; 1: on or off."""
    minimum_up_steps: int = 1
    """Steps that a block runs at least."""
    minimum_down_steps: int = 1
    """Steps that a block stands at least."""
    settling_steps: int = 0
    """Steps from a start on, and up to a stop, in which a block may draw less than its least; also at both
    ends of what is solved at a time, where nothing is known of the steps beyond."""
    start_loss: float = 0.0
    """Share of its first step that a start loses [1], below 1."""
    start_usd: float = 0.0
    """What a block's start costs besides [USD]."""


def best_commitment(
    groups: tuple[BlockGroup, ...],
    available_mw: FloatArray,
    step_h: float,
    chunk_steps: int | None = None,
    *,
    whole: bool = True,
) -> Dispatch:
    """Return the best dispatch of blocks over a horizon.

    Parameters
    ----------
    groups
        The blocks, at least one group.
    available_mw
        Power that the blocks may draw, mean of each step [MW], shape (steps,).
    step_h
        Length of a step [h].
    chunk_steps
        Solve so many steps at a time, each free of what came before: faster, and still a bound, as fewer
        rules bind; None: all at once.
    whole
        Whether blocks run as a whole; else counts may be fractions (a linear programme): still a bound, and
        no lower.

    Returns
    -------
    Dispatch
        Mean power of each step, and its value.

    Raises
    ------
    DispatchError
        The solver gave up.

    Examples
    --------
    A block of 1 MW that must run two steps when it starts, and earns 50, then loses 20 USD/MWh:

    >>> group = BlockGroup(1.0, 1, np.array([-5.0, 50.0, -20.0]), minimum_up_steps=2)
    >>> best_commitment((group,), np.ones(3), 1.0).value_usd
    45.0
    """
    steps = len(available_mw)
    size = chunk_steps or steps
    plans = [
        _solve(groups, slice(first, min(first + size, steps)), available_mw, step_h, whole=whole)
        for first in range(0, steps, size)
    ]
    return Dispatch(np.concatenate([plan.power_mw for plan in plans]), sum(plan.value_usd for plan in plans))


def _solve(
    groups: tuple[BlockGroup, ...], part: slice, available_mw: FloatArray, step_h: float, *, whole: bool
) -> Dispatch:
    from scipy import sparse  # noqa: PLC0415  # slow to import
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415

    steps = part.stop - part.start
    rows = [_group_rows(group, steps, sparse) for group in groups]
    cap = sparse.hstack([sparse.eye(steps), sparse.csr_matrix((steps, 3 * steps))], format="csr")
    matrix = sparse.vstack(
        [sparse.block_diag([matrix for matrix, _, _ in rows]), sparse.hstack([cap] * len(groups))],
        format="csc",
    )
    low = np.concatenate([*(low for _, low, _ in rows), np.full(steps, -np.inf)])
    high = np.concatenate([*(high for _, _, high in rows), available_mw[part]])
    nothing, one = np.zeros(steps), np.ones(steps)
    cost = np.concatenate(
        [
            column
            for group in groups
            for column in (
                -group.margin_usd_per_mwh[part] * step_h,
                nothing,
                one * group.start_usd,
                nothing,
            )
        ]
    )
    counts = np.tile(np.concatenate([nothing, one, one, one]), len(groups))
    most = np.concatenate(
        [np.repeat([group.block_mw * group.blocks, *[group.blocks] * 3], steps) for group in groups]
    )
    found = milp(
        cost,
        integrality=counts if whole else None,
        bounds=Bounds(np.zeros(len(cost)), most),
        constraints=LinearConstraint(matrix, low, high),
    )
    if found.x is None or not (whole or found.success):
        raise DispatchError(f"no best commitment was found: {found.message}")
    powers = found.x.reshape(len(groups), 4, steps)[:, 0]
    # the bound, not the solution found: what the gap leaves open belongs to the bound
    return Dispatch(np.asarray(powers.sum(axis=0)), -float(found.mip_dual_bound if whole else found.fun))


def _group_rows(group: BlockGroup, steps: int, sparse: Any) -> tuple[Any, FloatArray, FloatArray]:
    """Return the rows of one group on its columns p, n, y, z: matrix, lower and upper bounds."""
    eye, none = sparse.eye(steps, format="csr"), sparse.csr_matrix((steps, steps))
    change = (eye - sparse.eye(steps, k=-1, format="csr"))[1:]
    flow = sparse.hstack([none[1:], change, -eye[1:], eye[1:]])
    up = sparse.hstack([none, -eye, _window(steps, group.minimum_up_steps, sparse), none])
    down = sparse.hstack([none, eye, none, _window(steps, group.minimum_down_steps, sparse)])
    lost = group.start_loss * group.block_mw * eye
    most = sparse.hstack([eye, -group.block_mw * eye, lost, none])
    least = _least_rows(group, steps, sparse)
    matrix = sparse.vstack([flow, up, down, most, least])
    zero, free = np.zeros(steps), np.full(steps, -np.inf)
    low = np.concatenate([zero[1:], free, free, free, free])
    high = np.concatenate([zero[1:], zero, np.full(steps, float(group.blocks)), zero, zero])
    return matrix, low, high


def _least_rows(group: BlockGroup, steps: int, sparse: Any) -> Any:
    """Return the rows by which a running block draws its least, but where it starts or is about to stop."""
    eye, settling = sparse.eye(steps, format="csr"), group.settling_steps
    least_mw = group.minimum_share * group.block_mw
    if not settling:
        lost = group.start_loss * group.block_mw * eye
        return sparse.hstack([-eye, least_mw * eye, -lost, sparse.csr_matrix((steps, steps))])
    starting = _window(steps, settling, sparse)
    ahead = range(1, min(settling, steps - 1) + 1)
    stopping = sparse.diags([1.0] * len(ahead), list(ahead), shape=(steps, steps), format="csr")
    inner = np.zeros(steps)
    inner[settling : steps - settling] = 1.0
    rows = sparse.diags([inner], [0], format="csr")
    return sparse.hstack(
        [-eye, least_mw * rows, -least_mw * rows @ starting, -least_mw * rows @ stopping], format="csr"
    )


def _window(steps: int, width: int, sparse: Any) -> Any:
    """Return the matrix that sums the last ``width`` steps, this one among them."""
    count = min(max(width, 1), steps)
    return sparse.diags([1.0] * count, [-k for k in range(count)], shape=(steps, steps), format="csr")
