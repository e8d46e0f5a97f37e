"""Another policy's target, but none at some hours of the day."""

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from sim.market.calendar import AS_TUPLE, HoursOfDay, next_change_utc_s
from sim.policies.base import Decision, Observation, Policy, WrapperSpec
from sim.policies.ramp import earlier_s
from sim.policies.simple import FollowHeadroom
from sim.spec import NonNegative, TimeZone

if TYPE_CHECKING:
    from sim.policies import AnyPolicy


class Schedule(WrapperSpec):
    """Let another policy decide, but draw no more than a stated power at stated hours of the day.

    Notes
    -----
    At an hour of `off` the target is at most `most_mw`; at any other it is the inner policy's, which is asked
    all the time. It wakes at each beginning and end.
    """

    type: Literal["schedule"]
    off: Annotated[tuple[HoursOfDay, ...], Field(min_length=1, max_length=100), AS_TUPLE]
    """Hours at which mining stops: ``[{from_h: 12, until_h: 16, day: weekdays, months: [6, 7, 8, 9]}]``."""
    most_mw: NonNegative = 0.0
    """What the fleets may draw at those hours, together [MW]."""
    time_zone: TimeZone = "America/Chicago"
    """Zone whose clocks count."""
    inner: "AnyPolicy" = FollowHeadroom(type="follow-headroom", margin_mw=2.0)
    """The policy whose decisions are changed; left out: ``follow-headroom`` with a margin of 2 MW."""

    def start(self) -> "SchedulePolicy":
        """Return a fresh policy for one run."""
        return SchedulePolicy(self.inner.start(), self.off, self.most_mw, self.time_zone)


class SchedulePolicy:
    """The policy in a run: the inner one, and until when the present hours hold.

    Parameters
    ----------
    inner
        The policy that is asked first; any one.
    off
        Hours at which mining stops.
    most_mw
        What the fleets may draw at those hours [MW].
    time_zone
        Zone whose clocks count.
    """

    def __init__(self, inner: Policy, off: tuple[HoursOfDay, ...], most_mw: float, time_zone: str) -> None:
        self._inner = inner
        self._off = off
        self._most_mw = most_mw
        self._zone = time_zone
        self._stops = False
        self._until_s = float("-inf")

    def decide(self, observation: Observation) -> Decision:
        """Return the inner decision, cut at the hours of the schedule."""
        wish = self._inner.decide(observation)
        if observation.start_utc_s is None:
            return wish
        if observation.time_s >= self._until_s:
            utc_s = observation.start_utc_s + observation.time_s
            self._stops = any(each.holds(np.array([utc_s]), self._zone)[0] for each in self._off)
            self._until_s = next_change_utc_s(self._off, utc_s, self._zone) - observation.start_utc_s
        wake_at_s = earlier_s(wish.wake_at_s, self._until_s)
        if self._stops and wish.target_mw > self._most_mw:
            return wish._replace(target_mw=self._most_mw, reason="schedule", wake_at_s=wake_at_s)
        return wish._replace(wake_at_s=wake_at_s)
