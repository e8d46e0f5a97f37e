from datetime import UTC, date, datetime
from math import inf

import pytest

from sim.market.rules import ColocatedPaidResponse, MarketRules, RealTimeCooptimization, SenateBill6

DECEMBER_4_UTC_S = datetime(2025, 12, 4, 6, tzinfo=UTC).timestamp()  # midnight in Chicago
DAY_S = 86_400.0


def test_awards_become_financial_at_local_midnight_of_the_day():
    assert MarketRules().financial_from_s(DECEMBER_4_UTC_S) == DAY_S
    assert MarketRules(time_zone="UTC").financial_from_s(DECEMBER_4_UTC_S) == DAY_S - 6 * 3600.0


def test_each_rule_can_be_moved_or_switched_off():
    moved = MarketRules(real_time_cooptimization=RealTimeCooptimization(since=date(2025, 12, 6)))
    assert moved.financial_from_s(DECEMBER_4_UTC_S) == 2.0 * DAY_S
    assert MarketRules(real_time_cooptimization=None).financial_from_s(DECEMBER_4_UTC_S) == inf


def test_a_site_without_ai_keeps_its_awards():
    rules = MarketRules(colocated_paid_response=ColocatedPaidResponse(barred_from=date(2025, 12, 5)))
    assert rules.paid_until_s(DECEMBER_4_UTC_S, has_ai=True) == DAY_S
    assert rules.paid_until_s(DECEMBER_4_UTC_S, has_ai=False) == inf
    assert MarketRules().paid_until_s(DECEMBER_4_UTC_S, has_ai=True) == inf


@pytest.mark.parametrize(
    ("connected", "site_mw", "voluntary", "binds"),
    [
        (date(2026, 1, 1), 75.0, False, True),
        (date(2026, 1, 1), 74.9, False, False),
        (date(2025, 12, 31), 300.0, False, False),
        (date(2020, 1, 1), 10.0, True, True),
    ],
)
def test_an_order_binds_large_sites_connected_after_2025_and_volunteers(connected, site_mw, voluntary, binds):
    rules = MarketRules(sb6=SenateBill6(connected=connected, voluntary=voluntary))
    assert rules.binds(0.0, DECEMBER_4_UTC_S, site_mw) is binds


def test_no_order_binds_under_the_bill_before_it_took_effect():
    rules = MarketRules(sb6=SenateBill6(connected=date(2026, 1, 1)))
    june_19_utc_s = datetime(2025, 6, 19, 5, tzinfo=UTC).timestamp()
    assert not rules.binds(0.0, june_19_utc_s, 100.0)
    assert rules.binds(DAY_S, june_19_utc_s, 100.0)
    assert MarketRules().binds(0.0, june_19_utc_s, 1.0)
