"""What it costs a job that its power comes back slowly."""

from math import inf


class SlowReturn:
    """The computing that is missing while a job's power comes back at a limited rate.

    The job computes in proportion to its power above that of a stall.

    Parameters
    ----------
    rise_mw_per_s
        Limit on the rise [MW/s]; infinity: none.
    compute_mw, stall_mw
        Power while computing, and in a stall [MW].

    Examples
    --------
    50 MW at 0.5 MW/s take 100 s, of which half is lost:

    >>> slow = SlowReturn(0.5, 100.0, 50.0)
    >>> slow.begin(50.0)
    >>> slow.lost_s(1000.0), slow.lost_s(50.0)
    (50.0, 37.5)
    """

    def __init__(self, rise_mw_per_s: float, compute_mw: float, stall_mw: float) -> None:
        self._rise_mw_per_s = rise_mw_per_s
        self._compute_mw = compute_mw
        self._span_mw = compute_mw - stall_mw
        self._share = self._length_s = 0.0

    def begin(self, power_mw: float) -> None:
        """Begin to come back from a power [MW]."""
        rise_mw = max(0.0, self._compute_mw - power_mw)
        self._share = min(1.0, rise_mw / self._span_mw) if self._span_mw > 0.0 else 0.0
        self._length_s = rise_mw / self._rise_mw_per_s

    def lost_s(self, computed_s: float = inf) -> float:
        """Return the computing lost some time after it began to come back [s]."""
        part_s = min(computed_s, self._length_s)
        return self._share * (part_s - 0.5 * part_s * part_s / self._length_s) if part_s > 0.0 else 0.0
