import re

import pytest
from quick import run

from sim.metrics.accounts import total
from sim.metrics.ledger import ledger
from sim.recording import SIGNALS
from sim.testing import a_scenario

INFERENCE = {"type": "inference", "power_mw": 40.0, "profile": "azure-conversation"}
LEASES = [
    {"name": "one", "critical_mw": 40.0, "loads": ["a"], "rent_usd_per_mw_year": 2e6},
    {"name": "two", "critical_mw": 40.0, "loads": ["b"], "power": "landlord", "curtailment_value": "tenant"},
]


@pytest.fixture(scope="module")
def recording():
    loads = [{"name": "a", **INFERENCE}, {"name": "b", **INFERENCE}]
    costs = {"mining_opex_usd_per_mwh": 8.0, "fixed_usd_per_year": 1e6}
    return run(a_scenario(loads=loads, leases=LEASES, costs=costs, days=0.05)).recording


def test_a_lease_is_recorded_with_its_rent_its_terms_and_its_loads(recording):
    assert recording.lease_names == ("one", "two")
    assert recording.lease_parts("one") == ("load.a",)
    assert recording["lease.one.rent_usd_per_h"].value.tolist() == pytest.approx([80e6 / 8760.0])
    assert recording.constants["lease.one.pass_through"] == 1.0
    assert recording.constants["lease.two.pass_through"] == 0.0
    assert recording.constants["lease.two.tenant_keeps_curtailment"] == 1.0
    assert recording.constants["lease.two.curtailment_share_fraction"] == 0.2


def test_rents_are_in_the_catalogue_of_signals(recording):
    names = {re.sub(r"^(load|fleet|lease)\.[^.]+\.", r"\1.*.", name) for name in recording.signals}
    assert "lease.*.rent_usd_per_h" in names <= {info.name for info in SIGNALS}


def test_costs_that_are_left_out_are_left_out_of_the_recording(recording):
    assert recording.constants["cost.mining_opex_usd_per_mwh"] == 8.0
    assert "cost.ai_opex_usd_per_mwh" not in recording.constants
    assert "valuation.asic_price_usd_per_th" not in recording.constants
    assert recording.constants["valuation.ai_multiple.base_ratio"] == 22.0


def test_the_clock_of_the_start_is_recorded(recording):
    assert recording.constants["run.utc_offset_s"] == -21_600.0


def test_the_books_of_a_run_close(recording):
    assert total(recording).ebitda_usd == pytest.approx(sum(line.amount_usd for line in ledger(recording)), abs=0.005)


def test_leases_change_nothing_of_the_timeline_of_a_run(recording):
    loads = [{"name": "a", **INFERENCE}, {"name": "b", **INFERENCE}]
    bare = run(a_scenario(loads=loads, days=0.05)).recording
    assert (bare["site_power_mw"] - recording["site_power_mw"]).maximum() == 0.0
    assert (bare["site_power_mw"] - recording["site_power_mw"]).minimum() == 0.0
