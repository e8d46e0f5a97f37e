"""Runs the scenario ``rivals`` with each way to flatten it, and puts the table into its page.

``python -m docs.rivals`` fills the table; ``--check`` fails if it is stale.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from docs.filling import between, fill
from sim import Result, load_scenario, run
from sim.metrics.accounts import account_usd
from sim.metrics.ledger import POWER

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "explanation" / "rivals.md"
START, END = "<!-- table -->\n", "<!-- end -->"

JOBS: Final = ("job-a", "job-b", "job-c", "job-d")
NO_MINERS: Final[dict[str, Any]] = {"policy": {"type": "mining-off"}}
MINERS: Final[dict[str, Any]] = {"policy": {"type": "follow-headroom", "margin_mw": 5.0}}
BATTERY: Final[dict[str, Any]] = {"storage": {"power_mw": 60.0, "energy_mwh": 15.0, "ramp_limit_mw_per_min": 20.0}}
SMOOTHING: Final[dict[str, Any]] = {f"loads.{job}.smoothing": {} for job in JOBS}
STAGGERED: Final[dict[str, Any]] = {"stagger_checkpoints": True}
VARIANTS: Final[dict[str, dict[str, Any]]] = {
    "nothing": NO_MINERS,
    "miners": MINERS,
    "miners that hold the limit": {},
    "battery": NO_MINERS | BATTERY,
    "smoothing": NO_MINERS | SMOOTHING,
    "staggering": NO_MINERS | STAGGERED,
    "miners, staggering": MINERS | STAGGERED,
    "battery, staggering": NO_MINERS | BATTERY | STAGGERED,
    "smoothing, staggering": NO_MINERS | SMOOTHING | STAGGERED,
    "miners, battery": MINERS | BATTERY,
    "miners, battery, staggering": MINERS | BATTERY | STAGGERED,
    "all four": MINERS | BATTERY | SMOOTHING | STAGGERED,
}
"""What each variant changes in the scenario, whose miners hold its limit, and which has nothing else."""
SWINGS: Final = {
    "below 5 s": "residual_below_5s_mw",
    "5 to 60 s": "residual_5s_to_60s_mw",
    "1 to 10 min": "residual_60s_to_600s_mw",
    "above 10 min": "residual_above_600s_mw",
    "worst in 5 s": "rolling_range_5s_mw",
    "worst in 60 s": "rolling_range_60s_mw",
}
"""Columns in megawatts, and their metrics."""
MONEY: Final = ("power, USD", "wear, USD", "mining, USD", "sum, USD")
HEADS: Final = (*SWINGS, "above limit, MWh", "energy, MWh", *MONEY)


def variant(changes: dict[str, Any], days: float | None = None) -> Result:
    """Return the run of a variant, over the scenario's days or others [d]."""
    length = {} if days is None else {"days": days}
    return run(load_scenario(ROOT / "scenarios" / "rivals.yaml", overrides=changes | length))


def cells(result: Result, nothing: Result) -> Iterator[str]:
    """Yield a row's cells; energy and power are those of AI and battery, less those of the bare site."""
    metrics = result.metrics
    for name in SWINGS.values():
        yield f"{metrics[name].value:.1f}"
    yield f"{metrics['exceedance_mwh'].value:.1f}"
    own_mwh = metrics["site_energy_mwh"] - metrics["fleet_energy_mwh"]
    yield f"{own_mwh - nothing.metrics['site_energy_mwh']:,.0f}"
    yield from (f"{amount_usd:,.0f}" for amount_usd in amounts_usd(result, nothing))


def amounts_usd(result: Result, nothing: Result) -> tuple[float, float, float, float]:
    """Return what a variant brings, less than zero what it costs: power, wear, mining, their sum [USD]."""
    power_usd = _own_power_usd(result) - _own_power_usd(nothing)
    wear_usd = -result.metrics["battery_wear_usd"].value if "battery_wear_usd" in result.metrics else 0.0
    mining_usd = result.metrics["ebitda_mining_usd"].value
    return power_usd, wear_usd, mining_usd, power_usd + wear_usd + mining_usd


def _own_power_usd(result: Result) -> float:
    return account_usd(result.recording, POWER, "ai") + account_usd(result.recording, POWER, "site")


def table() -> str:
    """Return the table of all variants."""
    nothing = variant(VARIANTS["nothing"])
    rows = [f"| | {' | '.join(HEADS)} |", f"|---|{'--:|' * len(HEADS)}"]
    for name, changes in VARIANTS.items():
        rows.append(f"| {name} | {' | '.join(cells(variant(changes), nothing))} |")
    return "\n".join(row.replace(" -0 ", " 0 ") for row in rows) + "\n"


def main(arguments: list[str]) -> None:
    """Fill the table, or with ``--check`` fail if it is stale."""
    text = PAGE.read_text(encoding="utf-8")
    fill(PAGE, between(text, START, END, table()), "docs.rivals", arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
