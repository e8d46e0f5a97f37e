"""What a comparison with ANDES leaves in a folder: a table and a figure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sim.dynamics.comparison import LABEL, WindowComparison
from sim.dynamics.figure import write_figure
from sim.report.csv_tables import write_csv
from sim.shipped import shipped
from sim.whole import said_plainly

COLUMNS: Final[list[str]] = shipped("sim.dynamics", "columns.json")


def write_comparison(comparisons: Sequence[WindowComparison], folder: Path) -> None:
    """Write ``comparison.csv`` and ``comparison.png``.

    Parameters
    ----------
    comparisons
        What to write.
    folder
        Where to; made where it is not there, and files of these names are replaced.

    Raises
    ------
    ResultError
        Where they cannot be written.
    """
    with said_plainly(folder, "made"):
        folder.mkdir(parents=True, exist_ok=True)
    rows = (_row(comparisons, each) for each in comparisons)
    write_csv(folder / "comparison.csv", COLUMNS, rows, above=f"# {LABEL}\n")
    write_figure(comparisons, folder / "comparison.png")


def _row(comparisons: Sequence[WindowComparison], each: WindowComparison) -> list[str | float]:
    windows = list(dict.fromkeys(other.window for other in comparisons))
    window = each.window
    numbers = [getattr(each, name) for name in COLUMNS[5:-1]]
    where = [str(windows.index(window) + 1), window.from_s, window.to_s, window.swing_mw, each.system.name]
    return [*where, *numbers, each.andes.failure]
