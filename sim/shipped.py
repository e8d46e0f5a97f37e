"""Tables that ship as data, in JSON or CSV beside the code that they belong to."""

import csv
import json
from importlib.resources import files
from typing import Any


def shipped(room: str, name: str) -> Any:
    """Return the content of a table: what the JSON holds, or the rows of the CSV by column.

    Parameters
    ----------
    room
        Package that it stands in, ``"sim.tables"``.
    name
        Name of the file, ``"units.json"`` or ``"limits.csv"``.
    """
    text = (files(room) / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else list(csv.DictReader(text.splitlines()))
