"""The test systems that come with ANDES, and the bus the site stands at."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class TestSystem:
    """A system to put the site into. It is a textbook's, not the user's grid."""

    __test__ = False  # the name begins as those of tests do

    name: str
    """What it is called on the command line."""
    title: str
    """What it is, in words."""
    case: str
    """Its file among the cases that come with ANDES."""
    bus: int
    """Number of the bus that the site is added to."""


SYSTEMS: Final = {
    system.name: system
    for system in (
        TestSystem("kundur", "Kundur, two areas, 4 machines, bus 7", "kundur/kundur_full.xlsx", 7),
        TestSystem("ieee39", "IEEE 39 buses, 10 machines, bus 16", "ieee39/ieee39_full.xlsx", 16),
    )
}
"""The systems by name."""
