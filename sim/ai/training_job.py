"""A training job while it runs: what it does, one thing after another, and what it announces."""

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Final, NamedTuple

from simpy import Event

from sim.ai.announcements import Announcements, Notices
from sim.ai.base import Connection
from sim.ai.interruptions import Cause, RestartPhase, SparePool, Spares, lognormal
from sim.ai.power_path import PowerPath, Smoothing
from sim.clock import At

LEAST_SHARE_OF_INTERVAL: Final = 0.5
"""Least time from a restart to a checkpoint of the schedule, over the interval; assumption."""
SOON_S: Final = 1.0
"""Least time from the run's start to a checkpoint of the schedule [s]."""
NEARLY_WHOLE: Final = 1e-9


class Down(NamedTuple):
    """How a restart goes: its length is lognormal, its parts are shares of it."""

    mean_s: float
    sigma: float
    known_fraction: float
    """Share of it after which its end is known."""
    phases: tuple[RestartPhase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that a job needs to know of itself, in seconds and megawatts at the site's meter."""

    gpus: int
    pue: float
    levels_mw: Mapping[str, float]
    """Power by state [MW]."""
    bare_levels_mw: Mapping[str, float]
    """The same without smoothing [MW]."""
    absent_mw: float
    """Power before the job starts and after it ends [MW]."""
    snap_back_s: float
    smoothing: Smoothing | None
    interval_s: float
    first_checkpoint_s: float
    phase_s: float | None
    """A checkpoint on the clock, the others being whole intervals away [s]; None: none is set."""
    stall_median_s: float
    stall_sigma: float
    background_s: float
    failures_per_s: float
    planned_per_s: float
    restart: Down
    planned_restart: Down
    spare_restart: Down
    spares: Spares | None
    notices: Notices | None
    start_s: float
    end_s: float
    """When the job ends at the latest [s]; infinity: never."""
    work_s: float
    """Useful computing after which it ends [s]."""


class _Over(Exception):  # noqa: N818  # the job's own end is no error
    """The job's time is over."""


class Job:
    """A training job while it runs; one draw for each event keeps the streams apart.

    Parameters
    ----------
    name
        Name of the load.
    plan
        What it is.
    connection
        Its clock, power, log and streams.
    """

    def __init__(self, name: str, plan: Plan, connection: Connection) -> None:
        self._plan = plan
        self._env = connection.env
        self._log = connection.log
        self._set_power_mw = connection.set_power_mw
        self._constant = connection.constant
        self._run_end_s = connection.end_s
        self._stalls = connection.stream("checkpoints")
        self._restarts = connection.stream("restarts")
        self._pool = SparePool(plan.spares, connection.stream("repairs"))
        self._causes = (
            Cause("failure", plan.failures_per_s, connection.stream("failures")),
            Cause("planned", plan.planned_per_s, connection.stream("planned")),
        )
        self._announcements = Announcements(name, plan.notices, connection)
        self._path = PowerPath.of(plan.snap_back_s, plan.smoothing, plan.gpus, plan.pue)
        self._bare_path = None if plan.smoothing is None else PowerPath(plan.snap_back_s)
        self._progress_s = 0.0  # useful computing, up to the last time that it stopped
        self._saved_s = 0.0  # of that, what no failure can take away
        self._writing: tuple[float, float] | None = (
            None  # progress on its way to storage, and when it is safe
        )
        self._computing_since_s = 0.0
        self._next_checkpoint_s = inf
        self._over_s = plan.end_s

    def run(self) -> Generator[Event, Any, None]:
        """Start, compute until the job's time is over or for ever, and stop."""
        plan = self._plan
        try:
            if plan.start_s > 0.0:
                yield from self._start()
            else:
                self._begin(plan.levels_mw["compute"], plan.bare_levels_mw["compute"])
            self._announcements.end(plan.end_s, plan.absent_mw - plan.levels_mw["compute"])
            for cause in self._causes:
                cause.draw(self._env.now)
            self._next_checkpoint_s = self._first_checkpoint_s()
            self._compute()
            while True:
                yield from self._work()
        except _Over:
            yield from self._stop()

    def _start(self) -> Generator[Event, Any, None]:
        """Wait for the job's time, load its state and warm up."""
        plan = self._plan
        self._begin(plan.absent_mw, plan.absent_mw)
        whole_s = self._draw_down_s(plan.restart)
        phases = plan.restart.phases
        loads = [phase for phase in phases if phase.state in ("load", "warm_up")]
        skipped = max((phase.end_fraction for phase in phases if phase not in loads), default=0.0)
        ready_s = plan.start_s + whole_s * (1.0 - skipped)
        self._announcements.start(plan.start_s, ready_s, plan.levels_mw["compute"] - plan.absent_mw)
        yield from self._wait(plan.start_s)
        self._log("start", ready_s - plan.start_s)
        for phase in loads:
            self._turn(phase.state)
            yield from self._wait(plan.start_s + whole_s * (phase.end_fraction - skipped))

    def _work(self) -> Generator[Event, Any, None]:
        """Compute until the next checkpoint or interruption, and see it through."""
        cause = self._next_cause()
        if cause.next_s <= self._next_checkpoint_s:
            yield from self._wait(cause.next_s)
            self._pause_progress()
            yield from self._go_down(cause)
        else:
            yield from self._wait(self._next_checkpoint_s)
            self._pause_progress()
            yield from self._save()

    def _save(self) -> Generator[Event, Any, None]:
        """Stall for a checkpoint; an interruption within it leaves the state unsaved."""
        plan, start_s, stall_s = self._plan, self._env.now, self._draw_stall_s()
        end_s = start_s + stall_s
        self._next_checkpoint_s = self._on_schedule(
            start_s + max(plan.interval_s, stall_s + plan.background_s)
        )
        cause = self._next_cause()
        strikes = cause.next_s < end_s
        self._log("checkpoint", cause.next_s - start_s if strikes else stall_s)
        rise_mw = plan.levels_mw["compute"] - plan.levels_mw["stall"]
        # how much is left to write tells the job when it will go on
        self._announcements.written(end_s, end_s + plan.snap_back_s, rise_mw)
        self._turn("stall")
        if strikes:
            yield from self._wait(cause.next_s)
            yield from self._go_down(cause)
        else:
            yield from self._wait(end_s)
            self._settle_writing()
            self._writing = (self._progress_s, end_s + plan.background_s)
            self._compute()

    def _go_down(self, cause: Cause) -> Generator[Event, Any, None]:
        """Be down for a restart; failures count running time, so the next ones move on by as much."""
        start_s = self._env.now
        lost_s = self._lose_work(cause)
        restart = self._restart_after(cause)
        down_s = self._draw_down_s(restart)
        self._log(cause.kind, lost_s)
        self._log("restart", down_s)
        cause.draw(start_s)
        for each in self._causes:
            each.next_s += down_s
        self._announcements.resume(
            known_s=start_s + down_s * restart.known_fraction,
            at_s=start_s + down_s,
            until_s=start_s + down_s + self._plan.snap_back_s,
            change_mw=self._plan.levels_mw["compute"] - self._plan.levels_mw[restart.phases[-1].state],
        )
        for phase in restart.phases:
            self._turn(phase.state)
            yield from self._wait(start_s + down_s * phase.end_fraction)
        self._next_checkpoint_s = self._checkpoint_after_restart_s()
        self._compute()

    def _first_checkpoint_s(self) -> float:
        plan, now_s = self._plan, self._env.now
        if plan.phase_s is None:
            return now_s + plan.first_checkpoint_s
        # a job that has been computing before the run has kept its times
        return self._checkpoint_after_restart_s() if plan.start_s > 0.0 else self._on_schedule(now_s + SOON_S)

    def _checkpoint_after_restart_s(self) -> float:
        plan, now_s = self._plan, self._env.now
        if plan.phase_s is None:
            return now_s + plan.interval_s
        return self._on_schedule(now_s + LEAST_SHARE_OF_INTERVAL * plan.interval_s)

    def _on_schedule(self, earliest_s: float) -> float:
        """Return the first time of the job's schedule that is not before another [s]; that, without one."""
        phase_s, interval_s = self._plan.phase_s, self._plan.interval_s
        if phase_s is None:
            return earliest_s
        # a time of the schedule, reckoned from another one, may come out a rounding error late
        count = math.ceil((earliest_s - phase_s) / interval_s - NEARLY_WHOLE)
        return phase_s + count * interval_s

    def _lose_work(self, cause: Cause) -> float:
        """Go back to the last state that is safe; return the computing that is lost [s]."""
        self._settle_writing()
        self._writing = None
        if cause.kind == "planned":  # taken once the state is saved
            self._saved_s = self._progress_s
        lost_s = self._progress_s - self._saved_s
        self._progress_s = self._saved_s
        return lost_s

    def _restart_after(self, cause: Cause) -> Down:
        if cause.kind == "planned":
            return self._plan.planned_restart
        if self._pool.take(self._env.now):
            self._log("spare", 1.0)
            return self._plan.spare_restart
        return self._plan.restart

    def _compute(self) -> None:
        plan, now_s = self._plan, self._env.now
        self._computing_since_s = now_s
        self._over_s = min(plan.end_s, now_s + plan.work_s - self._progress_s)
        self._turn("compute")
        if plan.notices is not None:
            self._announce()

    def _announce(self) -> None:
        """Plan what to announce of the time until the next checkpoint has been written."""
        plan, levels_mw = self._plan, self._plan.levels_mw
        fall_mw = levels_mw["stall"] - levels_mw["compute"]
        checkpoint_s = self._next_checkpoint_s
        self._announcements.checkpoint(checkpoint_s, checkpoint_s + plan.stall_median_s, fall_mw)
        planned_s = self._causes[1].next_s
        first_state = plan.planned_restart.phases[0].state
        fall_mw = levels_mw[first_state] - levels_mw["compute"]
        until_s, horizon_s = planned_s + plan.planned_restart.mean_s, checkpoint_s + plan.interval_s
        self._announcements.planned(planned_s, until_s, fall_mw, horizon_s)

    def _pause_progress(self) -> None:
        self._progress_s += self._env.now - self._computing_since_s
        self._over_s = self._plan.end_s  # work is done only while it computes

    def _settle_writing(self) -> None:
        """Count what was on its way to storage and has arrived."""
        if self._writing is not None and self._writing[1] <= self._env.now:
            self._saved_s = self._writing[0]

    def _next_cause(self) -> Cause:
        failure, planned = self._causes
        return failure if failure.next_s <= planned.next_s else planned

    def _stop(self) -> Generator[Event, Any, None]:
        """End the job: fall to the power of its absence."""
        plan = self._plan
        self._log("end", self._env.now - plan.start_s)
        self._go_to(plan.absent_mw, plan.absent_mw, stops=True)
        while self._path.next_s < inf:
            yield At(self._env, self._path.next_s)
            self._follow_path()

    # -- power ---------------------------------------------------------------------------------------

    def _begin(self, level_mw: float, bare_mw: float) -> None:
        self._path.start(0.0, level_mw)
        self._set_power_mw(level_mw)
        if self._bare_path is not None:
            self._bare_path.start(0.0, bare_mw)
            self._count_smoothing(self._bare_path)

    def _turn(self, state: str) -> None:
        plan = self._plan
        stops = state in ("down_context", "down_cold")
        self._go_to(plan.levels_mw[state], plan.bare_levels_mw[state], stops=stops)

    def _go_to(self, level_mw: float, bare_mw: float, *, stops: bool) -> None:
        path, now_s = self._path, self._env.now
        if not path.stands_at(level_mw):
            path.turn(now_s, level_mw, stops=stops)
            self._set_power_mw(path.power_mw, path.slope_mw_per_s)
        if self._bare_path is not None:
            self._bare_path.turn(now_s, bare_mw)
            self._count_smoothing(self._bare_path)

    def _follow_path(self) -> None:
        self._path.advance()
        self._set_power_mw(self._path.power_mw, self._path.slope_mw_per_s)

    def _count_smoothing(self, bare_path: PowerPath) -> None:
        """Record what smoothing costs if nothing else happens until the run's end."""
        extra_mwh = self._path.energy_mwh(self._run_end_s) - bare_path.energy_mwh(self._run_end_s)
        self._constant("smoothing_energy_mwh", extra_mwh)

    # -- time ----------------------------------------------------------------------------------------

    def _wait(self, time_s: float) -> Generator[Event, Any, None]:
        """Wait until then, or until the job is over; ramps and announcements happen on the way."""
        env, path, announcements = self._env, self._path, self._announcements
        until_s = min(time_s, self._over_s)
        while True:
            change_s, issue_s = path.next_s, announcements.next_s
            if change_s >= until_s and issue_s >= until_s:
                break
            if change_s <= issue_s:
                yield At(env, change_s)
                self._follow_path()
            else:
                yield At(env, issue_s)
                announcements.issue()
        yield At(env, until_s)
        if until_s < time_s or until_s == self._over_s:
            raise _Over

    # -- draws ---------------------------------------------------------------------------------------

    def _draw_stall_s(self) -> float:
        plan = self._plan
        return plan.stall_median_s * math.exp(plan.stall_sigma * self._stalls.standard_normal())

    def _draw_down_s(self, restart: Down) -> float:
        return lognormal(restart.mean_s, restart.sigma, self._restarts)
