"""The command itself, the options that its commands share, and how they find a file by name.

What an argument or an option means stands in ``help.json``: by command and parameter, or under ``shared``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from sim.cli.console import say
from sim.errors import InputError, did_you_mean
from sim.shipped import shipped

HELP: Final[Mapping[str, Mapping[str, str]]] = shipped("sim.cli", "help.json")

app = typer.Typer(
    name="hashballast",
    help="Simulate an AI and Bitcoin-mining campus on one grid interconnection.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

DataFolders = Annotated[list[Path], typer.Option("--data")]
Overrides = Annotated[list[str], typer.Option("--set")]


def new_folder(folder: Path | None) -> Path | None:
    """Refuse a folder that cannot be made before the work is done that it is for."""
    from sim.whole import require_new  # noqa: PLC0415  # keeps --help fast

    return folder if folder is None else require_new(folder)


OutFolder = Annotated[Path | None, typer.Option("--out", callback=new_folder)]
Figures = Annotated[bool, typer.Option("--figures")]
AllowPlugins = Annotated[bool, typer.Option("--allow-plugins")]
Workers = Annotated[int, typer.Option("--workers", min=1)]
TimeoutS = Annotated[float, typer.Option("--timeout-s", min=1.0)]


def worded(command: Any, path: str = "") -> Any:
    """Return a command, its options and those of the commands below it with their help."""
    for name, below in getattr(command, "commands", {}).items():
        worded(below, f"{path} {name}".strip())
    texts = {**HELP["shared"], **HELP.get(path, {})}
    for parameter in command.params:
        parameter.help = texts.get(parameter.name, parameter.help)
    return command


def places(folder: str) -> tuple[Path, ...]:
    """Return where examples stand: in the working folder, beside the sources, or in the installed package."""
    package = Path(__file__).parents[1]
    return Path(folder), package.parent / folder, package / folder


def names(folder: str) -> list[str]:
    """Return the names of the examples that there are."""
    return sorted({file.stem for place in places(folder) for file in place.glob("*.yaml")})


def _show_version(asked: bool) -> None:  # noqa: FBT001  # as typer calls it
    if asked:
        from importlib.metadata import version  # noqa: PLC0415  # keeps --help fast

        from sim.simulation import MODEL_VERSION  # noqa: PLC0415  # see above

        say(f"hashballast {version('hashballast')}, model version {MODEL_VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True)] = False,
) -> None:
    """Simulate an AI and Bitcoin-mining campus on one grid interconnection."""


def find(name: str, folder: str) -> Path:
    """Return the path of a scenario or study: a path as it stands, or a name in the folder of examples.

    Raises
    ------
    InputError
        There is none of this name; the error lists those there are.
    """
    path = Path(name)
    if path.suffix in {".yaml", ".yml"} or path.exists():
        return path
    folders = places(folder)
    for place in folders:
        if (place / f"{name}.yaml").exists():
            return place / f"{name}.yaml"
    known = names(folder)
    hint = did_you_mean(name, known)
    raise InputError.single(name, "", f"no such file, and no such name in {folder}: {', '.join(known)}{hint}")
