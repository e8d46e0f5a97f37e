"""Energy of a hash and hash rate of a machine at a clock, to compare with what is published."""

from sim.mining.catalogue import Machine
from sim.mining.clocking import power_ratio
from sim.units import Number


def energy_per_hash_ratio(fraction: Number, vf_slope: float, static_fraction: float) -> Number:
    r"""Return the energy of a hash at a clock, over that at the default.

    Parameters
    ----------
    fraction
        Clock over the default clock [1], above 0.
    vf_slope
        Relative change of voltage per relative change of clock [1], 0 to below 1.
    static_fraction
        Share of the default power that does not follow the clock [1], 0 to below 1.

    Returns
    -------
    float or array
        J/TH over the default's [1].

    Notes
    -----
    Hash rate follows the clock, :math:`H/H_0 = x`, hence :math:`e/e_0 = (P/P_0)/x`; see :func:`power_ratio`.

    Examples
    --------
    >>> round(energy_per_hash_ratio(0.8, 0.163, 0.03), 3)
    0.945
    """
    return power_ratio(fraction, vf_slope, static_fraction) / fraction


def hash_rate_th_s(machine: Machine, clock_mhz: Number) -> Number:
    r"""Return the hash rate of a machine at a clock.

    Parameters
    ----------
    machine
        A machine whose default clock is known.
    clock_mhz
        Clock of its chips [MHz].

    Returns
    -------
    float or array
        Hash rate [TH/s].

    Raises
    ------
    ValueError
        If the default clock of the machine is not known.

    Notes
    -----
    :math:`H = H_0\,f/f_0`.

    Examples
    --------
    >>> from sim.mining.catalogue import machine
    >>> round(hash_rate_th_s(machine("antminer-s19j-pro"), 525.0), 1)
    100.2
    """
    if machine.reference_mhz is None:
        raise ValueError(f"the default clock of {machine.key} is not known; pass a fraction of it instead")
    return machine.th_s * clock_mhz / machine.reference_mhz
