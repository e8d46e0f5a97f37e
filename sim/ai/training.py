"""A synchronous training job: computes, stalls at checkpoints, is interrupted, restarts, and tells of it."""

import math
from collections.abc import Generator
from math import inf
from typing import Any, Final

from simpy import Event

from sim.ai.announcements import Announcements
from sim.ai.base import Connection
from sim.ai.interlock import wait_for
from sim.ai.interruptions import Cause, Down, SparePool, lognormal
from sim.ai.notice import State
from sim.ai.power_path import PowerPath, SlowReturn
from sim.ai.training_spec import TrainingSpec
from sim.clock import At
from sim.facts import LoadFacts
from sim.units import ROUNDING, SECONDS_PER_MINUTE

LEAST_SHARE_OF_INTERVAL: Final = 0.5
"""Least time from a restart to a checkpoint of the schedule, over the interval; assumption."""
SOON_S: Final = 1.0
"""Least time from the run's start to a checkpoint of the schedule [s]."""
BEHIND_S: Final = 1e-3
"""Work that is missing by less is done [s]."""


class TrainingLoad(TrainingSpec):
    """One synchronous training job on all its GPUs.

    It computes at full power; at each checkpoint its power falls; a failure takes it down until it has been
    detected, replaced, loaded and warmed up. Lost work is done again at full power: it costs time, it is no
    dip. Power is that of the state that the nodes are in, from the catalogue of servers.
    """

    def process(self, connection: Connection) -> Generator[Event, Any, None]:
        """Run the job.

        Logs ``checkpoint`` with its stall [s], ``failure`` and ``planned`` with the work lost [s of
        computing], ``spare`` where a spare takes a failed node's place, and ``restart`` with the time down
        [s], each at its start; ``start`` with the time until it computes [s] and ``end`` with the time it was
        there [s], where the job comes and goes within the run; ``request`` with the longest wait for leave
        to draw more [s].
        """
        connection.state(self.iteration_facts)
        return Job(self, connection).run()


class _Over(Exception):  # noqa: N818  # the job's own end is no error
    """The job's time is over."""


class Job:
    """A training job while it runs; one draw for each event keeps the streams apart.

    Parameters
    ----------
    spec
        What the scenario says of it.
    connection
        Its clock, power, log and streams.
    """

    def __init__(self, spec: TrainingSpec, connection: Connection) -> None:
        self._spec = spec
        self._bare_levels_mw = spec.levels_mw()
        self._levels_mw = spec.levels_mw(spec.floor_fraction)
        self._absent_mw = spec.absent_power_fraction * self._bare_levels_mw["compute"]
        self._levels_mw["absent"] = self._bare_levels_mw["absent"] = self._absent_mw
        self._interval_s, self._stall_median_s = spec.interval_s, spec.stall_median_s
        self._background_s = spec.saved_state.background_s(spec.checkpoint)
        phase_min = spec.checkpoint.phase_min
        self._phase_s = None if phase_min is None else phase_min * SECONDS_PER_MINUTE
        self._restart, self._planned_restart = spec.down(), spec.down(planned=True)
        self._return = SlowReturn(spec.return_mw_per_s, self._levels_mw["compute"], self._levels_mw["stall"])
        self._env = connection.env
        self._log = connection.log
        self._set_power_mw = connection.set_power_mw
        self._state = connection.state
        self._tell_state = connection.tell_state
        self._run_end_s = connection.span.end_s
        self._stalls = connection.stream("checkpoints")
        self._restarts = connection.stream("restarts")
        self._pool = SparePool(spec.spares, connection.stream("repairs"))
        self._causes = (
            Cause("failure", spec.failure_rate_per_s, connection.stream("failures")),
            Cause("planned", spec.planned_per_s, connection.stream("planned")),
        )
        self._announcements = Announcements(spec.name, spec.notice, connection)
        self._path = PowerPath.of(
            spec.snap_back_s, spec.fall_s, spec.smoothing, spec.gpus, spec.pue, spec.return_mw_per_s
        )
        self._ask_leave = connection.ask_leave
        self._undone_mws = connection.undone_mws
        self._waited_s = self._returned_s = 0.0
        self._bare_path = None if spec.smoothing is None else PowerPath(spec.snap_back_s, spec.fall_s)
        self._progress_s = 0.0  # useful computing, up to the last time that it stopped
        self._saved_s = 0.0  # of that, what no failure can take away
        self._writing: tuple[float, float] | None = None  # progress on its way to storage, and when it is safe
        self._computing_since_s = self._lost_before_s = self._made_up_s = 0.0
        self._next_checkpoint_s = inf
        self._over_s = spec.latest_end_s

    def run(self) -> Generator[Event, Any, None]:
        """Start, compute until the job's time is over or for ever, and stop."""
        try:
            if self._spec.starts_s > 0.0:
                yield from self._start()
            else:
                self._begin("compute")
            self._announcements.end(
                self._spec.latest_end_s, self._absent_mw - self._levels_mw["compute"], self._absent_mw
            )
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
        self._begin("absent")
        whole_s = self._draw_down_s(self._restart)
        phases = self._restart.phases
        loads = [phase for phase in phases if phase.state in ("load", "warm_up")]
        skipped = max((phase.end_fraction for phase in phases if phase not in loads), default=0.0)
        ready_s = self._spec.starts_s + whole_s * (1.0 - skipped)
        compute_mw = self._levels_mw["compute"]
        self._announcements.plan("start", self._spec.starts_s, ready_s, compute_mw - self._absent_mw, compute_mw)
        yield from self._wait(self._spec.starts_s)
        self._log("start", ready_s - self._spec.starts_s)
        held_s = 0.0
        for phase in loads:
            held_s += yield from self._hold_for(phase.state)
            self._turn(phase.state)
            yield from self._wait(self._spec.starts_s + whole_s * (phase.end_fraction - skipped) + held_s)
        yield from self._hold_for("compute")

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
        start_s, stall_s = self._env.now, self._draw_stall_s()
        end_s = start_s + stall_s
        self._next_checkpoint_s = self._on_schedule(start_s + max(self._interval_s, stall_s + self._background_s))
        cause = self._next_cause()
        strikes = cause.next_s < end_s
        self._log("checkpoint", cause.next_s - start_s if strikes else stall_s)
        rise_mw = self._levels_mw["compute"] - self._levels_mw["stall"]
        # how much is left to write tells the job when it will go on
        self._announcements.plan("resume", end_s, end_s + self._spec.snap_back_s, rise_mw, self._levels_mw["compute"])
        waits = self._spec.interlock is not None and stall_s >= self._spec.interlock.stalls_from_s
        self._turn("stall", quiet=self._spec.interlock is None or waits)
        if strikes:
            yield from self._wait(cause.next_s)
            yield from self._go_down(cause)
        else:
            yield from self._wait(end_s)
            if waits:
                held_s = yield from self._hold_for("compute")
                self._put_off(held_s)
            self._settle_writing()
            self._writing = (self._progress_s, end_s + self._background_s)
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
        self._announcements.restart(restart, start_s, start_s + down_s, self._spec.snap_back_s, self._levels_mw)
        held_s = 0.0
        for phase in restart.phases:
            held_s += yield from self._hold_for(phase.state)
            self._turn(phase.state)
            yield from self._wait(start_s + down_s * phase.end_fraction + held_s)
        held_s += yield from self._hold_for("compute")
        self._put_off(held_s)
        self._next_checkpoint_s = self._checkpoint_after_restart_s()
        self._compute()

    def _put_off(self, held_s: float) -> None:
        """Have interruptions come so much later [s]: they count running time."""
        for each in self._causes:
            each.next_s += held_s

    def _hold_for(self, state: State) -> Generator[Event, Any, float]:
        """Wait for leave to rise to a state, at most as long as the interlock says; return the wait [s]."""
        interlock, level_mw = self._spec.interlock, self._levels_mw[state]
        if interlock is None or self._ask_leave is None or level_mw <= self._path.power_mw:
            return 0.0
        self._log("request", interlock.release_s)
        leave = self._ask_leave(level_mw, interlock.release_s)
        held_s = yield from wait_for(leave, interlock.release_s, self._env, self._wait)
        self._waited_s += held_s
        self._state(LoadFacts(interlock_wait_s=self._waited_s))
        return held_s

    def _first_checkpoint_s(self) -> float:
        now_s = self._env.now
        if self._phase_s is None:
            return now_s + self._spec.first_checkpoint_s
        # a job that has been computing before the run has kept its times
        was_computing = self._spec.starts_s <= 0.0
        return self._on_schedule(now_s + SOON_S) if was_computing else self._checkpoint_after_restart_s()

    def _checkpoint_after_restart_s(self) -> float:
        now_s = self._env.now
        if self._phase_s is None:
            return now_s + self._interval_s
        return self._on_schedule(now_s + LEAST_SHARE_OF_INTERVAL * self._interval_s)

    def _on_schedule(self, earliest_s: float) -> float:
        """Return the first time of the job's schedule that is not before another [s]; that, without one."""
        phase_s, interval_s = self._phase_s, self._interval_s
        if phase_s is None:
            return earliest_s
        # a time of the schedule, reckoned from another one, may come out a rounding error late
        count = math.ceil((earliest_s - phase_s) / interval_s - ROUNDING)
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
            return self._planned_restart
        if self._pool.take(self._env.now):
            self._log("spare", 1.0)
            return self._spec.down_with_spare()
        return self._restart

    def _compute(self) -> None:
        now_s = self._env.now
        self._computing_since_s = now_s
        self._lost_before_s = self._made_up_s = self._capped_now_s()
        self._return.begin(self._path.power_mw)
        work_s = self._return.lost_s() + self._spec.work_s - self._progress_s
        self._over_s = min(self._spec.latest_end_s, now_s + work_s)
        self._turn("compute")
        if self._spec.notice is not None:
            self._announce()

    def _announce(self) -> None:
        """Plan what to announce of the time until the next checkpoint has been written."""
        levels_mw = self._levels_mw
        fall_mw = levels_mw["stall"] - levels_mw["compute"]
        checkpoint_s = self._next_checkpoint_s
        self._announcements.plan(
            "checkpoint", checkpoint_s, checkpoint_s + self._stall_median_s, fall_mw, levels_mw["stall"]
        )
        planned_s = self._causes[1].next_s
        first_state = self._planned_restart.phases[0].state
        fall_mw = levels_mw[first_state] - levels_mw["compute"]
        until_s, horizon_s = planned_s + self._planned_restart.mean_s, checkpoint_s + self._interval_s
        self._announcements.planned(planned_s, until_s, fall_mw, horizon_s, levels_mw[first_state])

    def _pause_progress(self) -> None:
        computed_s = self._env.now - self._computing_since_s
        lost_s, capped_s = self._return.lost_s(computed_s), self._capped_now_s() - self._lost_before_s
        self._progress_s += computed_s - lost_s - capped_s
        if lost_s > 0.0:
            self._returned_s += lost_s
            self._state(LoadFacts(return_lost_s=self._returned_s))
        self._over_s = self._spec.latest_end_s  # work is done only while it computes

    def _settle_writing(self) -> None:
        """Count what was on its way to storage and has arrived."""
        if self._writing is not None and self._writing[1] <= self._env.now:
            self._saved_s = self._writing[0]

    def _next_cause(self) -> Cause:
        failure, planned = self._causes
        return failure if failure.next_s <= planned.next_s else planned

    def _stop(self) -> Generator[Event, Any, None]:
        """End the job: fall to the power of its absence."""
        self._log("end", self._env.now - self._spec.starts_s)
        self._turn("absent")
        while self._path.next_s < inf:
            yield At(self._env, self._path.next_s)
            self._follow_path()

    # -- power ---------------------------------------------------------------------------------------

    def _begin(self, state: State) -> None:
        self._told, self._most_mw = state, self._levels_mw[state]
        self._path.start(0.0, self._most_mw)
        self._tell()
        self._set_power_mw(self._most_mw)
        if self._bare_path is not None:
            self._bare_path.start(0.0, self._bare_levels_mw[state])
            self._count_smoothing(self._bare_path)

    def _turn(self, state: State, *, quiet: bool = True) -> None:
        """Go to a state and its power; one that is not quiet may end at any moment, without a word."""
        path, now_s, level_mw = self._path, self._env.now, self._levels_mw[state]
        moves = not path.stands_at(level_mw)
        if moves:
            path.turn(now_s, level_mw, stops=state in ("down_context", "down_cold", "absent"))
        self._told, self._most_mw = state, self._most_in_mw(state if quiet else "compute")
        self._tell()
        if moves:
            self._set_power_mw(path.power_mw, path.slope_mw_per_s)
        if self._bare_path is not None:
            self._bare_path.turn(now_s, self._bare_levels_mw[state])
            self._count_smoothing(self._bare_path)

    def _most_in_mw(self, state: State) -> float:
        """Return the most that it draws in a state before a rise that can be announced [MW]."""
        levels_mw = self._levels_mw
        if state == "stall":  # a failure in it comes without a word
            return max(levels_mw[each] for each in ("stall", "hang", "down_cold", "down_context"))
        return levels_mw[state]

    def _follow_path(self) -> None:
        self._path.advance()
        if self._told_mw > self._most_mw:
            self._tell()
        self._set_power_mw(self._path.power_mw, self._path.slope_mw_per_s)

    def _tell(self) -> None:
        """Tell the state, and the most that it draws in it; until its power has fallen so far, what it falls from."""
        self._told_mw = max(self._most_mw, self._path.power_mw)
        self._tell_state(self._told, self._told_mw)

    def _count_smoothing(self, bare_path: PowerPath) -> None:
        """Record what smoothing costs if nothing else happens until the run's end."""
        extra_mwh = self._path.energy_mwh(self._run_end_s) - bare_path.energy_mwh(self._run_end_s)
        self._state(LoadFacts(smoothing_energy_mwh=extra_mwh))

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
        if until_s == self._over_s < self._spec.latest_end_s and self._makes_up():
            yield from self._wait(time_s)
        elif until_s < time_s or until_s == self._over_s:
            raise _Over

    def _capped_now_s(self) -> float:
        """Return the computing that caps have cost by now [s]."""
        return self._undone_mws() / self._levels_mw["compute"]

    def _makes_up(self) -> bool:
        """Put off the end of the work by what caps have cost since it was last reckoned; False: nothing."""
        behind_s = self._capped_now_s() - self._made_up_s
        self._made_up_s += behind_s
        self._over_s = min(self._spec.latest_end_s, self._over_s + behind_s)
        return behind_s > BEHIND_S

    # -- draws ---------------------------------------------------------------------------------------

    def _draw_stall_s(self) -> float:
        return self._stall_median_s * math.exp(self._spec.checkpoint.spread * self._stalls.standard_normal())

    def _draw_down_s(self, restart: Down) -> float:
        return lognormal(restart.mean_s, restart.sigma, self._restarts)
