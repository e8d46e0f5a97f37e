"""A policy written in one word, as in a comparison: ``follow-headroom:margin_mw=2``."""

from collections.abc import Mapping
from typing import Any, Final

from sim.errors import InputError
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
        ``TYPE`` or ``TYPE:field=value,field=value``. A policy of the type that the scenario has keeps the
        fields that the scenario sets; another one has its defaults.

    Raises
    ------
    InputError
        A field is not written as ``field=value``.

    Examples
    --------
    >>> choose_policy({"policy": {"type": "always-on"}}, "follow-headroom:margin_mw=2")
    {'policy': {'type': 'follow-headroom', 'margin_mw': 2}}
    """
    kind, colon, fields = choice.partition(":")
    chosen = apply_override(scenario, f"{POLICY}.type", kind)
    for field in fields.split(",") if colon else []:
        name, equals, text = field.partition("=")
        if not name or not equals:
            message = f"must be TYPE or TYPE:field=value,field=value; got {choice!r}"
            raise InputError.single(choice, POLICY, message)
        chosen = apply_override(chosen, f"{POLICY}.{name}", plain(parse_value(text, choice)))
    return chosen
