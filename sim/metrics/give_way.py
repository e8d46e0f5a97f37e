r"""What AI gave up where it gave way to orders or a lowered limit: energy, work, and what that is worth.

Notes
-----
With what a load needs :math:`n`, what it draws :math:`p` and the share of its throughput that it kept
:math:`T`, it gave up :math:`\int n - p\,dt` of energy, and left :math:`\int n\,(1 - T)\,dt` of work undone,
in units of the energy that would have done it; work is worth the same at every megawatt-hour of need. Shares
of work are over the time in which the load gave way. In a hall all of it is IT power.
"""

from collections.abc import Mapping
from math import fsum
from typing import NamedTuple

from sim.metrics.base import LoadMetric, Metric, ratio
from sim.metrics.energy import energy_mwh
from sim.recording import Recording
from sim.signals.changes import one_within
from sim.units import TOLERANCE_MW


class Given(NamedTuple):
    """What a load gave up, or several."""

    energy_mwh: float
    undone_mwh: float
    """Energy that would have done the work left undone [MWh]."""
    needed_mwh: float
    """What it needed while it gave way [MWh]."""
    worth_usd: float

    @property
    def usd_per_mwh(self) -> float:
        """Worth of the work left undone over the energy given up [USD/MWh]; NaN where it was none."""
        return ratio(self.worth_usd, self.energy_mwh)

    @property
    def lost_fraction(self) -> float:
        """Share of the work that was left undone; NaN where none was."""
        return ratio(self.undone_mwh, self.needed_mwh)


def given(recording: Recording) -> Mapping[str, Given]:
    """Return what each load gave up that could give way, by its name."""
    found = {}
    for load, facts in recording.facts.load.items():
        if facts.flex_class is not None:
            need, undone = (recording[f"load.{load}.{what}_mw"] for what in ("need", "undone"))
            lacking = need - recording.load_power_mw(load)
            low = one_within(lacking.intervals_above(TOLERANCE_MW), recording.end_s)
            undone_mwh = energy_mwh(undone)
            worth_usd = undone_mwh * (facts.work_usd_per_mwh or 0.0)
            found[load] = Given(energy_mwh(lacking), undone_mwh, energy_mwh(need.times(low)), worth_usd)
    return found


def names(recording: Recording) -> dict[str, str]:
    """Return who has metrics of what was given up: loads and classes, ``flex.1``."""
    flexible = recording.once(given)
    found = {f"flex.{recording.facts.load[load].flex_class:g}" for load in flexible}
    return dict.fromkeys((*flexible, *sorted(found)), "flexible")


def of(recording: Recording, who: str = "") -> Given:
    """Return what a load gave up, or a class, or all."""
    every, facts = recording.once(given), recording.facts.load
    own = [each for load, each in every.items() if who in {"", load, f"flex.{facts[load].flex_class:g}"}]
    return Given(*map(fsum, zip(Given(0.0, 0.0, 0.0, 0.0), *own, strict=True)))


CATALOGUE = (
    Metric("ai_given_up_mwh", lambda r: of(r).energy_mwh),
    Metric("ai_given_up_usd", lambda r: of(r).worth_usd),
    Metric("ai_given_up_usd_per_mwh", lambda r: of(r).usd_per_mwh),
    LoadMetric("given_up.{flexible}.energy_mwh", lambda r, who: of(r, who).energy_mwh),
    LoadMetric("given_up.{flexible}.work_usd_per_mwh", lambda r, who: of(r, who).usd_per_mwh),
    LoadMetric("given_up.{flexible}.work_fraction", lambda r, who: of(r, who).lost_fraction),
)
