"""The account of mining: the bitcoin that the fleets earn."""

from collections.abc import Iterator

from sim.metrics.economics import mined_btc, mining_revenue_usd
from sim.metrics.ledger.line import Line
from sim.recording import Recording


def mining_lines(recording: Recording) -> Iterator[Line]:
    """Yield what was mined, net of the pool's fee, each bitcoin at the price of its moment."""
    mined, revenue_usd = recording.once(mined_btc), recording.once(mining_revenue_usd)
    yield Line("mining", "mining", "bitcoin mined, net of the pool fee", mined, "BTC", revenue_usd)
