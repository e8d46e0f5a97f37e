"""Periods of equal length, counted from the run's start: when the present one began, when the next does."""

from math import floor


def period_start_s(number: int, period_s: float, offset_s: float = 0.0) -> float:
    """Return when a period begins [s]; period 0 begins at the offset."""
    return offset_s + number * period_s


def period_at(time_s: float, period_s: float, offset_s: float = 0.0) -> int:
    """Return the number of the period that a time lies in, by `period_start_s` to the last bit.

    Parameters
    ----------
    time_s
        The time, from the run's start [s].
    period_s
        Length of a period [s], above 0.
    offset_s
        Start of period 0 [s].

    Returns
    -------
    int
        The largest number whose period has begun; below 0 before the offset.

    Examples
    --------
    >>> period_at(899.9, 300.0), period_at(900.0, 300.0), period_at(959.9, 300.0, offset_s=60.0)
    (2, 3, 2)
    """
    number = floor((time_s - offset_s) / period_s)
    # the quotient is rounded, and so may stand on the wrong side of a start
    if period_start_s(number + 1, period_s, offset_s) <= time_s:
        return number + 1
    return number - 1 if period_start_s(number, period_s, offset_s) > time_s else number
