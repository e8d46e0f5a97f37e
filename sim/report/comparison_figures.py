"""Figures of a comparison: who is beaten by none, what foresight leaves to gain, and who wins when."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sim.report.format import format_value, words_of
from sim.report.palette import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

WIDTH_IN: Final = 10.0
DOTS_PER_IN: Final = 150
KINDS: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
"""Colours of policies (Okabe and Ito, 2008); more policies begin again, told apart by their letters."""

MARKS: Final = "os^Dv<>P"
"""Marks of policies, so that those that lie on one point can be told apart."""

Document = Mapping[str, Any]


def write_comparison_figures(document: Document, folder: Path) -> tuple[str, ...]:
    """Write ``pareto.png`` and ``uplift.png`` into a folder, and return their names."""
    return write_figures({"pareto.png": pareto_figure, "uplift.png": uplift_figure}, document, folder)


def write_winner_figures(document: Document, folder: Path) -> tuple[str, ...]:
    """Write ``winners.png`` into a folder, and return its name."""
    return write_figures({"winners.png": winner_figure}, document, folder)


def write_figures(
    figures: Mapping[str, Callable[[Document], "Figure"]], document: Document, folder: Path
) -> tuple[str, ...]:
    """Draw figures of a document into a folder, and return their names."""
    import matplotlib as mpl  # noqa: PLC0415  # slow to import, and not every command draws
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({"font.size": 9.0, "axes.spines.top": False, "axes.spines.right": False})
        for name, draw in figures.items():
            figure = draw(document)
            FigureCanvasAgg(figure)
            figure.savefig(folder / name, dpi=DOTS_PER_IN, metadata={"Software": None})
    return tuple(figures)


def new_figure(height_in: float, panels: int = 1) -> "tuple[Figure, list[Axes]]":
    """Return an empty figure with charts side by side, and the charts."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # see above

    figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
    axes = list(figure.subplots(1, panels, squeeze=False)[0])
    for axis in axes:
        axis.grid(color=COLOURS["grid"], linewidth=0.6)
        axis.set_axisbelow(True)
        axis.locator_params(axis="x", nbins=max(4, 8 // panels))
    return figure, axes


def shorten_numbers(*axes: "Axis") -> None:
    """Write millions as 1.2M along an axis, not as 1.2 with a power of ten beside it."""
    for axis in axes:
        axis.set_major_formatter(lambda value, _: short_number(value))


def short_number(value: float) -> str:
    """Return a number in thousands or millions from there on.

    Examples
    --------
    >>> short_number(1_250_000.0), short_number(-40_000.0), short_number(0.5)
    ('1.25M', '-40k', '0.5')
    """
    size, letter = next(((s, c) for s, c in ((1e6, "M"), (1e3, "k")) if abs(value) >= s), (1.0, ""))
    return f"{value / size:g}{letter}"


def pareto_figure(document: Document) -> "Figure":
    """Draw the objective against each cost of getting it; policies that none beats are filled."""
    view = document["pareto"]
    costs = [name for name, wanted in view["objectives"].items() if wanted == "less"]
    figure, axes = new_figure(4.8, panels=max(len(costs), 1))
    for axis, cost in zip(axes, costs, strict=False):
        for number, (policy, facts) in enumerate(view["policies"].items()):
            label = f"{policy}{'' if facts['non_dominated'] else ' (beaten)'}" if cost == costs[0] else None
            point = facts[cost], facts["objective_usd"]
            _draw_policy(axis, number, point, label, is_filled=facts["non_dominated"])
        axis.set_xlabel(f"{words_of(cost)} [{document['metrics'][cost]['unit']}]")
        shorten_numbers(axis.xaxis, axis.yaxis)
        _frame(axis, cost, [facts for facts in view["policies"].values() if facts["non_dominated"]])
    axes[0].set_ylabel("Objective [USD]")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def _draw_policy(
    axis: "Axes", number: int, point: tuple[float, float], label: str | None, *, is_filled: bool
) -> None:
    colour = KINDS[number % len(KINDS)]
    axis.scatter(
        *point,
        s=90 - 6 * (number % len(KINDS)),
        marker=MARKS[number % len(MARKS)],
        edgecolors=colour,
        facecolors=colour if is_filled else "none",
        linewidths=1.6,
        alpha=0.85,
        label=label,
    )


def _frame(axis: "Axes", cost: str, kept: list[Document]) -> None:
    """Cut the chart to the policies that none beats: a hopeless one would squeeze them into a corner."""
    for name, limit in ((cost, axis.set_xlim), ("objective_usd", axis.set_ylim)):
        low, high = min(facts[name] for facts in kept), max(facts[name] for facts in kept)
        room = 0.12 * (high - low) or 0.1 * abs(high) or 1.0
        limit(low - room, high + room)


def uplift_figure(document: Document) -> "Figure":
    """Draw what each policy reaches of the bound, and the line of fleets that fill the limit."""
    policies = document["policies"]
    figure, (axis,) = new_figure(1.4 + 0.4 * len(policies))
    names = list(policies)[::-1]
    bound_usd = policies[names[0]]["bound_usd"]["mean"]
    means = [policies[name]["objective_usd"]["mean"] for name in names]
    for place, name in enumerate(names):
        facts = policies[name]["objective_usd"]
        width = facts["half_width"] or 0.0
        axis.barh(place, facts["mean"], xerr=width, color=COLOURS["ai"], alpha=0.7, height=0.6)
        text = f" {format_value(facts['mean'], 'USD')}"
        axis.text(0.0, place, text, va="center", ha="left", fontsize=8.0)
    lines = (
        ("bound_usd", "Perfect foresight", "-"),
        ("limited_bound_usd", "Perfect foresight of blocks that boot and keep minimum times", "--"),
        ("always_on_limited_usd", "Limit filled", ":"),
    )
    for metric, title, style in lines:
        mean_usd = policies[names[0]].get(metric, {"mean": None})["mean"]
        if mean_usd is not None:
            axis.axvline(mean_usd, color=COLOURS["limit"], linestyle=style, label=title)
    axis.set_xlim(left=max(min(0.0, *means), -0.3 * abs(bound_usd)))
    axis.set_yticks(range(len(names)), names)
    shorten_numbers(axis.xaxis)
    axis.set_xlabel("Objective [USD]: mean and its 95 % interval; what is far below zero is cut off")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def winner_figure(document: Document) -> "Figure":
    """Draw the map of who wins: a cell for each combination, hatched where no policy leads for certain."""
    across, down = _axes_of(document)
    figure, (axis,) = new_figure(1.8 + 0.7 * len(down["values"]))
    axis.grid(visible=False)
    policies = document["policies"]
    for number, cell in enumerate(document["cells"]):
        row, column = number % len(down["values"]), number // len(down["values"])
        winner = policies.index(cell["winner"])
        tied = bool(cell["no_significant_difference_to"])
        _draw_cell(axis, (column, row), winner, tied=tied)
        text = f"{cell['winner']}{chr(10) + '(no significant difference)' if tied else ''}"
        axis.text(column, row, text, ha="center", va="center", fontsize=8.0)
    axis.set_xticks(range(len(across["values"])), [str(value) for value in across["values"]])
    axis.set_yticks(range(len(down["values"])), [str(value) for value in down["values"]])
    axis.set_xlim(-0.5, len(across["values"]) - 0.5)
    axis.set_ylim(-0.5, len(down["values"]) - 0.5)
    axis.set_xlabel(across["path"])
    axis.set_ylabel(down["path"])
    return figure


def _axes_of(document: Document) -> tuple[Document, Document]:
    axes = document["axes"]
    return axes[0], axes[1] if len(axes) > 1 else {"path": "", "values": [""]}


def _draw_cell(axis: "Axes", place: tuple[int, int], winner: int, *, tied: bool) -> None:
    from matplotlib.patches import Rectangle  # noqa: PLC0415  # see above

    corner = (place[0] - 0.5, place[1] - 0.5)
    colour = KINDS[winner % len(KINDS)]
    hatch = "//" if tied else None
    patch = Rectangle(
        corner, 1.0, 1.0, facecolor=colour, alpha=0.25 if tied else 0.6, hatch=hatch, edgecolor="white"
    )
    axis.add_patch(patch)
