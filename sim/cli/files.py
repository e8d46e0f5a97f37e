"""Commands on people's own files: what is understood of one."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.app import app
from sim.errors import InputError


@app.command()
def data(
    file: Annotated[Path, typer.Argument(help="A data file: CSV, Parquet, Excel, EPW.")],
    kind: Annotated[
        str | None,
        typer.Option(
            "--as",
            help="What it holds: load, price, generation, weather, rates, requests, frequency, network, "
            "ancillary or system-load; left out: what its columns tell.",
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what is understood of a data file, and the lines that name it in a scenario."""
    from sim.cli.console import say  # noqa: PLC0415  # keeps --help fast
    from sim.cli.file_table import document_of, show_view  # noqa: PLC0415
    from sim.tables.view import KINDS, look  # noqa: PLC0415

    if kind is not None and kind not in KINDS:
        raise InputError.single("--as", "", f"must be one of {', '.join(KINDS)}, got {kind!r}")
    view = look(file, kind)
    if as_json:
        sys.stdout.write(json.dumps(document_of(view), indent=2, ensure_ascii=False) + "\n")
    else:
        show_view(view)
    for fault in view.faults:
        say(f"not understood: {fault}")
    if view.faults:
        raise typer.Exit(2)
