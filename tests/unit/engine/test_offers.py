"""What the engine makes of a policy's offers."""

import re
from math import inf, nan

import numpy as np
import pytest
from quick import run

from sim.engine.campus import Campus
from sim.errors import InputError, PolicyError
from sim.metrics.ledger.lines import services_gain_usd
from sim.policies import Decision
from sim.testing import a_scenario

HOUR_S = 3600.0
FIXED = {"type": "fixed", "price_usd_per_mwh": 6.0}
CALLS = [{"at_s": 2.5 * HOUR_S, "duration_min": 60.0, "called_fraction": 0.5}]
RRS = {"service": "rrs", "price": FIXED, "deployment": {"type": "scheduled", "calls": CALLS}}


class Standing:
    """A policy that always runs, and offers by a schedule: until when, and what."""

    def __init__(self, *plan):
        self._plan = plan
        self.seen = []

    def decide(self, observation):
        self.seen.append(observation)
        now_s = observation.time_s
        until_s, offers = next(step for step in self._plan if now_s < step[0])
        return Decision(60.0, "standing", None if until_s == inf else until_s, offers)


def site(service=None, **market):
    services = [RRS | {"policy_up_to_mw": 20.0} if service is None else service]
    return a_scenario(days=0.25, market={"ancillary": services, **market})


def test_an_offer_that_stands_is_awarded_hour_by_hour_from_the_first_open_gate_on():
    recording = Campus(site(), Standing((inf, (("rrs", 15.0),)))).run()
    # the gates of the first two hours closed before anything was offered
    assert recording["ancillary.rrs.award_mw"].intervals_above(0.0).tolist() == [[2 * HOUR_S, 6 * HOUR_S]]
    assert recording["ancillary.rrs.award_mw"].maximum() == 15.0


def test_a_decision_at_the_very_gate_is_too_late_for_it():
    plan = ((HOUR_S, ()), (2 * HOUR_S, (("rrs", 10.0),)), (inf, (("rrs", 4.0),)))
    award = Campus(site(), Standing(*plan)).run()["ancillary.rrs.award_mw"]
    assert award.at([2 * HOUR_S, 3 * HOUR_S, 4 * HOUR_S]).tolist() == [0.0, 10.0, 4.0]


def test_more_than_the_most_counts_as_the_most():
    award = Campus(site(), Standing((inf, (("rrs", 500.0),)))).run()["ancillary.rrs.award_mw"]
    assert award.maximum() == 20.0


def test_a_service_left_out_of_a_later_decision_is_offered_no_more():
    plan = ((1.5 * HOUR_S, (("rrs", 10.0),)), (inf, ()))
    award = Campus(site(), Standing(*plan)).run()["ancillary.rrs.award_mw"]
    assert award.intervals_above(0.0).tolist() == [[2 * HOUR_S, 3 * HOUR_S]]


@pytest.mark.parametrize(
    ("offers", "said"),
    [
        (
            (("ecrs", 5.0),),
            "the policy offers 'ecrs'; services with policy_up_to_mw in market.ancillary: rrs",
        ),
        ((("rrs", -1.0),), "the policy offers -1.0 MW of rrs at 0 s; must be 0 MW or more, and finite"),
        ((("rrs", nan),), "the policy offers nan MW of rrs"),
        ((("rrs", inf),), "the policy offers inf MW of rrs"),
    ],
)
def test_an_offer_that_is_none_is_an_error_of_the_policy(offers, said):
    with pytest.raises(PolicyError, match=re.escape(said)):
        Campus(site(), Standing((inf, offers))).run()


def test_so_is_one_where_nothing_is_left_to_the_policy():
    with pytest.raises(PolicyError, match=r"no market\.ancillary"):
        Campus(a_scenario(days=0.1), Standing((inf, (("rrs", 5.0),)))).run()
    with pytest.raises(PolicyError, match=r"in market\.ancillary: none"):
        Campus(site(RRS | {"offer_mw": 5.0}), Standing((inf, (("rrs", 5.0),)))).run()


def test_the_record_is_that_of_a_service_that_sold_the_same_beforehand():
    """All that follows from an award is derived by the same rules: signals, delivery, money."""
    live = Campus(site(), Standing((inf, (("rrs", 15.0),)))).run()
    offer = [0.0, 0.0, *[15.0] * 22]
    fixed = Campus(site(RRS | {"offer_by_hour_mw": offer}), Standing((inf, ()))).run()

    for name in fixed.signals:
        assert np.array_equal(live[name].time_s, fixed[name].time_s), name
        assert np.array_equal(live[name].value, fixed[name].value), name
    assert set(live.signals) - set(fixed.signals) == {"ancillary.rrs.called_fraction"}
    assert services_gain_usd(live) == services_gain_usd(fixed) > 0.0


def test_with_a_policy_that_offers_nothing_nothing_is_sold():
    result = run(site())
    assert result.recording["ancillary.rrs.award_mw"].maximum() == 0.0
    assert result.metrics["ancillary_revenue_usd"] == result.metrics["ancillary_penalty_usd"] == 0.0


def test_where_nothing_is_left_to_the_policy_it_sees_no_services():
    policy = Standing((inf, ()))
    Campus(site(RRS | {"offer_mw": 5.0}), policy).run()
    assert {seen.services for seen in policy.seen} == {()}


@pytest.mark.parametrize(
    ("market", "said"),
    [
        (
            {"ancillary": [RRS | {"offer_mw": 5.0}]},
            "policy ancillary has nothing to offer: state policy_up_to_mw",
        ),
        ({}, "policy ancillary has nothing to offer"),
        (
            {
                "ancillary": [RRS | {"policy_up_to_mw": 5.0}],
                "generation": {"type": "constant", "mw": 10.0, "cost_usd_per_mwh": 1.0},
            },
            "policy ancillary plans with one price",
        ),
    ],
)
def test_a_policy_that_could_offer_nothing_is_refused(market, said):
    for policy in ({"type": "ancillary"}, {"type": "price-guard", "inner": {"type": "ancillary"}}):
        with pytest.raises(InputError, match=said):
            a_scenario(market=market, policy=policy)


class Changing:
    """A policy that changes one and the same list in place."""

    def __init__(self):
        self._offers = []

    def decide(self, observation):
        self._offers[:] = [("rrs", 5.0 if observation.time_s < 2.5 * HOUR_S else 8.0)]
        return Decision(60.0, "changing", observation.time_s + 900.0, self._offers)


def test_a_list_of_offers_changed_in_place_is_offered_as_changed():
    award = Campus(site(), Changing()).run()["ancillary.rrs.award_mw"]
    assert award.at([2.5 * HOUR_S, 4.5 * HOUR_S, 5.5 * HOUR_S]).tolist() == [5.0, 8.0, 8.0]


@pytest.mark.parametrize(
    ("offers", "said"),
    [
        (None, "the offers at 0 s must be pairs of service and MW"),
        ({"rrs": 5.0}, "the offers at 0 s must be pairs of service and MW"),
        ((("rrs", 1.0, 2.0),), "an offer at 0 s must be a service and its MW"),
        ((("rrs", "5"),), "the policy offers '5' MW of rrs at 0 s"),
        ((("rrs", 1.0), ("rrs", 2.0)), "the policy offers 'rrs' twice at 0 s"),
    ],
)
def test_offers_of_a_wrong_shape_are_refused_in_words(offers, said):
    with pytest.raises(PolicyError, match=re.escape(said)):
        Campus(site(), Standing((inf, offers))).run()


def test_an_empty_list_offers_nothing_on_a_site_without_services():
    Campus(a_scenario(days=0.01), Standing((inf, []))).run()


@pytest.mark.parametrize("answer", [None, 5.0, (5.0, "short"), Decision(None, "no target")])
def test_an_answer_that_is_no_decision_is_refused_in_words(answer):
    class Wrong:
        def decide(self, _):
            return answer

    with pytest.raises(PolicyError, match="must answer with a Decision that has a target, got"):
        Campus(a_scenario(days=0.01), Wrong()).run()


def test_once_an_award_has_changed_the_change_is_no_longer_announced():
    by_hour = [0.0, 5.0, *([0.0] * 22)]
    service = {"service": "rrs", "price": FIXED, "offer_by_hour_mw": by_hour}
    policy = Standing((inf, ()))
    Campus(site(service), policy).run()
    seen = {observation.time_s: observation.next_awards for observation in policy.seen}
    assert seen[0.0].at_s == HOUR_S
    assert seen[HOUR_S].at_s == 2.0 * HOUR_S  # when it ends
    assert seen[2.0 * HOUR_S] is None
