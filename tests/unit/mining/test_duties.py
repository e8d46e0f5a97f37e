from math import inf

import pytest

from sim.mining.duties import ANCILLARY, ORDER, TRIP, Duty, arbitrate, reserve_duty, without_calls

RESERVE = Duty(ANCILLARY, "ancillary services", 20.0, 50.0)
CALLED = RESERVE._replace(called_mw=15.0)
ORDERED = Duty(ORDER, "order", cap_mw=10.0)
TRIPPED = Duty(TRIP, "trip", cap_mw=0.0)


def test_without_duties_the_wish_stands():
    assert arbitrate(42.0, []) == (42.0, None)


@pytest.mark.parametrize(
    ("wish_mw", "obliged"),
    [
        (0.0, (20.0, "ancillary services")),
        (30.0, (30.0, None)),
        (60.0, (50.0, "ancillary services")),
    ],
)
def test_a_duty_bounds_the_wish_and_says_so_where_it_binds(wish_mw, obliged):
    assert arbitrate(wish_mw, [RESERVE]) == obliged


def test_what_is_called_is_taken_off_after_the_bounds():
    assert arbitrate(60.0, [CALLED]) == (35.0, "ancillary services")
    assert arbitrate(0.0, [CALLED]) == (5.0, "ancillary services")
    assert arbitrate(30.0, [RESERVE._replace(called_mw=-15.0)]) == (45.0, "ancillary services")


def test_an_order_stands_above_a_reserve_and_a_trip_above_both():
    assert arbitrate(60.0, [ORDERED, CALLED]) == (10.0, "order")
    assert arbitrate(60.0, [TRIPPED, ORDERED, CALLED]) == (0.0, "trip")


def test_of_two_equal_duties_the_tighter_one_gives_the_reason():
    other = Duty(ORDER, "emergency", cap_mw=4.0)
    assert arbitrate(60.0, [ORDERED, other]) == arbitrate(60.0, [other, ORDERED]) == (4.0, "emergency")


def test_between_equals_a_cap_wins_over_a_floor():
    assert arbitrate(60.0, [Duty(ORDER, "keep on", floor_mw=30.0), ORDERED]) == (10.0, "order")


def test_a_call_never_leads_below_nothing():
    assert arbitrate(5.0, [Duty(ANCILLARY, "ancillary services", called_mw=9.0)]).target_mw == 0.0


def test_without_calls_only_the_bounds_are_left():
    assert without_calls([CALLED, ORDERED]) == (RESERVE, ORDERED)
    assert RESERVE.cap_mw < ORDERED._replace(cap_mw=inf).cap_mw


@pytest.mark.parametrize(
    ("sold_mw", "bounds_mw"),
    [
        ((20.0, 10.0), (25.0, 50.0)),  # power to fall from above the least, room to rise into below the most
        ((20.0, 0.0), (25.0, inf)),
        ((0.0, 10.0), (0.0, 50.0)),
        ((70.0, 70.0), (60.0, 5.0)),  # never beyond what the fleets can do
    ],
)
def test_a_reserve_keeps_power_to_fall_from_and_room_to_rise_into(sold_mw, bounds_mw):
    duty = reserve_duty(*sold_mw, minimum_mw=5.0, room_mw=60.0)
    assert (duty.floor_mw, duty.cap_mw) == bounds_mw
    assert (duty.priority, duty.called_mw) == (ANCILLARY, 0.0)
