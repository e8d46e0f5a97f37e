"""Which fields of a run hold a default that rests on an assumption: what to set before relying on it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.errors import InputError
from sim.policies.plugin import Plugins
from sim.report.format import format_number
from sim.scenario.load import describe
from sim.scenario.overrides import PYTHON
from sim.scenario.tree import Mark, placed
from sim.spec import documentation
from sim.units import unit_of

WORDS: Final = ("assumption", "unverified")
"""What the description of a field says whose default has no source."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """One field that was left at such a default."""

    path: str
    """The field, as ``--set`` names it."""
    value: str
    """What it is left at, with its unit."""
    what: str
    """What the field is, and what is said of its default."""


def assumptions(scenario: Mapping[str, Any]) -> tuple[Assumption, ...]:
    """Return the fields of a resolved scenario that hold a default without a source.

    Parameters
    ----------
    scenario
        The resolved scenario, as ``scenario.yaml`` holds it.

    Returns
    -------
    tuple of Assumption
        In the order of the file; none where the scenario is of another version, or has code from outside.
    """
    try:
        described = describe(placed(scenario, Mark(PYTHON)), Plugins([], allowed=False))
    except InputError:
        return ()
    return tuple(_within(described, ""))


def _within(model: BaseModel, path: str) -> Iterator[Assumption]:
    said = documentation(type(model))
    for name, field in type(model).model_fields.items():
        value, text = getattr(model, name), said.get(name, "")
        if any(word in text for word in WORDS) and _is_left(value, field):
            what = " ".join(text.replace("``", "").split())
            yield Assumption(f"{path}{name}", _text(name, value), what)
        yield from _below(value, f"{path}{name}.")


def _below(value: Any, path: str) -> Iterator[Assumption]:
    if isinstance(value, BaseModel):
        yield from _within(value, path)
    elif isinstance(value, tuple):
        for place, entry in enumerate(value):
            yield from _below(entry, f"{path}{getattr(entry, 'name', place)}.")


def _is_left(value: Any, field: FieldInfo) -> bool:
    """Tell whether a field holds its default, one that can be shown."""
    is_plain = isinstance(value, bool | int | float | str)
    return is_plain and bool(value == field.get_default(call_default_factory=False))


def _text(name: str, value: float | str) -> str:
    unit = unit_of(name) or ""
    text = str(value).lower() if isinstance(value, bool | str) else format_number(float(value))
    return f"{text} {unit}".strip() if unit != "1" else text
