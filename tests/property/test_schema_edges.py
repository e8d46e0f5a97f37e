"""A scenario at the edges of the schema is refused as an input, or runs; `make fuzz` tries thousands."""

import pytest
from edges import BASE, Walk
from fuzz import tried
from hypothesis import given, settings
from hypothesis import strategies as st
from places import KEPT, Places

from sim.errors import InputError, RunError
from sim.scenario import scenario_from
from sim.simulation import run

COMES = {"refused", "ran"}


@pytest.fixture(scope="module")
def places():
    return Places()


@pytest.fixture(scope="module")
def edges(places):
    return list(places.edges())


@pytest.mark.parametrize(
    "number", [*range(20), 142, *(pytest.param(n, marks=pytest.mark.slow) for n in range(20, 140))]
)
def test_it_is_refused_or_runs(number):
    assert tried(Walk(number).document()) in COMES


def test_every_description_has_a_place_and_a_walk_comes_to_every_field(places, edges):
    assert places.all - set(places.found) == set()
    come_to = {(edge.description, edge.field) for edge in edges}
    for name in places.found:
        assert {(name, field) for field in places.fields(name) if field not in KEPT} <= come_to


@settings(max_examples=60)
@given(st.data())
def test_any_field_at_any_edge_is_refused_or_runs(edges, data):
    edge = data.draw(st.sampled_from(edges))
    assert tried(edge.document) in COMES, edge[:3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"days": 1e-9}, "days: must be at least 1e-05, got 1e-09"),
        ({"interconnection": {"limit_mw": 2e6}}, "interconnection.limit_mw: must be at most 1e+06"),
        ({"costs": {"mining_opex_usd_per_mwh": 1e8}}, "mining_opex_usd_per_mwh: must be at most 1e+06"),
        ({"market": {"bitcoin": {"type": "fixed", "price_usd_per_btc": 5e-324}}}, "must be at least 1e-09"),
    ],
)
def test_a_quantity_that_nothing_on_earth_has_is_refused_with_what_is_allowed(places, change, message):
    with pytest.raises(InputError, match=message.replace("+", r"\+")):
        scenario_from({**places.found["Scenario"][0], **change})


def test_a_load_too_large_to_be_read_is_told_so_and_not_read_for_hours():
    job = {"name": "job", "type": "training", "gpus": 8192, "power_mw": 1e6}
    with pytest.raises(RunError, match=r"every 1.7e-06 s.* set controller.telemetry_deadband_mw"):
        run(scenario_from({**BASE, "loads": [job]}))
