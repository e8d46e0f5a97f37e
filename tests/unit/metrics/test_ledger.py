import math
from dataclasses import replace

import pytest

from sim.facts import Facts
from sim.metrics import measure
from sim.metrics.accounts import statement, total
from sim.metrics.ledger import ACCOUNTS, ledger, sum_usd
from sim.metrics.ledger.lines import LedgerLine
from sim.metrics.ledger.power import site_bill
from sim.signals import Signal

HOUR_S = 3600.0
LEASE = {
    "critical_mw": 100.0,
    "rent_usd_per_mw_year": 876_000.0,
    "take_or_pay_fraction": 1.0,
    "ebitda_margin_fraction": 0.8,
    "escalator_fraction": 0.0,
    "term_years": 10.0,
    "capex_usd_per_mw": 1e6,
    "pass_through": 1.0,
    "tenant_keeps_curtailment": 0.0,
    "curtailment_share_fraction": 0.5,
    "start_s": 0.0,
    "end_s": 1e9,
}


def with_signals(recording, **signals):
    end_s = recording.end_s
    added = {
        name: signal if isinstance(signal, Signal) else Signal.constant(signal, end_s)
        for name, signal in signals.items()
    }
    return replace(recording, signals={**recording.signals, **added})


def leased(recording, name="gpu", parts=("load.a",), rent=10_000.0, **terms):
    constants = {f"lease.{name}.{term}": value for term, value in {**LEASE, **terms}.items()}
    constants |= {f"lease.{name}.part.{part}": 1.0 for part in parts}
    recording = replace(recording, facts=Facts.of({**recording.constants, **constants}))
    return with_signals(recording, **{f"lease.{name}.rent_usd_per_h": rent})


def amounts(recording):
    return {(line.segment, line.account, line.item): line.amount_usd for line in ledger(recording)}


def line_of(recording, item):
    (found,) = (line for line in ledger(recording) if line.item == item)
    return found


# -- mining and power ---------------------------------------------------------------------------------------


def test_a_plain_site_has_a_line_of_bitcoin_and_one_of_power_for_each_segment(record):
    found = amounts(record({"a": 100.0}, {"m": 24.0}, price=40.0))
    assert found["mining", "mining", "bitcoin mined, net of the pool fee"] == pytest.approx(2400.0)
    assert found["mining", "power", "real time"] == pytest.approx(-960.0)
    assert found["ai", "power", "AI loads: real time"] == pytest.approx(-4000.0)


def test_a_line_is_quantity_times_price(record):
    line = line_of(record({"a": 100.0}, {"m": 24.0}, btc=80_000.0), "bitcoin mined, net of the pool fee")
    assert (line.quantity, line.unit) == (pytest.approx(0.03), "BTC")
    assert line.price == pytest.approx(80_000.0)


def test_a_line_without_quantity_has_no_price():
    assert math.isnan(LedgerLine("mining", "power", "x", 0.0, "MWh", 5.0).price)


def test_the_power_lines_add_up_to_the_bill_that_the_metrics_know(record):
    price = Signal.steps([0.0, 900.0, 1800.0], [40.0, -10.0, 100.0], HOUR_S)
    recording = record({"a": 100.0, "b": 7.0}, {"m": [(0.0, 0.0), (HOUR_S, 40.0)]}, price=price)
    power_usd = sum_usd(line for line in ledger(recording) if line.account == "power")
    assert -power_usd == pytest.approx(measure(recording)["power_cost_usd"].value, rel=1e-12)


def test_under_a_contract_ai_pays_its_price_and_mining_gets_the_resale(record):
    # 150 MW at 30 are paid for; AI draws 100, miners 20, so 30 MW are sold at 80
    recording = record({"a": 100.0}, {"m": 20.0}, price=80.0, constants={"supply.resale": 1.0})
    recording = with_signals(recording, contract_mw=150.0, contract_price_usd_per_mwh=30.0)
    found = amounts(recording)
    assert found["ai", "power", "AI loads: contract"] == pytest.approx(-3000.0)
    assert found["mining", "power", "contract"] == pytest.approx(-50.0 * 30.0)
    assert found["mining", "power", "resale"] == pytest.approx(30.0 * 80.0)
    assert ("mining", "power", "real time") not in found
    bill = site_bill(recording)
    assert sum(bought.cost_usd for bought in bill.values()) == pytest.approx(150 * 30.0 - 30 * 80.0)


def test_a_contract_without_resale_is_paid_for_whether_drawn_or_not(record):
    recording = record({"a": 100.0}, {"m": 20.0}, price=80.0)
    recording = with_signals(recording, contract_mw=150.0, contract_price_usd_per_mwh=30.0)
    power_usd = sum_usd(line for line in ledger(recording) if line.account == "power")
    assert power_usd == pytest.approx(-4500.0)


def test_what_goes_beyond_the_contract_is_bought_in_real_time_by_mining(record):
    recording = record({"a": 100.0}, {"m": 60.0}, price=80.0, constants={"supply.resale": 1.0})
    recording = with_signals(recording, contract_mw=150.0, contract_price_usd_per_mwh=30.0)
    found = amounts(recording)
    assert found["mining", "power", "contract"] == pytest.approx(-1500.0)
    assert found["mining", "power", "real time"] == pytest.approx(-800.0)
    assert ("mining", "power", "resale") not in found


def test_while_no_contract_is_in_force_ai_pays_the_real_time_price(record):
    contract = Signal.steps([0.0, 1800.0], [150.0, 0.0], HOUR_S)
    recording = with_signals(record({"a": 100.0}, price=80.0), contract_mw=contract, contract_price_usd_per_mwh=30.0)
    found = amounts(recording)
    assert found["ai", "power", "AI loads: contract"] == pytest.approx(-1500.0)
    assert found["ai", "power", "AI loads: real time"] == pytest.approx(-4000.0)


def test_each_segment_pays_delivery_on_what_it_draws(record):
    recording = record({"a": 100.0}, {"m": 20.0}, constants={"supply.delivery_usd_per_mwh": 5.0})
    found = amounts(recording)
    assert found["ai", "power", "AI loads: delivery"] == pytest.approx(-500.0)
    assert found["mining", "power", "delivery"] == pytest.approx(-100.0)


def test_own_generation_saves_import_and_costs_what_it_costs(record):
    constants = {"generation.cost_usd_per_mwh": 10.0}
    recording = with_signals(record({"a": 100.0}, {"m": 60.0}, price=40.0, constants=constants), generation_mw=50.0)
    power_usd = sum_usd(line for line in ledger(recording) if line.account == "power")
    assert power_usd == pytest.approx(-(110.0 * 40.0 + 50.0 * 10.0))
    assert line_of(recording, "generation").amount_usd == pytest.approx(-500.0)


def test_a_contract_as_consumed_is_paid_for_as_far_as_it_is_drawn(record):
    recording = record({"a": 100.0}, {"m": 20.0}, price=80.0, constants={"supply.as_consumed": 1.0})
    recording = with_signals(recording, contract_mw=150.0, contract_price_usd_per_mwh=30.0)
    found = amounts(recording)
    assert found["ai", "power", "AI loads: contract"] == pytest.approx(-3000.0)
    assert found["mining", "power", "contract"] == pytest.approx(-600.0)


def test_own_generation_is_exported_while_it_earns_its_cost_and_costs_nothing_unused(record):
    constants = {"generation.cost_usd_per_mwh": 10.0, "generation.export_limit_mw": 30.0}
    price = Signal.steps([0.0, 1800.0], [40.0, 5.0], HOUR_S)
    recording = with_signals(record({"a": 50.0}, price=price, constants=constants), generation_mw=100.0)
    found = amounts(recording)
    assert found["mining", "power", "generation"] == pytest.approx(-10.0 * (50.0 + 15.0))
    assert found["mining", "power", "export"] == pytest.approx(15.0 * 40.0)


# -- leases -------------------------------------------------------------------------------------------------


def test_a_lease_pays_rent_and_energy_at_cost_less_the_landlords_operations(record):
    found = amounts(leased(record({"a": 100.0}, price=40.0)))
    assert found["ai", "lease", "gpu: rent"] == pytest.approx(10_000.0)
    assert found["ai", "opex", "gpu: landlord's operations"] == pytest.approx(-2000.0)
    assert found["ai", "lease", "gpu: energy passed through"] == pytest.approx(4000.0)
    assert found["ai", "power", "lease gpu: real time"] == pytest.approx(-4000.0)
    assert sum(found.values()) == pytest.approx(8000.0)


def test_rent_is_a_quantity_of_leased_power_at_a_yearly_price(record):
    line = line_of(leased(record({"a": 100.0})), "gpu: rent")
    assert (line.quantity, line.unit) == (pytest.approx(100.0 / 8760.0), "MW·year")
    assert line.price == pytest.approx(876_000.0)


def test_a_landlord_who_pays_for_energy_is_not_paid_back(record):
    found = amounts(leased(record({"a": 100.0}, price=40.0), pass_through=0.0))
    assert sum(found.values()) == pytest.approx(8000.0 - 4000.0)


def test_two_leases_pass_through_what_each_draws(record):
    recording = record({"a": 100.0, "b": 30.0}, price=40.0)
    recording = leased(leased(recording), name="two", parts=("load.b",))
    found = amounts(recording)
    assert found["ai", "lease", "gpu: energy passed through"] == pytest.approx(4000.0)
    assert found["ai", "lease", "two: energy passed through"] == pytest.approx(1200.0)


def test_below_take_or_pay_the_least_share_is_owed(record):
    recording = leased(record({"a": 30.0}), take_or_pay_fraction=0.6)
    assert line_of(recording, "gpu: rent").amount_usd == pytest.approx(6000.0)


def test_above_take_or_pay_the_used_share_is_owed_moment_by_moment(record):
    # IT power falls from 100 MW to nothing: the share is 1 to 0.5 for half an hour, then stays at 0.5
    recording = leased(
        record({"a": [(0.0, 125.0), (HOUR_S, 0.0)]}, constants={"load.a.pue_ratio": 1.25}),
        take_or_pay_fraction=0.5,
    )
    assert line_of(recording, "gpu: rent").amount_usd == pytest.approx(10_000.0 * (0.375 + 0.25))


def test_more_than_the_leased_power_owes_no_more_than_the_rent(record):
    recording = leased(record({"a": 150.0}), take_or_pay_fraction=0.5)
    assert line_of(recording, "gpu: rent").amount_usd == pytest.approx(10_000.0)


def test_rent_and_energy_begin_with_the_lease(record):
    rent = Signal.steps([0.0, 1800.0], [0.0, 10_000.0], HOUR_S)
    recording = leased(record({"a": 100.0}, price=40.0), rent=rent, start_s=1800.0)
    found = amounts(recording)
    assert found["ai", "lease", "gpu: rent"] == pytest.approx(5000.0)
    assert found["ai", "lease", "gpu: energy passed through"] == pytest.approx(2000.0)
    assert found["ai", "power", "lease gpu: real time"] == pytest.approx(-4000.0)
    assert line_of(recording, "gpu: rent").quantity == pytest.approx(100.0 / 8760.0 / 2.0)


def test_a_hall_is_leased_at_its_meter_and_its_it_power_is_its_use(record):
    recording = with_signals(record({"a": 0.0}, price=40.0), **{"hall.h.power_mw": 80.0, "hall.h.it_power_mw": 60.0})
    recording = with_signals(recording, ai_power_mw=80.0, site_power_mw=80.0)
    recording = leased(recording, parts=("hall.h",), take_or_pay_fraction=0.1)
    assert line_of(recording, "gpu: energy passed through").amount_usd == pytest.approx(3200.0)
    assert line_of(recording, "gpu: rent").amount_usd == pytest.approx(6000.0)


def test_a_tenant_that_keeps_curtailment_value_gets_its_share_of_the_resale_gain(record):
    recording = record({"a": 100.0}, price=80.0, constants={"supply.resale": 1.0})
    recording = with_signals(recording, contract_mw=150.0, contract_price_usd_per_mwh=30.0)
    kept, passed = leased(recording), leased(recording, tenant_keeps_curtailment=1.0)
    gain_usd = 50.0 * (80.0 - 30.0)
    assert total(kept).ebitda_usd - total(passed).ebitda_usd == pytest.approx(0.5 * gain_usd)


# -- operations, penalties, closing -------------------------------------------------------------------------


def test_what_has_no_price_is_named_and_not_counted(record):
    lines = [line for line in ledger(record({"a": 100.0}, {"m": 24.0})) if line.account == "opex"]
    assert {line.item for line in lines} == {"operations (no price given: not counted)"}
    assert [(line.segment, line.quantity, line.amount_usd) for line in lines] == [
        ("mining", pytest.approx(24.0), 0.0),
        ("ai", pytest.approx(100.0), 0.0),
    ]


def test_operations_cost_by_the_megawatt_hour(record):
    constants = {"cost.mining_opex_usd_per_mwh": 8.0, "cost.ai_opex_usd_per_mwh": 2.0}
    found = amounts(record({"a": 100.0}, {"m": 24.0}, constants=constants))
    assert found["mining", "opex", "operations"] == pytest.approx(-192.0)
    assert found["ai", "opex", "operations"] == pytest.approx(-200.0)


def test_fixed_costs_run_by_the_hour(record):
    found = amounts(record({"a": 100.0}, constants={"cost.fixed_usd_per_year": 8.76e6}))
    assert found["site", "opex", "fixed"] == pytest.approx(-1000.0)


def test_a_fleet_of_bare_megawatts_starts_its_rise_over_the_power_of_a_machine(record):
    constants = {"cost.start_cost_usd_per_machine": 0.01, "cost.machine_power_w": 4000.0}
    fleet = [(0.0, 0.0), (600.0, 20.0), (1200.0, 10.0), (1800.0, 30.0)]
    line = line_of(record({"a": 1.0}, {"m": fleet}, constants=constants), "starts of machines")
    assert line.quantity == pytest.approx(40.0 / 0.004)
    assert line.amount_usd == pytest.approx(-100.0)


def test_machines_that_leave_sleep_are_counted_where_they_are_recorded(record):
    constants = {"cost.start_cost_usd_per_machine": 2.0, "cost.machine_power_w": 4000.0}
    recording = with_signals(
        record({"a": 1.0}, {"m": 20.0}, constants=constants),
        **{"fleet.m.asleep_count": Signal.steps([0.0, 60.0, 600.0, 900.0], [50, 20, 40, 35], HOUR_S)},
    )
    assert line_of(recording, "starts of machines").quantity == 35.0


def test_cycles_of_the_clock_and_repairs_cost_where_a_price_is_given(record):
    constants = {"cost.cycle_cost_usd_per_machine": 0.5, "cost.repair_cost_usd_per_machine": 500.0}
    times_s = [0.0, 60.0, 600.0, 900.0, 1200.0]
    recording = with_signals(
        record({"a": 1.0}, {"m": 20.0}, constants=constants),
        **{
            "fleet.m.setpoint_fraction": Signal.steps(times_s, [1.0, 0.6, 0.8, 0.0, 0.9], HOUR_S),
            "fleet.m.hashing_count": Signal.steps([0.0, 600.0], [50, 40], HOUR_S),
            "fleet.m.failed_count": Signal.steps([0.0, 60.0, 90.0], [3, 4, 2], HOUR_S),
        },
    )
    cycles, repairs = (line_of(recording, f"{item} of machines") for item in ("clock cycles", "repairs"))
    assert (cycles.quantity, cycles.amount_usd) == (pytest.approx(8.0), pytest.approx(-4.0))
    assert (repairs.quantity, repairs.amount_usd) == (1.0, -500.0)


def test_energy_above_the_limit_is_fined(record):
    constants = {"cost.exceedance_penalty_usd_per_mwh": 1000.0}
    recording = record({"a": [(0.0, 190.0), (HOUR_S, 210.0)]}, constants=constants)
    found = amounts(recording)
    assert found["site", "penalty", "energy above the limit"] == pytest.approx(-2500.0)


def test_every_line_comes_from_an_account_and_the_sum_is_ebitda(record):
    constants = {"cost.mining_opex_usd_per_mwh": 8.0, "cost.fixed_usd_per_year": 1e6}
    recording = leased(record({"a": 100.0}, {"m": 24.0}, constants=constants))
    lines = ledger(recording)
    parts = [line for account in ACCOUNTS for line in account(recording) if not line.is_nothing]
    assert list(lines) == parts
    assert total(recording).ebitda_usd == sum_usd(lines)


# -- statement ----------------------------------------------------------------------------------------------


def test_a_row_is_revenue_power_other_and_their_sum(record):
    constants = {"cost.mining_opex_usd_per_mwh": 10.0}
    rows = {row.segment: row for row in statement(leased(record({"a": 100.0}, {"m": 24.0}, **constants)))}
    mining = rows["mining"]
    assert (mining.revenue_usd, mining.power_usd) == (pytest.approx(2400.0), pytest.approx(-960.0))
    assert (mining.other_usd, mining.ebitda_usd) == (pytest.approx(-240.0), pytest.approx(1200.0))
    for row in rows.values():
        assert row.revenue_usd + row.power_usd + row.other_usd == pytest.approx(row.ebitda_usd, abs=1e-6)
    assert set(rows) == {"mining", "ai", "total"}


def test_without_a_lease_what_ai_earns_is_not_known(record):
    rows = {row.segment: row for row in statement(record({"a": 100.0}, {"m": 24.0}))}
    for segment in ("ai", "total"):
        assert math.isnan(rows[segment].revenue_usd)
        assert math.isnan(rows[segment].ebitda_usd)
    assert rows["mining"].ebitda_usd == pytest.approx(1440.0)


def test_a_site_of_miners_alone_has_a_known_total(record):
    assert total(record({}, {"m": 24.0})).ebitda_usd == pytest.approx(1440.0)
