"""Duties: whatever they are, the higher priority wins, and their order in a list does not matter."""

from hypothesis import given
from hypothesis import strategies as st

from sim.mining.duties import Duty, arbitrate, without_calls

POWERS = st.floats(0.0, 1000.0)
DUTIES = st.lists(
    st.builds(Duty, st.integers(1, 3), st.sampled_from("abcdef"), POWERS, st.floats(0.0, 2000.0), st.just(0.0)),
    max_size=6,
)
CALLS = st.floats(-300.0, 300.0)


@given(POWERS, DUTIES)
def test_the_highest_priority_present_is_always_kept(wish_mw, duties):
    obliged_mw = arbitrate(wish_mw, duties).target_mw
    highest = min((duty.priority for duty in duties), default=0)
    equals = [duty for duty in duties if duty.priority == highest]
    cap_mw = min((duty.cap_mw for duty in equals), default=float("inf"))
    floor_mw = max((duty.floor_mw for duty in equals), default=0.0)

    assert obliged_mw <= cap_mw
    assert obliged_mw >= min(floor_mw, cap_mw)


@given(POWERS, DUTIES, st.randoms())
def test_the_order_of_the_list_does_not_matter(wish_mw, duties, random):
    shuffled = list(duties)
    random.shuffle(shuffled)

    assert arbitrate(wish_mw, shuffled).target_mw == arbitrate(wish_mw, duties).target_mw


@given(POWERS, DUTIES)
def test_a_wish_that_meets_every_duty_stands(wish_mw, duties):
    met = [duty for duty in duties if duty.floor_mw <= wish_mw <= duty.cap_mw]

    assert arbitrate(wish_mw, met) == (wish_mw, None)


@given(POWERS, DUTIES)
def test_a_second_arbitration_changes_nothing_more(wish_mw, duties):
    obliged_mw = arbitrate(wish_mw, duties).target_mw

    assert arbitrate(obliged_mw, duties).target_mw == obliged_mw


@given(POWERS, DUTIES, CALLS)
def test_a_lower_duty_moves_nothing_that_a_higher_one_fixes(wish_mw, duties, called_mw):
    fixed = Duty(0, "fixed", 40.0, 40.0)
    call = Duty(3, "call", called_mw=called_mw)

    assert arbitrate(wish_mw, [*duties, call, fixed]).target_mw == 40.0


@given(POWERS, DUTIES, CALLS)
def test_no_target_is_negative_and_calls_can_be_left_out(wish_mw, duties, called_mw):
    call = Duty(3, "call", called_mw=called_mw)

    assert arbitrate(wish_mw, [*duties, call]).target_mw >= 0.0
    plain = arbitrate(wish_mw, duties).target_mw
    assert arbitrate(wish_mw, without_calls([*duties, call])).target_mw == plain
