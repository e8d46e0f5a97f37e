"""Commands on many runs: compare policies, sweep a study, tune a policy."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from sim.cli.app import AllowPlugins, DataFolders, Days, OutFolder, Overrides, TimeoutS, Workers, app, find
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.study.expand import Study
    from sim.study.sweep import SweepOutcome


@app.command()
def compare(  # typer passes them by name
    scenario: Annotated[str, typer.Argument(help="Name in scenarios/, or path of a scenario file.")],
    policies: Annotated[
        str, typer.Option(help='Policies, the first is what the others are compared with: "a b:margin_mw=2".')
    ] = "mining-off always-on follow-headroom price-threshold",
    replications: Annotated[
        int, typer.Option(min=1, max=10_000, help="Runs of each, with seeds in common.")
    ] = 4,
    overrides: Overrides = [],  # noqa: B006  # see run
    days: Days = None,
    over: Annotated[
        list[str],
        typer.Option("--over", help="Who wins over a field's values: fleet.rated_mw=40,80; once or twice."),
    ] = [],  # noqa: B006  # see run
    warm_up_d: Annotated[
        float, typer.Option("--warm-up", min=0.0, help="Start of each run that no metric counts [d].")
    ] = 0.0,
    until: Annotated[
        str | None,
        typer.Option("--until-half-width", help="Add runs until differences are known: objective_usd=500."),
    ] = None,
    most: Annotated[
        int, typer.Option("--max-replications", min=1, max=10_000, help="Runs of each at the most.")
    ] = 100,
    bound: Annotated[
        Literal["free", "limited", "none"],
        typer.Option(help="Perfect foresight to hold runs against; limited: machines have inertia."),
    ] = "free",
    workers: Workers = 2,
    timeout_s: TimeoutS = 3600.0,
    out: OutFolder = None,
    data: DataFolders = [],  # noqa: B006  # see run
    *,
    references: Annotated[
        bool, typer.Option(help="Run mining-off and always-on too, and set every metric against them.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print compare.json alone.")] = False,
    allow_plugins: AllowPlugins = False,
) -> None:
    """Run several policies on the same random numbers: print paired differences with 95 % intervals."""
    from sim.cli.console import progress_bar, say  # noqa: PLC0415  # keeps --help fast
    from sim.cli.tables import print_comparison, print_winners  # noqa: PLC0415
    from sim.report.comparison_page import write_comparison_report  # noqa: PLC0415
    from sim.report.index_page import write_index  # noqa: PLC0415
    from sim.study.compare import Ways, read_until  # noqa: PLC0415
    from sim.study.compare import compare as run_all  # noqa: PLC0415
    from sim.study.expand import policies_over  # noqa: PLC0415

    given = [*overrides, *([f"days={days}"] if days is not None else [])]
    place = find(scenario, "scenarios")
    rest: dict[str, Any] = {"overrides": given, "data": data}
    if over:
        if warm_up_d or until is not None:
            raise InputError.single("--over", "", "goes without --warm-up and --until-half-width")
        rest["allow_plugins"] = allow_plugins
        study = policies_over(place, policies.split(), over, replications, **rest)
        outcome = _swept(study, out, workers=workers, timeout_s=timeout_s)
        print_winners(outcome.folder, as_json=as_json)
        return
    stop = None if until is None else read_until(until, most)
    ways = Ways(warm_up_d, references, stop, workers, allow_plugins, bound, timeout_s)
    # what a policy from outside prints is no result
    with redirect_stdout(sys.stderr), progress_bar("comparing policies") as tell:
        found = run_all(place, policies.split(), replications, ways=ways, progress=tell, **rest)
    folder = None
    if out is not None or not as_json:  # before anything is printed: whoever reads may stop reading
        folder = found.write(out, write_comparison_report)
        if out is None:
            write_index(folder.parents[1])
    print_comparison(found, as_json=as_json)
    if folder is not None:
        say(f"page: {folder / 'compare.html'} (open it in a browser)")
        say(f"result: {folder}")


@app.command()
def backtest(
    scenario: Annotated[str, typer.Argument(help="Name in scenarios/, or path of a scenario file.")],
    actual: Annotated[Path, typer.Option(help="What was billed: month, site_energy_mwh, mined_btc ...")],
    policies: Annotated[str, typer.Option(help='Other policies to judge by the same months: "a b".')] = "",
    overrides: Overrides = [],  # noqa: B006  # see run
    data: DataFolders = [],  # noqa: B006  # see run
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Set what a site drew, mined and paid against the model, month by month."""
    from sim.cli.console import NOT_KNOWN, print_json, print_table, say  # noqa: PLC0415  # keeps --help fast
    from sim.study.backtest import BacktestRow, warnings  # noqa: PLC0415
    from sim.study.backtest import backtest as judge  # noqa: PLC0415

    rows = judge(find(scenario, "scenarios"), actual, policies.split(), overrides, data)
    if as_json:
        print_json({"rows": [row._asdict() for row in rows]})
    else:
        texts = [
            [NOT_KNOWN if cell is None else cell if isinstance(cell, str) else f"{cell:,.6g}" for cell in row]
            for row in rows
        ]
        print_table(BacktestRow._fields, texts)
    for warning in warnings(rows):
        say(f"warning: {warning}")


@app.command()
def sweep(
    study: Annotated[str, typer.Argument(help="Name in scenarios/studies/, or path of a study file.")],
    workers: Workers = 2,
    timeout_s: TimeoutS = 3600.0,
    shard: Annotated[
        str, typer.Option(help="Do this part alone, 2/8; study collect writes the table of all.")
    ] = "1/1",
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the study; started before: goes on.")
    ] = None,
    data: DataFolders = [],  # noqa: B006  # see run
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do one run; say what all take.")] = False,
    allow_plugins: AllowPlugins = False,
) -> None:
    """Run every combination of a study's axes; what is done already is not done again."""
    from sim.cli.console import say  # noqa: PLC0415  # keeps --help fast
    from sim.cli.tables import print_sweep  # noqa: PLC0415
    from sim.report.format import format_duration  # noqa: PLC0415
    from sim.study.sweep import WHOLE, estimated, load_study, read_shard  # noqa: PLC0415

    part = read_shard(shard)
    loaded = load_study(find(study, "scenarios/studies"), data=data, allow_plugins=allow_plugins)
    if dry_run:
        count, run_s, size = estimated(loaded, part)
        took = format_duration(count * run_s / workers)
        say(
            f"{count:,} runs of about {run_s:.3g} s of processor time, {took} with {workers} workers;"
            f" {count * size / 1e6:,.1f} MB in the folder"
        )
        return
    outcome = _swept(loaded, out, workers=workers, timeout_s=timeout_s, shard=part)
    varied = [axis.path for axis in loaded.axes if len(axis.values) > 1 or len(loaded.axes) == 1]
    print_sweep(outcome, varied if part == WHOLE else None)
    if outcome.failed_count:
        raise typer.Exit(1)


def _swept(study: "Study", out: Path | None, **how: Any) -> "SweepOutcome":
    """Sweep a study, or a part of it; write the page of a whole one, and say where it is."""
    from sim.cli.console import progress_bar, say  # noqa: PLC0415  # keeps --help fast
    from sim.report.index_page import write_index  # noqa: PLC0415
    from sim.report.study_page import write_study_report  # noqa: PLC0415
    from sim.study.sweep import WHOLE, sweep  # noqa: PLC0415

    # what a policy from outside prints is no result
    with redirect_stdout(sys.stderr), progress_bar(f"sweeping {study.name}") as progress:
        outcome = sweep(study, out, progress=progress, **how)
    if how.get("shard", WHOLE) == WHOLE:
        page = write_study_report(outcome.folder)
        if out is None:
            write_index(outcome.folder.parents[1])
        say(f"page: {page} (open it in a browser)")
    return outcome


@app.command()
def tune(
    scenario: Annotated[str, typer.Argument(help="Name in scenarios/, or path of a scenario file.")],
    policy: Annotated[str, typer.Option(help="Policy to tune, as in compare: TYPE or TYPE:field=value.")],
    parameters: Annotated[
        str,
        typer.Option(help='Its fields to change: "margin_mw=0:10 pause_min=1:60:log a=x|y".'),
    ],
    trials: Annotated[int, typer.Option(min=1, max=100_000, help="Sets of values to try.")] = 40,
    seeds: Annotated[int, typer.Option(min=1, max=10_000, help="Runs of each trial.")] = 3,
    test_seeds: Annotated[int, typer.Option(min=1, max=10_000, help="Runs to judge on.")] = 8,
    test_overrides: Annotated[
        list[str], typer.Option("--test-set", help="Field to set for a second judgement; repeatable.")
    ] = [],  # noqa: B006  # see run
    metric: Annotated[str | None, typer.Option(help="Metric to make large; left out: mining margin.")] = None,
    overrides: Overrides = [],  # noqa: B006  # see run
    days: Days = None,
    workers: Workers = 2,
    timeout_s: TimeoutS = 3600.0,
    out: Annotated[Path | None, typer.Option("--out", help="Folder; started before: goes on.")] = None,
    data: DataFolders = [],  # noqa: B006  # see run
    *,
    minimise: Annotated[bool, typer.Option("--minimise", help="Make the metric small instead.")] = False,
    exceedance_usd_per_mwh: Annotated[
        float, typer.Option("--exceedance-price", min=0.0, help="Price on energy above the limit [USD/MWh].")
    ] = 0.0,
    allow_plugins: AllowPlugins = False,
) -> None:
    """Search a policy's fields on some seeds, the limit kept first, and judge what was found on others."""
    from sim.cli.console import progress_bar  # noqa: PLC0415  # keeps --help fast
    from sim.cli.tables import print_tuning  # noqa: PLC0415
    from sim.study.goal import (  # noqa: PLC0415
        Objective,
        Question,
        parse_parameters,
    )
    from sim.study.tune import tune as run_all  # noqa: PLC0415

    question = Question(
        path=find(scenario, "scenarios"),
        policy=policy,
        parameters=parse_parameters(parameters.split()),
        trials=trials,
        seeds=seeds,
        test_seeds=test_seeds,
        objective=Objective(metric, minimise, exceedance_usd_per_mwh),
        overrides=(*overrides, *([f"days={days}"] if days is not None else [])),
        test_overrides=tuple(test_overrides),
        data=tuple(data),
        allow_plugins=allow_plugins,
    )
    with progress_bar(f"tuning {policy}") as progress:
        tuned = run_all(question, out, workers=workers, timeout_s=timeout_s, progress=progress)
    print_tuning(tuned)
