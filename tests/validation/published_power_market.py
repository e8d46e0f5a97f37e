"""What a megawatt of miners earns on ten months of real prices: by rules, by hindsight, and by the
simulator."""

from collections.abc import Callable
from functools import lru_cache, partial
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from published import DATA, Absolute, Identity, Relative, Tolerance
from quick import run

from sim.policies.programme import Horizon, best_dispatch
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


def best_usd(worth_usd_per_mwh: float, rated_mw: float = 1.0, ramp_mw: float = inf) -> float:
    """Return the most that a fleet earns with hindsight, with a limit of its ramp a step [USD]."""
    margin = (worth_usd_per_mwh - prices())[None]
    room_mw = np.full(prices().size, rated_mw)
    width_mw = np.array([rated_mw])
    return best_dispatch(Horizon(STEP_H, width_mw, margin, room_mw, ramp_up_mw=ramp_mw, ramp_down_mw=ramp_mw)).value_usd


@lru_cache
def simulated_usd(policy: str, worth_usd_per_mwh: float) -> float:
    """Return what the simulator says that one MW earns on these prices [USD]."""
    first = np.datetime64("2024-06-01T05:00:00")
    rows = [f"{first + np.timedelta64(15 * row, 'm')}Z,{price}\n" for row, price in enumerate(prices().tolist())]
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
) -> Identity:
    """Return a case on these prices, to the dollar unless said otherwise; worked out from the same file."""
    return Identity(name, SOURCE, published, ours, tolerance, "USD", needs=PRICES)


CASES = [
    row
    for worth_usd_per_mwh, always_usd, best in [(60.0, 234_552.0, 259_237.0), (100.0, 522_552.0, 539_140.0)]
    for row in (
        case(
            f"Always on, a MWh worth {worth_usd_per_mwh:g} USD, simulated",
            always_usd,
            partial(simulated_usd, "always-on", worth_usd_per_mwh),
        ),
        case(
            f"On and off at the price in force, a MWh worth {worth_usd_per_mwh:g} USD, simulated",
            best,
            partial(simulated_usd, "price-threshold", worth_usd_per_mwh),
        ),
        case(
            f"On and off with hindsight, a MWh worth {worth_usd_per_mwh:g} USD",
            best,
            partial(best_usd, worth_usd_per_mwh),
        ),
    )
] + [
    case("Most that 100 MW earn at 97 USD/MWh", 51_785_789.0, partial(best_usd, 97.0, 100.0)),
    case(
        "Most that 100 MW earn at 97 USD/MWh, 25 MW a step",
        51_673_570.0,
        partial(best_usd, 97.0, 100.0, 25.0),
        Relative(1e-4),
    ),
]
