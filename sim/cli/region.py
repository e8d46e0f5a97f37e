"""The command for regions of many sites."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli.app import DataFolders, TimeoutS, Workers, app, find
from sim.cli.console import print_json, print_table, progress_bar, say


@app.command()
def region(
    file: str,
    workers: Workers = 2,
    timeout_s: TimeoutS = 3600.0,
    out: Path | None = None,
    data: DataFolders = [],  # noqa: B006  # see run
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Run every site of a region, and sum them: peak, ramps, what miners draw, what one fault takes away."""
    from sim.study.region import FOLDER, load_region, simulate  # noqa: PLC0415  # keeps --help fast

    loaded = load_region(find(file, "scenarios/regions"), data)
    folder = out or FOLDER / loaded.spec.name
    with progress_bar(f"running the sites of {loaded.spec.name}") as tell:
        found = simulate(loaded, folder, workers=workers, timeout_s=timeout_s, progress=tell)
    if as_json:
        print_json(found)
    else:
        _print_region(found)
    say(f"result: {folder / 'region.json'}")


def _print_region(found: Mapping[str, Any]) -> None:
    """Write what the sum of a region came to, and its growth by year, to standard output."""
    from sim.report.format import format_duration, format_value  # noqa: PLC0415  # keeps --help fast
    from sim.units import SECONDS_PER_DAY  # noqa: PLC0415

    rows = [
        [name, *(format_value(one[kind], one["unit"]) if kind in one else "" for kind in ("value", "baseline"))]
        for name, one in found["metrics"].items()
    ]
    length = format_duration(found["days"] * SECONDS_PER_DAY)
    title = f"{found['name']}: {found['site_count']:,} sites, {length}"
    print_table(("metric", "value", "without mining"), rows, title=title)
    if found["growth"]:
        years = [[format_value(value) for value in year.values()] for year in found["growth"]]
        print_table(list(found["growth"][0]), [[year[0].replace(",", ""), *year[1:]] for year in years])
