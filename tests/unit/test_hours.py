"""Tariffs, schedules and orders that come again, stated in a few lines."""

from datetime import UTC, datetime

import numpy as np
import pytest

from sim.grid.events import CurtailmentOrder
from sim.market.calendar import HoursOfDay, minutes_of, next_change_utc_s
from sim.market.power import TimeOfUsePrice
from sim.simulation import run
from sim.span import Span
from sim.tables import Files
from sim.testing import a_scenario

ZONE = "America/Chicago"
FRIDAY_UTC_S = datetime(2025, 1, 3, 6, tzinfo=UTC).timestamp()  # midnight in Chicago
HOUR_S = 3600.0


def held(hours, start_utc_s=FRIDAY_UTC_S, length_h=24):
    """Return the local hours at whose half hours some hours hold."""
    at = start_utc_s + (np.arange(length_h) + 0.5) * HOUR_S
    return np.flatnonzero(hours.holds(at, ZONE)).tolist()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"from_h": 12.0, "until_h": 16.0}, [12, 13, 14, 15, 36, 37, 38, 39]),
        ({"from_h": 22.0, "until_h": 2.0, "day": "weekdays"}, [0, 1, 22, 23, 24, 25]),
        ({"from_h": 10.0, "until_h": 12.0, "day": "weekends"}, [34, 35]),
        ({"from_h": 10.0, "until_h": 12.0, "day": ("sat",), "months": (7,)}, []),
        ({"day": ("fri",)}, list(range(24))),
    ],
)
def test_hours_hold_on_their_days(fields, expected):
    assert held(HoursOfDay(**fields), length_h=48) == expected


def test_hours_follow_the_clocks_through_a_change():
    # 9 March 2025: clocks skip 02:00 to 03:00; 12:00 is eleven hours after midnight
    midnight = datetime(2025, 3, 9, 6, tzinfo=UTC).timestamp()
    assert held(HoursOfDay(from_h=12.0, until_h=13.0), midnight) == [11]
    assert next_change_utc_s((HoursOfDay(from_h=12.0, until_h=13.0),), midnight, ZONE) == midnight + 11 * HOUR_S


def test_a_tariff_is_a_few_steps_whose_mean_is_known():
    periods = ({"from_h": 12.0, "until_h": 20.0, "day": "weekdays", "price_usd_per_mwh": 90.0},)
    tariff = TimeOfUsePrice.model_validate({"type": "time-of-use", "price_usd_per_mwh": 30.0, "periods": periods})
    price = tariff.signal(Span(Files([]), FRIDAY_UTC_S, 7 * 86_400.0))
    assert price.mean() == pytest.approx(30.0 + 60.0 * 40.0 / 168.0)
    assert price.time_s.size == 11
    assert minutes_of(0.0, 120.0).tolist() == [0.0, 60.0]


def test_a_schedule_stops_the_miners_at_its_hours_and_wakes_by_itself(tmp_path):
    off = [{"from_h": 12, "until_h": 16}]
    made = a_scenario(
        tmp_path,
        start="2025-01-03T00:00:00-06:00",
        days=2.0,
        loads=[],
        policy={"type": "schedule", "off": off},
    )
    target = run(made).recording["fleet_target_mw"]
    full = target.at(6 * HOUR_S)
    assert full > 0.0
    assert target.at(np.array([11.9, 12.1, 15.9, 16.1, 36.1]) * HOUR_S).tolist() == [
        full,
        0.0,
        0.0,
        full,
        0.0,
    ]


def test_an_order_comes_again_at_the_same_time_on_the_clocks():
    order = CurtailmentOrder(
        type="curtailment-order",
        at_s=0.0,
        duration_min=10.0,
        cap_mw=5.0,
        applies_to="fleets",
        every="weekday",
    )
    saturday = datetime(2025, 3, 7, 18, tzinfo=UTC).timestamp()  # Friday noon; clocks change on Sunday
    found = order.orders(saturday, 5 * 86_400.0)
    assert [one.announced_at_s / HOUR_S for one in found] == [0.0, 71.0, 95.0, 119.0]
    assert found[1].until_s - found[1].binding_from_s == 600.0
    assert "every" not in CurtailmentOrder.model_validate(
        {"type": "curtailment-order", "at_s": 0.0, "duration_min": 1.0, "cap_mw": 0.0, "applies_to": "site"}
    ).model_dump(mode="json")
