r"""Base points of a load that the grid dispatches, as ERCOT does with a controllable load resource.

Notes
-----
Every five minutes the operator's run may move a load by what its normal ramp rate does in five minutes,
within what it may be dispatched between: low and high power consumption (LPC, firm; MPC, as asked for). The
base point lies in that span; the load follows it in a line over four minutes, by a set point every four
seconds. Rule wording unseen: from secondary texts on ERCOT's CLR (NPRR1188, NPRR1325); the line of four
minutes is the value of ERCOT's training material.
"""

from typing import Final

RUN_MIN: Final = 5.0
"""Time between two runs of the dispatch [min]."""
RAMP_S: Final = 240.0
"""Time in which a load moves to its base point in a line [s]; unverified."""


def dispatch_limits_mw(
    telemetered_mw: float, lpc_mw: float, mpc_mw: float, normal_ramp_mw_per_min: float
) -> tuple[float, float]:
    """Return the low and the high dispatch limit of a load at a run [MW].

    Parameters
    ----------
    telemetered_mw
        What the load draws [MW].
    lpc_mw, mpc_mw
        Low and maximum power consumption [MW].
    normal_ramp_mw_per_min
        Normal ramp rate [MW/min], at least 0.

    Raises
    ------
    ValueError
        Where the limits are out of order, or the ramp rate is below 0.

    Examples
    --------
    >>> dispatch_limits_mw(150.0, 50.0, 160.0, 10.0)
    (100.0, 160.0)
    """
    if not 0.0 <= lpc_mw <= mpc_mw:
        raise ValueError(f"lpc_mw must lie between 0 and mpc_mw = {mpc_mw:g} MW, got {lpc_mw:g} MW")
    if normal_ramp_mw_per_min < 0.0:
        raise ValueError(f"normal_ramp_mw_per_min must be 0 or above, got {normal_ramp_mw_per_min:g} MW/min")
    reach_mw = RUN_MIN * normal_ramp_mw_per_min

    def within(power_mw: float) -> float:
        return min(max(power_mw, lpc_mw), mpc_mw)

    return within(telemetered_mw - reach_mw), within(telemetered_mw + reach_mw)


def base_point_mw(
    telemetered_mw: float, wanted_mw: float, lpc_mw: float, mpc_mw: float, normal_ramp_mw_per_min: float
) -> float:
    """Return the base point of a five-minute run [MW]: what is wanted, as far as the load can go.

    Parameters
    ----------
    telemetered_mw
        What the load draws [MW].
    wanted_mw
        What the grid can serve, or what the load's bid asks for at the price [MW].
    lpc_mw, mpc_mw, normal_ramp_mw_per_min
        See `dispatch_limits_mw`.

    Examples
    --------
    A load at 150 MW that the grid wants at 60 MW, three runs in a row at 4 MW/min:

    >>> base_point_mw(150.0, 60.0, 50.0, 150.0, 4.0)
    130.0
    >>> base_point_mw(130.0, 60.0, 50.0, 150.0, 4.0), base_point_mw(110.0, 60.0, 50.0, 150.0, 4.0)
    (110.0, 90.0)
    """
    low_mw, high_mw = dispatch_limits_mw(telemetered_mw, lpc_mw, mpc_mw, normal_ramp_mw_per_min)
    return min(max(wanted_mw, low_mw), high_mw)


def set_point_mw(from_mw: float, base_point_mw: float, since_s: float) -> float:
    """Return the set point on the line from one base point to the next [MW].

    Parameters
    ----------
    from_mw
        Set point when the run's base point arrived [MW].
    base_point_mw
        The base point [MW].
    since_s
        Time since it arrived [s], at least 0.

    Examples
    --------
    >>> set_point_mw(150.0, 130.0, 60.0), set_point_mw(150.0, 130.0, 300.0)
    (145.0, 130.0)
    """
    share = min(1.0, since_s / RAMP_S)
    return from_mw + share * (base_point_mw - from_mw)
