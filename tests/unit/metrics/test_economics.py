import pytest

from sim.bitcoin import breakeven_usd_per_mwh
from sim.metrics import measure
from sim.metrics.power_cost import cost_usd
from sim.signals import Signal


def test_revenue_is_hash_rate_times_hashprice_less_the_fee(record):
    # 24 MW at 20 J/TH are 1200 PH/s; at 48 USD/(PH/s)/d they earn 2400 USD in an hour, and the pool keeps 2 %
    metrics = measure(record({"a": 100.0}, {"m": 24.0}, pool_fee_fraction=0.02))
    assert metrics["mining_revenue_usd"] == pytest.approx(2352.0, rel=1e-12)
    assert metrics["mined_btc"] == pytest.approx(2352.0 / 80_000.0, rel=1e-12)


def test_revenue_follows_a_hashprice_that_steps_within_a_ramp(record):
    # 0 to 48 MW over the hour; the hashprice doubles at half time
    hashprice = Signal.steps([0.0, 1800.0], [24.0, 48.0], 3600.0)
    metrics = measure(record({"a": 100.0}, {"m": [(0.0, 0.0), (3600.0, 48.0)]}, hashprice=hashprice))
    ph_d = 1000.0 / 20.0 / 24.0  # of one MWh
    assert metrics["mining_revenue_usd"] == pytest.approx((6.0 * 24.0 + 18.0 * 48.0) * ph_d, rel=1e-12)


def test_bitcoin_is_mined_at_the_price_of_the_moment(record):
    btc = Signal.steps([0.0, 1800.0], [80_000.0, 40_000.0], 3600.0)
    metrics = measure(record({"a": 100.0}, {"m": 24.0}, btc=btc))
    assert metrics["mined_btc"] == pytest.approx(1200.0 / 80_000.0 + 1200.0 / 40_000.0, rel=1e-12)
    assert metrics["mining_revenue_usd"] == pytest.approx(2400.0, rel=1e-12)


def test_fleets_earn_by_their_own_efficiency(record):
    constants = {"fleet.n.efficiency_j_per_th": 40.0}
    metrics = measure(record({"a": 100.0}, {"m": 24.0, "n": 24.0}, constants=constants))
    assert metrics["mining_revenue_usd"] == pytest.approx(2400.0 + 1200.0, rel=1e-12)


def test_power_costs_what_it_costs_when_it_is_drawn(record):
    price = Signal.steps([0.0, 900.0, 1800.0], [40.0, -10.0, 100.0], 3600.0)
    recording = record({"a": 100.0}, {"m": [(0.0, 0.0), (3600.0, 40.0)]}, price=price)
    fleet = 1.25 * 40.0 - 3.75 * 10.0 + 15.0 * 100.0
    assert cost_usd(recording, "fleet_power_mw") == pytest.approx(fleet, rel=1e-12)
    metrics = measure(recording)
    assert metrics["fleet_power_cost_usd"] == pytest.approx(fleet, rel=1e-12)
    assert metrics["power_cost_usd"] == pytest.approx(fleet + 1000.0 - 250.0 + 5000.0, rel=1e-12)
    assert metrics["power_cost_usd"].baseline == pytest.approx(5750.0, rel=1e-12)


def test_the_margin_is_revenue_less_the_cost_of_the_miners_power(record):
    metrics = measure(record({"a": 100.0}, {"m": 24.0}, price=40.0))
    assert metrics["mining_margin_usd"] == pytest.approx(2400.0 - 960.0, rel=1e-12)


def test_at_the_break_even_price_mining_earns_nothing(record):
    price = float(breakeven_usd_per_mwh(48.0, 20.0, 0.03))
    metrics = measure(record({"a": 100.0}, {"m": [(0.0, 0.0), (3600.0, 60.0)]}, price=price, pool_fee_fraction=0.03))
    assert metrics["mining_margin_usd"] == pytest.approx(0.0, abs=1e-9)


def test_without_fleets_nothing_is_mined(record):
    metrics = measure(record({"a": 100.0}))
    names = ("mined_btc", "mining_revenue_usd", "fleet_power_cost_usd", "mining_margin_usd")
    assert [metrics[name].value for name in names] == [0.0] * 4
