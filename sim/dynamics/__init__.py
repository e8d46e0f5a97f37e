"""The worst windows of a run on the bundled test systems of ANDES, beside the SFR model of the same machines.

ANDES (GPL-3.0) is an extra, and runs as a program of its own: `andes_program` is the only module that knows
it, and is never imported.
"""

from sim.dynamics.andes_process import SYSTEMS, TestSystem
from sim.dynamics.comparison import (
    StudyWindow,
    WindowComparison,
    compare_windows,
    worst_windows,
    write_comparison,
)

__all__ = [
    "SYSTEMS",
    "StudyWindow",
    "TestSystem",
    "WindowComparison",
    "compare_windows",
    "worst_windows",
    "write_comparison",
]
