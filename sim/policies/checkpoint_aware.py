"""Mine in the dips that tenants announce, and be gone before the power comes back."""

from collections import deque
from collections.abc import Iterable, Sequence
from math import inf, isnan
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field

from sim.ai.notice import Notice
from sim.policies.base import Decision, LoadView, Observation, PolicySpec
from sim.spec import NonNegative, Positive


class CheckpointAware(PolicySpec):
    r"""Fill the dips that tenants announce, from their first second, and release before AI power returns.

    Notes
    -----
    The target is :math:`\max(0, L - m - U)`, where :math:`U` is the AI power that has to be reckoned with,
    load by load, and of each load at most what it states:

    - its highest power of the last `settle_s`: a fall that nobody announced may be over at any moment;
    - less what an announced fall takes away, from `wake_lead_s` before it on (so that the miners' power comes
      up as AI power falls), if it lasts at least `minimum_dip_s`; once telemetry shows the fall, what was
      before it is forgotten;
    - at least where an announced rise leads to, from `release_lead_s` before it on; and where no rise is
      announced, at least its power before the fall, from `release_lead_s` before the fall is said to be over.

    An announced change that its load has not shown `grace_s` after its time is no longer reckoned with. A
    failure while a checkpoint is written makes AI power return later than announced, not earlier. Where the
    site does not tell loads apart, all of them count as one.
    """

    type: Literal["checkpoint-aware"]
    margin_mw: NonNegative = 0.0
    """Power kept free below the limit [MW], for changes that nobody announces."""
    release_lead_s: Positive = 12.0
    """Time before an announced rise at which miners are told to go [s]: their latency, the time they take to
    power down, and a little more. The default fits 3 s and 5 s; assumption."""
    wake_lead_s: NonNegative = 3.0
    """Time before an announced fall at which miners are told to come [s]: their latency, and their boot time
    where they sleep. The default fits third-party firmware; assumption."""
    minimum_dip_s: NonNegative = 60.0
    """Shorter dips are left alone [s]; waking machines for less wears them for little (assumption)."""
    settle_s: Annotated[float, Field(ge=0.1, le=1e6)] = 600.0
    """A fall that nobody announced is believed after this time [s]; assumption."""
    grace_s: Positive = 10.0
    """Time after which an announced fall that has not come is no longer believed [s]; more than the telemetry
    takes; assumption."""

    def start(self) -> "CheckpointAwarePolicy":
        """Return a fresh policy for one run."""
        return CheckpointAwarePolicy(self)


FALLEN: Final = 0.5
"""Share of an announced fall from which it has come."""
RISEN: Final = 0.999999
"""Share of an announced rise from which it has come; before, all of it is still reckoned with."""


class _Reckoned(NamedTuple):
    """What has to be reckoned with of one load."""

    power_mw: float
    """How much it may draw [MW]."""
    falls: bool
    """Whether a fall is on its way."""
    rises: bool
    """Whether a rise is."""


class CheckpointAwarePolicy:
    """The policy in a run: what it remembers of each load."""

    def __init__(self, spec: CheckpointAware) -> None:
        self._spec = spec
        self._loads: dict[str, _Remembered] = {}
        self._as_one = False

    def decide(self, observation: Observation) -> Decision:
        """Return the headroom that is sure, or announced."""
        found, next_s = [], inf
        for view, notices in self._told_apart(observation):
            load = self._loads.get(view.name)
            if load is None:
                load = self._loads[view.name] = _Remembered(self._spec, as_one=self._as_one)
            found.append(load.reckon(view, notices, observation.time_s))
            next_s = min(next_s, load.next_s(notices, observation.time_s))
        reckoned_mw = sum(each.power_mw for each in found)
        free_mw = observation.limit_mw - self._spec.margin_mw - reckoned_mw
        falls, rises = any(each.falls for each in found), any(each.rises for each in found)
        reason = self._reason(free_mw, falls=falls, rises=rises)
        return Decision(max(0.0, free_mw), reason, next_s if next_s < inf else None)

    def _told_apart(self, observation: Observation) -> list[tuple[LoadView, Sequence[Notice]]]:
        """Return each load with its notices; all as one from when a notice was of none that is seen."""
        names = {view.name for view in observation.loads}
        if not names or any(notice.load not in names for notice in observation.notices):
            self._as_one = True
        if self._as_one:
            return [(LoadView("", observation.ai_power_mw, inf), observation.notices)]
        notices = observation.notices
        return [(view, [notice for notice in notices if notice.load == view.name]) for view in observation.loads]

    @staticmethod
    def _reason(free_mw: float, *, falls: bool, rises: bool) -> str:
        if rises:
            return "release for a resume"
        if falls:
            return "announced dip"
        return "headroom" if free_mw > 0.0 else "no headroom"


class _Remembered:
    """One load as time goes on: its highest power of late, and the changes that it has announced."""

    def __init__(self, spec: CheckpointAware, *, as_one: bool) -> None:
        self._spec = spec
        self._as_one = as_one
        self._highest: deque[tuple[float, float]] = deque()  # times and falling powers: a running maximum
        self._expected: dict[Notice, float] = {}  # announced changes, and the load's power before each
        self._settled: set[Notice] = set()
        self._fallen: dict[Notice, float] = {}  # falls that have come, and the power before: it is to return

    def reckon(self, view: LoadView, notices: Sequence[Notice], now_s: float) -> _Reckoned:
        """Return what has to be reckoned with of the load."""
        power_mw = view.power_mw
        self._expect(power_mw, notices, now_s)
        self._settle(power_mw, notices, now_s)
        self._remember(now_s, power_mw)
        falls_mw = sum(notice.change_mw for notice in self._expected if self._is_worth(notice))
        rises_mw = [*self._announced_mw(falls_mw), *self._returning_mw(notices, now_s)]
        reckoned_mw = max([self._highest[0][1] + falls_mw, 0.0, *rises_mw])
        most_mw = max(view.stated_mw, power_mw)
        return _Reckoned(min(reckoned_mw, most_mw), falls_mw < 0.0, bool(rises_mw))

    def next_s(self, notices: Iterable[Notice], now_s: float) -> float:
        """Return when something is due [s]: a change to expect or to give up, a fall to believe."""
        times_s = [notice.at_s - self._lead_s(notice) for notice in notices]
        times_s += [notice.at_s + self._spec.grace_s for notice in self._expected]
        times_s += [notice.until_s - self._spec.release_lead_s for notice in self._fallen]
        if len(self._highest) > 1:
            times_s.append(self._highest[1][0] + self._spec.settle_s)
        return min((time_s for time_s in times_s if time_s > now_s), default=inf)

    def _announced_mw(self, falls_mw: float) -> list[float]:
        """Return where announced rises lead to [MW]: the level stated, or the changes on top of what was."""
        rises = {notice: before for notice, before in self._expected.items() if notice.change_mw > 0.0}
        if not rises:
            return []
        loads = {notice.load for notice in rises}
        if len(loads) == 1 and not any(isnan(notice.level_mw) for notice in rises) and not self._as_one:
            return [max(notice.level_mw for notice in rises)]
        change_mw = sum(max(each.change_mw for each in rises if each.load == load) for load in loads)
        return [min(rises.values()) + change_mw + falls_mw]

    def _returning_mw(self, notices: Iterable[Notice], now_s: float) -> list[float]:
        """Return where the load returns to as its fall said [MW], where no rise is announced."""
        if any(notice.change_mw > 0.0 for notice in notices):
            return []
        return [
            before_mw
            for notice, before_mw in self._fallen.items()
            if now_s >= notice.until_s - self._spec.release_lead_s
        ]

    def _lead_s(self, notice: Notice) -> float:
        return self._spec.release_lead_s if notice.change_mw > 0.0 else self._spec.wake_lead_s

    def _expect(self, power_mw: float, notices: Iterable[Notice], now_s: float) -> None:
        """Begin to watch announced changes that are near; a rise only once the fall before it has shown."""
        for notice in notices:
            near = now_s >= notice.at_s - self._lead_s(notice)
            if near and notice not in self._settled and not self._comes_after_a_fall(notice):
                self._expected.setdefault(notice, power_mw)

    def _comes_after_a_fall(self, notice: Notice) -> bool:
        """Return whether a rise of a load is announced whose fall telemetry has yet to show."""
        return notice.change_mw > 0.0 and any(
            other.load == notice.load and other.change_mw < 0.0 for other in self._expected
        )

    def _is_worth(self, notice: Notice) -> bool:
        """Return whether a change is a fall that stays, or lasts long enough to mine in."""
        lasts_s = notice.until_s - notice.at_s
        return notice.change_mw < 0.0 and (lasts_s == 0.0 or lasts_s >= self._spec.minimum_dip_s)

    def _settle(self, power_mw: float, notices: Sequence[Notice], now_s: float) -> None:
        """Put changes aside that telemetry shows, or that have not come."""
        self._settled.intersection_update(notices)
        for notice, before_mw in list(self._expected.items()):
            moved_mw = power_mw - before_mw
            share = RISEN if notice.change_mw > 0.0 else FALLEN
            come = abs(moved_mw) >= share * abs(notice.change_mw) and moved_mw * notice.change_mw > 0.0
            if come and self._is_worth(notice):
                self._highest.clear()
                if notice.until_s > notice.at_s:
                    self._fallen[notice] = before_mw
            if come or now_s >= notice.at_s + self._spec.grace_s:
                del self._expected[notice]
                self._settled.add(notice)
        for notice, before_mw in list(self._fallen.items()):
            back = power_mw >= before_mw + FALLEN * notice.change_mw
            if back or now_s >= notice.until_s + self._spec.settle_s:
                del self._fallen[notice]

    def _remember(self, now_s: float, power_mw: float) -> None:
        highest, oldest_s = self._highest, now_s - self._spec.settle_s
        while highest and highest[-1][1] < power_mw:
            highest.pop()
        if not highest or highest[-1][1] > power_mw:
            highest.append((now_s, power_mw))
        # a power was there until the next one was seen
        while len(highest) > 1 and highest[1][0] <= oldest_s:
            highest.popleft()
