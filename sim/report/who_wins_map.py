"""The map of who wins when: a cell for each combination of one or two swept fields."""

from markupsafe import Markup

from sim.report.static_page import Document
from sim.report.svg import Chart, ChartAxis, Drawing, drawn, kind_of, legend

ROW_PX = 64


def winner_map(document: Document) -> Drawing:
    """Return the map; faint where the winner's lead is within the intervals."""
    across, down = _axes_of(document)
    policies = document["policies"]
    columns, rows = len(across["values"]), len(down["values"])

    def draw(width_px: int) -> Markup:
        x = ChartAxis(across["path"], 0.0, float(columns), marks=_marks(across))
        y = ChartAxis(down["path"], 0.0, float(rows), marks=_marks(down))
        chart = Chart(x, y, width_px, 60 + ROW_PX * rows)
        for number, cell in enumerate(document["cells"]):
            column, row = divmod(number, rows)
            style, _ = kind_of(policies.index(cell["winner"]))
            tied = bool(cell["no_significant_difference_to"])
            corners = (column + 0.02, row + 0.03), (column + 0.98, row + 0.97)
            title = f"{cell['winner']}{': no significant difference' if tied else ''}"
            chart.bar(*corners, f"{style}{' faint' if tied else ''}", title)
            if width_px // columns > 9 * len(cell["winner"]):
                chart.text(column + 0.5, row + 0.5, cell["winner"], "middle", "strong")
        return chart.svg("Policy that wins for each combination")

    note = "Policy of the best mean objective; faint: its lead is within the intervals."
    names = legend((kind_of(number)[0], name) for number, name in enumerate(policies))
    return Drawing("Who wins when", note, drawn(draw), names)


def _axes_of(document: Document) -> tuple[Document, Document]:
    axes = document["axes"]
    return axes[0], axes[1] if len(axes) > 1 else {"path": "", "values": [""]}


def _marks(axis: Document) -> tuple[tuple[float, str], ...]:
    return tuple((place + 0.5, str(value)) for place, value in enumerate(axis["values"]))
