"""YAML 1.2 read as plain data: no tags, no anchors, no aliases, no key twice, not too deep.

The parser's events are read one by one, so that nothing refused here is ever built.
"""

import re
from collections.abc import Iterator
from typing import Final

from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from sim.errors import Fault, InputError
from sim.scenario.tree import MAX_DEPTH, Mark, Node, Scalar, is_text, printable, short

MAX_VALUES: Final = 15_000
"""Values in one file at most: a second's work for the parser, and a thousand loads of fifteen fields."""
MAX_FAULTS: Final = 100
"""Faults reported of one file."""

_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,30}")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def parse_yaml(text: str, file: str) -> tuple[Node, list[Fault]]:
    """Return the mapping that a YAML text holds, and what is wrong with it that does not prevent reading on.

    Parameters
    ----------
    text
        The text.
    file
        Its name, for messages.

    Raises
    ------
    InputError
        If the text is no YAML, holds no mapping or more than one document, uses an alias, or nests too deep.
    """
    reader = _Reader(text, file)
    node = reader.document()
    if not isinstance(node.value, dict):
        raise InputError.single(file, "", "must be a mapping: lines of 'key: value'")
    return node, reader.faults


def parse_value(text: str, file: str) -> Node:
    """Return a single value written as YAML: ``4``, ``true``, ``[1, 2]``.

    Raises
    ------
    InputError
        As `parse_yaml`, and for all that it would have read over.
    """
    reader = _Reader(text, file)
    node = reader.document()
    if reader.faults:
        raise InputError(reader.faults)
    return node


class _Reader:
    """Builds nodes from the parser's events."""

    def __init__(self, text: str, file: str) -> None:
        self.faults: list[Fault] = []
        self._file = file
        self._count = 0
        self._events = self._parse(text)

    def document(self) -> Node:
        """Return the only document's value."""
        node = Node(None, Mark(self._file, 1, 1))
        documents = 0
        for event in self._events:
            documents += isinstance(event, events.DocumentStartEvent)
            if documents > 1:
                raise self._fault(self._place(event), "holds more than one document; must hold one")
            if isinstance(event, events.NodeEvent):
                node = self._node(event, Mark(self._file, 1, 1), 0)
        return node

    def _parse(self, text: str) -> Iterator[events.Event]:
        try:
            yield from YAML(typ="safe", pure=True).parse(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Mark(self._file, mark.line + 1, mark.column + 1) if mark else Mark(self._file)
            raise self._fault(place, f"is no YAML: {_problem(error)}") from None
        except (YAMLError, ValueError, OverflowError) as error:  # the latter: escapes beyond Unicode
            raise self._fault(Mark(self._file), f"is no YAML: {_problem(error)}") from None

    def _node(self, event: events.Event, place: Mark, depth: int) -> Node:
        if isinstance(event, events.AliasEvent):
            raise self._fault(self._place(event), "aliases (*name) are refused; write the value out")
        self._refuse_marks(event)
        self._refuse_size(event, depth)
        if isinstance(event, events.MappingStartEvent):
            return self._mapping(place, depth)
        if isinstance(event, events.SequenceStartEvent):
            return self._sequence(place, depth)
        if isinstance(event, events.ScalarEvent):
            return Node(self._scalar(event), place)
        raise TypeError(f"the parser sent {type(event).__name__} where a value should stand")

    def _mapping(self, place: Mark, depth: int) -> Node:
        entries: dict[str, Node] = {}
        for event in self._events:
            if isinstance(event, events.MappingEndEvent):
                break
            key_place = self._place(event)
            key = self._key(event)
            node = self._node(next(self._events), key_place, depth + 1)
            if key in entries:
                first = entries[key].place.line
                message = f"key {short(key)!r} stands twice in one mapping, first on line {first}"
                self._note(key_place, message)
            entries.setdefault(key, node)
        return Node(entries, place)

    def _key(self, event: events.Event) -> str:
        if not isinstance(event, events.ScalarEvent):
            raise self._fault(self._place(event), "a key must be a plain word")
        self._refuse_marks(event)
        return self._text(event)

    def _sequence(self, place: Mark, depth: int) -> Node:
        items: list[Node] = []
        for event in self._events:
            if isinstance(event, events.SequenceEndEvent):
                break
            items.append(self._node(event, self._place(event), depth + 1))
        return Node(items, place)

    def _scalar(self, event: events.ScalarEvent) -> Scalar:
        text = self._text(event)
        return resolve_scalar(text) if event.style is None else text

    def _text(self, event: events.ScalarEvent) -> str:
        text: str = event.value
        if is_text(text):
            return text
        self._note(self._place(event), "holds half of a surrogate pair, which is no text")
        return ""

    def _refuse_marks(self, event: events.Event) -> None:
        if getattr(event, "anchor", None) is not None:
            self._note(self._place(event), "anchors (&name) are refused; write the value out")
        tag = getattr(event, "tag", None)
        if tag is not None:
            written = printable(str(tag).replace("tag:yaml.org,2002:", "!!"))
            self._note(self._place(event), f"tags ({written}) are refused; write a plain value")

    def _refuse_size(self, event: events.Event, depth: int) -> None:
        self._count += 1
        if depth > MAX_DEPTH:
            raise self._fault(self._place(event), f"more than {MAX_DEPTH} mappings and lists in one another")
        if self._count > MAX_VALUES:
            message = f"more than {MAX_VALUES:,} values; series of numbers belong into data files"
            raise self._fault(self._place(event), message)

    def _note(self, place: Mark, message: str) -> None:
        """Keep a fault that does not prevent reading on, unless there are too many already."""
        self.faults.append(Fault(str(place), "", message))
        if len(self.faults) >= MAX_FAULTS:
            raise InputError(self.faults)

    def _place(self, event: events.Event) -> Mark:
        return Mark(self._file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _fault(self, place: Mark, message: str) -> InputError:
        return InputError([*self.faults, Fault(str(place), "", message)])


def resolve_scalar(text: str) -> Scalar:
    """Return what an unquoted word stands for in YAML 1.2: ``no`` and ``12:30`` are text, ``1e6`` a number.

    Examples
    --------
    >>> [resolve_scalar(text) for text in ("12", "1e6", "true", "no", "12:30", "")]
    [12, 1000000.0, True, 'no', '12:30', None]
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _problem(error: Exception) -> str:
    """Return the parser's complaint on one line."""
    parts = [getattr(error, "context", None), getattr(error, "problem", None)]
    text = ", ".join(str(part) for part in parts if part) or str(error)
    return short(" ".join(text.split()), 200)
