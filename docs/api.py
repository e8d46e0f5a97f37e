"""The pages of the Python API: what each name does, in a line; the site gives whole docstrings."""

import inspect
import tomllib
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import sim
import sim.testing
from docs.spec_fields import cell, prose

ROOT: Final = Path(__file__).parents[1]
FORMULAS: Final = "Formulas stand apart from processes"
"""Name of the contract in pyproject.toml that lists the modules of formulas."""
ROOMS: Final = {"ai": "AI load", "grid": "Grid", "bitcoin": "Bitcoin", "mining": "Mining"}
PYTHON: Final = """# Python

What `import sim` offers. [Read a result folder](../how-to/read-a-result-folder.md) shows it at work, the
[notebooks](../notebooks/README.md) answer whole questions with it. The fields of a `Scenario` are those of a
[scenario file](scenario.md).
"""
NOUNS: Final = (
    ("Result", "sim.result", ("Result",)),
    ("Tables of a result", "sim.frames", ("Metrics", "Signals", "Events", "Ledger")),
    ("Signal", "sim.signals", ("Signal",)),
    ("A policy of your own", "sim.policies", ("Observation", "Decision")),
)
FORMULA_HEAD: Final = """# Formulas

Functions of numbers and arrays, apart from the simulation: call them from a notebook to check a figure by
hand. Each names its units and its equation.
"""


def python_page(*, whole: bool = False) -> str:
    """Return the page of what ``import sim`` offers."""
    functions = [name for name in sim.__all__ if inspect.isfunction(getattr(sim, name))]
    text = PYTHON + "\n## Functions\n\n" + _told("sim", functions, whole=whole)
    for title, module, names in NOUNS:
        text += f"\n## {title}\n\n" + _told(module, names, whole=whole)
    return text + "\n## For your own tests\n\n" + _told("sim.testing", sim.testing.__all__, whole=whole)


def formulas_page(*, whole: bool = False) -> str:
    """Return the page of the formulas, by room."""
    text, room = FORMULA_HEAD, ""
    for module in formula_modules():
        here = module.__name__.split(".")[1]
        text += f"\n## {ROOMS[here]}\n" if here != room else ""
        room = here
        names = [name for name, it in vars(module).items() if _is_shown(module, name, it)]
        if names:
            text += f"\n### `{module.__name__}`\n\n{prose(module.__doc__ or '').partition(chr(10) * 2)[0]}\n\n"
            text += _told(module.__name__, names, whole=whole)
    return text


def formula_modules() -> list[ModuleType]:
    """Return the modules of formulas, as the project's import contracts list them, by room."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (names,) = (one["source_modules"] for one in tool["contracts"] if one["name"] == FORMULAS)
    return [import_module(name) for name in sorted(names, key=lambda name: list(ROOMS).index(name.split(".")[1]))]


def _is_shown(module: ModuleType, name: str, it: Any) -> bool:
    return inspect.isfunction(it) and not name.startswith("_") and it.__module__ == module.__name__


def _told(module: str, names: Iterable[str], *, whole: bool) -> str:
    return "".join((_whole if whole else _short)(module, list(names)))


def _short(module: str, names: list[str]) -> Iterator[str]:
    yield "| name | what |\n|---|---|\n"
    for name in names:
        doc = inspect.getdoc(getattr(import_module(module), name)) or ""
        yield f"| `{name}` | {cell(prose(doc.partition(chr(10) * 2)[0]))} |\n"


def _whole(module: str, names: list[str]) -> Iterator[str]:
    for name in names:
        if inspect.isfunction(getattr(import_module(module), name)):
            directive = f".. autofunction:: {module}.{name}"
        else:
            directive = f".. autoclass:: {module}.{name}\n   :members:\n   :inherited-members: dict, BaseModel"
        yield f"```{{eval-rst}}\n{directive}\n```\n"
