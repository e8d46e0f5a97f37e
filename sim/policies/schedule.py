"""Another policy's target, but none at some hours of the day."""

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from sim.market.calendar import AS_TUPLE, HoursOfDay, next_change_utc_s
from sim.policies.base import Decision, Observation, WrapperPolicy, WrapperSpec
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
        return SchedulePolicy(self.inner.start(), self)


@dataclass(eq=False)
class SchedulePolicy(WrapperPolicy[Schedule]):
    """The policy in a run: the inner one, and until when the present hours hold."""

    _stops: bool = field(default=False, init=False)
    _until_s: float = field(default=-inf, init=False)

    def changed(self, wish: Decision, observation: Observation) -> Decision:
        """Return the inner decision, cut at the hours of the schedule."""
        if observation.start_utc_s is None:
            return wish
        if observation.time_s >= self._until_s:
            utc_s = observation.start_utc_s + observation.time_s
            self._stops = any(each.holds(np.array([utc_s]), self.spec.time_zone)[0] for each in self.spec.off)
            self._until_s = next_change_utc_s(self.spec.off, utc_s, self.spec.time_zone) - observation.start_utc_s
        wake_at_s = earlier_s(wish.wake_at_s, self._until_s)
        if self._stops and wish.target_mw > self.spec.most_mw:
            return wish._replace(target_mw=self.spec.most_mw, reason="schedule", wake_at_s=wake_at_s)
        return wish._replace(wake_at_s=wake_at_s)
