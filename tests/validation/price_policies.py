"""``python tests/validation/price_policies.py [DAYS]``: what planning earns of what could be had.

One megawatt that follows at once, on real prices of Texas: 15-minute real-time prices, hourly day-ahead
prices. A start costs 10 USD; without start cost planning is the threshold, to the last bit. Never stopping
earns something, the best dispatch with all prices known (a linear programme over the whole time) earns most;
of the difference, the uplift, a policy earns a share. Prints a table; takes half an hour, or with DAYS only
the first so many days.
"""

import csv
import gzip
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from one_megawatt import MINERS, bitcoin
from published import DATA
from rich.console import Console
from rich.table import Table

from sim.engine.campus import Campus
from sim.policies.programme import Horizon, best_dispatch
from sim.scenario import Scenario
from sim.testing import a_scenario

STEP_S = 900.0
STEP_H = 0.25
START_USD_PER_MW = 10.0
BREAKEVENS = (60.0, 100.0)


class Prices(NamedTuple):
    """Real-time and day-ahead price of each quarter hour [USD/MWh]."""

    start: str
    real_time: np.ndarray
    day_ahead: np.ndarray

    def first(self, days: float) -> "Prices":
        """Return the first days of them."""
        count = round(days * 96)
        return self._replace(real_time=self.real_time[:count], day_ahead=self.day_ahead[:count])


def column(file: str, name: str) -> np.ndarray:
    """Return a column of a file of the data folder."""
    with gzip.open(DATA / file, "rt", newline="") as rows:
        return np.array([float(row[name]) for row in csv.DictReader(rows)])


@cache
def hb_south() -> Prices:
    """Return HB_SOUTH from June 2024 to March 2025; the file states no zone, its days are taken for local."""
    file = "ercot_hb_south_15min_20240601.csv.gz"
    return Prices("2024-06-01T00:00:00Z", column(file, "rtm_usd_per_mwh"), column(file, "dam_usd_per_mwh"))


@cache
def hub_average() -> Prices:
    """Return the average of ERCOT's hubs in 2024, in UTC."""
    hourly = column("ercot_da_hourly_hubavg_2024.csv.gz", "da_usd_per_mwh")
    quarters = column("ercot_rt_15min_hubavg_2024.csv.gz", "rt_usd_per_mwh")
    return Prices("2024-01-01T00:00:00Z", quarters, np.repeat(hourly, 4))


MARKETS = {
    "HB_SOUTH 2024-25": (hb_south, "Etc/UTC"),
    "ERCOT hub average 2024": (hub_average, "America/Chicago"),
}
FORECASTS: Mapping[str, Mapping[str, Any]] = {
    "day-ahead": {"type": "day-ahead"},
    "last price holds": {"type": "persistence"},
    "like yesterday": {"type": "persistence", "like": "yesterday"},
    "noisy, skill 0": {"type": "noisy", "skill_fraction": 0.0},
    "noisy, skill 0.5": {"type": "noisy", "skill_fraction": 0.5},
    "noisy, skill 0.9": {"type": "noisy", "skill_fraction": 0.9},
    "noisy, skill 1 (knows the future)": {"type": "noisy", "skill_fraction": 1.0},
}
MPC: Mapping[str, Any] = {"type": "mpc", "interval_min": 15.0, "start_usd_per_mw": START_USD_PER_MW}
HYSTERESIS = {"type": "hysteresis", "window_min": 15.0, "observe_s": 0.0, "down_count": 2, "up_count": 4}


def scenario(
    folder: Path,
    prices: Prices,
    breakeven: float,
    policy: Mapping[str, Any],
    forecast: Mapping[str, Any],
    zone: str = "America/Chicago",
) -> Scenario:
    """Return a run of one megawatt over all prices."""
    times = np.datetime64(prices.start[:-1], "s") + np.arange(len(prices.real_time)) * np.timedelta64(900, "s")
    for name, values in (("rt", prices.real_time), ("da", prices.day_ahead)):
        rows = (f"{at}Z,{price}\n" for at, price in zip(times, values, strict=True))
        Path(folder, f"{name}.csv").write_text("time_utc,price_usd_per_mwh\n" + "".join(rows))
    return a_scenario(
        folder,
        start=prices.start,
        days=len(prices.real_time) * STEP_S / 86_400.0,
        fleets=[MINERS],
        policy=policy,
        market={
            "power": {"type": "file", "file": "rt.csv"},
            "day_ahead": {"type": "file", "file": "da.csv", "time_zone": zone},
            "forecasts": {"price": forecast, "interval_min": 15.0},
            "bitcoin": bitcoin(breakeven),
        },
    )


def value_usd(prices: Prices, breakeven: float, power_mw: np.ndarray) -> float:
    """Return what power in each quarter hour earns, less starts [USD]."""
    rises_mw = np.maximum(np.diff(power_mw), 0.0)
    margin = float(np.dot(breakeven - prices.real_time, power_mw)) * STEP_H
    return margin - START_USD_PER_MW * float(np.sum(rises_mw))


def earned_usd(
    prices: Prices, breakeven: float, policy: Mapping[str, Any], forecast: Mapping[str, Any], zone: str
) -> float:
    """Return what a policy earns in a run, less starts [USD]."""
    with tempfile.TemporaryDirectory() as folder:
        recording = Campus(scenario(Path(folder), prices, breakeven, policy, forecast, zone)).run()
    edges_s = np.arange(len(prices.real_time) + 1) * STEP_S
    return value_usd(prices, breakeven, recording["fleet_power_mw"].means_over(edges_s))


def foresight_usd(prices: Prices, breakeven: float) -> float:
    """Return what the best dispatch earns that knows all prices [USD]."""
    ones = np.ones(len(prices.real_time))
    margin = (breakeven - prices.real_time)[None]
    return best_dispatch(Horizon(STEP_H, np.ones(1), margin, ones, start_usd_per_mw=START_USD_PER_MW)).value_usd


def rows() -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Yield name, policy and forecast of each row."""
    last = FORECASTS["last price holds"]
    yield "price-threshold", {"type": "price-threshold"}, last
    yield "hysteresis 2 down, 4 up", HYSTERESIS, last
    for name, forecast in FORECASTS.items():
        yield f"mpc, {name}", MPC, forecast
    for deviation_h in (0.0, 0.25, 4.0):
        yield (
            f"mpc, day-ahead, deviation_h {deviation_h:g}",
            MPC | {"deviation_h": deviation_h},
            FORECASTS["day-ahead"],
        )


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    for title, (read, zone) in MARKETS.items():
        prices = read()
        prices = prices.first(float(arguments[0])) if arguments else prices
        ones = np.ones(len(prices.real_time))
        table = Table(f"{title}: share of the uplift", *(f"R = {breakeven:g}" for breakeven in BREAKEVENS), "s")
        for name, policy, forecast in rows():
            shares, began = [], time.process_time()
            for breakeven in BREAKEVENS:
                base = value_usd(prices, breakeven, ones)
                gain = earned_usd(prices, breakeven, policy, forecast, zone) - base
                shares.append(f"{gain / (foresight_usd(prices, breakeven) - base):.3f}")
            table.add_row(name, *shares, f"{time.process_time() - began:.0f}")
        console.print(table)
    return 0


if __name__ == "__main__":
    if not DATA.is_dir():
        sys.exit("needs ../shared/data")
    sys.exit(main(sys.argv[1:]))
