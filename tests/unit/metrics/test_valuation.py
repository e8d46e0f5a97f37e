import numpy as np
import pytest

from sim.bitcoin import breakeven_usd_per_mwh, hashprice_usd_per_ph_day
from sim.metrics.valuation import (
    HASHPRICE_CASES_USD_PER_PH_DAY,
    conversion_value_usd_per_mw,
    enterprise_value_usd,
    mining_margin_usd_per_mw_year,
    network_hashprice_ratio,
)


def test_a_business_is_worth_a_multiple_of_its_earnings():
    assert enterprise_value_usd(np.array([10e6, 20e6]), np.array([6.0, 25.0])).tolist() == [60e6, 500e6]


def test_when_a_quarter_of_the_network_stops_the_rest_earns_a_third_more():
    assert network_hashprice_ratio(250.0, 1000.0) == pytest.approx(4.0 / 3.0)
    assert network_hashprice_ratio(np.array([0.0, 500.0]), 1000.0).tolist() == [1.0, 2.0]


def test_the_ratio_is_that_of_hashprices_at_the_difficulties_of_both_networks():
    before = hashprice_usd_per_ph_day(100e12, 85_000.0, 3.125)
    after = hashprice_usd_per_ph_day(100e12 * 0.9, 85_000.0, 3.125)

    assert network_hashprice_ratio(0.1, 1.0) == pytest.approx(after / before, rel=1e-12)


def test_miners_earn_their_margin_in_the_hours_that_they_work():
    assert mining_margin_usd_per_mw_year(100.0, 40.0, 10.0, 1.0) == pytest.approx(50.0 * 8760.0)
    assert mining_margin_usd_per_mw_year(100.0, 40.0, 10.0, 0.5) == pytest.approx(25.0 * 8760.0)


def test_miners_that_lose_money_stand_still():
    assert mining_margin_usd_per_mw_year(np.array([30.0, 40.0, 41.0]), 32.0, 8.0, 1.0).tolist() == [
        0,
        0,
        8760.0,
    ]


def test_a_converted_megawatt_gains_the_lease_and_loses_capital_and_mining():
    value = conversion_value_usd_per_mw(
        0.5e6,
        rent_usd_per_mw_year=2e6,
        margin_fraction=0.9,
        critical_ratio=0.75,
        capex_usd_per_mw=10e6,
        data_center_multiple=20.0,
        miner_multiple=8.0,
    )

    assert value == pytest.approx(0.75 * 2e6 * 0.9 * 20.0 - 0.75 * 10e6 - 0.5e6 * 8.0)


def test_the_dearer_the_hash_the_less_a_conversion_is_worth():
    hashprice = np.array(list(HASHPRICE_CASES_USD_PER_PH_DAY.values()))
    margin = mining_margin_usd_per_mw_year(breakeven_usd_per_mwh(hashprice, 17.5, 0.02), 32.0)

    value = conversion_value_usd_per_mw(margin)

    assert (np.diff(hashprice) > 0.0).all()
    assert (np.diff(value) < 0.0).all()
    assert value[1] == pytest.approx(conversion_value_usd_per_mw(float(margin[1])))
