import pytest

from sim.errors import InputError
from sim.study.policy_choice import choose_policy

SCENARIO = {"policy": {"type": "follow-headroom", "margin_mw": 4.0}}


def test_a_policy_of_the_scenario_s_own_type_keeps_the_scenario_s_fields():
    assert choose_policy(SCENARIO, "follow-headroom") == SCENARIO


def test_fields_that_are_named_replace_the_scenario_s():
    assert choose_policy(SCENARIO, "follow-headroom:margin_mw=2.5")["policy"]["margin_mw"] == 2.5


def test_a_policy_of_another_type_keeps_the_fields_that_both_have():
    assert choose_policy(SCENARIO, "price-threshold:adder_usd_per_mwh=5") == {
        "policy": {"type": "price-threshold", "margin_mw": 4.0, "adder_usd_per_mwh": 5}
    }
    assert choose_policy(SCENARIO, "always-on") == {"policy": {"type": "always-on"}}


def test_the_scenario_itself_is_not_changed():
    choose_policy(SCENARIO, "always-on")

    assert SCENARIO == {"policy": {"type": "follow-headroom", "margin_mw": 4.0}}


@pytest.mark.parametrize("choice", ["follow-headroom:", "follow-headroom:margin_mw", "follow-headroom:=2"])
def test_a_field_without_a_value_is_a_fault(choice):
    with pytest.raises(InputError, match="TYPE:field=value"):
        choose_policy(SCENARIO, choice)
