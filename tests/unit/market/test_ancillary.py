import json

import pytest
from pydantic import ValidationError

from sim.errors import InputError
from sim.market import MarketSpec
from sim.market.ancillary import AncillaryService
from sim.market.rules import MarketRules
from sim.span import Span
from sim.tables import Files

HOUR_S = 3600.0
START_UTC_S = 1_764_828_000.0  # 2025-12-04T06:00Z, midnight in Chicago; the next one makes awards financial
FIXED = {"type": "fixed", "price_usd_per_mwh": 6.0}
NEVER = {"type": "scheduled"}


def service(**fields):
    content = {"service": "rrs", "offer_mw": 20.0, "price": FIXED, "deployment": NEVER} | fields
    return AncillaryService.model_validate_json(json.dumps(content))


def sold(entry, *, end_s=24 * HOUR_S, files=None, rules=None, has_ai=False):
    span = Span(files or Files(()), START_UTC_S, end_s, seed=1)
    conditions = entry.conditions(span, rules or MarketRules(), has_ai=has_ai)
    return entry.sold_at((entry.offered_mw(span) * conditions.bought).simplify(), conditions)


def test_a_constant_offer_is_sold_at_all_hours():
    result = sold(service())
    assert (result.award_mw.minimum(), result.award_mw.maximum()) == (20.0, 20.0)
    assert result.called_mw.maximum() == result.due_mw.maximum() == 0.0


def test_an_offer_by_hour_follows_the_local_clock():
    offer = [0.0] * 24
    offer[17] = 15.0
    award = sold(service(offer_mw=None, offer_by_hour_mw=offer), end_s=48 * HOUR_S).award_mw
    assert award.intervals_above(0.0).tolist() == [
        [17 * HOUR_S, 18 * HOUR_S],
        [41 * HOUR_S, 42 * HOUR_S],
    ]


def test_a_service_has_one_offer():
    words = "one of offer_mw, offer_by_hour_mw, cooptimised_up_to_mw, policy_up_to_mw; got none"
    with pytest.raises(ValidationError, match=words):
        service(offer_mw=None)
    with pytest.raises(ValidationError, match="at least 24 items"):
        service(offer_mw=None, offer_by_hour_mw=[1.0] * 23)


def as_file(tmp_path, *rows, header="time_utc,as_rrs,as_rt"):
    (tmp_path / "as.csv").write_text("\n".join([header, *rows]) + "\n")
    return Files([tmp_path])


def from_file(**fields):
    return service(price={"type": "file", "file": "as.csv", "price_column": "as_rrs"} | fields)


def test_a_blank_in_the_file_is_no_award(tmp_path):
    files = as_file(tmp_path, "2025-12-04T06:00Z,4.5,", "2025-12-04T07:00Z,,9", "2025-12-04T08:00Z,0,7")
    result = sold(from_file(), files=files, end_s=3 * HOUR_S)
    assert result.award_mw.at([0.0, HOUR_S, 2 * HOUR_S]).tolist() == [20.0, 0.0, 20.0]
    assert result.price_usd_per_mwh.at([0.0, HOUR_S, 2 * HOUR_S]).tolist() == [4.5, 0.0, 0.0]


@pytest.mark.parametrize(
    ("cell", "message"),
    [("n/a", "must be a finite number"), ("-2", r"must be from 0 to 100,000 USD/MWh, got -2")],
)
def test_text_and_negative_prices_are_refused(tmp_path, cell, message):
    files = as_file(tmp_path, "2025-12-04T06:00Z,4.5,", f"2025-12-04T07:00Z,{cell},")
    with pytest.raises(InputError, match=message):
        sold(from_file(), files=files, end_s=2 * HOUR_S)


def test_while_awards_are_physical_a_shortfall_pays_the_penalty_then_it_is_bought_back(tmp_path):
    hours = [
        f"2025-12-{4 + (6 + hour) // 24:02}T{(6 + hour) % 24:02}:00Z,4,{9 if hour % 2 else ''}" for hour in range(26)
    ]
    files = as_file(tmp_path, *hours)
    entry = from_file(real_time_column="as_rt").model_copy(update={"penalty_ratio": 3.0})
    result = sold(entry, files=files, end_s=26 * HOUR_S)
    at_s = [0.0, 23.5 * HOUR_S, 24.0 * HOUR_S, 25.5 * HOUR_S]
    assert result.shortfall_usd_per_mwh.at(at_s).tolist() == [12.0, 12.0, 4.0, 9.0]
    assert result.undelivered_usd_per_mwh.at(at_s).tolist() == [12.0] * 4


def test_a_fixed_price_may_have_another_in_real_time():
    entry = service(price=FIXED | {"real_time_usd_per_mwh": 50.0})
    assert sold(entry, end_s=30 * HOUR_S).shortfall_usd_per_mwh.at([0.0, 24 * HOUR_S]).tolist() == [6.0, 50.0]


def test_a_barred_site_has_no_awards_from_the_day_on():
    rules = MarketRules.model_validate_json('{"colocated_paid_response": {"barred_from": "2025-12-05"}}')
    result = sold(service(), rules=rules, end_s=30 * HOUR_S, has_ai=True)
    assert result.award_mw.intervals_above(0.0).tolist() == [[0.0, 24 * HOUR_S]]
    assert sold(service(), rules=rules, end_s=30 * HOUR_S).award_mw.minimum() == 20.0


def test_calls_are_a_share_of_what_is_sold_at_the_time():
    calls = {
        "type": "scheduled",
        "calls": [{"at_s": 1.5 * HOUR_S, "duration_min": 60.0, "called_fraction": 0.5}],
    }
    offer = [10.0, 10.0, 30.0] + [0.0] * 21
    result = sold(service(offer_mw=None, offer_by_hour_mw=offer, deployment=calls), end_s=4 * HOUR_S)
    assert result.called_mw.at([HOUR_S, 1.6 * HOUR_S, 2.2 * HOUR_S, 3 * HOUR_S]).tolist() == [
        0.0,
        5.0,
        15.0,
        0.0,
    ]


@pytest.mark.parametrize(
    ("name", "full_s", "half_way_mw"),
    [("rrs", 10.0, 0.0), ("ecrs", 600.0, 10.0), ("non-spin", 1800.0, 0.0), ("regulation-up", 4.0, 0.0)],
)
def test_each_service_is_due_as_fast_as_is_usual(name, full_s, half_way_mw):
    calls = {"type": "scheduled", "calls": [{"at_s": 7200.0, "duration_min": 60.0}]}
    due = sold(service(service=name, deployment=calls)).due_mw
    assert due.at([7200.0 + full_s / 2.0, 7200.0 + full_s]).tolist() == pytest.approx([half_way_mw, 20.0])


def test_response_may_be_set():
    calls = {"type": "scheduled", "calls": [{"at_s": 0.0, "duration_min": 60.0}]}
    due = sold(service(deployment=calls, response_s=0.0)).due_mw
    assert due.at([0.0]).tolist() == [20.0]


@pytest.mark.parametrize(("name", "kind"), [("rrs", "regulation"), ("regulation-down", "drawn")])
def test_a_service_is_called_in_its_own_way(name, kind):
    with pytest.raises(ValidationError, match=f"deployment of {name} must be scheduled or"):
        service(service=name, deployment={"type": kind})


def test_both_ways_of_regulation_follow_one_signal():
    up, down = (sold(service(service=f"regulation-{way}", deployment=None)) for way in ("up", "down"))
    assert (up.called_mw * down.called_mw).maximum() == 0.0
    assert up.called_mw.maximum() > 0.0


def test_no_service_is_sold_twice():
    with pytest.raises(ValidationError, match=r"each service may be sold once; used twice: rrs"):
        MarketSpec(ancillary=(service(), service()))
