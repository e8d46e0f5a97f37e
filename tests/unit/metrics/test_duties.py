from dataclasses import replace
from math import isnan

import pytest

from sim.events import EventRow
from sim.metrics.duties import CATALOGUE, comply_s, curtailed_mwh, excess_mwh, kept_fraction, unmined_mwh
from sim.signals import Signal

END_S = 3600.0


@pytest.fixture
def ordered(record):
    """Return a recording with orders, each as (start, end or None, cap, what it is on)."""

    def make(fleet, *orders, wish_mw=60.0):
        rows = []
        for number, (from_s, until_s, cap_mw, applies_to) in enumerate(orders, start=1):
            rows.append(EventRow(from_s, f"order.{number}", f"binding: {applies_to}", cap_mw))
            if until_s is not None:
                rows.append(EventRow(until_s, f"order.{number}", "over", cap_mw))
        recording = record({"ai": 50.0}, {"m": fleet})
        recording.signals["fleet_target_mw"] = Signal.constant(wish_mw, END_S)
        return replace(recording, events=tuple(sorted(rows, key=lambda row: row.time_s)))

    return make


def test_without_orders_nothing_is_complied_with(ordered):
    recording = ordered(60.0)
    values = {metric.name: metric.measure(recording) for metric in CATALOGUE}
    assert isnan(values.pop("order_comply_s"))
    assert isnan(values.pop("order_kept_fraction"))
    assert set(values.values()) == {0.0}


def test_a_ramp_that_begins_late_is_time_and_energy_above_the_cap(ordered):
    # 60 MW until 1000 s, then 0.5 MW/s down to 10 MW; the cap of 10 MW binds from 900 s
    recording = ordered([(0.0, 60.0), (1000.0, 60.0), (1100.0, 10.0), (END_S, 10.0)], (900.0, 2000.0, 10.0, "fleets"))
    assert comply_s(recording) == pytest.approx(200.0, abs=1e-4)
    assert excess_mwh(recording) == pytest.approx((100.0 * 50.0 + 0.5 * 100.0 * 50.0) / 3600.0)
    assert curtailed_mwh(recording) == pytest.approx((0.5 * 100.0 * 50.0 + 900.0 * 50.0) / 3600.0)


def test_an_order_on_the_site_counts_ai_and_one_that_goes_on_ends_with_the_run(ordered):
    recording = ordered(20.0, (1800.0, None, 60.0, "site"))
    assert excess_mwh(recording) == pytest.approx(0.5 * 10.0)
    assert isnan(comply_s(recording))  # never kept
    assert kept_fraction(recording) == 0.0


def test_an_order_that_is_broken_later_has_not_been_complied_with_before(ordered):
    # within the cap at first, above it from 1500 s until the order is over at 2000 s: never kept to its end
    recording = ordered([(0.0, 10.0), (1500.0, 10.0), (1600.0, 60.0)], (1000.0, 2000.0, 10.0, "fleets"))
    assert isnan(comply_s(recording))
    assert kept_fraction(recording) == pytest.approx(0.5)
    late_min = next(metric for metric in CATALOGUE if metric.name == "order_late_min")
    assert late_min.measure(recording) == pytest.approx(500.0 / 60.0)
    assert excess_mwh(recording) > 0.0


def test_power_that_touches_the_cap_and_rises_again_complies_when_it_falls_for_good(ordered):
    power = [
        (0.0, 60.0),
        (100.0, 60.0),
        (100.0, 10.0),
        (200.0, 10.0),
        (200.0, 60.0),
        (400.0, 60.0),
        (400.0, 5.0),
    ]
    recording = ordered(power, (0.0, 1000.0, 10.0, "fleets"))
    assert comply_s(recording) == pytest.approx(400.0)
    assert kept_fraction(recording) == pytest.approx(0.7)


def test_orders_at_once_are_counted_each_but_curtail_once(ordered):
    recording = ordered(20.0, (0.0, 2000.0, 10.0, "fleets"), (1000.0, 3000.0, 15.0, "fleets"))
    assert excess_mwh(recording) == pytest.approx((2000.0 * 10.0 + 2000.0 * 5.0) / 3600.0)
    assert curtailed_mwh(recording) == pytest.approx(3000.0 * 40.0 / 3600.0)


def test_a_wish_beyond_rated_power_is_not_taken_away(ordered):
    recording = ordered(60.0, wish_mw=500.0)
    recording.signals["fleet_obliged_mw"] = Signal.steps([0.0, 1800.0], [60.0, 25.0], END_S)
    assert unmined_mwh(recording) == pytest.approx(17.5)
