import pytest
from pydantic import ValidationError

from sim.errors import InputError
from sim.report.answer import answer
from sim.scenario.model import Sentence
from sim.simulation import run
from sim.testing import a_scenario

METRICS = {
    "site_peak_mw": {"value": 226.6, "unit": "MW", "baseline": 169.7},
    "soaked_fraction": {"value": 0.8663, "unit": "1"},
    "exceedance_count": {"value": 318.0, "unit": "1", "baseline": 0.0},
    "load_factor_ratio": {"value": 0.7848, "unit": "1"},
    "npv_mining_usd": {"value": None, "unit": "USD"},
}


def said(*sentences):
    return answer({"answer": sentences}, METRICS)


def test_figures_stand_with_their_units():
    assert said({"say": "The site peaks at {site_peak_mw}, without miners at {site_peak_mw|without}."}) == (
        "The site peaks at 226.6 MW, without miners at 169.7 MW."
    )
    assert said({"say": "Soaked: {soaked_fraction}; {site_peak_mw|change}."}) == "Soaked: 86.6 %; +56.90 MW."
    assert said({"say": "{load_factor_ratio|percent}, {load_factor_ratio}"}) == "78.5 %, 0.7848"


def test_a_sentence_hangs_on_a_metric():
    limit = {"metric": "exceedance_count", "above": 0.0}
    broken = {"say": "Broken {exceedance_count} times.", "when": limit, "otherwise": "Held."}
    assert said(broken) == "Broken 318 times."
    assert said({**broken, "when": {"metric": "exceedance_count", "above": 400.0}}) == "Held."


def test_what_the_run_cannot_tell_is_said_so():
    assert said({"say": "Worth {npv_mining_usd}."}) == "Worth not assessable."
    assert said({"say": "x", "when": {"metric": "npv_mining_usd", "above": 0.0}}) == ""


def test_a_scenario_without_an_answer_has_none():
    assert answer({}, METRICS) == ""


@pytest.mark.parametrize("text", ["{}", "{site_peak_mw|doubled}"])
def test_a_placeholder_that_says_nothing_is_refused(text):
    with pytest.raises(ValidationError, match=r"must be a metric.s name"):
        Sentence(say=text)


def test_an_unknown_metric_is_refused_before_the_run():
    scenario = a_scenario(answer=[{"say": "It peaks at {site_peek_mw}."}])
    with pytest.raises(InputError, match=r"answer\.0: there is no metric 'site_peek_mw'; did you mean 'site_peak_mw'"):
        run(scenario)
