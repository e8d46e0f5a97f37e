import math
from datetime import UTC, datetime

import numpy as np
import pytest
from pydantic import ValidationError

from sim.bitcoin import balanced_difficulty, breakeven_usd_per_mwh, hashprice_usd_per_ph_day
from sim.errors import InputError
from sim.market.chain import Network
from sim.market.difficulty import BlockValue, Conversion, CostBand, EndogenousDifficulty, balanced_eh_s
from sim.market.network import mean_before
from sim.signals import Signal
from sim.span import Span
from sim.tables import Files

DAY_S = 86_400.0
START_UTC_S = 1_767_225_600.0  # 2026-01-01T00:00Z
REWARD_BTC = 3.125
CHEAP = CostBand(share_fraction=0.5, efficiency_j_per_th=15.0, power_usd_per_mwh=50.0)
GOOD = CostBand(share_fraction=1.0, efficiency_j_per_th=15.0, power_usd_per_mwh=50.0)
DEAR = CostBand(share_fraction=0.5, efficiency_j_per_th=30.0, power_usd_per_mwh=50.0, opex_usd_per_mwh=5.0)


def worth(price: Signal) -> BlockValue:
    return lambda tip, memory_s: REWARD_BTC * mean_before(price, tip.time_s, memory_s)


def a_network(price: Signal, **fields) -> Network:
    spec = EndogenousDifficulty(
        start_difficulty=float(balanced_difficulty(1000.0)),
        **{"annual_growth_ratio": 0.0, "bands": (CHEAP, DEAR), **fields},
    )
    return spec.network(Span(Files(()), START_UTC_S, price.end_s), 2016 * 460, worth(price))


def prices(*steps: tuple[float, float], days: float = 200.0) -> Signal:
    return Signal.steps([day * DAY_S for day, _ in steps], [usd for _, usd in steps], days * DAY_S)


def test_a_band_breaks_even_at_its_cost():
    hashprice = DEAR.breakeven_hashprice_usd_per_ph_day(0.02)
    assert breakeven_usd_per_mwh(hashprice, 30.0, 0.02) == pytest.approx(55.0, rel=1e-12)


def test_at_a_steady_price_nobody_comes_or_goes():
    network = a_network(prices((0.0, 100_000.0)))
    assert network.hashrate_eh_s.value == pytest.approx(1000.0, rel=1e-9)


def test_when_the_price_rises_idle_bands_start_and_not_at_once():
    # 60,000 USD: 27 USD/(PH/s)/d, the dear band idles; at three times that it earns its cost
    network = a_network(prices((0.0, 60_000.0), (28.0, 180_000.0)), memory_d=21.0)

    assert network.hashrate_eh_s.at(28.5 * DAY_S) == pytest.approx(1000.0, rel=1e-9)
    assert network.hashrate_eh_s.at(41.0 * DAY_S) == pytest.approx(1000.0, rel=1e-9)
    assert network.hashrate_eh_s.at(60.0 * DAY_S) > 1500.0
    assert network.difficulty.value[-1] > 1.5 * network.difficulty.value[0]


def test_when_the_price_falls_the_dearest_stop_until_the_rest_break_even():
    network = a_network(prices((0.0, 100_000.0), (28.0, 80_000.0)))

    final = float(network.hashrate_eh_s.value[-1])
    breakeven = DEAR.breakeven_hashprice_usd_per_ph_day(0.02)
    assert final == pytest.approx(balanced_eh_s(REWARD_BTC * 80_000.0, breakeven), rel=1e-9)
    assert 500.0 < final < 1000.0


def test_a_deep_fall_leaves_the_cheap_band_alone():
    network = a_network(prices((0.0, 100_000.0), (28.0, 30_000.0)))
    assert network.hashrate_eh_s.value[-1] == pytest.approx(500.0, rel=1e-9)


def test_the_dearest_stop_first_and_all_that_lose_stop_at_one_retarget():
    # 20,000 USD: even the cheap band pays its way only with part of it stopped
    network = a_network(prices((0.0, 100_000.0), (20.0, 20_000.0), days=30.0), memory_d=0.0)

    breakeven = CHEAP.breakeven_hashprice_usd_per_ph_day(0.02)
    left = balanced_eh_s(REWARD_BTC * 20_000.0, breakeven)
    assert left < 500.0
    assert network.hashrate_eh_s.value[-1] == pytest.approx(left, rel=1e-9)
    # 30,000 USD: the cheap band is whole, from the first retarget on
    network = a_network(prices((0.0, 100_000.0), (20.0, 30_000.0), days=30.0), memory_d=0.0)
    assert network.difficulty.time_s.size == 3
    assert network.hashrate_eh_s.value[-1] == pytest.approx(500.0, rel=1e-9)


def test_within_the_margin_those_that_stopped_stay_idle():
    # down, then back by less than the margin, then by more
    price = prices((0.0, 100_000.0), (28.0, 80_000.0), (70.0, 82_000.0), (120.0, 90_000.0))
    network = a_network(price, restart_margin_fraction=0.05)

    low = float(network.hashrate_eh_s.at(69.0 * DAY_S))
    assert network.hashrate_eh_s.at(115.0 * DAY_S) == pytest.approx(low, rel=1e-9)
    assert network.hashrate_eh_s.value[-1] == pytest.approx(low * 90.0 / 80.0 / 1.05, rel=1e-9)


def test_memory_smooths_what_miners_act_on():
    spike = prices((0.0, 60_000.0), (13.9, 240_000.0), (14.1, 60_000.0))
    assert a_network(spike, memory_d=28.0).hashrate_eh_s.maximum() == pytest.approx(1000.0, rel=1e-9)
    assert a_network(spike, memory_d=0.0).hashrate_eh_s.maximum() > 1500.0


def test_what_is_converted_is_made_up_for_by_idle_bands():
    conversion = Conversion(at=datetime(2026, 1, 11, tzinfo=UTC), mw=1750.0)
    edge = prices((0.0, 82_000.0))  # the dear band is idle, and not far from its cost
    network = a_network(edge, conversions=(conversion,), restart_margin_fraction=0.0)

    assert network.hashrate_eh_s.at(12.0 * DAY_S) == pytest.approx(900.0, rel=1e-9)
    assert 900.0 < network.hashrate_eh_s.value[-1] < 1000.0


def test_the_hash_rate_never_leaves_what_is_installed():
    rng = np.random.default_rng(1)
    price = Signal.steps(np.arange(0.0, 400.0) * DAY_S, np.exp(rng.normal(11.4, 0.8, 400)), 400 * DAY_S)
    network = a_network(price, memory_d=0.0)
    assert network.hashrate_eh_s.minimum() > 0.0
    assert network.hashrate_eh_s.maximum() <= 2000.0 * (1.0 + 1e-9)


def test_a_start_at_which_nobody_earns_is_refused():
    with pytest.raises(InputError, match="no band earns its cost at the start"):
        a_network(prices((0.0, 1_000.0)))


def test_shares_add_up_to_one():
    with pytest.raises(ValidationError, match=r"must add up to 1, got 0\.5"):
        EndogenousDifficulty(bands=(CHEAP,))


def efolds_a_day(network: Network, day: float) -> float:
    """Return the growth of the hash rate from one day to the next, as a logarithm."""
    before, after = (float(network.hashrate_eh_s.at((day + step) * DAY_S)) for step in (0.5, 1.5))
    return math.log(after / before)


def test_machines_are_ordered_by_how_far_mining_pays():
    network = a_network(prices((0.0, 100_000.0)), order_response_ratio=0.5, order_lead_d=90.0)

    hashprice = float(hashprice_usd_per_ph_day(balanced_difficulty(1000.0), REWARD_BTC * 100_000.0, 1.0))
    efolds = math.log(hashprice / CHEAP.breakeven_hashprice_usd_per_ph_day(0.02))
    assert efolds_a_day(network, 10.0) == pytest.approx(0.5 * efolds / 365.25, rel=1e-9)


def test_what_was_ordered_before_a_fall_still_comes():
    fall = prices((0.0, 100_000.0), (1.0, 70_000.0))
    soon, late = (
        a_network(fall, order_response_ratio=0.5, order_lead_d=lead_d, memory_d=0.0, bands=(GOOD,))
        for lead_d in (14.0, 90.0)
    )

    assert efolds_a_day(late, 80.0) == pytest.approx(efolds_a_day(late, 2.0), rel=1e-9)
    assert efolds_a_day(late, 180.0) < efolds_a_day(late, 80.0)
    assert efolds_a_day(soon, 80.0) < efolds_a_day(late, 80.0)


def test_nothing_is_ordered_where_mining_pays_no_machine():
    network = a_network(
        prices((0.0, 46_000.0), (1.0, 36_000.0)), order_response_ratio=5.0, order_lead_d=0.0, memory_d=0.0
    )

    assert efolds_a_day(network, 100.0) == 0.0
