"""Every description of the JSON Schema at a place where it can stand, and each of its fields at its edges."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import suppress
from math import inf, nextafter
from pathlib import Path
from typing import Any, NamedTuple

import records
from edges import BASE

from sim.errors import InputError
from sim.scenario import scenario_from
from sim.scenario.load import load_scenario
from sim.scenario.model import Scenario, json_schema
from sim.units import sizes_of

SCENARIOS = Path(__file__).parents[2] / "scenarios"
DAYS = 0.005
Schema = Mapping[str, Any]
Way = tuple[str | int, ...]
KEPT = {"schema_version", "name", "extends", "type", "start", "days"}
NETWORK = {"type": "network", "pool": {"type": "pplns", "pool_share_fraction": 0.2}}
BY_HAND: list[dict[str, Any]] = [
    {
        "storage": {"type": "battery", "power_mw": 20.0, "energy_mwh": 40.0, "shave_above_mw": 190.0},
        "events": [
            {
                "type": "curtailment-order",
                "at_s": 60.0,
                "duration_min": 2.0,
                "cap_mw": 9.0,
                "applies_to": "site",
            },
            {"type": "pool-loss", "at_s": 60.0, "duration_s": 60.0},
            {"type": "stuck-blocks", "at_s": 60.0, "duration_s": 60.0, "share_fraction": 0.1},
            {"type": "stale-telemetry", "at_s": 60.0, "duration_s": 60.0},
        ],
        "grid": {"limits": [{"kind": "net-ramp", "name": "r", "limit_mw_per_min": 10.0, "window_s": 60.0}]},
        "market": {
            "day_ahead": {"type": "fixed", "price_usd_per_mwh": 40.0},
            "supply": {"type": "day-ahead", "mw": 50.0},
            "bitcoin": NETWORK,
            "ancillary": [
                {
                    "service": "non-spin",
                    "offer_mw": 5.0,
                    "price": {"type": "fixed", "price_usd_per_mwh": 5.0},
                    "deployment": {"type": "scheduled", "calls": [{"at_s": 100.0, "duration_min": 2.0}]},
                }
            ],
            "forecasts": {"price": {"type": "day-ahead"}},
            "rules": {"sb6": {"connected": "2026-01-01"}},
        },
        "policy": {"type": "ramp-limit", "up_mw_per_min": 5.0, "inner": {"type": "follow-headroom"}},
    },
    {
        "market": {
            "ancillary": [
                {
                    "service": service,
                    "policy_up_to_mw": 5.0,
                    "price": {"type": "fixed", "price_usd_per_mwh": 5.0},
                    "deployment": {"type": deployment},
                }
                for service, deployment in (("non-spin", "drawn"), ("regulation-up", "regulation"))
            ]
        },
        "policy": {"type": "ancillary"},
    },
    {"policy": {"type": "http", "url": "http://127.0.0.1:9/decide"}},  # where nobody listens
    {
        "interconnection": {
            "limit": {
                "type": "schedule",
                "stages": [{"at_s": 0.0, "limit_mw": 100.0}, {"at_s": 200.0, "limit_mw": 120.0}],
            }
        }
    },
    {
        "interconnection": {
            "limit": {
                "type": "contract",
                "contract": "dominion-dg",
                "firm_mw": 100.0,
                "highest_mw": 200.0,
                "calls": {"type": "calendar", "yearly_calls_count": 20.0},
            }
        }
    },
    {
        "interconnection": {
            "limit": {
                "type": "contract",
                "contract": "dominion-dg",
                "firm_mw": 100.0,
                "highest_mw": 200.0,
                "calls": {"type": "net-load", "system_load": {"file": "year.csv"}},
            }
        }
    },
    *(
        {
            "market": {
                "carbon": {"file": "hours.csv"},
                "four_cp": {"previous_average_mw": 50.0, "system_load": {"file": "hours.csv"}},
                "forecasts": {"system_load": forecast},
            },
            "policy": {"type": "four-cp"},
        }
        for forecast in ({"type": "noisy", "error_1h_fraction": 0.1}, {"type": "persistence"})
    ),
    {
        "halls": [
            {
                "name": "h",
                "racks": {"count": 400, "power_mw": 0.132},
                "ride_through": {"reconnection": "manual", "strike_count": 1},
            }
        ],
        "loads": [{"name": "job", "type": "training", "gpus": 8192, "hall": "h"}],
        "weather": {"type": "synthetic"},
        "events": [{"type": "reconnect", "at_s": 200.0}],
    },
]
"""What is put into the base for descriptions that no shipped scenario has and that no least form can show."""
WITH_RECORDS: list[dict[str, Any]] = [
    {
        "interconnection": {"limit": {"type": "file", "file": "hours.csv", "highest_mw": 1.0}},
        "grid": {"frequency": {"measured": {"file": "seconds.csv"}}},
        "loads": [
            {
                "name": name,
                "type": "inference",
                "power_mw": 0.2,
                "profile": name,
                name: {"file": "seconds.csv"},
            }
            for name in ("rates", "requests")
        ],
    },
]
"""The same, for what may not stand beside what the examples have."""


def from_records(document: Mapping[str, Any]) -> Scenario:
    """Return the scenario of a document, which may name the examples' data files and those of `records`."""
    return scenario_from(document, folder=SCENARIOS, data=[records.folder()])


class Edge(NamedTuple):
    """A scenario with one field at an edge."""

    description: str
    field: str
    value: Any
    document: dict[str, Any]


class Places:
    """Where each description can stand: in a shipped scenario, or grafted onto one."""

    def __init__(self) -> None:
        self._schema = json_schema()
        self.found: dict[str, tuple[dict[str, Any], Way]] = {}
        """By the name of a description a document, and the way to where it stands in it."""
        for parts in ({}, *BY_HAND):
            self._note(BASE | parts)
        for path in sorted(SCENARIOS.glob("*.yaml")):
            with suppress(InputError):  # one whose data do not ship with the project
                self._note(load_scenario(path).model_dump(mode="json"))
        for parts in WITH_RECORDS:
            self._note(BASE | parts)
        missing = -1
        while missing != len(self.all - set(self.found)):
            missing = len(self.all - set(self.found))
            for name in sorted(self.all - set(self.found)):
                self._graft(name)

    @property
    def all(self) -> set[str]:
        """The names of all descriptions that have fields."""
        return {name for name, one in self._schema["$defs"].items() if "properties" in one} | {"Scenario"}

    def edges(self) -> Iterator[Edge]:
        """Yield every field of every description that has a place, at each of its edges."""
        for name, (document, way) in sorted(self.found.items()):
            for field, schema in self.fields(name).items():
                for value in [] if field in KEPT else [*self._values(schema), *sizes(schema, field)]:
                    yield Edge(name, field, value, changed(document, (*way, field), value))

    def fields(self, name: str) -> Schema:
        """Return the schema of each field of a description."""
        found: Schema = (self._schema if name == "Scenario" else self._schema["$defs"][name])["properties"]
        return found

    def _note(self, document: dict[str, Any]) -> None:
        document = from_records({**document, "days": DAYS}).model_dump(mode="json")
        self.found.setdefault("Scenario", (document, ()))
        self._look(document, document, self._schema, ())

    def _look(self, document: dict[str, Any], node: Any, schema: Schema, way: Way) -> None:
        """Note every description that stands in a part of a document, where none was found before."""
        if isinstance(node, dict):
            name, fields = next(self._fitting(schema, node), (None, schema.get("properties", {})))
            if name is not None:
                self.found.setdefault(name, (document, way))
            for key, value in node.items():
                self._look(document, value, fields.get(key, {}), (*way, key))
        elif isinstance(node, list):
            for place, value in enumerate(node):
                for items in (one.get("items", {}) for one in self._choices(schema)):
                    self._look(document, value, items, (*way, place))

    def _fitting(self, schema: Schema, node: Mapping[str, Any]) -> Iterator[tuple[str, Schema]]:
        """Yield name and fields of each description that a mapping may be."""
        for one in self._choices(schema):
            fields = one.get("properties", {})
            kind = fields.get("type", {}).get("const")
            if "title" in one and set(node) <= set(fields) and kind in {None, node.get("type")}:
                yield one["title"], fields

    def _choices(self, schema: Schema) -> Iterator[Schema]:
        """Yield what a schema allows, references and choices resolved."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            for one in self._choices(self._schema["$defs"][name]):
                yield {**one, "title": name}
        elif "properties" not in schema and ("oneOf" in schema or "anyOf" in schema):
            for choice in schema.get("oneOf") or schema["anyOf"]:
                yield from self._choices(choice)
        else:
            yield schema

    def _graft(self, name: str) -> None:
        """Find a place for a description in a field of one that has a place, if there is one."""
        for document, way in list(self.found.values()):
            node = at(document, way)
            described = next((one for one, found in self.found.items() if found == (document, way)), None)
            for field, schema in self.fields(described).items() if described else ():
                for value in self._holding(schema, name, node.get(field)):
                    with suppress(InputError):
                        self._note(changed(document, (*way, field), value))
                        if name in self.found:
                            return

    def _holding(self, schema: Schema, name: str, present: Any) -> Iterator[Any]:
        """Yield values of a field that hold a description with this name, with each file if it names one."""
        for one in self._choices(schema):
            if one.get("title") == name and "properties" in one:
                yield from self._forms(one)
            for item in self._choices(one.get("items", {})):
                if item.get("title") == name and "properties" in item:
                    yield from ([*(present or []), form] for form in self._forms(item))

    def _forms(self, schema: Schema) -> Iterator[Any]:
        least = self._least(schema)
        yield from [{**least, "file": name} for name in records.NAMES] if "file" in least else [least]

    def _least(self, schema: Schema) -> Any:
        """Return a plain value of a schema."""
        one = next(each for each in self._choices(schema) if each.get("type") != "null")
        if "properties" in one:
            needed = {"type"} & set(one["properties"]) | set(one.get("required", ()))
            return {key: self._least(one["properties"][key]) for key in sorted(needed)}
        if one.get("type") == "array":
            return [self._least(one.get("items", {}))] * max(1, one.get("minItems", 1))
        if one.get("type") == "string" and "enum" not in one and "const" not in one:
            return "2026-01-01T06:01:00Z" if one.get("format") == "date-time" else "x"
        return self._values(one)[-1]

    def _values(self, schema: Schema) -> list[Any]:
        """Return values at the edges of a schema, a plain one last."""
        return [value for one in self._choices(schema) for value in self._of_kind(one)] or [None]

    def _of_kind(self, schema: Schema) -> list[Any]:
        if "const" in schema or "enum" in schema:
            return schema.get("enum") or [schema["const"]]
        kind = schema.get("type")
        if kind in {"number", "integer"}:
            return numbers(schema, int if kind == "integer" else float)
        if kind == "array":
            least = schema.get("minItems", 1)
            return [[], *([value] * least for value in self._values(schema.get("items", {})))]
        return {"boolean": [True, False], "string": ["", "\x1b[2J", "x"], "null": [None]}.get(kind, [])


def sizes(schema: Schema, field: str) -> list[float]:
    """Return the least and the most of a quantity, by its unit, where a field is one that has them."""
    kinds = {one.get("type") for one in [schema, *schema.get("anyOf", ())]}
    return [size for size in sizes_of(field) if size < inf] if "number" in kinds else []


def numbers(schema: Schema, kind: type) -> list[Any]:
    """Return the numbers at the edges of a schema, one in between last."""
    least, most = schema.get("minimum", -inf), schema.get("maximum", inf)
    least = max(least, nextafter(schema.get("exclusiveMinimum", -inf), inf))
    most = min(most, nextafter(schema.get("exclusiveMaximum", inf), -inf))
    edges = {least, most, 0.0, 1e-9, 1e9, max(least, min(most, 1.0))}
    inside = [value for value in sorted(edges) if least <= value <= most and abs(value) < inf]
    inside.append(max(least, min(most, 1.0)))
    return [kind(value) for value in inside]


def at(document: Any, way: Way) -> Any:
    """Return what stands at a place of a document."""
    for key in way:
        document = document[key]
    return document


def changed(document: dict[str, Any], way: Way, value: Any) -> dict[str, Any]:
    """Return a document with one field set."""
    other = copy.deepcopy(document)
    at(other, way[:-1])[way[-1]] = value
    return other
