from math import isnan

import pytest

from sim.metrics import LOAD_CATALOGUE
from sim.metrics.loads import energy_per_query_wh, energy_per_token_j
from sim.units import unit_of


def stated(**totals):
    return {f"load.chat.{name}": value for name, value in totals.items()}


def test_energy_of_tokens_and_queries(record):
    """36 MW for an hour are 1.296e11 J: 1.296 J for each of 1e11 tokens, 0.36 Wh for 1,000 of them."""
    recording = record({"chat": 36.0}, constants=stated(served_query_count=1e8, served_token_count=1e11))

    assert energy_per_token_j(recording, "chat") == pytest.approx(1.296)
    assert energy_per_query_wh(recording, "chat") == pytest.approx(0.36)


def test_backfilled_tokens_bear_their_share_of_the_energy(record):
    totals = stated(served_query_count=1e8, served_token_count=1e11, backfill_token_count=1e11)

    recording = record({"chat": 36.0}, constants=totals)

    assert energy_per_token_j(recording, "chat") == pytest.approx(0.648)
    assert energy_per_query_wh(recording, "chat") == pytest.approx(0.18)


@pytest.mark.parametrize("totals", [{}, {"served_query_count": 0.0, "served_token_count": 0.0}])
def test_what_the_run_cannot_tell_is_not_a_number(record, totals):
    recording = record({"chat": 36.0}, constants=stated(**totals))

    assert isnan(energy_per_token_j(recording, "chat"))
    assert isnan(energy_per_query_wh(recording, "chat"))


def test_every_metric_of_a_service_ends_in_its_unit():
    for metric in LOAD_CATALOGUE:
        assert unit_of(metric.key) == metric.of("chat").unit, metric.key


def test_stated_totals_become_metrics(record):
    (of_chat,) = [metric.of("chat") for metric in LOAD_CATALOGUE if "unserved" in metric.key]

    assert of_chat.measure(record({"chat": 1.0}, constants=stated(unserved_fraction=0.25))) == 0.25
