"""Chooses, for a share of the target, which blocks of a cohort hash, and at which clock."""

from collections import deque
from collections.abc import Iterable
from itertools import islice
from math import ceil, inf
from typing import Final, NamedTuple

from sim.mining.cohort.failures import Roster
from sim.mining.cohort.groups import interpolated
from sim.mining.cohort.spec import CohortFleet
from sim.mining.worth import Piece, concave
from sim.units import PETAHASH_IN_TERAHASHES, ROUNDING

MOST_BATCHES: Final = 20
"""Most batches that one change is dispatched in."""


class SwitchOrder(NamedTuple):
    """What the executor sends to the machines."""

    sleep: tuple[int, ...]
    """Blocks to put to sleep."""
    wake: tuple[int, ...]
    """Blocks to wake."""
    clock: float
    """Clock of all that hash, over the default clock; 0 where none is to hash [1]."""


class Dispatcher:
    """What the executor knows of a cohort, and how it meets a share of the target with it.

    Power is met by the clock while the hashing blocks can take it within their range. Below, blocks are put
    to sleep until the rest stands at its lowest clock; above, blocks are woken as long as all have power for
    their lowest clock, which mines most. The block that has slept longest wakes first, the one that has
    hashed longest sleeps first, so that starts spread evenly. The power planned is never above the share.

    Parameters
    ----------
    spec
        What the scenario says of the cohort.
    roster
        Working machines of each block.
    """

    def __init__(self, spec: CohortFleet, roster: Roster) -> None:
        self._spec = spec
        self._roster = roster
        reported = spec.meter_mw_per_w * (1.0 + spec.telemetry_error_fraction)
        self._standby_mw = spec.standby_w * spec.meter_mw_per_w
        powers_w = spec.curve.power_ratios * spec.machine_power_w
        self._clocks: list[float] = spec.curve.fractions.tolist()
        self._powers_mw: list[float] = (powers_w * reported - self._standby_mw).tolist()
        self._on: deque[int] = deque()
        self._off: deque[int] = deque(range(len(roster)))
        self._since_s = [-inf] * len(roster)
        self.ceiling = inf
        """Clock at which heat holds the machines [1]."""
        self._stopped = False
        self.is_supplied = True
        """Whether machines asleep draw standby power: their breakers are closed."""
        self._out: frozenset[int] = frozenset()
        self.out_mw = 0.0
        """What blocks draw that are known not to answer [MW]."""
        self._cooled_s = -inf
        self._next_batch_s = -inf
        self._batch = 0
        self.retry_s = inf
        """When a share that could not be met yet is to be tried again [s]."""
        self.refresh()

    def refresh(self) -> None:
        """Take in how many machines work, and their range, after either has changed."""
        spec = self._spec
        self._total_count = self._roster.total_count - self._roster.count(self._out)
        self._on_count = self._roster.count(self._on)
        self._lowest = min(spec.lowest_clock, self.ceiling)
        self._highest = min(spec.highest_clock, self.ceiling)
        self._low_mw = self._above_standby_mw(self._lowest)
        self._high_mw = self._above_standby_mw(self._highest)
        self.minimum_mw = self._total_count * self._standby_mw * self.is_supplied + self.out_mw
        """Power with every working machine asleep that answers [MW]."""
        self._range_of_those_on()

    @property
    def available_mw(self) -> float:
        """Power that all working machines can draw, as they report it [MW]."""
        if self._stopped:
            return self.minimum_mw
        return self.minimum_mw + self._total_count * self._high_mw

    def pieces(self) -> tuple[Piece, ...]:
        """Return what the cohort can draw above standby: its lowest clock first, then profile by profile."""
        if self._stopped:
            return ()
        ph_s = self._spec.machine_th_s / PETAHASH_IN_TERAHASHES
        inner = [clock for clock in self._clocks if self._lowest < clock < self._highest]
        knots = [0.0, self._lowest, *inner, *([self._highest] if self._highest > self._lowest else [])]
        powers_mw = [0.0, *(self._above_standby_mw(clock) for clock in knots[1:])]
        steps = zip(knots, knots[1:], powers_mw, powers_mw[1:], strict=False)
        return concave(
            Piece(self._total_count * (to_mw - from_mw), ph_s * (to - since) / (to_mw - from_mw))
            for since, to, from_mw, to_mw in steps
        )

    def limit(self, *, stopped: bool) -> None:
        """Take in the ceiling of the clock, once it was set, and whether none may run."""
        self._stopped = stopped
        self.refresh()

    def stand(self, share_mw: float) -> SwitchOrder:
        """Return the order that has the cohort stand at its first share, whatever takes time."""
        usable_mw = 0.0 if self._stopped else share_mw - self.minimum_mw
        wake = tuple(islice(self._off, self._fitting_count(usable_mw)))
        self._move(wake, self._off, self._on, -inf)
        return SwitchOrder((), wake, self._clock(usable_mw))

    def clock_alone(self, share_mw: float) -> float | None:
        """Return the clock at which the blocks that hash draw a share [MW]; None where blocks must switch."""
        usable_mw = share_mw - self.minimum_mw
        if self._on_count == 0 or not self._on_low_mw <= usable_mw <= self._on_high_mw or self._stopped:
            return None
        self.retry_s = inf
        return interpolated(usable_mw / self._on_count, self._powers_mw, self._clocks)

    def order(self, share_mw: float, now_s: float) -> SwitchOrder:
        """Return what to send for a share of the target [MW]."""
        usable_mw = 0.0 if self._stopped else share_mw - self.minimum_mw
        self.retry_s = inf
        if self._on_low_mw <= usable_mw <= self._on_high_mw:
            return SwitchOrder((), (), self._clock(usable_mw))
        if now_s < self._next_batch_s:
            self.retry_s = self._next_batch_s
            return SwitchOrder((), (), self._clock(usable_mw))
        if usable_mw < self._on_low_mw:
            sleep = self._sleepers(self._on_low_mw - usable_mw, now_s)
            self._move(sleep, self._on, self._off, now_s)
            return SwitchOrder(sleep, (), self._clock(usable_mw))
        wake = self._wakers(usable_mw, now_s)
        self._move(wake, self._off, self._on, now_s)
        return SwitchOrder((), wake, self._clock(usable_mw))

    def planned_mw(self, clock: float) -> float:
        """Return the power of the cohort at a clock of those that are told to hash, as reported [MW]."""
        if clock <= 0.0:
            return self.minimum_mw
        return self.minimum_mw + self._on_count * self._above_standby_mw(min(clock, self.ceiling))

    def give_up(self, block: int, now_s: float, *, on: bool) -> None:
        """Take in that a block is on, or off, whatever it was told."""
        queue, other = (self._on, self._off) if on else (self._off, self._on)
        if block in other:
            other.remove(block)
            queue.append(block)
            self._since_s[block] = now_s
        self.refresh()

    def leave_out(self, blocks: Iterable[int], power_mw: float) -> None:
        """Take in that blocks do not answer, and what they draw [MW]."""
        self._out, self.out_mw = frozenset(blocks), power_mw
        self._on = deque(block for block in self._on if block not in self._out)
        self._off = deque(block for block in self._off if block not in self._out)
        self.refresh()

    def take_back(self, blocks: Iterable[int], on: Iterable[int]) -> None:
        """Take in that blocks answer again, and which of them hash."""
        self.leave_out(blocks, 0.0)
        self._out = frozenset()
        hashing = set(on)
        for block in blocks:
            (self._on if block in hashing else self._off).append(block)
        self.refresh()

    def all_off(self, now_s: float) -> None:
        """Take in that every block has gone to sleep by itself."""
        self._move(tuple(self._on), self._on, self._off, now_s)

    # -- blocks ---------------------------------------------------------------------------------------------

    def _sleepers(self, surplus_mw: float, now_s: float) -> tuple[int, ...]:
        wanted = units_to_reach((self._roster[block] * self._low_mw for block in self._on), surplus_mw)
        blocks = self._allowed(self._on, wanted, self._spec.minimum_up_s, now_s)
        if blocks:
            self._cooled_s = now_s + self._spec.cooldown_s
        return blocks

    def _wakers(self, usable_mw: float, now_s: float) -> tuple[int, ...]:
        wanted = self._fitting_count(usable_mw)
        if wanted and now_s < self._cooled_s:
            self.retry_s = self._cooled_s
            return ()
        return self._allowed(self._off, wanted, self._spec.minimum_down_s, now_s)

    def _fitting_count(self, usable_mw: float) -> int:
        """Return how many more blocks have power for their lowest clock, in the order in which they wake."""
        spare = usable_mw / self._low_mw - self._on_count + ROUNDING
        count = 0
        for block in self._off:
            spare -= self._roster[block]
            if spare < 0.0:
                break
            count += 1
        return count

    def _allowed(self, queue: deque[int], wanted: int, wait_s: float, now_s: float) -> tuple[int, ...]:
        """Return the first blocks of a queue, as many as wanted, waited for, and dispatched at once."""
        count = wanted if wait_s == 0.0 else self._waited(queue, wanted, wait_s, now_s)
        rate_per_s = self._spec.dispatch_blocks_per_s
        if rate_per_s is not None and count:
            self._batch = max(self._batch, ceil(wanted / MOST_BATCHES))
            count = min(count, self._batch)
            self._next_batch_s = now_s + count / rate_per_s
            if count < wanted:
                self.retry_s = max(self._next_batch_s, self.retry_s if self.retry_s < inf else 0.0)
            else:
                self._batch = 0
        return tuple(islice(queue, count))

    def _waited(self, queue: deque[int], wanted: int, wait_s: float, now_s: float) -> int:
        for count, block in enumerate(islice(queue, wanted)):
            ripe_s = self._since_s[block] + wait_s
            if ripe_s > now_s:
                self.retry_s = ripe_s if count == 0 else now_s
                return count
        return wanted

    def _move(self, blocks: tuple[int, ...], queue: deque[int], other: deque[int], now_s: float) -> None:
        """Move blocks, the first of a queue, to the end of the other."""
        for block in blocks:
            queue.popleft()
            self._since_s[block] = now_s
        other.extend(blocks)
        change = self._roster.count(blocks)
        self._on_count += change if other is self._on else -change
        self._range_of_those_on()

    # -- power ----------------------------------------------------------------------------------------------

    def _range_of_those_on(self) -> None:
        self._on_low_mw = (self._on_count - ROUNDING) * self._low_mw
        self._on_high_mw = self._on_count * self._high_mw

    def _above_standby_mw(self, clock: float) -> float:
        return interpolated(clock, self._clocks, self._powers_mw)

    def _clock(self, usable_mw: float) -> float:
        if self._on_count <= 0:
            return 0.0
        each_mw = usable_mw / self._on_count
        if each_mw >= self._high_mw:
            return self._highest
        if each_mw <= self._low_mw:
            return self._lowest
        return interpolated(each_mw, self._powers_mw, self._clocks)


def units_to_reach(powers_mw: Iterable[float], target_mw: float) -> int:
    """Return how many units, taken as they stand, shed at least a target; all where all do not.

    Parameters
    ----------
    powers_mw
        What each unit sheds [MW], not below 0; read only as far as needed.
    target_mw
        What is to be shed [MW]; nothing is taken for 0 or less.

    Notes
    -----
    The sum over the units taken lies in [target, target + last unit): without the last it falls short. This
    is the fixed-power selection of block/proto-fleet (Apache-2.0), ``curtailment/selector.go``, applied to
    the blocks of one cohort, the one that has hashed longest first.

    Examples
    --------
    >>> units_to_reach([2.0, 3.0, 4.0], 5.0), units_to_reach([2.0, 3.0, 4.0], 5.5)
    (2, 3)
    """
    taken, shed_mw = 0, 0.0
    if target_mw <= 0.0:
        return 0
    for power_mw in powers_mw:
        taken += 1
        shed_mw += power_mw
        if shed_mw >= target_mw:
            break
    return taken
