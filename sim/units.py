"""Constants, conversions and kinds of numbers; the only place where a factor of 60, 3600 or 1000 stands bare.

Inside the code there is one unit per quantity (MW, MWh, s, USD/MWh, Hz, J/TH, PH/s), and names end in it.
"""

from functools import cache
from math import inf
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.shipped import shipped

FloatArray = NDArray[np.float64]
"""Array of 64-bit floats."""
BoolArray = NDArray[np.bool_]
"""Array of truth values."""
IndexArray = NDArray[np.intp]
"""Array of places in another array."""
Number = TypeVar("Number", float, FloatArray)
"""A number or an array of numbers: what a formula takes and gives."""

ROUNDING: Final = 1e-9
"""Share of a number by which it may differ through rounding alone."""
TOLERANCE_MW: Final = 1e-6
"""A watt: powers that are nearer are the same, and a fleet that fills up to the limit exactly misses it by less."""
SECONDS_PER_MINUTE: Final = 60.0
MILLISECONDS_PER_SECOND: Final = 1000.0
SECONDS_PER_QUARTER: Final = 15.0 * SECONDS_PER_MINUTE
"""Of a quarter of an hour: the clocks of every zone show whole hours, and change, at whole ones in UTC."""
SECONDS_PER_HOUR: Final = 3600.0
SECONDS_PER_DAY: Final = 86_400.0
SECONDS_PER_YEAR: Final = 31_536_000.0
"""A year of 365 days, 8,760 hours, in which yearly sums of money are counted."""
HOURS_PER_DAY: Final = 24.0
JOULES_PER_WATT_HOUR: Final = 3600.0
JOULES_PER_MEGAWATT_HOUR: Final = 3.6e9
HOURS_PER_WEEK: Final = 168
EPOCH_HOUR_OF_WEEK: Final = 72.0
"""Hours from a Monday's midnight to 1970-01-01T00:00Z, which was a Thursday's."""
MEGAWATT_IN_WATTS: Final = 1e6
KW_PER_MW: Final = 1000.0
MHZ_PER_HZ: Final = 1000.0
PETAHASH_IN_TERAHASHES: Final = 1e3
PETAHASH_IN_HASHES: Final = 1e15
EXAHASH_IN_PETAHASHES: Final = 1e3

SUFFIX_UNITS: Final[dict[str, str]] = shipped("sim", "units.json")
"""The closed list of suffixes a name may end in, and the unit that each stands for; in ``units.json``."""

_SIZES: Final[dict[str, tuple[float, float]]] = shipped("sim", "sizes.json")
"""Least above zero and most of a unit that anything on earth has, generously; in ``sizes.json``."""


@cache
def sizes_of(name: str) -> tuple[float, float]:
    """Return what a quantity is at least where it must be above zero, and at most, by its name's unit.

    Examples
    --------
    >>> sizes_of("limit_mw"), sizes_of("seed")
    ((1e-09, 1000000.0), (1e-09, inf))
    """
    least, most = _SIZES.get(unit_of(name) or "", (1e-9, inf))
    return least, most


def unit_of(name: str) -> str | None:
    """Return the unit that a name's suffix stands for, or None where it has none.

    Examples
    --------
    >>> unit_of("ramp_up_mw_per_s"), unit_of("limit_mw"), unit_of("seed")
    ('MW/s', 'MW', None)
    """
    parts = name.split("_")
    for start in range(len(parts)):
        unit = SUFFIX_UNITS.get("_".join(parts[start:]))
        if unit is not None:
            return unit
    return None
