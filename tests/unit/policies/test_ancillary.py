"""Offers hour by hour, worked out by hand: one fleet, known prices."""

import pytest
from pydantic import TypeAdapter

from sim.policies import AnyPolicy, Awards, FleetView, Forecast, ServiceView

HOUR_S = 3600.0
MINERS = (FleetView("miners", 5.0, 65.0, 20.0, 100.0),)


def view(service="rrs", **fields):
    """Return what is seen of a service whose next gate is at 1 h, for the hour from 2 h on."""
    return ServiceView(
        **{
            "service": service,
            "downward": service == "regulation-down",
            "gate_s": HOUR_S,
            "hour_s": 2.0 * HOUR_S,
            "most_mw": 50.0,
            "price_usd_per_mwh": 5.0,
            "day_ahead_usd_per_mwh": None,
            "called_fraction": 0.02,
            "awarded_mw": (0.0, 0.0),
            "sold_mw": Awards(),
        }
        | fields
    )


def start(**fields):
    return TypeAdapter(AnyPolicy).validate_python({"type": "ancillary", **fields}).start()


@pytest.fixture
def offered(observed):
    """Return what is offered a minute before the gate."""

    def make(*views, time_s=HOUR_S - 60.0, policy=None, **keys):
        seen = observed(time_s, **{"fleets": MINERS, "services": views, **keys})
        return dict((policy or start()).decide(seen).offers)

    return make


@pytest.mark.parametrize(
    ("price", "sold_mw"),
    [
        (40.0, 50.0),  # 5 USD are more than 2 % of the 60 that a call costs
        (104.0, 50.0),  # power at a loss of 4 is held for them
        (106.0, 0.0),  # of 6 not: 5 and 2 % of 6 saved in calls are not enough
        (105.05, 50.0),
        (105.15, 0.0),  # 0.98 times the loss is what they have to meet
        (-160.0, 0.0),  # 2 % of 260 are more than 5
    ],
)
def test_a_reserve_is_offered_where_it_pays(offered, price, sold_mw):
    assert offered(view(), price=price) == {"rrs": sold_mw}


def test_two_reserves_share_the_room_the_dearer_first(offered):
    found = offered(view(price_usd_per_mwh=4.0), view("ecrs", price_usd_per_mwh=9.0, most_mw=45.0))
    assert found == {"rrs": 15.0, "ecrs": 45.0}


def test_one_that_asks_for_more_is_weighed_against_mining(offered):
    # to be able to draw 50 MW more costs three quarters of a margin of 60; at 46 it pays, at 44 not
    down = {"most_mw": 50.0, "called_fraction": 0.25}
    assert offered(view("regulation-down", price_usd_per_mwh=46.0, **down)) == {"regulation-down": 50.0}
    assert offered(view("regulation-down", price_usd_per_mwh=44.0, **down)) == {"regulation-down": 0.0}


@pytest.mark.parametrize(
    ("keys", "sold_mw"),
    [
        ({"ai_mw": 150.0}, 45.0),  # 200 - 150 - 5
        ({"ai_mw": 199.0}, 0.0),
        ({"ai_mw": 230.0}, 0.0),
        ({"ai_mw": 0.0, "ai_forecast": Forecast(0.0, 0.0, HOUR_S, (0.0, 0.0, 160.0))}, 35.0),
        ({"fleets": (MINERS[0]._replace(available_mw=25.0),)}, 20.0),
        ({"fleets": ()}, 0.0),
    ],
)
def test_no_more_is_offered_than_there_is_room_for(offered, keys, sold_mw):
    assert offered(view(), **keys) == {"rrs": sold_mw}


def test_the_margin_is_kept_free_of_offers_too(offered):
    assert offered(view(), policy=start(margin_mw=10.0), ai_mw=150.0) == {"rrs": 35.0}


def test_what_is_sold_already_takes_room(offered):
    assert offered(view(sold_mw=Awards(20.0, 5.0))) == {"rrs": 35.0}


@pytest.mark.parametrize(
    ("keys", "sold_mw"),
    [
        ({"price": 200.0}, 0.0),
        ({"price": 200.0, "price_forecast": Forecast(0.0, 0.0, HOUR_S, (0.0, 0.0, 40.0))}, 50.0),
        ({"price": 40.0, "price_forecast": Forecast(0.0, 0.0, HOUR_S, (0.0, 0.0, 140.0))}, 0.0),
    ],
)
def test_the_price_is_forecast_or_stays(offered, keys, sold_mw):
    assert offered(view(), **keys) == {"rrs": sold_mw}


def test_a_day_ahead_price_comes_before_a_forecast(offered):
    forecast = Forecast(0.0, 0.0, HOUR_S, (200.0,))
    assert offered(view(day_ahead_usd_per_mwh=40.0), price=200.0, price_forecast=forecast) == {"rrs": 50.0}


def test_the_adder_comes_on_top(offered):
    assert offered(view(), policy=start(adder_usd_per_mwh=70.0)) == {"rrs": 0.0}


def test_it_plans_once_a_gate_and_what_it_offered_stands_until_the_next_plan(observed):
    policy = start()

    def ask(time_s, price, **fields):
        return policy.decide(observed(time_s, price=price, fleets=MINERS, services=(view(**fields),)))

    early = ask(600.0, 40.0)
    assert (early.offers, early.wake_at_s) == ((), HOUR_S - 60.0)
    made = ask(HOUR_S - 60.0, 40.0)
    assert (made.offers, made.wake_at_s) == ((("rrs", 50.0),), 2.0 * HOUR_S - 60.0)
    assert ask(HOUR_S - 30.0, 500.0).offers == made.offers
    later = {"gate_s": 2.0 * HOUR_S, "hour_s": 3.0 * HOUR_S}
    assert ask(HOUR_S + 10.0, 500.0, **later).offers == made.offers
    assert ask(2.0 * HOUR_S - 60.0, 500.0, **later).offers == (("rrs", 0.0),)


def test_between_gates_it_mines_where_that_pays(observed):
    policy = start(margin_mw=10.0)
    assert policy.decide(observed(0.0, price=99.0, fleets=MINERS))[:2] == (65.0, "price")
    assert policy.decide(observed(1.0, price=101.0, fleets=MINERS))[:2] == (0.0, "price above threshold")
    assert policy.decide(observed(2.0, ai_mw=150.0, fleets=MINERS))[:2] == (40.0, "headroom")
    assert policy.decide(observed(3.0, fleets=MINERS)).wake_at_s is None


def test_gates_of_other_lead_times_are_planned_for_themselves(offered):
    early = view("ecrs", gate_s=0.5 * HOUR_S, hour_s=2.0 * HOUR_S)
    assert offered(view(), early, time_s=0.5 * HOUR_S - 10.0) == {"ecrs": 50.0}
