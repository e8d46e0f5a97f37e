import math

import numpy as np
import pytest

from sim.errors import InputError
from sim.market.hashprice import FileBtcPrice, FixedBtcPrice, RandomBtcPrice
from sim.signals import Signal
from sim.span import Span
from sim.tables import Files

DAY_S = 86_400.0
START_UTC_S = 1_767_225_600.0  # 2026-01-01T00:00Z
NO_FILES = Files(())


def walk(days: float, seed: int = 1, **fields: float) -> Signal:
    spec = RandomBtcPrice(type="process", **fields)
    return spec.signal(Span(NO_FILES, START_UTC_S, days * DAY_S, seed))


def test_a_fixed_price_holds():
    price = FixedBtcPrice(price_usd_per_btc=90_000.0)
    assert price.signal(Span(NO_FILES, START_UTC_S, 60.0)).value.tolist() == [90_000.0]


def test_a_walk_begins_at_its_start_and_has_a_price_a_day():
    price = walk(2.5, start_usd_per_btc=70_000.0)
    assert price.time_s.tolist() == [0.0, DAY_S, 2 * DAY_S]
    assert price.value[0] == 70_000.0


def test_a_shorter_run_meets_the_same_prices():
    assert walk(400.0).value[:10].tolist() == walk(10.0).value.tolist()


def test_without_volatility_a_walk_grows_by_its_drift():
    price = walk(731.5, annual_drift_ratio=0.2, annual_volatility_sigma=0.0)
    assert price.at(730.5 * DAY_S) == pytest.approx(85_000.0 * math.exp(0.2 * 730.0 / 365.25), rel=1e-12)


def test_a_walk_has_the_volatility_and_the_mean_that_it_is_given():
    returns = np.concatenate([np.diff(np.log(walk(3650.0, seed).value)) for seed in range(100)])
    assert np.std(returns) * math.sqrt(365.25) == pytest.approx(0.7, rel=0.005)
    # the mean of the price stays: that of its logarithm falls by half the variance
    standard_error = 0.7 / math.sqrt(1000.0)
    assert np.mean(returns) * 365.25 == pytest.approx(-0.5 * 0.7**2, abs=3 * standard_error)


def test_a_file_is_published_late(tmp_path):
    rows = ["date_utc,price_usd", "2025-12-31,80000", "2026-01-01,81000", "2026-01-02,82000"]
    (tmp_path / "btc.csv").write_text("\n".join(rows) + "\n")
    span = Span(Files([tmp_path]), START_UTC_S, 2 * DAY_S)
    spec = FileBtcPrice(type="file", file="btc.csv")

    in_force = spec.signal(span)
    assert in_force.value.tolist() == [81_000.0, 82_000.0]
    assert spec.published(span, in_force).value.tolist() == [80_000.0, 81_000.0]


def test_a_price_of_nothing_is_refused(tmp_path):
    (tmp_path / "btc.csv").write_text("date_utc,price_usd\n2026-01-01,0\n2026-01-02,1\n")
    with pytest.raises(InputError, match="must be above 0 USD/BTC, got 0"):
        FileBtcPrice(file="btc.csv").signal(Span(Files([tmp_path]), START_UTC_S, DAY_S))
