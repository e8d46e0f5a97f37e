from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sim.errors import InputError
from sim.market.four_cp import SystemLoad
from sim.market.instructions import CONTRACTS, CalendarCalls, NetLoadCalls
from sim.span import Span
from sim.tables import Files

YEAR_S = 365.0 * 86_400.0
START = datetime(2026, 1, 1, 6, tzinfo=UTC)
EVERY_DAY = 10_000.0


def called(contract, seed=1, yearly_calls_count=EVERY_DAY, event_h=4.0):
    span = Span(Files(()), START.timestamp(), YEAR_S, seed)
    spec = CalendarCalls(yearly_calls_count=yearly_calls_count, event_h=event_h)
    return spec.calls(CONTRACTS[contract], span)


def local(call):
    moment = datetime.fromtimestamp(START.timestamp() + call.from_s, ZoneInfo("America/Chicago"))
    return moment, (call.until_s - call.from_s) / 3600.0


def test_hours_of_a_year_are_capped():
    calls = called("idaho-schedule-20", event_h=10.0)
    assert sum(length_h for _, length_h in map(local, calls)) == 220.0  # 22 of 10 h; a 23rd would pass 225


def test_calls_are_capped_by_season_and_a_call_by_its_length():
    calls = [local(call) for call in called("dominion-dg", event_h=5.0)]
    winter = [moment for moment, _ in calls if moment.month in {12, 1, 2, 3}]
    assert len(winter) <= 13
    assert sum(length_h for _, length_h in calls) <= 120.0
    assert len(called("dominion-dg", event_h=1.0)) == 32  # 19 in summer and 13 in winter


def test_calls_keep_to_the_days_and_hours_of_the_contract():
    for moment, length_h in map(local, called("idaho-schedule-20", event_h=10.0)):
        assert (6, 15) <= (moment.month, moment.day) <= (9, 15)
        assert moment.weekday() < 5
        assert moment.hour + moment.minute / 60.0 >= 13.0
        assert moment.hour + moment.minute / 60.0 + length_h <= 23.0 + 1e-9


def test_fewer_calls_are_drawn_where_fewer_are_asked_for_and_the_seed_draws_them():
    some = called("ercot-clr", yearly_calls_count=36.0)
    assert 15 < len(some) < 70
    assert some == called("ercot-clr", yearly_calls_count=36.0)
    assert some != called("ercot-clr", seed=2, yearly_calls_count=36.0)


def hourly(tmp_path, load_mw):
    """Write a year of hours that begins with 2026 in Chicago, and return its description."""
    first = START.timestamp()
    stamps = (datetime.fromtimestamp(first + 3600.0 * hour, UTC).isoformat() for hour in range(len(load_mw)))
    rows = (f"{stamp},{mw}" for stamp, mw in zip(stamps, load_mw, strict=True))
    (tmp_path / "load.csv").write_text("\n".join(["time_utc,system_load_mw", *rows]) + "\n")
    return Span(Files((tmp_path,)), first, YEAR_S), SystemLoad(file="load.csv")


def shaped_mw(seed=3):
    """Return a year of hourly load with a day, a week of weather and two seasons [MW]."""
    hours = np.arange(8760)
    season = 8000.0 * np.cos(2.0 * np.pi * (hours / 8760.0 - 0.55)) ** 2
    day = 6000.0 * np.cos(2.0 * np.pi * (hours % 24 - 17.0) / 24.0)
    weather = np.repeat(np.random.default_rng(seed).normal(0.0, 3000.0, 365), 24)
    return 40_000.0 + season + day + weather


def test_a_part_of_a_season_is_not_taken_for_its_peak(tmp_path):
    span, load = hourly(tmp_path, shaped_mw()[: 24 * 201])  # until the middle of July
    short = replace(span, end_s=86_400.0)
    with pytest.raises(InputError, match=r"has 51 days of the months \(6, 7, 8\), whose peak the method"):
        NetLoadCalls(type="net-load", system_load=load).calls(CONTRACTS["ercot-clr"], short)


@pytest.mark.parametrize("share", [0.0025, 0.005, 0.01])
def test_the_stated_share_of_a_new_loads_energy_is_cut(tmp_path, share):
    span, load = hourly(tmp_path, shaped_mw())
    spec = NetLoadCalls(type="net-load", system_load=load, energy_fraction=share)
    calls = spec.calls(CONTRACTS["ercot-clr"], span)
    cut_h = sum(call.depth_fraction * (call.until_s - call.from_s) / 3600.0 for call in calls)
    assert cut_h == pytest.approx(share * 8760.0)
    assert len(calls) > 2.0 * cut_h  # hours with some cut are more than full-load hours
    assert all(0.0 < call.depth_fraction <= 1.0 for call in calls)


def test_a_cut_is_what_load_and_new_load_exceed_the_seasons_peak_by(tmp_path):
    load_mw = np.full(8760, 5000.0)
    july = int((datetime(2026, 7, 10, 20, tzinfo=UTC) - START).total_seconds() // 3600)
    january = 300
    load_mw[july], load_mw[january] = 10_000.0, 8000.0
    load_mw[july + 1] = 9000.0
    span, load = hourly(tmp_path, load_mw)
    # of 3,000 MW: all at July's peak and January's, 2,000 in the hour after July's
    spec = NetLoadCalls(type="net-load", system_load=load, energy_fraction=8000.0 / (3000.0 * 8760.0))
    calls = spec.calls(CONTRACTS["ercot-clr"], span)
    hours = {int(call.from_s // 3600): call.depth_fraction for call in calls}
    assert hours == pytest.approx({january: 1.0, july: 1.0, july + 1: 2.0 / 3.0})


def test_net_load_calls_keep_to_the_contract(tmp_path):
    span, load = hourly(tmp_path, shaped_mw())
    spec = NetLoadCalls(type="net-load", system_load=load, energy_fraction=0.05)
    calls = spec.calls(CONTRACTS["idaho-schedule-20"], span)
    assert sum(length_h for _, length_h in map(local, calls)) == 225.0
    assert all(13 <= moment.hour < 23 and moment.weekday() < 5 for moment, _ in map(local, calls))
    dominion = spec.calls(CONTRACTS["dominion-dg"], span)
    winter = [call for call in dominion if local(call)[0].month in {12, 1, 2, 3}]
    assert len(blocks(winter)) <= 13
    assert max(until_s - from_s for from_s, until_s in blocks(dominion)) <= 6.0 * 3600.0


def blocks(calls):
    """Return start and end of calls without a break between them [s]."""
    found = []
    for call in calls:
        if found and found[-1][1] == call.from_s:
            found[-1][1] = call.until_s
        else:
            found.append([call.from_s, call.until_s])
    return found


def test_a_file_without_a_season_is_refused(tmp_path):
    span, load = hourly(tmp_path, shaped_mw()[:2000])
    short = replace(span, end_s=86_400.0)
    with pytest.raises(InputError, match=r"has 0 days of the months \(6, 7, 8\)"):
        NetLoadCalls(type="net-load", system_load=load).calls(CONTRACTS["ercot-clr"], short)


def test_a_load_at_its_peak_all_the_time_leaves_room_for_no_new_load(tmp_path):
    span, load = hourly(tmp_path, np.full(8760, 5000.0))
    with pytest.raises(InputError, match=r"for more than energy_fraction = 0\.005 of the time: no new load"):
        NetLoadCalls(type="net-load", system_load=load).calls(CONTRACTS["ercot-clr"], span)
