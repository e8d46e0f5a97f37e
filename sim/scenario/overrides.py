"""Overrides: single fields of a scenario set from outside, ``fleet.rated_mw=80``."""

from collections.abc import Mapping, Sequence
from typing import Any

from sim.errors import Fault, InputError, did_you_mean
from sim.scenario.tree import Mark, Node, placed, plain, short, shown
from sim.scenario.yaml_text import parse_value
from sim.spec import Spec

COMMAND_LINE = "--set"
"""Where an override on the command line was written."""
PYTHON = "<python>"
"""Where data given by Python code were written."""

Overrides = Mapping[str, object] | Sequence[str]
"""Either ``{"fleet.rated_mw": 80.0}`` or ``["fleet.rated_mw=80"]``, its values written as YAML."""


def apply_overrides(tree: Node, overrides: Overrides, defaults: type[Spec]) -> tuple[Node, list[Fault]]:
    """Return a tree with fields set, and what is wrong with those that could not be.

    Types are set first: a new type clears what belonged to the old one, not what is set along with it.

    Parameters
    ----------
    tree
        The scenario as read.
    overrides
        Paths and values. A list's entry is named by its number or its ``name``; ``fleet`` stands for the only
        entry of ``fleets``.
    defaults
        Description that says what is there when the tree does not.
    """
    faults: list[Fault] = []
    pairs: list[tuple[str, Node]] = []
    for override in overrides.items() if isinstance(overrides, Mapping) else overrides:
        try:
            pairs.append(_parse(override) if isinstance(override, str) else _placed(*override))
        except InputError as error:
            faults += error.faults
    for path, value in sorted(pairs, key=lambda pair: _turn(pair[0])):
        try:
            tree = _set(tree, path.split("."), value, defaults, path)
        except InputError as error:
            faults += error.faults
    return tree, faults


def with_override(content: Mapping[str, Any], path: str, value: object, defaults: type[Spec]) -> dict[str, Any]:
    """Return plain data with one field set; raise InputError where there is no such place."""
    tree, faults = apply_overrides(placed(content, Mark(PYTHON)), {path: value}, defaults)
    if faults:
        raise InputError(faults)
    changed: dict[str, Any] = plain(tree)
    return changed


def fields_of(overrides: Sequence[str]) -> dict[str, Any]:
    """Return fields that stand by themselves, ``["time_zone=UTC"]``, with their values."""
    return {path: plain(node) for path, node in map(_parse, overrides)}


def _placed(path: str, value: object) -> tuple[str, Node]:
    _check_path(path, PYTHON, path)
    return path, placed(value, Mark(PYTHON), path)


def _parse(text: str) -> tuple[str, Node]:
    """Return path and value of ``path=value``."""
    path, equals, value = text.partition("=")
    path = path.strip() if equals else ""
    _check_path(path, COMMAND_LINE, text)
    try:
        node = parse_value(value, COMMAND_LINE)
    except InputError as error:
        raise InputError.single(COMMAND_LINE, path, error.faults[0].message) from None
    return path, placed(plain(node), Mark(COMMAND_LINE))


def _check_path(path: str, place: str, text: str) -> None:
    if not all(path.split(".")) or not path.isprintable():
        raise InputError.single(place, "", f"must be path=value, such as fleet.rated_mw=80; got {short(text)!r}")


def _turn(path: str) -> tuple[bool, int]:
    """Return what paths are sorted by: types first, and of these the outer ones before those within."""
    is_type = path.rpartition(".")[2] == "type"
    return not is_type, path.count(".") if is_type else 0


def _set(node: Node, parts: list[str], value: Node, default: object, path: str) -> Node:
    """Return the node with the value at the rest of a path."""
    if not parts:
        return value
    if isinstance(node.value, dict):
        return Node(_set_entry(node.value, parts, value, default, path), node.place)
    if isinstance(node.value, list):
        items = list(node.value)
        row = _row(items, parts[0], value.place, path)
        items[row] = _set(items[row], parts[1:], value, None, path)
        return Node(items, node.place)
    message = f"no '{parts[0]}' here: the field before it holds {shown(node.value)}"
    raise InputError.single(str(value.place), path, message)


def _set_entry(entries: dict[str, Node], parts: list[str], value: Node, default: object, path: str) -> dict[str, Node]:
    key, rest = parts[0], parts[1:]
    several = entries.get(f"{key}s")
    if key not in entries and several is not None and isinstance(several.value, list):
        key, rest = f"{key}s", [_only(several.value, f"{key}s", value.place, path), *rest]
    if key == "type" and not rest and type_changes(entries, value):
        entries = {kept: entries[kept] for kept in ("type", "name") if kept in entries}
    inner = _default(default, key)
    before = entries.get(key)
    if before is None or before.value is None:
        before = _beginning(inner, value.place)
    return entries | {key: _set(before, rest, value, inner, path)}


def _only(items: list[Node], key: str, place: Mark, path: str) -> str:
    """Return the number of a list's only entry."""
    if len(items) != 1:
        ways = ", ".join(f"{key}.{name}" for name in _names(items)) or "it is empty"
        raise InputError.single(str(place), path, f"{key} has {len(items)} entries; say which: {ways}")
    return "0"


def _row(items: list[Node], part: str, place: Mark, path: str) -> int:
    """Return the row of the entry of this number or name."""
    names = _names(items)
    if part in names:
        return names.index(part)
    if part.isdecimal() and len(part) < len("1000000") and int(part) < len(items):
        return int(part)
    has = f"has {', '.join(names)}" if names else "the list is empty"
    raise InputError.single(str(place), path, f"no entry {short(part)!r}; {has}{did_you_mean(part, names)}")


def _names(items: list[Node]) -> list[str]:
    """Return the names of a list's entries, the number where one has none."""
    found = [item.value.get("name") if isinstance(item.value, dict) else None for item in items]
    return [str(row) if name is None else str(name.value) for row, name in enumerate(found)]


def _default(default: object, key: str) -> object:
    """Return what a description has in a field when nothing is said."""
    if isinstance(default, type) and issubclass(default, Spec):
        field = default.model_fields.get(key)
        return None if field is None else field.default
    return getattr(default, key, None) if isinstance(default, Spec) else None


def _beginning(default: object, place: Mark) -> Node:
    """Return the mapping to set fields of, where the file has none: of the type that is there by default."""
    kind = getattr(default, "type", None)
    return Node({"type": Node(kind, place)} if isinstance(kind, str) else {}, place)


def merge(parent: Node, child: Node) -> Node:
    """Return the parent with the child's changes.

    Mappings merge key by key, unless the child changes their ``type``: then the parent's keys mean nothing
    any more. Lists whose entries all have a ``name`` merge by name. All else is replaced.
    """
    if isinstance(parent.value, dict) and isinstance(child.value, dict):
        if type_changes(parent.value, child.value.get("type")):
            return child
        return Node(_merged_entries(parent.value, child.value), child.place)
    if isinstance(parent.value, list) and isinstance(child.value, list):
        by_name, changes = _named(parent.value), _named(child.value)
        if by_name and changes:
            return Node(list(_merged_entries(by_name, changes).values()), child.place)
    return child


def type_changes(entries: dict[str, Node], new: Node | None) -> bool:
    """Tell whether a mapping would become one of another type."""
    old = entries.get("type")
    return old is not None and new is not None and plain(old) != plain(new)


def _merged_entries(parent: dict[str, Node], child: dict[str, Node]) -> dict[str, Node]:
    changed = {key: merge(parent[key], node) if key in parent else node for key, node in child.items()}
    return parent | changed


def _named(items: list[Node]) -> dict[str, Node] | None:
    """Return the entries of a list by name, None where one has no name of its own."""
    names = [item.value.get("name") if isinstance(item.value, dict) else None for item in items]
    by_name = {name.value: item for name, item in zip(names, items, strict=True) if name is not None}
    if len(by_name) < len(items) or not all(isinstance(name, str) for name in by_name):
        return None
    return {str(name): item for name, item in by_name.items()}
