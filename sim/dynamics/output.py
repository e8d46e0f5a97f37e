"""What a comparison with ANDES leaves in a folder: a table and a figure."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from sim.dynamics.comparison import LABEL, WindowComparison
from sim.grid.frequency import response
from sim.metrics.frequency import points_of
from sim.report.csv_tables import write_csv
from sim.report.figures import COLOURS, print_style, save_figure
from sim.shipped import shipped
from sim.whole import said_plainly

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final[list[str]] = shipped("sim.dynamics", "columns.json")
COLUMN_IN: Final = 4.4
ROW_IN: Final = 2.4
DOTS_PER_IN: Final = 130
SAMPLES: Final = 3000
"""Points of a curve of the SFR model: more than there are dots."""


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


def write_figure(comparisons: Sequence[WindowComparison], path: Path) -> None:
    """Write the figure of a comparison as PNG; its bytes depend on the comparison alone."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # slow to import, and only this command draws it

    windows = list(dict.fromkeys(each.window for each in comparisons))
    systems = list(dict.fromkeys(each.system for each in comparisons))
    with print_style(8.0, title_size=8.0):
        size_in = (COLUMN_IN * len(windows), ROW_IN * (1 + len(systems)))
        figure = Figure(figsize=size_in, layout="constrained")
        panels = figure.subplots(1 + len(systems), len(windows), sharex="col", sharey="row", squeeze=False)
        for each in comparisons:
            column, row = windows.index(each.window), 1 + systems.index(each.system)
            if row == 1:
                _draw_power(panels[0, column], each, column + 1)
            _draw_frequency(panels[row, column], each)
        for panel in panels[-1]:
            panel.set_xlabel("Time in the window [s]")
        handles, labels = panels[1, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
        figure.suptitle(f"ANDES and SFR: {LABEL}", fontsize=9.0)
        save_figure(figure, path, DOTS_PER_IN)


def _draw_power(panel: "Axes", each: WindowComparison, number: int) -> None:
    panel.plot(*points_of(each.power_mw), color=COLOURS["site"], linewidth=1.0)
    panel.set(title=f"Window {number}, from {each.window.from_s:,.0f} s", ylabel="Site power [MW]")


def _draw_frequency(panel: "Axes", each: WindowComparison) -> None:
    andes = each.andes
    panel.fill_between(
        andes.time_s,
        andes.lowest_machine_hz,
        andes.highest_machine_hz,
        color=COLOURS["fleet"],
        alpha=0.5,
        linewidth=0.0,
        label="ANDES, lowest to highest machine",
    )
    panel.plot(
        andes.time_s, andes.centre_hz, color=COLOURS["ai"], linewidth=1.4, label="ANDES, centre of inertia"
    )
    curve = _sfr_curve(each)
    panel.plot(*curve, color=COLOURS["limit"], linestyle="--", linewidth=1.2, label="SFR, the same machines")
    title = each.system.title if not andes.failure else f"{each.system.title}: {andes.failure}"
    panel.set(title=title, ylabel="Frequency [Hz]", axisbelow="line")
    panel.ticklabel_format(useOffset=False)


def _sfr_curve(each: WindowComparison) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    """Return times [s] and frequency [Hz] of the SFR model, exact at points close together."""
    power = each.power_mw.split_at(np.linspace(0.0, each.power_mw.end_s, SAMPLES))
    fine = response(*points_of(power), each.andes.model)
    return fine.time_s, fine.frequency_hz
