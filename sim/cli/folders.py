"""Commands on a result folder: its page, limits, stability, waveform, exports, package, dynamics."""

import sys
from pathlib import Path
from typing import Annotated

import typer

import sim
from sim.cli.app import AllowPlugins, DataFolders, Figures, app
from sim.cli.console import print_json, say
from sim.errors import InputError, ResultError


@app.command()
def report(folder: Path, *, figures: Figures = False) -> None:
    """Build the page and the tables of a result folder again, from the folder alone."""
    from sim.report.build import write_report  # noqa: PLC0415

    write_report(folder, with_figures=figures)
    say(f"report: {folder / 'report.html'}")


@app.command()
def limits(
    folder: Path,
    *,
    region: str | None = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Check the site of a result against utilities' limits and its own, with and without miners."""
    from sim.cli.tables import print_limits  # noqa: PLC0415
    from sim.grid.limits import a_region  # noqa: PLC0415
    from sim.report.grid_limits import EVERYWHERE, checks_of, limit_document, trace_warnings  # noqa: PLC0415

    if region not in {None, EVERYWHERE}:
        try:
            a_region(str(region))
        except ValueError as error:
            raise InputError.single("--region", "", f"{error}, or {EVERYWHERE}") from error
    stored = sim.read_result(folder)
    checks, alone = checks_of(stored.recording, stored.scenario, region)
    if as_json:
        print_json([limit_document(*pair) for pair in zip(checks, alone, strict=True)])
    else:
        print_limits(checks, alone)
    for warning in trace_warnings(stored.recording):
        say(f"warning: {warning}")


@app.command()
def stability(folder: Path) -> None:
    """Show how the site of a result moves: deepest dips, variation by time scale, spectrum by band."""
    from sim.cli.tables import print_stability  # noqa: PLC0415
    from sim.report.format import LocalTime  # noqa: PLC0415
    from sim.report.stability import stability_section  # noqa: PLC0415

    stored = sim.read_result(folder)
    clock = LocalTime.of_run(stored.scenario.get("start"), stored.recording.start_utc_s)
    section = stability_section(stored.recording, stored.scenario, clock)
    print_stability(section)
    for note in (section.dip_note, *section.spectrum_notes):
        say(note)


@app.command()
def waveform(
    folder: Path,
    start_s: Annotated[float, typer.Option("--at", min=0.0)],
    length_s: Annotated[float, typer.Option("--for", min=0.01)] = 60.0,
    rate_hz: Annotated[float, typer.Option("--rate")] = 1000.0,
    out: Path = Path("waveform.csv"),
) -> None:
    """Write the site's power within the second: training iterations, synthesised for a window of a run."""
    from sim.ai.waveform import recorded_iterations, site_waveform  # noqa: PLC0415  # keeps --help fast
    from sim.report.build import write_waveform  # noqa: PLC0415

    stored = sim.read_result(folder)
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
    folder: Path,
    shape: Annotated[str, typer.Option("--format", show_default=False)],
    start_s: Annotated[float, typer.Option("--at", min=0.0)] = 0.0,
    length_s: Annotated[float | None, typer.Option("--for")] = None,
    out: Path | None = None,
) -> None:
    """Write power at the connection to the grid for a study in another tool."""
    from sim.export import FORMATS, Profile, write_profile  # noqa: PLC0415

    if shape not in FORMATS:
        raise InputError.single("--format", "", f"must be one of {', '.join(FORMATS)}, got {shape!r}")
    try:
        profile = Profile.of(sim.read_result(folder), start_s, length_s)
    except ValueError as error:
        raise InputError.single(str(folder), "", str(error)) from error
    if "reactive_mvar" in FORMATS[shape].columns and profile.power_factor is None:
        say("warning: the scenario gives no grid.connection: reactive power is written as 0")
    written = write_profile(profile, FORMATS[shape], out or Path(f"profile-{shape}.csv"))
    say(f"export: {', '.join(str(path) for path in written)}")


@app.command()
def package(
    folder: Path,
    recipient: Annotated[str, typer.Option("--for")] = "own",
    out: Path = Path("package"),
    data: DataFolders = [],  # noqa: B006  # typer reads defaults, nobody changes them
) -> None:
    """Write what a planner must get: data, models, profiles, verdicts, and all to run it again."""
    from sim.export import write_package  # noqa: PLC0415

    write_package(folder, recipient, out, data)
    say(f"package: {out / 'README.md'}; whoever gets it runs: hashballast verify {out}")


@app.command()
def verify(
    folder: Path,
    data: DataFolders = [],  # noqa: B006  # see package
    *,
    allow_plugins: AllowPlugins = False,
) -> None:
    """Check every file of a package, and run its scenario again: the same figures must come out."""
    from sim.export import verify as faults_of  # noqa: PLC0415

    faults = faults_of(folder, data, allow_plugins=allow_plugins)
    if faults:
        raise ResultError("\n".join(f"{folder}: {fault}" for fault in faults))
    say(f"{folder}: holds; the run made again gives the same figures")


@app.command()
def dynamics(
    folder: Path,
    windows: Annotated[int, typer.Option("--windows", min=1, max=20)] = 3,
    system: list[str] | None = None,
    scale: Annotated[float, typer.Option(min=0.001, max=1000.0)] = 1.0,
    python: Annotated[str, typer.Option(envvar="HASHBALLAST_ANDES_PYTHON")] = sys.executable,
    out: Path | None = None,
) -> None:
    """Put the worst windows of a run through test systems of ANDES (an extra), beside the SFR model."""
    from sim.cli.tables import print_dynamics  # noqa: PLC0415
    from sim.dynamics.andes_process import SYSTEMS  # noqa: PLC0415
    from sim.dynamics.comparison import compare_windows, write_comparison  # noqa: PLC0415
    from sim.export import Profile  # noqa: PLC0415

    unknown = [name for name in system or () if name not in SYSTEMS]
    if unknown:
        raise InputError.single("--system", "", f"must be one of {', '.join(SYSTEMS)}, got {unknown[0]!r}")
    profile = Profile.of(sim.read_result(folder))
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
