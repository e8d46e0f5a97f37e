import pytest
from pydantic import ValidationError

from sim.grid.interconnection import Trip
from sim.grid.orders import CurtailmentOrder

EVENT = {"type": "curtailment-order", "at_s": 60.0, "duration_min": 20.0, "cap_mw": 50.0}


def test_an_order_binds_half_an_hour_after_it_was_announced():
    order = CurtailmentOrder(**EVENT, applies_to="fleets").order(0.0)
    assert (order.announced_at_s, order.binding_from_s, order.until_s) == (60.0, 1860.0, 3060.0)


def test_a_cap_on_the_site_leaves_the_fleets_what_ai_does_not_draw():
    order = CurtailmentOrder(**EVENT, applies_to="site").order(0.0)
    assert [order.fleet_cap_mw(ai_mw) for ai_mw in (0.0, 30.0, 70.0)] == [50.0, 20.0, 0.0]
    assert order._replace(applies_to="fleets").fleet_cap_mw(30.0) == 50.0


def test_an_order_says_what_it_is_on():
    with pytest.raises(ValidationError, match="applies_to"):
        CurtailmentOrder(**EVENT)


def test_a_trip_level_is_a_ratio_of_the_limit_or_a_power():
    assert Trip(above_ratio=1.1).level_mw(200.0) == pytest.approx(220.0)
    assert Trip(above_mw=150.0).level_mw(200.0) == 150.0
    with pytest.raises(ValidationError, match=r"one level: above_mw or above_ratio, got 150 MW and 1.1"):
        Trip(above_mw=150.0, above_ratio=1.1)
