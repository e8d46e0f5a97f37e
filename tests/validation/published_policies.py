"""Price policies on published prices: what waiting costs, and what each earns of what could be had.

One megawatt that follows at once, at break-even price R. Never stopping earns something, stopping in just the
right quarter hours earns more; of the difference, the uplift, a policy earns a share.
"""

import csv
import gzip
import tempfile
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from one_megawatt import MINERS, bitcoin
from published import DATA, Absolute, Band, Identity

from sim.engine.campus import Campus
from sim.testing import a_scenario

TITLE = "Policies"
PRICES = "ercot_hb_south_15min_20240601.csv.gz"
SOURCE = "HB_SOUTH, 15 min, 2024-06-01 to 2025-03-27 (MPC-BESS-ERCOT)"
STEP_S = 900.0
LATE: Mapping[str, Any] = {"publication_delay_s": STEP_S}
"""A settlement price is known when its quarter hour is over: what it brings about comes one interval late."""
HYSTERESIS = {"type": "hysteresis", "window_min": 15.0, "observe_s": 0.0, "down_count": 2, "up_count": 4}
THRESHOLD = {"type": "price-threshold"}


@cache
def prices(column: str) -> np.ndarray:
    """Return a column of prices [USD/MWh]; the file states no zone, so its rows count from the first on."""
    with gzip.open(DATA / PRICES, "rt", newline="") as file:
        return np.array([float(row[column]) for row in csv.DictReader(file)])


def drawn_mwh(policy: Mapping[str, Any], breakeven: float, column: str, published: Mapping[str, Any]) -> np.ndarray:
    """Run one megawatt through the simulator; return what it drew in each quarter hour [MWh]."""
    with tempfile.TemporaryDirectory() as folder:
        times = np.datetime64("2024-06-01T00:00", "s") + np.arange(len(prices(column))) * np.timedelta64(900, "s")
        rows = (f"{time}Z,{price}\n" for time, price in zip(times, prices(column), strict=True))
        Path(folder, "prices.csv").write_text("time_utc,price_usd_per_mwh\n" + "".join(rows))
        recording = Campus(_scenario(Path(folder), policy, breakeven, published)).run()
    edges_s = np.arange(len(times) + 1) * STEP_S
    return recording["fleet_power_mw"].integrals_over(edges_s) / 3600.0


def _scenario(folder: Path, policy: Mapping[str, Any], breakeven: float, published: Mapping[str, Any]) -> Any:
    return a_scenario(
        folder,
        start="2024-06-01T00:00:00Z",
        days=len(prices("rtm_usd_per_mwh")) * STEP_S / 86_400.0,
        fleets=[MINERS],
        policy=policy,
        market={
            "power": {"type": "file", "file": "prices.csv", **published},
            "bitcoin": bitcoin(breakeven),
        },
    )


@cache
def margin_usd(name: str, breakeven: float) -> float:
    """Return what a policy earns less what its power costs in real time [USD]."""
    policy, column, published = POLICIES[name]
    margin = breakeven - prices("rtm_usd_per_mwh")
    return float(np.sum(margin * drawn_mwh(policy, breakeven, column, published)))


def foresight_usd(breakeven: float) -> float:
    """Return what stopping in just the right quarter hours earns [USD]."""
    return float(np.sum(np.maximum(breakeven - prices("rtm_usd_per_mwh"), 0.0)) * STEP_S / 3600.0)


def uplift_share(name: str, breakeven: float) -> float:
    """Return the share of the uplift that a policy earns [1]."""
    base = margin_usd("always-on", breakeven)
    return (margin_usd(name, breakeven) - base) / (foresight_usd(breakeven) - base)


POLICIES: Mapping[str, tuple[Mapping[str, Any], str, Mapping[str, Any]]] = {
    "always-on": ({"type": "always-on"}, "rtm_usd_per_mwh", LATE),
    "threshold": (THRESHOLD, "rtm_usd_per_mwh", LATE),
    "hysteresis": (HYSTERESIS, "rtm_usd_per_mwh", LATE),
    "day-ahead threshold": (THRESHOLD, "dam_usd_per_mwh", {}),
}
"""Policy, price that it sees, and how late it sees it."""

SHARES = {
    "threshold": ("Price threshold, one interval late", Band(0.815, 0.935)),
    "hysteresis": ("Hysteresis 2 down, 4 up", Band(0.655, 0.775)),
    "day-ahead threshold": ("Threshold on the day-ahead price", Band(0.345, 0.535)),
}
"""Bands over R from 60 to 120 USD/MWh: 0.82 to 0.93, 0.66 to 0.77 and 0.35 to 0.53, to the digits given."""

CASES = [
    Identity(
        "V11 Hysteresis 2 down, 4 up, high strike 2R, R = 100",
        f"{SOURCE}; each quarter hour's price decides on the next one",
        534_097.0,
        partial(margin_usd, "hysteresis", 100.0),
        Absolute(1.0),
        "USD",
        needs=PRICES,
    ),
    *(
        Identity(
            f"{what}: share of the uplift, R = {breakeven:g}",
            f"{SOURCE}; between always on and perfect foresight",
            (band.low + band.high) / 2.0,
            partial(uplift_share, name, breakeven),
            band,
            needs=PRICES,
        )
        for name, (what, band) in SHARES.items()
        for breakeven in (60.0, 100.0, 120.0)
    ),
]
"""Every published number of price policies."""
