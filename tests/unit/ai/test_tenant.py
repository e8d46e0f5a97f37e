import math

import numpy as np
import pytest
from pydantic import ValidationError
from quick import run

from sim.ai import TenantLoad
from sim.ai.tenancy import DrawShape, blocks_of, draw_bends_s, draw_fraction, energised_fraction
from sim.metrics.ledger import ledger
from sim.slip import Slip
from sim.testing import a_scenario

DAY_S = 86_400.0
START = "2026-01-01T00:00:00-06:00"
TENANT = {
    "name": "cloud",
    "type": "tenant",
    "block_mw": 10.0,
    "slip": {"median_d": 0.0},
    "fill_d": 40.0,
    "burn_in_d": 10.0,
    "burn_in_fraction": 0.9,
    "draw_fraction": 0.8,
    "pue": 1.25,
}


def a_phase(**keys):
    return {"size_mw": 20.0, "ready": "2026-01-11T00:00:00-06:00", "length_d": 20.0} | keys


def moved_in(*phases, days=120.0, **keys):
    tenant = TENANT | {"phases": list(phases)} | keys
    return run(a_scenario(loads=[tenant], start=START, days=days, fleets=[]))


def test_data_halls_are_energised_as_the_phase_comes_along():
    result = moved_in(a_phase())

    told = [(event.kind, event.time_s / DAY_S, event.value) for event in result.recording.events]
    assert [row for row in told if row[0] == "energised"] == [
        ("energised", 20.0, 10.0),
        ("energised", 30.0, 10.0),
    ]
    assert result.metrics["ai.cloud.energised_mw"] == 20.0


def test_power_is_what_stands_burns_in_and_serves():
    power = moved_in(a_phase()).recording["load.cloud.power_mw"]

    def expected_mw(day):
        shares = 0.0
        for energised in (20.0, 30.0):
            standing = min(max((day - energised) / 40.0, 0.0), 1.0)
            serving = min(max((day - energised - 10.0) / 40.0, 0.0), 1.0)
            shares += 0.9 * (standing - serving) + 0.8 * serving
        return 10.0 * shares * 1.25

    for day in (0.0, 19.0, 20.0, 25.5, 34.0, 61.0, 72.5, 81.0, 119.0):
        assert power.at([day * DAY_S])[0] == pytest.approx(expected_mw(day), abs=1e-9), day
    assert power.time_s.size == 7  # the start and six bends; halls share those of day 30 and day 70


def test_a_tenant_that_moved_in_before_the_run_draws_from_its_start():
    early = a_phase(ready="2025-01-01T00:00:00-06:00")
    result = moved_in(early, days=10.0)

    assert result.recording["load.cloud.power_mw"].value.tolist() == pytest.approx([20.0 * 0.8 * 1.25])
    assert result.metrics["ai.cloud.take_or_pay_mwh"] == pytest.approx(20.0 * 240.0)
    assert result.metrics["ai.cloud.drawn_fraction"] == pytest.approx(0.8)
    assert result.metrics["ai.cloud.undrawn_mwh"] == pytest.approx(0.2 * 20.0 * 240.0)


def test_take_or_pay_runs_from_its_date_whatever_is_drawn():
    result = moved_in(a_phase(billable="2026-01-21T00:00:00-06:00"), slip={"median_d": 3000.0})

    assert result.metrics["ai.cloud.take_or_pay_mwh"] == pytest.approx(20.0 * 24.0 * 100.0)
    assert result.metrics["ai.cloud.energised_mw"] == 0.0
    assert result.metrics["ai_energy_mwh"] == 0.0


def test_capacity_not_yet_drawn_is_left_to_miners():
    scenario = a_scenario(
        loads=[TENANT | {"phases": [a_phase()]}], start=START, days=120.0, limit_mw=25.0,
        policy={"type": "follow-headroom"},
    )  # fmt: skip
    result = run(scenario)
    site, fleet = result.recording["site_power_mw"], result.recording["fleet_power_mw"]

    assert fleet.at([10.0 * DAY_S])[0] == pytest.approx(25.0)
    assert fleet.at([119.0 * DAY_S])[0] == pytest.approx(5.0)
    assert site.minimum() > 24.0


def test_a_tenant_in_a_hall_states_it_power():
    tenant = {key: value for key, value in TENANT.items() if key != "pue"} | {"phases": [a_phase()]}
    hall = {"name": "west", "racks": {"count": 200, "power_mw": 0.1}}
    result = run(a_scenario(loads=[tenant | {"hall": "west"}], halls=[hall], start=START, days=120.0, fleets=[]))

    assert result.recording["load.cloud.it_power_mw"].value[-1] == pytest.approx(16.0)
    assert result.recording["hall.west.power_mw"].maximum() > 16.0 * 1.25
    assert result.metrics["ai.cloud.undrawn_mwh"] > 0.0


def test_slip_is_lognormal_with_its_median_and_mean():
    normals = np.random.default_rng(1).standard_normal(40_000).tolist()
    days = [Slip().late_s(normal) / 86_400.0 for normal in normals]

    assert np.median(days) == pytest.approx(91.0, rel=0.02)
    assert np.mean(days) == pytest.approx(91.0 * math.exp(0.18), rel=0.02)


def test_energised_data_halls_are_the_phase_rounded_down():
    blocks = blocks_of(100.0, 133.0, 300.0, 8.0)

    for time_s in np.arange(0.0, 500.0, 7.0):
        whole = 133.0 * energised_fraction(time_s - 100.0, 300.0)
        energised = sum(block.size_mw for block in blocks if block.energised_s <= time_s)
        assert energised <= whole + 1e-9
        assert whole - energised <= 8.0
    assert sum(block.size_mw for block in blocks) == pytest.approx(133.0)
    assert [block.size_mw for block in blocks[:-1]] == [8.0] * 16


def test_a_phase_of_no_length_is_energised_at_once():
    assert [block.energised_s for block in blocks_of(5.0, 30.0, 0.0, 10.0)] == [5.0, 5.0, 5.0]


@pytest.mark.parametrize("burn_in_s", [0.0, 10.0, 40.0, 100.0])
def test_draw_is_straight_between_its_bends(burn_in_s):
    shape = DrawShape(40.0, burn_in_s, 0.9, 0.8)
    bends = draw_bends_s(shape)

    ages = np.linspace(-20.0, 200.0, 5001)
    lines = np.interp(ages, bends, draw_fraction(np.array(bends), shape))
    assert draw_fraction(ages, shape) == pytest.approx(lines, abs=1e-12)


@pytest.mark.parametrize(
    "keys", [{"phases": []}, {"phases": [a_phase()], "block_mw": 0.0}, {"phases": [a_phase(size_mw=0.0)]}]
)
def test_impossible_tenants_are_refused(keys):
    with pytest.raises(ValidationError):
        TenantLoad.model_validate({**TENANT, **keys})


def energised(seed, chance):
    load = TENANT | {"phases": [a_phase()], "arrival_fraction": chance, "slip": {"median_d": 5.0}}
    result = run(a_scenario(loads=[load], start=START, days=60.0, seed=seed, fleets=[]))
    absent = [event.value for event in result.recording.events if event.kind == "absent"]
    assert absent in ([], [20.0])
    assert bool(absent) == (result.recording["ai_power_mw"].maximum() == 0.0)
    return [event for event in result.recording.events if event.kind == "energised"]


def test_a_tenant_comes_with_its_chance_and_every_other_draw_stays():
    assert energised(1, 0.0) == []
    found = [(energised(seed, 0.5), energised(seed, 1.0)) for seed in range(30)]
    assert all(half in ([], whole) for half, whole in found)
    assert 8 <= sum(bool(half) for half, _ in found) <= 22


def rented(*phases, median_d=0.0, days=120.0, **terms):
    """Return a run with a lease of 20 MW at 1,000 USD/h from its start, where phases are all so late."""
    lease = {"name": "gpu", "critical_mw": 20.0, "rent_usd_per_mw_year": 438_000.0, "escalator_fraction": 0.0}
    slip = {"median_d": median_d, "sigma": 0.0}
    tenant = TENANT | {"phases": list(phases), "slip": slip}
    return run(a_scenario(loads=[tenant], start=START, days=days, fleets=[], leases=[lease | terms]))


def amount_usd(result, item):
    return sum(line.amount_usd for line in ledger(result.recording) if line.item == f"gpu: {item}")


def test_rent_by_delivery_is_owed_for_each_hall_from_the_day_that_it_stands():
    whole, delivered = rented(a_phase()), rented(a_phase(), rent_from="delivery")

    assert amount_usd(whole, "rent") == pytest.approx(1000.0 * 24.0 * 120.0)
    assert amount_usd(delivered, "rent") == pytest.approx(500.0 * 24.0 * (100.0 + 90.0))
    assert amount_usd(delivered, "damages for delay") == 0.0


def test_a_late_hall_costs_its_share_of_the_rent_for_each_day():
    late = rented(a_phase(), median_d=30.0, rent_from="delivery", delay_damages_ratio=0.5)

    assert amount_usd(late, "rent") == pytest.approx(500.0 * 24.0 * (70.0 + 60.0))
    assert amount_usd(late, "damages for delay") == pytest.approx(-0.5 * 500.0 * 24.0 * (30.0 + 30.0))
    assert late.metrics["penalty_usd"] == pytest.approx(0.5 * 500.0 * 24.0 * 60.0)


def test_rent_that_delay_costs_and_damages_come_off_the_worth_of_a_lease():
    terms = {"rent_from": "delivery", "delay_damages_ratio": 0.5, "ebitda_margin_fraction": 0.8}
    there = a_phase(ready="2025-01-01T00:00:00-06:00")
    on_time, late = rented(there, **terms), rented(a_phase(), median_d=30.0, **terms)

    lost_usd = 0.8 * 500.0 * 24.0 * (50.0 + 60.0) + 0.5 * 500.0 * 24.0 * 60.0
    difference = on_time.metrics["npv_leases_usd"] - late.metrics["npv_leases_usd"]
    assert difference == pytest.approx(lost_usd)


def test_by_delivery_no_more_is_owed_than_is_delivered():
    half = rented(a_phase(length_d=400.0), days=300.0, rent_from="delivery", take_or_pay_fraction=0.5)

    # one hall stands from day 210: 45 days of filling bring its draw above the half that is owed at least
    assert 250.0 * 24.0 * 90.0 < amount_usd(half, "rent") < 500.0 * 24.0 * 90.0
