"""Gates of the hours, and what is published by then."""

import json

import numpy as np
import pytest
from pydantic import ValidationError

from sim.engine.offers import open_services
from sim.engine.prices import courses_of
from sim.market.ancillary import AncillaryService
from sim.testing import a_scenario

HOUR_S = 3600.0
DAY_S = 24.0 * HOUR_S
FIXED = {"type": "fixed", "price_usd_per_mwh": 1.0}
START = "2026-01-01T00:00:00-06:00"


def open_in(scenario):
    return open_services(courses_of(scenario), scenario)


def two_days(tmp_path, capacity, day_ahead, **fields):
    """Return the service of a two-day run, with a price for each hour of both days."""
    hours = np.datetime64("2026-01-01T06:00") + np.arange(48) * np.timedelta64(1, "h")
    for name, values in (("rrs", capacity), ("da", day_ahead)):
        rows = [f"{hour}Z,{value}" for hour, value in zip(hours, values, strict=True)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["time_utc,price", *rows]) + "\n")
    price = {"type": "file", "price_column": "price"}
    service = {"service": "rrs", "policy_up_to_mw": 20.0, "price": {**price, "file": "rrs.csv"}, **fields}
    market = {
        "ancillary": [service],
        "day_ahead": {**price, "file": "da.csv"},
        "supply": {"type": "real-time", "delivery_usd_per_mwh": 3.0},
    }
    return open_in(a_scenario(tmp_path, start=START, days=2.0, market=market))["rrs"]


def test_a_gate_lies_a_lead_time_before_its_hour(tmp_path):
    service = two_days(tmp_path, np.ones(48), np.ones(48), gate_closure_min=90.0)
    assert service.gates_s[:3].tolist() == [-5400.0, -1800.0, 1800.0]
    assert (service.next_hour(0.0), service.next_hour(1799.9), service.next_hour(1800.0)) == (2, 2, 3)
    assert service.next_hour(2.0 * DAY_S - 1.0) is None


def test_it_is_an_hour_unless_stated(tmp_path):
    service = two_days(tmp_path, np.ones(48), np.ones(48))
    assert service.gates_s[:3].tolist() == [-3600.0, 0.0, 3600.0]


def test_hours_are_whole_hours_even_where_the_run_begins_within_one():
    service = {
        "service": "rrs",
        "policy_up_to_mw": 5.0,
        "price": {"type": "fixed", "price_usd_per_mwh": 1.0},
        "gate_closure_min": 10.0,
    }
    scenario = a_scenario(start="2026-01-01T00:15:00-06:00", days=0.1, market={"ancillary": [service]})
    found = open_in(scenario)["rrs"]
    assert found.edges_s.tolist() == [0.0, 2700.0, 6300.0, 8640.0]
    assert found.gates_s.tolist() == [-1500.0, 2100.0, 5700.0]
    assert [found.present_hour(time_s) for time_s in (0.0, 2699.0, 2700.0, 8000.0)] == [0, 0, 1, 2]


def test_prices_of_the_hour_are_known_once_published_with_delivery_on_power(tmp_path):
    service = two_days(tmp_path, np.arange(48.0), 100.0 + np.arange(48))
    assert service.published(5, 3.0 * HOUR_S) == (20.0, 5.0, 108.0)
    # the next day's are published at 13:30; before that the last price of today is the last one known
    assert service.published(24, 13.4 * HOUR_S) == (20.0, 23.0, None)
    assert service.published(24, 13.5 * HOUR_S) == (20.0, 24.0, 127.0)


def test_what_is_published_later_is_not_in_it(tmp_path):
    known = two_days(tmp_path, np.arange(48.0), np.arange(48.0)).published(24, 13.0 * HOUR_S)
    later = np.where(np.arange(48) < 24, np.arange(48.0), 500.0)
    assert two_days(tmp_path, later, later).published(24, 13.0 * HOUR_S) == known
    assert two_days(tmp_path, later, later).published(24, 14.0 * HOUR_S) != known


def test_an_hour_in_which_the_service_is_not_bought_sells_nothing(tmp_path):
    prices = [4.0, *[""], *[4.0] * 46]
    service = two_days(tmp_path, prices, np.ones(48))
    assert service.most_mw[:3].tolist() == [20.0, 0.0, 20.0]
    assert service.published(1, 0.0).most_mw == 0.0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"offer_mw": 5.0}, "needs one of"),
        ({"policy_up_to_mw": None, "offer_mw": 5.0, "gate_closure_min": 30.0}, "gate_closure_min belongs to"),
        ({"gate_closure_min": 0.0}, "greater than or equal to 1"),
        ({"gate_closure_min": 601.0}, "less than or equal to 600"),
    ],
)
def test_what_makes_no_gate_is_refused(fields, said):
    content = {
        "service": "rrs",
        "policy_up_to_mw": 20.0,
        "price": {"type": "fixed", "price_usd_per_mwh": 1.0},
    }
    with pytest.raises(ValidationError, match=said):
        AncillaryService.model_validate_json(json.dumps(content | fields))


def test_the_expected_share_called_may_be_stated():
    content = {
        "service": "rrs",
        "policy_up_to_mw": 20.0,
        "expected_call_fraction": 0.1,
        "price": {"type": "fixed", "price_usd_per_mwh": 1.0},
    }
    assert AncillaryService.model_validate(content).called_fraction == 0.1


def test_scenarios_without_such_a_service_have_none():
    assert open_in(a_scenario()) == {}


def test_an_hour_that_is_published_in_part_counts_as_unpublished():
    service = {"service": "rrs", "policy_up_to_mw": 5.0, "price": FIXED}
    india = {"type": "fixed", "price_usd_per_mwh": 40.0, "time_zone": "Asia/Kolkata"}
    market = {"ancillary": [service], "day_ahead": india}
    scenario = a_scenario(start="2026-01-01T00:00:00+05:30", days=1.5, market=market)
    found = open_in(scenario)["rrs"]
    # until 13:30 local clocks show, midnight ends what is published: halfway through an hour in UTC
    hour = found.present_hour(DAY_S)
    assert found.edges_s[hour] == DAY_S - 0.5 * HOUR_S
    assert found.published(hour, 12 * HOUR_S).day_ahead_usd_per_mwh is None
    assert found.published(hour - 1, 12 * HOUR_S).day_ahead_usd_per_mwh == 40.0
    assert found.published(hour, 14 * HOUR_S).day_ahead_usd_per_mwh == 40.0
