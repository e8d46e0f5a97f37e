"""What a month's peak costs, and the ratchet after it."""

import pytest

from sim.market.demand_charge import BillingMonth, DemandCharge, ratchet_mw


@pytest.mark.parametrize(("months_since", "billed_mw"), [(10, 80.0), (11, 40.0)])
def test_the_ratchet_looks_back_eleven_months_and_no_further(months_since, billed_mw):
    peaks_mw = [100.0, *([50.0] * months_since)]
    assert ratchet_mw(0.8, peaks_mw) == billed_mw
    charge = DemandCharge(usd_per_kw_month=6.0, ratchet_fraction=0.8, previous_peak_mw=100.0)
    month = BillingMonth("2024-06", 0.0, 30 * 86_400.0)
    assert charge.terms(month, 86_400.0, peaks_mw[1:]).floor_mw == billed_mw
