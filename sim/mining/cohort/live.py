"""A cohort in a run: takes its share of the target, with machines that fail, hot days and lost pools."""

from collections import deque
from collections.abc import Sequence
from functools import partial
from math import ceil, inf
from typing import Final

from sim.clock import Agenda
from sim.mining.clocking import Ceiling
from sim.mining.cohort.blocks import Dispatcher, SwitchOrder
from sim.mining.cohort.failures import Breakdown, RareDraws, Roster, breakdowns
from sim.mining.cohort.groups import MachineTracks
from sim.mining.cohort.machines import Machines
from sim.mining.cohort.spec import CohortFleet
from sim.mining.events import Stuck
from sim.mining.running import FleetConnection
from sim.mining.worth import Piece
from sim.signals import Signal
from sim.units import SECONDS_PER_DAY

ORDERS_AT_ONCE: Final = 64
"""Orders that change the clock alone are obeyed so many at a time, unless somebody asks before."""
_Sent = tuple[float, float, SwitchOrder | None, int]
"""When an order arrives [s], its clock, the order where it switches blocks, how often it was sent before."""


class LiveCohort:
    """Machines that follow commands: each order arrives after the latency, and takes its time from there.

    The first command finds the cohort standing where it sends it: a run starts steady. Orders, boots, ramps
    need no event: they are gone through when it is next told or asked something.

    Parameters
    ----------
    spec
        What the scenario says of the cohort.
    connection
        What it is given.
    heat
        What heat does, in order of time.
    """

    def __init__(self, spec: CohortFleet, connection: FleetConnection, heat: Sequence[Ceiling] = ()) -> None:
        self.spec = spec
        self._connection = connection
        self._clock = connection.clock
        self._latency_s = spec.times.latency_s
        self._power = connection.track("power_mw")
        self._record_target = connection.track("target_mw").set
        self._record_command = connection.track("commanded_mw").set
        self._agenda = Agenda(connection.clock, connection.timer)
        self._start_failures = RareDraws(spec.failures.per_start_fraction, connection.streams, "starts")
        self._deafness = RareDraws(1.0 - spec.response.commandable_fraction, connection.streams, "responses")
        self._is_deaf = spec.response.commandable_fraction < 1.0
        self._can_fail = spec.failures.per_start_fraction > 0.0
        self._roster = Roster(spec.block_sizes)
        draws = connection.streams("failures")
        expected = breakdowns(spec.failures, spec.block_sizes, connection.end_s, draws)
        self._roster.begin(expected)
        tracks = MachineTracks(*map(connection.track, MachineTracks._fields))
        self._machines = Machines(spec, self._roster, tracks)
        self._dispatcher = Dispatcher(spec, self._roster)
        self._pending: deque[_Sent] = deque()
        self._share_mw: float | None = None
        self._is_stale = False  # whether the same share may now take another order
        self._clock_sent = 0.0
        self._retry_s = inf
        self._versions = [0] * len(self._roster)
        self._heat_tripped = self._pool_lost = self._is_off = self._dropped_out = False
        self._is_closed = True
        self._breakers_s = inf  # when they are open, or machines can be woken
        self._is_told_on = True
        self._stuck: list[int] = []
        self._record_supply = None if spec.breaker is None else connection.track("supplied_fraction").set
        self.commands_itself = True
        """Whether what it was told may change by itself: orders that could not be met are tried again."""
        self.commanded_mw = self._dispatcher.minimum_mw
        """What it was last told to draw; its minimum before that [MW]."""
        self._await(expected, heat)

    # -- what the executor and the controller see -----------------------------------------------------------

    @property
    def minimum_mw(self) -> float:
        """Power it draws at the least, now: all working machines asleep [MW]."""
        return self._dispatcher.minimum_mw

    @property
    def available_mw(self) -> float:
        """Power it can draw at the most, now, as its machines report it [MW]."""
        return self._dispatcher.available_mw

    def pieces(self) -> Sequence[Piece]:
        """Return what it can draw above its minimum, now, from below, and what that hashes."""
        return self._dispatcher.pieces()

    def command(self, power_mw: float) -> None:
        """Tell the cohort to go to a power, or as near below as it can [MW]; repeating it does nothing."""
        if power_mw == self._share_mw and not self._is_stale:
            return
        first = self._share_mw is None
        self._share_mw = power_mw
        self._is_stale = False
        now_s = self._clock.now
        self._record_target(now_s, power_mw)
        if first:
            self._stand(now_s)
            return
        clock = self._dispatcher.clock_alone(power_mw)
        if clock is None:
            self._dispatch(now_s)
            return
        # the clock alone meets it: nearly all commands of a year end here
        self._clock_sent = clock
        self.commanded_mw = power_mw
        self._record_command(now_s, power_mw)
        pending = self._pending
        pending.append((now_s + self._latency_s, clock, None, 0))
        if len(pending) >= ORDERS_AT_ONCE:
            self._catch_up(now_s)

    def power_between(self, from_s: float, to_s: float) -> Signal:
        """Return what the cohort drew from one time [s] to a later one, at most now [MW]."""
        self.finish(to_s)
        return self._power.power_between(from_s, to_s)

    def ahead(self, now_s: float) -> list[tuple[float, float, float]]:
        """Return its power from now on: time [s], value [MW], slope [MW/s]; up to `known_until_s`."""
        self._catch_up(now_s)
        return self._machines.ahead(now_s)

    @property
    def known_until_s(self) -> float:
        """When the next order arrives [s]; infinity: none is under way."""
        return self._pending[0][0] if self._pending else inf

    def finish(self, end_s: float) -> None:
        """Go through all that happens up to a time, such as the end of the run [s]."""
        self._catch_up(end_s)
        self._machines.move_to(end_s)

    @property
    def start_count(self) -> int:
        """Machines woken so far."""
        return self._machines.start_count

    def supply(self, *, is_on: bool) -> None:
        """Open the breakers once all machines sleep, or close them; nothing where there are none."""
        breaker, now_s = self.spec.breaker, self._clock.now
        if breaker is None or is_on == self._is_told_on:
            return
        self._is_told_on, self._is_off = is_on, True
        wait_s = self._latency_s + breaker.open_s
        if is_on:
            wait_s = 0.0 if self._dispatcher.is_supplied else breaker.close_s
            self._cut(is_on=True)
        self._breakers_s = now_s + wait_s
        self._agenda.add(self._breakers_s, partial(self._switched, self._breakers_s))
        self._limit()
        self._is_stale = True

    def _switched(self, due_s: float) -> None:
        if due_s == self._breakers_s:
            self._is_off = not self._is_told_on
            if self._is_off:
                self._cut(is_on=False)
            self._limit()
            self._tell()

    def drop_out(self, *, is_out: bool) -> None:
        """Lose the supply and draw nothing, or follow commands again, from no power: machines boot."""
        self._catch_up(self._clock.now)
        self._dropped_out = is_out
        if is_out:
            self._stop_all(self._clock.now, within_s=0.0)
        self._cut(is_on=self._is_closed)
        self._limit()
        self._is_stale = True

    def _cut(self, *, is_on: bool) -> None:
        now_s = self._clock.now
        if self._stuck:
            self.stick(0.0)
        self._catch_up(now_s)
        self._is_closed = is_on
        is_on = is_on and not self._dropped_out
        self._machines.supply(now_s, is_on=is_on)
        self._dispatcher.is_supplied = is_on
        if self._record_supply is not None:
            self._record_supply(now_s, float(is_on))

    def _stand(self, now_s: float) -> None:
        if self._record_supply is not None:
            self._record_supply(now_s, 1.0)
        order = self._dispatcher.stand(self._share_mw or 0.0)
        self._clock_sent = order.clock
        self._record_planned(now_s)
        self._machines.stand(now_s, order.wake, order.clock)

    @property
    def stuck(self) -> Stuck:
        """What is known of blocks that do not answer; all others keep their own pace."""
        return Stuck(self._dispatcher.out_mw)

    def stick(self, share_fraction: float) -> float:
        """Have a share of its blocks, drawn, follow no order, and return their power [MW]; 0: all do."""
        now_s = self._clock.now
        self._catch_up(now_s)
        if self._stuck:
            self._dispatcher.take_back(self._stuck, self._machines.unstick())
            self._is_stale = True
        order = self._connection.streams("stuck").permutation(len(self._roster)).tolist()
        self._stuck = order[: ceil(share_fraction * len(order))]
        return self._machines.stick(now_s, self._stuck) if self._stuck else 0.0

    def notice_stuck(self) -> None:
        """Take in which blocks do not answer."""
        self._dispatcher.leave_out(self._stuck, self._machines.stuck_mw())
        self._is_stale = True

    # -- orders ---------------------------------------------------------------------------------------------

    def _dispatch(self, now_s: float) -> None:
        dispatcher = self._dispatcher
        order = dispatcher.order(self._share_mw or 0.0, now_s)
        if dispatcher.retry_s < inf:
            self._try_again(dispatcher.retry_s)
        switches = order.sleep or order.wake
        if self._is_deaf:
            for block in (*order.sleep, *order.wake):
                self._versions[block] += 1
        is_news = switches or order.clock != self._clock_sent
        self._clock_sent = order.clock
        self._record_planned(now_s)
        if is_news:
            self._send(order, now_s, 0)

    def _record_planned(self, now_s: float) -> None:
        self.commanded_mw = self._dispatcher.planned_mw(self._clock_sent)
        self._record_command(now_s, self.commanded_mw)

    def _send(self, order: SwitchOrder, now_s: float, sending: int) -> None:
        arrival_s = now_s + self._latency_s
        switches = order.sleep or order.wake
        self._pending.append((arrival_s, order.clock, order if switches else None, sending))
        if switches and (self._is_deaf or (self._can_fail and order.wake)):
            self._agenda.add(arrival_s, partial(self._catch_up, arrival_s))
        self._catch_up(now_s)

    def _try_again(self, time_s: float) -> None:
        if time_s != self._retry_s:
            self._retry_s = time_s
            self._agenda.add(time_s, partial(self._retry, time_s))

    def _retry(self, time_s: float) -> None:
        if time_s == self._retry_s:
            self._retry_s = inf
            self._dispatch(self._clock.now)

    def _catch_up(self, time_s: float) -> None:
        """Have every order obeyed that has arrived by a time."""
        pending = self._pending
        clocks: list[tuple[float, float]] = []
        while pending and pending[0][0] <= time_s:
            arrival_s, clock, order, sending = pending.popleft()
            if order is None:
                clocks.append((arrival_s, clock))
                continue
            self._machines.set_clocks(clocks)
            clocks = []
            self._obey(arrival_s, order, sending)
        self._machines.set_clocks(clocks)

    def _obey(self, arrival_s: float, order: SwitchOrder, sending: int) -> None:
        sleep, wake = order.sleep, order.wake
        if self._is_deaf:
            sleep = self._hearing(arrival_s, order.sleep, sending, on=False)
            wake = self._hearing(arrival_s, order.wake, sending, on=True)
        self._machines.switch(arrival_s, sleep, wake, order.clock)
        if self._can_fail:
            self._fail_at_start(arrival_s, wake)

    def _hearing(self, arrival_s: float, blocks: tuple[int, ...], sending: int, *, on: bool) -> tuple[int, ...]:
        """Return the blocks that obey; the others are asked again."""
        missed = [block for block in blocks if self._deafness.hits(block, 1)]
        if not missed:
            return blocks
        response = self.spec.response
        confirm_s = arrival_s + (response.confirm_up_s if on else response.confirm_down_s)
        for block in missed:
            again = partial(self._ask_again, block, self._versions[block], sending + 1, on=on)
            self._agenda.add(confirm_s, again)
        return tuple(block for block in blocks if block not in missed)

    def _ask_again(self, block: int, version: int, sending: int, *, on: bool) -> None:
        if self._versions[block] != version:
            return  # a later order counts
        response = self.spec.response
        if sending > (response.retries_up_count if on else response.retries_down_count):
            self._connection.log("no-response", block)
            self._dispatcher.give_up(block, self._clock.now, on=not on)
            self._tell()
            return
        order = SwitchOrder((), (block,), self._clock_sent) if on else SwitchOrder((block,), (), self._clock_sent)
        self._send(order, self._clock.now, sending)

    def _await(self, expected: Sequence[Breakdown], heat: Sequence[Ceiling]) -> None:
        for breakdown in expected:
            if breakdown.time_s < 0.0:
                self._agenda.add(breakdown.repaired_s, partial(self._repair, breakdown.block))
            else:
                self._agenda.add(breakdown.time_s, partial(self._break, breakdown))
        for ceiling in heat:
            if ceiling.time_s <= 0.0:
                self._heat(ceiling)
            else:
                self._agenda.add(ceiling.time_s, partial(self._heat_up, ceiling))
        for lost_s, back_s in self._connection.pool_losses:
            self._agenda.add(lost_s, partial(self._connection.log, "pool-loss", back_s - lost_s))
            self._agenda.add(lost_s, partial(self._pool, accepted=False))
            self._agenda.add(back_s, partial(self._pool, accepted=True))

    def _break(self, breakdown: Breakdown) -> None:
        self._fail(self._clock.now, breakdown.block, breakdown.repaired_s)
        self._tell()

    def _fail(self, time_s: float, block: int, repaired_s: float) -> None:
        if self._roster[block] == 0:
            return
        self._change(time_s, block, -1)
        self._agenda.add(repaired_s, partial(self._repair, block))

    def _repair(self, block: int) -> None:
        self._change(self._clock.now, block, 1)
        self._tell()

    def _change(self, time_s: float, block: int, by: int) -> None:
        """Take a machine that fails from a block, or add one that is repaired."""
        self._catch_up(time_s)
        self._roster.change(block, by)
        self._machines.change(time_s, block, by)
        self._dispatcher.refresh()

    def _fail_at_start(self, time_s: float, blocks: tuple[int, ...]) -> None:
        failures = self.spec.failures
        for block, count in self._start_failures.hit(blocks, self._roster):
            for _ in range(count):
                repair_d = self._start_failures.uniform(block, failures.repair_min_d, failures.repair_max_d)
                self._connection.log("failure-on-start", block)
                self._fail(time_s, block, time_s + repair_d * SECONDS_PER_DAY)
                self._agenda.add(self._clock.now, self._tell)

    def _heat_up(self, ceiling: Ceiling) -> None:
        self._heat(ceiling)
        self._tell()

    def _heat(self, ceiling: Ceiling) -> None:
        now_s = self._clock.now
        self._catch_up(now_s)
        if ceiling.tripped and not self._heat_tripped:
            self._connection.log("heat-trip", self._roster.total_count)
            self._stop_all(now_s)
        self._heat_tripped = ceiling.tripped
        self._machines.limit_clock(now_s, ceiling.clock)
        self._dispatcher.ceiling = ceiling.clock
        self._limit()

    def _stop_all(self, now_s: float, within_s: float | None = None) -> None:
        if self._stuck:
            self.stick(0.0)
        self._pending.clear()  # machines that have tripped obey nobody
        self._dispatcher.all_off(now_s)
        self._versions = [version + 1 for version in self._versions]
        if self._share_mw is not None:
            self._clock_sent = 0.0
            # those too that had not obeyed
            self._machines.switch(now_s, range(len(self._roster)), (), 0.0, within_s)
            self._record_planned(now_s)

    def _pool(self, *, accepted: bool) -> None:
        now_s = self._clock.now
        self._catch_up(now_s)
        self._machines.accept(now_s, accepted=accepted)
        if self.spec.on_pool_loss == "sleep":
            self._pool_lost = not accepted
            self._limit()
            self._tell()

    def _limit(self) -> None:
        self._dispatcher.limit(stopped=self._heat_tripped or self._pool_lost or self._is_off or self._dropped_out)

    def _tell(self) -> None:
        self._is_stale = True
        self._connection.changed()
