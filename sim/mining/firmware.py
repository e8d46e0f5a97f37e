"""How fast a miner's firmware lets it sleep and wake: presets, each of which a scenario may override."""

from typing import Final, Literal, NamedTuple

FirmwareName = Literal["unsafe", "quick", "safe", "stock"]
"""Name of a preset: how the firmware brings a machine up."""


class Firmware(NamedTuple):
    """Times of one firmware from command to full power, and whether it can lower the clock."""

    latency_s: float
    """Time from a command to its arrival at the machines [s]."""
    power_down_s: float
    """Time a machine takes from any power down to standby, and its clock from the default to nothing [s]."""
    boot_s: float
    """Time from the wake-up to the first hash, at standby power [s]."""
    ramp_up_s: float
    """Time the clock takes from nothing to the default [s]."""
    scales_clock: bool
    """Whether it can run machines below their default clock."""


FIRMWARE: Final[dict[FirmwareName, Firmware]] = {
    "unsafe": Firmware(3.0, 5.0, 0.0, 10.0, scales_clock=True),
    "quick": Firmware(3.0, 5.0, 5.0, 60.0, scales_clock=True),
    "safe": Firmware(3.0, 5.0, 10.0, 180.0, scales_clock=True),
    "stock": Firmware(3.0, 45.0, 300.0, 300.0, scales_clock=False),
}
"""Firmware by name.

Third-party firmware sleeps within 5 s and is back at full power within 10 s in a single step (`unsafe`,
which stresses the chips); it ramps in steps by default (LuxOS documentation; hashrateindex.com, firmware
features). A command takes 1 to 5 s; here 3 s, an assumption. The steps of `quick` and `safe` and all times
of `stock` are assumptions: no manufacturer publishes them (unverified).
"""


def filled_fraction(duration_s: float, latency_s: float, boot_s: float, ramp_up_s: float) -> float:
    r"""Return how much of a dip of AI power a fleet that was asleep fills, by energy.

    Parameters
    ----------
    duration_s
        Length :math:`T` of the dip [s], above 0.
    latency_s, boot_s, ramp_up_s
        Latency :math:`L`, boot :math:`b` and ramp :math:`\tau` of the firmware [s]; the fleet is told to wake
        at the dip's start.

    Returns
    -------
    float
        Share of the dip's energy that hashing machines take up [1].

    Notes
    -----
    With :math:`T' = \max(0, T - L - b)`,

    .. math::
        \varphi = \begin{cases}
            T'^2 / (2 \tau T) & T' < \tau \\
            (T' - \tau/2) / T & T' \ge \tau.
        \end{cases}

    The fleet must be told to sleep :math:`L + \tau_{down}` before the dip ends, or it overlaps with AI power
    that comes back. Standby power is left out.

    Examples
    --------
    >>> [round(filled_fraction(120.0, *times), 2) for times in ((3.0, 0.0, 10.0), (3.0, 5.0, 60.0))]
    [0.93, 0.68]
    """
    left_s = max(0.0, duration_s - latency_s - boot_s)
    if left_s < ramp_up_s:
        return left_s * left_s / (2.0 * ramp_up_s * duration_s)
    return (left_s - ramp_up_s / 2.0) / duration_s
