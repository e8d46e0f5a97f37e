"""The synthetic real-time price against the measured price that it stands in for."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from published import Calibration, Relative

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


WITHIN = f"{SOURCE}; within two standard errors of its mean, median and P95, 15 % elsewhere"
WIDE = Relative(0.15)
"""Two standard errors of ten months, weeks drawn again: P99 23 %, below zero 52 %, above 97 USD/MWh 37 %."""

CASES = [
    Calibration("Mean of twenty years", WITHIN, 27.4, lambda: float(prices().mean()), Relative(0.10), "USD/MWh"),
    *(
        Calibration(
            f"{title} of twenty years",
            WITHIN,
            expected,
            lambda percentile=percentile: float(np.percentile(prices(), percentile)),
            Relative(tolerance),
            "USD/MWh",
        )
        for title, percentile, expected, tolerance in [
            ("Median", 50.0, 21.5, 0.04),
            ("95th percentile", 95.0, 61.8, 0.14),
            ("99th percentile", 99.0, 121.7, 0.15),
        ]
    ),
    Calibration("Time below zero", WITHIN, 0.028, lambda: float(np.mean(prices() < 0.0)), WIDE),
    Calibration("Time above 97 USD/MWh", WITHIN, 0.015, lambda: float(np.mean(prices() > 97.0)), WIDE),
    Calibration("Time above 1000 USD/MWh", WITHIN, 0.0005, lambda: float(np.mean(prices() > 1000.0)), Relative(0.5)),
]
