import json
from dataclasses import fields, is_dataclass
from typing import get_args, get_type_hints

import pytest

from sim import facts as kinds
from sim.facts import Facts, FleetFacts, LoadFacts, PoolFacts, SpanFacts

NUMBERS = {
    "hall.one.rated_mw": 80.0,
    "load.llama.pue_ratio": 1.2,
    "load.llama.iteration_period_s": 5.0,
    "load.chat.pue_ratio": 1.25,
    "fleet.s21-xp.rated_mw": 60.0,
    "fleet.s21-xp.minimum_mw": 0.5,
    "ancillary.rrs.policy_up_to_mw": 10.0,
    "run.utc_offset_s": -18000.0,
    "lease.one.critical_mw": 50.0,
    "lease.one.start_s": -100.0,
    "lease.one.end_s": 900.0,
    "lease.one.pass_through": 1.0,
    "lease.one.tenant_keeps_curtailment": 0.0,
    "lease.one.part.load.llama": 1.0,
    "lease.one.part.hall.one": 1.0,
    "cost.fixed_usd_per_year": 0.0,
    "valuation.discount_rate_fraction": 0.1,
    "valuation.capex_to_complete_usd": 0.0,
    "valuation.net_debt_usd": 0.0,
    "valuation.mining_multiple.low_ratio": 6.0,
    "grid.short_circuit_mva": 500.0,
    "grid.frequency.kinetic_mws": 1000.0,
    "grid.frequency.governor.0.gain_mw_per_hz": 20.0,
    "grid.count_limits": 1.0,
    "grid.limit.own.kind": 0.0,
    "grid.limit.own.window_s": 5.0,
    "supply.delivery_usd_per_mwh": 3.0,
    "four_cp.rate_usd_per_kw_year": 65.0,
    "four_cp.2024-06.start_s": 10.0,
    "four_cp.2024-06.end_s": 20.0,
    "four_cp.unknown_count": 3,
    "four_cp.peaks_count": 4,
    "pool_fee_fraction": 0.02,
    "stale_fraction": 0.0,
    "billing_month.2024-06.start_s": 0.0,
    "billing_month.2024-06.end_s": 100.0,
    "load.chat.served_token_count": 7.0,
    "fleet.s21-xp.start_count": 4,
    "run.event_count": 12,
    "pool.expected_block_count": 1.5,
}


def test_numbers_by_dotted_names_come_back_in_their_order():
    numbers = Facts.of(NUMBERS).numbers()
    assert json.dumps(numbers) == json.dumps(NUMBERS)  # whole numbers stay whole, and the order counts


def test_facts_are_met_by_their_types():
    facts = Facts.of(NUMBERS)
    efficiency = facts.fleet["s21-xp"].efficiency_j_per_th
    assert facts.fleet == {"s21-xp": FleetFacts(60.0, 0.5, efficiency, start_count=4)}
    assert facts.lease["one"].part == ("load.llama", "hall.one")
    assert facts.lease["one"].pass_through is True
    assert facts.four_cp.peak == {"2024-06": SpanFacts(10.0, 20.0)}
    assert facts.grid.limit == {"own": {"kind": 0.0, "window_s": 5.0}}
    assert facts.grid.frequency["governor.0.gain_mw_per_hz"] == 20.0
    assert facts.pool == PoolFacts(1.5)
    assert facts.demand_charge is None


def test_what_is_not_stated_has_no_name():
    assert Facts().numbers() == {}
    assert Facts(fleet={"a": FleetFacts(minimum_mw=1.0)}).numbers() == {"fleet.a.minimum_mw": 1.0}


def test_an_older_result_that_states_less_or_something_else_is_read():
    facts = Facts.of({"pool_fee_fraction": 0.02, "fleet.a.rated_mw": 5.0, "fleet.a.of_old": 1.0, "gone": 2.0})
    assert (facts.accepted_fraction, facts.paid_fraction) == (1.0, 0.98)
    assert facts.fleet["a"].rated_mw == 5.0
    assert (facts.run.utc_offset_s, facts.cost.fixed_usd_per_year, facts.valuation) == (None, None, None)


def test_times_move_with_the_beginning_of_the_run():
    moved = Facts.of(NUMBERS).moved(-10.0)
    assert (moved.lease["one"].start_s, moved.lease["one"].end_s) == (-110.0, 890.0)
    assert moved.four_cp.peak["2024-06"] == SpanFacts(0.0, 10.0)
    assert moved.billing_month["2024-06"] == SpanFacts(-10.0, 90.0)
    assert moved.fleet == Facts.of(NUMBERS).fleet


def test_a_load_states_its_facts_in_parts():
    both = LoadFacts(pue_ratio=1.2, sample_spacing_s=5.0) | LoadFacts(sample_spacing_s=1.0)
    assert both == LoadFacts(pue_ratio=1.2, sample_spacing_s=1.0)
    assert Facts().of_load("unknown") == LoadFacts()


@pytest.mark.parametrize("kind", [kind for kind in vars(kinds).values() if is_dataclass(kind)])
def test_every_field_is_of_a_type_that_is_written_and_read(kind):
    plain = {float, int, bool, type(None), str}

    def parts(hint):
        return {one for arg in get_args(hint) if arg is not ... for one in parts(arg)} or {hint}

    hints = get_type_hints(kind)
    found = {one for field in fields(kind) for one in parts(hints[field.name])}
    assert all(one in plain or is_dataclass(one) for one in found)
