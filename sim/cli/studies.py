"""Commands on the folder of a study: how far it is, its shards put together, a sample run again."""

from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.app import DataFolders, app, places

study = typer.Typer(help="Look at a swept study, put its shards together, run a sample of it again.")
app.add_typer(study, name="study", no_args_is_help=True)

StudyFolder = Annotated[Path, typer.Argument(help="A study folder, as sweep --out names it.")]


@study.command()
def status(folder: StudyFolder) -> None:
    """Show how many runs are done and how many failed, while or after a sweep works in the folder."""
    from sim.cli.console import say  # noqa: PLC0415  # keeps --help fast
    from sim.report.format import format_duration  # noqa: PLC0415
    from sim.study.swept import status as look  # noqa: PLC0415

    found = look(folder)
    left_count = found.run_count - found.done_count
    say(f"{found.done_count:,} of {found.run_count:,} runs done, {len(found.failed):,} failed")
    if left_count and isfinite(found.rate_per_s):
        left = format_duration(left_count / found.rate_per_s)
        say(f"{found.rate_per_s * 60.0:.3g} runs a minute so far, {left} left")
    for failure in found.failed[:1]:
        say(f"first failure: {failure['run']}: {failure['error'].strip().splitlines()[-1]}")


@study.command()
def collect(folder: StudyFolder) -> None:
    """Write the table of all runs that are done, wherever they were; exit code 1 if any is not."""
    from sim.cli.console import say  # noqa: PLC0415  # keeps --help fast
    from sim.report.study_page import write_study_report  # noqa: PLC0415
    from sim.study.table import collect as put_together  # noqa: PLC0415

    missing_count = put_together(folder)
    say(f"page: {write_study_report(folder)} (open it in a browser)")
    if missing_count:
        say(f"{missing_count:,} runs are not done; sweep them")
        raise typer.Exit(1)


@study.command()
def verify(
    folder: StudyFolder,
    count: Annotated[int, typer.Option("--sample", min=1, help="Runs to do again.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the choice.")] = 0,
    data: DataFolders = [],  # noqa: B006  # see run
) -> None:
    """Run a sample of a study again, and say what comes out otherwise; exit code 1 if anything does."""
    from sim.cli.console import say  # noqa: PLC0415  # keeps --help fast
    from sim.study.swept import verify as run_again  # noqa: PLC0415

    differing = 0
    for one in run_again(folder, count, folders=[*data, *places("scenarios")], seed=seed):
        differing += bool(one.differences)
        say(f"{'differs' if one.differences else 'same'}: {one.label or 'the only run'}")
        for difference in one.differences[:10]:
            say(f"  {difference}")
    if differing:
        raise typer.Exit(1)
