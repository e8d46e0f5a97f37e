"""The machines of a cohort as they draw and hash: in groups, ahead of no event."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from math import inf

from sim.mining.cohort.failures import Roster
from sim.mining.cohort.groups import Group, MachineTracks, Pace, filling_plan, interpolated
from sim.mining.cohort.spec import CohortFleet
from sim.units import PETAHASH_IN_TERAHASHES


class Machines:
    """All machines of a cohort, in groups of blocks whose machines draw and hash alike.

    Nothing happens by itself: the state moves when it is told to, or asked, and what it went through is
    recorded then. Times must not fall.

    Parameters
    ----------
    spec
        What the scenario says of the cohort.
    roster
        Working machines of each block.
    tracks
        Where the state is recorded.
    """

    def __init__(self, spec: CohortFleet, roster: Roster, tracks: MachineTracks) -> None:
        self._boot_s = spec.times.boot_s
        self._standby_w = spec.standby_w
        clocks: list[float] = spec.curve.fractions.tolist()
        powers_w = [ratio * spec.machine_power_w for ratio in spec.curve.power_ratios.tolist()]
        self._knots = clocks, powers_w  # of the straight lines from profile to profile
        self._clock_at = partial(interpolated, xs=powers_w, ys=clocks)
        self._mw_per_w = spec.meter_mw_per_w
        self._ph_s = spec.machine_th_s / PETAHASH_IN_TERAHASHES
        self._roster = roster
        self._total_count = spec.machines
        self._tracks = tracks
        self._record_power, self._record_hashrate = tracks.power_mw.set, tracks.hashrate_ph_s.set
        self._ramp_power, self._ramp_hashrate = tracks.power_mw.ramp, tracks.hashrate_ph_s.ramp
        self._record_setpoint = tracks.setpoint_fraction.set
        self._is_ahead = False  # whether the end of the last line is recorded, to be withdrawn if need be
        order_all_s = len(roster) / (spec.dispatch_blocks_per_s or inf)
        orders_s = max(order_all_s, spec.settling_s), order_all_s
        self._pace = Pace(spec.times.ramp_up_s, spec.times.power_down_s, *orders_s, spec.curve.profile_step)
        self._asleep = Group(list(range(len(roster))), roster.total_count, 0.0, spec.standby_w, 0.0, [])
        self._hashing = Group([], 0, 0.0, spec.standby_w, 0.0, [])
        self._waking: list[Group] = []
        self._stopping: list[Group] = []
        self._stuck: list[Group] = []
        self._answers = False  # whether they follow the next order again
        self._count_tracks = tracks[3:]
        self._counts: tuple[int, ...] = (-1, -1, -1, -1)
        self._setpoint: float | None = None
        self._clock = self._highest_clock = spec.highest_clock
        self._ceiling = inf
        self._accepted = 1.0
        self.start_count = 0
        """Machines woken so far."""

    def stand(self, time_s: float, blocks: Sequence[int], clock: float) -> None:
        """Begin with these blocks hashing at a clock, all others asleep, as if they had for long."""
        group = self._asleep.split(blocks, self._roster)
        self._set(time_s, clock)
        clock = min(clock, self._ceiling)
        if group is not None:
            power_w = interpolated(clock, *self._knots)
            self._hashing = Group(group.blocks, group.machine_count, time_s, power_w, clock, [])
        self._record(time_s)

    def set_clocks(self, orders: Sequence[tuple[float, float]]) -> None:
        """Have all hashing machines go to each of some clocks, each at its time [s]."""
        place = 0
        simple = self._pace.is_ramp and self._hashing.blocks and not self._stuck
        while place < len(orders) and (self._waking or self._stopping or not simple):
            time_s, clock = orders[place]
            self.move_to(time_s)
            self._set(time_s, clock)
            self._steer(time_s)
            self._record(time_s)
            place += 1
        if place < len(orders):
            self._lead(orders[place:])

    def _lead(self, orders: Sequence[tuple[float, float]]) -> None:
        """Lead the hashing machines where nothing else moves: nearly all commands of a year end here."""
        hashing, rest_w = self._hashing, self._asleep.machine_count * self._asleep.power_w
        count, mw_per_w = hashing.machine_count, self._mw_per_w
        ph_s = count * self._ph_s * self._accepted
        power_w, from_clock = self._where_led(orders[0][0])
        self._is_ahead = False
        for (time_s, told), next_s in zip(orders, [*(time_s for time_s, _ in orders[1:]), inf], strict=True):
            self._set(time_s, told)
            clock = min(self._ceiling, self._clock)
            goal_w = interpolated(clock, *self._knots)
            change = clock - from_clock
            until_s = time_s + self._pace.ramp_s(change)
            goal_mw = (count * goal_w + rest_w) * mw_per_w
            hashing.plan, hashing.since_s, hashing.power_w, hashing.clock = [], time_s, goal_w, clock
            if until_s <= time_s:
                self._record_power(time_s, goal_mw)
                self._record_hashrate(time_s, clock * ph_s)
                power_w, from_clock = goal_w, clock
                continue
            per_s = 1.0 / (until_s - time_s)
            start = (time_s, (count * power_w + rest_w) * mw_per_w, count * (goal_w - power_w) * mw_per_w * per_s)
            hashes = time_s, from_clock * ph_s, change * per_s * ph_s
            if until_s <= next_s:
                self._ramp_power(*start, until_s, goal_mw)
                self._ramp_hashrate(*hashes, until_s, clock * ph_s)
                if next_s == inf:
                    self._is_ahead = True
                    hashing.plan = [(until_s, goal_w, clock)]
                    hashing.power_w, hashing.clock = power_w, from_clock
                power_w, from_clock = goal_w, clock
            else:  # the next order comes first
                self._record_power(*start)
                self._record_hashrate(*hashes)
                passed = (next_s - time_s) / (until_s - time_s)
                power_w += passed * (goal_w - power_w)
                from_clock += passed * change

    def _where_led(self, time_s: float) -> tuple[float, float]:
        """Return power [W] and clock of each hashing machine, and take back the end of its line if ahead."""
        hashing = self._hashing
        if not hashing.plan:
            return hashing.power_w, hashing.clock
        goal_s, goal_w, goal = hashing.plan[0]
        if goal_s <= time_s:
            if not self._is_ahead:
                self.move_to(goal_s)
            return goal_w, goal
        self._withdraw()
        power_w, clock = hashing.power_w, hashing.clock
        passed = (time_s - hashing.since_s) / (goal_s - hashing.since_s)
        return power_w + passed * (goal_w - power_w), clock + passed * (goal - clock)

    def _withdraw(self) -> None:
        if self._is_ahead:
            self._is_ahead = False
            self._tracks.power_mw.withdraw_last()
            self._tracks.hashrate_ph_s.withdraw_last()

    def switch(
        self, time_s: float, sleep: Sequence[int], wake: Sequence[int], clock: float, down_s: float | None = None
    ) -> None:
        """Put blocks to sleep, in some seconds or the firmware's, wake others, set the clock of the rest."""
        self.move_to(time_s)
        self._set(time_s, clock)
        if sleep:
            self._sleep(time_s, sleep, self._pace.down_s if down_s is None else down_s)
        if wake:
            self._wake(time_s, wake)
        self._steer(time_s)
        self._record(time_s)

    def stick(self, time_s: float, blocks: Sequence[int]) -> float:
        """Have blocks follow no order but those before, and return what they draw in the end [MW]."""
        self.move_to(time_s)
        self._rejoin()
        parts = [group.split(blocks, self._roster) for group in self._groups()]
        self._stuck = [part for part in parts if part is not None]
        self._waking, self._stopping = (
            [group for group in groups if group.blocks] for groups in (self._waking, self._stopping)
        )
        self._record(time_s)
        return self.stuck_mw()

    def stuck_mw(self) -> float:
        """Return what those blocks draw in the end [MW]."""
        return self._mw_per_w * sum(group.machine_count * group.power_at(inf) for group in self._stuck)

    def unstick(self) -> list[int]:
        """Have those blocks follow the next order again, and return which of them hash, or will."""
        self._answers = True
        return [block for group in self._stuck if group.goes_on for block in group.blocks]

    def _rejoin(self) -> None:
        if self._answers:
            self._waking += (group for group in self._stuck if group.goes_on)
            self._stopping += (group for group in self._stuck if not group.goes_on)
            self._stuck, self._answers = [], False

    def change(self, time_s: float, block: int, by: int) -> None:
        """Take a machine that fails from a block, or add one that is back and joins the others."""
        self.move_to(time_s)
        for group in self._groups():
            if block in group.blocks:
                group.machine_count += by
        if self._setpoint is not None:
            self._record(time_s)

    def limit_clock(self, time_s: float, ceiling: float) -> None:
        """Have machines hold their clock at or below a ceiling by themselves [1]."""
        self.move_to(time_s)
        self._ceiling = ceiling
        if self._setpoint is not None:
            self._steer(time_s)
            self._record(time_s)

    def supply(self, time_s: float, *, is_on: bool) -> None:
        """Have machines asleep draw standby power, or nothing behind open breakers."""
        self.move_to(time_s)
        self._asleep.power_w = self._standby_w * is_on
        self._record(time_s)

    def accept(self, time_s: float, *, accepted: bool) -> None:
        """Have the pool take the hashes, or not."""
        self.move_to(time_s)
        self._accepted = float(accepted)
        self._record(time_s)

    def move_to(self, time_s: float) -> None:
        """Go through all that happens up to a time [s], that time included, and record it."""
        self._settle_line(time_s)
        groups = self._moving()
        next_s = _next_point_s(groups)
        while next_s <= time_s:
            for group in groups:
                group.advance(next_s)
            self._merge()
            self._record(next_s)
            groups = self._moving()
            next_s = _next_point_s(groups)
        for group in groups:
            group.advance(time_s)
        self._asleep.since_s = time_s

    def ahead(self, time_s: float) -> list[tuple[float, float, float]]:
        """Return power from a time on, if nothing befalls them: time [s], value [MW], slope [MW/s]."""
        self.move_to(time_s)
        times_s = sorted({time_s, *(point[0] for group in self._groups() for point in group.plan)})
        lines = []
        for at_s, end_s in pairwise(times_s):
            middle_s = 0.5 * (at_s + end_s)  # at the end it may jump
            slope = (self._planned_mw(middle_s) - self._planned_mw(at_s)) / (middle_s - at_s)
            lines.append((at_s, self._planned_mw(at_s), slope))
        return [*lines, (times_s[-1], self._planned_mw(times_s[-1]), 0.0)]

    def _planned_mw(self, time_s: float) -> float:
        power_w = sum(group.machine_count * group.power_at(time_s) for group in self._groups())
        return power_w * self._mw_per_w

    def _settle_line(self, time_s: float) -> None:
        """Keep the end of a line that was recorded ahead if it has come true; take it back if not."""
        if self._is_ahead:
            goal_s, goal_w, goal = self._hashing.plan[0]
            if goal_s > time_s:
                self._withdraw()
            else:
                self._is_ahead = False
                self._hashing.plan, self._hashing.since_s = [], goal_s
                self._hashing.power_w, self._hashing.clock = goal_w, goal

    # -- what happens to blocks -----------------------------------------------------------------------------

    def _set(self, time_s: float, clock: float) -> None:
        if clock != self._setpoint:
            self._setpoint = clock
            self._record_setpoint(time_s, clock)
            if clock > 0.0:
                self._clock = clock  # one that is told to none leaves those that did not obey where they are

    def _sleep(self, time_s: float, blocks: Sequence[int], down_s: float) -> None:
        if down_s == 0.0:
            for group in self._stopping:
                group.plan = []
        for group in (self._hashing, *self._waking):
            part = group.split(blocks, self._roster)
            if part is not None:
                part.clock = 0.0
                part.boots_until_s = -inf
                part.plan = [(time_s + down_s, self._standby_w, 0.0)]
                part.advance(time_s)
                self._stopping.append(part)
        self._waking = [group for group in self._waking if group.blocks]
        self._merge()

    def _wake(self, time_s: float, blocks: Sequence[int]) -> None:
        boot_end_s = time_s + self._boot_s
        for group in (self._asleep, *self._stopping):
            part = group.split(blocks, self._roster)
            if part is not None:
                self.start_count += part.machine_count
                part.boots_until_s = boot_end_s
                # one told to sleep just before is still on its way down while it boots
                before = [point for point in part.plan if point[0] < boot_end_s]
                part.plan = [*before, (boot_end_s, part.power_at(boot_end_s), 0.0)]
                part.advance(time_s)
                self._waking.append(part)
        self._stopping = [group for group in self._stopping if group.blocks]

    def _steer(self, time_s: float) -> None:
        """Lead every group that hashes, or will, to the setpoint."""
        self._rejoin()
        clock = min(self._clock, self._ceiling)
        goal_w = interpolated(clock, *self._knots)
        for group in self._waking:
            if group.boots_until_s > time_s:
                boot = [point for point in group.plan if point[0] <= group.boots_until_s]
                end_s = group.boots_until_s + self._pace.up_s * clock
                group.plan = [*boot, (end_s, goal_w, clock)]
            else:
                group.plan = self._pace.way(group, time_s, goal_w, clock)
            group.advance(time_s)
        hashing = self._hashing
        if hashing.blocks:
            falls = clock < hashing.clock
            hashing.plan = self._pace.way(hashing, time_s, goal_w, clock)
            if self._waking and not (falls and self._pace.lower_all_s):
                # the others make room while they wake
                ceiling_w = interpolated(min(self._highest_clock, self._ceiling), *self._knots)
                rules = self._clock_at, self._pace.change_s
                hashing.plan = filling_plan(hashing, self._waking, goal_w, ceiling_w, *rules)
            hashing.advance(time_s)
        self._merge()

    def _merge(self) -> None:
        """Let groups that have arrived join those that are there."""
        if self._stopping:
            for group in self._stopping:
                if not group.plan:
                    self._asleep.take_in(group)
            self._stopping = [group for group in self._stopping if group.plan]
        if self._waking and not self._hashing.plan:
            self._merge_waking()

    def _merge_waking(self) -> None:
        for group in self._waking:
            if group.plan:
                continue
            if self._hashing.blocks:
                self._hashing.take_in(group)
            else:
                self._hashing = group
        self._waking = [group for group in self._waking if group.plan]

    def _moving(self) -> list[Group]:
        """Return the groups whose lines may lead somewhere: all but those asleep."""
        return [self._hashing, *self._waking, *self._stopping, *self._stuck]

    def _groups(self) -> list[Group]:
        return [self._hashing, *self._waking, *self._stopping, *self._stuck, self._asleep]

    def _record(self, time_s: float) -> None:
        power_w = slope_w_per_s = clocks = clocks_per_s = 0.0
        for group in self._groups():
            machine_count = group.machine_count
            power_w += machine_count * group.power_w
            clocks += machine_count * group.clock
            if group.plan:
                goal_s, goal_w, goal = group.plan[0]
                length_s = goal_s - group.since_s
                slope_w_per_s += machine_count * ((goal_w - group.power_w) / length_s)
                clocks_per_s += machine_count * ((goal - group.clock) / length_s)
        self._record_power(time_s, power_w * self._mw_per_w, slope_w_per_s * self._mw_per_w)
        ph_s = self._ph_s * self._accepted
        self._record_hashrate(time_s, clocks * ph_s, clocks_per_s * ph_s)
        self._count(time_s)

    def _count(self, time_s: float) -> None:
        asleep, waking, hashing = self._asleep.machine_count, 0, self._hashing.machine_count
        for group in self._stopping:
            asleep += group.machine_count
        for group in (*self._waking, *self._stuck):
            if not group.goes_on:
                asleep += group.machine_count
            elif group.boots_until_s > time_s:
                waking += group.machine_count
            else:
                hashing += group.machine_count
        counts = (asleep, waking, hashing, self._total_count - asleep - waking - hashing)
        if counts != self._counts:
            for track, count, before in zip(self._count_tracks, counts, self._counts, strict=True):
                if count != before:
                    track.set(time_s, count)
            self._counts = counts


def _next_point_s(groups: Sequence[Group]) -> float:
    next_s = inf
    for group in groups:
        if group.plan and group.plan[0][0] < next_s:
            next_s = group.plan[0][0]
    return next_s
