"""Commands on many runs: compare policies, sweep a study and look at its folder, tune a policy."""

import sys
from contextlib import redirect_stdout
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from sim.cli.app import AllowPlugins, DataFolders, OutFolder, Overrides, TimeoutS, Workers, app, find, places
from sim.cli.console import NOT_KNOWN, print_json, print_table, progress_bar, say
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.study.expand import Study
    from sim.study.sweep import SweepOutcome


@app.command()
def compare(  # typer passes them by name
    scenario: str,
    policies: str = "mining-off always-on follow-headroom price-threshold",
    replications: Annotated[int, typer.Option(min=1, max=10_000)] = 4,
    overrides: Overrides = [],  # noqa: B006  # see run
    days: float | None = None,
    over: list[str] = [],  # noqa: B006  # see run
    warm_up_d: Annotated[float, typer.Option("--warm-up", min=0.0)] = 0.0,
    until: Annotated[str | None, typer.Option("--until-half-width")] = None,
    most: Annotated[int, typer.Option("--max-replications", min=1, max=10_000)] = 100,
    bound: Literal["free", "limited", "none"] = "free",
    workers: Workers = 2,
    timeout_s: TimeoutS = 3600.0,
    on: str | None = None,
    out: OutFolder = None,
    data: DataFolders = [],  # noqa: B006  # see run
    *,
    references: bool = True,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    allow_plugins: AllowPlugins = False,
) -> None:
    """Run several policies on the same random numbers: print paired differences with 95 % intervals."""
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
        outcome = _swept(study, out, workers=workers, timeout_s=timeout_s, on=on)
        print_winners(outcome.folder, as_json=as_json)
        return
    stop = None if until is None else read_until(until, most)
    ways = Ways(warm_up_d, references, stop, workers, allow_plugins, bound, timeout_s, on)
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
    scenario: str,
    actual: Annotated[Path, typer.Option()],
    policies: str = "",
    overrides: Overrides = [],  # noqa: B006  # see run
    data: DataFolders = [],  # noqa: B006  # see run
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Set what a site drew, mined and paid against the model, month by month."""
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
    study: str,
    workers: Workers = 2,
    timeout_s: TimeoutS = 3600.0,
    on: str | None = None,
    shard: str = "1/1",
    out: Path | None = None,
    data: DataFolders = [],  # noqa: B006  # see run
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
    allow_plugins: AllowPlugins = False,
) -> None:
    """Run every combination of a study's axes; what is done already is not done again."""
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
    outcome = _swept(loaded, out, workers=workers, timeout_s=timeout_s, on=on, shard=part)
    varied = [axis.path for axis in loaded.axes if len(axis.values) > 1 or len(loaded.axes) == 1]
    print_sweep(outcome, varied if part == WHOLE else None)
    if outcome.failures:
        raise typer.Exit(1)


def _swept(study: "Study", out: Path | None, **how: Any) -> "SweepOutcome":
    """Sweep a study, or a part of it; write the page of a whole one, and say where it is."""
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
def claims(
    workers: Workers = 2,
    out: Path = Path("results/studies/claims"),
    *,
    quick: Annotated[bool, typer.Option("--quick")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Hold each claim about miners beside AI against its runs: what was measured, true or false, and when."""
    from sim.report.claims_page import write_claims_page  # noqa: PLC0415  # keeps --help fast
    from sim.result import write_json  # noqa: PLC0415
    from sim.study.claims import judge_all, read_claims  # noqa: PLC0415

    rows = judge_all(read_claims(), lambda name: find(name, "scenarios"), out, quick=quick, workers=workers)
    write_json(out / "claims.json", rows)
    page = write_claims_page(rows, out, quick=quick)
    if as_json:
        print_json(rows)
    else:
        heads = ("id", "claim", "verdict", "condition")
        print_table(heads, [[row[head] for head in heads] for row in rows])
    say(f"page: {page} (open it in a browser)")


@app.command()
def tune(
    scenario: str,
    policy: Annotated[str, typer.Option()],
    parameters: Annotated[str, typer.Option()],
    trials: Annotated[int, typer.Option(min=1, max=100_000)] = 40,
    seeds: Annotated[int, typer.Option(min=1, max=10_000)] = 3,
    test_seeds: Annotated[int, typer.Option(min=1, max=10_000)] = 8,
    test_overrides: Annotated[list[str], typer.Option("--test-set")] = [],  # noqa: B006  # see run
    metric: str | None = None,
    overrides: Overrides = [],  # noqa: B006  # see run
    days: float | None = None,
    workers: Workers = 2,
    timeout_s: TimeoutS = 3600.0,
    on: str | None = None,
    out: Path | None = None,
    data: DataFolders = [],  # noqa: B006  # see run
    *,
    minimise: Annotated[bool, typer.Option("--minimise")] = False,
    exceedance_usd_per_mwh: Annotated[float, typer.Option("--exceedance-price", min=0.0)] = 0.0,
    allow_plugins: AllowPlugins = False,
) -> None:
    """Search a policy's fields on some seeds, the limit kept first, and judge what was found on others."""
    from sim.cli.tables import print_tuning  # noqa: PLC0415
    from sim.study.goal import Objective, Question, parse_parameters  # noqa: PLC0415
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
        found = run_all(question, out, workers=workers, timeout_s=timeout_s, on=on, progress=progress)
    print_tuning(*found)


@app.command()
def size(
    scenario: str,
    rows: Annotated[list[str], typer.Option("--pass")],
    overrides: Overrides = [],  # noqa: B006  # see run
    days: float | None = None,
    most_min: Annotated[float, typer.Option("--most-min", min=0.1)] = 60.0,
    out: OutFolder = None,
    data: DataFolders = [],  # noqa: B006  # see run
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Find the cheapest set that passes limits: battery, floor and return of GPUs, interlock, miners, margin."""
    from sim.report.size_page import HEADS, alone_rows, bill_rows, notes, write_size_page  # noqa: PLC0415
    from sim.scenario.load import resolve  # noqa: PLC0415
    from sim.study.sizing import Sizing, write_sizing  # noqa: PLC0415

    place = find(scenario, "scenarios")
    content = resolve(place, [*overrides, *([f"days={days}"] if days is not None else [])])
    found = Sizing(content, place, data, rows, 60.0 * most_min, say).search()
    if as_json:
        print_json(found.document)
    else:
        items = bill_rows(found.document["items"])
        print_table(HEADS, items, title=f"{found.document['scenario']}: what must be bought to pass {', '.join(rows)}")
        print_table(("lever alone", "needs", "USD"), alone_rows(found.document))
        for note in notes(found.document):
            say(note)
    if out is not None:
        write_sizing(found, out)
        say(f"page: {write_size_page(found.document, out)} (open it in a browser)")
        say(f"with the set: hashballast run {out / 'scenario.yaml'} --data {place.parent}")


study = typer.Typer(help="Look at a swept study, put its shards together, run a sample of it again.")
app.add_typer(study, name="study", no_args_is_help=True)


@study.command()
def status(folder: Path) -> None:
    """Show how many runs are done and how many failed, while or after a sweep works in the folder."""
    from sim.report.format import format_duration  # noqa: PLC0415
    from sim.study.table import status as look  # noqa: PLC0415

    found = look(folder)
    left_count = found.run_count - found.done_count
    say(f"{found.done_count:,} of {found.run_count:,} runs done, {len(found.failed):,} failed")
    if left_count and isfinite(found.rate_per_s):
        left = format_duration(left_count / found.rate_per_s)
        say(f"{found.rate_per_s * 60.0:.3g} runs a minute so far, {left} left")
    for failure in found.failed[:1]:
        say(f"first failure: {failure.run}: {failure.reason}")


@study.command()
def collect(folder: Path) -> None:
    """Write the table of all runs that are done, wherever they were; exit code 1 if any is not."""
    from sim.report.study_page import write_study_report  # noqa: PLC0415
    from sim.study.table import collect as put_together  # noqa: PLC0415

    missing_count = put_together(folder)
    say(f"page: {write_study_report(folder)} (open it in a browser)")
    if missing_count:
        say(f"{missing_count:,} runs are not done; sweep them")
        raise typer.Exit(1)


@study.command()
def verify(
    folder: Path,
    count: Annotated[int, typer.Option("--sample", min=1)] = 5,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    data: DataFolders = [],  # noqa: B006  # see run
) -> None:
    """Run a sample of a study again, and say what comes out otherwise; exit code 1 if anything does."""
    from sim.study.table import verify as run_again  # noqa: PLC0415

    differing = 0
    for one in run_again(folder, count, folders=[*data, *places("scenarios")], seed=seed):
        differing += bool(one.differences)
        say(f"{'differs' if one.differences else 'same'}: {one.label or 'the only run'}")
        for difference in one.differences[:10]:
            say(f"  {difference}")
    if differing:
        raise typer.Exit(1)
