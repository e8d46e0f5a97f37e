"""Blocks of machines in one condition: all of their machines follow the same lines of power and clock."""

from collections.abc import Sequence
from math import inf

Point = tuple[float, float, float]
"""Where a line leads: when [s], power of each machine there [W], and its clock over the default clock [1].

A bare tuple: a year of a cohort makes a million of them."""


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

    def split(self, wanted: Sequence[int], working: list[int]) -> "Group | None":
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
        machine_count = sum(map(working.__getitem__, blocks))
        self.machine_count -= machine_count
        return Group(
            blocks,
            machine_count,
            (self.since_s, self.power_w, self.clock),
            list(self.plan),
            self.boots_until_s,
        )

    def take_in(self, other: "Group") -> None:
        """Add the blocks of a group in the same condition."""
        self.blocks += other.blocks
        self.machine_count += other.machine_count
