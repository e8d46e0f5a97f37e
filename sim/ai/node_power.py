"""Formulas of a node's power by what its job does, and of a power floor under its GPUs."""

from sim.ai.catalogue import STATES, Server
from sim.units import MEGAWATT_IN_WATTS

FLOORED: frozenset[str] = frozenset({"compute", "communicate", "stall", "hang", "warm_up"})
"""States in which the job is active, so that a power floor holds."""


def node_power_w(server: Server, state: str, floor_fraction: float = 0.0) -> float:
    r"""Return what one node draws in a state.

    Parameters
    ----------
    server
        The node.
    state
        One of `sim.ai.catalogue.STATES`.
    floor_fraction
        Least power of a GPU while the job is active, over its rated power.

    Returns
    -------
    float
        IT power of the node [W].

    Notes
    -----
    .. math:: P_{node}(s) = n_g P_{TDP} p_g(s) + P_{other} l(s)

    Examples
    --------
    An 8-GPU H100 node that computes draws 77 % of its 10.2 kW nameplate; 76 % are published.

    >>> from sim.ai.catalogue import SERVERS
    >>> round(node_power_w(SERVERS["h100-hgx"], "compute"))
    7890
    """
    gpu_fraction = server.gpu_fractions[state].value
    if state in FLOORED:
        gpu_fraction = max(gpu_fraction, floor_fraction)
    gpus_w = server.gpus_per_node * server.gpu_rated_w.value * gpu_fraction
    return gpus_w + server.other_w.value * server.other_fractions[state].value


def training_power_w(server: Server, communication_fraction: float, floor_fraction: float = 0.0) -> float:
    """Return what one node draws on average over iterations [W].

    Parameters
    ----------
    server
        The node.
    communication_fraction
        Share of an iteration in which the GPUs wait for each other, 0 to 1.
    floor_fraction
        Least power of a GPU over its rated power.

    Examples
    --------
    >>> from sim.ai.catalogue import SERVERS
    >>> round(training_power_w(SERVERS["h100-hgx"], 0.2))
    7386
    """
    high_w = node_power_w(server, "compute", floor_fraction)
    low_w = node_power_w(server, "communicate", floor_fraction)
    return (1.0 - communication_fraction) * high_w + communication_fraction * low_w


def state_powers_mw(
    server: Server,
    nodes: float,
    communication_fraction: float,
    floor_fraction: float = 0.0,
    loaded_mw: float | None = None,
) -> dict[str, float]:
    """Return the IT power of a job in each state [MW]; ``compute`` is the mean over iterations.

    Parameters
    ----------
    server
        The node.
    nodes
        Nodes of the job.
    communication_fraction
        Share of an iteration in which the GPUs wait for each other, 0 to 1.
    floor_fraction
        Least power of a GPU while the job is active, over its rated power.
    loaded_mw
        Power while the job computes without a floor [MW]; all states are scaled to it. None: as the catalogue
        says.

    Examples
    --------
    >>> from sim.ai.catalogue import SERVERS
    >>> powers = state_powers_mw(SERVERS["h100-hgx"], 2048, 0.2)
    >>> round(powers["compute"], 2), round(powers["stall"] / powers["compute"], 2)
    (15.13, 0.49)
    """
    unfloored_w = training_power_w(server, communication_fraction)
    scale = (nodes / MEGAWATT_IN_WATTS) if loaded_mw is None else loaded_mw / unfloored_w
    powers_w = {state: node_power_w(server, state, floor_fraction) for state in STATES}
    powers_w["compute"] = training_power_w(server, communication_fraction, floor_fraction)
    return {state: power_w * scale for state, power_w in powers_w.items()}
