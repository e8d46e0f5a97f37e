"""The command itself, the options that its commands share, and how they find a file by name."""

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.console import say
from sim.errors import InputError, did_you_mean

app = typer.Typer(
    name="hashballast",
    help="Simulate an AI and Bitcoin-mining campus on one grid interconnection.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

DataFolders = Annotated[
    list[Path], typer.Option("--data", help="Folder that scenario data files may also lie in; repeatable.")
]
Overrides = Annotated[list[str], typer.Option("--set", help="Override a field: fleets.miners.rated_mw=80; repeatable.")]


def new_folder(folder: Path | None) -> Path | None:
    """Refuse a folder that cannot be made before the work is done that it is for."""
    from sim.whole import require_new  # noqa: PLC0415  # keeps --help fast

    return folder if folder is None else require_new(folder)


OutFolder = Annotated[
    Path | None, typer.Option("--out", help="Folder to write the result to; must be new.", callback=new_folder)
]
Figures = Annotated[bool, typer.Option("--figures", help="Draw figures for print too, as PNG.")]
Days = Annotated[float | None, typer.Option("--days", help="Length of the run [d].")]
AllowPlugins = Annotated[
    bool,
    typer.Option("--allow-plugins", help="Let a policy be Python code from outside, module:Class or file.py:Class."),
]
Workers = Annotated[int, typer.Option("--workers", min=1, help="Worker processes.")]
OnCluster = Annotated[
    str | None, typer.Option("--on", help="Dask scheduler whose workers do the runs: tcp://host:8786.")
]
TimeoutS = Annotated[float, typer.Option("--timeout-s", min=1.0, help="Wall time allowed for one run [s].")]


def places(folder: str) -> tuple[Path, ...]:
    """Return where examples stand: in the working folder, beside the sources, or in the installed package."""
    package = Path(__file__).parents[1]
    return Path(folder), package.parent / folder, package / folder


def names(folder: str) -> list[str]:
    """Return the names of the examples that there are."""
    return sorted({file.stem for place in places(folder) for file in place.glob("*.yaml")})


def _show_version(*, asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415  # keeps --help fast

        from sim.simulation import MODEL_VERSION  # noqa: PLC0415  # see above

        say(f"hashballast {version('hashballast')}, model version {MODEL_VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version.", callback=lambda value: _show_version(asked=value), is_eager=True
        ),
    ] = False,
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
