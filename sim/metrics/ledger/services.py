"""The account of ancillary services: what capacity earns, and what it costs not to hold or deliver it."""

from collections.abc import Iterator

from sim.metrics.ancillary import capacity_mwh, penalty_usd, revenue_usd, sold_services
from sim.metrics.ledger.line import Line
from sim.recording import Recording


def services_lines(recording: Recording) -> Iterator[Line]:
    """Yield capacity and penalties of each service; the fleets hold it, so mining earns it."""
    for service in sold_services(recording):
        sold_mwh = capacity_mwh(recording, service)
        earned_usd, lost_usd = revenue_usd(recording, service), penalty_usd(recording, service)
        yield Line("mining", "ancillary", f"{service}: capacity", sold_mwh, "MW·h", earned_usd)
        if lost_usd:
            yield Line(
                "mining", "ancillary", f"{service}: not held or delivered", sold_mwh, "MW·h", -lost_usd
            )


def services_gain_usd(recording: Recording) -> float:
    """Return what ancillary services bring, penalties taken off [USD]."""
    return sum(line.amount_usd for line in services_lines(recording))
