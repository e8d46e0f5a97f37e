"""What a comparison with ANDES leaves in a folder: a table and a figure."""

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Final

import numpy as np

from sim.dynamics.comparison import LABEL, WindowComparison
from sim.dynamics.figure import write_figure
from sim.whole import said_plainly, write_whole

COLUMNS: Final = (
    "window",
    "from_s",
    "to_s",
    "swing_mw",
    "system",
    "sfr_lowest_mhz",
    "andes_lowest_mhz",
    "sfr_highest_mhz",
    "andes_highest_mhz",
    "sfr_peak_mhz",
    "andes_peak_mhz",
    "andes_worst_machine_mhz",
    "sfr_off_by_ratio",
    "andes_failure",
)


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
    _write_table(comparisons, folder)
    write_figure(comparisons, folder / "comparison.png")


def _write_table(comparisons: Sequence[WindowComparison], folder: Path) -> None:
    text = StringIO(newline="")
    text.write(f"# {LABEL}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(comparisons, each) for each in comparisons)
    write_whole(folder / "comparison.csv", text.getvalue())


def _row(comparisons: Sequence[WindowComparison], each: WindowComparison) -> list[str]:
    windows = list(dict.fromkeys(other.window for other in comparisons))
    window = each.window
    where = [str(windows.index(window) + 1), repr(window.from_s), repr(window.to_s), repr(window.swing_mw)]
    numbers = [getattr(each, name) for name in COLUMNS[5:-1]]
    cells = ["" if np.isnan(number) else repr(float(number)) for number in numbers]
    return [*where, each.system.name, *cells, each.andes.failure]
