"""Commands on one campus: run it, check its file, check a policy, print the schema."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.app import AllowPlugins, DataFolders, Days, Figures, OutFolder, Overrides, app, find
from sim.errors import InputError, PolicyError


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(help="Name in scenarios/, or path of a scenario file.")],
    overrides: Overrides = [],  # noqa: B006  # typer reads defaults, nobody changes them
    policy: Annotated[
        str | None, typer.Option(help="Policy to use instead, as in compare: follow-headroom:margin_mw=2.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all random streams.")] = None,
    days: Days = None,
    out: OutFolder = None,
    data: DataFolders = [],  # noqa: B006  # see above
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the metrics alone, as JSON; write a folder only with --out.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Show every metric, not the first to read.")] = False,
    figures: Figures = False,
    allow_plugins: AllowPlugins = False,
) -> None:
    """Run a scenario: write a result folder and print a table of metrics."""
    from sim.cli.console import progress_bar, say  # noqa: PLC0415  # keeps --help fast
    from sim.cli.tables import (  # noqa: PLC0415
        certificate_lines,
        print_answer,
        print_metrics,
        print_metrics_json,
        print_statement,
    )
    from sim.report.build import default_folder, publish  # noqa: PLC0415
    from sim.report.cautions import cautions  # noqa: PLC0415
    from sim.report.frequency import remarks  # noqa: PLC0415
    from sim.report.grid_limits import trace_warnings  # noqa: PLC0415
    from sim.scenario import load_scenario  # noqa: PLC0415
    from sim.simulation import run as simulate  # noqa: PLC0415

    if figures and as_json and out is None:
        raise InputError.single("--figures", "", "needs a folder to draw into: name one with --out")
    shortcuts = {"seed": seed, "days": days}
    given = [f"{path}={value}" for path, value in shortcuts.items() if value is not None]
    with redirect_stdout(sys.stderr):  # what a policy from outside prints is no result
        loaded = load_scenario(
            find(scenario, "scenarios"),
            overrides=[*overrides, *given],
            data=data,
            allow_plugins=allow_plugins,
            policy=policy,
        )
        with progress_bar(f"running {loaded.name}") as progress:
            result = simulate(loaded, progress=progress)
    written = None
    if out is not None or not as_json:  # before anything is printed: whoever reads may stop reading
        written = publish(
            result,
            default_folder(result) if out is None else out,
            replaceable=out is None,
            with_figures=figures,
        )
    for caution in cautions(result.recording, loaded.model_dump(mode="json"), result.metrics):
        say(f"caution: {caution.text} (mend: {caution.field})")
    if as_json:
        print_metrics_json(result.metrics)
    else:
        print_answer(result)
        print_metrics(result, every=every)
        print_statement(result)
    for remark in (*certificate_lines(result.recording), *remarks(result.recording, result.metrics)):
        say(remark)
    for warning in trace_warnings(result.recording):
        say(f"warning: {warning}")
    if written is not None:
        folder, is_new = written
        say(f"page: {folder / 'report.html'} (open it in a browser)")
        say(f"result: {folder}" + ("" if is_new else " (as before: same scenario, same seed, same numbers)"))


@app.command()
def validate(
    file: Annotated[str, typer.Argument(help="Name in scenarios/, or path of a scenario file.")],
    overrides: Overrides = [],  # noqa: B006  # see run
    data: DataFolders = [],  # noqa: B006  # see run
    *,
    allow_plugins: AllowPlugins = False,
) -> None:
    """Check a scenario file and the data files it names: every fault, with its place."""
    from sim.cli.console import say  # noqa: PLC0415  # keeps --help fast
    from sim.scenario import load_scenario  # noqa: PLC0415

    loaded = load_scenario(
        find(file, "scenarios"), overrides=overrides, data=data, allow_plugins=allow_plugins
    )
    say(f"{loaded.name}: valid; {len(loaded.loads)} loads, {len(loaded.fleets)} fleets, {loaded.days:g} days")


@app.command(name="check-policy")
def check_policy(
    policy: Annotated[str, typer.Argument(help="Policy, as in compare: my_policy.py:MyPolicy:margin_mw=2.")],
    folder: Annotated[Path, typer.Option("--in", help="Folder that the file lies in.")] = Path(),
    observations: Annotated[int, typer.Option(min=1, max=1_000_000, help="Random observations.")] = 500,
) -> None:
    """Feed a policy random observations; its answers must be sound and repeatable. Runs its code."""
    from sim.cli.console import say  # noqa: PLC0415  # keeps --help fast
    from sim.scenario.policy_choice import chosen_policy  # noqa: PLC0415
    from sim.testing import check_policy as check  # noqa: PLC0415

    chosen = chosen_policy(policy, folder)
    try:
        check(chosen.start, observations)
    except AssertionError as error:
        raise PolicyError(f"{policy}: {error}") from error
    say(f"{policy}: sound and repeatable on {observations} observations")


@app.command()
def schema() -> None:
    """Print the JSON Schema of a scenario file."""
    from sim.cli.console import print_json  # noqa: PLC0415  # keeps --help fast
    from sim.scenario import json_schema  # noqa: PLC0415

    print_json(json_schema())
