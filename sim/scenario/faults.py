"""What pydantic finds wrong, said in the words of the file: place, path, value with unit, what is allowed."""

from collections.abc import Callable, Mapping
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sim.errors import Fault, did_you_mean
from sim.scenario.shape import NO_PLUGINS, Spot, spot
from sim.scenario.tree import Node, PathParts, nearest
from sim.scenario.words import printable, short, shown
from sim.scenario.yaml_text import MAX_FAULTS
from sim.shipped import shipped
from sim.units import unit_of

_LISTED: Final = 24

_NAME: Final = (
    "must begin with a lower-case letter and hold lower-case letters, digits, - and _ alone, 40 at most"
)
_WANTED: Final[dict[str, str]] = shipped("sim.scenario", "wanted.json")
_BOUNDS: Final[dict[str, tuple[str, str]]] = {
    "greater_than": ("gt", "must be above"),
    "greater_than_equal": ("ge", "must be at least"),
    "less_than": ("lt", "must be below"),
    "less_than_equal": ("le", "must be at most"),
}
_NUMBERS: Final = ("float_type", "int_type", "int_from_float", "finite_number")


def faults_of(
    error: ValidationError,
    model: type[BaseModel],
    tree: Node,
    plugins: Mapping[str, type[BaseModel]] = NO_PLUGINS,
) -> list[Fault]:
    """Return what is wrong, in the order in which it stands in the file.

    Parameters
    ----------
    error
        What pydantic found.
    model
        The description that it was validated against.
    tree
        What was validated, with places.
    plugins
        Descriptions from outside that it names, by their type.
    """
    details = error.errors(include_url=False)
    found = [_located_fault(detail, model, tree, plugins) for detail in details[:MAX_FAULTS]]
    faults = [fault for _, fault in sorted(found, key=lambda pair: pair[0])]
    if len(details) > MAX_FAULTS:
        faults.append(Fault(tree.place.file, "", f"and {len(details) - MAX_FAULTS} more faults"))
    return faults


def _located_fault(
    detail: ErrorDetails, model: type[BaseModel], tree: Node, plugins: Mapping[str, type[BaseModel]]
) -> tuple[tuple[str, int, int], Fault]:
    where = spot(model, detail["loc"], plugins)
    if detail["type"] in ("union_tag_invalid", "union_tag_not_found"):
        where = Spot((*where.path, "type"), None, where.annotation)
    place = nearest(tree, where.path).place
    return place, Fault(
        str(place) if where.path else place.file, path_text(where.path), _message(detail, where)
    )


def path_text(path: PathParts) -> str:
    """Return a path as a user writes it, ``loads.0.power_mw``, safe to print.

    Examples
    --------
    >>> path_text(("loads", 0, "power_mw"))
    'loads.0.power_mw'
    """
    return ".".join(printable(str(part)) for part in path)


def _message(detail: ErrorDetails, where: Spot) -> str:
    kind = detail["type"]
    if kind in _BOUNDS:
        return _bound(detail, where)
    if kind in _WANTED:
        return _wanted(detail, where)
    say = _SPECIAL.get(kind, _other)
    return say(detail, where)


def _unit(where: Spot) -> str | None:
    """Return the unit of the last part, None where it has none worth saying."""
    unit = unit_of(str(where.path[-1])) if where.path else None
    return None if unit == "1" else unit


def _bound(detail: ErrorDetails, where: Spot) -> str:
    key, words = _BOUNDS[detail["type"]]
    unit = _unit(where)
    return f"{words} {shown(detail['ctx'][key], unit)}, got {shown(detail['input'], unit)}"


def _wanted(detail: ErrorDetails, where: Spot) -> str:
    unit = _unit(where) if detail["type"] in _NUMBERS else None
    return f"{_WANTED[detail['type']]}{f' [{unit}]' if unit else ''}, got {shown(detail['input'])}"


def _missing(_: ErrorDetails, where: Spot) -> str:
    return f"missing; needed: {where.documentation}" if where.documentation else "missing"


def _unknown_key(_: ErrorDetails, where: Spot) -> str:
    hint = did_you_mean(str(where.path[-1]), where.known_keys)
    listed = f"; known: {', '.join(where.known_keys)}" if len(where.known_keys) <= _LISTED else ""
    return f"unknown key{hint or listed}"


def _unknown_type(detail: ErrorDetails, where: Spot) -> str:
    tag = str(detail["ctx"]["tag"])
    return f"unknown type {short(tag)!r}; one of {', '.join(where.types)}{did_you_mean(tag, where.types)}"


def _missing_type(_: ErrorDetails, where: Spot) -> str:
    return f"missing; one of {', '.join(where.types)}"


def _choice(detail: ErrorDetails, where: Spot) -> str:
    if where.path == ("schema_version",):
        return f"version {shown(detail['input'])} is not supported; supported: {detail['ctx']['expected']}"
    return f"must be {detail['ctx']['expected']}, got {shown(detail['input'])}"


def _pattern(detail: ErrorDetails, where: Spot) -> str:
    must = _NAME if where.path[-1:] == ("name",) else f"must match {detail['ctx']['pattern']}"
    return f"{must}; got {shown(detail['input'])}"


def _too_short(detail: ErrorDetails, _: Spot) -> str:
    return f"must be {detail['ctx']['min_length']} long at least, got {shown(detail['input'])}"


def _too_long(detail: ErrorDetails, _: Spot) -> str:
    return f"must be {detail['ctx']['max_length']} long at most, got {len(detail['input'])}"


def _rule(detail: ErrorDetails, _: Spot) -> str:
    """Return the text that a description's own rule gives."""
    return str(detail["ctx"]["error"])


def _other(detail: ErrorDetails, _: Spot) -> str:
    return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}, got {shown(detail['input'])}"


_SPECIAL: Final[dict[str, Callable[[ErrorDetails, Spot], str]]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "union_tag_invalid": _unknown_type,
    "union_tag_not_found": _missing_type,
    "literal_error": _choice,
    "string_pattern_mismatch": _pattern,
    "string_too_short": _too_short,
    "too_short": _too_short,
    "string_too_long": _too_long,
    "too_long": _too_long,
    "value_error": _rule,
}
