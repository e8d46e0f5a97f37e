"""The frequency model against events on real grids, limits of operators, and its own closed form."""

from collections.abc import Callable
from functools import partial

import numpy as np
from published import Absolute, Band, Evidence, Identity, Relative

from sim.grid.frequency import FrequencyResult, Governor, GridModel, cps1_percent, response
from sim.grid.frequency.statistics import Outside

TITLE = "Grid frequency"

TEXTBOOK = GridModel(22_815.0, 0.0, (Governor(1200.0, 0.0, 0.3, 7.0),))
CLOSED_FORM = "Anderson and Mirheydar, IEEE Trans. Power Syst. 5 (1990), doi:10.1109/59.65898; by DOP853"
INERTIA = "ERCOT, Inertia: Basic Concepts and Impacts on the ERCOT Grid (2018), quoted by reviews"
VIRGINIA = "NERC incident review of 10 July 2024 (1,500 MW of data-center load lost in Virginia), secondary notes"
LOAD_LOSS = "ERCOT large-load-loss criterion, LLWG 2025-09-19: at most 60.4 Hz; as read by GridMonitor"


def after_step(model: GridModel, step_mw: float, length_s: float = 120.0) -> FrequencyResult:
    """Return the frequency after a step of load [MW] at 0 s."""
    return response([0.0, 0.0, length_s], [0.0, step_mw, step_mw], model)


def textbook() -> FrequencyResult:
    """Return the textbook grid's frequency after a step of 200 MW."""
    return after_step(TEXTBOOK, 200.0)


def virginia(number: Callable[[FrequencyResult], float]) -> float:
    """Return a number of the Eastern Interconnection after the largest depression's loss of load."""
    return number(after_step(GridModel.preset("eastern"), -1260.0))


def outside_s(result: FrequencyResult, level_hz: float) -> float:
    """Return the time with a deviation larger than a level [s]."""
    outside = Outside(level_hz)
    for cubics in result.cubics():
        outside.add(cubics)
    return outside.time_s


def time_between_s(high_hz: float, low_hz: float) -> float:
    """Return how long 94 GW s alone take from one frequency to another after 2,750 MW are lost [s]."""
    result = after_step(GridModel(94_000.0, 0.0), 2750.0, 2.0)
    return outside_s(result, 60.0 - high_hz) - outside_s(result, 60.0 - low_hz)


def cps1_of_a_sine() -> float:
    """Return CPS1 where the deviation is a sine of 30 mHz with a period of an hour [%]."""
    # kinetic energy and load alone: the load whose integral is that sine
    inertia_mws_per_hz = 2.0 * 100_000.0 / 60.0
    pulse = 2.0 * np.pi / 3600.0
    time_s = np.append(0.0, np.arange(0.0, 10.0 * 3600.0 + 0.5))
    load_mw = -0.030 * pulse * inertia_mws_per_hz * np.cos(pulse * time_s)
    load_mw[0] = 0.0
    result = response(time_s, load_mw, GridModel(100_000.0, 0.0, cps1_epsilon_hz=0.030))
    return cps1_percent(result.minute_mean_hz, 0.030)


CASES = [
    *(
        Identity(f"P1 {name}, 200 MW", CLOSED_FORM, expected, ours, Absolute(tolerance), unit)
        for name, expected, ours, tolerance, unit in [
            ("Nadir, state space", -0.341668, lambda: -textbook().peak_hz, 1e-6, "Hz"),
            ("Time of that nadir", 3.1607, lambda: textbook().nadir_time_s, 1e-4, "s"),
            ("Where it settles", -0.166667, lambda: TEXTBOOK.steady_state_hz(200.0), 1e-6, "Hz"),
            ("Initial rate of change", -0.262985, lambda: TEXTBOOK.rocof_hz_per_s(200.0), 1e-6, "Hz/s"),
        ]
    ),
    *(
        Identity(
            f"P2 Rate of change after 2,750 MW at {energy_gws} GW s",
            INERTIA,
            expected,
            partial(GridModel(energy_gws * 1000.0, 0.0).rocof_hz_per_s, -2750.0),
            Absolute(0.0005),
            "Hz/s",
        )
        for energy_gws, expected in [(100, 0.825), (130, 0.635), (300, 0.275)]
    ),
    Evidence(
        "P3 Rise after 1,260 MW of load lost in Virginia",
        VIRGINIA,
        0.047,
        partial(virginia, lambda result: result.frequency_hz[-1] - 60.0),
        Relative(0.25),
        "Hz",
    ),
    Identity(
        "P3 Zenith of that, eastern preset",
        "grid model notes: 60.053 Hz; " + VIRGINIA,
        60.053,
        partial(virginia, lambda result: result.zenith_hz),
        Absolute(0.0005),
        "Hz",
    ),
    Identity(
        "P4 Time from 59.7 to 59.3 Hz after 2,750 MW at 94 GW s, inertia alone",
        INERTIA + "; its simulation has 0.416 s",
        0.456,
        partial(time_between_s, 59.7, 59.3),
        Absolute(0.0005),
        "s",
    ),
    Evidence(
        "P5 Zenith after 2,600 MW of load lost, ercot: passes",
        LOAD_LOSS,
        60.4,
        lambda: after_step(GridModel.preset("ercot"), -2600.0).zenith_hz,
        Band(60.0, 60.4),
        "Hz",
    ),
    Identity(
        "P5 Zenith after 2,600 MW of load lost, ercot-low: fails",
        f"{LOAD_LOSS}; it depends on inertia",
        60.4,
        lambda: after_step(GridModel.preset("ercot-low"), -2600.0).zenith_hz,
        Band(low=60.4),
        "Hz",
    ),
    Identity(
        "P7 CPS1 of a sine of 30 mHz with a period of an hour",
        "NERC BAL-001-2: CF is half the square of amplitude by epsilon, 0.030 Hz",
        150.0,
        cps1_of_a_sine,
        Band(149.95, 150.1),
        "%",
    ),
]  # fmt: skip
