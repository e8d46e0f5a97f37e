"""The JSON Schema of scenario files, for editors and for other programs."""

from typing import Any, Final

from sim.scenario.model import Scenario

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_EXTENDS: Final = {
    "type": "string",
    "description": "Scenario file in the same folder that this one changes: mappings merge, lists of named "
    "entries merge by name, all else is replaced.",
}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, with the documentation of every field.

    A file that extends another need not be complete, so nothing is required at its top.
    """
    schema = Scenario.model_json_schema()
    for definition in schema["$defs"].values():
        _require_type(definition)
    required = sorted({*schema.pop("required"), "schema_version"})
    schema["properties"] = {"extends": _EXTENDS, **schema["properties"]}
    return {"$schema": DIALECT, **schema, "anyOf": [{"required": ["extends"]}, {"required": required}]}


def _require_type(definition: dict[str, Any]) -> None:
    """Require ``type`` where it tells descriptions apart: files must say it, even where Python need not."""
    if "const" in definition.get("properties", {}).get("type", {}):
        definition["required"] = ["type", *(key for key in definition.get("required", ()) if key != "type")]
