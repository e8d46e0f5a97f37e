"""What miners add to a site, by what it comes from."""

from typing import NamedTuple

from sim.metrics.accounts import NEXT_YEAR, incremental_lines
from sim.recording import Recording
from sim.study.objective import objective_usd


class Added(NamedTuple):
    """Parts of what is added; costs are positive."""

    objective_usd: float
    revenue_usd: float
    demand_usd: float
    peaks_usd: float


def added(recording: Recording) -> Added:
    """Return what miners add, and what of it is revenue, demand charge and next year's transmission [USD]."""
    lines = incremental_lines(recording)
    return Added(
        objective_usd(recording),
        sum(line.amount_usd for line in lines if line.account == "mining"),
        -sum(line.amount_usd for line in lines if line.item.startswith("demand charge")),
        -sum(line.amount_usd for line in lines if line.item == NEXT_YEAR),
    )
