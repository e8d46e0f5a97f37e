"""From a scenario file to a Scenario, or to everything that is wrong with it."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from sim.errors import Fault, InputError
from sim.policies.plugin import Plugins
from sim.scenario.faults import described
from sim.scenario.fleet_file import with_fleets
from sim.scenario.model import Scenario
from sim.scenario.overrides import PYTHON, Overrides, apply_overrides, merge, with_override
from sim.scenario.policy_choice import POLICY, choose_policy
from sim.scenario.tree import Mark, Node, placed, plain, short
from sim.scenario.yaml_text import parse_yaml
from sim.shipped import shipped
from sim.tables import Files
from sim.tables.bounds import file_fault
from sim.tables.files import check_relative, read_regular, scenario_file

MAX_SCENARIO_BYTES: Final = 256 * 1024
"""Size of a scenario file; series of numbers belong into data files."""
MAX_CHAIN: Final = 8
"""Files that may extend one another."""


def load_scenario(
    path: str | Path | Mapping[str, Any],
    *,
    overrides: Overrides = (),
    data: Sequence[str | Path] = (),
    allow_plugins: bool = False,
    policy: str | None = None,
) -> Scenario:
    """Return the scenario in a file, checked, with the files that it reads.

    Parameters
    ----------
    path
        The scenario file, the name of an example (``"helios"``), or what a file would hold: then files are
        named relative to the current folder.
    overrides
        Fields to set, ``["fleet.rated_mw=80"]`` or ``{"fleet.rated_mw": 80.0}``.
    data
        Folders that the scenario may read from besides its own.
    allow_plugins
        Whether its policy may be Python code from outside, which runs as this program may.
    policy
        Policy in place of the file's, written as in a comparison: ``TYPE:field=value``; None: the file's.

    Raises
    ------
    InputError
        With every fault of the description; if it has none, with every fault of the data files.
    """
    tree, faults = _resolved(path, overrides, policy)
    folder = Path() if isinstance(path, Mapping) else _path_of(path).parent
    return _scenario(tree, faults, [folder, *map(Path, data)], allow_plugins=allow_plugins)


def scenario_from(
    content: Mapping[str, Any],
    *,
    folder: str | Path = ".",
    data: Sequence[str | Path] = (),
    allow_plugins: bool = False,
) -> Scenario:
    """Return the scenario that plain data describe, checked as a file would be.

    Parameters
    ----------
    content
        What a scenario file would hold.
    folder
        The scenario's own folder: data files are named relative to it.
    data
        Folders that the scenario may read from besides.
    allow_plugins
        As `load_scenario`.

    Raises
    ------
    InputError
        As `load_scenario`.
    """
    folders = [Path(folder), *map(Path, data)]
    return _scenario(placed(content, Mark(PYTHON)), [], folders, allow_plugins=allow_plugins)


def resolve(path: str | Path | Mapping[str, Any], overrides: Overrides = ()) -> dict[str, Any]:
    """Return what a scenario file holds, with what it extends and with overrides, not yet validated.

    Raises
    ------
    InputError
        If a file cannot be read, or an override leads nowhere.
    """
    tree, faults = _resolved(path, overrides)
    if faults:
        raise InputError(faults)
    content: dict[str, Any] = plain(tree)
    return content


MOVED: Final[list[dict[str, Any]]] = shipped("sim.scenario", "moved.json")
"""Fields that mean another thing than they did in version 1 of the format, and what they mean now."""


def moved(content: Mapping[str, Any]) -> list[str]:
    """Return the fields of a scenario of version 1 whose meaning has moved since, with what they mean now.

    Parameters
    ----------
    content
        What `resolve` returns.

    Examples
    --------
    >>> jobs = [{"restart": {"preset": "manual"}}, {"restart": {"preset": "meta"}}]
    >>> moved({"schema_version": 1, "loads": jobs})
    ['loads.0.restart.preset takes 330 min on average since model version 13; it was 240']
    >>> moved({"schema_version": 2, "loads": jobs})
    []
    """
    if content.get("schema_version") != 1:
        return []
    return [
        f"{path} {one['now']}"
        for path, value in _stated(content, "")
        for one in MOVED
        if fnmatchcase(path, one["field"]) and ("is" not in one or value in one["is"])
    ]


def _stated(content: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield each field, dotted, lists by their places, with its value."""
    if path:
        yield path, content
    entries = content if isinstance(content, Mapping) else {}
    if isinstance(content, list):
        entries = dict(enumerate(content))
    for key, entry in entries.items():
        yield from _stated(entry, f"{path}.{key}" if path else str(key))


def apply_override(content: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return plain scenario data with one field set, as ``--set`` would.

    Raises
    ------
    InputError
        If the path leads nowhere.

    Examples
    --------
    >>> apply_override({"fleets": [{"name": "miners", "rated_mw": 60.0}]}, "fleets.miners.rated_mw", 80.0)
    {'fleets': [{'name': 'miners', 'rated_mw': 80.0}]}
    """
    return with_override(content, path, value, Scenario)


def describe(tree: Node, plugins: Plugins) -> Scenario:
    """Return the scenario of a tree, its files not yet looked at; raise InputError with its faults."""
    return described(Scenario, tree, plugins)


def _scenario(tree: Node, faults: list[Fault], folders: list[Path], *, allow_plugins: bool) -> Scenario:
    """Return the scenario of a tree, its files checked."""
    tree = with_fleets(tree, folders)
    if isinstance(tree.value, dict) and "schema_version" not in tree.value:
        faults = [*faults, Fault(str(tree.place), "schema_version", "missing; write schema_version: 2")]
    try:
        scenario = describe(tree, Plugins(folders, allowed=allow_plugins))
    except InputError as error:
        raise InputError([*faults, *error.faults]) from None
    if faults:
        raise InputError(faults)
    bound = scenario.with_files(Files(folders))
    bound.check_files()
    return bound


def _resolved(
    path: str | Path | Mapping[str, Any], overrides: Overrides, policy: str | None = None
) -> tuple[Node, list[Fault]]:
    """Return the tree of a file and of what it extends, with overrides, and the faults found on the way."""
    faults: list[Fault] = []
    if isinstance(path, Mapping):
        tree = placed(path, Mark(PYTHON))
    else:
        path = _path_of(path)
        tree, faults = _extended(path, str(path), ())
    if policy is not None and isinstance(tree.value, dict):
        chosen = placed(choose_policy(plain(tree), policy)[POLICY], Mark("--policy"), POLICY)
        tree = Node({**tree.value, POLICY: chosen}, tree.place)
    tree, unset = apply_overrides(tree, overrides, Scenario)
    return tree, [*faults, *unset]


def _path_of(path: str | Path) -> Path:
    """Return where a scenario lies that is named by its path, or as the examples are."""
    by_name = not Path(path).suffix and not Path(path).exists() and len(Path(path).parts) == 1
    return (scenario_file(str(path), []) if by_name else None) or Path(path)


def _extended(path: Path, name: str, chain: tuple[str, ...]) -> tuple[Node, list[Fault]]:
    """Return the tree of a file, merged into that of the file it extends."""
    tree, faults = parse_yaml(read_text(path, name), name)
    entries = dict(tree.value) if isinstance(tree.value, dict) else {}
    said = entries.pop("extends", None)
    tree = Node(entries, tree.place)
    if said is None:
        return tree, faults
    try:
        parent = _parent(path.parent, said, (*chain, path.name))
    except InputError as error:
        message = "; ".join(f"{fault.place}: {fault.message}" for fault in error.faults)
        raise InputError([*faults, Fault(str(said.place), "extends", message)]) from None
    base, base_faults = _extended(parent, str(parent), (*chain, path.name))
    return merge(base, tree), [*base_faults, *faults]


def _parent(folder: Path, said: Node, chain: tuple[str, ...]) -> Path:
    """Return the file that a scenario extends, not in the chain: in the same folder, or an example."""
    name = said.value
    if not isinstance(name, str) or not name:
        raise file_fault("extends", "must be the name of a file in the same folder, or of an example")
    check_relative(name)
    if "/" in name:
        raise file_fault(name, "must lie in the same folder, or be an example")
    parent = scenario_file(name, [folder])
    if parent is None:
        raise file_fault(short(name), f"no such file in {folder}, and no example of this name")
    if parent.name in chain:
        raise file_fault(name, f"goes in a circle: {' extends '.join((*chain, name))}")
    if len(chain) >= MAX_CHAIN:
        raise file_fault(name, f"is one file too many; {MAX_CHAIN} may extend one another")
    return parent


def read_text(path: Path, name: str) -> str:
    """Return the text of a scenario or study file; raise InputError, naming it so, where it has none."""
    try:
        return read_regular(path.resolve(), name, MAX_SCENARIO_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise file_fault(
            name, f"is no UTF-8 text: byte {error.start + 1} is {error.object[error.start]:#04x}"
        ) from None
