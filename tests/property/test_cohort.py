"""A cohort under random commands: laws, and against blocks that are each followed by themselves."""

import numpy as np
import pytest
from cohort_bench import NO_FAILURES, SIGNALS, Bench
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sim.mining.clocking import Ceiling
from sim.mining.cohort.blocks import units_to_reach
from sim.mining.executor import Stack
from sim.mining.worth import Piece, concave

LAW = examples(60)
INF = float("inf")

times = st.lists(st.floats(0.0, 400.0), min_size=1, max_size=8, unique=True).map(sorted)
shares = st.one_of(st.sampled_from([0.0, 0.1, 0.5, 1.0, 2.0]), st.floats(0.0, 1.2))


class Block:
    """One block by itself: the lines of its power, written down as commands arrive."""

    def __init__(self, power_mw, standby_mw, on, timing):
        self.full, self.standby, self.timing = power_mw, standby_mw, timing
        start = (power_mw, 1.0) if on else (standby_mw, 0.0)
        self.lines = [(-1.0, *start)]  # time, power, clock; straight in between, then steady
        self.cuts = []  # from when on the block does not hash

    def power(self, time_s):
        t, p, _ = zip(*self.lines, strict=True)
        return float(np.interp(time_s, t, p))

    def clock(self, time_s):
        t, _, c = zip(*self.lines, strict=True)
        return float(np.interp(time_s, t, c))

    def cut(self, time_s):
        here = (time_s, self.power(time_s), self.clock(time_s))
        self.lines = [point for point in self.lines if point[0] < time_s] + [here]

    def sleep(self, time_s):
        self.cut(time_s)
        self.lines += [(time_s + 1e-9, self.lines[-1][1], 0.0), (time_s + self.timing[1], self.standby, 0.0)]

    def wake(self, time_s):
        boot_s = time_s + self.timing[2]
        down = [point for point in self.lines if time_s < point[0] < boot_s]
        there = (boot_s, self.power(boot_s), 0.0)
        self.cut(time_s)
        self.lines += [*down, there, (boot_s + self.timing[3], self.full, 1.0)]


def followed(spec, commands, sample_s):
    """Return power [MW] and hash rate [PH/s] at times, of blocks that are all on or all off, one by one."""
    timing = spec.times[0], spec.times[1] + 2e-9, spec.times[2], spec.times[3]
    size, unit = spec.block_sizes[0], spec.meter_mw_per_w
    full, standby = size * spec.machine_power_w * unit, size * spec.standby_w * unit
    count = len(spec.block_sizes)

    def wanted(share_mw):
        return int(max(0.0, min(count, (share_mw - count * standby) / (full - standby) + 1e-9)))

    on_count = wanted(commands[0][1])
    blocks = [Block(full, standby, index < on_count, timing) for index in range(count)]
    on, off = blocks[:on_count], blocks[on_count:]
    for time_s, share_mw in commands[1:]:
        while len(on) > wanted(share_mw):
            on[0].sleep(time_s + timing[0])
            off.append(on.pop(0))
        while len(on) < wanted(share_mw):
            off[0].wake(time_s + timing[0])
            on.append(off.pop(0))
    rate = size * spec.machine_th_s / 1000.0
    return (
        np.array([sum(block.power(t) for block in blocks) for t in sample_s]),
        np.array([rate * sum(block.clock(t) for block in blocks) for t in sample_s]),
    )


@LAW
@given(times, st.data())
def test_a_cohort_draws_and_hashes_what_its_blocks_do_one_by_one(times_s, data):
    commands = [(0.0, data.draw(shares))] + [(t + 0.5, data.draw(shares)) for t in times_s]
    keys = {
        "latency_s": data.draw(st.sampled_from([0.0, 3.0])),
        "power_down_s": data.draw(st.sampled_from([1.0, 5.0, 45.0])),
        "boot_s": data.draw(st.sampled_from([0.0, 5.0, 100.0])),
        "ramp_up_s": data.draw(st.sampled_from([1.0, 10.0, 60.0])),
        "standby_w": data.draw(st.sampled_from([0.0, 200.0])),
    }
    bench = Bench(*commands, end_s=800.0, scales_clock=False, **keys)
    signals = bench.play()
    sample_s = np.sort(np.random.default_rng(1).uniform(0.0, 800.0, 300))
    power_mw, rate_ph_s = followed(bench.spec, commands, sample_s)
    assert signals["power_mw"].at(sample_s) == pytest.approx(power_mw, abs=1e-6)
    assert signals["hashrate_ph_s"].at(sample_s) == pytest.approx(rate_ph_s, abs=1e-4)


@LAW
@given(times, st.data())
def test_power_settles_at_the_share_or_as_near_below_as_blocks_allow(times_s, data):
    commands = [(0.0, data.draw(shares))] + [(t + 0.5, data.draw(shares)) for t in times_s]
    bench = Bench(*commands, end_s=800.0)
    signals = bench.play()
    share_mw = commands[-1][1]
    power_mw = signals["power_mw"].at(799.0)
    lowest_mw = float(bench.spec.curve.power_ratio(0.4)) * 0.1
    assert power_mw <= min(share_mw, 1.0) + 1e-9
    assert power_mw == pytest.approx(min(share_mw, 1.0), abs=1e-9) or share_mw < lowest_mw
    assert signals["commanded_mw"].at(799.0) == pytest.approx(power_mw, abs=1e-9)


@LAW
@given(times, st.lists(shares, min_size=9, max_size=9))
def test_a_cohort_that_is_only_raised_never_draws_more_than_its_share(times_s, levels):
    rising_mw = sorted(levels)
    commands = [(0.0, rising_mw[0]), *((t + 0.5, mw) for t, mw in zip(times_s, rising_mw[1:], strict=False))]
    signals = Bench(*commands, end_s=800.0).play()
    over = signals["power_mw"] - signals["target_mw"]
    assert over.maximum() <= 1e-9


@LAW
@given(st.lists(st.floats(0.01, 10.0), max_size=30), st.floats(0.0, 200.0))
def test_units_are_taken_until_they_shed_the_target_and_no_longer(powers, target):
    count = units_to_reach(powers, target)
    assert sum(powers[: count - 1]) < target or count == 0
    assert sum(powers[:count]) >= target or count == len(powers)


segments = st.lists(st.builds(Piece, st.floats(0.1, 50.0), st.floats(25.0, 125.0)), max_size=6)


@LAW
@given(st.lists(st.tuples(st.floats(0.0, 5.0), segments), min_size=1, max_size=5), st.floats(0.0, 500.0))
def test_the_stack_hands_out_the_target_best_first(fleets, target_mw):
    minimums = [minimum for minimum, _ in fleets]
    pieces = [concave(own) for _, own in fleets]
    found = Stack(minimums, pieces).shares_mw(target_mw)
    most = sum(minimums) + sum(piece.width_mw for own in pieces for piece in own)
    assert sum(found) == pytest.approx(min(max(target_mw, sum(minimums)), most))
    used, left = [], []
    for own, minimum, share in zip(pieces, minimums, found, strict=True):
        above = share - minimum
        for piece in own:
            taken = min(max(above, 0.0), piece.width_mw)
            above -= piece.width_mw
            used += [piece.output_per_mw] if taken > 1e-9 else []
            left += [piece.output_per_mw] if taken < piece.width_mw - 1e-9 else []
    assert not used or not left or min(used) >= max(left) - 1e-9


class CohortUnderFire(RuleBasedStateMachine):
    """Random shares, failures, repairs, heat, lost pools, deaf blocks, in any order: no limit is broken."""

    @initialize(data=st.data())
    def build(self, data):
        self.bench = Bench(
            end_s=1e9,
            seed=data.draw(st.integers(0, 5)),
            firmware=data.draw(st.sampled_from(["unsafe", "quick", "safe", "stock"])),
            standby_w=data.draw(st.sampled_from([0.0, 50.0])),
            minimum_up_s=data.draw(st.sampled_from([0.0, 60.0])),
            minimum_down_s=data.draw(st.sampled_from([0.0, 60.0])),
            cooldown_s=data.draw(st.sampled_from([0.0, 30.0])),
            dispatch_blocks_per_s=data.draw(st.sampled_from([None, 0.2, 5.0])),
            failures=data.draw(
                st.sampled_from([NO_FAILURES, NO_FAILURES | {"per_start_fraction": 0.05, "repair_min_d": 0.001}])
            ),
            response={"commandable_fraction": data.draw(st.sampled_from([1.0, 0.7]))},
            on_pool_loss=data.draw(st.sampled_from(["hold", "sleep"])),
        )
        self.cohort = self.bench.cohort
        self.cohort.command(data.draw(shares))
        self.out = []

    @rule(share_mw=shares)
    def command(self, share_mw):
        self.cohort.command(share_mw)

    @rule(block=st.integers(0, 9))
    def break_a_machine(self, block):
        before = self.cohort._roster[block]  # noqa: SLF001
        self.cohort._fail(self.bench.clock.now, block, 1e12)  # noqa: SLF001
        self.out += [block] * (before - self.cohort._roster[block])  # noqa: SLF001

    @rule()
    def repair_a_machine(self):
        if self.out:
            self.cohort._repair(self.out.pop())  # noqa: SLF001

    @rule(clock=st.sampled_from([INF, 0.9, 0.95]), tripped=st.booleans())
    def heat(self, clock, tripped):
        self.cohort._heat_up(Ceiling(self.bench.clock.now, clock, tripped))  # noqa: SLF001

    @rule(lost=st.booleans())
    def pool(self, lost):
        self.cohort._pool(accepted=not lost)  # noqa: SLF001

    @rule(seconds=st.floats(0.0, 400.0))
    def wait(self, seconds):
        clock = self.bench.clock
        done = []
        clock.timeout(seconds).callbacks.append(lambda _: done.append(1))
        while not done:
            clock.step()

    @invariant()
    def what_the_executor_knows_is_sound(self):
        cohort = self.cohort
        assert 0.0 <= cohort.commanded_mw <= 1.0 + 1e-9
        assert 0.0 <= cohort.minimum_mw <= cohort.available_mw <= 1.0 + 1e-9
        assert sorted((*cohort._dispatcher._on, *cohort._dispatcher._off)) == list(range(10))  # noqa: SLF001

    def teardown(self):
        if not hasattr(self, "bench"):
            return
        end_s = self.bench.clock.now + 1.0
        self.cohort.finish(end_s)
        signals = {name: self.bench.tracks[name].freeze(end_s) for name in SIGNALS}
        counts = [signals[name] for name in ("asleep_count", "waking_count", "hashing_count", "failed_count")]
        for count in counts:
            assert count.minimum() >= 0.0
            assert count.maximum() <= 100.0
        together = counts[0] + counts[1] + counts[2] + counts[3]
        assert together.minimum() == together.maximum() == 100.0
        power, rate = signals["power_mw"], signals["hashrate_ph_s"]
        assert power.minimum() >= -1e-9
        assert power.maximum() <= 1.0 + 1e-9
        assert rate.minimum() >= -1e-9
        assert (rate - signals["hashing_count"]).maximum() <= 1e-6  # 1 PH/s each, and none from the others
        assert 0.0 <= signals["setpoint_fraction"].minimum() <= signals["setpoint_fraction"].maximum() <= 1.0
        self._check_ramps(power)

    def _check_ramps(self, power):
        down, ramp_up = self.cohort.spec.times.power_down_s, self.cohort.spec.times.ramp_up_s
        fastest_up = 1.1 / ramp_up * 1.3 + 1.1 / down  # the curve's steepest slope; a short way down may end higher
        assert power.slope_per_s.max() <= fastest_up
        assert power.slope_per_s.min() >= -2.5 / down
        # power jumps only where a machine fails or is repaired
        jumps = power.value[1:] - power.left_limits()[:-1]
        assert np.abs(jumps).max(initial=0.0) <= 0.1 + 1e-9


TestCohortUnderFire = CohortUnderFire.TestCase
TestCohortUnderFire.settings = examples(80, stateful_step_count=25)
