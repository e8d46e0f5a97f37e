"""What is known of units, quantities and kinds of files: it stands as JSON beside this module."""

import json
from importlib.resources import files
from typing import Any


def known(topic: str) -> Any:
    """Return what is known of a topic: ``units``, ``quantities``, ``shapes`` or ``kinds``."""
    return json.loads((files("sim.tables") / f"{topic}.json").read_text(encoding="utf-8"))
