"""What can be said of AI power ahead: from what tenants announce, and from the weeks before."""

from collections.abc import Iterator, Sequence

import numpy as np

from sim.ai.notice import Notice
from sim.units import HOURS_PER_WEEK, SECONDS_PER_HOUR, FloatArray


def announced_mw(power_mw: float, notices: Sequence[Notice], edges_s: FloatArray) -> FloatArray:
    """Return AI power if nothing changes but what is announced.

    A fall that is to be over at a time is over then, unless its load has announced a resume of its own. What
    was to come before now is taken to have come.

    Parameters
    ----------
    power_mw
        AI power now [MW].
    notices
        What is announced.
    edges_s
        Now, and the later edges of the steps [s], shape (n + 1,), increasing.

    Returns
    -------
    ndarray
        Mean power of each step [MW], shape (n,), at least 0.

    Examples
    --------
    A checkpoint of 40 MW from the 15th to the 30th minute of an hour:

    >>> checkpoint = Notice("llama", "checkpoint", 900.0, 1800.0, -40.0, 840.0)
    >>> announced_mw(100.0, [checkpoint], np.array([0.0, 1800.0, 3600.0])).tolist()
    [80.0, 100.0]
    """
    mean_mw = np.full(len(edges_s) - 1, power_mw)
    length_s = np.diff(edges_s)
    for time_s, change_mw in _changes(notices, float(edges_s[0])):
        after_s = np.clip(edges_s[1:] - time_s, 0.0, length_s)
        mean_mw += change_mw * after_s / length_s
    return np.asarray(np.maximum(mean_mw, 0.0))


def _changes(notices: Sequence[Notice], now_s: float) -> Iterator[tuple[float, float]]:
    """Yield when power is to change, and by how much."""
    resuming = {notice.load for notice in notices if notice.kind == "resume" and notice.at_s > now_s}
    for notice in notices:
        if notice.at_s > now_s:
            yield notice.at_s, notice.change_mw
        passing = notice.change_mw < 0.0 and notice.until_s > max(notice.at_s, now_s)
        if passing and notice.load not in resuming:
            yield notice.until_s, -notice.change_mw


class WeeklyMean:
    """The mean power of each hour of the week, over the weeks of the run so far."""

    def __init__(self) -> None:
        self._sum_mw = np.zeros(HOURS_PER_WEEK)
        self._count = np.zeros(HOURS_PER_WEEK)
        self.hour = 0
        """Whole hours that it has been told of."""

    def add(self, mean_mw: float) -> None:
        """Take in the mean power of the next hour [MW]."""
        of_week = self.hour % HOURS_PER_WEEK
        self._sum_mw[of_week] += mean_mw
        self._count[of_week] += 1.0
        self.hour += 1

    def of_steps(self, starts_s: FloatArray, otherwise_mw: float) -> FloatArray:
        """Return the mean of the hours that steps begin in [MW].

        Parameters
        ----------
        starts_s
            Starts of the steps, within a week from the last hour told of [s], shape (n,).
        otherwise_mw
            What stands for an hour of the week that has not been seen [MW].

        Examples
        --------
        >>> weeks = WeeklyMean()
        >>> for hour in range(169): weeks.add(80.0 if hour < 168 else 100.0)
        >>> weeks.of_steps(np.array([168.0, 169.0]) * 3600.0 + 168.0 * 3600.0, 50.0).tolist()
        [90.0, 80.0]
        """
        of_week = (starts_s // SECONDS_PER_HOUR).astype(np.int64) % HOURS_PER_WEEK
        seen = self._count[of_week] > 0.0
        return np.where(seen, self._sum_mw[of_week] / np.maximum(self._count[of_week], 1.0), otherwise_mw)
