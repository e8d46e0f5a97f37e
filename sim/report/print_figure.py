"""What all figures for print have in common: their style, and bytes that depend on the content alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sim.whole import whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure


COLOURS: Final = {
    "ai": "#0072B2",
    "fleet": "#E69F00",
    "limit": "#D55E00",
    "price": "#009E73",
    "target": "#CC79A7",
    "site": "#000000",
}
"""Colours on a light ground; the page's style sheet has its own for a dark one."""


@contextmanager
def print_style(font_size: float, title_size: float) -> Iterator[None]:
    """Draw in our style, whatever the user's own is; sizes are in points."""
    import matplotlib as mpl  # noqa: PLC0415  # slow to import, and not every command draws

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rc_file(Path(__file__).with_name("print.mplstyle"), use_default_template=False)
        mpl.rcParams.update({"font.size": font_size, "axes.titlesize": title_size})
        yield


def save_figure(figure: "Figure", path: Path, dots_per_in: float = 150.0) -> None:
    """Write a figure as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  # see above

    FigureCanvasAgg(figure)
    # the program's version is left out, so that the same picture has the same bytes
    with whole_file(path) as file:
        figure.savefig(file, format="png", dpi=dots_per_in, metadata={"Software": None})
