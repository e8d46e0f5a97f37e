"""The synthetic real-time price against the measured price that it stands in for."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from published import PublishedCase, Relative

from sim.market.synthetic import SyntheticPowerPrice
from sim.span import Span
from sim.tables import Files

TITLE = "Synthetic power price"
SOURCE = "ERCOT HB_SOUTH real time, 2024-06-01 to 2025-03-27, 15 min (github ThibaudCambronne/MPC-BESS-ERCOT)"
SEEDS = range(20)
START_UTC_S = 1_704_067_200.0  # 2024-01-01T00:00Z
YEAR_S = 366 * 86_400.0


@lru_cache
def prices() -> NDArray[np.float64]:
    """Return twenty drawn years, every quarter of an hour [USD/MWh]."""
    spec, files = SyntheticPowerPrice(), Files([])
    years = [spec.signal(Span(files, START_UTC_S, YEAR_S, seed)) for seed in SEEDS]
    return np.concatenate([year.value for year in years])


WIDE = Relative(0.15)

CASES = [
    PublishedCase("Mean of twenty years", SOURCE, 27.4, lambda: float(prices().mean()), WIDE, "USD/MWh"),
    *(
        PublishedCase(
            f"{title} of twenty years",
            SOURCE,
            expected,
            lambda percentile=percentile: float(np.percentile(prices(), percentile)),
            WIDE,
            "USD/MWh",
        )
        for title, percentile, expected in [
            ("Median", 50.0, 21.5),
            ("95th percentile", 95.0, 61.8),
            ("99th percentile", 99.0, 121.7),
        ]
    ),
    PublishedCase("Time below zero", SOURCE, 0.028, lambda: float(np.mean(prices() < 0.0)), WIDE),
    PublishedCase("Time above 97 USD/MWh", SOURCE, 0.015, lambda: float(np.mean(prices() > 97.0)), WIDE),
    PublishedCase(
        "Time above 1000 USD/MWh", SOURCE, 0.0005, lambda: float(np.mean(prices() > 1000.0)), Relative(0.5)
    ),
]
