"""Plain data that remember where they were written, so that a fault can name its line and show the value."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from numbers import Integral, Real
from typing import Any, NamedTuple

from sim.errors import InputError

MAX_DEPTH = 24
"""Mappings and lists inside one another at most; scenarios need six."""

Scalar = str | int | float | bool | None
PathParts = tuple[str | int, ...]


class Mark(NamedTuple):
    """Where something was written; line 0 where there are no lines."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Return ``helios.yaml:12:5``."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its place; the entry of a mapping has the place of its key."""

    value: "dict[str, Node] | list[Node] | Scalar"
    place: Mark


def plain(node: Node) -> Any:
    """Return the value without places."""
    if isinstance(node.value, dict):
        return {key: plain(entry) for key, entry in node.value.items()}
    if isinstance(node.value, list):
        return [plain(entry) for entry in node.value]
    return node.value


def placed(data: object, place: Mark, path: str = "", depth: int = 0) -> Node:
    """Return plain data of Python with the same place throughout; raise InputError for any other kind."""
    if depth > MAX_DEPTH:
        raise InputError.single(str(place), path, f"more than {MAX_DEPTH} mappings and lists in one another")
    if isinstance(data, Mapping):
        entries = {
            _text(str(key), place, path): placed(entry, place, f"{path}.{key}", depth + 1)
            for key, entry in data.items()
        }
        return Node(entries, place)
    if isinstance(data, list | tuple):
        items = [placed(entry, place, f"{path}.{row}", depth + 1) for row, entry in enumerate(data)]
        return Node(items, place)
    return Node(_scalar(data, place, path.lstrip(".")), place)


def _scalar(data: object, place: Mark, path: str) -> Scalar:
    if data is None or isinstance(data, bool):
        return data
    if isinstance(data, str):
        return _text(data, place, path)
    if isinstance(data, Integral):
        return int(data)
    if isinstance(data, Real):
        return float(data)
    if isinstance(data, date):
        return data.isoformat()
    must = "must be a mapping, a list, text, a number, true, false, a time, a date or None"
    raise InputError.single(str(place), path, f"{must}; got {type(data).__name__}")


def _text(data: str, place: Mark, path: str) -> str:
    if not is_text(data):
        raise InputError.single(str(place), path.lstrip("."), "holds half of a surrogate pair, which is no text")
    return data


def is_text(data: str) -> bool:
    """Tell whether a string can be written as UTF-8: half of a surrogate pair cannot."""
    try:
        data.encode()
    except UnicodeEncodeError:
        return False
    return True


def nearest(node: Node, path: PathParts) -> Node:
    """Return the node at a path, or the last one on the way there."""
    for part in path:
        if isinstance(node.value, dict) and part in node.value:
            node = node.value[str(part)]
        elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        else:
            break
    return node


_LONGEST = 60
_LARGEST = 1e300
_EXACT = 10**20


def shown(value: object, unit: str | None = None) -> str:
    """Return a value as a message shows it, short and on one line.

    Examples
    --------
    >>> shown(-5.0, "MW"), shown("60 MW"), shown(None)
    ('-5 MW', "the text '60 MW'", 'nothing')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value) + (f" {unit}" if unit else "")
    if isinstance(value, str):
        return f"the text {short(value)!r}"
    return "a mapping" if isinstance(value, Mapping) else "a list"


def _number(value: float) -> str:
    """Return a number in the digits that a person would write."""
    if isinstance(value, int) and abs(value) < _EXACT:
        return str(value)
    if abs(value) < _LARGEST:
        return f"{float(value):.12g}"
    return "a number too large" if abs(value) < math.inf else str(value)


def short(text: str, length: int = _LONGEST) -> str:
    """Return text cut to a length."""
    return text if len(text) <= length else text[:length] + "..."


def printable(text: str) -> str:
    """Return a name cut short, its control characters written out."""
    return short(text) if text.isprintable() else repr(short(text))
