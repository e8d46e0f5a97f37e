import pytest

from sim.ai.inference import InferenceLoad
from sim.errors import InputError
from sim.market.leases import Lease
from sim.scenario.rules import check_leases, curtailment_share_fraction, parts_of
from sim.testing import a_scenario

INFERENCE = {"type": "inference", "power_mw": 10.0, "profile": "azure-conversation"}


def load(name, hall=None):
    return InferenceLoad(name=name, hall=hall, **INFERENCE)


def a_lease(**fields):
    return Lease(**{"name": "gpu", "critical_mw": 10.0, **fields})


def refused(leases, loads=({"name": "a", **INFERENCE}, {"name": "b", **INFERENCE})):
    with pytest.raises(InputError) as caught:
        a_scenario(loads=list(loads), leases=leases, days=0.01)
    return str(caught.value)


def test_a_lease_takes_all_loads_unless_it_names_some():
    loads = [load("a"), load("b", "one"), load("c", "one")]
    assert parts_of(a_lease(), loads) == ["load.a", "hall.one"]
    assert parts_of(a_lease(loads=("a",)), loads) == ["load.a"]


def test_a_load_that_is_not_there_is_named_with_those_that_are():
    assert "names loads that are not there: c; loads are a, b" in refused(
        [{"name": "gpu", "critical_mw": 10.0, "loads": ["c"]}]
    )


def test_a_load_is_leased_once():
    leases = [{"name": "x", "critical_mw": 10.0, "loads": ["a"]}, {"name": "y", "critical_mw": 10.0}]
    assert "lease 'y' takes load a, which lease 'x' has taken" in refused(leases)


def test_leases_have_names_of_their_own():
    leases = [
        {"name": "x", "critical_mw": 10.0, "loads": ["a"]},
        {"name": "x", "critical_mw": 10.0, "loads": ["b"]},
    ]
    assert "used twice: x" in refused(leases)


def test_a_lease_without_any_load_is_refused():
    assert "has no AI load to take" in refused([{"name": "gpu", "critical_mw": 10.0}], loads=())


def test_part_of_a_hall_cannot_be_leased():
    with pytest.raises(ValueError, match="takes only part of a hall, without c"):
        check_leases([a_lease(loads=("b",))], [load("b", "one"), load("c", "one")])


def test_the_tenants_share_is_its_critical_power_over_the_limit_or_over_all_leases():
    one, two = a_lease(critical_mw=50.0), a_lease(name="two", critical_mw=30.0)
    assert curtailment_share_fraction(one, [one, two], 200.0) == 0.25
    assert curtailment_share_fraction(one, [one, two], 40.0) == 50.0 / 80.0


@pytest.mark.parametrize("terms", [{"rent_from": "delivery"}, {"delay_damages_ratio": 1.0}])
def test_what_has_no_data_halls_is_not_delivered(terms):
    assert "are for loads of type tenant" in refused([{"name": "x", "critical_mw": 10.0} | terms])
