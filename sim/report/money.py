"""The money of a run as the page shows it: prices of the ledger, dearest hours, waterfall, months."""

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from sim.metrics.ledger import ledger
from sim.metrics.ledger.lines import LedgerLine
from sim.metrics.mining import hashrate_source
from sim.metrics.months import months
from sim.recording import Recording
from sim.report.format import format_amount, format_cents
from sim.report.svg import BarRow, Chart, Drawing, around, bar_chart, names_axis
from sim.signals import FloatArray, Signal
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

MOST_HOURS: Final = 8
"""Hours in the table of the dearest."""


def price_text(line: LedgerLine) -> str:
    """Return the price of a line of the ledger with its unit; empty where it costs nothing."""
    if math.isnan(line.price) or not line.amount_usd:
        return ""
    price = abs(line.price) if line.quantity > 0.0 else line.price
    if line.unit == "USD":
        return f"{price:,.4f}"
    return f"{price:,.2f} USD/({line.unit})" if "·" in line.unit else f"{price:,.2f} USD/{line.unit}"


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
        (float(hours_s[i]), float(hours_s[i + 1]), (*map(format_cents, row[:3]), *map(format_amount, row[3:])))
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
    total, rows = 0.0, []
    for name, usd in steps:
        bar = (total, total + usd, "price" if usd > 0.0 else "limit", "")
        rows.append(BarRow(f"{name}: {format_amount(usd)}", "", [bar]))
        total += usd
    rows.append(BarRow(f"EBITDA: {format_amount(total)}", "", [(0.0, total, "site", "")]))
    across = around([edge for row in rows for bar in row.bars for edge in bar[:2]], "USD", from_zero=True)
    note = "USD, account by account; what costs goes to the left."
    return bar_chart("From revenue to EBITDA", note, across, rows)


def _by_month(known: list[tuple[str, float]]) -> Drawing:
    axes = names_axis(name for name, _ in known), around([usd for _, usd in known], "EBITDA [USD]", from_zero=True)

    def draw(chart: Chart) -> None:
        for place, (name, usd) in enumerate(known):
            title = f"{name}: {format_amount(usd)} USD"
            chart.bar((place + 0.15, 0.0), (place + 0.85, usd), "price" if usd > 0.0 else "limit", title)

    return Drawing.of("EBITDA by month", "", axes, draw, height_px=MONTH_PX)
