"""How much of a dip of AI power a fleet that was asleep fills, in closed form."""


def filled_fraction(duration_s: float, latency_s: float, boot_s: float, ramp_up_s: float) -> float:
    r"""Return the share of the energy of a dip that hashing machines take up [1].

    The fleet is told to wake at the dip's start. With :math:`T' = \max(0, T - L - b)`,

    .. math::
        \varphi = \begin{cases}
            T'^2 / (2 \tau T) & T' < \tau \\
            (T' - \tau/2) / T & T' \ge \tau.
        \end{cases}

    Standby power is left out.
    """
    left_s = max(0.0, duration_s - latency_s - boot_s)
    if left_s < ramp_up_s:
        return left_s * left_s / (2.0 * ramp_up_s * duration_s)
    return (left_s - ramp_up_s / 2.0) / duration_s
