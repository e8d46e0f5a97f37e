"""Each word has one meaning, each fact one place: no class and no constant stands in two modules."""

import ast
import re
from collections import defaultdict
from pathlib import Path

SIM = Path(__file__).parents[2] / "sim"
MODULES = {path.relative_to(SIM).as_posix(): ast.parse(path.read_text()) for path in SIM.rglob("*.py")}
# a number that turns one unit into another, by its name
CONVERSION = re.compile(
    r"_?(SECONDS|HOURS|DAYS|MILLISECONDS|W|KW|MHZ|EXAHASH|PETAHASH|MEGAWATT|JOULES)_(PER|IN)_[A-Z]+$"
)
# what modules say of themselves, each about itself: a document's FORMAT is the version of that document
OF_EACH_MODULE = {"CATALOGUE", "FORMAT", "__all__"}


def constants(tree):
    """Yield the name and the value, as text, of each constant that a module makes."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            yield from ((target.id, ast.unparse(node.value)) for target in targets if isinstance(target, ast.Name))


def several(pairs):
    """Return the keys that more than one module has."""
    places = defaultdict(set)
    for key, module in pairs:
        places[key].add(module)
    return {key: sorted(modules) for key, modules in places.items() if len(modules) > 1}


def test_no_class_name_stands_for_two_things():
    classes = several(
        (node.name, f"{module}:{node.lineno}")
        for module, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    )
    assert classes == {}


def test_no_constant_of_one_value_and_meaning_stands_in_two_modules():
    found = several(
        ((name.lstrip("_"), value), module)
        for module, tree in MODULES.items()
        for name, value in constants(tree)
        if name not in OF_EACH_MODULE and not value.startswith("TypeVar(")
    )
    assert found == {}


def test_units_are_converted_by_the_numbers_of_one_module():
    found = {
        (module, name)
        for module, tree in MODULES.items()
        if module != "units.py"
        for name, _ in constants(tree)
        if CONVERSION.match(name)
    }
    assert found == set()
