"""How much of the limit each AI load must be left, by what its tenant states and announces."""

from collections.abc import Iterable, Sequence
from math import inf, isnan
from typing import Final, NamedTuple

from sim.ai.notice import INTERRUPTED_STATES, QUIET_STATES, Notice
from sim.policies.base import LoadView
from sim.policies.certificate import drift_within_mw

FULL_RISES: Final = frozenset({"resume", "start"})
"""Notices that a load comes back to full power."""
LEAST_RESTART_S: Final = 60.0
"""A job that is interrupted is not back sooner, whatever it had announced [s]; assumption: restarts of three
minutes and more on average are published."""
LEAST_WARNING_S: Final = 10.0
"""One that hangs announces its return at least so long ahead, once its failure is found [s]; assumption."""


class Rise(NamedTuple):
    """A rise that is announced."""

    at_s: float
    """When power begins to rise [s]."""
    level_mw: float
    """Where it rises to [MW]."""


class Reserve(NamedTuple):
    """What one load must be left."""

    now_mw: float
    """The most that it may draw until an announced rise, by its contract [MW]."""
    silent_mw: float
    """The same, if it kept silent until it rises [MW]."""
    rises: tuple[Rise, ...]
    """What it has announced, in order of time."""
    sudden_s: float = inf
    """How soon it may rise to what it states by what it has not announced yet [s]; infinity: it is left that,
    or will not."""
    stated_mw: float = 0.0
    """What it states, and what it was seen to draw beyond [MW]."""


class LoadReserve:
    """The reserve of one load as time goes on.

    Notes
    -----
    By its contract, the load is left

    - *none*: the most that it states, always;
    - *positive notice*: what it draws in its state (and at most what its announced return rises from), while
      a return to full power is announced for later; else the most that it states;
    - *silence means down*: what it draws in its state, until a rise that it announces;
    - *drifting*: its power as telemetered and what it drifts in the meantime, a statistical bound; the hard
      one is the most that it states.

    A load that draws more than it states is left as much more as it was seen to draw; one whose telemetry is
    stale, the most that it states.
    """

    def __init__(self) -> None:
        self._over_mw = 0.0
        self._state = ""
        self._interrupted_s = -inf
        self._told: tuple[object, ...] = ()
        self._quiet = Reserve(0.0, 0.0, ())  # what followed from that, and until when it does
        self._until_s = -inf

    def of(
        self, view: LoadView, notices: Iterable[Notice], now_s: float, drift_mw: float | None, wait_s: float
    ) -> Reserve:
        """Return what the load must be left.

        Parameters
        ----------
        view
            The load as telemetered.
        notices
            What all loads have announced and is not over.
        now_s
            The present time [s].
        drift_mw
            What a drifting load moves within 12 s [MW]; None: its hard bound counts.
        wait_s
            Time from a change of its power until the fleets begin to answer it [s].
        """
        power_mw = view.power_mw
        self._remember(view)
        stated_mw = view.stated_mw + self._over_mw
        if view.is_stale:  # it may have failed meanwhile: what was announced before is no longer relied on
            self._interrupted_s = self._interrupted_s if view.silence_means_down else now_s
            return Reserve(stated_mw, stated_mw, ())
        if view.drifts:
            moved_mw = inf if drift_mw is None else drift_within_mw(drift_mw, wait_s)
            most_mw = min(stated_mw, power_mw + moved_mw)
            return Reserve(most_mw, most_mw, ())
        most_mw = min(stated_mw, power_mw + view.rise_mw_per_s * wait_s)
        if view.state not in QUIET_STATES:
            return Reserve(most_mw, most_mw, ())
        told = view, notices, stated_mw, most_mw, self._interrupted_s
        if told != self._told or now_s >= self._until_s:
            self._told = told
            self._quiet = self._of_quiet(view, notices, stated_mw, most_mw, now_s)
            self._until_s = min((rise.at_s for rise in self._quiet.rises), default=inf)
        return self._quiet

    def _of_quiet(
        self, view: LoadView, notices: Iterable[Notice], stated_mw: float, most_mw: float, now_s: float
    ) -> Reserve:
        """Return what it must be left while it draws less than it might."""
        rises = self._rises(notices, view.name, stated_mw)
        passed_mw = max((rise.level_mw for rise, _ in rises if rise.at_s <= now_s), default=0.0)
        silent_mw = min(stated_mw, max(view.power_mw, view.level_mw, passed_mw))
        coming = tuple(rise for rise, _ in rises if rise.at_s > now_s)
        full = [notice for rise, notice in rises if rise.at_s > now_s and notice.kind in FULL_RISES]
        sudden_s = _sudden_s(view, is_told=bool(full))
        if view.silence_means_down:
            return Reserve(silent_mw, silent_mw, coming, sudden_s, stated_mw)
        if not view.announces or not full:
            return Reserve(most_mw, silent_mw, coming)
        before_mw = max(notice.level_mw - notice.change_mw for notice in full)
        return Reserve(min(most_mw, max(silent_mw, before_mw)), silent_mw, coming, sudden_s, stated_mw)

    def _remember(self, view: LoadView) -> None:
        self._over_mw = max(self._over_mw, view.power_mw - view.stated_mw)
        if view.state != self._state:
            if view.state in INTERRUPTED_STATES and self._state not in INTERRUPTED_STATES:
                self._interrupted_s = view.since_s
            self._state = view.state

    def _rises(self, notices: Iterable[Notice], load: str, stated_mw: float) -> list[tuple[Rise, Notice]]:
        """Return a load's announced rises, up to what it states; an interruption makes them void."""
        found = [
            (Rise(notice.at_s, min(notice.level_mw, stated_mw)), notice)
            for notice in (_with_level(notice, stated_mw) for notice in notices)
            if notice.load == load and notice.change_mw > 0.0 and notice.issued_at_s >= self._interrupted_s
        ]
        return sorted(found, key=lambda each: each[0])


def _with_level(notice: Notice, stated_mw: float) -> Notice:
    """Return a notice that has a level: what its load states, where none is told [MW]."""
    return notice._replace(level_mw=stated_mw) if isnan(notice.level_mw) else notice


def _sudden_s(view: LoadView, *, is_told: bool) -> float:
    """Return how soon a quiet load may be back at full power by what it has not announced yet [s]."""
    unannounced_s = inf if is_told else view.lead_s
    if view.state == "stall":  # a failure in it makes what was announced void
        return min(unannounced_s, LEAST_RESTART_S)
    return min(unannounced_s, LEAST_WARNING_S) if view.state == "hang" else unannounced_s


class Reserves(NamedTuple):
    """What all loads together must be left."""

    now_mw: float
    """The most that they may draw until an announced rise, each by its contract [MW]."""
    silent_mw: float
    """The same, if none rose unannounced [MW]."""
    rises: tuple[tuple[float, float], ...]
    """Announced rises: when [s], and by how much the reserve grows then [MW]."""
    silent_rises: tuple[tuple[float, float], ...]
    """The same of `silent_mw`."""
    sudden_s: float = inf
    """How soon the first load may rise by what it has not announced yet [s]."""
    each: tuple[Reserve, ...] = ()
    """What each load must be left."""

    def with_sudden(self, now_s: float) -> "Reserves":
        """Return the same as if each load that may rise unannounced announced it now [s]."""
        each = []
        for reserve in self.each:
            sudden = Rise(now_s + reserve.sudden_s, reserve.stated_mw)
            each.append(reserve._replace(rises=tuple(sorted((*reserve.rises, sudden)))))
        return self._replace(rises=_steps(each, [reserve.now_mw for reserve in each]))


class SiteReserve:
    """The reserves of all loads of a site as time goes on.

    Parameters
    ----------
    drift_mw
        What each drifting load moves within 12 s [MW]; None: hard bounds alone.
    """

    def __init__(self, drift_mw: float | None) -> None:
        self._drift_mw = drift_mw
        self._loads: list[LoadReserve] = []

    def of(self, views: Sequence[LoadView], notices: Sequence[Notice], now_s: float, wait_s: float) -> Reserves:
        """Return what the loads must be left at a time [s]; ``wait_s`` as in `LoadReserve.of`."""
        while len(self._loads) < len(views):
            self._loads.append(LoadReserve())
        each, now_mw, silent_mw, rising, sudden_s = [], 0.0, 0.0, False, inf
        for load, view in zip(self._loads, views, strict=False):
            reserve = load.of(view, notices, now_s, self._drift_mw, wait_s)
            each.append(reserve)
            now_mw += reserve.now_mw
            silent_mw += reserve.silent_mw
            rising = rising or bool(reserve.rises)
            sudden_s = min(sudden_s, reserve.sudden_s)
        rises = _steps(each, [reserve.now_mw for reserve in each]) if rising else ()
        silent_rises = _steps(each, [reserve.silent_mw for reserve in each]) if rising else ()
        return Reserves(now_mw, silent_mw, rises, silent_rises, sudden_s, tuple(each))


def _steps(reserves: Sequence[Reserve], from_mw: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Return by how much the sum of reserves grows at each announced rise, in order of time."""
    steps: list[tuple[float, float]] = []
    for reserve, level_mw in zip(reserves, from_mw, strict=True):
        reached_mw = level_mw
        for rise in reserve.rises:
            if rise.level_mw >= reached_mw:  # one to where it may be by then asks for the same, at its time
                steps.append((rise.at_s, rise.level_mw - reached_mw))
                reached_mw = rise.level_mw
    return tuple(sorted(steps))
