r"""A limit that moves: what the interconnection may draw at each moment, and when that was announced.

Notes
-----
A change is announced at :math:`t_0`, binds from :math:`t_1`, and may be followed at a ramp :math:`r` that the
operator allows: from :math:`t_1` on the limit in force goes from the level before to the new one in a line,
:math:`L(t) = L_0 \mp r (t - t_1)`, or at once where no ramp is given.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import inf
from typing import Annotated, Final, Literal, NamedTuple

import numpy as np
from pydantic import Field

from sim.market.instructions import CONTRACTS, AnyCalls
from sim.market.series import StepsFile
from sim.rng import LIMIT_SLIP
from sim.signals import Signal
from sim.slip import Slip
from sim.span import Span
from sim.spec import NonNegative, Positive, Spec, Timed, rising
from sim.tables.cover import Needed, Wanted, levels
from sim.tables.quantities import QUANTITIES
from sim.tables.stamps import times_of
from sim.tables.timeline import timeline_of
from sim.units import SECONDS_PER_MINUTE


class LimitChange(NamedTuple):
    """A change of the limit, as site and policy know it once announced."""

    announced_at_s: float
    """When it is announced [s]; below 0: before the run."""
    binds_at_s: float
    """From when it binds [s]."""
    limit_mw: float
    """The limit from then on, at the end of the ramp [MW]."""
    until_s: float
    """When the next change binds, or the run ends [s]."""
    highest_mw: float = inf
    """The highest that the limit has been before [MW]."""
    is_ramped: bool = False
    """Whether the limit moves to it on a ramp."""

    @property
    def binds(self) -> bool:
        """Whether less may be drawn than was allowed before, be it while a ramp lasts."""
        return self.limit_mw < self.highest_mw or self.is_ramped


class MovingLimit(NamedTuple):
    """The limit of one run."""

    in_force_mw: Signal
    """The limit in force, ramps included [MW]."""
    changes: tuple[LimitChange, ...]
    """Its changes after the start, in order."""


STEP_S: Final = 4.0
"""A limit on a ramp is told again this often [s]: ERCOT's set points come every 4 s."""


def in_steps(limit_mw: Signal) -> Signal:
    """Return a limit as it is told [MW]: on a ramp every `STEP_S`, with the lowest until it is told next."""
    if limit_mw.is_step:
        return limit_mw
    times_s = [limit_mw.time_s]
    ends_s = [*limit_mw.time_s[1:], limit_mw.end_s]
    for from_s, until_s, slope in zip(limit_mw.time_s, ends_s, limit_mw.slope_per_s, strict=True):
        if slope != 0.0:
            times_s.append(np.arange(from_s, until_s, STEP_S))
    told_s = np.unique(np.concatenate(times_s))
    edges_s = np.append(told_s, limit_mw.end_s)
    return Signal.steps(told_s, limit_mw.minima_over(edges_s), limit_mw.end_s)


def steady(limit_mw: float, span: Span) -> MovingLimit:
    """Return a limit that does not move [MW]."""
    return MovingLimit(Signal.constant(limit_mw, span.end_s), ())


class LimitLevel(NamedTuple):
    """One level of a limit, by the clock of a run."""

    binds_at_s: float
    """From when it binds [s]; below 0: before the run."""
    limit_mw: float
    """Power that may be drawn from then on [MW]."""
    notice_s: float = 0.0
    """How long before it is announced [s]."""
    ramp_mw_per_min: float | None = None
    """Ramp at which the limit moves there [MW/min]; None: at once."""


def moved(steps: Sequence[LimitLevel], end_s: float) -> MovingLimit:
    """Return the limit that levels make.

    Parameters
    ----------
    steps
        The levels in order of time; the first binds at the run's start, or before.
    end_s
        The run's end [s].

    Examples
    --------
    >>> limit = moved([LimitLevel(0.0, 200.0), LimitLevel(7200.0, 150.0, notice_s=900.0)], 86400.0)
    >>> limit.changes[0][:4]
    (6300.0, 7200.0, 150.0, 86400.0)
    """
    ends_s = [*(step.binds_at_s for step in steps[1:]), end_s]
    levels_mw = [step.limit_mw for step in steps]
    highest_mw = accumulate([levels_mw[0], *levels_mw[:-1]], max)
    changes = [
        LimitChange(
            step.binds_at_s - step.notice_s,
            step.binds_at_s,
            step.limit_mw,
            min(until_s, end_s),
            before_mw,
            step.ramp_mw_per_min is not None,
        )
        for step, until_s, before_mw in zip(steps, ends_s, highest_mw, strict=True)
    ]
    return MovingLimit(
        _in_force(changes, [step.ramp_mw_per_min for step in steps], end_s),
        tuple(change for change in changes[1:] if 0.0 < change.binds_at_s < end_s),
    )


class LimitStage(Timed):
    """One level of the limit."""

    limit_mw: NonNegative
    """Power that the site may draw from the grid from then on [MW]."""
    notice_s: NonNegative = 0.0
    """How long before it binds it is announced [s]. Default: none, an assumption."""
    ramp_mw_per_min: Positive | None = None
    """Ramp at which the limit moves to this level from when it binds [MW/min]; left out: at once."""


class ScheduledLimit(Spec):
    """A limit in stages, as an energisation plan or an operator's instructions write it down."""

    type: Literal["schedule"] = "schedule"
    """Kind of limit."""
    stages: Annotated[tuple[LimitStage, ...], Field(min_length=1, max_length=10_000)]
    """The levels in order of time; the first holds from the run's start, at the latest."""
    slip: Slip | None = None
    """How late each stage comes after the first; a stage that is late holds up those after it. Left out: all
    come as planned."""

    @property
    def highest_mw(self) -> float:
        """The highest of its levels [MW]."""
        return max(stage.limit_mw for stage in self.stages)

    def moving(self, span: Span) -> MovingLimit:
        """Return the limit over a run.

        Parameters
        ----------
        span
            The time of the run.

        Raises
        ------
        ValueError
            Where the stages are out of order, or the first comes after the start.
        """
        times_s = self.times_s(span.start_utc_s)
        if self.slip is not None:
            draws = span.stream(LIMIT_SLIP).standard_normal(len(times_s) - 1).tolist()
            late = zip(times_s[1:], draws, strict=True)
            late_s = [time_s + self.slip.late_s(normal) for time_s, normal in late]
            times_s = [times_s[0], *accumulate(late_s, max)]
        steps = [
            LimitLevel(time_s, stage.limit_mw, stage.notice_s, stage.ramp_mw_per_min)
            for stage, time_s in zip(self.stages, times_s, strict=True)
        ]
        return moved(steps, span.end_s)

    def times_s(self, start_utc_s: float) -> list[float]:
        """Return when each stage is planned to bind [s from a run's start, at ``start_utc_s``].

        Raises
        ------
        ValueError
            Where the stages are out of order, or the first comes after the start.
        """
        times_s = [stage.first_s(start_utc_s) for stage in self.stages]
        if times_s[0] > 0.0:
            raise ValueError(
                "stages.0 must not bind after the run's start, as a limit is needed then; "
                f"got {times_s[0]:,.0f} s after it"
            )
        for number, (before_s, time_s) in enumerate(pairwise(times_s), start=1):
            if time_s <= before_s:
                raise ValueError(
                    f"stages.{number} must bind after the stage before it; "
                    f"got {time_s:,.0f} s from the start, not after {before_s:,.0f} s"
                )
        return times_s


class FileLimit(StepsFile):
    """Dated instructions out of a file: each row holds from its time until the next row's."""

    type: Literal["file"]
    """Kind of limit."""
    limit_column: str = "limit_mw"
    """Column with the level [MW]."""
    announced_column: str | None = None
    """Column with the time at which each was announced; left out: ``notice_s`` before it binds."""
    notice_s: NonNegative = 0.0
    """How long before it binds each is announced [s]. Default: none, an assumption."""
    ramp_mw_per_min: Positive | None = None
    """Ramp at which the limit moves to each level from when it binds [MW/min]; left out: at once."""
    highest_mw: Positive
    """Most that the connection carries [MW]: it holds before the first row, and no row is above it."""

    def moving(self, span: Span) -> MovingLimit:
        """Return the limit over a run; raise InputError where the file does not serve it."""
        timeline = timeline_of(self, self.table(span.files), self.time_column, span.start_utc_s)
        needed = Needed(span.start_utc_s, span.end_s, changes=True)
        found = levels(self, span.files, timeline, Wanted(self.limit_column, QUANTITIES["power"]), needed)
        table, time_s, (limits_mw,) = found[:3]
        bad = np.flatnonzero((limits_mw < 0.0) | (limits_mw > self.highest_mw))
        if bad.size:
            must = f"must be from 0 MW to highest_mw = {self.highest_mw:g} MW"
            raise table.fault_at(self.limit_column, int(bad[0]), must, got=True)
        notices_s = np.full(limits_mw.size, self.notice_s)
        if self.announced_column is not None:
            told = times_of(table, self.announced_column, self.clock)
            start_s = 0.0 if told.from_start else span.start_utc_s
            if told.value_s.size != notices_s.size:  # rows of one time were made one
                raise table.fault_at(self.announced_column, 0, "needs duplicates: refuse")
            notices_s = time_s + start_s - told.value_s
            if (late := np.flatnonzero(notices_s < 0.0)).size:
                must = "must not be after the time from which the level binds"
                raise table.fault_at(self.announced_column, int(late[0]), must, got=True)
        changes = np.flatnonzero(np.diff(limits_mw, prepend=self.highest_mw))
        rows = np.column_stack([time_s, limits_mw, notices_s])[changes].tolist()
        steps = [LimitLevel(at_s, level, notice_s, self.ramp_mw_per_min) for at_s, level, notice_s in rows]
        return moved([LimitLevel(min(0.0, float(time_s[0])), self.highest_mw), *steps], span.end_s)


class ContractLimit(Spec):
    """Firm and non-firm megawatts: above the firm ones the site gives way when it is called."""

    type: Literal["contract"]
    """Kind of limit."""
    contract: Literal[*CONTRACTS]  # type: ignore[valid-type]  # the names of a table
    """Contract, which says notice, hours and caps."""
    firm_mw: NonNegative
    """Power that is never taken [MW]; low power consumption where the grid dispatches the load."""
    highest_mw: Positive
    """Power that may be drawn while nothing is called [MW], at least ``firm_mw``."""
    notice_s: NonNegative | None = None
    """Time from a call until it binds [s]; left out: the contract's, or none where no source says it."""
    calls: AnyCalls
    """How it is called: ``calendar`` or ``net-load``."""

    _firm_is_a_part = rising("firm_mw", "highest_mw", strictly=False)

    def moving(self, span: Span) -> MovingLimit:
        """Return the limit over a run; raise InputError where a file does not serve it."""
        terms = CONTRACTS[self.contract]
        notice_s = self.notice_s if self.notice_s is not None else terms.notice_s or 0.0
        steps = [LimitLevel(0.0, self.highest_mw)]
        for call in self.calls.calls(terms, span):
            level_mw = self.highest_mw - call.depth_fraction * (self.highest_mw - self.firm_mw)
            self._move(steps, LimitLevel(max(call.from_s, 0.0), level_mw, notice_s))
            self._move(steps, LimitLevel(call.until_s, self.highest_mw))
        return moved(steps, span.end_s)

    def _move(self, steps: list[LimitLevel], step: LimitLevel) -> None:
        """Go on to a level, on the contract's ramp; a level that ends as it begins is left out."""
        if steps[-1].binds_at_s == step.binds_at_s:
            steps.pop()
        ramp_s = CONTRACTS[self.contract].ramp_s
        change_mw = abs(step.limit_mw - steps[-1].limit_mw) if steps else 0.0
        if ramp_s and change_mw > 0.0:
            step = step._replace(ramp_mw_per_min=change_mw / ramp_s * SECONDS_PER_MINUTE)
        steps.append(step)


AnyLimit = Annotated[ScheduledLimit | FileLimit | ContractLimit, Field(discriminator="type")]
"""Any limit that moves, told apart by its ``type``."""


def _in_force(changes: list[LimitChange], ramps: list[float | None], end_s: float) -> Signal:
    """Return the limit in force, with each change's ramp."""
    times_s: list[float] = []
    values_mw: list[float] = []
    level_mw = changes[0].limit_mw
    for change, ramp_mw_per_min in zip(changes, ramps, strict=True):
        begin_s = max(0.0, change.binds_at_s)
        is_ramped = ramp_mw_per_min is not None and change.binds_at_s > 0.0
        slope = (ramp_mw_per_min or 0.0) / SECONDS_PER_MINUTE if is_ramped else inf
        reached_s = begin_s + abs(change.limit_mw - level_mw) / slope
        stop_s = min(reached_s, max(change.until_s, begin_s))
        way = 1.0 if change.limit_mw > level_mw else -1.0
        stop_mw = change.limit_mw if stop_s == reached_s else level_mw + way * slope * (stop_s - begin_s)
        times_s += [begin_s, stop_s]
        values_mw += [level_mw, stop_mw]
        level_mw = stop_mw
    return Signal.linear(times_s, values_mw, end_s)
