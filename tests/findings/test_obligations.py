"""What is asked of a site stands above its policy: orders, reserves sold, the interconnection's relay."""

import numpy as np
import pytest
from quick import run

from sim.metrics.ancillary import delivered_mw, shortfall_mw
from sim.testing import a_scenario

HOUR_S = 3600.0
SERVICES = ("regulation-up", "rrs", "regulation-down")
ALWAYS_ON, OFF = {"type": "always-on"}, {"type": "mining-off"}
FIXED = {"type": "fixed", "price_usd_per_mwh": 6.0}
MINERS = {
    "name": "miners",
    "type": "aggregate",
    "rated_mw": 60.0,
    "minimum_mw": 5.0,
    "ramp_up_mw_per_s": 1.0,
    "ramp_down_mw_per_s": 5.0,
    "latency_s": 3.0,
    "efficiency_j_per_th": 17.5,
}


def order(**fields):
    return {
        "type": "curtailment-order",
        "at_s": HOUR_S,
        "duration_min": 60.0,
        "cap_mw": 20.0,
        "applies_to": "fleets",
    } | fields


def reserve(service="rrs", offer_mw=20.0, calls=(), **fields):
    deployment = {"type": "scheduled", "calls": list(calls)}
    return {"service": service, "offer_mw": offer_mw, "price": FIXED, "deployment": deployment} | fields


def call(at_h, duration_min=30.0, **fields):
    return {"at_s": at_h * HOUR_S, "duration_min": duration_min} | fields


def site(*reserves, policy=ALWAYS_ON, fleets=(MINERS,), rules=None, **fields):
    market = {"ancillary": list(reserves)} | ({"rules": rules} if rules else {})
    return run(a_scenario(days=0.25, policy=policy, fleets=fleets, market=market, **fields))


@pytest.fixture
def training(tmp_path):
    """Return fields of a site whose AI draws 100 MW, and 160 MW from the second hour on."""
    (tmp_path / "ai.csv").write_text("time_s,power_mw\n0,100\n7200,160\n")
    return {"folder": tmp_path, "loads": [{"name": "ai", "type": "replay", "file": "ai.csv"}]}


def told(recording, source):
    return [(event.time_s, event.kind) for event in recording.events if event.source == source]


# -- orders -------------------------------------------------------------------------------------------------


def test_miners_that_always_run_obey_an_order_when_its_notice_is_over():
    result = site(events=[order()])
    fleet = result.recording["fleet_power_mw"]
    binding_s, over_s = 1.5 * HOUR_S, 2.5 * HOUR_S

    assert fleet.clip_time(0.0, binding_s - 60.0).minimum() == 60.0
    assert fleet.clip_time(binding_s, over_s).maximum() == 20.0
    assert fleet.at([over_s + 100.0]) == 60.0
    assert result.recording["fleet_target_mw"].minimum() == 60.0
    assert told(result.recording, "order.1") == [
        (HOUR_S, "announced"),
        (binding_s, "binding: fleets"),
        (over_s, "over"),
    ]
    assert (result.metrics["order_count"], result.metrics["order_comply_s"]) == (1.0, 0.0)
    assert result.metrics["order_excess_mwh"] == 0.0
    # an hour of 40 MW, and 3 s of latency and 40 s of ramp on the way back lie outside the order
    assert result.metrics["order_curtailed_mwh"] == pytest.approx(40.0)


def test_without_a_lead_latency_and_ramp_show_as_excess():
    result = site(events=[order()], controller={"order_lead_s": 0.0})

    assert result.metrics["order_comply_s"] == pytest.approx(3.0 + 40.0 / 5.0, abs=1e-5)
    assert result.metrics["order_excess_mwh"] == pytest.approx((3.0 * 40.0 + 0.5 * 8.0 * 40.0) / 3600.0)


def test_an_order_on_the_site_leaves_the_fleets_what_ai_leaves_of_it(training):
    result = site(
        events=[order(cap_mw=140.0, applies_to="site", duration_min=120.0)],
        controller={"telemetry_delay_s": 4.0},
        limit_mw=250.0,
        **training,
    )
    fleet = result.recording["fleet_power_mw"]

    assert fleet.at([1.6 * HOUR_S, 3.0 * HOUR_S]).tolist() == [40.0, 5.0]
    # AI alone stands 20 MW above the cap from the second hour on: the fleets' minimum comes on top
    assert result.metrics["order_excess_mwh"] == pytest.approx(1.5 * 25.0, rel=0.01)


def test_a_policy_sees_an_order_as_soon_as_it_is_announced():
    sparse = site(events=[order()], policy=OFF)

    assert sparse.metrics["decision_count"] >= 4.0
    assert sparse.metrics["order_curtailed_mwh"] == 0.0


def test_an_order_announced_before_the_run_still_binds_in_it():
    early = order(at="2025-12-31T23:50:00-06:00", notice_min=15.0)
    del early["at_s"]
    result = site(events=[early])

    assert result.recording["fleet_power_mw"].at([10.0, 301.0]).tolist() == [60.0, 20.0]
    assert [time_s for time_s, _ in told(result.recording, "order.1")] == [0.0, 300.0, 3900.0]


def test_an_order_to_a_site_that_the_bill_leaves_out_changes_nothing():
    rules = {"sb6": {"connected": "2024-05-01"}}
    left_out, bound = (site(events=[order()], rules={"sb6": rules["sb6"] | more}) for more in ({}, {"voluntary": True}))

    assert left_out.metrics["order_count"] == 0.0
    assert left_out.recording["fleet_power_mw"].minimum() == 60.0
    assert bound.metrics["order_count"] == 1.0


# -- reserves -----------------------------------------------------------------------------------------------


def test_a_reserve_that_is_sold_is_held_delivered_and_paid():
    result = site(reserve(calls=[call(2.0)]))
    fleet = result.recording["fleet_power_mw"]

    assert fleet.clip_time(2.0 * HOUR_S + 10.0, 2.5 * HOUR_S).maximum() == 40.0
    assert fleet.clip_time(0.0, 2.0 * HOUR_S).minimum() == 60.0
    for name, value in {
        "capacity_mwh": 6.0 * 20.0,
        "revenue_usd": 6.0 * 20.0 * 6.0,
        "held_fraction": 1.0,
        "deployed_mwh": 10.0,
        "undelivered_mwh": 0.0,
        "penalty_usd": 0.0,
    }.items():
        assert result.metrics[f"ancillary.rrs.{name}"] == pytest.approx(value, abs=1e-9), name
    # the call finds 3 s of latency and 4 s of ramp before it is delivered in full
    assert result.metrics["ancillary.rrs.delivered_mwh"] == pytest.approx(10.0 - (3.0 + 2.0) * 20.0 / 3600.0)


def test_a_policy_that_would_not_mine_mines_what_it_has_sold():
    result = site(reserve(calls=[call(2.0)]), policy=OFF)

    assert result.recording["fleet_power_mw"].at([0.0, 2.25 * HOUR_S]).tolist() == [25.0, 5.0]
    assert result.recording["fleet_target_mw"].maximum() == 0.0


def test_capacity_sold_the_other_way_keeps_the_fleets_below_what_they_could_draw():
    result = site(reserve("regulation-down", 15.0, calls=[call(2.0, called_fraction=0.4)]))

    assert result.recording["fleet_power_mw"].at([HOUR_S, 2.25 * HOUR_S]).tolist() == [45.0, 51.0]
    assert result.metrics["ancillary.regulation-down.held_fraction"] == pytest.approx(1.0, abs=1e-3)


def test_services_called_together_add_up_and_each_is_delivered():
    result = site(
        reserve("rrs", 20.0, calls=[call(2.0)]),
        reserve("ecrs", 10.0, calls=[call(2.25)]),
        reserve("non-spin", 12.0, calls=[call(2.25, 60.0)]),
    )

    assert result.recording["fleet_power_mw"].at([2.4 * HOUR_S]).tolist() == [18.0]
    # the rise of ECRS is due from the call on, and latency leaves its first 3 s undelivered: 0.075 MW s
    assert result.metrics["ancillary_penalty_usd"] == pytest.approx(6.0 * 0.075 / 3600.0, rel=1e-2)
    assert result.metrics["ancillary.ecrs.delivered_mwh"] == pytest.approx(5.0, rel=0.01)
    assert result.metrics["ancillary.non-spin.delivered_mwh"] == pytest.approx(12.0, rel=0.01)


def test_calls_both_ways_at_once_are_each_measured_from_where_the_other_leaves_the_fleets():
    result = site(
        reserve("regulation-down", 10.0, calls=[call(2.0)]),
        reserve("regulation-up", 5.0, calls=[call(2.0)]),
        reserve("rrs", 20.0, calls=[call(2.0)]),
    )
    recording, at_s = result.recording, [2.25 * HOUR_S]

    # held at 50 MW for regulation down; 10 MW more and 25 MW less are called
    assert recording["fleet_power_mw"].at(at_s) == 35.0
    bases = {name: float(recording[f"ancillary.{name}.base_mw"].at(at_s)[0]) for name in SERVICES}
    assert bases == {"regulation-up": 60.0, "rrs": 55.0, "regulation-down": 25.0}
    for name, called_mw in zip(SERVICES, (5.0, 20.0, 10.0), strict=True):
        assert delivered_mw(recording, name).at(at_s) == called_mw


def test_what_the_fleet_cannot_hold_is_penalised_or_bought_back():
    entry = reserve(offer_mw=80.0, price=FIXED | {"real_time_usd_per_mwh": 2.0})
    physical = site(entry, rules={"real_time_cooptimization": None})
    financial = site(entry)

    # 55 of 80 MW can be held
    assert physical.metrics["ancillary.rrs.held_fraction"] == pytest.approx(55.0 / 80.0)
    assert physical.metrics["ancillary_penalty_usd"] == pytest.approx(6.0 * 25.0 * 6.0)
    assert financial.metrics["ancillary_penalty_usd"] == pytest.approx(6.0 * 25.0 * 2.0)
    assert physical.metrics["ancillary_revenue_usd"] == financial.metrics["ancillary_revenue_usd"]


def test_a_call_beyond_what_the_fleet_has_is_not_delivered_and_costs():
    result = site(reserve(offer_mw=80.0, calls=[call(2.0, 60.0)], penalty_ratio=3.0))

    due_h = (HOUR_S - 10.0) / HOUR_S
    assert result.metrics["ancillary.rrs.undelivered_mwh"] == pytest.approx(25.0 * due_h, rel=1e-3)
    # what is not called is bought back at the price; after a call it need not be held for ten minutes
    assert result.metrics["ancillary_penalty_usd"] == pytest.approx(
        (5.0 - 1.0 / 6.0) * 25.0 * 6.0 + 25.0 * due_h * 18.0, rel=0.001
    )


def test_ai_comes_first_where_it_leaves_no_room_for_what_is_sold(training):
    result = site(reserve(offer_mw=50.0), limit_mw=170.0, policy=OFF, **training)

    assert result.recording["fleet_power_mw"].at([HOUR_S, 3.0 * HOUR_S]).tolist() == [55.0, 10.0]
    assert result.metrics["exceedance_mwh"] == pytest.approx(0.0, abs=0.3)
    assert result.metrics["ancillary.rrs.held_fraction"] == pytest.approx((2.0 + 4.0 * 0.1) / 6.0, rel=0.01)


def test_revenue_is_the_integral_of_award_times_price(tmp_path):
    rows = "".join(f"2026-01-01T{6 + hour:02}:00Z,{'' if hour == 3 else hour + 0.37}\n" for hour in range(7))
    (tmp_path / "as.csv").write_text("time_utc,as_rrs\n" + rows)
    price = {"type": "file", "file": "as.csv", "price_column": "as_rrs"}
    offer = [7.3, 0.0, 11.1, 5.0, 2.2, 9.9] + [0.0] * 18
    entry = reserve(price=price, offer_by_hour_mw=offer)
    del entry["offer_mw"]
    result = site(entry, folder=tmp_path)

    by_hand = sum(mw * (hour + 0.37) for hour, mw in enumerate(offer) if hour != 3)
    assert result.metrics["ancillary.rrs.revenue_usd"] == pytest.approx(by_hand, rel=1e-9)
    award, usd = (result.recording[f"ancillary.rrs.{name}"] for name in ("award_mw", "price_usd_per_mwh"))
    assert result.metrics["ancillary.rrs.revenue_usd"] == pytest.approx((award * usd).integral() / HOUR_S, rel=1e-9)


def test_another_policy_or_another_load_meets_the_same_calls(training):
    entries = [
        reserve("regulation-up", 5.0, deployment={"type": "regulation"}),
        reserve("rrs", 20.0, deployment={"type": "drawn", "called_time_fraction": 0.2}),
    ]
    runs = [site(*entries), site(*entries, policy=OFF), site(*entries[::-1], **training)]
    for name in ("regulation-up", "rrs"):
        first, *others = (result.recording[f"ancillary.{name}.deployed_mw"] for result in runs)
        assert first.maximum() > 0.0
        for other in others:
            assert np.array_equal(first.time_s, other.time_s)
            assert np.array_equal(first.value, other.value)


def test_regulation_asks_the_policy_nothing():
    entry = reserve("regulation-up", 5.0, deployment={"type": "regulation"})
    assert site(entry).metrics["decision_count"] == site().metrics["decision_count"]


def test_a_barred_site_with_ai_sells_nothing_from_the_day_on(training):
    result = site(
        reserve(),
        rules={"colocated_paid_response": {"barred_from": "2026-01-01"}},
        **training,
    )

    assert result.metrics["ancillary.rrs.capacity_mwh"] == result.metrics["ancillary_revenue_usd"] == 0.0
    assert np.isnan(result.metrics["ancillary.rrs.held_fraction"])


# -- conflicts ----------------------------------------------------------------------------------------------


def test_the_trip_stands_above_the_order_and_the_order_above_the_reserve(training):
    result = site(
        reserve(offer_mw=40.0),
        events=[order(at_s=0.0, duration_min=330.0)],
        interconnection={"limit_mw": 175.0, "trip": {"after_s": 30.0, "hold_min": 10.0}},
        controller={"telemetry_delay_s": 60.0},
        policy=OFF,
        **training,
    )
    recording = result.recording
    obliged = recording["fleet_obliged_mw"]

    # reserve: 45 MW; order: 20; AI's step to 160 MW makes 180 MW of it, and the relay trips
    assert obliged.at([0.0, HOUR_S, 7229.0, 7231.0]).tolist() == [45.0, 20.0, 20.0, 5.0]
    assert told(recording, "interconnection") == [(7230.0, "trip"), (7830.0, "trip-over")]
    # by then telemetry shows 15 MW of room, less than the order allows: the reserve asks for no more
    assert obliged.at([7831.0]).tolist() == [15.0]
    reasons = [kind for _, kind in told(recording, "controller") if kind.startswith("duty: ")]
    assert reasons[:3] == ["duty: reserves", "duty: curtailment order", "duty: exceedance trip"]
    assert result.metrics["trip_count"] == 1.0
    # capacity that an order or a trip takes away counts as not held
    short = shortfall_mw(recording, "rrs")
    assert short.at([HOUR_S, 7400.0]).tolist() == [25.0, 40.0]


def test_a_call_under_an_order_counts_only_for_what_it_takes_off():
    result = site(reserve(calls=[call(1.75)]), events=[order(cap_mw=15.0)])
    recording = result.recording

    assert recording["fleet_power_mw"].at([1.7 * HOUR_S, 1.9 * HOUR_S]).tolist() == [15.0, 15.0]
    assert recording["ancillary.rrs.base_mw"].at([1.9 * HOUR_S]).tolist() == [15.0]
    assert delivered_mw(recording, "rrs").clip_time(1.76 * HOUR_S, 2.2 * HOUR_S).maximum() == 0.0


def test_a_run_without_obligations_records_none_of_it():
    result = site()

    assert "fleet_obliged_mw" not in result.recording.signals
    assert result.metrics["duty_unmined_mwh"] == 0.0
    assert not [event for event in result.recording.events if event.kind.startswith("duty")]
