import itertools
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from sim.ai.flexibility import LOST_FRACTION, Flexibility
from sim.ai.limiter import Limiter
from sim.clock import Clock
from sim.recording import Track

ALL = list(itertools.product(["pretraining", "fine-tuning", "inference"], LOST_FRACTION))


@pytest.mark.parametrize(("job", "flex"), ALL)
def test_a_class_may_be_cut_to_where_it_loses_what_it_loses_at_most(job, flex):
    spec = Flexibility(job=job, flex=flex)
    assert spec.lost_fraction(spec.least_fraction) == pytest.approx(LOST_FRACTION[flex])
    assert spec.lost_fraction(1.0) == 0.0


def test_gpus_alone_follow_a_cap_so_that_the_same_cut_of_all_costs_more():
    whole = Flexibility(job="inference", flex=1, gpu_power_fraction=1.0)
    part = Flexibility(job="inference", flex=1, gpu_power_fraction=0.5)
    assert part.lost_fraction(0.9) == pytest.approx(whole.lost_fraction(0.8))
    assert part.lost_fraction(0.5) == 1.0  # GPUs off: the rest draws on


@pytest.mark.parametrize(("job", "flex"), ALL)
def test_the_steps_lead_from_the_deepest_cut_to_all_of_it(job, flex):
    spec = Flexibility(job=job, flex=flex)
    widths, kept = zip(*spec.steps(), strict=True)
    assert sum(widths) == pytest.approx(1.0 - spec.least_fraction)
    assert sum(map(float.__mul__, widths, kept)) == pytest.approx(LOST_FRACTION[flex])


@pytest.mark.parametrize("wrong", [{"flex": 4}, {"job": "rendering"}, {"gpu_power_fraction": 0.0}])
def test_what_is_no_class_is_refused(wrong):
    with pytest.raises(ValidationError):
        Flexibility(**({"job": "inference", "flex": 1} | wrong))


class Bench:
    """A limiter on a clock of its own, between lists."""

    def __init__(self, stated_mw=100.0, *, drifts=False, **spec):
        self.clock, self.drawn, self.need, self.undone = Clock(), Track(), Track(), Track()
        self.more = []
        self.spec = Flexibility(job="pretraining", flex=3, gpu_power_fraction=1.0, **spec)
        state = lambda mw, slope=0.0: self.drawn.set(self.clock.now, mw, slope)  # noqa: E731
        tell = lambda: self.more.append(self.clock.now)  # noqa: E731
        tracks, self.told = {"need_mw": self.need, "undone_mw": self.undone}, []
        log = lambda *row: self.told.append(row)  # noqa: E731
        connection = SimpleNamespace(env=self.clock, set_power_mw=state, log=log)
        self.limiter = Limiter(connection, self.spec, stated_mw, tracks.get, tell if drifts else None)

    def at(self, time_s):
        self.clock.run_before(time_s)
        self.clock.run(time_s)
        return self.limiter

    def powers(self, *times_s):
        self.at(max(times_s) + 1.0)
        return [round(self.drawn.at(time_s), 6) for time_s in times_s]


def test_power_comes_to_its_cap_after_the_response_in_a_line():
    bench = Bench()
    bench.limiter.set_power_mw(100.0)
    bench.at(100.0).cap(50.0, 0.0)
    assert bench.powers(104.9, 105.0, 117.5, 130.0, 1000.0) == [100.0, 100.0, 75.0, 50.0, 50.0]


def test_a_load_below_its_cap_draws_what_it_needs_and_no_more_than_the_cap_when_it_rises():
    bench = Bench()
    bench.limiter.set_power_mw(40.0)
    bench.at(100.0).cap(50.0, 0.0)
    bench.at(200.0).set_power_mw(40.0, 0.1)  # meets 50 MW at 300 s
    bench.at(400.0).set_power_mw(60.0, -0.1)  # and again at 500 s
    assert bench.powers(250.0, 300.0, 399.0, 450.0, 500.0, 600.0) == [45.0, 50.0, 50.0, 50.0, 50.0, 40.0]


def test_it_goes_back_in_the_same_line_once_there_is_no_cap():
    bench = Bench()
    bench.limiter.set_power_mw(100.0)
    bench.at(100.0).cap(50.0, 0.0)
    bench.at(1000.0).cap(float("inf"), 0.0)
    assert bench.powers(1005.0, 1017.5, 1030.0, 2000.0) == [50.0, 75.0, 100.0, 100.0]
    bench.at(3000.0).set_power_mw(150.0)
    assert bench.powers(3000.0) == [150.0]


def test_a_higher_cap_that_is_under_way_does_not_undo_a_lower_one_told_after_it():
    bench = Bench()
    bench.limiter.set_power_mw(100.0)
    bench.at(100.0).cap(50.0, 0.0)
    bench.at(200.0).cap(90.0, 60.0)
    bench.at(210.0).cap(40.0, 0.0)
    assert bench.powers(240.0, 500.0) == [40.0, 40.0]


def test_the_work_left_undone_is_exact_across_the_bends_of_the_curve():
    bench = Bench()
    bench.limiter.set_power_mw(100.0)
    bench.at(100.0).cap(60.0, 0.0)
    bench.at(1000.0)
    steps, step_s = [], 0.01
    for number in range(int(25.0 / step_s)):  # the ramp from 105 s on
        share = 1.0 - 0.4 * (number + 0.5) * step_s / 25.0
        steps.append(100.0 * bench.spec.lost_fraction(share) * step_s)
    expected_mws = sum(steps) + 870.0 * 100.0 * bench.spec.lost_fraction(0.6)
    assert bench.limiter.undone_mws() == pytest.approx(expected_mws, rel=1e-6)
    recorded = bench.undone.power_between(0.0, 1000.0).integral()
    assert recorded == pytest.approx(bench.limiter.undone_mws(), rel=1e-9)


def test_it_tells_when_a_capped_load_needs_more_than_it_was_taken_to():
    bench = Bench(drifts=True)
    bench.limiter.set_power_mw(40.0)
    assert bench.limiter.want_mw == pytest.approx(42.0)
    bench.at(10.0).set_power_mw(50.0)
    assert bench.more == []  # nobody asks it for anything
    bench.at(20.0).cap(45.0, 0.0)
    bench.at(100.0).set_power_mw(52.0)
    bench.at(110.0).set_power_mw(60.0)
    assert bench.more == [110.0]  # 5 % were allowed for
    bench.limiter.set_power_mw(20.0)
    bench.limiter.forget()
    assert bench.limiter.want_mw == pytest.approx(21.0)
