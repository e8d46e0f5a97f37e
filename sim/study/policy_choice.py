"""A policy written in one word, as in a comparison: ``follow-headroom:margin_mw=2``."""

from collections.abc import Mapping
from typing import Any, Final

from sim.errors import InputError
from sim.policies import POLICIES, WrapperSpec
from sim.scenario.load import apply_override
from sim.scenario.model import Scenario
from sim.scenario.tree import plain
from sim.scenario.yaml_text import parse_value

POLICY: Final = "policy"
"""Path of the policy in a scenario."""
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
        one stands around, if it is a wrapper itself), unless it says ``inner.type=TYPE``.

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
    kind, colon, fields = choice.partition(":")
    chosen: dict[str, Any] = {**scenario, POLICY: {**_kept(scenario, kind), "type": kind}}
    for field in fields.split(",") if colon else []:
        name, equals, text = field.partition("=")
        if not name or not equals:
            message = f"must be TYPE or TYPE:field=value,field=value; got {choice!r}"
            raise InputError.single(choice, POLICY, message)
        chosen = apply_override(chosen, f"{POLICY}.{name}", plain(parse_value(text, choice)))
    return chosen


def _kept(scenario: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return what a policy of another type takes over from the scenario's own."""
    if kind not in POLICIES:
        return {}
    own = scenario.get(POLICY, {"type": _DEFAULT})
    kept = {name: value for name, value in own.items() if name in POLICIES[kind].model_fields}
    if issubclass(POLICIES[kind], WrapperSpec) and "inner" not in kept:
        kept["inner"] = dict(own)
    return kept
