"""Limits on large loads, voltage and flicker against worked numbers."""

from functools import partial

import numpy as np
from published import Absolute, Band, Identity, Relative

from sim.grid.limits import published_limits
from sim.grid.voltage import Impedance, highest_power_mw, short_term_flicker, voltage_pu
from sim.metrics.power_limits import check_limits
from sim.signals import Signal

TITLE = "Grid limits and voltage"
DIP = Signal.linear([0.0, 1000.0, 1002.0, 1030.0, 1032.0], [200.0, 200.0, 40.0, 40.0, 200.0], 3600.0)
WORKED = "worked by hand: 200 to 40 MW and back, edges of 2 s, 30 s long"


def worst(name: str) -> float:
    """Return the worst of the dip under a shipped limit."""
    rules = [rule for rule in published_limits() if rule.name == name]
    return check_limits(DIP, rules, 200.0)[0].worst


def flicker(per_minute: int, step_pu: float) -> float:
    """Return the severity of so many steps a minute."""
    times_s = np.arange(0.5, 10.0 * per_minute) * 60.0 / per_minute
    steps_pu = np.full(times_s.size, step_pu)
    return float(short_term_flicker(times_s, steps_pu, np.zeros(times_s.size), 600.0)[0])


CASES = [
    Identity("Range of a dip in 15 s (IESO)", WORKED, 160.0, partial(worst, "ieso-15s"), Relative(1e-9), "MW"),
    Identity(
        "Net ramp of a dip over 60 s (Southern)",
        WORKED,
        160.0,
        partial(worst, "southern-ramp"),
        Relative(1e-9),
        "MW/min",
    ),
    Identity(
        "Net ramp of a dip over 10 min (CAISO)",
        WORKED,
        16.0,
        partial(worst, "caiso-10min"),
        Relative(1e-9),
        "MW/min",
    ),
    Identity(
        "Voltage change of 400 MW behind 2000 MVA, X/R 15",
        "two-bus power flow of pandapower 3.5.6; the linear rule gives -1.33 %",
        -3.54,
        lambda: 100.0 * (float(voltage_pu(400.0, 0.0, Impedance.of(2000.0, 15.0))) - 1.0),
        Absolute(0.006),
        "%",
    ),
    Identity(
        "Most power over a pure reactance, power factor 1",
        "textbook: half of the short-circuit power",
        1000.0,
        lambda: highest_power_mw(1.0, Impedance.of(2000.0, 1e9)),
        Relative(1e-6),
        "MW",
    ),
    *(
        Identity(
            f"Pst of a step of {100.0 * step_pu:.4g} %, {per_minute} a minute",
            "curve of IEC 61000-3-3: 1.0 (unverified); its analytical formula is 1 to 3 % below it",
            1.0,
            partial(flicker, per_minute, step_pu),
            Band(0.965, 0.995),
        )
        for per_minute, step_pu in ((1, 0.02724), (2, 0.02211), (7, 0.01459))
    ),
]
