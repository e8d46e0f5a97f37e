"""How machines that hash make room for those that are waking, so that their sum stays on target."""

from collections.abc import Callable, Sequence
from typing import Protocol

from sim.mining.group import Group, Point


class _Line(Protocol):
    def clock(self, power_w: float) -> float: ...


def filling_plan(
    hashing: Group,
    waking: Sequence[Group],
    goal_w: float,
    ceiling_w: float,
    line: _Line,
    pace_s: Callable[[float], float],
) -> list[Point]:
    r"""Return where hashing machines go while others wake, all of them to one power in the end.

    Parameters
    ----------
    hashing
        The machines that make room.
    waking
        The machines that boot and ramp up, their lines laid out.
    goal_w
        Power of each machine in the end [W].
    ceiling_w
        Power that no hashing machine may go above [W], not below the goal.
    line
        Clock over power.
    pace_s
        How long a change of the clock takes [s].

    Notes
    -----
    With :math:`n` hashing machines and :math:`W(t)` the power of those waking, each hashing machine may draw

    .. math:: f(t) = \min\left(P_{max}, \frac{(n + n_w)\,P_{goal} - W(t)}{n}\right)

    without the sum leaving its goal; never less than the goal is asked of it. It goes to :math:`f` at its
    pace, and follows it from there: up at first, while others boot, and down as they ramp up.
    """
    from_s = hashing.since_s
    room = _Room(hashing.machine_count, waking, goal_w, ceiling_w)
    free_w = room.power_w(from_s)
    reach_s = from_s + pace_s(line.clock(free_w) - hashing.clock)
    there_w = room.power_w(reach_s)
    if free_w > hashing.power_w > there_w:  # the room is gone before it could be taken: hold, then make room
        points = [(time_s, min(power_w, hashing.power_w)) for time_s, power_w in room.corners(from_s)]
    else:
        points = [(reach_s, there_w), *room.corners(reach_s)]
    return [(time_s, power_w, line.clock(power_w)) for time_s, power_w in points]


class _Room:
    """What waking machines leave to each hashing one."""

    def __init__(self, count: int, waking: Sequence[Group], goal_w: float, ceiling_w: float) -> None:
        self._waking = waking
        self._count = max(count, 1)
        self._total_w = goal_w * (count + sum(group.machine_count for group in waking))
        self._goal_w = goal_w
        self._ceiling_w = ceiling_w

    def power_w(self, time_s: float) -> float:
        """Return what is left to each machine at a time [W]."""
        return min(self._ceiling_w, max(self._goal_w, self._free_w(time_s)))

    def _free_w(self, time_s: float) -> float:
        taken_w = sum(group.machine_count * group.power_at(time_s) for group in self._waking)
        return (self._total_w - taken_w) / self._count

    def corners(self, after_s: float) -> list[tuple[float, float]]:
        """Return the corners of what is left after a time [s]: times [s] and powers [W]."""
        times_s = sorted(
            {time_s for group in self._waking for time_s, _, _ in group.plan if time_s > after_s}
        )
        corners: list[tuple[float, float]] = []
        last_s, last_w = after_s, self._free_w(after_s)
        for time_s in times_s:
            free_w = self._free_w(time_s)
            if last_w > self._ceiling_w > free_w:
                crossing_s = last_s + (time_s - last_s) * (last_w - self._ceiling_w) / (last_w - free_w)
                if last_s < crossing_s < time_s:
                    corners.append((crossing_s, self._ceiling_w))
            corners.append((time_s, self.power_w(time_s)))
            last_s, last_w = time_s, free_w
        return corners
