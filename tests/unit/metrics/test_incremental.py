import csv
import math
from math import fsum

import pytest
from quick import run

from sim import load_scenario
from sim.metrics import measure
from sim.metrics.accounts import incremental_ebitda_usd, incremental_lines
from sim.metrics.ledger import ledger
from sim.recording import Recording
from sim.report.build import write_tables

DEMAND = {
    "demand_charge.usd_per_kw_month": 5.0,
    "demand_charge.interval_s": 900.0,
    "demand_charge.ratchet_fraction": 0.0,
    "demand_charge.previous_peak_mw": 0.0,
    "billing_month.1970-01.start_s": 0.0,
    "billing_month.1970-01.end_s": 3600.0,
}


def test_mining_adds_what_it_earns_less_what_it_draws(record):
    # 24 MW at 20 J/TH is 1,200 PH/s: at 48 USD a PH/s and day 2,400 USD an hour; 24 MWh at 40 USD cost 960
    assert incremental_ebitda_usd(record({"a": 100.0}, {"m": 24.0})) == pytest.approx(1440.0)


def test_a_demand_charge_that_miners_cause_is_in_it(record):
    recording = record({"a": 100.0}, {"m": 24.0}, constants=DEMAND)
    lines = {line.item: line for line in incremental_lines(recording)}
    assert lines["demand charge 1970-01"].quantity == pytest.approx(24.0)
    assert lines["demand charge 1970-01"].amount_usd == pytest.approx(-24.0 * 5000.0)
    assert incremental_ebitda_usd(recording) == pytest.approx(1440.0 - 120_000.0)


def test_a_peak_of_the_run_costs_in_the_year_after(record):
    four_cp = {
        "four_cp.rate_usd_per_kw_year": 65.0,
        "four_cp.previous_average_mw": 0.0,
        "four_cp.unknown_count": 0.0,
        "four_cp.2024-08.start_s": 900.0,
        "four_cp.2024-08.end_s": 1800.0,
    }
    recording = record({"a": 100.0}, {"m": 24.0}, constants=four_cp)
    # a quarter of the year's rate for one of four peaks
    assert incremental_ebitda_usd(recording) == pytest.approx(1440.0 - 24.0 * 65_000.0 / 4.0)


def test_without_miners_mining_adds_nothing(record):
    recording = record({"a": 100.0}, constants=DEMAND)
    assert incremental_lines(recording) == ()
    assert incremental_ebitda_usd(recording) == 0.0


def test_the_sum_is_that_of_both_ledgers(record):
    recording = record({"a": [(0.0, 100.0), (3600.0, 20.0)]}, {"m": 24.0}, limit_mw=110.0, constants=DEMAND)
    with_mining = fsum(line.amount_usd for line in ledger(recording))
    without = fsum(line.amount_usd for line in ledger(recording.once(Recording.without_mining)))
    assert incremental_ebitda_usd(recording) == pytest.approx(with_mining - without)


def test_a_run_below_a_day_says_nothing_of_a_year(record):
    assert math.isnan(measure(record({"a": 1.0}, {"m": 1.0}))["incremental_ebitda_usd_per_year"])


def test_every_line_is_in_the_ledger_file_of_the_run(tmp_path):
    result = run(load_scenario("scenarios/replay-day.yaml"))
    write_tables(result.recording, tmp_path)
    with (tmp_path / "ledger.csv").open() as file:
        amounts = {(row["segment"], row["item"]): float(row["amount_usd"]) for row in csv.DictReader(file)}
    mining = fsum(amount for (segment, _), amount in amounts.items() if segment == "mining")
    # no lease, no charge on peaks: what mining adds is what its own segment of the ledger holds
    assert result.metrics["incremental_ebitda_usd"] == pytest.approx(mining)
