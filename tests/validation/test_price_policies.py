"""Planning on two weeks of real prices: the better the forecast, the nearer to perfect knowledge."""

import numpy as np
import pytest
from price_policies import FORECASTS, MPC, earned_usd, foresight_usd, hb_south, value_usd
from published import DATA

BREAKEVEN = 60.0
THRESHOLD = {"type": "price-threshold"}


@pytest.fixture(scope="module")
def share():
    """Return what a policy earns of the uplift, by its forecast."""
    if not (DATA / "ercot_hb_south_15min_20240601.csv.gz").is_file():
        pytest.skip("needs ../shared/data")
    prices = hb_south().first(14.0)
    base = value_usd(prices, BREAKEVEN, np.ones(len(prices.real_time)))
    uplift = foresight_usd(prices, BREAKEVEN) - base

    def of(policy, forecast):
        return (earned_usd(prices, BREAKEVEN, policy, FORECASTS[forecast], "Etc/UTC") - base) / uplift

    return of


def test_who_knows_the_future_plans_as_well_as_the_programme_over_the_whole_time(share):
    assert share(MPC, "noisy, skill 1 (knows the future)") == pytest.approx(1.0, abs=0.005)


def test_without_start_cost_planning_is_the_threshold_and_with_it_better(share):
    threshold = share(THRESHOLD, "day-ahead")
    assert share(MPC | {"start_usd_per_mw": 0.0}, "day-ahead") == threshold
    assert share(MPC, "day-ahead") > threshold
