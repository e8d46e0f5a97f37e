"""Miners that follow prices behave as those of ERCOT were found to."""

import numpy as np
from quick import run

from sim.testing import a_scenario

FLEETS = [
    {"name": "new", "type": "cohort", "model": "antminer-s21-xp", "rated_mw": 30.0},
    {"name": "mid", "type": "cohort", "model": "antminer-s21", "rated_mw": 45.0},
    {"name": "old", "type": "cohort", "model": "antminer-s19-xp", "rated_mw": 25.0},
]


def site(hashprice, days=30.0):
    bitcoin = {"type": "fixed", "hashprice_usd_per_ph_day": hashprice}
    market = {"power": {"type": "synthetic"}, "bitcoin": bitcoin}
    return run(a_scenario(fleets=FLEETS, days=days, market=market, policy={"type": "price-threshold"}))


def hourly(result):
    """Return mean power [MW] and mean price [USD/MWh] of each hour."""
    edges_s = np.arange(0.0, result.recording.end_s + 1.0, 3600.0)
    recording = result.recording
    return recording["fleet_power_mw"].means_over(edges_s), recording["price_usd_per_mwh"].means_over(edges_s)


def threshold_usd_per_mwh(result):
    """Return the price above which the fleets draw less than half of what they draw at the median price."""
    power_mw, price = hourly(result)
    usual_mw = np.median(power_mw)
    return price[power_mw < 0.5 * usual_mw].min()


def test_load_falls_with_price():
    """Negative correlation of load and price, as in arXiv:2408.12014."""
    power_mw, price = hourly(site(45.0))
    assert np.corrcoef(power_mw, np.clip(price, None, 500.0))[0, 1] < -0.3


def test_the_price_at_which_load_declines_rises_with_hashprice():
    """As in arXiv:2606.00587."""
    thresholds = [threshold_usd_per_mwh(site(hashprice)) for hashprice in (30.0, 45.0, 65.0)]
    assert thresholds == sorted(thresholds)
    assert thresholds[0] < 0.8 * thresholds[-1]
