"""How a terminal shows what is understood of a file."""

from typing import Any, Final

import numpy as np

from sim.tables.unit_words import shown
from sim.tables.view import FileView
from sim.units import FloatArray

_BARS: Final = "▁▂▃▄▅▆▇█"
_WIDTH: Final = 60


def document_of(view: FileView) -> dict[str, Any]:
    """Return what is understood of a file as plain data."""
    return {
        "file": view.file,
        "kind": view.kind,
        "rows": view.row_count,
        "columns": list(view.columns),
        "shape": view.shape or None,
        **{name: value for name, value in view.facts.items() if value is not None},
        "said": {
            name: list(value) if isinstance(value, tuple) else value for name, value in view.said.items()
        },
        "guessed": list(view.guessed),
        "faults": list(map(str, view.faults)),
        "yaml": view.lines(),
    }


def show_view(view: FileView) -> None:
    """Print what is understood of a file: a table, a small plot, and the lines to paste."""
    from rich.console import Console  # noqa: PLC0415  # slow to import
    from rich.table import Table  # noqa: PLC0415  # see above
    from rich.text import Text  # noqa: PLC0415  # see above

    console = Console(highlight=False)
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in _rows(view):
        table.add_row(name, Text(value))
    console.print(table)
    if view.values.size > 1:
        console.print(Text(bars(view.values)))
    console.print()
    console.print(Text(view.lines()))


def _rows(view: FileView) -> list[tuple[str, str]]:
    facts = view.facts
    unit = shown(facts.get("unit", "")) if facts.get("unit") else ""
    rows = [
        ("file", f"{view.file}: {view.row_count:,} rows; {', '.join(view.columns[:8])}"),
        ("kind", view.kind + (f" ({view.shape})" if view.shape else "")),
    ]
    if "counts" in facts:
        zone = f", local time of {facts['time_zone']}" if facts.get("time_zone") else ""
        rows.append(("time", f"{facts['time_column']}, {facts['counts']}{zone}"))
        rows.append(("cover", f"{facts['first']} to {facts['end']}, {facts['length_d']:.4g} days"))
        pace = "a row every" if facts["is_regular"] else "no regular spacing, usually"
        rows.append(("spacing", f"{pace} {facts['spacing_s']:g} s"))
        rows.append(("holes", f"{facts['holes_count']}, {facts['filled_s']:g} s filled"))
        rows.append(("duplicates", str(facts["duplicates_count"])))
    if "mean" in facts:
        rows.append(("value", f"{facts['column']} [{unit or '1'}]"))
        rows.append(("range", f"{facts['minimum']:.6g}, mean {facts['mean']:.6g}, {facts['maximum']:.6g}"))
    if "energy_mwh" in facts:
        rows.append(("energy", f"{facts['energy_mwh']:,.6g} MWh"))
    if facts.get("rows_without_answer_count"):
        rows.append(("failed", f"{facts['rows_without_answer_count']:,} rows without an answer are left out"))
    return rows


def bars(values: FloatArray) -> str:
    """Return values as a row of bars, each the mean of its part.

    Examples
    --------
    >>> bars(np.array([0.0, 1.0, 2.0, 4.0]))
    '▁▃▅█'
    """
    parts = np.array_split(values[np.isfinite(values)], min(_WIDTH, values.size))
    means = np.array([part.mean() for part in parts if part.size])
    low, high = means.min(), means.max()
    if high <= low:
        return _BARS[0] * means.size
    steps = np.round((means - low) / (high - low) * (len(_BARS) - 1)).astype(int)
    return "".join(_BARS[step] for step in steps)
