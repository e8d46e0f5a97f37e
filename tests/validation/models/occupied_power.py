"""Power of a cluster of which a part of the nodes is occupied, in closed form."""


def occupied_power_mw(nodes: float, idle_mw: float, active_mw: float, occupied_fraction: float) -> float:
    r"""Return what a hall of alike nodes draws of which some are occupied.

    Parameters
    ----------
    nodes
        Nodes of the hall.
    idle_mw, active_mw
        Power of a node without and with a job [MW].
    occupied_fraction
        Share of nodes with a job, 0 to 1.

    Returns
    -------
    float
        IT power of the hall [MW].

    Notes
    -----
    .. math:: P = N (P_{idle} + u (P_{act} - P_{idle}))

    Examples
    --------
    >>> round(occupied_power_mw(2840, 0.42e-3, 2.495e-3, 0.2014), 2)
    2.38
    """
    return nodes * (idle_mw + occupied_fraction * (active_mw - idle_mw))
