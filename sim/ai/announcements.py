"""What a job announces of itself, ahead of time."""

from collections.abc import Mapping
from itertools import pairwise
from math import inf
from typing import Literal

from sim.ai.base import Connection
from sim.ai.interruptions import Down
from sim.ai.notice import Notice, NoticeKind
from sim.spec import Fraction, Positive, Spec


class Notices(Spec):
    """What the tenant tells the site ahead: checkpoints, planned interruptions, resumes, start and end.

    A notice states a plan; a failure in between makes it wrong. None comes after what it announces.
    """

    lead_s: Positive = 60.0
    """Time from a notice to what it announces [s]; shorter where that becomes known later, as with the resume
    after a failure, whose end is known once the failure is detected. Default: assumption."""
    reliability_fraction: Fraction = 1.0
    """Share of notices that are sent; which ones is drawn. Default: assumption."""
    silence: Literal["down", "unknown"] = "unknown"
    """What it means that no rise is announced. ``unknown``: nothing, a notice may be lost. ``down``: the
    tenant covenants that power does not rise without one; then every rise is announced, the steps of a
    restart too, and `reliability_fraction` counts for falls alone."""
    steps: bool = False
    """Whether the steps of a restart, loading and warming up, are announced as well."""

    @property
    def with_steps(self) -> bool:
        """Whether the steps of a restart are announced: as stated, or because silence means down."""
        return self.steps or self.silence == "down"


class Announcements:
    """The notices of one job that wait to be issued.

    Parameters
    ----------
    load
        Name of the load.
    notices
        Lead and reliability; None: the job announces nothing.
    connection
        Where they are announced.
    """

    def __init__(self, load: str, notices: Notices | None, connection: Connection) -> None:
        self.next_s = inf
        """When the next one is to be issued [s]."""
        self._load = load
        self._notices = notices
        self._env = connection.env
        self._announce = connection.announce
        self._draws = connection.stream("notices")
        self._waiting: list[tuple[float, Notice]] = []
        self._planned_s = -inf

    def plan(
        self, kind: NoticeKind, at_s: float, until_s: float, change_mw: float, level_mw: float, known_s: float = 0.0
    ) -> None:
        """Announce a change of power, once its notice is due; it is known from ``known_s`` on."""
        notices = self._notices
        if notices is None:
            return
        is_lost = self._draws.random() >= notices.reliability_fraction
        if is_lost and not (notices.silence == "down" and change_mw > 0.0):
            return
        issue_s = max(self._env.now, known_s, at_s - notices.lead_s)
        self._waiting.append((issue_s, Notice(self._load, kind, at_s, until_s, change_mw, issue_s, level_mw)))
        self._waiting.sort(key=lambda entry: (entry[0], entry[1].load, entry[1].kind, entry[1].at_s))
        self._update()

    def planned(self, at_s: float, until_s: float, change_mw: float, horizon_s: float, level_mw: float) -> None:
        """Announce a planned interruption, once, where its notice is due before the horizon [s]."""
        if self._notices is not None and at_s - self._notices.lead_s < horizon_s and at_s != self._planned_s:
            self._planned_s = at_s
            self.plan("planned", at_s, until_s, change_mw, level_mw)

    def restart(
        self, down: Down, start_s: float, end_s: float, settle_s: float, levels_mw: Mapping[str, float]
    ) -> None:
        """Announce the end of a restart, and where the tenant tells of them the rises within it.

        Parameters
        ----------
        down
            How the restart goes.
        start_s, end_s
            When it begins, and ends [s].
        settle_s
            Time that a rise takes [s].
        levels_mw
            Power by state [MW].
        """
        down_s, full_mw = end_s - start_s, levels_mw["compute"]
        known_s = start_s + down_s * down.known_fraction
        rise_mw = full_mw - levels_mw[down.phases[-1].state]
        # what was to come is called off
        self._waiting = [entry for entry in self._waiting if entry[1].kind == "end"]
        self._planned_s = -inf
        self.plan("resume", end_s, end_s + settle_s, rise_mw, full_mw, known_s)
        self._update()
        if self._notices is None or not self._notices.with_steps:
            return
        for before, phase in pairwise(down.phases):
            level_mw, at_s = levels_mw[phase.state], start_s + down_s * before.end_fraction
            if level_mw > levels_mw[before.state]:
                kind: NoticeKind = "load" if phase.state == "load" else "warm-up"
                rise_mw = level_mw - levels_mw[before.state]
                self.plan(kind, at_s, at_s + settle_s, rise_mw, level_mw, known_s)

    def end(self, at_s: float, change_mw: float, level_mw: float) -> None:
        """Announce the job's end, where it has one."""
        if at_s < inf:
            self.plan("end", at_s, at_s, change_mw, level_mw)

    def issue(self) -> None:
        """Issue the notice that is due."""
        _, notice = self._waiting.pop(0)
        self._update()
        self._announce(notice)

    def _update(self) -> None:
        self.next_s = self._waiting[0][0] if self._waiting else inf
