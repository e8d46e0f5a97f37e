"""Formulas of checkpoints, interruptions and restarts of a synchronous training job.

All take floats or arrays of them, element by element. A *stall* is the part of a checkpoint during which the
GPUs wait; an asynchronous checkpoint goes on being written in the background, which does not lower the power.
"""

from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR


def sync_stall_s(
    parameters_billion: float, bytes_per_parameter: float, storage_gb_per_s: float, barrier_s: float = 0.0
) -> float:
    r"""Return how long the GPUs wait while the whole state is written to storage.

    Parameters
    ----------
    parameters_billion
        Parameters of the model [1e9], above 0.
    bytes_per_parameter
        State written for each parameter [B]: 14 with Adam in mixed precision (2 for the weight in bf16, 4 for
        its fp32 copy, 8 for the moments), 9 to 16 in published runs.
    storage_gb_per_s
        Rate at which the storage takes the state [GB/s], above 0.
    barrier_s
        Time to bring all ranks to a stop and start them again [s].

    Returns
    -------
    float
        Stall of one checkpoint [s].

    Notes
    -----
    :math:`\delta = \beta P / B + t_b`. Valid where storage, not the writers, sets the rate.

    References
    ----------
    BLOOM-176B wrote 2.3 TB in 40 s: S. Bekman, *Machine Learning Engineering*, ``training/fault-tolerance``.

    Examples
    --------
    >>> round(sync_stall_s(176.0, 13.07, 57.5), 1)
    40.0
    """
    return parameters_billion * bytes_per_parameter / storage_gb_per_s + barrier_s


def async_stall_s(
    parameters_billion: float, bytes_per_parameter: float, gpus: float, copy_gb_per_s: float, barrier_s: float
) -> float:
    r"""Return how long the GPUs wait while each copies its part of the state out of its memory.

    Parameters
    ----------
    parameters_billion
        Parameters of the model [1e9].
    bytes_per_parameter
        State for each parameter [B].
    gpus
        GPUs, each of which copies as much.
    copy_gb_per_s
        Rate of one GPU's copy [GB/s], above 0.
    barrier_s
        Time to bring all ranks to a stop and start them again [s].

    Notes
    -----
    :math:`\delta = \beta P / (N b) + t_b`. The copy is over in a fraction of a second; the barrier is nearly
    all.

    References
    ----------
    Stalls of 0.59 s with 405B and 0.34 s with 7B parameters: ByteCheckpoint, arXiv:2407.20143.

    Examples
    --------
    >>> round(async_stall_s(405.0, 14.0, 8960, 10.0, 0.5), 2)
    0.56
    """
    return parameters_billion * bytes_per_parameter / (gpus * copy_gb_per_s) + barrier_s


def interruption_rate_per_s(nodes: float, per_node_day: float, per_job_hour: float = 0.0) -> float:
    r"""Return how often a job on this many nodes is interrupted while it runs.

    Parameters
    ----------
    nodes
        Nodes of the job; one that fails stops it.
    per_node_day
        Interruptions for each node and day of running [1/d].
    per_job_hour
        Interruptions that do not depend on size, such as software faults, for each hour of running [1/h].

    Returns
    -------
    float
        Interruptions in a second of running [1/s].

    Notes
    -----
    :math:`\lambda = N \lambda_n + \lambda_j`: a series system of independent nodes. Unverified for jobs above
    some 25,000 GPUs.

    References
    ----------
    Kokolis et al., *Revisiting Reliability in Large-Scale Machine Learning Research Clusters*,
    arXiv:2410.21680.

    Examples
    --------
    2,048 nodes of 8 GPUs at 6.5e-3 a node and day: 1.8 h between interruptions.

    >>> round(1.0 / interruption_rate_per_s(2048, 6.5e-3) / 3600.0, 2)
    1.8
    """
    return nodes * per_node_day / SECONDS_PER_DAY + per_job_hour / SECONDS_PER_HOUR


def young_daly_interval_s(stall_s: float, mtbi_s: float) -> float:
    r"""Return the checkpoint interval that wastes the least time.

    Parameters
    ----------
    stall_s
        Stall of one checkpoint [s], above 0.
    mtbi_s
        Mean running time between interruptions of the job [s], above 0.

    Returns
    -------
    float
        Time from the start of one checkpoint to the start of the next [s].

    Notes
    -----
    :math:`\tau + \delta = \sqrt{2 \delta M}`, where :math:`\tau` is the time spent computing. First order in
    :math:`\delta / M`; good to 10 % for a stall of up to a tenth of the time between interruptions.

    References
    ----------
    J. W. Young, CACM 17 (1974), doi:10.1145/361147.361115; J. T. Daly, FGCS 22 (2006),
    doi:10.1016/j.future.2004.11.016.

    Examples
    --------
    >>> round(young_daly_interval_s(60.0, 10_000.0), 1)
    1095.4
    """
    interval_s: float = (2.0 * stall_s * mtbi_s) ** 0.5
    return interval_s


def daly_interval_s(stall_s: float, mtbi_s: float) -> float:
    r"""Return the checkpoint interval that wastes the least time, to higher order.

    Parameters
    ----------
    stall_s
        Stall of one checkpoint [s], above 0.
    mtbi_s
        Mean running time between interruptions of the job [s], above 0.

    Returns
    -------
    float
        Time from the start of one checkpoint to the start of the next [s].

    Notes
    -----
    With :math:`x = \delta / 2M`,

    .. math:: \tau + \delta = \sqrt{2 \delta M}\,(1 + \sqrt{x} / 3 + x / 9)

    for :math:`\delta < 2M`, and :math:`M + \delta` above.

    References
    ----------
    J. T. Daly, FGCS 22 (2006), doi:10.1016/j.future.2004.11.016.

    Examples
    --------
    >>> round(daly_interval_s(60.0, 10_000.0), 1), round(daly_interval_s(60.0, 100.0), 1)
    (1115.8, 133.2)
    """
    if stall_s >= 2.0 * mtbi_s:
        return mtbi_s + stall_s
    ratio = stall_s / (2.0 * mtbi_s)
    correction: float = 1.0 + ratio**0.5 / 3.0 + ratio / 9.0
    return young_daly_interval_s(stall_s, mtbi_s) * correction
