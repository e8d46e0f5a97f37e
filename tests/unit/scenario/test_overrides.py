from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.policies import AlwaysOn
from sim.scenario import load_scenario, resolve

SECOND = """\
  - name: spare
    type: aggregate
    rated_mw: 5
    ramp_up_mw_per_s: 1
    ramp_down_mw_per_s: 1
    efficiency_j_per_th: 30
policy"""


def refusal(path: Path, overrides: Mapping[str, object] | Sequence[str]) -> list[str]:
    with pytest.raises(InputError) as error:
        load_scenario(path, overrides=overrides)
    return str(error.value).split("\n")


@pytest.mark.parametrize("path", ["fleets.0.rated_mw", "fleets.miners.rated_mw", "fleet.rated_mw", " fleet.rated_mw "])
def test_a_field_of_an_entry_is_reached_by_number_by_name_or_as_the_only_one(helios: Path, path: str) -> None:
    assert load_scenario(helios, overrides=[f"{path}=80"]).fleets[0].rated_mw == 80.0


def test_values_are_yaml_or_python(helios: Path) -> None:
    text = load_scenario(helios, overrides=["days=2", "question=why?", "fleets.0.initial_mw=null"])
    data = load_scenario(helios, overrides={"days": 2, "question": "why?", "fleets.0.initial_mw": None})

    assert text == data
    assert (text.days, text.question, text.fleets[0].initial_mw) == (2.0, "why?", None)


def test_the_last_of_two_words_on_one_field_counts(helios: Path) -> None:
    assert load_scenario(helios, overrides=["days=2", "days=3"]).days == 3.0


def test_a_whole_mapping_can_be_set(helios: Path) -> None:
    assert load_scenario(helios, overrides=["policy={type: always-on}"]).policy == AlwaysOn(type="always-on")


def test_what_the_file_leaves_out_begins_from_its_default(helios: Path) -> None:
    overrides = ["controller.telemetry_delay_s=4", "market.power.price_usd_per_mwh=7", "policy.margin_mw=3"]
    helios.write_text(helios.read_text().replace("policy: {type: follow-headroom}\n", "controller:\n"))

    content = resolve(helios, overrides)

    assert content["controller"] == {"telemetry_delay_s": 4}
    assert content["market"] == {"power": {"type": "fixed", "price_usd_per_mwh": 7}}
    assert content["policy"] == {"type": "follow-headroom", "margin_mw": 3}
    load_scenario(helios, overrides=overrides)


def test_a_new_type_keeps_only_what_is_set_with_it_in_either_order(helios: Path) -> None:
    before = ["policy.margin_mw=3"]
    after = ["policy.margin_mw=4", "policy.type=always-on"]

    assert resolve(helios, [*before, "policy.type=follow-headroom"])["policy"]["margin_mw"] == 3
    assert resolve(helios, after)["policy"] == {"type": "always-on", "margin_mw": 4}
    helios.write_text(helios.read_text().replace("headroom}", "headroom, margin_mw: 9}"))
    assert resolve(helios, ["policy.type=always-on"])["policy"] == {"type": "always-on"}
    assert resolve(helios, ["load.type=training"])["loads"] == [{"type": "training", "name": "trace"}]


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        ("fleet.rated_mw=-5", "--set fleets.0.rated_mw: must be above 0 MW, got -5 MW"),
        ("fleet.rated_mw=.nan", "--set fleets.0.rated_mw: must be a finite number [MW], got nan"),
        ("days=", "--set days: must be a number [d], got nothing"),
        ("policy.margn_mw=4", "--set policy.margn_mw: unknown key; did you mean 'margin_mw'?"),
        ("polcy.margin_mw=4", "--set polcy: unknown key; did you mean 'policy'?"),
        ("policy.type=always-of", "--set policy.type: unknown type 'always-of'; one of always-on"),
        ("fleets.miner.rated_mw=4", "no entry 'miner'; has miners; did you mean 'miners'?"),
        ("fleets.1.rated_mw=4", "--set fleets.1.rated_mw: no entry '1'; has miners"),
        ("fleets.-1.rated_mw=4", "--set fleets.-1.rated_mw: no entry '-1'; has miners"),
        ("name.x=4", "--set name.x: no 'x' here: the field before it holds the text 'helios'"),
        ("days.x=4", "--set days.x: no 'x' here: the field before it holds 1"),
        ("days", "--set: must be path=value, such as fleet.rated_mw=80; got 'days'"),
        ("=3", "--set: must be path=value"),
        (".days=3", "--set: must be path=value"),
        ("fleets..x=3", "--set: must be path=value"),
        ("\x1b[31m=3", "--set: must be path=value, such as fleet.rated_mw=80; got '\\x1b[31m=3'"),
        ("days=[1", "--set days: is no YAML"),
        ("days=*a", "--set days: aliases (*name) are refused"),
        ("days=!!python/name:os.system", "--set days: tags (!!python/name:os.system) are refused"),
        ("extends=other.yaml", "--set extends: unknown key"),
        ("schema_version=9", "--set schema_version: version 9 is not supported"),
    ],
)
def test_a_bad_override_is_named(helios: Path, override: str, fault: str) -> None:
    assert any(fault in line for line in refusal(helios, [override]))


def test_the_only_entry_of_several_is_no_entry(helios: Path) -> None:
    helios.write_text(helios.read_text().replace("policy", SECOND))

    found = refusal(helios, ["fleet.rated_mw=4"])

    assert found == [
        "--set fleet.rated_mw: fleets has 2 entries; say which: fleets.miners, fleets.spare",
    ]


def test_all_bad_overrides_and_all_faults_of_the_file_are_shown_at_once(helios: Path) -> None:
    helios.write_text(helios.read_text().replace("days: 1", "days: 0"))

    found = refusal(helios, ["fleets.x.rated_mw=4", "days", "seed=x"])

    assert [line.partition(": ")[0] for line in found] == [
        "--set",
        "--set fleets.x.rated_mw",
        "--set seed",
        "helios.yaml:4:1 days",
    ]


def test_a_bad_value_of_python_code_is_named(helios: Path) -> None:
    assert refusal(helios, {"days": 0}) == ["<python> days: must be above 0 d, got 0 d"]
    assert refusal(helios, {"": 0})[0].startswith("<python>: must be path=value")
    assert refusal(helios, {"days": object()})[0].startswith("<python> days: must be a mapping, a list")
