"""Blocks of machines in one condition: the lines that their power and clock follow, how they make room."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import NamedTuple

from sim.mining.cohort.failures import Roster
from sim.recording import Track

Point = tuple[float, float, float]
"""Where a line leads: when [s], power of each machine there [W], and its clock over the default clock [1].

A bare tuple: a year of a cohort makes a million of them."""


class MachineTracks(NamedTuple):
    """Where the state of a cohort's machines is recorded, by the names of the signals."""

    power_mw: Track
    """Power at the meter [MW]."""
    hashrate_ph_s: Track
    """Hash rate that the pool accepts [PH/s]."""
    setpoint_fraction: Track
    """Clock to which hashing machines are set, over the default; 0 with none [1]."""
    asleep_count: Track
    """Machines asleep, or on their way."""
    waking_count: Track
    """Machines booting."""
    hashing_count: Track
    """Machines that hash, or ramp up."""
    failed_count: Track
    """Machines that wait for repair."""


@dataclass(slots=True, eq=False)
class Group:
    """Blocks whose machines draw and hash alike: straight lines from point to point, then steady."""

    blocks: list[int]
    """The blocks, in the order in which they were switched."""
    machine_count: int
    """Working machines in them."""
    since_s: float
    """When it stood as follows [s]."""
    power_w: float
    """Power of each machine then [W]."""
    clock: float
    """Its clock then, over the default clock [1]."""
    plan: list[Point]
    """Where its lines lead, in order of time; the machines stay at the last point."""
    boots_until_s: float = -inf
    """When its machines hash for the first time since they were woken [s]."""

    @property
    def goes_on(self) -> bool:
        """Whether its machines hash in the end."""
        return (self.plan[-1][2] if self.plan else self.clock) > 0.0

    def advance(self, time_s: float) -> None:
        """Move to a time [s], not before the last."""
        plan = self.plan
        while plan and plan[0][0] <= time_s:
            self.since_s, self.power_w, self.clock = plan.pop(0)
        if plan:
            goal_s, goal_w, goal = plan[0]
            passed = (time_s - self.since_s) / (goal_s - self.since_s)
            self.power_w += passed * (goal_w - self.power_w)
            self.clock += passed * (goal - self.clock)
        self.since_s = time_s

    def power_at(self, time_s: float) -> float:
        """Return the power of each machine at a time not before the last [W]."""
        from_s, power_w = self.since_s, self.power_w
        for goal_s, goal_w, _ in self.plan:
            if time_s < goal_s:
                return power_w + (goal_w - power_w) * (time_s - from_s) / (goal_s - from_s)
            from_s, power_w = goal_s, goal_w
        return power_w

    def split(self, wanted: Sequence[int], roster: Roster) -> "Group | None":
        """Return a group of those of its blocks that are wanted, in the same condition, or None."""
        blocks = self.blocks[: len(wanted)]
        if blocks == list(wanted):  # as a rule those that have been longest in it
            del self.blocks[: len(wanted)]
        else:
            asked = set(wanted)
            blocks = [block for block in self.blocks if block in asked]
            self.blocks = [block for block in self.blocks if block not in asked]
        if not blocks:
            return None
        machine_count = roster.count(blocks)
        self.machine_count -= machine_count
        return replace(self, blocks=blocks, machine_count=machine_count, plan=list(self.plan))

    def take_in(self, other: "Group") -> None:
        """Add the blocks of a group in the same condition."""
        self.blocks += other.blocks
        self.machine_count += other.machine_count


def interpolated(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """Return the value at ``x`` of the straight lines that join points, of the nearer end beyond them.

    Parameters
    ----------
    x
        Where.
    xs
        The points' abscissas, rising, shape (n,).
    ys
        Their ordinates, shape (n,).

    Examples
    --------
    >>> interpolated(1.5, [1.0, 2.0], [10.0, 20.0])
    15.0
    """
    right = bisect_right(xs, x)
    if right == 0:
        return ys[0]
    if right == len(xs):
        return ys[-1]
    left = right - 1
    return ys[left] + (ys[right] - ys[left]) * (x - xs[left]) / (xs[right] - xs[left])


class Pace(NamedTuple):
    """How fast machines change their clock: each takes its ramp, and orders reach block after block."""

    up_s: float
    """Time a machine's clock takes from nothing to the default [s]."""
    down_s: float
    """Time it takes back to nothing [s]."""
    raise_all_s: float
    """Time until all blocks have been told to rise, and have settled where they were [s]."""
    lower_all_s: float
    """Time until all blocks have been told to go down [s]."""
    profile: float
    """Clock between two profiles, over the default [1]."""

    @property
    def is_ramp(self) -> bool:
        """Whether orders reach all at once."""
        return self.raise_all_s == 0.0

    def ramp_s(self, change: float) -> float:
        """Return how long a machine takes for a change of its clock [s]."""
        return change * (self.up_s if change > 0.0 else -self.down_s)

    def change_s(self, change: float) -> float:
        r"""Return how long a change of the mean clock takes [s].

        Notes
        -----
        A mean that moves by :math:`\Delta` has :math:`|\Delta|/\delta` of the machines told to move by one
        profile :math:`\delta`, or all of them to move by more.
        """
        all_s = self.raise_all_s if change > 0.0 else self.lower_all_s
        return self.ramp_s(change) + all_s * min(1.0, abs(change) / self.profile)

    def way(self, group: Group, time_s: float, goal_w: float, clock: float) -> list[Point]:
        """Return where machines go that are told to change their clock to one at which they draw ``goal_w``.

        Where orders take time to reach all blocks those given before go on: a mean that passes the clock on
        its way stops there, one that is to go further goes on from where they lead it.
        """
        way: list[Point] = []
        at_s, at = time_s, group.clock
        rises = clock > at
        all_s = self.raise_all_s if rises else self.lower_all_s
        for point in group.plan if all_s else ():
            goal_s, _, goal = point
            if goal == at or (goal > at) != rises:
                break
            if goal != clock and (goal > clock) == rises:
                return [*way, (at_s + (clock - at) / (goal - at) * (goal_s - at_s), goal_w, clock)]
            way.append(point)
            at_s, at = goal_s, goal
        anew_s = time_s + all_s + self.ramp_s(clock - group.clock)
        return [*way, (max(at_s, min(at_s + self.change_s(clock - at), anew_s)), goal_w, clock)]


def filling_plan(
    hashing: Group,
    waking: Sequence[Group],
    goal_w: float,
    ceiling_w: float,
    clock_at: Callable[[float], float],
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
    clock_at
        Returns the clock at a power [W], over the default clock [1].
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
    reach_s = from_s + pace_s(clock_at(free_w) - hashing.clock)
    there_w = room.power_w(reach_s)
    if free_w > hashing.power_w > there_w:  # the room is gone before it could be taken: hold, then make room
        points = [(time_s, min(power_w, hashing.power_w)) for time_s, power_w in room.corners(from_s)]
    else:
        points = [(reach_s, there_w), *room.corners(reach_s)]
    return [(time_s, power_w, clock_at(power_w)) for time_s, power_w in points]


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
        times_s = sorted({time_s for group in self._waking for time_s, _, _ in group.plan if time_s > after_s})
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
