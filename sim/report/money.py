"""The profit and loss as the page shows it: by segment, by month, line by line."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup

from sim.metrics.accounts import statement
from sim.metrics.ledger import ai_revenue_is_known, ledger
from sim.metrics.ledger.lines import LedgerLine
from sim.metrics.mining import hashrate_source
from sim.metrics.months import Month, months
from sim.recording import Recording
from sim.report.format import format_amount, format_duration, format_number, format_value
from sim.report.svg import Chart, ChartAxis, Drawing, around, drawn
from sim.shipped import shipped
from sim.signals import FloatArray, Signal
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_YEAR

MOST_HOURS: Final = 8
"""Hours in the table of the dearest."""
NEARLY: Final = 0.95
"""Share of a year from which a run stands for one."""


MoneyRow = tuple[str, tuple[str, ...]]
"""A row of a table: its title, and its cells ready to show."""


@dataclass(frozen=True, slots=True)
class Money:
    """What the page shows of the money."""

    notes: tuple[str, ...]
    """What the numbers leave out, in sentences."""
    segments: tuple[MoneyRow, ...]
    month_heads: tuple[str, ...]
    months: tuple[MoneyRow, ...]
    lines: tuple[tuple[str, ...], ...]
    """Of each line of the ledger: segment, account, item, quantity, price, amount."""


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
        (row.title, _amounts(row.revenue_usd, row.power_usd, row.other_usd, row.ebitda_usd))
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


def _two_digits(value: float) -> str:
    return f"{value:,.2f}"


def _month(month: Month) -> MoneyRow:
    numbers = (month.site_energy_mwh, month.fleet_energy_mwh, month.mined_btc)
    rates = (month.mining_revenue_usd_per_ph_day, month.power_cost_usd_per_mwh)
    costs = (-month.power_cost_usd, -month.other_cost_usd)
    cells = (
        format_number(round(month.days, 3)),
        *(format_number(number) for number in numbers),
        *("" if math.isnan(rate) else _two_digits(rate) for rate in rates),
        *_amounts(month.revenue_usd, *costs, month.ebitda_usd),
    )
    return month.month, cells


def _line(line: LedgerLine) -> tuple[str, ...]:
    price = "" if math.isnan(line.price) or not line.amount_usd else _price(line)
    quantity = format_value(line.quantity, line.unit)
    return line.segment, line.account, line.item, quantity, price, format_amount(line.amount_usd)


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


def dearest_hours(recording: Recording) -> list[tuple[float, float, tuple[str, ...]]]:
    """Return the hours in which the site's power cost most at the real-time price, the dearest first.

    Returns
    -------
    list of tuple
        Start and end [s]; price, power of AI and of miners, what AI and miners pay, what mining earns less
        its power.
    """
    price, hashprice = (recording[name] for name in ("price_usd_per_mwh", "hashprice_usd_per_ph_day"))
    hours_s = np.append(np.arange(0.0, recording.end_s, SECONDS_PER_HOUR), recording.end_s)
    # prices stand still between two edges: what is paid is exact
    edges_s = np.unique(np.concatenate([hours_s, price.time_s, hashprice.time_s]))
    hour = np.searchsorted(hours_s, edges_s[:-1], side="right") - 1

    def paid_usd(signal: Signal, rate: Signal, unit_s: float) -> FloatArray:
        amounts = signal.integrals_over(edges_s) * rate.at(edges_s[:-1]) / unit_s
        return np.asarray(np.bincount(hour, amounts), dtype=np.float64)

    powers = [recording[name] for name in ("ai_power_mw", "fleet_power_mw")]
    ai_usd, fleet_usd = (paid_usd(power, price, SECONDS_PER_HOUR) for power in powers)
    sources = [hashrate_source(recording, fleet) for fleet in recording.fleet_names]
    earned_usd = sum(ph_s * paid_usd(signal, hashprice, SECONDS_PER_DAY) for signal, ph_s in sources)
    margin_usd = recording.facts.paid_fraction * earned_usd - fleet_usd
    means = [signal.means_over(hours_s) for signal in (price, *powers)]
    found = np.column_stack([*means, ai_usd, fleet_usd, margin_usd]).tolist()
    dearest = np.argsort(-(ai_usd + fleet_usd), kind="stable")[:MOST_HOURS]
    return [
        (float(hours_s[i]), float(hours_s[i + 1]), (*map(_two_digits, row[:3]), *_amounts(*row[3:])))
        for i, row in ((i, found[i]) for i in dearest.tolist())
    ]


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
        account = "" if line.account == line.segment else f" {line.account}"
        name = f"{line.segment.replace('ai', 'AI')}{account}, {side}"
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
