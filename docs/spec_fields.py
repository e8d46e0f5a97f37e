"""Reads the fields of a description from its JSON Schema, as tables of Markdown show them."""

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from sim.units import unit_of

FIELD_TABLE: Final = "| field | type | unit | default | allowed | what |\n|---|---|---|---|---|---|\n"
_ALWAYS_WRITTEN: Final = ("schema_version", "type")
"""Fields that a file must say, even where Python need not."""
_SIGNS: Final = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}
_NO_BOUND: Final = 1e12
"""The bound of `sim.spec.Positive`, which only keeps numbers finite."""
_LIMITS: Final = {"maxLength": "characters", "maxItems": "entries"}

Schema = Mapping[str, Any]


class Row(NamedTuple):
    """One field, as a table shows it."""

    path: str
    kind: str
    unit: str
    default: str
    allowed: str
    what: str


class Section(NamedTuple):
    """The fields that one description adds under a path."""

    title: str
    text: str
    rows: tuple[Row, ...]


def sections(model: type[BaseModel]) -> Iterator[Section]:
    """Yield a description's own fields, then those of each description within it."""
    schema = model.model_json_schema()
    yield from _walk(schema, "", "Top level", schema.get("$defs", {}))


def _walk(
    schema: Schema, path: str, title: str, known: Mapping[str, Schema], around: tuple[str, ...] = ()
) -> Iterator[Section]:
    rows = tuple(_row(path, name, entry, schema) for name, entry in schema["properties"].items())
    yield Section(title, prose(schema.get("description", "")), rows)
    for name, entry in schema["properties"].items():
        below = f"{path}{name}.*" if entry.get("type") == "array" else f"{path}{name}"
        parts = _parts(entry)
        if set(parts) & set(around):
            continue  # a description within one of its own kind: its fields stand there already
        for reference in parts:
            part = known[reference.rpartition("/")[2]]
            kind = part["properties"].get("type", {}).get("const")
            heading = f"`{below}` with `type: {kind}`" if kind else f"`{below}`"
            yield from _walk(part, f"{below}.", heading, known, (*around, reference))


def _parts(entry: Schema) -> list[str]:
    """Return the descriptions that a field holds: one, one of several, or a list of them."""
    options = entry.get("items", entry)
    options = options.get("oneOf", options.get("anyOf", [options]))
    # a choice of several that may be left out is a choice within a choice
    inner = [part for option in options for part in option.get("oneOf", [option])]
    return [option["$ref"] for option in inner if "$ref" in option]


def _row(path: str, name: str, entry: Schema, schema: Schema) -> Row:
    facts = _without_null(entry)
    required = name in _ALWAYS_WRITTEN or name in schema.get("required", ())
    return Row(
        f"`{path}{name}`",
        _kind(facts, entry),
        unit_of(name) or "",
        "required" if required else _default(entry),
        _allowed(facts),
        cell(entry.get("description", "See below." if _parts(entry) else "")),
    )


def _without_null(entry: Schema) -> Schema:
    options = [option for option in entry.get("anyOf", ()) if option.get("type") != "null"]
    return options[0] if len(options) == 1 else entry


def _kind(facts: Schema, entry: Schema) -> str:
    if facts.get("format") == "date-time":
        return "time"
    if "const" in facts or "enum" in facts:
        return "word"
    if _parts(entry):
        return "list" if entry.get("type") == "array" else "mapping"
    names = {"integer": "whole number", "string": "text", "array": "list", "object": "mapping"}
    kind = str(facts.get("type", "object"))
    return names.get(kind, kind)


def _default(entry: Schema) -> str:
    default = entry.get("default")
    if default is None:
        return "none"
    if isinstance(default, dict):
        return f"`{default['type']}`" if "type" in default else "see below"
    return f"`{default}`" if isinstance(default, str) and default else f"`{json.dumps(default)}`"


def _allowed(facts: Schema) -> str:
    words = [facts["const"]] if "const" in facts else facts.get("enum", ())
    words = facts.get("discriminator", {}).get("mapping", words)
    if words:
        return ", ".join(f"`{word}`" for word in words)
    if "pattern" in facts:
        return f"matches `{cell(facts['pattern'])}`"
    bounds = [f"{sign} {_number(facts[key])}" for key, sign in _SIGNS.items() if facts.get(key, _NO_BOUND) != _NO_BOUND]
    bounds += [f"at most {facts[key]:,} {noun}" for key, noun in _LIMITS.items() if key in facts]
    return ", ".join(bounds)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.12g}"


def cell(text: str) -> str:
    """Return text for a table: on one line, no bar that would end the cell, one backtick for code."""
    return " ".join(text.split()).replace("|", "\\|").replace("``", "`")


def prose(docstring: str) -> str:
    """Return a docstring as Markdown: numpy headings dropped, formulas between dollars."""
    text = re.sub(r"\n(Notes|Examples|References)\n-+\n", "\n", inspect.cleandoc(docstring))
    text = re.sub(r":math:`([^`]+)`", r"$\1$", text).replace("``", "`")
    text = re.sub(r"\.\. math:: (.+)", r"$$\1$$", text)
    return re.sub(r"\.\. math::\n\n((?: {4}.*\n?)+)", _display, text)


def _display(found: re.Match[str]) -> str:
    lines = "\n".join(line.strip() for line in found[1].splitlines())
    body = f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}" if "&" in lines else lines
    return f"$$\n{body}\n$$\n"


def field_table(rows: tuple[Row, ...]) -> str:
    """Return fields as a table."""
    return FIELD_TABLE + "".join(f"| {' | '.join(row)} |\n" for row in rows)
