import pytest
from pydantic import ValidationError

from sim.grid.events import CurtailmentOrder
from sim.grid.interconnection import Trip

EVENT = {"type": "curtailment-order", "at_s": 60.0, "duration_min": 20.0, "cap_mw": 50.0}


def test_an_order_binds_half_an_hour_after_it_was_announced():
    order = CurtailmentOrder(**EVENT, applies_to="fleets").order(0.0)
    assert (order.announced_at_s, order.binding_from_s, order.until_s) == (60.0, 1860.0, 3060.0)


def test_a_cap_on_the_site_leaves_the_fleets_what_ai_does_not_draw():
    order = CurtailmentOrder(**EVENT, applies_to="site").order(0.0)
    assert [order.fleet_cap_mw(ai_mw) for ai_mw in (0.0, 30.0, 70.0)] == [50.0, 20.0, 0.0]
    assert order._replace(applies_to="fleets").fleet_cap_mw(30.0) == 50.0


def test_an_order_may_ask_for_less_than_a_stated_baseline_day_after_day():
    event = {**EVENT, "applies_to": "site", "less_mw": 30.0, "baseline_mw": 180.0, "every": "day"}
    del event["cap_mw"]
    order = CurtailmentOrder(**event)
    assert [one.cap_mw for one in order.orders(0.0, 2.5 * 86_400.0)] == [150.0] * 3
    assert "cap_mw" not in order.model_dump()
    assert CurtailmentOrder(**order.model_dump()).order(0.0).cap_mw == 150.0


@pytest.mark.parametrize(
    ("cap", "said"),
    [
        ({}, "needs one of cap_mw, less_mw; got none"),
        ({"less_mw": 5.0}, "less_mw and baseline_mw go together; got less_mw alone"),
        (
            {"cap_mw": 5.0, "less_mw": 5.0, "baseline_mw": 50.0},
            "one of cap_mw, less_mw; got cap_mw and less_mw",
        ),
        ({"less_mw": 60.0, "baseline_mw": 50.0}, "less_mw is 60 MW; must not be above baseline_mw, 50 MW"),
    ],
)
def test_an_order_has_one_cap(cap, said):
    event = {name: value for name, value in EVENT.items() if name != "cap_mw"}
    with pytest.raises(ValidationError, match=said):
        CurtailmentOrder(**event, **cap, applies_to="site")


def test_an_order_says_what_it_is_on():
    with pytest.raises(ValidationError, match="applies_to"):
        CurtailmentOrder(**EVENT)


def test_a_trip_level_is_a_ratio_of_the_limit_or_a_power():
    assert Trip(above_ratio=1.1).level_mw(200.0) == pytest.approx(220.0)
    assert Trip(above_mw=150.0).level_mw(200.0) == 150.0
    with pytest.raises(ValidationError, match=r"one level: above_mw or above_ratio, got 150 MW and 1.1"):
        Trip(above_mw=150.0, above_ratio=1.1)
