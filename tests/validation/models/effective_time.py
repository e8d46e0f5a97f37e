"""The share of a training job's time that is useful, in closed form, to compare runs with."""

import numpy as np


def effective_time_ratio_kokolis(
    compute_s: float, stall_s: float, restart_s: float, interruptions_per_s: float
) -> float:
    r"""Return the share of time that does useful work, to first order.

    Parameters
    ----------
    compute_s
        Time spent computing between two checkpoints [s], above 0.
    stall_s
        Stall of one checkpoint [s].
    restart_s
        Mean time from an interruption to full work [s].
    interruptions_per_s
        Interruptions in a second [1/s].

    Returns
    -------
    float
        Useful time over all time (effective training time ratio, ETTR).

    Notes
    -----
    .. math:: \frac{1 - \lambda (u_0 + \tau / 2)}{1 + w / \tau}

    Valid while :math:`\lambda (u_0 + \tau)` is far below 1.

    References
    ----------
    Kokolis et al., arXiv:2410.21680.

    Examples
    --------
    256 nodes at 6.5e-3 a node and day, 60 min of work, 5 min of checkpoint, 10 min of restart.

    >>> round(effective_time_ratio_kokolis(3600.0, 300.0, 600.0, 256 * 6.5e-3 / 86_400.0), 3)
    0.88
    """
    return (1.0 - interruptions_per_s * (restart_s + compute_s / 2.0)) / (1.0 + stall_s / compute_s)


def effective_time_ratio_renewal(
    compute_s: float, stall_s: float, restart_s: float, interruptions_per_s: float
) -> float:
    r"""Return the share of time that does useful work, exact for interruptions at a constant rate.

    Parameters
    ----------
    compute_s
        Time spent computing between two checkpoints [s], above 0.
    stall_s
        Stall of one checkpoint [s].
    restart_s
        Mean time from an interruption to full work [s].
    interruptions_per_s
        Interruptions in a second of running [1/s], above 0.

    Returns
    -------
    float
        Useful time over all time (effective training time ratio, ETTR).

    Notes
    -----
    A segment of :math:`\tau + \delta` without interruption is expected to take
    :math:`(M + R)(e^{(\tau + \delta) / M} - 1)`, :math:`M = 1 / \lambda`, where no interruption falls into a
    restart; of it :math:`\tau` is useful. Daly, whose restarts can fail, has :math:`M e^{R / M}` for
    :math:`M + R`; the two agree to :math:`(R / M)^2 / 2`.

    References
    ----------
    J. T. Daly, FGCS 22 (2006), doi:10.1016/j.future.2004.11.016.

    Examples
    --------
    >>> round(float(effective_time_ratio_renewal(3600.0, 300.0, 600.0, 256 * 6.5e-3 / 86_400.0)), 3)
    0.879
    """
    mtbi_s = 1.0 / interruptions_per_s
    segment_s = (mtbi_s + restart_s) * np.expm1((compute_s + stall_s) / mtbi_s)
    ratio: float = compute_s / segment_s
    return ratio
