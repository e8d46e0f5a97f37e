"""What a megawatt of miners earns on ten months of real prices: by rules, by hindsight, and by the
simulator."""

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from published import DATA, Absolute, PublishedCase, Relative, Tolerance
from quick import run

from sim.tables import Files
from sim.testing import a_scenario

TITLE = "Power market"
PRICES = "ercot_hb_south_15min_20240601.csv.gz"
SOURCE = "ERCOT HB_SOUTH real time, 2024-06-01 to 2025-03-27, 15 min (github ThibaudCambronne/MPC-BESS-ERCOT)"
STEP_H = 0.25
EFFICIENCY_J_PER_TH = 20.0

Series = NDArray[np.float64]


@lru_cache
def prices(column: str = "rtm_usd_per_mwh") -> Series:
    """Return the measured prices, every quarter of an hour [USD/MWh]."""
    return Files([DATA]).table(PRICES).numbers(column)


def earned_usd(running: Series | float, worth_usd_per_mwh: float) -> float:
    """Return what one MW earns that runs for a share of each interval [USD]."""
    return float(((worth_usd_per_mwh - prices()) * running).sum() * STEP_H)


def hindsight_usd(worth_usd_per_mwh: float) -> float:
    """Return what one MW earns that is off wherever power costs more than it earns [USD]."""
    return earned_usd((prices() < worth_usd_per_mwh).astype(float), worth_usd_per_mwh)


def windows_usd(worth_usd_per_mwh: float, off_count: int = 2, on_count: int = 4) -> float:
    """Return what one MW earns under a rule that counts windows of 15 min, known when they end [USD].

    Off after so many windows in a row above the strike, the worth of a MWh, or one above twice the strike; on
    after so many at or below it.
    """
    running, above, below = True, 0, 0
    states = []
    for price in prices():
        states.append(running)
        dear = price > worth_usd_per_mwh
        above, below = (above + 1, 0) if dear else (0, below + 1)
        if running:
            running = not (above >= off_count or price > 2.0 * worth_usd_per_mwh)
        else:
            running = below >= on_count
    return earned_usd(np.array(states, dtype=float), worth_usd_per_mwh)


def optimum_usd(worth_usd_per_mwh: float, rated_mw: float, ramp_mw: float | None) -> float:
    """Return the most that a fleet earns with hindsight, as a linear program with a ramp limit a step
    [USD]."""
    from scipy.optimize import linprog  # noqa: PLC0415  # slow to import
    from scipy.sparse import diags_array, vstack  # noqa: PLC0415  # see above

    margin = (worth_usd_per_mwh - prices()) * STEP_H
    limits = {}
    if ramp_mw is not None:
        count = margin.size
        ones = np.ones(count - 1)
        change = diags_array([-ones, ones], offsets=[0, 1], shape=(count - 1, count))
        limits = {"A_ub": vstack([change, -change]), "b_ub": np.full(2 * count - 2, ramp_mw)}
    return -float(linprog(-margin, bounds=(0.0, rated_mw), method="highs", **limits).fun)


@lru_cache
def simulated_usd(policy: str, worth_usd_per_mwh: float) -> float:
    """Return what the simulator says that one MW earns on these prices [USD]."""
    first = np.datetime64("2024-06-01T05:00:00")
    rows = [
        f"{first + np.timedelta64(15 * row, 'm')}Z,{price}\n" for row, price in enumerate(prices().tolist())
    ]
    miner = {
        "name": "miner",
        "type": "aggregate",
        "rated_mw": 1.0,
        "ramp_up_mw_per_s": 1e6,
        "ramp_down_mw_per_s": 1e6,
        "efficiency_j_per_th": EFFICIENCY_J_PER_TH,
    }
    hashprice_usd_per_ph_day = worth_usd_per_mwh * 0.024 * EFFICIENCY_J_PER_TH
    with TemporaryDirectory() as folder:
        (Path(folder) / "rt.csv").write_text("time_utc,price\n" + "".join(rows))
        scenario = a_scenario(
            Path(folder),
            fleets=[miner],
            start="2024-06-01T00:00:00-05:00",
            days=prices().size * STEP_H / 24.0,
            policy={"type": policy},
            market={
                "power": {"type": "file", "file": "rt.csv"},
                "bitcoin": {"type": "fixed", "hashprice_usd_per_ph_day": hashprice_usd_per_ph_day},
            },
        )
        return run(scenario).metrics["mining_margin_usd"].value


def case(
    name: str,
    published: float,
    ours: Callable[[], float],
    tolerance: Tolerance = Absolute(1.0),  # noqa: B008  # never changed
    unit: str = "USD",
) -> PublishedCase:
    """Return a case on these prices, to the dollar unless said otherwise."""
    return PublishedCase(name, SOURCE, published, ours, tolerance, unit, needs=PRICES)


CASES = [
    case("Always on, a MWh worth 60 USD", 234_552.0, partial(earned_usd, 1.0, 60.0)),
    case("Always on, a MWh worth 60 USD, simulated", 234_552.0, partial(simulated_usd, "always-on", 60.0)),
    case("On and off with hindsight, a MWh worth 60 USD", 259_237.0, partial(hindsight_usd, 60.0)),
    case(
        "On and off at the price in force, a MWh worth 60 USD, simulated",
        259_237.0,
        partial(simulated_usd, "price-threshold", 60.0),
    ),
    case(
        "Share of time at which power costs less than 60 USD/MWh",
        0.9470,
        lambda: float(np.mean(prices() < 60.0)),
        Absolute(5e-5),
        "1",
    ),
    case("Always on, a MWh worth 100 USD", 522_552.0, partial(earned_usd, 1.0, 100.0)),
    case("On and off with hindsight, a MWh worth 100 USD", 539_140.0, partial(hindsight_usd, 100.0)),
    case(
        "On and off at the price in force, a MWh worth 100 USD, simulated",
        539_140.0,
        partial(simulated_usd, "price-threshold", 100.0),
    ),
    case(
        "Share of time at which power costs less than 100 USD/MWh",
        0.9857,
        lambda: float(np.mean(prices() < 100.0)),
        Absolute(5e-5),
        "1",
    ),
    case("Off after two dear windows, on after four cheap, 100 USD", 534_097.0, partial(windows_usd, 100.0)),
    case(
        "Most that 100 MW earn at 97 USD/MWh",
        51_785_789.0,
        partial(optimum_usd, 97.0, 100.0, None),
    ),
    case(
        "Most that 100 MW earn at 97 USD/MWh, 25 MW a step",
        51_673_570.0,
        partial(optimum_usd, 97.0, 100.0, 25.0),
        Relative(1e-4),
    ),
]
