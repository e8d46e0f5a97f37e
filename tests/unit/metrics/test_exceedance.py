import pytest

from sim.metrics import measure
from sim.signals import Signal

NAMES = ("exceedance_s", "exceedance_mwh", "exceedance_peak_mw", "exceedance_count")


def exceedance(recording):
    metrics = measure(recording)
    return tuple(metrics[name].value for name in NAMES)


def test_a_site_below_its_limit_exceeds_nothing(record):
    assert exceedance(record({"a": 150.0}, {"m": 49.0})) == (0.0, 0.0, 0.0, 0.0)


def test_a_site_at_its_limit_exceeds_nothing(record):
    assert exceedance(record({"a": 150.0}, {"m": 50.0})) == (0.0, 0.0, 0.0, 0.0)


def test_a_block_above_the_limit(record):
    recording = record({"a": Signal.steps([0.0, 600.0, 960.0], [150.0, 170.0, 150.0], 3600.0)}, {"m": 50.0})
    assert exceedance(recording) == pytest.approx((360.0, 2.0, 20.0, 1.0), rel=1e-12)


def test_a_triangle_above_the_limit_counts_from_its_first_watt(record):
    # up from 190 to 210 MW and down again at 1 MW/s: 20 s above, 10 MW x 20 s / 2
    recording = record({"a": [(0.0, 190.0), (100.0, 190.0), (120.0, 210.0), (140.0, 190.0)]})
    time_s, energy_mwh, peak_mw, count = exceedance(recording)
    assert time_s == pytest.approx(20.0 - 2e-6, abs=1e-9)
    assert energy_mwh == pytest.approx(100.0 / 3600.0, rel=1e-12)
    assert (peak_mw, count) == (10.0, 1.0)


def test_each_time_above_the_limit_is_counted(record):
    recording = record({"a": Signal.steps([0.0, 10.0, 20.0, 30.0, 31.0], [201.0, 190.0, 205.0, 210.0, 0.0], 3600.0)})
    assert exceedance(recording) == pytest.approx((21.0, (10 + 50 + 10) / 3600.0, 10.0, 2.0), rel=1e-12)


@pytest.mark.parametrize(("excess_mw", "counts"), [(1e-6, False), (0.9e-6, False), (1.1e-6, True), (1e-3, True)])
def test_up_to_a_watt_counts_as_rounding(record, excess_mw, counts):
    time_s, energy_mwh, peak_mw, count = exceedance(record({"a": 200.0 + excess_mw}, limit_mw=200.0))
    expected = (3600.0, excess_mw, excess_mw, 1.0) if counts else (0.0, 0.0, 0.0, 0.0)
    assert (time_s, energy_mwh, peak_mw, count) == pytest.approx(expected, rel=1e-6)


def test_a_limit_that_changes_is_met_at_each_time(record):
    limit_mw = Signal.steps([0.0, 1800.0], [200.0, 140.0], 3600.0)
    assert exceedance(record({"a": 150.0}, limit_mw=limit_mw)) == pytest.approx((1800.0, 5.0, 10.0, 1.0))


def test_the_baseline_is_ai_alone(record):
    metrics = measure(record({"a": Signal.steps([0.0, 900.0], [210.0, 150.0], 3600.0)}, {"m": 60.0}))
    assert metrics["exceedance_s"] == pytest.approx(3600.0)
    assert metrics["exceedance_s"].baseline == pytest.approx(900.0)
    assert (metrics["exceedance_peak_mw"].baseline, metrics["exceedance_mwh"].baseline) == (10.0, 2.5)
    assert metrics["exceedance_count"].baseline == 1.0


def test_the_longest_exceedance_and_the_highest_as_a_share_of_the_limit(record):
    # above by 20 MW for 10 s, by 50 MW for 3 s
    ai = Signal.steps([0.0, 100.0, 110.0, 500.0, 503.0], [180.0, 220.0, 180.0, 250.0, 180.0], 3600.0)
    metrics = measure(record({"a": ai}))
    assert metrics["exceedance_longest_s"] == pytest.approx(10.0, rel=1e-12)
    assert metrics["exceedance_peak_fraction"] == pytest.approx(0.25, rel=1e-12)
