import time

import numpy as np
import pytest

from sim.market.synthetic import SyntheticPowerPrice, geometric, mean_reverting, standard_normal
from sim.rng import stream
from sim.signals import Signal
from sim.span import Span
from sim.tables import Files

START_UTC_S = 1_704_067_200.0  # 2024-01-01T00:00Z
YEAR_S = 366 * 86_400.0


def draw(seed: int = 1, end_s: float = YEAR_S, **fields: float) -> Signal:
    return SyntheticPowerPrice(**fields).signal(Span(Files([]), START_UTC_S, end_s, seed))


@pytest.mark.parametrize("seed", range(6))
def test_a_year_has_the_statistics_that_the_defaults_were_fitted_to(seed: int) -> None:
    price = draw(seed).value

    assert price.mean() == pytest.approx(27.4, rel=0.25)
    assert np.median(price) == pytest.approx(21.5, rel=0.20)
    assert np.percentile(price, 95) == pytest.approx(61.8, rel=0.25)
    assert 0.015 < np.mean(price < 0.0) < 0.05
    assert 0.008 < np.mean(price > 97.0) < 0.025
    assert np.percentile(price, 99) == pytest.approx(121.7, rel=0.25)
    assert np.mean(price > 1000.0) < 0.0012


def test_the_average_year_is_close_to_what_was_measured() -> None:
    """HB_SOUTH real time, June 2024 to March 2025; the six figures within 15 %."""
    price = np.concatenate([draw(seed).value for seed in range(20)])

    found = [price.mean(), *np.percentile(price, [50, 95, 99]), np.mean(price < 0.0), np.mean(price > 97.0)]

    assert found == pytest.approx([27.4, 21.5, 61.8, 121.7, 0.028, 0.015], rel=0.15)


def test_the_same_stream_gives_the_same_prices() -> None:
    assert np.array_equal(draw(3).value, draw(3).value)
    assert not np.array_equal(draw(3).value, draw(4).value)


def test_a_shorter_run_meets_the_same_prices() -> None:
    week = draw(end_s=7 * 86_400.0)

    assert week.value.tolist() == draw().value[: 7 * 96].tolist()


def test_a_year_is_drawn_in_a_blink() -> None:
    draw(end_s=3600.0)
    start = time.perf_counter()
    draw()

    assert time.perf_counter() - start < 0.2


def test_prices_step_every_interval_to_the_end_of_the_run() -> None:
    price = draw(end_s=2500.0, step_min=15.0)

    assert price.time_s.tolist() == [0.0, 900.0, 1800.0]
    assert price.end_s == 2500.0


def test_prices_are_whole_cents_between_floor_and_cap() -> None:
    price = draw(floor_usd_per_mwh=-20.0, cap_usd_per_mwh=100.0).value

    assert (price.min(), price.max()) == (-20.0, 100.0)
    assert np.array_equal(price, np.round(price, 2))


def test_without_chance_the_price_follows_the_clock_alone() -> None:
    price = draw(end_s=86_400.0, volatility_sigma=0.0, spike_time_fraction=0.0, annual_amplitude_ratio=0.0)

    local_h = (np.arange(96) / 4.0 - 6.0) % 24.0
    assert local_h[np.argmax(price.value)] == 18.5
    assert price.value.max() == pytest.approx(21.5 + 8.0 * (np.sinh(0.4 + 0.9) - np.sinh(0.4)), abs=0.005)


def test_the_year_is_dearest_in_early_september() -> None:
    price = draw(volatility_sigma=0.0, spike_time_fraction=0.0, daily_amplitude_ratio=0.0)

    day = price.time_s[np.flatnonzero(price.value == price.value.max())].mean() / 86_400.0
    assert 245.0 < day < 253.0  # 2 to 10 September 2024


def test_spikes_take_their_share_of_time_and_come_in_the_evening() -> None:
    calm = {"volatility_sigma": 0.0, "daily_amplitude_ratio": 0.0, "annual_amplitude_ratio": 0.0}
    high = np.concatenate([draw(seed, spike_time_fraction=0.01, **calm).value for seed in range(10)]) > 90.0

    assert high.mean() == pytest.approx(0.01, rel=0.15)
    local_h = np.tile((np.arange(366 * 96) / 4.0 - 6.0) % 24.0, 10)[high]
    assert np.mean((local_h > 12.5) & (local_h < 24.0)) > 0.7


def test_spikes_have_the_length_and_tail_they_are_given() -> None:
    calm = {"volatility_sigma": 0.0, "daily_amplitude_ratio": 0.0, "annual_amplitude_ratio": 0.0}
    price = np.concatenate([draw(seed, cap_usd_per_mwh=1e5, **calm).value for seed in range(30)])

    high = np.concatenate([[False], price > 90.0, [False]])
    edges = np.flatnonzero(high[1:] != high[:-1])
    added = price[edges[::2]] - 21.5

    assert (edges[1::2] - edges[::2]).mean() == pytest.approx(3.0, rel=0.1)  # 0.75 h in steps of 15 min
    assert added.min() == pytest.approx(75.0, rel=0.01)
    tail_index = 350.0 / (350.0 - 75.0)
    assert np.mean(added > 300.0) == pytest.approx(4.0**-tail_index, rel=0.15)


def test_the_mean_reverting_process_keeps_its_variance_and_forgets_at_its_rate() -> None:
    process = mean_reverting(stream(1, "x").standard_normal(200_000), 0.25)

    assert process.std() == pytest.approx(1.0, rel=0.03)
    assert np.corrcoef(process[:-4], process[4:])[0, 1] == pytest.approx(np.exp(-1.0), abs=0.02)


def test_uniform_draws_become_normal_and_geometric_numbers() -> None:
    draws = stream(1, "y").random((3, 200_000))

    normal = standard_normal(draws[0], draws[1])
    assert [normal.mean(), normal.std()] == pytest.approx([0.0, 1.0], abs=0.01)
    assert np.mean(normal > 1.96) == pytest.approx(0.025, rel=0.05)
    assert geometric(draws[2], 0.25).mean() == pytest.approx(4.0, rel=0.02)
