"""Facts as numbers by dotted names, ``fleet.miners.rated_mw``: what a result folder holds of them.

The names are those of the fields, on the way from the whole to one of them. What is NaN, None or empty is not
stated, and has no name; true is 1 and false 0.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from math import isnan
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

F = TypeVar("F")
Tree = dict[str, Any]

LATE: Final = {"late": True}
"""Marks a field that is known once a run goes on: it is written after all else."""
NAMELESS: Final = {"name": ""}
"""Marks a mapping whose keys stand beside the names of the other fields."""


def written(facts: Any) -> dict[str, float]:
    """Return all that facts state as numbers by dotted names."""
    rows = list(_rows(facts, (), is_late=False))
    return {name: value for wanted in (False, True) for late, name, value in rows if late is wanted}


def tree_of(numbers: Mapping[str, float]) -> Tree:
    """Return numbers by dotted names as dictionaries in dictionaries."""
    tree: Tree = {}
    for name, value in numbers.items():
        *path, last = name.split(".")
        place = tree
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return tree


@cache
def _kinds(cls: Hashable) -> dict[str, Any]:
    """Return the type of each field, None of it left out."""

    def bare(hint: Any) -> Any:
        if get_origin(hint) is UnionType:
            (hint,) = (one for one in get_args(hint) if one is not NoneType)
        return hint

    return {name: bare(hint) for name, hint in get_type_hints(cls).items()}


def read(cls: type[F], tree: Tree) -> F:
    """Return the facts of a kind that a tree of numbers states; unknown names state nothing."""
    found = {}
    known, kinds = {item.name for item in fields(cls)}, _kinds(cls)  # type: ignore[arg-type]  # a dataclass
    for item in fields(cls):  # type: ignore[arg-type]  # see above
        kind, name = kinds[item.name], item.metadata.get("name", item.name)
        node = tree.get(name) if name else {key: value for key, value in tree.items() if key not in known}
        if node is not None:
            found[item.name] = _value(kind, node)
    return cls(**found)


def _value(kind: Any, node: Any) -> Any:
    if is_dataclass(kind):
        return read(kind, node)  # type: ignore[arg-type]  # a class, not one of it
    if get_origin(kind) is tuple:
        return tuple(name for name, _ in _leaves(node, ""))
    if kind == Mapping[str, float]:
        return dict(_leaves(node, ""))
    if isinstance(node, dict):
        of_each = get_args(kind)[1]
        return {name: _value(of_each, one) for name, one in node.items()}
    return bool(node) if kind is bool else node


def _leaves(tree: Tree, beginning: str) -> Iterator[tuple[str, float]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{beginning}{name}.")
        else:
            yield f"{beginning}{name}", value


def _rows(value: Any, path: tuple[str, ...], *, is_late: bool) -> Iterator[tuple[bool, str, float]]:
    """Yield what is stated below a path: whether it is known late, its dotted name, and the number."""
    if is_dataclass(value):
        for item in fields(value):
            name = item.metadata.get("name", item.name)
            below = (*path, name) if name else path
            late = is_late or bool(item.metadata.get("late"))
            yield from _rows(getattr(value, item.name), below, is_late=late)
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _rows(one, (*path, name), is_late=is_late)
    elif isinstance(value, tuple):
        yield from ((is_late, ".".join((*path, name)), 1.0) for name in value)
    elif value is not None and not isnan(value):
        yield is_late, ".".join(path), float(value) if isinstance(value, bool) else value
