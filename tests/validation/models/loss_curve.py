"""The loss curve of a stage of power conversion through its published efficiencies."""


def curve_from_efficiencies(quarter: float, half: float, full: float) -> tuple[float, float, float]:
    r"""Return the loss curve through three efficiencies.

    Parameters
    ----------
    quarter, half, full
        Efficiency at 25, 50 and 100 % load, above 0 and not above 1.

    Returns
    -------
    tuple of float
        :math:`\ell_0`, :math:`\ell_1`, :math:`\ell_2` with :math:`\ell(x) = x (1/\eta(x) - 1)` at the three.

    Examples
    --------
    >>> [round(number, 4) for number in curve_from_efficiencies(0.94, 0.955, 0.96)]
    [0.0093, 0.0246, 0.0077]
    """
    low, middle, high = 0.25 / quarter - 0.25, 0.5 / half - 0.5, 1.0 / full - 1.0
    below, above = (middle - low) / 0.25, (high - middle) / 0.5
    square = (above - below) / 0.75
    linear = below - 0.75 * square
    return low - 0.25 * linear - 0.0625 * square, linear, square
