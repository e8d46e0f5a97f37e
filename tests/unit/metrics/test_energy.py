from math import isnan

import pytest

from sim.metrics import measure
from sim.signals import Signal


def values(recording, *names):
    metrics = measure(recording)
    return tuple(metrics[name].value for name in names)


def test_energy_is_power_times_time(record):
    # AI 90 MW for half an hour and 30 MW for the other; the fleet rises from 0 to 60 MW over the hour
    recording = record(
        {"a": [(0.0, 60.0), (1800.0, 60.0), (1800.0, 0.0)], "b": 30.0}, {"m": [(0.0, 0.0), (3600.0, 60.0)]}
    )
    assert values(recording, "site_energy_mwh", "ai_energy_mwh", "fleet_energy_mwh") == pytest.approx(
        (90.0, 60.0, 30.0), rel=1e-12
    )
    assert measure(recording)["site_energy_mwh"].baseline == pytest.approx(60.0, rel=1e-12)


def test_peak_and_range_see_an_instant(record):
    # 150 MW all along but for a line up to 190 MW that breaks off
    recording = record({"a": [(0.0, 150.0), (1000.0, 150.0), (1001.0, 190.0), (1001.0, 140.0)]})
    assert values(recording, "site_peak_mw", "dynamic_range_mw") == (190.0, 50.0)


def test_mean_and_load_factor_are_weighted_by_time(record):
    recording = record({"a": Signal.steps([0.0, 900.0], [100.0, 20.0], 3600.0)})
    assert values(recording, "site_mean_mw", "load_factor_ratio") == pytest.approx((40.0, 0.4), rel=1e-12)


def test_a_site_that_draws_nothing_has_no_load_factor(record):
    assert isnan(values(record({}), "load_factor_ratio")[0])


def test_idle_power_ends_at_zero_where_ai_exceeds_the_limit(record):
    # 50 MW idle for half an hour, then 30 MW too much
    recording = record({"a": Signal.steps([0.0, 1800.0], [150.0, 230.0], 3600.0)})
    assert values(recording, "idle_energy_mwh", "soaked_energy_mwh", "soaked_fraction") == (25.0, 0.0, 0.0)


def test_what_a_fleet_draws_above_the_idle_power_is_not_soaked(record):
    # 50 MW idle; the fleet rises from 0 to 100 MW and crosses 50 at half time: 12.5 MWh below, 25 MWh capped
    recording = record({"a": 150.0}, {"m": [(0.0, 0.0), (3600.0, 100.0)]})
    assert values(recording, "idle_energy_mwh", "soaked_energy_mwh", "soaked_fraction") == pytest.approx(
        (50.0, 37.5, 0.75), rel=1e-12
    )


def test_soaking_is_counted_of_all_fleets_together(record):
    recording = record({"a": 150.0}, {"m": 30.0, "n": 30.0})
    assert values(recording, "soaked_energy_mwh") == (50.0,)


def test_without_idle_power_there_is_no_share_of_it(record):
    assert isnan(values(record({"a": 210.0}, {"m": 10.0}), "soaked_fraction")[0])


def test_a_long_signal_is_soaked_piece_by_piece_to_the_same_sum(record):
    count = 150_000  # more than two blocks of breakpoints
    times_s = [0.25 * step for step in range(count)]
    fleet = Signal.steps(times_s, [20.0 + 60.0 * (step % 2) for step in range(count)], 0.25 * count)
    recording = record({"a": 150.0}, {"m": fleet}, end_s=0.25 * count)
    assert values(recording, "soaked_energy_mwh")[0] == pytest.approx(35.0 * 0.25 * count / 3600.0, rel=1e-12)


def test_the_balance_shows_what_the_parts_miss(record):
    recording = record({"a": 150.0, "b": [(0.0, 0.0), (3600.0, 30.0)]}, {"m": 60.0})
    assert values(recording, "energy_balance_error_mwh")[0] == pytest.approx(0.0, abs=1e-12)

    signals = dict(recording.signals)
    signals["site_power_mw"] = recording["site_power_mw"] + 2.0
    wrong = type(recording)(0.0, 3600.0, signals, (), recording.facts)
    assert values(wrong, "energy_balance_error_mwh")[0] == pytest.approx(2.0, rel=1e-9)
