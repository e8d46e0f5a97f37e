"""Coincident peaks: when they are, and what is known of them."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from sim.errors import InputError
from sim.market.four_cp import FourCoincidentPeaks
from sim.span import Span
from sim.tables import Files

HOUR_S = 3600.0


def utc_s(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def files(folder, first="2024-05-31T05:00", hours=130 * 24, load=None, skip=()):
    """Write a system of 50 GW, with other loads at some local times (UTC-5), blank where None."""
    load = load or {}
    start = datetime.fromisoformat(first)
    rows = []
    for hour in range(hours):
        at = start + timedelta(hours=hour)
        local = (at - timedelta(hours=5)).strftime("%Y-%m-%dT%H")
        value = load.get(local, 50_000)
        if local not in skip:
            rows.append(f"{at.isoformat()}Z,{'' if value is None else value}\n")
    (folder / "load.csv").write_text("time_utc,system_load_mw\n" + "".join(rows))
    return Files([folder])


def charge(**fields):
    load = {"file": "load.csv"} | fields.pop("system_load", {})
    return FourCoincidentPeaks.model_validate({"system_load": load, "previous_average_mw": 0.0} | fields)


PEAKS = {"2024-06-20T16": 70_000, "2024-07-01T17": 71_000, "2024-08-20T16": 80_000, "2024-09-30T23": 60_000}


def test_the_peak_of_a_month_is_its_highest_hour_by_the_local_calendar(tmp_path):
    start_utc_s = utc_s("2024-08-01T05:00")
    found = charge().peaks(Span(files(tmp_path, load=PEAKS), start_utc_s, 24 * HOUR_S))

    assert [peak.name for peak in found] == ["2024-06", "2024-07", "2024-08", "2024-09"]
    hours = [(peak.start_s / HOUR_S, peak.end_s - peak.start_s) for peak in found]
    # the hour before midnight of 30 September belongs to September, though in UTC it is October
    assert hours == [
        (-42 * 24 + 16, 3600.0),
        (-31 * 24 + 17, 3600.0),
        (19 * 24 + 16, 3600.0),
        (60 * 24 + 23, 3600.0),
    ]


@pytest.mark.parametrize(
    ("gap", "known"),
    [
        ({"hours": 100 * 24}, ["2024-06", "2024-07", "2024-08"]),
        ({"first": "2024-06-02T05:00"}, ["2024-07", "2024-08", "2024-09"]),
        ({"skip": ("2024-07-05T03",)}, ["2024-06", "2024-08", "2024-09"]),
        ({"load": {"2024-08-05T03": None}}, ["2024-06", "2024-07", "2024-09"]),
    ],
)
def test_a_month_that_the_file_does_not_hold_as_a_whole_has_no_peak(tmp_path, gap, known):
    found = charge().peaks(Span(files(tmp_path, **gap), utc_s("2024-08-10T05:00"), HOUR_S))
    assert [peak.name for peak in found] == known


def test_load_is_known_when_its_interval_ends_unless_said_otherwise(tmp_path):
    system = files(tmp_path, load={"2024-06-20T16": 70_000})
    span = Span(system, utc_s("2024-06-20T21:00"), 4 * HOUR_S)  # from 16:00 in Texas
    in_force = charge().system_load.signal(span)

    seen = charge().system_load.published(span, in_force)
    assert seen.at([0.0, 3600.0, 7200.0]).tolist() == [50_000, 70_000, 50_000]
    early = charge(system_load={"publication_delay_s": 600.0}).system_load.published(span, in_force)
    assert early.at([0.0, 600.0, 4200.0]).tolist() == [50_000, 70_000, 50_000]


def test_the_months_peak_so_far_counts_what_is_published_from_before_the_run_and_no_more(tmp_path):
    load = {"2024-06-20T16": 70_000, "2024-06-29T16": 75_000, "2024-07-01T02": 55_000}
    system = files(tmp_path, load=load)
    start_utc_s = utc_s("2024-06-29T05:00")

    peak = charge().published_peak(charge().system_load, Span(system, start_utc_s, 3 * 24 * HOUR_S))

    hours = [0.0, 16.99, 17.0, 47.99, 48.0, 49.0, 51.0]
    expected = [70_000, 70_000, 75_000, 75_000, 0.0, 50_000, 55_000]
    assert peak.at(np.array(hours) * HOUR_S).tolist() == expected


def test_what_is_published_after_the_month_does_not_count_for_the_next(tmp_path):
    system = files(tmp_path, load={"2024-06-30T23": 90_000})
    late = charge(system_load={"publication_delay_s": 3 * HOUR_S})

    peak = late.published_peak(late.system_load, Span(system, utc_s("2024-06-30T05:00"), 2 * 24 * HOUR_S))

    assert peak.at(np.array([0.0, 23.9, 24.0, 26.9, 27.0]) * HOUR_S).tolist() == [
        50_000,
        50_000,
        0,
        0,
        50_000,
    ]
    assert peak.maximum() == 50_000


def test_local_clocks_strike_every_hour_through_the_change_of_clocks():
    hours = charge().local_hours(Span(Files(()), utc_s("2024-03-10T06:30"), 4 * HOUR_S))  # half past midnight

    assert hours.hour_h.value.tolist() == [0.0, 1.0, 3.0, 4.0, 5.0]
    assert (hours.hour_h.time_s / 60.0).tolist() == [0.0, 30.0, 90.0, 150.0, 210.0]
    assert set(hours.month_count.value) == {3.0}


@pytest.mark.parametrize(("start", "first_s"), [("2024-06-01T06:20", 2400.0), ("2024-06-01T06:50", 600.0)])
def test_the_first_hour_to_strike_is_the_next_wherever_in_the_hour_a_run_begins(start, first_s):
    hours = charge().local_hours(Span(Files(()), utc_s(start), 2 * HOUR_S))
    assert hours.hour_h.time_s.tolist() == [0.0, first_s, first_s + HOUR_S]


def test_a_file_that_does_not_cover_the_run_is_refused(tmp_path):
    with pytest.raises(InputError, match="the run needs"):
        charge().system_load.signal(Span(files(tmp_path, hours=48), utc_s("2024-07-01T05:00"), HOUR_S))


def stated(*times, **fields):
    moments = tuple(datetime.fromisoformat(time) for time in times)
    return FourCoincidentPeaks.model_validate({"peak_times": moments, "previous_average_mw": 0.0} | fields)


def test_peaks_may_be_stated_where_there_is_no_file():
    spec = stated("2024-07-01T17:00:00-05:00", "2024-08-20T16:00:00-05:00", "2023-08-10T16:00:00-05:00")
    span = Span(Files(()), utc_s("2024-07-01T05:00"), 24 * HOUR_S)
    july, august = spec.peaks(span)
    assert (july.name, july.start_s, july.end_s) == ("2024-07", 17 * HOUR_S, 17.25 * HOUR_S)
    assert august.name == "2024-08"
    [hour, _] = stated("2024-07-01T17:00:00-05:00", "2024-08-20T16:00:00-05:00", peak_interval_min=60.0).peaks(span)
    assert hour.end_s - hour.start_s == HOUR_S


def test_peaks_come_from_one_source():
    with pytest.raises(ValueError, match="one of system_load, peak_times; got none"):
        stated()
    with pytest.raises(ValueError, match="one of system_load, peak_times; got system_load and peak_times"):
        stated("2024-07-01T17:00:00-05:00", system_load={"file": "load.csv"})


def test_a_peak_of_twelve_is_the_highest_half_hour_of_each_month(tmp_path):
    first = datetime(2024, 12, 1, 6, tzinfo=UTC)
    rows = {first + timedelta(minutes=15 * row): 50_000 for row in range(31 * 96)}
    spike = datetime(2024, 12, 9, 20, 15, tzinfo=UTC)  # 90 for a quarter of an hour: 70 with the one before
    rows[spike] = 90_000
    for minute in (0, 15):
        rows[datetime(2024, 12, 17, 13, 30 + minute, tzinfo=UTC)] = 75_000
    lines = [f"{at:%Y-%m-%dT%H:%MZ},{mw}" for at, mw in rows.items()]
    (tmp_path / "load.csv").write_text("\n".join(["time_utc,system_load_mw", *lines]) + "\n")
    span = Span(Files([tmp_path]), first.timestamp(), 30 * 24 * HOUR_S)
    spec = charge(rule="ercot-12cp")
    [peak] = spec.peaks(span)
    assert peak.name == "2024-12"
    assert peak.start_s == datetime(2024, 12, 17, 13, 30, tzinfo=UTC).timestamp() - span.start_utc_s
    assert (peak.end_s - peak.start_s, peak.load_mw) == (1800.0, 75_000.0)
    assert spec.usd_per_mw == pytest.approx(65_000.0 / 12.0)


def test_five_peaks_are_of_five_days_of_the_whole_season(tmp_path):
    hot = {f"2024-07-{day:02}T{hour}": 60_000 + 1000 * day + hour for day in range(10, 17) for hour in (15, 16)}
    span = Span(files(tmp_path, load=hot), utc_s("2024-07-01T05:00"), 30 * 24 * HOUR_S)
    spec = charge(rule="pjm-5cp")
    peaks = spec.peaks(span)
    assert [peak.name for peak in peaks] == [f"2024-07-{day}" for day in (12, 13, 14, 15, 16)]
    assert {(peak.start_s / HOUR_S) % 24 for peak in peaks} == {16.0}
    until_september = Span(span.files, span.start_utc_s, 80 * 24 * HOUR_S)
    assert spec.unknown_count(until_september, [peak.name for peak in peaks]) == 0


def test_each_season_has_its_own_five_peaks(tmp_path):
    hot = {f"{year}-07-{day:02}T15": 60_000 + day for year in (2024, 2025) for day in range(10, 17)}
    span = Span(files(tmp_path, hours=500 * 24, load=hot), utc_s("2024-07-01T05:00"), 365 * 24 * HOUR_S)
    names = [peak.name for peak in charge(rule="pjm-5cp").peaks(span)]
    assert names == [f"{year}-07-{day}" for year in (2024, 2025) for day in (12, 13, 14, 15, 16)]


def test_without_the_whole_season_no_five_peaks_are_known(tmp_path):
    span = Span(files(tmp_path, hours=60 * 24, load=PEAKS), utc_s("2024-06-01T05:00"), 40 * 24 * HOUR_S)
    spec = charge(rule="pjm-5cp")
    assert spec.peaks(span) == ()
    assert spec.unknown_count(span, []) == 2
