import numpy as np
import pytest

from sim.market.calls import DrawnCalls, RegulationSignal, ScheduledCalls, due_after, due_linearly, largest_of
from sim.signals import Signal
from sim.span import Span
from sim.tables import Files

DAY_S = 86_400.0


def called(deployment, end_s=DAY_S, seed=1, *, downward=False):
    service = "regulation-down" if downward else "regulation-up"
    return deployment.share(Span(Files(()), 0.0, end_s, seed), service)


def test_a_plan_calls_when_it_says_and_the_larger_of_two_calls_counts():
    calls = [
        {"at_s": 100.0, "duration_min": 10.0, "called_fraction": 0.5},
        {"at_s": 400.0, "duration_min": 10.0},
    ]
    share = called(ScheduledCalls.model_validate_json(f'{{"type": "scheduled", "calls": {calls}}}'.replace("'", '"')))
    assert share.time_s.tolist() == [0.0, 100.0, 400.0, 1000.0]
    assert share.value.tolist() == [0.0, 0.5, 1.0, 0.0]


def test_a_call_may_reach_beyond_both_ends_of_the_run():
    share = largest_of([(-50.0, 1e6, 0.3)], 100.0)
    assert (share.value.tolist(), share.end_s) == ([0.3], 100.0)


def test_drawn_calls_take_their_share_of_the_time():
    share = called(DrawnCalls(called_time_fraction=0.05, duration_min=15.0), 2000 * DAY_S)
    # some 6,400 calls: pauses are exponential, so the share is good to one part in eighty
    assert share.mean() == pytest.approx(0.05, rel=0.05)
    lengths_s = np.diff(share.intervals_above(0.5))[:-1]
    assert np.allclose(lengths_s, 900.0)


def test_a_shorter_run_meets_the_same_calls():
    long, short = called(DrawnCalls(), 50 * DAY_S), called(DrawnCalls(), 30 * DAY_S)
    assert np.array_equal(long.clip_time(0.0, 30 * DAY_S).value, short.value)
    assert np.array_equal(long.clip_time(0.0, 30 * DAY_S).time_s, short.time_s)


@pytest.mark.parametrize("mean", [0.1, 0.25, 0.5])
@pytest.mark.parametrize("downward", [False, True])
def test_regulation_calls_its_mean_share_each_way(mean, downward):
    signal = RegulationSignal(mean_fraction=mean, reversion_s=20.0)
    share = called(signal, 10 * DAY_S, downward=downward)
    assert share.mean() == pytest.approx(mean, rel=0.05)
    assert 0.0 <= share.minimum() <= share.maximum() <= 1.0


def test_regulation_is_never_called_both_ways_at_once():
    up, down = called(RegulationSignal()), called(RegulationSignal(), downward=True)
    assert (up * down).maximum() == 0.0
    assert np.all(up.value + down.value > 0.0)


def test_regulation_holds_each_set_point_for_its_step_and_remembers():
    share = called(RegulationSignal(reversion_s=120.0), 10 * DAY_S)
    assert set(np.diff(share.time_s)) == {4.0}
    # the sign changes as a Gaussian process does: P = arccos(exp(-4/120)) / pi
    changes = np.mean((share.value[1:] > 0.0) != (share.value[:-1] > 0.0))
    assert changes == pytest.approx(np.arccos(np.exp(-4.0 / 120.0)) / np.pi, rel=0.03)


def test_what_is_called_for_less_than_the_response_time_is_never_due():
    short = Signal.steps([0.0, 100.0, 105.0], [0.0, 20.0, 0.0], 600.0)
    assert due_after(short, 10.0).maximum() == 0.0
    assert due_after(short, 0.0) is short
    assert due_linearly(short, 0.0) is short


def test_a_linear_rise_goes_on_from_where_it_was():
    steps = Signal.steps([0.0, 100.0, 150.0, 300.0], [0.0, 20.0, 10.0, 30.0], 600.0)
    due = due_linearly(steps, 100.0)
    assert due.at([125.0, 149.0, 150.0, 299.0, 350.0, 400.0, 599.0]).tolist() == pytest.approx(
        [5.0, 9.8, 10.0, 10.0, 20.0, 30.0, 30.0]
    )
    interrupted = Signal.steps([0.0, 100.0, 150.0], [0.0, 20.0, 30.0], 600.0)
    assert due_linearly(interrupted, 100.0).at([150.0, 250.0]).tolist() == pytest.approx([10.0, 30.0])
    # a small one too goes on from where it is
    assert due_linearly(0.02 * interrupted, 100.0).at([150.0, 250.0]).tolist() == pytest.approx([0.2, 0.6])


@pytest.mark.parametrize("due", [due_after, due_linearly])
def test_never_is_more_due_than_called(due):
    award = Signal.steps([0.0, 3600.0], [20.0, 5.0], DAY_S)
    share = called(RegulationSignal(signal_step_s=60.0))
    assert (award * share - due(award * share, 200.0)).minimum() >= -1e-12
