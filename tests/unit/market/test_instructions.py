from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sim.market.contracts import CONTRACTS
from sim.market.instructions import CalendarCalls
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
