"""The ledger: every line of the run's profit and loss; revenue less cost is EBITDA, to the cent."""

from collections.abc import Callable, Iterable

from sim.metrics.ledger.lease import lease_lines
from sim.metrics.ledger.lines import (
    POWER,
    LedgerLine,
    Segment,
    charge_lines,
    mining_lines,
    opex_lines,
    penalty_lines,
    services_lines,
    sum_usd,
)
from sim.metrics.ledger.power import UNLEASED, ai_bills, power_lines
from sim.recording import Recording

ACCOUNTS: tuple[Callable[[Recording], Iterable[LedgerLine]], ...] = (
    mining_lines,
    services_lines,
    lease_lines,
    power_lines,
    charge_lines,
    opex_lines,
    penalty_lines,
)
"""The accounts, each a function from the recording to its lines; a new one is added here."""


def ledger(recording: Recording) -> tuple[LedgerLine, ...]:
    """Return every line of the run's profit and loss; lines without quantity and amount are left out."""
    lines = (line for account in ACCOUNTS for line in account(recording))
    return tuple(line for line in lines if not line.is_nothing)


def ai_revenue_is_known(recording: Recording) -> bool:
    """Return whether leases say what all AI loads earn; a load without one earns what nobody has said."""
    return UNLEASED not in recording.once(ai_bills)


__all__ = ["ACCOUNTS", "POWER", "LedgerLine", "Segment", "ai_revenue_is_known", "ledger", "sum_usd"]
