"""ANDES and the SFR model side by side, for the worst windows of a run: numbers, a table, a figure.

These are the parts that are worth a dynamic study: around its largest quick swings of power.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from sim.grid.frequency import response
from sim.metrics.frequency import points_of
from sim.report.build import write_csv
from sim.report.figures import COLOURS, print_style, save_figure
from sim.shipped import shipped
from sim.whole import said_plainly

if TYPE_CHECKING:
    from matplotlib.axes import Axes

from dataclasses import dataclass

from sim.dynamics.andes_process import AndesAnswer, TestSystem, run_andes
from sim.grid.frequency import FrequencyResult
from sim.signals import FloatArray, Signal
from sim.units import MHZ_PER_HZ

BLOCK_S: Final = 5.0
"""A swing is taken over two consecutive blocks of this length [s]: within the 5 s of utilities' limits or up
to twice that (assumption)."""
BEFORE_S: Final = 30.0
"""A window begins this long before its swing [s]."""
AFTER_S: Final = 120.0
"""And ends this long after it [s]: primary response is over by then."""
LEAST_MW: Final = 1e-3
"""Swings below this are none [MW]."""


@dataclass(frozen=True, slots=True)
class StudyWindow:
    """A part of a run for a dynamic study."""

    at_s: float
    """When its swing happens, to `BLOCK_S` [s]."""
    swing_mw: float
    """Highest less lowest power within ten seconds there [MW]."""
    from_s: float
    """Start [s]."""
    to_s: float
    """End [s]."""


def worst_windows(power_mw: Signal, count: int) -> tuple[StudyWindow, ...]:
    """Return windows around the largest quick swings of a power.

    Parameters
    ----------
    power_mw
        The power [MW].
    count
        Most windows to return, above 0.

    Returns
    -------
    tuple of StudyWindow
        The largest swing first; no window overlaps another. Empty where power does not move.

    Examples
    --------
    >>> power = Signal.steps([0.0, 600.0, 660.0], [100.0, 40.0, 100.0], 3600.0)
    >>> [(window.swing_mw, window.from_s, window.to_s) for window in worst_windows(power, 3)]
    [(60.0, 570.0, 720.0)]
    """
    edges_s = np.append(np.arange(power_mw.start_s, power_mw.end_s, BLOCK_S), power_mw.end_s)
    highest, lowest = power_mw.maxima_over(edges_s), power_mw.minima_over(edges_s)
    swings = np.maximum(highest, np.append(highest[:1], highest[:-1])) - np.minimum(
        lowest, np.append(lowest[:1], lowest[:-1])
    )
    found: list[StudyWindow] = []
    # a swing across two blocks is seen in the second, and one within a block in it and in the next
    for place in np.argsort(-swings, kind="stable").tolist():
        if len(found) == count or swings[place] <= LEAST_MW:
            break
        at_s = float(edges_s[place])
        window = StudyWindow(
            at_s, float(swings[place]), max(power_mw.start_s, at_s - BEFORE_S), min(power_mw.end_s, at_s + AFTER_S)
        )
        if all(window.to_s <= other.from_s or window.from_s >= other.to_s for other in found):
            found.append(window)
    return tuple(found)


COLUMNS: Final[list[str]] = shipped("sim.dynamics", "columns.json")
LABEL: Final = "bundled test system, not your grid; all loads draw constant power, which is conservative"


@dataclass(frozen=True, slots=True, eq=False)
class WindowComparison:
    """One window in one test system, as both models see it."""

    window: StudyWindow
    system: TestSystem
    power_mw: Signal
    """The site's power from the start of the window on [MW], scaled where that was asked for."""
    sfr: FrequencyResult
    """The SFR model with the machines of the test system."""
    andes: AndesAnswer

    @property
    def numbers(self) -> dict[str, float]:
        """By the names of the table: deviations [mHz], peaks without sign, and SFR over ANDES, less 1 [1].

        Those by ANDES are NaN without any solution, and the ratio where it did not reach the end.
        """
        andes, nominal_hz = self.andes, self.andes.model.nominal_hz
        machines_hz = np.concatenate([andes.lowest_machine_hz, andes.highest_machine_hz])
        sfr = _off_mhz(np.array([self.sfr.nadir_hz, self.sfr.zenith_hz]), nominal_hz)
        centre, machines = _off_mhz(andes.centre_hz, nominal_hz), _off_mhz(machines_hz, nominal_hz)
        pairs = [number for pair in zip(sfr, centre, strict=True) for number in pair]
        ratio = float("nan") if andes.failure else sfr[2] / centre[2] - 1.0
        return dict(zip(COLUMNS[5:-1], [*pairs, machines[2], ratio], strict=True))


def _off_mhz(values_hz: FloatArray, nominal_hz: float) -> tuple[float, float, float]:
    """Return the lowest and highest deviation, and the largest without sign [mHz]; NaN of no values."""
    if not values_hz.size:
        return (float("nan"),) * 3
    low, high = MHZ_PER_HZ * (values_hz.min() - nominal_hz), MHZ_PER_HZ * (values_hz.max() - nominal_hz)
    return float(low), float(high), float(max(high, -low))


def compare_windows(
    power_mw: Signal,
    systems: Sequence[TestSystem],
    python: str,
    *,
    count: int = 3,
    scale: float = 1.0,
    reactive_per_mw: float = 0.0,
) -> tuple[WindowComparison, ...]:
    """Run the worst windows of a power through test systems and the SFR model of their machines.

    Parameters
    ----------
    power_mw
        Power at the connection [MW].
    systems
        The test systems.
    python
        Interpreter that has ANDES.
    count
        Most windows.
    scale
        What power is multiplied by first: a test system is small, and collapses under a large site.
    reactive_per_mw
        Reactive power drawn with each MW [Mvar]; the SFR model knows none.

    Returns
    -------
    tuple of WindowComparison
        Window by window, the worst first, each in all systems.

    Raises
    ------
    DynamicsError
        Where ANDES is not there, or does not answer.
    """
    found = []
    for window in worst_windows(power_mw, count):
        power = scale * power_mw.clip_time(window.from_s, window.to_s).shift(-window.from_s)
        for system in systems:
            andes = run_andes(power, system, python, reactive_per_mw)
            sfr = response(*points_of(power), andes.model)
            found.append(WindowComparison(window, system, power, sfr, andes))
    return tuple(found)


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
    place, at = str(windows.index(each.window) + 1), each.window
    span = at.from_s, at.to_s, at.swing_mw
    return [place, *span, each.system.name, *each.numbers.values(), each.andes.failure]


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
    panel.plot(andes.time_s, andes.centre_hz, color=COLOURS["ai"], linewidth=1.4, label="ANDES, centre of inertia")
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
