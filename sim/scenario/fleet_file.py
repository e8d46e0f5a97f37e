"""Fleets out of a list of machines: ``fleets: {file: asics.csv}``."""

import re
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from sim.errors import InputError
from sim.mining.catalogue import MODELS
from sim.scenario.tree import Node, placed, plain, printable
from sim.shipped import shipped
from sim.tables import Files, Table
from sim.tables.shapes import column_called, plain_name

_COLUMNS: Final[dict[str, list[str]]] = shipped("sim.scenario", "fleet_columns.json")
"""What the columns of a list are called, in small letters without signs; a list of single machines needs no
count."""
_FIELDS: Final = {"file", "model_column", "count_column", "firmware_column", "building_column"}
_NAME_LENGTH: Final = 40


def with_fleets(tree: Node, folders: Sequence[Path]) -> Node:
    """Return a scenario's tree with its fleets out of a file, where it names one.

    Raises
    ------
    InputError
        If the file cannot be read, or names a machine that is not in the catalogue.
    """
    fleets = tree.value.get("fleets") if isinstance(tree.value, dict) else None
    if fleets is None or not isinstance(fleets.value, dict):
        return tree
    said = plain(fleets)
    unknown = sorted(set(said) - _FIELDS)
    if unknown or "file" not in said:
        allowed = f"must be a list of fleets, or a mapping of {', '.join(sorted(_FIELDS))}"
        raise InputError.single(
            str(fleets.place), "fleets", f"{allowed}; got {', '.join(map(printable, sorted(said)))}"
        )
    try:
        made = placed(_fleets(Files(folders).table(str(said["file"])), said), fleets.place)
    except InputError as error:
        fault = error.faults[0]
        raise InputError.single(fault.place, "fleets", fault.message) from None
    return Node({**tree.value, "fleets": made}, tree.place)  # type: ignore[dict-item]  # a mapping, as above


def fleets_of(path: Path) -> list[dict[str, Any]]:
    """Return the fleets that a list of machines makes; raise InputError as `with_fleets`."""
    return _fleets(Files([path.parent]).table(path.name), {})


def _fleets(table: Table, said: dict[str, Any]) -> list[dict[str, Any]]:
    columns: dict[str, str | None] = {
        part: said.get(f"{part}_column") or column_called(table.columns, names) for part, names in _COLUMNS.items()
    }
    model_column, count_column = columns["model"], columns["count"]
    if model_column is None:
        listed = ", ".join(table.columns[:12])
        raise InputError.single(table.name, "", f"no column 'model'; has {listed}: name it as model_column")
    models = [_key(table, model_column, row, text) for row, text in enumerate(table.texts(model_column))]
    counts = [1] * len(models) if count_column is None else _counts(table, count_column)
    firmwares = _texts(table, columns["firmware"])
    buildings = _texts(table, columns["building"])
    machines: Counter[tuple[str, str, str]] = Counter()
    for model, count, firmware, building in zip(models, counts, firmwares, buildings, strict=True):
        machines[building, model, firmware.lower()] += count
    return _named([key for key, count in machines.items() if count], machines)


def _texts(table: Table, column: str | None) -> list[str]:
    return [""] * table.row_count if column is None else table.texts(column)


def _named(keys: list[tuple[str, str, str]], machines: Counter[tuple[str, str, str]]) -> list[dict[str, Any]]:
    several = len({building for building, _, _ in keys}) > 1
    made: list[dict[str, Any]] = []
    taken: Counter[str] = Counter()
    for key in keys:
        building, model, firmware = key
        words = [building if several else "", model, firmware]
        name = re.sub(r"[^a-z0-9]+", "-", "-".join(word for word in words if word).lower()).strip("-")
        name = (name if name[:1].isalpha() else f"f-{name}")[: _NAME_LENGTH - 4]
        taken[name] += 1
        name += f"-{taken[name]}" if taken[name] > 1 else ""
        fleet = {"name": name, "type": "cohort", "model": model, "machine_count": machines[key]}
        made.append(fleet | ({"firmware": firmware} if firmware else {}))
    return made


def _counts(table: Table, column: str) -> list[int]:
    values = table.numbers(column)
    for row, value in enumerate(values.tolist()):
        if value < 0.0 or value != round(value):
            raise table.fault_at(column, row, f"must be a whole number of machines, 0 or more; got {value:g}")
    return [int(value) for value in values]


def _key(table: Table, column: str, row: int, text: str) -> str:
    """Return the catalogue's key of a model as a list writes it."""
    plain_text = plain_name(text)
    names = {plain_name(key): key for key in MODELS}
    bare = {re.sub("^(antminer|whatsminer|avalon)", "", name): key for name, key in names.items()}
    for known in (names, bare):
        if plain_text in known:
            return known[plain_text]
    near = get_close_matches(plain_text, names, n=1, cutoff=0.5)
    hint = f"; did you mean {names[near[0]]}?" if near else ""
    raise table.fault_at(
        column, row, f"must be a model of the catalogue (docs/reference/machines.md), got {text!r}{hint}"
    )
