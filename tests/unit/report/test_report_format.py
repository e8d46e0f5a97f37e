import math

import pytest

from sim.report.format import (
    LocalTime,
    format_difference,
    format_duration,
    format_percent,
    format_value,
    words_of,
)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0, "MW", "0 MW"),
        (-0.0, "MW", "0 MW"),
        (3.0, "1", "3"),
        (1234567.8, "USD", "1,234,568 USD"),
        (999.96, "MW", "1,000.0 MW"),
        (12.3456, "MW/min", "12.35 MW/min"),
        (-0.012345, "MWh", "-0.01235 MWh"),
        (3.2e-7, "MWh", "3.2e-07 MWh"),
        (3.6e-15, "MWh", "0 MWh"),
        (-9.7e-12, "USD", "0 USD"),
        (math.inf, "MW", "infinite MW"),
    ],
)
def test_a_value_is_written_with_four_digits_and_its_unit(value, unit, text):
    assert format_value(value, unit) == text


@pytest.mark.parametrize("value", [None, math.nan])
def test_what_the_run_cannot_tell_is_not_assessable(value):
    assert format_value(value, "MW") == "not assessable"
    assert format_difference(value, "MW") == "not assessable"
    assert format_percent(value) == "not assessable"


def test_a_difference_carries_its_sign():
    assert [format_difference(value, "MW") for value in (1.5, -1.5, 0.0)] == [
        "+1.500 MW",
        "-1.500 MW",
        "0 MW",
    ]


@pytest.mark.parametrize(
    ("duration_s", "text"),
    [
        (0.25, "0.25 s"),
        (60.0, "1 min"),
        (90.0, "1 min 30 s"),
        (3599.9, "1 h"),
        (86_399.0, "1 d"),
        (90_000.0, "1 d 1 h"),
        (31_536_000.0, "365 d"),
    ],
)
def test_a_duration_shows_its_two_largest_units(duration_s, text):
    assert format_duration(duration_s) == text


def test_a_name_becomes_words_without_its_unit():
    assert words_of("net_ramp_up_60s_mw_per_min") == "Net ramp up 60 s"
    assert words_of("dip_count") == "Dip count"
    assert words_of("no_unit_here") == "No unit here"


def test_local_time_keeps_the_offset_of_the_start():
    clock = LocalTime.of_run("2026-01-01T00:00:00-06:00", 1_767_247_200.0)
    assert clock.offset == "UTC-06:00"
    assert clock.text(86_400.0) == "2026-01-02 00:00"
    assert clock.start_ms == 1_767_225_600_000.0  # midnight, as if it were UTC


def test_a_start_that_cannot_be_read_counts_as_utc():
    assert LocalTime.of_run(None, 0.0).text(61.0) == "1970-01-01 00:01:01"
