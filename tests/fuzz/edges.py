"""Scenarios at the edges of the JSON Schema: any field, at its least, its most, or just inside."""

import copy
import random
from collections.abc import Mapping
from math import inf, nextafter
from typing import Any

from sim.scenario.model import json_schema

Schema = Mapping[str, Any]
BASE: dict[str, Any] = {
    "schema_version": 1,
    "name": "edge",
    "start": "2026-01-01T00:00:00-06:00",
    "days": 0.01,
    "interconnection": {"limit_mw": 200.0},
    "loads": [
        {"name": "job", "type": "training", "gpus": 8192},
        {"name": "chat", "type": "inference", "power_mw": 20.0},
    ],
    "fleets": [
        {
            "name": "miners",
            "type": "aggregate",
            "rated_mw": 60.0,
            "ramp_up_mw_per_s": 1.0,
            "ramp_down_mw_per_s": 5.0,
            "efficiency_j_per_th": 17.5,
        },
        {"name": "s21", "type": "cohort", "model": "antminer-s21", "machine_count": 3000},
    ],
}
KEPT = {"schema_version", "name", "start", "days", "extends", "type"}
"""Fields that a walk leaves: a run of a thousand years is slow, not wrong."""


class Walk:
    """A walk through the schema that changes some fields of a document."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # a lot, no secret
        self._schema = json_schema()

    def document(self) -> dict[str, Any]:
        """Return the base scenario with one to three fields at an edge."""
        document = copy.deepcopy(BASE)
        for _ in range(self._random.randint(1, 3)):
            self._change(document, self._schema)
        return document

    def _change(self, node: dict[str, Any], schema: Schema) -> None:
        """Change one field of a mapping, or of one below it."""
        fields = [name for name in schema.get("properties", {}) if name not in KEPT]
        if not fields:
            return
        name = self._random.choice(fields)
        field = self._of(schema["properties"][name], node.get(name))
        inner = node.get(name)
        if isinstance(inner, list) and inner and self._random.random() < 0.9:
            item = self._random.choice(inner)
            if isinstance(item, dict):
                self._change(item, self._of(field.get("items", {}), item))
                return
        if isinstance(inner, dict):
            self._change(inner, field)
            return
        node[name] = self._value(field, depth=0)

    def _of(self, schema: Schema, value: object) -> Schema:
        """Return the schema without references and choices; that of a value's type, where it has one."""
        while True:
            choices = schema.get("oneOf") or schema.get("anyOf")
            if "$ref" in schema:
                schema = self._schema["$defs"][schema["$ref"].rpartition("/")[2]]
            elif choices:
                schema = self._chosen(choices, value)
            else:
                return schema

    def _chosen(self, choices: list[Schema], value: object) -> Schema:
        resolved = [self._of(choice, value) if "$ref" in choice else choice for choice in choices]
        if isinstance(value, dict) and "type" in value:
            fits = [one for one in resolved if one.get("properties", {}).get("type", {}).get("const") == value["type"]]
            resolved = fits or resolved
        some = [one for one in resolved if one.get("type") != "null"]
        return self._random.choice(some or resolved)

    def _value(self, schema: Schema, depth: int) -> Any:
        """Return a value at an edge of a schema."""
        schema = self._of(schema, None)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._random.choice(schema["enum"])
        kind = schema.get("type")
        if kind in {"number", "integer"}:
            return self._number(schema, whole=kind == "integer")
        if kind == "object":
            return self._mapping(schema, depth)
        if kind == "array":
            return self._list(schema, depth)
        return {"boolean": self._random.random() < 0.5, "string": self._text()}.get(kind)

    def _number(self, schema: Schema, *, whole: bool) -> float:
        least, most = schema.get("minimum", -inf), schema.get("maximum", inf)
        least = max(least, nextafter(schema.get("exclusiveMinimum", -inf), inf))
        most = min(most, nextafter(schema.get("exclusiveMaximum", inf), -inf))
        edges = [least, most, 0, 1, 1e-9, 1e9, 5e-324, (max(least, -1e3) + min(most, 1e3)) / 2]
        value = self._random.choice([edge for edge in edges if least <= edge <= most and abs(edge) < inf] or [1])
        return int(value) if whole else float(value)

    def _mapping(self, schema: Schema, depth: int) -> dict[str, Any]:
        fields = schema.get("properties", {})
        names = [name for name in fields if name in schema.get("required", ())]
        rest = [name for name in fields if name not in names]
        names += self._random.sample(rest, min(len(rest), self._random.randint(0, 2))) if depth < 3 else []
        return {name: self._value(fields[name], depth + 1) for name in names}

    def _list(self, schema: Schema, depth: int) -> list[Any]:
        if "prefixItems" in schema:
            return [self._value(item, depth + 1) for item in schema["prefixItems"]]
        count = self._random.choice([0, 1, 2]) if depth < 3 else 0
        count = max(schema.get("minItems", 0), min(count, schema.get("maxItems", 2)))
        return [self._value(schema.get("items", {}), depth + 1) for _ in range(min(count, 60))]

    def _text(self) -> str:
        return self._random.choice(["miners", "job", "a", "2026-01-01T00:01:00Z", "", "America/Chicago", "é\x1b"])
