"""The money of a run as charts: from revenue to EBITDA account by account, and month by month."""

from collections.abc import Iterator
from math import isfinite
from typing import Final

from markupsafe import Markup

from sim.metrics.ledger import ledger
from sim.metrics.months import months
from sim.recording import Recording
from sim.report.format import format_amount
from sim.report.svg import Chart, ChartAxis, Drawing, around, drawn

ROW_PX: Final = 44
"""Height of a bar with its name above it."""
MONTH_PX: Final = 300
LEAST_USD: Final = 0.5
"""An account that brings or costs less than this is not drawn [USD]."""


def money_charts(recording: Recording) -> Iterator[Drawing]:
    """Yield the waterfall of the accounts, and EBITDA by month where there are several."""
    steps = _accounts(recording)
    if steps:
        yield _waterfall(steps)
    found = [(month.month, month.ebitda_usd) for month in recording.once(months)]
    known = [(name, usd) for name, usd in found if isfinite(usd)]
    if len(known) > 1:
        yield _by_month(known)


def _accounts(recording: Recording) -> list[tuple[str, float]]:
    """Return what each account brings or costs [USD]: revenue first, the largest of each first."""
    sums: dict[str, float] = {}
    for line in recording.once(ledger):
        side = "revenue" if line.amount_usd > 0.0 else "cost"
        name = f"{line.segment} {line.account}, {side}"
        sums[name] = sums.get(name, 0.0) + line.amount_usd
    shown = [(name, usd) for name, usd in sums.items() if isfinite(usd) and abs(usd) >= LEAST_USD]
    return sorted(shown, key=lambda pair: (pair[1] < 0.0, -abs(pair[1])))


def _waterfall(steps: list[tuple[str, float]]) -> Drawing:
    total, bars = 0.0, []
    for name, usd in steps:
        bars.append((name, usd, total, total + usd, "price" if usd > 0.0 else "limit"))
        total += usd
    bars.append(("EBITDA", total, 0.0, total, "site"))
    across = around([edge for bar in bars for edge in bar[2:4]], "USD", from_zero=True)
    rows = float(len(bars))

    def draw(width_px: int) -> Markup:
        upwards = ChartAxis("", 0.0, rows, marks=((0.0, ""),))
        chart = Chart(across, upwards, width_px, 60 + ROW_PX * len(bars), left_px=24)
        for place, (name, usd, start, end, style) in enumerate(bars):
            top = rows - place
            chart.bar((start, top - 0.95), (end, top - 0.5), style)
            chart.text(across.low, top - 0.27, f"{name}: {format_amount(usd)}", style="strong")
        return chart.svg("From revenue to EBITDA, account by account")

    return Drawing(
        "From revenue to EBITDA", "USD, account by account; what costs goes to the left.", drawn(draw)
    )


def _by_month(known: list[tuple[str, float]]) -> Drawing:
    upwards = around([usd for _, usd in known], "EBITDA [USD]", from_zero=True)
    marks = tuple((place + 0.5, name) for place, (name, _) in enumerate(known))

    def draw(width_px: int) -> Markup:
        step = 1 + len(known) * 80 // width_px
        chart = Chart(ChartAxis("", 0.0, float(len(known)), marks=marks[::step]), upwards, width_px, MONTH_PX)
        for place, (name, usd) in enumerate(known):
            title = f"{name}: {format_amount(usd)} USD"
            chart.bar((place + 0.15, 0.0), (place + 0.85, usd), "price" if usd > 0.0 else "limit", title)
        return chart.svg("EBITDA by month")

    return Drawing("EBITDA by month", "", drawn(draw))
