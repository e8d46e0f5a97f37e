"""Blocks of machines in one condition: all of their machines follow the same lines of power and clock."""

from collections.abc import Sequence
from math import inf
from typing import NamedTuple


class Point(NamedTuple):
    """Where a line of power and clock leads."""

    time_s: float
    """When it is there [s]."""
    power_w: float
    """Power of each machine [W]."""
    clock: float
    """Clock of each machine over the default clock [1]."""


class Group:
    """Blocks whose machines draw and hash alike: straight lines from point to point, then steady.

    Parameters
    ----------
    blocks
        The blocks, in the order in which they were switched.
    machine_count
        Working machines in them.
    start
        Where its lines begin.
    plan
        Where they lead, in order of time; the machines stay at the last point.
    boots_until_s
        When its machines hash for the first time since they were woken [s].
    """

    __slots__ = ("blocks", "boots_until_s", "clock", "machine_count", "plan", "power_w", "since_s")

    def __init__(
        self,
        blocks: list[int],
        machine_count: int,
        start: Point,
        plan: list[Point],
        boots_until_s: float = -inf,
    ) -> None:
        self.blocks = blocks
        self.machine_count = machine_count
        self.since_s, self.power_w, self.clock = start
        self.plan = plan
        self.boots_until_s = boots_until_s

    def advance(self, time_s: float) -> None:
        """Move to a time [s], not before the last."""
        plan = self.plan
        while plan and plan[0].time_s <= time_s:
            self.since_s, self.power_w, self.clock = plan.pop(0)
        if plan:
            passed = (time_s - self.since_s) / (plan[0].time_s - self.since_s)
            self.power_w += passed * (plan[0].power_w - self.power_w)
            self.clock += passed * (plan[0].clock - self.clock)
        self.since_s = time_s

    def power_at(self, time_s: float) -> float:
        """Return the power of each machine at a time not before the last [W]."""
        from_s, power_w = self.since_s, self.power_w
        for point in self.plan:
            if time_s < point.time_s:
                return power_w + (point.power_w - power_w) * (time_s - from_s) / (point.time_s - from_s)
            from_s, power_w = point.time_s, point.power_w
        return power_w

    @property
    def slopes_per_s(self) -> tuple[float, float]:
        """How power [W/s] and clock [1/s] of each machine change now."""
        if not self.plan:
            return 0.0, 0.0
        goal = self.plan[0]
        length_s = goal.time_s - self.since_s
        return (goal.power_w - self.power_w) / length_s, (goal.clock - self.clock) / length_s

    @property
    def here(self) -> Point:
        """Where its lines are now."""
        return Point(self.since_s, self.power_w, self.clock)

    def split(self, wanted: Sequence[int], working: list[int]) -> "Group | None":
        """Return a group of those of its blocks that are wanted, in the same condition, or None."""
        count = len(wanted)
        if self.blocks[:count] == list(wanted):  # as a rule those that have been longest in it
            blocks, self.blocks = self.blocks[:count], self.blocks[count:]
        else:
            asked = set(wanted)
            blocks = [block for block in self.blocks if block in asked]
            self.blocks = [block for block in self.blocks if block not in asked]
        if not blocks:
            return None
        machine_count = sum(map(working.__getitem__, blocks))
        self.machine_count -= machine_count
        return Group(blocks, machine_count, self.here, list(self.plan), self.boots_until_s)

    def take_in(self, other: "Group") -> None:
        """Add the blocks of a group in the same condition."""
        self.blocks += other.blocks
        self.machine_count += other.machine_count
