"""Present value of yearly cash flows, and the rate at which it is nothing; money is nominal."""

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import ArrayLike


def npv_usd(rate_fraction: float, cash_flow_usd: ArrayLike) -> float:
    r"""Return the net present value of yearly cash flows.

    Parameters
    ----------
    rate_fraction
        Discount rate of a year [1], above -1.
    cash_flow_usd
        Cash flow of today and at the end of each year [USD]; shape (years + 1,).

    Returns
    -------
    float
        Net present value [USD].

    Notes
    -----
    :math:`\sum_k c_k\,(1 + r)^{-k}`, a polynomial in the discount factor.

    Examples
    --------
    >>> round(npv_usd(0.10, [-100.0, 60.0, 60.0]), 3)
    4.132
    """
    return float(polyval(1.0 / (1.0 + rate_fraction), np.asarray(cash_flow_usd, dtype=float)))


def irr_fraction(cash_flow_usd: ArrayLike) -> float:
    r"""Return the internal rate of return of yearly cash flows.

    Parameters
    ----------
    cash_flow_usd
        Cash flow of today and at the end of each year [USD], changing its sign once; shape (years + 1,).

    Returns
    -------
    float
        Discount rate of a year at which the net present value is 0 [1], above -1.

    Raises
    ------
    ValueError
        If the sign never changes or changes twice: there is no rate, or more than one.

    Notes
    -----
    By Descartes' rule one change of sign leaves one root above 0 to the polynomial in the discount factor;
    it is bracketed by doubling and found by Brent's method.

    Examples
    --------
    >>> round(irr_fraction([-100.0, 60.0, 60.0]), 4)
    0.1307
    """
    from scipy.optimize import brentq  # noqa: PLC0415  # slow to import, and most users need no rate

    flow_usd = np.trim_zeros(np.asarray(cash_flow_usd, dtype=float))
    signs = np.sign(flow_usd[flow_usd != 0.0])
    changes = int(np.count_nonzero(np.diff(signs)))
    if changes != 1:
        raise ValueError(f"cash_flow_usd changes its sign {changes} times; must change it exactly once")
    high = 1.0
    while np.sign(polyval(high, flow_usd)) != signs[-1]:
        high *= 2.0
    return float(1.0 / brentq(lambda factor: polyval(factor, flow_usd), 0.0, high, xtol=1e-14) - 1.0)
