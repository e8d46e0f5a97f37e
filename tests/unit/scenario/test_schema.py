import json
from typing import Any

from sim.scenario import json_schema
from sim.units import SUFFIX_UNITS


def definitions() -> dict[str, Any]:
    found: dict[str, Any] = json_schema()["$defs"]
    return found


def test_the_schema_is_the_same_each_time() -> None:
    assert json.dumps(json_schema()) == json.dumps(json_schema())


def test_a_file_needs_its_version_and_what_has_no_default_unless_it_extends_another() -> None:
    first, second = json_schema()["anyOf"]

    assert first == {"required": ["extends"]}
    assert set(second["required"]) == {"schema_version", "name", "start", "interconnection"}
    assert "required" not in json_schema()
    assert json_schema()["additionalProperties"] is False


def test_every_field_is_documented() -> None:
    undocumented = [
        f"{name}.{field}"
        for name, definition in {"Scenario": json_schema(), **definitions()}.items()
        for field, schema in definition.get("properties", {}).items()
        if not schema.get("description") and field != "type"
        if "$ref" not in schema  # documented where it points to
    ]

    assert undocumented == []


def test_descriptions_told_apart_by_type_require_it() -> None:
    typed = [
        definition
        for definition in definitions().values()
        if "const" in definition.get("properties", {}).get("type", {})
    ]

    assert len(typed) >= 8
    assert all(definition["required"][0] == "type" for definition in typed)


def test_the_unit_in_a_name_stands_in_its_documentation() -> None:
    wrong = [
        f"{name}.{field}: [{unit}] not in {text!r}"
        for name, definition in definitions().items()
        for field, schema in definition.get("properties", {}).items()
        for unit in [next((SUFFIX_UNITS[end] for end in _endings(field) if end in SUFFIX_UNITS), "1")]
        for text in [schema.get("description", "")]
        if unit != "1" and f"[{unit}" not in text
    ]

    assert wrong == []


def _endings(field: str) -> list[str]:
    parts = field.split("_")
    return ["_".join(parts[start:]) for start in range(len(parts))]
