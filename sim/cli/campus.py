"""Commands on one campus: run it, check its file, check a policy, print the schema."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

import sim
from sim.cli.app import AllowPlugins, DataFolders, Figures, OutFolder, Overrides, TimeoutS, app, find
from sim.cli.console import print_json, progress_bar, say
from sim.errors import HashballastError, InputError, PolicyError


@contextmanager
def _time_limit(timeout_s: float | None) -> Iterator[None]:
    """End this process where what is done within takes longer, even if it hangs."""

    def end() -> None:
        say(f"the time limit of {timeout_s:g} s was exceeded")
        os._exit(1)

    timer = threading.Timer(threading.TIMEOUT_MAX if timeout_s is None else timeout_s, end)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@app.command()
def run(
    context: typer.Context,
    scenario: str,
    overrides: Overrides = [],  # noqa: B006  # typer reads defaults, nobody changes them
    policy: str | None = None,
    seed: int | None = None,
    days: float | None = None,
    out: OutFolder = None,
    data: DataFolders = [],  # noqa: B006  # see above
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    every: Annotated[bool, typer.Option("--all")] = False,
    figures: Figures = False,
    allow_plugins: AllowPlugins = False,
    timeout_s: TimeoutS | None = None,
    watch: Annotated[bool, typer.Option("--watch")] = False,
) -> None:
    """Run a scenario: write a result folder and print a table of metrics."""
    if sys.stderr.isatty():  # before all else: the first run of an installation is silent for seconds
        say(f"running {scenario}")
    from sim.cli.tables import print_run  # noqa: PLC0415
    from sim.report.build import default_folder, publish  # noqa: PLC0415

    if watch:
        again_when_saved(context, find(scenario, "scenarios"))
    if figures and as_json and out is None:
        raise InputError.single("--figures", "", "needs a folder to draw into: name one with --out")
    shortcuts = {"seed": seed, "days": days}
    given = [f"{path}={value}" for path, value in shortcuts.items() if value is not None]
    with redirect_stdout(sys.stderr):  # what a policy from outside prints is no result
        loaded = sim.load_scenario(
            find(scenario, "scenarios"),
            overrides=[*overrides, *given],
            data=data,
            allow_plugins=allow_plugins,
            policy=policy,
        )
        with _time_limit(timeout_s), progress_bar(f"running {loaded.name}") as progress:
            result = sim.run(loaded, progress=progress)
    written = None
    if out is not None or not as_json:  # before anything is printed: whoever reads may stop reading
        written = publish(
            result, default_folder(result) if out is None else out, replaceable=out is None, with_figures=figures
        )
    print_run(result, written, as_json=as_json, every=every)


@app.command()
def validate(
    file: str,
    overrides: Overrides = [],  # noqa: B006  # see run
    data: DataFolders = [],  # noqa: B006  # see run
    *,
    allow_plugins: AllowPlugins = False,
) -> None:
    """Check a scenario file and the data files it names: every fault, with its place."""
    from sim.scenario import moved, resolve  # noqa: PLC0415

    path = find(file, "scenarios")
    loaded = sim.load_scenario(path, overrides=overrides, data=data, allow_plugins=allow_plugins)
    parts = ((len(loaded.loads), "load"), (len(loaded.fleets), "fleet"), (loaded.days, "day"))
    counts = (f"{count:g} {word}{'' if count == 1 else 's'}" for count, word in parts)
    say(f"{loaded.name}: valid; {', '.join(counts)}")
    told = moved(resolve(path, overrides))
    for change in told:
        say(f"moved: {change}")
    if told:
        say("once the file says what you mean, write schema_version: 2")


@app.command(name="check-policy")
def check_policy(
    policy: str,
    folder: Annotated[Path, typer.Option("--in")] = Path(),
    observations: Annotated[int, typer.Option(min=1, max=1_000_000)] = 500,
) -> None:
    """Feed a policy random observations; its answers must be sound and repeatable. Runs its code."""
    from sim.scenario.policy_choice import chosen_policy  # noqa: PLC0415
    from sim.testing import check_policy as check  # noqa: PLC0415

    chosen = chosen_policy(policy, folder)
    try:
        check(chosen.start, observations)
    except AssertionError as error:
        raise PolicyError(f"{policy}: {error}") from error
    say(f"{policy}: sound and repeatable on {observations} observations")


@app.command()
def schema(*, study: Annotated[bool, typer.Option("--study")] = False) -> None:
    """Print the JSON Schema of a scenario file."""
    from sim.scenario import json_schema  # noqa: PLC0415
    from sim.scenario.model import DIALECT  # noqa: PLC0415
    from sim.study.spec import StudySpec  # noqa: PLC0415

    print_json({"$schema": DIALECT, **StudySpec.model_json_schema()} if study else json_schema())


LOOK_EVERY_S: Final = 0.2


def again_when_saved(context: typer.Context, path: Path) -> NoReturn:
    """Do a command now and each time a file is saved; a fault is told, and mended by the next save."""
    if context.params["out"] is not None:
        raise InputError.single("--watch", "", "makes a folder for each run under results/: leave out --out")
    context.params["watch"] = False
    while True:
        before = _saved(path)
        try:
            context.command.invoke(context)
        except HashballastError as error:
            say(str(error))
        say(f"watching {path}: save it to run again, Ctrl-C ends")
        while _saved(path) == before:
            time.sleep(LOOK_EVERY_S)


def _saved(path: Path) -> int:
    """Return when a file was saved [ns]; editors take it away for a moment."""
    with suppress(FileNotFoundError):
        return path.stat().st_mtime_ns
    return 0
