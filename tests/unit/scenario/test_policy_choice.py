import pytest

from sim.errors import InputError
from sim.scenario.load import load_scenario
from sim.scenario.policy_choice import choose_policy

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


def test_a_wrapper_stands_around_the_scenario_s_policy():
    assert choose_policy(SCENARIO, "ramp-limit:up_mw_per_min=5") == {
        "policy": {
            "type": "ramp-limit",
            "up_mw_per_min": 5,
            "inner": {"type": "follow-headroom", "margin_mw": 4.0},
        }
    }


def test_or_around_the_default_where_the_scenario_names_none():
    assert choose_policy({}, "price-guard") == {"policy": {"type": "price-guard", "inner": {"type": "follow-headroom"}}}


def test_or_around_the_one_that_it_names():
    chosen = choose_policy(SCENARIO, "price-guard:inner.type=sced-bid,inner.ramp_step_count=5")
    assert chosen["policy"] == {
        "type": "price-guard",
        "inner": {"type": "sced-bid", "ramp_step_count": 5},
    }


def test_wrappers_stand_in_one_another():
    words = "price-guard:inner.type=ramp-limit,inner.up_mw_per_min=5,inner.inner.type=always-on"
    assert choose_policy(SCENARIO, words)["policy"] == {
        "type": "price-guard",
        "inner": {"type": "ramp-limit", "up_mw_per_min": 5, "inner": {"type": "always-on"}},
    }


def test_one_wrapper_takes_the_place_of_another():
    scenario = choose_policy(SCENARIO, "ramp-limit:up_mw_per_min=5")
    assert choose_policy(scenario, "price-guard")["policy"] == {
        "type": "price-guard",
        "inner": {"type": "follow-headroom", "margin_mw": 4.0},
    }


def test_a_plain_policy_takes_the_place_of_a_wrapper_and_keeps_what_stands_in_it():
    scenario = choose_policy(SCENARIO, "price-guard:adder_usd_per_mwh=3")
    assert choose_policy(scenario, "follow-headroom") == SCENARIO


def test_a_run_takes_the_same_words_as_a_comparison():
    loaded = load_scenario(
        "tests/findings/planned_campus.yaml", policy="price-guard", overrides=["days=0.1"], data=["scenarios"]
    )
    assert loaded.policy.inner.margin_mw == 4.0
    plain = load_scenario(
        "tests/findings/planned_campus.yaml",
        policy="follow-headroom:margin_mw=2",
        overrides=["days=0.1"],
        data=["scenarios"],
    )
    assert plain.policy.margin_mw == 2.0
    kept = load_scenario(
        "tests/findings/planned_campus.yaml",
        policy="price-threshold",
        overrides=["days=0.1"],
        data=["scenarios"],
    )
    assert kept.policy.margin_mw == 4.0


def test_what_is_set_of_a_policy_counts_after_the_choice():
    loaded = load_scenario(
        "tests/findings/planned_campus.yaml",
        policy="checkpoint-aware",
        overrides=["policy.settle_s=20.0"],
        data=["scenarios"],
    )
    assert (loaded.policy.settle_s, loaded.policy.margin_mw) == (20.0, 4.0)


def test_a_wrong_field_of_the_choice_is_a_fault_that_names_the_option():
    with pytest.raises(InputError, match=r"--policy policy\.margin_mv: "):
        load_scenario("tests/findings/planned_campus.yaml", policy="follow-headroom:margin_mv=2", data=["scenarios"])
