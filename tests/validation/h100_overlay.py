"""Draws the simulated node over the measured one: ``python tests/validation/h100_overlay.py [FOLDER]``.

The figures hold data that must not be passed on: they go to ``results/``, which is kept out of git.
"""

import sys
from pathlib import Path

from matplotlib.figure import Figure
from node_model import NodeModel
from node_trace import NodeTrace
from published import DATA, HERE
from published_h100_trace import FILES

CLOSE_S = 60.0
"""Length of the part shown close up [s]."""


def draw(file: str, folder: Path) -> Path:
    """Draw one file, whole and close up, and return the path of the figure."""
    trace = NodeTrace.read(DATA / file)
    model = NodeModel(trace, trace.plateau_fraction())
    waveform = model.waveform()
    figure = Figure(figsize=(11.0, 7.0), layout="constrained")
    whole, close = figure.subplots(2, 1)
    for axes in (whole, close):
        axes.plot(trace.time_s, trace.power_fraction, color="0.55", lw=2.5, label="measured")
        axes.plot(*model.as_the_driver_reports(), color="C0", lw=1.0, label="simulated, mean of 1 s")
        axes.set(xlabel="time [s]", ylabel="GPU power over rated power", ylim=(0.0, 1.0))
    close.plot(waveform.time_s, waveform.power_mw, color="C1", lw=0.3, zorder=0, label="simulated, 200 Hz")
    middle_s = trace.crossings_s()[-2]
    close.set_xlim(middle_s - CLOSE_S / 2.0, middle_s + CLOSE_S / 2.0)
    whole.set_title(file)
    close.legend(loc="upper right")
    path = folder / f"{file.removesuffix('.csv.gz')}.png"
    figure.savefig(path, dpi=110)
    return path


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[1] / "results" / "h100-overlay"
    target.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        sys.stdout.write(f"{draw(name, target)}\n")
