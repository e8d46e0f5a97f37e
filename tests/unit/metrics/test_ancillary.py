from math import isnan

import pytest

from sim.metrics import ancillary
from sim.metrics.ancillary import delivered_mw, held_fraction, penalty_usd, shortfall_mw, sold_services
from sim.signals import Signal

END_S = 3600.0


@pytest.fixture
def sale(record):
    """Return a recording with services sold; each is given as signals or constants by name."""

    def make(fleet, services, **fields):
        recording = record({"ai": 50.0}, {"m": fleet}, limit_mw=150.0, **fields)
        for service, signals in services.items():
            facts = {"price_usd_per_mwh": 10.0, "shortfall_usd_per_mwh": 10.0, "deployed_mw": 0.0}
            facts |= {"undelivered_usd_per_mwh": 10.0, "due_mw": 0.0, "base_mw": 60.0, "hold_mw": 20.0}
            facts |= {"award_mw": 20.0} | signals
            for name, value in facts.items():
                signal = value if isinstance(value, Signal) else Signal.constant(value, END_S)
                recording.signals[f"ancillary.{service}.{name}"] = signal
        return recording

    return make


def halves(first, second):
    return Signal.steps([0.0, END_S / 2.0], [first, second], END_S)


def test_services_are_listed_the_fastest_first(sale):
    assert sold_services(sale(60.0, {"ecrs": {}, "regulation-up": {}})) == ("regulation-up", "ecrs")


def test_capacity_and_revenue_follow_award_and_price(sale):
    recording = sale(60.0, {"rrs": {"award_mw": halves(20.0, 10.0), "price_usd_per_mwh": halves(4.0, 7.0)}})
    assert ancillary.capacity_mwh(recording, "rrs") == 15.0
    assert ancillary.revenue_usd(recording, "rrs") == pytest.approx(10.0 * 4.0 + 5.0 * 7.0)


def test_what_can_still_fall_is_held(sale):
    # from 60 MW down to 0 in the hour: below 20 MW for its last third, 10 MW short on average
    recording = sale([(0.0, 60.0), (END_S, 0.0)], {"rrs": {}})
    assert held_fraction(recording, "rrs") == pytest.approx(1.0 - 10.0 / 3.0 / 20.0)
    assert penalty_usd(recording, "rrs") == pytest.approx(10.0 / 3.0 * 10.0)


def test_room_serves_the_faster_service_first(sale):
    recording = sale(30.0, {"rrs": {}, "non-spin": {}})
    assert shortfall_mw(recording, "rrs").maximum() == 0.0
    assert shortfall_mw(recording, "non-spin").minimum() == 10.0


def test_minimum_power_cannot_be_held(sale):
    recording = sale(30.0, {"rrs": {}}, constants={"fleet.m.minimum_mw": 25.0})
    assert shortfall_mw(recording, "rrs").minimum() == 15.0


@pytest.mark.parametrize(("fleet_mw", "short_mw"), [(30.0, 0.0), (50.0, 10.0)])
def test_room_upward_ends_at_rated_power(sale, fleet_mw, short_mw):
    assert shortfall_mw(sale(fleet_mw, {"regulation-down": {}}), "regulation-down").minimum() == short_mw


def test_room_upward_ends_at_the_limit(sale):
    recording = sale(30.0, {"regulation-down": {}})
    recording.signals["limit_mw"] = Signal.constant(92.0, END_S)
    assert shortfall_mw(recording, "regulation-down").minimum() == pytest.approx(8.0)


def test_delivery_counts_from_the_base_up_to_what_is_called(sale):
    called = {"deployed_mw": 20.0, "due_mw": 20.0, "hold_mw": 0.0}
    for fleet_mw, delivered in ((60.0, 0.0), (55.0, 5.0), (40.0, 20.0), (10.0, 20.0), (70.0, 0.0)):
        recording = sale(fleet_mw, {"rrs": called})
        assert delivered_mw(recording, "rrs").mean() == delivered
        assert penalty_usd(recording, "rrs") == pytest.approx((20.0 - delivered) * 10.0)


def test_delivery_of_regulation_down_counts_upward(sale):
    called = {"deployed_mw": 5.0, "due_mw": 5.0, "hold_mw": 0.0, "base_mw": 30.0}
    for fleet_mw, delivered in ((34.0, 4.0), (40.0, 5.0), (20.0, 0.0)):
        recording = sale(fleet_mw, {"regulation-down": called})
        assert delivered_mw(recording, "regulation-down").mean() == delivered


def test_a_shortfall_costs_its_own_price(sale):
    prices = {"shortfall_usd_per_mwh": halves(30.0, 2.0), "undelivered_usd_per_mwh": 100.0}
    recording = sale(0.0, {"rrs": prices})
    assert penalty_usd(recording, "rrs") == pytest.approx(20.0 * 0.5 * 32.0)


def test_nothing_sold_cannot_be_held(sale):
    assert isnan(held_fraction(sale(60.0, {"rrs": {"award_mw": 0.0}}), "rrs"))
