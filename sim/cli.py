"""The commands; the only place that prints."""

import difflib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.errors import HashballastError, InputError, PolicyError

app = typer.Typer(
    name="hashballast",
    help="Simulate an AI and Bitcoin-mining campus on one grid interconnection.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

DataFolders = Annotated[
    list[Path], typer.Option("--data", help="Folder that scenario data files may also lie in; repeatable.")
]
Overrides = Annotated[
    list[str], typer.Option("--set", help="Override a field: fleets.miners.rated_mw=80; repeatable.")
]
OutFolder = Annotated[Path | None, typer.Option("--out", help="Folder to write the result to; must be new.")]
Days = Annotated[float | None, typer.Option("--days", help="Length of the run [d].")]
AllowPlugins = Annotated[
    bool,
    typer.Option(
        "--allow-plugins", help="Let a policy be Python code from outside, module:Class or file.py:Class."
    ),
]
Workers = Annotated[int, typer.Option("--workers", min=1, help="Worker processes.")]


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(help="Name in scenarios/, or path of a scenario file.")],
    overrides: Overrides = [],  # noqa: B006  # typer reads defaults, nobody changes them
    policy: Annotated[str | None, typer.Option(help="Policy to use instead, by its type.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all random streams.")] = None,
    days: Days = None,
    out: OutFolder = None,
    data: DataFolders = [],  # noqa: B006  # see above
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the metrics alone, as JSON; write a folder only with --out.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Show every metric, not the first to read.")] = False,
    allow_plugins: AllowPlugins = False,
) -> None:
    """Run a scenario: print a table of metrics and write a result folder."""
    from sim.console import print_metrics, print_metrics_json, print_statement, progress_bar, say  # noqa: PLC0415  # keeps --help fast
    from sim.publish import default_folder, publish  # noqa: PLC0415
    from sim.report.frequency import remarks  # noqa: PLC0415
    from sim.report.grid_limits import trace_warnings  # noqa: PLC0415
    from sim.scenario import load_scenario  # noqa: PLC0415
    from sim.simulation import run as simulate  # noqa: PLC0415

    shortcuts = {"policy.type": policy, "seed": seed, "days": days}
    given = [f"{path}={value}" for path, value in shortcuts.items() if value is not None]
    loaded = load_scenario(
        find(scenario, "scenarios"), overrides=[*overrides, *given], data=data, allow_plugins=allow_plugins
    )
    with progress_bar(f"running {loaded.name}") as progress:
        result = simulate(loaded, progress=progress)
    if as_json:
        print_metrics_json(result.metrics)
    else:
        print_metrics(result, every=every)
        print_statement(result)
    for remark in remarks(result.recording, result.metrics):
        say(remark)
    for warning in trace_warnings(result.recording):
        say(f"warning: {warning}")
    if out is not None or not as_json:
        folder, is_new = publish(
            result, default_folder(result) if out is None else out, replaceable=out is None
        )
        say(f"result: {folder}" + ("" if is_new else " (as before: same scenario, same seed, same numbers)"))


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
    workers: Workers = 2,
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
    from sim.console import print_comparison, print_winners, progress_bar, say  # noqa: PLC0415  # keeps --help fast
    from sim.report.comparison_page import write_comparison_report, write_winners_report  # noqa: PLC0415
    from sim.study.compare import Ways, read_until  # noqa: PLC0415
    from sim.study.compare import compare as run_all  # noqa: PLC0415
    from sim.study.winners import read_axis, winners  # noqa: PLC0415

    given = [*overrides, *([f"days={days}"] if days is not None else [])]
    ways = Ways(
        warm_up_d, references, None if until is None else read_until(until, most), workers, allow_plugins
    )
    axes, place = [read_axis(text) for text in over], find(scenario, "scenarios")
    with progress_bar("comparing policies") as tell:
        rest: dict[str, Any] = {"overrides": given, "data": data, "ways": ways, "progress": tell}
        found: Any
        if axes:
            found = winners(place, policies.split(), axes, replications, **rest)
        else:
            found = run_all(place, policies.split(), replications, **rest)
    (print_winners if axes else print_comparison)(found, as_json=as_json)
    if out is not None or not as_json:
        report = write_winners_report if axes else write_comparison_report
        say(f"result: {found.write(out, report)}")


@app.command()
def sweep(
    study: Annotated[str, typer.Argument(help="Name in scenarios/studies/, or path of a study file.")],
    workers: Workers = 2,
    timeout_s: Annotated[float, typer.Option(min=1.0, help="Wall time allowed for one run [s].")] = 3600.0,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the study; started before: goes on.")
    ] = None,
    data: DataFolders = [],  # noqa: B006  # see run
    *,
    allow_plugins: AllowPlugins = False,
) -> None:
    """Run every combination of a study's axes; what is done already is not done again."""
    from sim.console import print_sweep, progress_bar  # noqa: PLC0415  # keeps --help fast
    from sim.study.sweep import load_study  # noqa: PLC0415
    from sim.study.sweep import sweep as run_all  # noqa: PLC0415

    loaded = load_study(find(study, "scenarios/studies"), data=data, allow_plugins=allow_plugins)
    with progress_bar(f"sweeping {loaded.name}") as progress:
        outcome = run_all(loaded, out, workers=workers, timeout_s=timeout_s, progress=progress)
    print_sweep(outcome, [axis.path for axis in loaded.axes])
    if outcome.failed_count:
        raise typer.Exit(1)


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
    metric: Annotated[
        str | None, typer.Option(help="Metric to make large; left out: margin less a price on exceedance.")
    ] = None,
    overrides: Overrides = [],  # noqa: B006  # see run
    days: Days = None,
    workers: Workers = 2,
    out: Annotated[Path | None, typer.Option("--out", help="Folder; started before: goes on.")] = None,
    data: DataFolders = [],  # noqa: B006  # see run
    *,
    minimise: Annotated[bool, typer.Option("--minimise", help="Make the metric small instead.")] = False,
    exceedance_usd_per_mwh: Annotated[
        float, typer.Option("--exceedance-price", min=0.0, help="Price on energy above the limit [USD/MWh].")
    ] = 10_000.0,
    allow_plugins: AllowPlugins = False,
) -> None:
    """Search a policy's fields on some seeds, and judge what was found on others."""
    from sim.console import print_tuning, progress_bar  # noqa: PLC0415  # keeps --help fast
    from sim.study.goal import Objective  # noqa: PLC0415
    from sim.study.question import Question  # noqa: PLC0415
    from sim.study.search_space import parse_parameters  # noqa: PLC0415
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
        tuned = run_all(question, out, workers=workers, progress=progress)
    print_tuning(tuned)


@app.command()
def validate(
    file: Annotated[str, typer.Argument(help="Name in scenarios/, or path of a scenario file.")],
    overrides: Overrides = [],  # noqa: B006  # see run
    data: DataFolders = [],  # noqa: B006  # see run
    *,
    allow_plugins: AllowPlugins = False,
) -> None:
    """Check a scenario file and the data files it names: every fault, with its place."""
    from sim.console import say  # noqa: PLC0415  # keeps --help fast
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
    from sim.console import say  # noqa: PLC0415  # keeps --help fast
    from sim.study.policy_choice import chosen_policy  # noqa: PLC0415
    from sim.testing import check_policy as check  # noqa: PLC0415

    chosen = chosen_policy(policy, folder)
    try:
        check(chosen.start, observations)
    except AssertionError as error:
        raise PolicyError(f"{policy}: {error}") from error
    say(f"{policy}: sound and repeatable on {observations} observations")


@app.command()
def report(folder: Annotated[Path, typer.Argument(help="A result folder.")]) -> None:
    """Build the page and the figures of a result folder again, from the folder alone."""
    from sim.console import say  # noqa: PLC0415  # keeps --help fast
    from sim.report.build import write_report  # noqa: PLC0415

    write_report(folder)
    say(f"report: {folder / 'report.html'}")


@app.command()
def limits(folder: Annotated[Path, typer.Argument(help="A result folder.")]) -> None:
    """Check the site of a result against utilities' limits and its own, with and without miners."""
    from sim.console import print_limits, say  # noqa: PLC0415  # keeps --help fast
    from sim.report.grid_limits import checks_of, trace_warnings  # noqa: PLC0415
    from sim.result import read_result  # noqa: PLC0415

    stored = read_result(folder)
    print_limits(*checks_of(stored.recording, stored.scenario))
    for warning in trace_warnings(stored.recording):
        say(f"warning: {warning}")


@app.command()
def stability(folder: Annotated[Path, typer.Argument(help="A result folder.")]) -> None:
    """Show how the site of a result moves: deepest dips, variation by time scale, spectrum by band."""
    from sim.console import print_stability, say  # noqa: PLC0415  # keeps --help fast
    from sim.report.local_time import LocalTime  # noqa: PLC0415
    from sim.report.stability import stability_section  # noqa: PLC0415
    from sim.result import read_result  # noqa: PLC0415

    stored = read_result(folder)
    clock = LocalTime.of_run(stored.scenario.get("start"), stored.recording.start_utc_s)
    section = stability_section(stored.recording, stored.scenario, clock)
    print_stability(section)
    for note in (section.dip_note, *section.spectrum_notes):
        say(note)


@app.command()
def waveform(
    folder: Annotated[Path, typer.Argument(help="A result folder.")],
    start_s: Annotated[float, typer.Option("--at", min=0.0, help="Start of the window [s].")],
    length_s: Annotated[float, typer.Option("--for", min=0.01, help="Length of the window [s].")] = 60.0,
    rate_hz: Annotated[
        float, typer.Option("--rate", help="Samples in a second [Hz], at least 120.")
    ] = 1000.0,
    out: Annotated[Path, typer.Option("--out", help="CSV file to write; must be new.")] = Path(
        "waveform.csv"
    ),
) -> None:
    """Write the site's power within the second: training iterations, synthesised for a window of a run."""
    from sim.ai.waveform import recorded_iterations, site_waveform  # noqa: PLC0415  # keeps --help fast
    from sim.console import say  # noqa: PLC0415
    from sim.publish import write_waveform  # noqa: PLC0415
    from sim.result import read_result  # noqa: PLC0415

    stored = read_result(folder)
    window = (start_s, start_s + length_s)
    specs = recorded_iterations(stored.recording)
    try:
        (wave,) = site_waveform(stored.recording, [window], specs, rate_hz, stored.provenance["seed"])
    except ValueError as error:
        raise InputError.single(str(folder), "", str(error)) from error
    write_waveform(wave, out)
    count = wave.power_mw.size
    say(f"waveform: {out}, {count} samples of {len(specs)} training jobs, up to {wave.nyquist_hz:g} Hz")


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A result folder.")],
    shape: Annotated[
        str, typer.Option("--format", help="1s, breakpoints, psse, vessim or openg2g.", show_default=False)
    ],
    start_s: Annotated[float, typer.Option("--at", min=0.0, help="Start of the window [s].")] = 0.0,
    length_s: Annotated[
        float | None, typer.Option("--for", help="Length of the window [s]; to the end unless given.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="CSV file to write; must be new. Default: profile-FORMAT.csv")
    ] = None,
) -> None:
    """Write power at the connection to the grid for a study in another tool."""
    from sim.console import say  # noqa: PLC0415  # keeps --help fast
    from sim.export import FORMATS, Profile, write_profile  # noqa: PLC0415
    from sim.result import read_result  # noqa: PLC0415

    if shape not in FORMATS:
        raise InputError.single("--format", "", f"must be one of {', '.join(FORMATS)}, got {shape!r}")
    try:
        profile = Profile.of(read_result(folder), start_s, length_s)
    except ValueError as error:
        raise InputError.single(str(folder), "", str(error)) from error
    if "reactive_mvar" in FORMATS[shape].columns and profile.power_factor is None:
        say("warning: the scenario gives no grid.connection: reactive power is written as 0")
    written = write_profile(profile, FORMATS[shape], out or Path(f"profile-{shape}.csv"))
    say(f"export: {', '.join(str(path) for path in written)}")


@app.command()
def dynamics(
    folder: Annotated[Path, typer.Argument(help="A result folder.")],
    windows: Annotated[int, typer.Option("--windows", min=1, max=20, help="Worst windows to look at.")] = 3,
    system: Annotated[
        list[str] | None, typer.Option("--system", help="kundur or ieee39; repeatable. Default: both.")
    ] = None,
    scale: Annotated[
        float, typer.Option(min=0.001, max=1000.0, help="What the site's power is multiplied by.")
    ] = 1.0,
    python: Annotated[
        str, typer.Option(envvar="HASHBALLAST_ANDES_PYTHON", help="Interpreter that has ANDES.")
    ] = sys.executable,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for table and figure. Default: dynamics/ in the result."),
    ] = None,
) -> None:
    """Put the worst windows of a run through test systems of ANDES (an extra), beside the SFR model."""
    from sim.console import print_dynamics, say  # noqa: PLC0415  # keeps --help fast
    from sim.dynamics import SYSTEMS, compare_windows, write_comparison  # noqa: PLC0415
    from sim.export import Profile  # noqa: PLC0415
    from sim.result import read_result  # noqa: PLC0415

    unknown = [name for name in system or () if name not in SYSTEMS]
    if unknown:
        raise InputError.single("--system", "", f"must be one of {', '.join(SYSTEMS)}, got {unknown[0]!r}")
    profile = Profile.of(read_result(folder))
    chosen = [SYSTEMS[name] for name in system or SYSTEMS]
    found = compare_windows(
        profile.power_mw, chosen, python, count=windows, scale=scale, reactive_per_mw=profile.reactive_per_mw
    )
    if not found:
        say("dynamics: the site's power never moves; there is nothing to study")
        return
    print_dynamics(found)
    place = folder / "dynamics" if out is None else out
    write_comparison(found, place)
    say(f"dynamics: {place / 'comparison.csv'}, {place / 'comparison.png'}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of a scenario file."""
    from sim.console import print_json  # noqa: PLC0415  # keeps --help fast
    from sim.scenario.schema import json_schema  # noqa: PLC0415

    print_json(json_schema())


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
    folders = (Path(folder), Path(__file__).parent.parent / folder)
    for place in folders:
        if (place / f"{name}.yaml").exists():
            return place / f"{name}.yaml"
    known = sorted({file.stem for place in folders for file in place.glob("*.yaml")})
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean '{close[0]}'?" if close else ""
    raise InputError.single(name, "", f"no such file, and no such name in {folder}: {', '.join(known)}{hint}")


def main(arguments: list[str] | None = None) -> None:
    """Run a command; what is wrong with the user's input is said in plain lines, and the exit code is 2."""
    command: Callable[..., object] = typer.main.get_command(app)
    try:
        command(args=arguments, prog_name="hashballast")
    except HashballastError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(130)


__all__ = ["app", "main"]
