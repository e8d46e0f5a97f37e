"""A target that moves no faster than given rates."""

from math import inf

from sim.policies.base import Observation, reachable_mw
from sim.units import SECONDS_PER_MINUTE


class Ramp:
    r"""Moves a target towards what is wished for, in steps.

    Parameters
    ----------
    up_mw_per_min, down_mw_per_min
        Fastest rise and fall [MW/min], above 0; None: at once.
    step_s
        Time between two steps [s], above 0.

    Notes
    -----
    Within any :math:`w` seconds the target moves by at most :math:`r\,(w + \Delta)`, with rate :math:`r` and
    step :math:`\Delta`: standing still earns a credit of one step, no more. Where the target stands above the
    headroom it falls to it at once, if that is the wish: the limit comes before the ramp. The target stays
    within what the fleets can do, so that no time is lost on megawatts that are not there.
    """

    def __init__(self, up_mw_per_min: float | None, down_mw_per_min: float | None, step_s: float) -> None:
        self._up_mw_per_s = inf if up_mw_per_min is None else up_mw_per_min / SECONDS_PER_MINUTE
        self._down_mw_per_s = inf if down_mw_per_min is None else down_mw_per_min / SECONDS_PER_MINUTE
        self._step_s = step_s
        self._held_mw: float | None = None
        self._last_s = 0.0

    def toward(self, wish_mw: float, observation: Observation) -> tuple[float, float | None]:
        """Return the target now [MW], and when to move it on [s]; None where it is the wish.

        The first wish is the target: a run starts steady.
        """
        wish_mw = reachable_mw(wish_mw, observation.fleets)
        target_mw = wish_mw if self._held_mw is None else self._step(self._held_mw, wish_mw, observation)
        self._held_mw = target_mw
        self._last_s = observation.time_s
        return target_mw, None if target_mw == wish_mw else observation.time_s + self._step_s

    def _step(self, held_mw: float, wish_mw: float, observation: Observation) -> float:
        held_mw = reachable_mw(held_mw, observation.fleets)
        if wish_mw == held_mw:
            return wish_mw
        elapsed_s = min(observation.time_s - self._last_s, self._step_s)
        # a rate without bound times no time is no number
        if wish_mw > held_mw:
            most_mw = inf if self._up_mw_per_s == inf else held_mw + self._up_mw_per_s * elapsed_s
            return min(wish_mw, most_mw)
        if self._down_mw_per_s == inf:
            return wish_mw
        least_mw = held_mw - self._down_mw_per_s * elapsed_s
        return max(wish_mw, min(least_mw, observation.headroom_mw))


def earlier_s(one_s: float | None, other_s: float | None) -> float | None:
    """Return the earlier of two times to be woken at [s]; None is no time at all.

    Examples
    --------
    >>> earlier_s(None, 60.0), earlier_s(30.0, 60.0)
    (60.0, 30.0)
    """
    return min((time_s for time_s in (one_s, other_s) if time_s is not None), default=None)
