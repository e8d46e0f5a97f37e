import html
import re

import pytest
from report_fakes import recording_of

from sim.events import EventRow
from sim.report.decisions import event_counts, reason_shares
from sim.report.format import beginnings, grouped
from sim.report.page import known_values
from sim.report.static_page import rendered
from sim.signals import Signal

FAILURE = EventRow(50.0, "load.llama", "failure", 1.0)


def decided(*turns):
    events = [EventRow(time_s, "controller", f"decision: {reason}", 0.0) for time_s, reason in turns]
    return (*events, FAILURE, FAILURE)


def test_each_reason_gets_its_time_and_the_fleets_energy_meanwhile():
    ai = Signal.steps([0.0, 7200.0], [300.0, 400.0], 10_800.0)  # a fleet of 150 MW draws 100, then 0
    events = decided((0.0, "headroom"), (3600.0, "price"), (7204.0, "headroom"))
    shares = reason_shares(recording_of({"llama": ai}, 10_800.0, events=events))
    assert shares == (
        ("headroom", 2, 7196.0, pytest.approx(100.0)),
        ("price", 1, 3604.0, pytest.approx(100.0 * 3604.0 / 3600.0)),
    )


def test_time_before_the_first_decision_is_named():
    ai = Signal.constant(300.0, 100.0)
    shares = reason_shares(recording_of({"llama": ai}, 100.0, events=decided((40.0, "headroom"))))
    assert [(reason, duration_s) for reason, _, duration_s, _ in shares] == [
        ("headroom", 60.0),
        ("before the first decision", 40.0),
    ]


def test_of_two_decisions_at_one_instant_the_last_counts():
    ai = Signal.constant(300.0, 100.0)
    shares = reason_shares(recording_of({"llama": ai}, 100.0, events=decided((0.0, "price"), (0.0, "headroom"))))
    assert [(reason, duration_s) for reason, _, duration_s, _ in shares] == [("headroom", 100.0)]


def test_events_are_counted_by_source_and_kind_without_decisions():
    recording = recording_of({"llama": Signal.constant(1.0, 100.0)}, 100.0, events=decided((0.0, "headroom")))
    assert list(event_counts(recording)) == [("load.llama", "failure", 2)]


def metric(value, unit="MW", **more):
    return {"value": value, "unit": unit, "summary": "What it is", **more}


def shown(template, metrics, **values):
    """Return the words of a part of the page, cell by cell."""
    known, alone = known_values(metrics), known_values(metrics, "baseline")
    text = rendered(template, metrics=metrics, known=known, alone=alone, **values)
    return [" ".join(html.unescape(part).split()) for part in re.findall(r">([^<>]+)<", text)]


def rows(metrics):
    text = rendered(
        "metrics.html.jinja", metrics=metrics, known=known_values(metrics),
        alone=known_values(metrics, "baseline"), headlines=list(metrics), groups=grouped(metrics),
    )  # fmt: skip
    return re.findall(r"<code>(\w+)</code></th>" + 3 * r'<td class="number">(.*?)</td>', text)


def test_every_metric_lands_in_one_group_and_an_unknown_one_in_other():
    metrics = ["site_peak_mw", "dip_count", "wobble_hz"]
    assert list(grouped(metrics)) == ["Site and limit", "Dips", "Other"]
    assert [name for names in grouped(metrics).values() for name in names] == metrics


def test_a_group_of_which_the_run_can_tell_nothing_says_so():
    metrics = {
        "voltage_min_pu": metric(None, "pu"),
        "dip_count": metric(2.0, "1"),
        "dip_max_mw": metric(None),
    }
    words = shown("metrics.html.jinja", metrics, headlines=[], groups=grouped(metrics))
    assert words.count("1, none of which this run can tell") == 1
    assert words.count("2") == 2  # how many dips metrics there are, and the count of dips


def test_no_group_takes_what_another_begins_with():
    ways = [beginning for group in beginnings().values() for beginning in group]
    assert len(ways) == len(set(ways))


def test_a_row_shows_baseline_and_difference_where_there_is_one():
    first, second, *_ = rows({"site_peak_mw": metric(410.0, baseline=400.0), "site_mean_mw": metric(5.0)})
    assert first == ("site_peak_mw", "410 MW", "400 MW", "+10 MW")
    assert second == ("site_mean_mw", "5 MW", "", "")


def test_a_row_without_value_is_not_assessable():
    row, *_ = rows({"net_ramp_up_300s_mw_per_min": metric(None, "MW/min", baseline=None)})
    assert row[1:] == ("not assessable", "not assessable", "")


def verdicts(metrics):
    """Return question, answer and detail of each card, and its tone."""
    text = rendered(
        "verdicts.html.jinja", known=known_values(metrics), alone=known_values(metrics, "baseline"),
        limit_mw=400.0, has_fleets=True,
    )  # fmt: skip
    cards = re.findall(r'class="verdict (\w+)"><h2>(.*?)</h2>\s*<p class="answer">(.*?)</p><p>(.*?)</p>', text)
    return [(answer, detail, tone) for tone, _, answer, detail in cards]


def test_the_verdict_says_whether_the_limit_was_kept():
    kept = {"exceedance_s": metric(0.0, "s", baseline=0.0)}
    broken = {
        "exceedance_s": metric(90.0, "s", baseline=0.0),
        "exceedance_count": metric(3.0, "1"),
        "exceedance_mwh": metric(1.5, "MWh"),
    }
    assert verdicts(kept)[0] == (
        "Yes", "Site power never exceeds the limit. AI alone: never above.", "good",
    )  # fmt: skip
    assert verdicts(broken)[0] == (
        "No", "Above the limit 3 times, for 1 min 30 s in all, 1.500 MWh. AI alone: never above.", "bad",
    )  # fmt: skip
    once = {**broken, "exceedance_count": metric(1.0, "1")}
    assert verdicts(once)[0][1].startswith("Above the limit once, for ")


def test_the_verdict_puts_the_peak_beside_the_limit():
    assert verdicts({"site_peak_mw": metric(420.0, baseline=380.0)})[1][:2] == (
        "420 MW",
        "105 % of the limit of 400 MW. AI alone peaks at 380 MW.",
    )


def test_a_loss_is_shown_as_one():
    metrics = {
        "incremental_ebitda_usd": metric(-1500.0, "USD"),
        "mining_revenue_usd": metric(500.0, "USD"),
        "fleet_power_cost_usd": metric(2000.0, "USD"),
    }
    answer, detail, tone = verdicts(metrics)[3]
    assert (answer, tone) == ("-1,500 USD", "bad")
    assert "500 USD of revenue less 2,000 USD for power; operations, wear" in detail
    assert "make 0 USD." in detail


def test_the_verdict_of_a_result_without_known_metrics_is_not_assessable():
    assert [answer for answer, *_ in verdicts({})[:2]] == ["not assessable"] * 2
    assert verdicts({})[3][0] == "not assessable"
