"""What each kind of forecast says of the system's load, and what it may know by then."""

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from sim.market import MarketSpec
from sim.market.forecasts import LoadRecord, NoisyLoadForecast, PersistenceLoadForecast
from sim.rng import stream

HOUR_S = 3600.0
PERSISTENCE = PersistenceLoadForecast(type="persistence")


def a_record(load_mw, first_h=-48.0, delay_s=HOUR_S):
    hours = first_h + np.arange(len(load_mw))
    return LoadRecord(hours * HOUR_S, np.asarray(load_mw, dtype=np.float64), HOUR_S, delay_s)


def look(spec, record, now_h, count, seed=1):
    outlook = spec.outlook(record, stream(seed, "market/forecasts/system_load"))
    first_h = np.floor(now_h)
    return outlook(now_h * HOUR_S, (first_h + np.arange(count)) * HOUR_S)


def noisy(error):
    return NoisyLoadForecast(type="noisy", error_1h_fraction=error)


def test_today_is_like_yesterday_scaled_by_the_hour_published_last():
    days = np.concatenate([np.arange(100.0, 124.0), np.arange(200.0, 224.0), np.full(24, 400.0)])
    # at 08:30 of the third day the hour from 07:00 is published: 400 MW, where yesterday had 207
    found = look(PERSISTENCE, a_record(days), 8.5, 16)
    assert found == pytest.approx(np.arange(208.0, 224.0) * 400.0 / 207.0)


def test_without_a_day_before_the_load_published_last_holds():
    record = a_record(np.arange(1000.0, 1024.0), first_h=0.0)
    assert look(PERSISTENCE, record, 5.5, 3).tolist() == [1004.0] * 3
    assert look(PERSISTENCE, record, 0.0, 2).tolist() == [1000.0] * 2  # until one is published, the first


def test_an_hour_missing_yesterday_is_taken_from_the_day_before():
    load = np.concatenate([np.full(24, 100.0), np.full(24, 200.0), np.full(24, 300.0)])
    load[15], load[24 + 15] = 150.0, np.nan
    assert look(PERSISTENCE, a_record(load), 14.0, 3).tolist() == [300.0, 450.0, 300.0]


@examples(60)
@given(
    now_h=st.floats(0.0, 23.9),
    delay_s=st.sampled_from([0.0, 900.0, HOUR_S, 26 * HOUR_S]),
    seed=st.integers(0, 9),
)
def test_persistence_says_the_same_whatever_is_not_published_yet(now_h, delay_s, seed):
    past = np.random.default_rng(seed).uniform(30_000.0, 80_000.0, 96)
    unpublished = np.arange(-48, 48) * HOUR_S + delay_s > now_h * HOUR_S
    future = np.where(unpublished, 1e6, past)
    said = [look(PERSISTENCE, a_record(load, delay_s=delay_s), now_h, 24) for load in (past, future)]
    assert said[0].tolist() == said[1].tolist()


@pytest.mark.parametrize(("error", "lead_h"), [(0.01, 1), (0.01, 4), (0.03, 9)])
def test_a_noisy_forecast_is_as_wrong_as_stated_and_worse_with_its_lead(error, lead_h):
    record = a_record(np.full(20_048, 50_000.0))
    outlook = noisy(error).outlook(record, stream(1, "market/forecasts/system_load"))
    said = [
        outlook(hour * HOUR_S, (hour + np.arange(lead_h + 1)) * HOUR_S)[-1]
        for hour in range(0, 20_000 - lead_h, lead_h)
    ]
    # leads that do not overlap are independent: four standard errors of a standard deviation
    tolerance = 4.0 / np.sqrt(2.0 * len(said))
    assert np.std(said) / 50_000.0 == pytest.approx(error * np.sqrt(lead_h), rel=tolerance)
    assert np.mean(said) == pytest.approx(50_000.0, rel=4.0 * error * np.sqrt(lead_h / len(said)))


def test_four_quarters_of_an_hour_are_as_wrong_as_an_hour():
    quarters = LoadRecord(np.arange(40_000) * 900.0, np.full(40_000, 50_000.0), 900.0, 900.0)
    outlook = noisy(0.01).outlook(quarters, stream(1, "market/forecasts/system_load"))
    said = [outlook(hour * HOUR_S, hour * HOUR_S + 900.0 * np.arange(5))[-1] for hour in range(9_900)]
    assert np.std(said) / 50_000.0 == pytest.approx(0.01, rel=4.0 / np.sqrt(2.0 * len(said)))


def test_a_noisy_forecast_knows_the_present_hour_and_without_error_all():
    load = np.random.default_rng(2).uniform(30_000.0, 80_000.0, 96)
    assert look(noisy(0.05), a_record(load), 7.5, 3)[0] == load[48 + 7]
    assert look(noisy(0.0), a_record(load), 7.5, 30).tolist() == load[55:85].tolist()


def test_one_noisy_forecast_goes_over_into_the_next():
    """News between two issues moves all later hours of a flat load alike."""
    record = a_record(np.full(96, 50_000.0))
    early, late = look(noisy(0.02), record, 6.0, 12), look(noisy(0.02), record, 9.0, 9)
    assert np.ptp(early[3:] - late) == pytest.approx(0.0, abs=1e-6)
    assert early[3] != late[0]


def test_its_noise_is_that_of_the_seed():
    record = a_record(np.full(96, 50_000.0))
    assert look(noisy(0.02), record, 0.0, 10).tolist() == look(noisy(0.02), record, 0.0, 10).tolist()
    assert look(noisy(0.02), record, 0.0, 10).tolist() != look(noisy(0.02), record, 0.0, 10, seed=2).tolist()


@pytest.mark.parametrize(
    ("forecasts", "message"),
    [
        ({"system_load": {"type": "persistence"}}, "needs market.four_cp"),
        ({"system_load": {"type": "noisy"}}, "error_1h_fraction"),
        ({"system_load": {"type": "weekly"}}, "system_load"),
    ],
)
def test_a_forecast_that_cannot_be_is_refused(forecasts, message):
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(MarketSpec).validate_python({"forecasts": forecasts})
