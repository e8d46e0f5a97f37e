"""The dips of AI power as rows of a table, the deepest first."""

from dataclasses import dataclass
from typing import Final

from sim.metrics.dips import Dip, ai_dips
from sim.recording import Recording
from sim.report.format import format_duration, format_value
from sim.report.local_time import LocalTime

MOST_DIPS: Final = 10
"""Most dips that a table shows."""


@dataclass(frozen=True, slots=True)
class DipRow:
    """One dip, ready to show."""

    when: str
    depth: str
    levels: str
    """The level it fell from and the lowest it reached."""
    length: str
    energy: str
    """Energy not drawn, against the level before."""
    fall: str
    """Time that the fall took to become a dip."""


def dip_rows(recording: Recording, clock: LocalTime) -> tuple[DipRow, ...]:
    """Return the deepest dips of AI power.

    Parameters
    ----------
    recording
        The run.
    clock
        Its local time.

    Returns
    -------
    tuple of DipRow
        At most `MOST_DIPS`, the deepest first, of equal ones the earlier.
    """
    deepest = sorted(recording.once(ai_dips), key=lambda dip: (-dip.depth_mw, dip.start_s))
    return tuple(_row(dip, clock) for dip in deepest[:MOST_DIPS])


def _row(dip: Dip, clock: LocalTime) -> DipRow:
    return DipRow(
        when=clock.text(dip.start_s),
        depth=format_value(dip.depth_mw, "MW"),
        levels=f"{format_value(dip.reference_mw)} to {format_value(dip.lowest_mw, 'MW')}",
        length=format_duration(dip.length_s),
        energy=format_value(dip.energy_mwh, "MWh"),
        fall="jump" if dip.fall_s == 0.0 else format_duration(dip.fall_s),
    )
