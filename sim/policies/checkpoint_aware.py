"""Mine in the dips that tenants announce, and be gone before the power comes back."""

from collections import deque
from math import inf
from typing import Literal

from sim.ai.notice import Notice
from sim.policies.base import Decision, Observation, PolicySpec
from sim.spec import NonNegative, Positive


class CheckpointAware(PolicySpec):
    r"""Fill the dips that tenants announce, from their first second, and release before AI power returns.

    Notes
    -----
    The target is :math:`\max(0, L - m - U)`, where :math:`U` is the AI power that has to be reckoned with:

    - the highest AI power of the last `settle_s`: a fall that nobody announced may be over at any moment;
    - less what an announced fall takes away, from `wake_lead_s` before it on (so that the miners' power comes
      up as AI power falls), if it lasts at least `minimum_dip_s`; once telemetry shows the fall, what was
      before it is forgotten;
    - at least the present AI power plus every announced rise, from `release_lead_s` before it on.

    An announced change that telemetry has not shown `grace_s` after its time is no longer reckoned with. A
    failure while a checkpoint is written makes AI power return later than announced, not earlier.
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
    settle_s: Positive = 600.0
    """A fall that nobody announced is believed after this time [s]; assumption."""
    grace_s: Positive = 10.0
    """Time after which an announced fall that has not come is no longer believed [s]; more than the telemetry
    takes; assumption."""

    def start(self) -> "CheckpointAwarePolicy":
        """Return a fresh policy for one run."""
        return CheckpointAwarePolicy(self)


class CheckpointAwarePolicy:
    """The policy in a run: what it remembers of AI power and of announced changes."""

    def __init__(self, spec: CheckpointAware) -> None:
        self._spec = spec
        self._highest: deque[tuple[float, float]] = deque()  # times and falling powers: a running maximum
        self._expected: dict[Notice, float] = {}  # announced changes, and the AI power before each
        self._settled: set[Notice] = set()

    def decide(self, observation: Observation) -> Decision:
        """Return the headroom that is sure, or announced."""
        self._expect(observation)
        self._settle(observation)
        self._remember(observation.time_s, observation.ai_power_mw)
        falls_mw = sum(notice.change_mw for notice in self._expected if self._is_worth(notice))
        rises_mw = sum(notice.change_mw for notice in self._expected if notice.change_mw > 0.0)
        reckoned_mw = self._highest[0][1] + falls_mw
        if rises_mw > 0.0:
            reckoned_mw = max(reckoned_mw, observation.ai_power_mw + falls_mw + rises_mw)
        free_mw = observation.limit_mw - self._spec.margin_mw - max(reckoned_mw, 0.0)
        reason = self._reason(free_mw, falls_mw, rises_mw)
        return Decision(max(0.0, free_mw), reason, self._next_s(observation))

    @staticmethod
    def _reason(free_mw: float, falls_mw: float, rises_mw: float) -> str:
        if rises_mw > 0.0:
            return "release for a resume"
        if falls_mw < 0.0:
            return "announced dip"
        return "headroom" if free_mw > 0.0 else "no headroom"

    def _lead_s(self, notice: Notice) -> float:
        return self._spec.release_lead_s if notice.change_mw > 0.0 else self._spec.wake_lead_s

    def _expect(self, observation: Observation) -> None:
        """Begin to watch announced changes that are near; a rise only once the fall before it has shown."""
        for notice in observation.notices:
            near = observation.time_s >= notice.at_s - self._lead_s(notice)
            if near and notice not in self._settled and not self._comes_after_a_fall(notice):
                self._expected.setdefault(notice, observation.ai_power_mw)

    def _comes_after_a_fall(self, notice: Notice) -> bool:
        """Return whether a rise of a load is announced whose fall telemetry has yet to show."""
        return notice.change_mw > 0.0 and any(
            other.load == notice.load and other.change_mw < 0.0 for other in self._expected
        )

    def _is_worth(self, notice: Notice) -> bool:
        """Return whether a change is a fall that stays, or lasts long enough to mine in."""
        lasts_s = notice.until_s - notice.at_s
        return notice.change_mw < 0.0 and (lasts_s == 0.0 or lasts_s >= self._spec.minimum_dip_s)

    def _settle(self, observation: Observation) -> None:
        """Put changes aside that telemetry shows, or that have not come."""
        self._settled.intersection_update(observation.notices)
        for notice, before_mw in list(self._expected.items()):
            moved_mw = observation.ai_power_mw - before_mw
            come = abs(moved_mw) >= 0.5 * abs(notice.change_mw) and moved_mw * notice.change_mw > 0.0
            if come and self._is_worth(notice):
                self._highest.clear()
            if come or observation.time_s >= notice.at_s + self._spec.grace_s:
                del self._expected[notice]
                self._settled.add(notice)

    def _remember(self, now_s: float, power_mw: float) -> None:
        highest, oldest_s = self._highest, now_s - self._spec.settle_s
        while highest and highest[-1][1] < power_mw:
            highest.pop()
        if not highest or highest[-1][1] > power_mw:
            highest.append((now_s, power_mw))
        # a power was there until the next one was seen
        while len(highest) > 1 and highest[1][0] <= oldest_s:
            highest.popleft()

    def _next_s(self, observation: Observation) -> float | None:
        """Return when something is due: a change to expect or to give up, a fall to believe."""
        times_s = [notice.at_s - self._lead_s(notice) for notice in observation.notices]
        times_s += [notice.at_s + self._spec.grace_s for notice in self._expected]
        if len(self._highest) > 1:
            times_s.append(self._highest[1][0] + self._spec.settle_s)
        due_s = min((time_s for time_s in times_s if time_s > observation.time_s), default=inf)
        return due_s if due_s < inf else None
