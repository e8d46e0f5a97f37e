"""The account of penalties: what it costs to exceed the limit."""

from collections.abc import Iterator

from sim.metrics.ledger.line import Line, cost
from sim.metrics.limits import exceedance
from sim.recording import Recording


def penalty_lines(recording: Recording) -> Iterator[Line]:
    """Yield the energy above the limit at its price."""
    energy = (recording.once(exceedance).energy_mwh, "MWh")
    price = recording.constants.get("cost.exceedance_penalty_usd_per_mwh")
    yield cost("site", "penalty", "energy above the limit", energy, price)
