"""No schedule and no policy beats the bound; the bound with inertia lies between it and brute force."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from quick import run

from sim.facts import Facts
from sim.market.ancillary import AncillaryService, Conditions
from sim.mining.cohort.spec import CohortFleet
from sim.mining.fleet import AggregateFleet
from sim.policies import POLICIES
from sim.recording import Recording, add_totals
from sim.signals import Signal
from sim.study.instants import setting_of
from sim.study.objective import objective_usd
from sim.study.optimum import LAYERS, benchmarks, inertia_usd
from sim.testing import a_scenario

END_S = 7200.0
powers_mw = st.floats(0.0, 300.0)
shares = st.floats(0.0, 1.0)
prices = st.floats(-200.0, 2000.0)
NEAR = 1e-6


def limited_bound_usd(recording, fleets):
    """Return the bound with standby and starts [USD]; where that is not known, the free bound."""
    lost_usd, found = inertia_usd(setting_of(recording), fleets), benchmarks(recording, fleets)
    return found.bound_usd if np.isnan(lost_usd) else found.limited_bound_usd(lost_usd)


def steps(values):
    return Signal.steps([END_S * position / len(values) for position in range(len(values))], values, END_S)


def lines(values):
    return Signal.linear([END_S * position / len(values) for position in range(len(values))], values, END_S)


def a_list(values, most=5):
    return st.lists(values, min_size=1, max_size=most)


def fleet(name, minimum_mw, rated_mw, efficiency_j_per_th):
    return AggregateFleet(
        name=name,
        type="aggregate",
        minimum_mw=minimum_mw,
        rated_mw=rated_mw,
        ramp_up_mw_per_s=1.0,
        ramp_down_mw_per_s=1.0,
        efficiency_j_per_th=efficiency_j_per_th,
    )


@st.composite
def sites(draw):
    """Return fleets and a recording in which they draw whatever they can."""
    fleets = [
        fleet(name, minimum, minimum + draw(st.floats(1.0, 100.0)), draw(st.floats(12.0, 60.0)))
        for name in ("a", "b")
        for minimum in [draw(st.sampled_from([0.0, 5.0]))]
    ]
    signals = {"load.ai.power_mw": lines(draw(a_list(powers_mw)))}
    for one in fleets:
        drawn = np.array(draw(a_list(shares))) * (one.rated_mw - one.minimum_mw) + one.minimum_mw
        signals |= {
            f"fleet.{one.name}.power_mw": lines(drawn),
            f"fleet.{one.name}.commanded_mw": Signal.constant(0.0, END_S),
        }
    signals |= {
        "limit_mw": steps(draw(a_list(powers_mw, 3))),
        "price_usd_per_mwh": steps(draw(a_list(prices, 4))),
        "hashprice_usd_per_ph_day": steps(draw(a_list(st.floats(5.0, 300.0), 3))),
        "price_usd_per_btc": Signal.constant(80_000.0, END_S),
    }
    constants = {"pool_fee_fraction": 0.02, "cost.mining_opex_usd_per_mwh": draw(st.sampled_from([0.0, 8.0]))}
    # without a price the bound keeps the limit, which these fleets do not
    constants["cost.exceedance_penalty_usd_per_mwh"] = draw(st.sampled_from([0.0, 30.0, 1000.0, 5000.0]))
    for one in fleets:
        constants |= {
            f"fleet.{one.name}.rated_mw": one.rated_mw,
            f"fleet.{one.name}.minimum_mw": one.minimum_mw,
            f"fleet.{one.name}.efficiency_j_per_th": one.efficiency_j_per_th,
        }
    signals, constants = draw(supplied(signals, constants))
    signals, constants = draw(offered(signals, constants))
    return fleets, Recording(0.0, END_S, add_totals(signals, END_S), (), Facts.of(constants))


@st.composite
def offered(draw, signals, constants):
    """Return signals and constants with services that the policy offered, as it liked."""
    for name in draw(st.sets(st.sampled_from(["regulation-up", "rrs", "regulation-down"]))):
        entry = AncillaryService(
            service=name,
            policy_up_to_mw=draw(st.floats(0.0, 120.0)),
            price={"type": "fixed", "price_usd_per_mwh": 0.0},
            response_s=draw(st.sampled_from([0.0, 300.0])),
            restore_s=draw(st.sampled_from([0.0, 300.0])),
        )
        paid = steps(draw(a_list(st.floats(0.0, 100.0), 3)))
        owed = steps(draw(a_list(st.floats(0.0, 100.0), 3)))
        share = steps(draw(a_list(st.one_of(st.just(0.0), shares), 5)))
        conditions = Conditions(Signal.constant(1.0, END_S), paid, owed, paid, share)
        sold = entry.sold_at(steps(draw(a_list(shares, 3))) * entry.policy_up_to_mw, conditions)
        names = ("award_mw", "price_usd_per_mwh", "shortfall_usd_per_mwh", "undelivered_usd_per_mwh")
        names += ("deployed_mw", "due_mw", "hold_mw")
        signals |= {f"ancillary.{name}.{what}": signal for what, signal in zip(names, sold, strict=True)}
        signals |= {
            f"ancillary.{name}.called_fraction": share,
            f"ancillary.{name}.base_mw": lines(draw(a_list(powers_mw))),
        }
        constants |= {
            f"ancillary.{name}.policy_up_to_mw": entry.policy_up_to_mw,
            f"ancillary.{name}.restored_after_s": entry.restored_after_s,
        }
    return signals, constants


@st.composite
def supplied(draw, signals, constants):
    """Return signals and constants with a contract, own generation and charges on peaks, or without."""
    if draw(st.booleans()):
        settlement = draw(st.sampled_from(["resale", "take-or-pay", "as-consumed"]))
        signals["contract_mw"] = Signal.constant(draw(powers_mw), END_S)
        signals["contract_price_usd_per_mwh"] = steps(draw(a_list(prices, 3)))
        constants |= {
            "supply.resale": float(settlement == "resale"),
            "supply.as_consumed": float(settlement == "as-consumed"),
            "supply.delivery_usd_per_mwh": 3.0,
        }
    if draw(st.booleans()):
        signals["generation_mw"] = steps(draw(a_list(powers_mw, 4)))
        signals["limit_mw"] = signals["limit_mw"] + signals["generation_mw"]
        constants["generation.cost_usd_per_mwh"] = draw(st.floats(0.0, 100.0))
        constants["generation.export_limit_mw"] = draw(powers_mw)
    if draw(st.booleans()):
        constants |= {
            "demand_charge.usd_per_kw_month": 10.0,
            "demand_charge.interval_s": 900.0,
            "demand_charge.ratchet_fraction": draw(st.sampled_from([0.0, 0.8])),
            "demand_charge.previous_peak_mw": draw(powers_mw),
            "billing_month.2026-01.start_s": -1e6,
            "billing_month.2026-01.end_s": 4000.0,
            "billing_month.2026-02.start_s": 4000.0,
            "billing_month.2026-02.end_s": 2e6,
        }
    if draw(st.booleans()):
        constants |= {
            "four_cp.rate_usd_per_kw_year": 65.0,
            "four_cp.previous_average_mw": 0.0,
            "four_cp.2026-07.start_s": 1800.0,
            "four_cp.2026-07.end_s": 2700.0,
        }
    return signals, constants


@examples(400)
@given(sites())
def test_no_schedule_beats_the_bound(site):
    fleets, recording = site
    found = benchmarks(recording, fleets)
    size = 1.0 + abs(found.bound_usd)

    assert objective_usd(recording) <= found.bound_usd + NEAR * size
    assert found.always_on_limited_usd <= found.bound_usd + NEAR * size


@examples(200)
@given(sites())
def test_the_yardstick_is_what_fleets_earn_that_fill_the_limit(site):
    fleets, recording = site
    room = recording["limit_mw"] - recording["ai_power_mw"]
    # the yardstick sells nothing that is left to the policy
    signals = {name: signal for name, signal in recording.signals.items() if not name.startswith("ancillary.")}
    left = room - sum(one.minimum_mw for one in fleets)
    for one in sorted(fleets, key=lambda one: one.efficiency_j_per_th):
        width_mw = one.rated_mw - one.minimum_mw
        share = left.positive_part().minimum_with(width_mw)
        signals[f"fleet.{one.name}.power_mw"] = share + one.minimum_mw
        left = left - width_mw
    for name in ("site_power_mw", "fleet_power_mw", "ai_power_mw", "fleet_commanded_mw"):
        signals.pop(name)
    filled = replace(recording, signals=add_totals(signals, END_S))

    found = benchmarks(recording, fleets)
    assert objective_usd(filled) == pytest.approx(found.always_on_limited_usd, rel=1e-6, abs=1e-3)


LOAD = {
    "name": "training",
    "type": "training",
    "gpus": 48960,
    "gpus_per_node": 8,
    "power_mw": 90.0,
    "pue": 1.25,
    "checkpoint": {"interval_min": 20.0, "stall_median_s": 20.0, "stall_sigma": 0.5},
    "failures": {"per_node_day": 0.02},
    "restart": {"mean_min": 4.0, "sigma": 0.5},
}
COHORT = {
    "name": "cohort",
    "type": "cohort",
    "model": "antminer-s21",
    "machine_count": 12_000,
    "block_mw": 4.0,
    "minimum_up_s": 900.0,
    "minimum_down_s": 1500.0,
}
AGGREGATE = {
    "name": "aggregate",
    "type": "aggregate",
    "rated_mw": 40.0,
    "minimum_mw": 2.0,
    "ramp_up_mw_per_s": 0.5,
    "ramp_down_mw_per_s": 5.0,
    "latency_s": 3.0,
    "efficiency_j_per_th": 24.0,
}
FIELDS = {
    "ancillary": None,  # needs a service to offer; see tests/property/test_offers.py
    "call-obedience": {"inner": {"type": "price-threshold"}},
    "four-cp": None,  # needs a system load from a file
    "http": None,  # asks a program outside; see tests/unit/policies/test_http.py
    "price-guard": {"inner": {"type": "follow-headroom"}},
    "ramp-limit": {"inner": {"type": "follow-headroom"}, "up_mw_per_min": 5.0},
    "minimum-dwell": {"inner": {"type": "follow-headroom"}, "minimum_s": 600.0},
    # answer a frequency that is followed inside the run
    "droop": None,
    "island-frequency": None,
    "under-frequency": None,
    "flat-site": {"site_mw": 130.0},
    "schedule": {"off": [{"from_h": 12.0, "until_h": 16.0}]},
}


def scenario_of(policy, seed, firmware, limit_mw):
    cohort = {**COHORT, "firmware": firmware}
    return a_scenario(
        loads=[LOAD],
        fleets=[cohort, AGGREGATE],
        limit_mw=limit_mw,
        days=0.125,
        seed=seed,
        policy={"type": policy, **(FIELDS.get(policy) or {})},
        # without a price on exceeding the limit the bound keeps it, which not every policy does
        costs={"exceedance_penalty_usd_per_mwh": 1000.0},
        market={
            "power": {"type": "synthetic"},
            "bitcoin": {"type": "fixed", "hashprice_usd_per_ph_day": 40.0},
        },
    )


@pytest.mark.parametrize(
    ("seed", "firmware", "limit_mw"), [(1, "quick", 120.0), (2, "stock", 150.0), (3, "safe", 170.0)]
)
def test_no_policy_beats_the_bounds(seed, firmware, limit_mw):
    for policy in POLICIES:
        if FIELDS.get(policy, {}) is None:
            continue
        scenario = scenario_of(policy, seed, firmware, limit_mw)
        recording = run(scenario).recording
        free_usd = benchmarks(recording, scenario.fleets).bound_usd
        limited_usd = limited_bound_usd(recording, scenario.fleets)
        worth_usd = objective_usd(recording)

        assert worth_usd <= limited_usd + 0.01, policy
        assert limited_usd <= free_usd + 0.01, policy


def test_starts_and_standby_lower_the_bound_of_a_cohort():
    """A price that flips each 5 minutes: worth little to machines that ramp for 5 minutes, or mine on."""
    spec = CohortFleet.model_validate({**COHORT, "firmware": "stock", "standby_w": 50.0})
    flips = np.tile([-20.0, 400.0], 12)
    signals = {
        "load.ai.power_mw": Signal.constant(0.0, END_S),
        "fleet.cohort.power_mw": Signal.constant(0.0, END_S),
        "fleet.cohort.hashrate_ph_s": Signal.constant(0.0, END_S),
        "fleet.cohort.commanded_mw": Signal.constant(0.0, END_S),
        "limit_mw": Signal.constant(500.0, END_S),
        "price_usd_per_mwh": steps(np.abs(flips).tolist()),
        "hashprice_usd_per_ph_day": Signal.constant(50.0, END_S),
        "price_usd_per_btc": Signal.constant(80_000.0, END_S),
    }
    recording = Recording(0.0, END_S, add_totals(signals, END_S), (), Facts.of({"pool_fee_fraction": 0.0}))
    free_usd = benchmarks(recording, [spec]).bound_usd
    lost_usd = inertia_usd(setting_of(recording), [spec])

    # of a start the best moment loses half a ramp at the harmonic sum of what it loses before and earns after
    earn = 50.0 * 1e3 / (24.0 * spec.efficiency_j_per_th)
    standby = 0.8 * 400.0 * spec.minimum_mw / spec.full_mw
    before, after = 0.8 * (400.0 - earn) - standby, earn - 20.0 + standby / 20.0
    starts = 11 * 150.0 / 3600.0 * before * after / (before + after)
    assert lost_usd == pytest.approx(spec.full_mw * (starts + 12 * standby * 300.0 / 3600.0), rel=1e-3)
    assert 0.3 * free_usd < lost_usd < free_usd


@pytest.mark.parametrize(("closed", "breaker"), [(0, None), (1, None), (12, None), (12, {}), (24, None)])
def test_each_layer_that_ai_closes_for_an_hour_loses_its_standby_and_its_start(closed, breaker):
    """A layer whose lower edge is in the room counts as open; what it could fill of it is all it can lose."""
    spec = CohortFleet.model_validate(
        {**COHORT, "firmware": "stock", "standby_w": 50.0, "breaker": breaker, "clock_minimum_fraction": 1.0}
    )
    end_s, (piece,) = 10_800.0, spec.worth.pieces
    left_mw = piece.width_mw * (1.0 - (closed + 0.5) / LAYERS)
    room = Signal.steps([0.0, 3600.0, 7200.0], [500.0, left_mw, 500.0], end_s)
    levels = {
        "load.ai.power_mw": 0.0, "fleet.cohort.power_mw": 0.0, "fleet.cohort.hashrate_ph_s": 0.0,
        "fleet.cohort.commanded_mw": 0.0, "price_usd_per_mwh": 30.0, "hashprice_usd_per_ph_day": 50.0,
        "price_usd_per_btc": 80_000.0,
    }  # fmt: skip
    signals = {name: Signal.constant(level, end_s) for name, level in levels.items()} | {"limit_mw": room}
    recording = Recording(0.0, end_s, add_totals(signals, end_s), (), Facts.of({"pool_fee_fraction": 0.0}))

    earn_usd = 50.0 / 24.0 * piece.output_per_mw - 30.0
    standby_usd = 0.0 if breaker is not None else 0.8 * 30.0 * spec.minimum_mw / piece.width_mw
    start_usd = spec.times.ramp_up_s / 2.0 / 3600.0 * (earn_usd + standby_usd)
    lost_usd = piece.width_mw / LAYERS * closed * (standby_usd + start_usd)
    assert earn_usd > 0.0
    assert inertia_usd(setting_of(recording), [spec]) == pytest.approx(lost_usd, rel=1e-9, abs=1e-6)


@examples(30)
@given(
    st.lists(st.sampled_from([20.0, 80.0, 150.0, 400.0, 3000.0]), min_size=2, max_size=6),
    st.sampled_from(["quick", "safe", "stock"]),
    st.sets(st.integers(0, 11), max_size=11),
    st.sampled_from([{}, {"breaker": {}}]),
)
def test_no_schedule_that_knows_all_prices_beats_the_bound_with_standby_and_starts(levels, firmware, off, breaker):
    cohort = {**COHORT, "firmware": firmware, "minimum_up_s": 0.0, "minimum_down_s": 0.0, **breaker}
    periods = [
        {"from_h": hour, "until_h": hour + 1, "price_usd_per_mwh": price} for hour, price in enumerate(levels, start=1)
    ]
    scenario = a_scenario(
        start="2026-01-05T01:00:00-06:00",
        fleets=[cohort],
        loads=[LOAD],
        limit_mw=200.0,
        days=len(levels) / 24.0,
        policy={
            "type": "schedule",
            "off": [{"from_h": 1.0 + half / 2.0, "until_h": 1.5 + half / 2.0} for half in sorted(off)]
            or [{"from_h": 23.0, "until_h": 24.0}],
        },
        market={
            "power": {"type": "time-of-use", "price_usd_per_mwh": 50.0, "periods": periods},
            "bitcoin": {"type": "fixed", "hashprice_usd_per_ph_day": 40.0},
        },
    )
    recording = run(scenario).recording
    limited_usd = limited_bound_usd(recording, scenario.fleets)
    assert objective_usd(recording) <= limited_usd + 0.01
    assert limited_usd <= benchmarks(recording, scenario.fleets).bound_usd


@st.composite
def steady_sites(draw):
    """Return a fleet, and what it meets for two hours in which nothing changes, with services to offer."""
    one = fleet("a", draw(st.sampled_from([0.0, 5.0])), 60.0, 20.0)
    signals = {
        "load.ai.power_mw": Signal.constant(draw(st.sampled_from([0.0, 40.0])), END_S),
        "fleet.a.commanded_mw": Signal.constant(0.0, END_S),
        "limit_mw": Signal.constant(draw(st.sampled_from([80.0, 120.0])), END_S),
        "price_usd_per_mwh": Signal.constant(draw(st.floats(0.0, 150.0)), END_S),
        "hashprice_usd_per_ph_day": Signal.constant(40.0, END_S),
        "price_usd_per_btc": Signal.constant(80_000.0, END_S),
    }
    constants = {
        "pool_fee_fraction": 0.0,
        "cost.exceedance_penalty_usd_per_mwh": 1000.0,
        "fleet.a.rated_mw": one.rated_mw,
        "fleet.a.minimum_mw": one.minimum_mw,
        "fleet.a.efficiency_j_per_th": one.efficiency_j_per_th,
    }
    # of two that share a room the bound fills it with the dearer, the market with the faster one
    names = draw(st.lists(st.sampled_from(["rrs", "regulation-down"]), min_size=1, unique=True))
    services = {
        name: (draw(st.floats(5.0, 60.0)), draw(st.floats(0.0, 60.0)), draw(st.floats(0.0, 80.0))) for name in names
    }
    return one, signals, constants, services


def steady(signals, constants, services, fleet_mw, awards_mw):
    """Return the recording of a steady site in which so much is drawn and sold."""
    signals = {**signals, "fleet.a.power_mw": Signal.constant(fleet_mw, END_S)}
    constants, nothing = dict(constants), Signal.constant(0.0, END_S)
    for name, (most_mw, *prices) in services.items():
        paid, owed = (Signal.constant(price, END_S) for price in prices)
        entry = AncillaryService(
            service=name, policy_up_to_mw=most_mw, price={"type": "fixed", "price_usd_per_mwh": 0.0}
        )
        conditions = Conditions(Signal.constant(1.0, END_S), paid, owed, paid, nothing)
        sold = entry.sold_at(Signal.constant(awards_mw[name], END_S), conditions)
        names = ("award_mw", "price_usd_per_mwh", "shortfall_usd_per_mwh", "undelivered_usd_per_mwh")
        names += ("deployed_mw", "due_mw", "hold_mw")
        signals |= {f"ancillary.{name}.{what}": signal for what, signal in zip(names, sold, strict=True)}
        signals |= {f"ancillary.{name}.called_fraction": nothing, f"ancillary.{name}.base_mw": nothing}
        constants |= {
            f"ancillary.{name}.policy_up_to_mw": most_mw,
            f"ancillary.{name}.restored_after_s": 600.0,
        }
    return Recording(0.0, END_S, add_totals(signals, END_S), (), Facts.of(constants))


@examples(40)
@given(steady_sites())
def test_the_bound_is_the_best_of_all_powers_and_offers_where_nothing_changes(site):
    one, signals, constants, services = site
    most_mw = {name: most for name, (most, *_) in services.items()}
    up_mw = [most for name, most in most_mw.items() if name != "regulation-down"]
    free_mw = signals["limit_mw"].at(0.0) - signals["load.ai.power_mw"].at(0.0)
    ends_mw = [
        one.minimum_mw,
        one.rated_mw,
        free_mw,
        min(free_mw, one.rated_mw) - most_mw.get("regulation-down", 0.0),
    ]
    corners_mw = {*ends_mw, *(one.minimum_mw + mw for mw in [*up_mw, sum(up_mw)])}
    powers_mw = [mw for mw in corners_mw if one.minimum_mw <= mw <= one.rated_mw]

    best_usd, bound_usd = -np.inf, None
    for fleet_mw in powers_mw:
        room_mw = {"up": fleet_mw - one.minimum_mw, "down": max(0.0, min(one.rated_mw, free_mw) - fleet_mw)}
        for order in product((0.0, 1.0, -1.0), repeat=len(services)):
            left_mw, awards_mw = dict(room_mw), {}
            for (name, most), choice in zip(most_mw.items(), order, strict=True):
                side = "down" if name == "regulation-down" else "up"
                # nothing, all, or what there is room for beside those before it
                awards_mw[name] = most * choice if choice >= 0.0 else min(most, max(left_mw[side], 0.0))
                left_mw[side] -= awards_mw[name]
            recording = steady(signals, constants, services, fleet_mw, awards_mw)
            best_usd = max(best_usd, objective_usd(recording))
            bound_usd = bound_usd or benchmarks(recording, [one]).bound_usd

    assert bound_usd == pytest.approx(best_usd, rel=1e-6, abs=1e-3)
