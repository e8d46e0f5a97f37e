"""The ledger closes: revenue less cost is EBITDA, and the segments' power is the site's bill."""

import math
from collections import defaultdict
from dataclasses import replace
from math import fsum
from pathlib import Path

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from quick import run

from sim import load_scenario
from sim.facts import Facts
from sim.metrics.accounts import statement, total
from sim.metrics.ledger import ledger
from sim.metrics.ledger.power import site_bill
from sim.recording import Recording, add_totals
from sim.signals import Signal

ROOT = Path(__file__).parents[2]
END_S = 7200.0
CENT = 0.005
LAW = examples(60)


def steps(low, high):
    """Step signals; a few of their times coincide with those of others."""

    def build(rows):
        rows = dict(rows)
        times_s = [0.0, *sorted(time_s for time_s in rows if time_s > 0.0)]
        return Signal.steps(times_s, [rows.get(time_s, low) for time_s in times_s], END_S)

    time_s = st.integers(0, 71).map(lambda hundred: 100.0 * hundred)
    value = st.integers(int(low), int(high)).map(float)
    return st.lists(st.tuples(time_s, value), max_size=6).map(build)


def lines(low, high):
    """Signals with ramps and jumps."""

    def build(values):
        times_s = np.linspace(0.0, END_S, len(values), endpoint=False)
        return Signal.linear(times_s, values, END_S)

    return st.lists(st.integers(low, high).map(float), min_size=1, max_size=8).map(build)


@st.composite
def recordings(draw, powers=lines):
    signals = {
        "load.a.power_mw": draw(powers(0, 150)),
        "load.b.power_mw": draw(powers(0, 90)),
        "fleet.m.power_mw": draw(powers(0, 60)),
        "fleet.m.commanded_mw": Signal.constant(0.0, END_S),
        "limit_mw": Signal.constant(200.0, END_S),
        "price_usd_per_mwh": draw(steps(-50, 500)),
        "hashprice_usd_per_ph_day": draw(steps(20, 80)),
        "price_usd_per_btc": draw(steps(50_000, 100_000)),
        "lease.x.rent_usd_per_h": draw(steps(0, 30_000)),
        "lease.y.rent_usd_per_h": Signal.constant(8_000.0, END_S),
    }
    constants = {
        "pool_fee_fraction": 0.02,
        "fleet.m.efficiency_j_per_th": 20.0,
        "fleet.m.rated_mw": 60.0,
        "fleet.m.minimum_mw": 0.0,
        "cost.machine_power_w": 3500.0,
        "cost.mining_opex_usd_per_mwh": 8.0,
        "cost.start_cost_usd_per_machine": 0.01,
        "cost.exceedance_penalty_usd_per_mwh": 1000.0,
        "cost.fixed_usd_per_year": 1e6,
    }
    for name, load in (("x", "a"), ("y", "b")):
        terms = {
            "critical_mw": 80.0,
            "take_or_pay_fraction": draw(st.sampled_from([0.0, 0.5, 1.0])),
            "ebitda_margin_fraction": 0.87,
            "pass_through": draw(st.sampled_from([0.0, 1.0])),
            "tenant_keeps_curtailment": draw(st.sampled_from([0.0, 1.0])),
            "curtailment_share_fraction": 0.4,
            "start_s": draw(st.sampled_from([-1e6, 0.0])),
            "end_s": 1e9,
            f"part.load.{load}": 1.0,
        }
        constants |= {f"lease.{name}.{term}": value for term, value in terms.items()}
    if draw(st.booleans()):
        signals["contract_mw"] = draw(steps(0, 180))
        signals["contract_price_usd_per_mwh"] = draw(steps(20, 60))
        settlement = draw(st.sampled_from(["resale", "take-or-pay", "as-consumed"]))
        constants["supply.resale"] = float(settlement == "resale")
        constants["supply.as_consumed"] = float(settlement == "as-consumed")
    if draw(st.booleans()):
        signals["generation_mw"] = draw(powers(0, 120))
        constants["generation.cost_usd_per_mwh"] = 12.0
        constants["generation.export_limit_mw"] = draw(st.sampled_from([0.0, 40.0]))
    if draw(st.booleans()):
        constants["supply.delivery_usd_per_mwh"] = 4.0
    return Recording(0.0, END_S, add_totals(signals, END_S), (), Facts.of(constants))


def scale_usd(recording):
    """All that changes hands [USD]: what rounding is small against."""
    return 1.0 + fsum(abs(line.amount_usd) for line in ledger(recording))


def by_item(recording):
    found = defaultdict(lambda: (0.0, 0.0))
    for line in ledger(recording):
        quantity, amount = found[line.segment, line.account, line.item]
        found[line.segment, line.account, line.item] = (quantity + line.quantity, amount + line.amount_usd)
    return found


@LAW
@given(recordings())
def test_the_lines_add_up_to_ebitda_and_segments_to_the_total(recording):
    *segments, whole = statement(recording)
    assert fsum(line.amount_usd for line in ledger(recording)) == pytest.approx(whole.ebitda_usd, abs=CENT)
    assert fsum(row.ebitda_usd for row in segments) == pytest.approx(whole.ebitda_usd, abs=CENT)
    for row in (*segments, whole):
        assert row.revenue_usd + row.power_usd + row.other_usd == pytest.approx(row.ebitda_usd, abs=CENT)
        assert row.revenue_usd >= 0.0 >= row.other_usd


@LAW
@given(recordings())
def test_the_segments_power_is_the_sites_bill(recording):
    paid_usd = -fsum(line.amount_usd for line in ledger(recording) if line.account == "power")
    bill_usd = fsum(bought.cost_usd for bought in site_bill(recording).values())
    assert paid_usd == pytest.approx(bill_usd, abs=1e-9 * scale_usd(recording))


@LAW
@given(recordings())
def test_every_line_is_its_quantity_at_its_price(recording):
    for line in ledger(recording):
        if line.quantity:
            assert line.quantity * line.price == pytest.approx(line.amount_usd, rel=1e-12, abs=1e-12)


@LAW
@given(recordings(powers=steps))
def test_quantities_and_amounts_are_plain_sums_of_steps(recording):
    # an independent sum: all is constant between any two breakpoints
    times_s = np.unique(np.concatenate([signal.time_s for signal in recording.signals.values()]))
    hours = np.diff(np.append(times_s, END_S)) / 3600.0
    at = {name: signal.at(times_s) for name, signal in recording.signals.items()}
    price, ai, constants = at["price_usd_per_mwh"], at["ai_power_mw"], recording.constants
    site = at["site_power_mw"]
    taken = np.maximum(site - at.get("generation_mw", 0.0 * site), 0.0)
    contract, paid = (at.get(name, 0.0 * site) for name in ("contract_mw", "contract_price_usd_per_mwh"))
    resale = constants.get("supply.resale", 0.0)
    delivery = constants.get("supply.delivery_usd_per_mwh", 0.0)
    generation, cost = at.get("generation_mw", 0.0 * site), constants.get("generation.cost_usd_per_mwh", 0.0)
    exported = np.minimum(np.maximum(generation - site, 0.0), constants.get("generation.export_limit_mw", 0.0))
    exported = np.where(price > cost, exported, 0.0)
    bought = np.minimum(contract, taken) if constants.get("supply.as_consumed", 0.0) else contract
    usd_per_h = (
        bought * paid
        + np.maximum(taken - contract, 0.0) * price
        - resale * np.maximum(contract - taken, 0.0) * price
        + taken * delivery
        + (np.minimum(generation, site) + exported) * cost
        - exported * price
    )
    ai_usd_per_h = ai * (np.where(contract > 0.0, paid, price) + delivery)
    found = defaultdict(float)
    for line in ledger(recording):
        found[line.segment, line.account] -= line.amount_usd
    tolerance = 1e-9 * scale_usd(recording)
    assert found["ai", "power"] == pytest.approx(float(hours @ ai_usd_per_h), abs=tolerance)
    assert found["mining", "power"] == pytest.approx(float(hours @ (usd_per_h - ai_usd_per_h)), abs=tolerance)
    mined = 0.98 * 50.0 / 24.0 * at["fleet_power_mw"] * at["hashprice_usd_per_ph_day"]
    assert -found["mining", "mining"] == pytest.approx(float(hours @ mined), abs=tolerance)
    for line in ledger(recording):
        if line.item in {"operations", "lease x: contract", "lease x: real time"}:
            held = (contract > 0.0).astype(float)
            drawn = {
                "operations": at["fleet_power_mw"],
                "lease x: contract": at["load.a.power_mw"] * held,
                "lease x: real time": at["load.a.power_mw"] * (1.0 - held),
            }
            assert line.quantity == pytest.approx(float(hours @ drawn[line.item]), rel=1e-9, abs=1e-9)


@LAW
@given(recordings())
def test_doubling_every_price_doubles_every_line(recording):
    double = {name: 2.0 * signal if "usd" in name else signal for name, signal in recording.signals.items()}
    prices = {name: 2.0 * value if "_usd_per_" in name else value for name, value in recording.constants.items()}
    before, after = by_item(recording), by_item(replace(recording, signals=double, facts=Facts.of(prices)))
    assert before.keys() == after.keys()
    for item, (quantity, amount) in before.items():
        same_quantity = quantity if "tenant keeps" not in item[2] else 2.0 * quantity
        assert after[item][0] == pytest.approx(same_quantity, rel=1e-9, abs=1e-9)
        assert after[item][1] == pytest.approx(2.0 * amount, rel=1e-9, abs=1e-9 * scale_usd(recording))


@LAW
@given(recordings(), st.integers(1, 71))
def test_two_parts_of_a_run_add_up_to_the_whole(recording, cut):
    cut_s = 100.0 * cut + 0.5
    first, second = by_item(recording.between(0.0, cut_s)), by_item(recording.between(cut_s, END_S))
    tolerance = 1e-9 * scale_usd(recording)
    for item, (quantity, amount) in by_item(recording).items():
        assert first[item][0] + second[item][0] == pytest.approx(quantity, rel=1e-9, abs=1e-9 * END_S), item
        assert first[item][1] + second[item][1] == pytest.approx(amount, abs=tolerance), item


def test_the_books_of_helios_close():
    scenario = load_scenario(ROOT / "scenarios" / "helios.yaml", overrides={"days": 0.5})
    result = run(scenario)
    rows = {row.segment: row for row in statement(result.recording)}
    ebitda_usd = total(result.recording).ebitda_usd
    assert not math.isnan(ebitda_usd)
    assert fsum(line.amount_usd for line in ledger(result.recording)) == pytest.approx(ebitda_usd, abs=CENT)
    assert -rows["total"].power_usd == pytest.approx(result.metrics["power_cost_usd"].value, abs=CENT)
    assert -rows["mining"].power_usd == pytest.approx(result.metrics["fleet_power_cost_usd"].value, abs=CENT)
