"""What each kind of forecast says of the price, and what it may know by then."""

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from sim.market import MarketSpec
from sim.market.forecasts import DayAheadForecast, NoisyForecast, PersistenceForecast, PriceRecord
from sim.rng import stream
from sim.signals import Signal

HOUR_S, DAY_S = 3600.0, 86_400.0


def steps(values, step_s=HOUR_S, end_s=None):
    return Signal.steps(np.arange(len(values)) * step_s, values, end_s or len(values) * step_s)


def a_record(real_time, delay_s=0.0, day_ahead=None, until=None):
    published = Signal.steps(np.r_[0.0, real_time.time_s[1:] + delay_s], real_time.value, real_time.end_s)
    return PriceRecord(real_time, published, delay_s, day_ahead, until)


def look(spec, record, now_s, count, step_s=HOUR_S, seed=1):
    outlook = spec.outlook(record, step_s, stream(seed, "market/forecasts/price"))
    return outlook(now_s, int(now_s // step_s), count).tolist()


def test_day_ahead_prices_are_known_as_far_as_they_are_published():
    day_ahead = steps(np.arange(72.0))
    until = Signal.steps([0.0, 13.5 * HOUR_S], [DAY_S, 2 * DAY_S], 3 * DAY_S)
    record = a_record(steps(np.zeros(72)), day_ahead=day_ahead, until=until)
    spec = DayAheadForecast(type="day-ahead")
    assert look(spec, record, 13.4 * HOUR_S, 36) == list(range(13, 24))
    assert look(spec, record, 13.5 * HOUR_S, 36) == list(range(13, 48))
    assert look(spec, record, 13.5 * HOUR_S, 4, step_s=900.0) == [13.0, 13.0, 14.0, 14.0]
    for lacking in (
        a_record(steps(np.zeros(72)), until=until),
        a_record(steps(np.zeros(72)), 0.0, day_ahead),
    ):
        with pytest.raises(ValueError, match="needs a day-ahead price"):
            look(spec, lacking, 0.0, 4)


def test_lengths_of_steps_and_between_issues_are_minutes():
    spec = MarketSpec(forecasts={"interval_min": 10.0, "step_min": 30}).forecasts
    assert (spec.interval_s, spec.step_s) == (600.0, 1800.0)


def test_the_price_last_published_holds():
    record = a_record(steps([10.0, 20.0, 30.0, 40.0]), delay_s=1800.0)
    spec = PersistenceForecast(type="persistence")
    assert look(spec, record, 2 * HOUR_S, 3) == [20.0, 20.0, 20.0]
    assert look(spec, record, 2.5 * HOUR_S, 3) == [30.0, 30.0, 30.0]


def test_every_day_is_like_the_one_before_as_far_as_it_is_published():
    record = a_record(steps(np.arange(96.0)), delay_s=HOUR_S)
    spec = PersistenceForecast(type="persistence", like="yesterday")
    # at 30 h the price of hour 28 is the last that is known as a whole
    assert look(spec, record, 30.0 * HOUR_S, 3) == [6.0, 7.0, 8.0]
    assert look(spec, record, 30.0 * HOUR_S, 25)[-3:] == [28.0, 5.0, 6.0]
    assert look(spec, record, 5.0 * HOUR_S, 3) == [4.0, 4.0, 4.0]  # in the first day the last price holds


@pytest.mark.parametrize("like", ["now", "yesterday"])
@examples(60)
@given(now_h=st.floats(0.0, 95.0), delay_s=st.sampled_from([0.0, 300.0, 900.0, 5400.0]), seed=st.integers(0, 9))
def test_persistence_says_the_same_whatever_is_not_published_yet(like, now_h, delay_s, seed):
    now_s = now_h * HOUR_S
    past = np.random.default_rng(seed).normal(30.0, 40.0, 96 * 4)
    future = np.where(np.arange(96 * 4) * 900.0 + delay_s > now_s, -9999.0, past)
    future[0] = past[0]  # it stands for what was published before the run
    spec = PersistenceForecast(type="persistence", like=like)
    said = [look(spec, a_record(steps(prices, 900.0), delay_s), now_s, 144, 900.0) for prices in (past, future)]
    assert said[0] == said[1]


@pytest.mark.parametrize("skill", [0.0, 0.5, 0.9])
def test_a_noisy_forecast_is_as_good_as_stated(skill):
    truth = np.random.default_rng(3).gumbel(30.0, 25.0, 35_000)
    record = a_record(steps(truth, 900.0))
    spec = NoisyForecast(type="noisy", skill_fraction=skill)
    said = np.array(look(spec, record, 0.0, 35_000, 900.0))
    assert np.corrcoef(said, truth)[0, 1] == pytest.approx(skill, abs=0.02)  # 4 standard errors
    assert np.mean(said) == pytest.approx(np.mean(truth), abs=1.0)
    assert np.std(said) == pytest.approx(np.std(truth), rel=0.03)
    assert said[500:510].tolist() == look(spec, record, 500 * 900.0, 10, 900.0)  # the issue changes nothing


def test_a_noisy_forecast_of_full_skill_is_the_truth():
    truth = [30.1, -5.7, 900.3]
    spec = NoisyForecast(type="noisy", skill_fraction=1.0)
    assert look(spec, a_record(steps(truth)), 0.0, 5) == truth


def test_its_noise_is_that_of_the_seed():
    record = a_record(steps(np.arange(10.0)))
    spec = NoisyForecast(type="noisy", skill_fraction=0.0)
    assert look(spec, record, 0.0, 10) == look(spec, record, 0.0, 10)
    assert look(spec, record, 0.0, 10) != look(spec, record, 0.0, 10, seed=2)


@pytest.mark.parametrize(
    ("forecasts", "message"),
    [
        ({"price": {"type": "day-ahead"}}, "needs a day-ahead price"),
        ({"price": {"type": "noisy"}}, "skill_fraction"),
        ({"price": {"type": "noisy", "skill_fraction": 1.1}}, "skill_fraction"),
        ({"ai": {"type": "noisy"}}, "forecasts.ai"),
        ({"step_min": 7}, "step_min"),
        ({"horizon_h": 0.5}, "horizon_h"),
    ],
)
def test_a_forecast_that_cannot_be_is_refused(forecasts, message):
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(MarketSpec).validate_python({"forecasts": forecasts})
