"""A policy written in one word, the same for every command: ``follow-headroom:margin_mw=2``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sim.errors import InputError
from sim.policies import POLICIES, AnyPolicy, PolicySpec, WrapperSpec
from sim.policies.plugin import Plugins
from sim.scenario.faults import described
from sim.scenario.model import Scenario
from sim.scenario.overrides import with_override
from sim.scenario.tree import Mark, placed, plain
from sim.scenario.yaml_text import parse_value
from sim.spec import Spec

POLICY: Final = "policy"
"""Path of the policy in a scenario."""
AS_SHIPPED: Final = "as-shipped"
"""Names the scenario's own policy, whatever it is."""
_DEFAULT: Final = Scenario.model_fields[POLICY].get_default().type


def choose_policy(scenario: Mapping[str, Any], choice: str) -> dict[str, Any]:
    """Return scenario data with another policy.

    Parameters
    ----------
    scenario
        What a scenario file holds; not changed.
    choice
        ``TYPE`` or ``TYPE:field=value,field=value``. Fields that the scenario sets for its policy are kept
        where the chosen one has fields of the same name, so that all keep the same margin; the others have
        their defaults. A policy around another one stands around the scenario's own policy (around what that
        one stands around, if it is a wrapper itself), unless it says ``inner.type=TYPE``; a plain one takes
        the place of a wrapper with all that stands in it. ``as-shipped`` is the scenario's own as it stands.

    Raises
    ------
    InputError
        A field is not written as ``field=value``.

    Examples
    --------
    >>> choose_policy({"policy": {"type": "always-on"}}, "follow-headroom:margin_mw=2")
    {'policy': {'type': 'follow-headroom', 'margin_mw': 2}}
    >>> choose_policy({"policy": {"type": "follow-headroom", "margin_mw": 4.0}}, "price-threshold")
    {'policy': {'type': 'price-threshold', 'margin_mw': 4.0}}
    >>> choose_policy({"policy": {"type": "always-on"}}, "ramp-limit:up_mw_per_min=5")
    {'policy': {'type': 'ramp-limit', 'inner': {'type': 'always-on'}, 'up_mw_per_min': 5}}
    """
    if choice == AS_SHIPPED:
        return {**scenario, POLICY: scenario.get(POLICY, {"type": _DEFAULT})}
    kind, colon, fields = split_choice(choice)
    chosen: dict[str, Any] = {**scenario, POLICY: {**_kept(scenario, kind), "type": kind}}
    for field in fields.split(",") if colon else []:
        name, equals, text = field.partition("=")
        if not name or not equals:
            raise InputError.single(choice, POLICY, f"must be TYPE or TYPE:field=value,field=value; got {choice!r}")
        value = plain(parse_value(text, choice))
        chosen = with_override(chosen, f"{POLICY}.{name}", value, Scenario)
    return chosen


def chosen_policy(choice: str, folder: Path) -> PolicySpec:
    """Return the policy of a choice by itself, run from outside where it names code there.

    Raises
    ------
    InputError
        With every fault of the choice.
    """
    content = {POLICY: choose_policy({}, choice)[POLICY]}
    return described(_Chosen, placed(content, Mark(choice)), Plugins([folder], allowed=True)).policy


class _Chosen(Spec):
    """A policy by itself."""

    policy: AnyPolicy


def split_choice(choice: str) -> tuple[str, str, str]:
    """Return type, colon and fields of a choice; the type of a policy from outside has a colon itself.

    Examples
    --------
    >>> split_choice("my_policy.py:MyPolicy:margin_mw=2")
    ('my_policy.py:MyPolicy', ':', 'margin_mw=2')
    """
    kind, colon, rest = choice.partition(":")
    name, colon_after, fields = rest.partition(":")
    if kind not in POLICIES and name.isidentifier():
        return f"{kind}:{name}", colon_after, fields
    return kind, colon, rest


def _kept(scenario: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return what a policy of another type takes over from the scenario's own."""
    own = scenario.get(POLICY, {"type": _DEFAULT})
    if not isinstance(own, dict):  # which the scenario's own check refuses
        return {}
    if kind not in POLICIES:  # from outside: its fields are not known before its code is allowed
        return dict(own) if own.get("type") == kind else {}
    fields, is_wrapper = POLICIES[kind].model_fields, issubclass(POLICIES[kind], WrapperSpec)
    same = own.get("type") == kind
    said = own if is_wrapper or same else _all_said(own)
    left = frozenset() if same else POLICIES[kind].not_taken_over
    kept = {name: value for name, value in said.items() if name in fields and name not in left}
    if is_wrapper and "inner" not in kept:
        kept["inner"] = dict(own)
    return kept


def _all_said(policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a policy and of all that stands in it; the innermost word counts."""
    inner = policy.get("inner")
    return {**policy, **_all_said(inner)} if isinstance(inner, dict) else dict(policy)
