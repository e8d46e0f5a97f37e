"""``make mutants``: change the code in one place, and see whether a test of its room fails.

A sample, always the same for a seed, of small changes to engine, mining, market, signals and policies. Each
is tried in a copy of the tree against the examples of its module, the room's unit tests, and those unit tests
of no room and property tests that import from the room, until one fails or its processor time is up: that
counts as killed (a mutant may run for ever), and is told apart. What no test kills is shown as code before
and after.
"""

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path
from resource import RLIMIT_CPU, RUSAGE_CHILDREN, getrusage, setrlimit
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
ROOMS = ("engine", "mining", "market", "signals", "policies")
COPIED = ("sim", "tests", "scenarios", "benchmarks", "docs", "pyproject.toml")
COUNT, SECONDS, WAITS = 300, 60.0, 20.0
KILLED, SURVIVES, TIME_UP = "killed", "survives", "time is up"

OPERATORS: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
NAMES = {
    "min": "max",
    "max": "min",
    "minimum": "maximum",
    "maximum": "minimum",
    "floor": "ceil",
    "ceil": "floor",
}


class Mutant(NamedTuple):
    """One change: where, and the code of the whole module after it."""

    room: str
    module: str
    line: int
    before: str
    after: str
    source: str


def changed(node: ast.AST) -> ast.AST | None:
    """Return a node as a mutant has it; None: there is nothing to change in it."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        return node.operand
    if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        return ast.Return(ast.Constant(None))
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        return ast.Constant(not node.value if isinstance(node.value, bool) else node.value + 1)
    return _with_another_word(copy.deepcopy(node))


def _with_another_word(node: ast.AST) -> ast.AST | None:
    """Return the node with its operator or the name that it calls exchanged; None: it has none."""
    if isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in OPERATORS:
        node.op = OPERATORS[type(node.op)]()
    elif isinstance(node, ast.Compare):
        node.ops[0] = OPERATORS[type(node.ops[0])]()
    elif isinstance(node, ast.Name) and node.id in NAMES:
        node.id = NAMES[node.id]
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        node.attr = NAMES[node.attr]
    else:
        return None
    return node


def places(tree: ast.Module) -> Iterator[tuple[Callable[[ast.AST], None], ast.AST]]:
    """Yield what puts another node in place of one, and the node: in bodies of functions alone."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for parent in (node for statement in function.body for node in ast.walk(statement)):
                yield from _children(parent)


def _children(parent: ast.AST) -> Iterator[tuple[Callable[[ast.AST], None], ast.AST]]:
    for field, value in ast.iter_fields(parent):
        if field in {"annotation", "returns", "decorator_list", "slice"}:
            continue
        if isinstance(parent, ast.keyword) and parent.arg == "strict":
            continue  # what it sees is a fault of ours, and never happens: nothing changes without it
        if isinstance(value, ast.AST):
            yield (lambda new, parent=parent, field=field: setattr(parent, field, new)), value
        elif isinstance(value, list):
            for position, item in enumerate(value):
                if isinstance(item, ast.AST):
                    yield (lambda new, value=value, position=position: value.__setitem__(position, new)), item


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of a module."""
    tree, seen = ast.parse(path.read_text(encoding="utf-8")), set()
    relative = path.relative_to(ROOT)
    for put, node in places(tree):
        other = changed(node) if id(node) not in seen else None
        seen.add(id(node))
        if other is not None:
            line = getattr(node, "lineno", 1)
            put(ast.copy_location(other, node) if hasattr(node, "lineno") else other)
            source = ast.unparse(ast.fix_missing_locations(tree))
            put(node)
            told = ast.unparse(node).partition("\n")[0], ast.unparse(other).partition("\n")[0]
            yield Mutant(relative.parts[1], relative.as_posix(), line, *told, source)


def sample(seed: int, count: int) -> list[Mutant]:
    """Return the same sample for the same seed and code: as many of each room as its share of all."""
    everything = [
        mutant for room in ROOMS for path in sorted((ROOT / "sim" / room).rglob("*.py")) for mutant in mutants_of(path)
    ]
    return random.Random(seed).sample(everything, min(count, len(everything)))  # noqa: S311  # a lot, no secret


def tests_of(room: str) -> list[str]:
    """Return the tests of a room: its unit tests, and those of no room and of properties that import it."""
    own = [ROOT / "tests/unit" / room, *sorted((ROOT / "tests/unit").glob("test_*.py"))]
    own += sorted((ROOT / "tests/property").glob("test_*.py"))
    return [
        path.relative_to(ROOT).as_posix()
        for path in own
        if path.is_dir() or (path.exists() and f"from sim.{room}" in path.read_text())
    ]


def nearest_first(mutant: Mutant, tests: list[str]) -> list[str]:
    """Return files of tests and the examples of a mutant's own module, those that speak of it first."""
    name = Path(mutant.module).stem
    files = [
        path
        for test in tests
        for path in ([ROOT / test] if test.endswith(".py") else sorted((ROOT / test).rglob("test_*.py")))
    ]
    module = mutant.module.removesuffix(".py").replace("/", ".")
    files.sort(key=lambda path: (name not in path.stem, module not in path.read_text(encoding="utf-8")))
    return [mutant.module, *(path.relative_to(ROOT).as_posix() for path in files)]


def outcome(mutant: Mutant, tree: Path, seconds: float) -> str:
    """Try a mutant in the copied tree; return what came of it."""
    module = tree / mutant.module
    text = module.read_text(encoding="utf-8")
    module.write_text(mutant.source, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider"]
    try:
        done = subprocess.run(
            [*command, *nearest_first(mutant, tests_of(mutant.room))],
            cwd=tree,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tree.parent / "compiled")},
            capture_output=True,
            preexec_fn=lambda: setrlimit(RLIMIT_CPU, (int(seconds), int(seconds))),  # no threads here
            timeout=WAITS * seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return TIME_UP
    finally:
        module.write_text(text, encoding="utf-8")
    return TIME_UP if done.returncode < 0 else KILLED if done.returncode else SURVIVES


def unchanged(room: str) -> Mutant:
    """Return a mutant of a room that changes nothing."""
    module = Path("sim") / room / "__init__.py"
    return Mutant(room, module.as_posix(), 1, "", "", (ROOT / module).read_text(encoding="utf-8"))


def copied(tree: Path) -> None:
    """Copy what tests need."""
    tree.mkdir()
    for name in COPIED:
        copier = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copier(ROOT / name, tree / name)


def main() -> int:
    """Try a sample and print what survives, and a score for each room."""
    parser = argparse.ArgumentParser(prog="make mutants ARGS=...", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="how many to try")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="processor time for the tests of one")
    parser.add_argument("--minutes", type=float, default=inf, help="processor time for all of them")
    asked = parser.parse_args()
    found: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        copied(tree := Path(folder) / "tree")
        chosen = sample(asked.seed, asked.count)
        # where a test fails as things stand, every mutant would count as killed
        red = {room for room in ROOMS if outcome(unchanged(room), tree, WAITS * asked.seconds) != SURVIVES}
        for room in sorted(red):
            say(f"left out: {room}, whose tests fail without a mutant")
        for mutant in (each for each in chosen if each.room not in red):
            if sum(getrusage(RUSAGE_CHILDREN)[:2]) > 60.0 * asked.minutes:
                break
            came = outcome(mutant, tree, asked.seconds)
            found.setdefault(mutant.room, Counter())[came] += 1
            if came != KILLED:
                say(f"{came}: {mutant.module}:{mutant.line}  {mutant.before}  ->  {mutant.after}")
    if not found:
        return 1
    for room, counts in [*sorted(found.items()), ("all", sum(found.values(), Counter()))]:
        killed = counts.total() - counts[SURVIVES]
        say(
            f"{room:<10}{killed:4} of {counts.total():4} killed ({killed / counts.total():.0%}), "
            f"{counts[TIME_UP]} of them by time"
        )
    return 0


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
