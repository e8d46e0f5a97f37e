"""What counts as breaking a limit: beyond what is tolerated, and of the miners' making."""

import pytest

from sim.metrics import measure

TOLERANCE = {"tolerance.above_ratio": 1.05, "tolerance.after_s": 10.0}
# AI at 150 MW; miners put the site 8 MW above the limit of 200 for 60 s, 12 MW for 5 s, and 12 MW for 30 s
FLEET = [
    (0.0, 40.0), (600.0, 40.0), (600.0, 58.0), (660.0, 58.0), (660.0, 40.0),
    (1200.0, 40.0), (1200.0, 62.0), (1205.0, 62.0), (1205.0, 40.0),
    (1800.0, 40.0), (1800.0, 62.0), (1830.0, 62.0), (1830.0, 40.0), (3600.0, 40.0),
]  # fmt: skip


def test_without_a_tolerance_any_power_above_the_limit_breaks_it(record):
    metrics = measure(record({"a": 150.0}, {"m": FLEET}))
    assert metrics["limit_broken_count"] == 3.0
    assert metrics["limit_broken_longest_s"] == pytest.approx(60.0)
    assert metrics["limit_broken_peak_mw"] == pytest.approx(12.0)


def test_what_is_tolerated_in_height_or_in_length_breaks_nothing(record):
    metrics = measure(record({"a": 150.0}, {"m": FLEET}, constants=TOLERANCE))
    assert metrics["limit_broken_count"] == 1.0
    assert metrics["limit_broken_longest_s"] == pytest.approx(30.0)
    assert metrics["limit_broken_peak_mw"] == pytest.approx(2.0)  # above 210 MW
    assert metrics["limit_broken_mwh"] == pytest.approx(2.0 * 30.0 / 3600.0)
    assert metrics["exceedance_count"] == 3.0  # what is above is above all the same


def test_what_ai_does_alone_is_not_the_miners_to_answer_for(record):
    assert measure(record({"a": 230.0}, {"m": 0.0}))["limit_broken_count"] == 0.0
