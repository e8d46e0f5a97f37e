"""Illustrative interconnections, set by energy, response and nadir ratio.

All are unverified: made for orders of magnitude, not for a study of a grid. Kinetic energy of ``ercot-low``
is the record low of 2017 and that of ``ercot-critical`` the operator's critical inertia (ERCOT, "Inertia:
Basic Concepts and Impacts on the ERCOT Grid", 2018, as quoted by reviews); the others' is an assumption.
Responses are of the size measured; governor parameters follow from response and nadir ratio, and load damping
(1.5 % of load per % of frequency in ERCOT, 1 % elsewhere) is an assumption. A grid whose every unit on line
answered with 5 % droop would respond 5 to 16 times as much as is measured.

CPS1 targets: NERC BAL-001-2, attachment 1 (Eastern 0.018, Western 0.0228, ERCOT 0.030 Hz).
"""

from typing import Final

from sim.grid.frequency.model import Governor, GridModel

_EPSILON_ERCOT_HZ: Final = 0.030
AGC_TIME_S: Final = 150.0
"""Integration time of AGC for the large presets [s]: agc_gain is response by this. An assumption."""
ISLAND_AGC_TIME_S: Final = 60.0
"""The same for the island [s]. An assumption."""


def _damping_mw_per_hz(load_mw: float, percent_per_percent: float) -> float:
    """Return load damping from the load and its fall per relative fall of frequency of 60 Hz [MW/Hz]."""
    return percent_per_percent * load_mw / 60.0


PRESETS: Final[dict[str, GridModel]] = {
    "ercot": GridModel(
        250_000.0,
        _damping_mw_per_hz(60_000.0, 1.5),
        (Governor(4500.0, 0.3, 0.438, 7.0), Governor(3000.0, 0.15)),
        cps1_epsilon_hz=_EPSILON_ERCOT_HZ,
    ),
    "ercot-low": GridModel(
        130_000.0,
        _damping_mw_per_hz(35_000.0, 1.5),
        (Governor(3375.0, 0.3, 0.302, 7.0), Governor(2250.0, 0.15)),
        cps1_epsilon_hz=_EPSILON_ERCOT_HZ,
    ),
    "ercot-critical": GridModel(
        100_000.0,
        _damping_mw_per_hz(30_000.0, 1.5),
        (Governor(3450.0, 0.3, 0.396, 7.0),),
        cps1_epsilon_hz=_EPSILON_ERCOT_HZ,
    ),
    "eastern": GridModel(
        2_000_000.0,
        _damping_mw_per_hz(350_000.0, 1.0),
        (Governor(20_167.0, 0.3, 0.729, 8.0),),
        cps1_epsilon_hz=0.018,
    ),
    "western": GridModel(
        800_000.0,
        _damping_mw_per_hz(100_000.0, 1.0),
        (Governor(10_333.0, 0.3, 0.207, 8.0),),
        cps1_epsilon_hz=0.0228,
    ),
    "island": GridModel(1800.0, _damping_mw_per_hz(500.0, 1.0), (Governor(200.0, 0.2, 0.463, 6.0),)),
}
"""The presets by name, without AGC and without deadband."""
