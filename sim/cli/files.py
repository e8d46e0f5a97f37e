"""Commands on people's own files: what is understood of one."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.app import app, find, names, new_folder
from sim.cli.console import print_json, print_table, print_text, say
from sim.errors import InputError

Fields = Annotated[list[str], typer.Option("--set")]


@app.command()
def data(
    file: Path,
    kind: Annotated[str | None, typer.Option("--as")] = None,
    fields: Fields = [],  # noqa: B006  # typer reads defaults, nobody changes them
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Show what is understood of a data file, and the lines that name it in a scenario."""
    from sim.cli.tables import document_of, show_view  # noqa: PLC0415
    from sim.scenario.overrides import fields_of  # noqa: PLC0415
    from sim.tables.quantities import KINDS  # noqa: PLC0415
    from sim.tables.view import look  # noqa: PLC0415

    if kind == "fleet":
        _show_fleets(file, as_json=as_json)
        return
    if kind is not None and kind not in KINDS:
        raise InputError.single("--as", "", f"must be one of {', '.join(KINDS)}, fleet; got {kind!r}")
    view = look(file, kind, fields_of(fields))
    if as_json:
        sys.stdout.write(json.dumps(document_of(view), indent=2, ensure_ascii=False) + "\n")
    else:
        show_view(view)
    for fault in view.faults:
        say(f"not understood: {fault}")
    if view.faults:
        raise typer.Exit(2)


def _show_fleets(file: Path, *, as_json: bool) -> None:
    """Print the fleets that a list of machines makes, and the line that names it."""
    from sim.mining.catalogue import machine  # noqa: PLC0415  # see above
    from sim.scenario.fleet_file import fleets_of  # noqa: PLC0415  # see above
    from sim.units import MEGAWATT_IN_WATTS  # noqa: PLC0415  # see above

    fleets = fleets_of(file)
    for fleet in fleets:
        fleet["power_mw"] = fleet["machine_count"] * machine(fleet["model"]).power_w / MEGAWATT_IN_WATTS
    line = f"fleets: {{file: {file.name}}}"
    if as_json:
        print_json({"file": file.name, "kind": "fleet", "fleets": fleets, "yaml": line})
        return
    rows = [
        [fleet["name"], fleet["model"], f"{fleet['machine_count']:,}", f"{fleet['power_mw']:.3f} MW"]
        for fleet in fleets
    ]
    print_table(["fleet", "model", "machines", "power"], rows, caption=line)


@app.command(name="list")
def list_examples() -> None:
    """Show the scenarios, studies and regions that come with the project, and what each asks."""
    from sim.cli.new_file import question_of  # noqa: PLC0415

    for folder in ("scenarios", "scenarios/studies", "scenarios/regions"):
        width = max(map(len, names(folder)), default=0)
        rows = [f"  {name:<{width}}  {question_of(find(name, folder))}" for name in names(folder)]
        print_text("\n".join([folder, *rows, ""]))


@app.command()
def new(
    name: Annotated[str, typer.Argument()] = "my-site",
    example: Annotated[str | None, typer.Option("--from")] = None,
    load: Path | None = None,
    prices: Path | None = None,
    fleet: Path | None = None,
) -> None:
    """Write a commented scenario: from an example, from your own files, or a small one to begin with."""
    from sim.cli.new_file import from_example, from_files, write_new  # noqa: PLC0415

    own = {"--load": load, "--prices": prices, "--fleet": fleet}
    given = [option for option, path in own.items() if path is not None]
    if example is not None and given:
        raise InputError.single("--from", "", f"is an example of its own; leave out {', '.join(given)}")
    text = from_example(name, find(example, "scenarios")) if example else from_files(name, load, prices, fleet)
    path = write_new(name, text)
    say(f"wrote {path}; check it with: hashballast validate {path}")


@app.command()
def fit(
    file: Path,
    out: Annotated[Path, typer.Option("--out", callback=new_folder)],
    kind: Annotated[str, typer.Option("--as")] = "inference",
    fields: Fields = [],  # noqa: B006  # see data
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Turn a record into a generated load or fleet, fitted on its first half and judged on the other."""
    from sim.report.fit_page import write_fit_report  # noqa: PLC0415
    from sim.scenario.overrides import fields_of  # noqa: PLC0415
    from sim.study.fitted import KINDS, write_fit  # noqa: PLC0415
    from sim.whole import new_folder as whole_folder  # noqa: PLC0415

    if kind not in KINDS:
        raise InputError.single("--as", "", f"must be one of {', '.join(KINDS)}, got {kind!r}")
    with whole_folder(out) as temporary:
        document, measured, made = write_fit(file, temporary, kind, fields_of(fields))
        write_fit_report(document, measured, made, temporary)
    if as_json:
        print_json(document)
    for warning in document["warnings"]:
        say(f"warning: {warning}")
    error = document["judged"]["energy_error_fraction"]
    say(f"fit: {out}, energy of the half held back {error:+.1%}; page: {out / 'fit.html'}")
