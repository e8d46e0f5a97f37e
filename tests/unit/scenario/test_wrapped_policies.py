"""A policy around another one, as a scenario file or an override names it."""

from pathlib import Path

import pytest

from sim.errors import InputError
from sim.policies import FollowHeadroom, PriceGuard, RampLimit
from sim.scenario import json_schema, load_scenario
from sim.scenario.load import MAX_SCENARIO_BYTES

PLAIN = "policy: {type: follow-headroom}"
WRAPPED = """\
policy:
  type: ramp-limit
  up_mw_per_min: 5
  inner:
    type: price-guard
    threshold_usd_per_mwh: 80
    inner: {type: follow-headroom, margin_mw: 4}
"""
EXPECTED = RampLimit(
    type="ramp-limit",
    up_mw_per_min=5.0,
    inner=PriceGuard(
        type="price-guard",
        threshold_usd_per_mwh=80.0,
        inner=FollowHeadroom(type="follow-headroom", margin_mw=4.0),
    ),
)


def wrapped(helios: Path, text: str = WRAPPED) -> Path:
    content = helios.read_text()
    assert PLAIN in content
    helios.write_text(content.replace(PLAIN, text))
    return helios


def refusal(helios: Path, text: str) -> str:
    with pytest.raises(InputError) as error:
        load_scenario(wrapped(helios, text))
    return str(error.value)


def test_a_file_names_policies_in_one_another(helios: Path) -> None:
    assert load_scenario(wrapped(helios)).policy == EXPECTED


@pytest.mark.parametrize("order", [1, -1])
def test_overrides_name_them_in_any_order(helios: Path, order: int) -> None:
    overrides = [
        "policy.type=ramp-limit",
        "policy.up_mw_per_min=5",
        "policy.inner.type=price-guard",
        "policy.inner.threshold_usd_per_mwh=80",
        "policy.inner.inner.type=follow-headroom",
        "policy.inner.inner.margin_mw=4",
    ]
    assert load_scenario(helios, overrides=overrides[::order]).policy == EXPECTED


def test_an_override_reaches_into_what_a_file_names(helios: Path) -> None:
    policy = load_scenario(wrapped(helios), overrides=["policy.inner.inner.margin_mw=6"]).policy
    assert isinstance(policy, RampLimit)
    assert isinstance(policy.inner, PriceGuard)
    assert policy.inner.inner == FollowHeadroom(type="follow-headroom", margin_mw=6.0)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "margin_mw: 4",
            "margn_mw: 4",
            "policy.inner.inner.margn_mw: unknown key; did you mean 'margin_mw'?",
        ),
        (
            "threshold_usd_per_mwh: 80",
            "threshold_usd_per_mwh: x",
            "inner.threshold_usd_per_mwh: must be a number",
        ),
        (
            "type: price-guard",
            "type: price-gard",
            "policy.inner.type: unknown type 'price-gard'; one of always-on",
        ),
        ("type: price-guard", "type: price-gard", "did you mean 'price-guard'?"),
        (
            "    inner: {type: follow-headroom, margin_mw: 4}\n",
            "",
            "policy.inner.inner: missing; needed: The policy",
        ),
        ("  up_mw_per_min: 5\n", "", "policy: needs at least one of up_mw_per_min, down_mw_per_min"),
    ],
)
def test_a_fault_is_named_by_its_path(helios: Path, old: str, new: str, fault: str) -> None:
    assert fault in refusal(helios, WRAPPED.replace(old, new))


def test_too_many_in_one_another_are_refused(helios: Path) -> None:
    depth = MAX_SCENARIO_BYTES // 100
    text = "{type: price-guard, inner: " * depth + "{type: always-on}" + "}" * depth
    assert "in one another" in refusal(helios, f"policy: {text}\n")


def test_the_schema_points_from_a_wrapper_to_every_policy() -> None:
    schema = json_schema()
    inner = schema["$defs"]["RampLimit"]["properties"]["inner"]
    assert inner["oneOf"] == schema["properties"]["policy"]["oneOf"]
    assert inner["discriminator"]["mapping"]["ramp-limit"] == "#/$defs/RampLimit"
    assert schema["$defs"]["RampLimit"]["required"] == ["type", "inner"]
