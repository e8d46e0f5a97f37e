import numpy as np
import pytest

from sim.market.rents import (
    LeaseTerms,
    billed_mw,
    lease_cash_flow_usd,
    lease_ebitda_usd,
    lease_rent_usd,
    mean_rent_usd_per_mw_year,
)


def test_rent_rises_by_the_escalator_each_year():
    rent_usd = lease_rent_usd(2e6, 100.0, np.arange(3.0), escalator_fraction=0.10)

    assert rent_usd == pytest.approx([200e6, 220e6, 242e6])


def test_a_tenant_pays_for_what_it_takes_and_at_least_for_what_it_must():
    assert billed_mw(200.0, np.array([0.0, 120.0, 160.0, 200.0]), 0.75).tolist() == [
        150.0,
        150.0,
        160.0,
        200.0,
    ]
    assert billed_mw(200.0, 0.0) == 200.0
    assert billed_mw(200.0, 40.0, take_or_pay_fraction=0.0) == 40.0


def test_the_mean_rent_of_a_lease_is_that_of_its_own_years():
    years_usd = lease_rent_usd(1.65e6, 100.0, np.arange(15.0))

    assert mean_rent_usd_per_mw_year(years_usd.sum(), 15.0, 100.0) == pytest.approx(years_usd.mean() / 100.0)


def test_a_landlord_spends_first_and_then_keeps_its_margin_of_the_rent():
    lease = LeaseTerms(
        10.0,
        years=2,
        rent_usd_per_mw_year=2e6,
        escalator_fraction=0.5,
        margin_fraction=0.8,
        capex_usd_per_mw=5e6,
    )

    assert lease_cash_flow_usd(lease) == pytest.approx([-50e6, 16e6, 24e6])


def test_a_slow_tenant_costs_its_landlord_unless_it_pays_anyway():
    slow_mw = np.array([0.0, 50.0, 100.0])
    loose = LeaseTerms(100.0, years=3, take_or_pay_fraction=0.0)

    unpaid = lease_cash_flow_usd(loose, slow_mw)

    assert unpaid[1] == 0.0
    assert unpaid[2] == pytest.approx(lease_cash_flow_usd(loose)[2] / 2.0)
    assert (
        lease_cash_flow_usd(LeaseTerms(100.0, years=3), slow_mw).tolist()
        == lease_cash_flow_usd(loose).tolist()
    )


def test_margins_apply_to_arrays():
    assert lease_ebitda_usd(np.array([100.0, 200.0]), 0.9).tolist() == [90.0, 180.0]
