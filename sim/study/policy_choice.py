"""A policy written in one word, as in a comparison: ``follow-headroom:margin_mw=2``."""

from collections.abc import Mapping
from typing import Any, Final

from sim.errors import InputError
from sim.policies import POLICIES
from sim.scenario.load import apply_override
from sim.scenario.tree import plain
from sim.scenario.yaml_text import parse_value

POLICY: Final = "policy"
"""Path of the policy in a scenario."""


def choose_policy(scenario: Mapping[str, Any], choice: str) -> dict[str, Any]:
    """Return scenario data with another policy.

    Parameters
    ----------
    scenario
        What a scenario file holds; not changed.
    choice
        ``TYPE`` or ``TYPE:field=value,field=value``. Fields that the scenario sets for its policy are kept
        where the chosen one has fields of the same name, so that all keep the same margin; the others have
        their defaults.

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
    """
    kind, colon, fields = choice.partition(":")
    shared = POLICIES[kind].model_fields.keys() if kind in POLICIES else set()
    kept = {name: value for name, value in scenario.get(POLICY, {}).items() if name in shared}
    chosen: dict[str, Any] = {**scenario, POLICY: {**kept, "type": kind}}
    for field in fields.split(",") if colon else []:
        name, equals, text = field.partition("=")
        if not name or not equals:
            message = f"must be TYPE or TYPE:field=value,field=value; got {choice!r}"
            raise InputError.single(choice, POLICY, message)
        chosen = apply_override(chosen, f"{POLICY}.{name}", plain(parse_value(text, choice)))
    return chosen
