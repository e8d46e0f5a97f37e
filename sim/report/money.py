"""The profit and loss as the page shows it: by segment, by month, line by line."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from sim.metrics.ledger import ai_revenue_is_known, ledger
from sim.metrics.ledger.lines import LedgerLine
from sim.metrics.months import Month, months
from sim.metrics.statement import statement
from sim.recording import Recording
from sim.report.format import format_amount, format_duration, format_number, format_value
from sim.report.svg import Chart, ChartAxis, Drawing, around, drawn
from sim.shipped import shipped
from sim.units import SECONDS_PER_YEAR

NEARLY: Final = 0.95
"""Share of a year from which a run stands for one."""


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """A row of a table: its title, and its cells ready to show."""

    title: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """A line of the ledger, ready to show."""

    segment: str
    account: str
    item: str
    quantity: str
    price: str
    amount: str


@dataclass(frozen=True, slots=True)
class Money:
    """What the page shows of the money."""

    notes: tuple[str, ...]
    """What the numbers leave out, in sentences."""
    segments: tuple[MoneyRow, ...]
    month_heads: tuple[str, ...]
    months: tuple[MoneyRow, ...]
    lines: tuple[MoneyLine, ...]


def money(recording: Recording) -> Money:
    """Return the profit and loss of a run.

    Parameters
    ----------
    recording
        The run.

    Returns
    -------
    Money
        By segment, by month, and every line of the ledger.
    """
    segments = (
        MoneyRow(row.title, _amounts(row.revenue_usd, row.power_usd, row.other_usd, row.ebitda_usd))
        for row in recording.once(statement)
    )
    return Money(
        tuple(_notes(recording)),
        tuple(segments),
        tuple(shipped("sim.report", "month_heads.json")),
        tuple(_month(month) for month in recording.once(months)),
        tuple(_line(line) for line in recording.once(ledger)),
    )


def _notes(recording: Recording) -> Iterator[str]:
    yield "Cost is below zero. AI pays for what it draws at the price in force; mining bears what is left."
    if not ai_revenue_is_known(recording):
        yield "Not every AI load is under a lease: what AI earns is not known, and so is no sum with it."
    yield "Neither depreciation, interest nor tax is counted, nor any line of the ledger that says so."
    if recording.end_s < NEARLY * SECONDS_PER_YEAR:
        length = format_duration(recording.end_s)
        yield f"Metrics per year, and values made of them, take {length} for a year, without its seasons."


def _amounts(*amounts_usd: float) -> tuple[str, ...]:
    return tuple(format_amount(amount_usd) for amount_usd in amounts_usd)


def _month(month: Month) -> MoneyRow:
    numbers = (month.site_energy_mwh, month.fleet_energy_mwh, month.mined_btc)
    rates = (month.mining_revenue_usd_per_ph_day, month.power_cost_usd_per_mwh)
    costs = (-month.power_cost_usd, -month.other_cost_usd)
    cells = (
        format_number(round(month.days, 3)),
        *(format_number(number) for number in numbers),
        *("" if math.isnan(rate) else f"{rate:,.2f}" for rate in rates),
        *_amounts(month.revenue_usd, *costs, month.ebitda_usd),
    )
    return MoneyRow(month.month, cells)


def _line(line: LedgerLine) -> MoneyLine:
    price = "" if math.isnan(line.price) or not line.amount_usd else _price(line)
    quantity = format_value(line.quantity, line.unit)
    return MoneyLine(line.segment, line.account, line.item, quantity, price, format_amount(line.amount_usd))


def _price(line: LedgerLine) -> str:
    price = abs(line.price) if line.quantity > 0.0 else line.price
    if line.unit == "USD":
        return f"{price:,.4f}"
    return f"{price:,.2f} USD/({line.unit})" if "·" in line.unit else f"{price:,.2f} USD/{line.unit}"


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
    known = [(name, usd) for name, usd in found if math.isfinite(usd)]
    if len(known) > 1:
        yield _by_month(known)


def _accounts(recording: Recording) -> list[tuple[str, float]]:
    """Return what each account brings or costs [USD]: revenue first, the largest of each first."""
    sums: dict[str, float] = {}
    for line in recording.once(ledger):
        side = "revenue" if line.amount_usd > 0.0 else "cost"
        name = f"{line.segment} {line.account}, {side}"
        sums[name] = sums.get(name, 0.0) + line.amount_usd
    shown = [(name, usd) for name, usd in sums.items() if math.isfinite(usd) and abs(usd) >= LEAST_USD]
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
