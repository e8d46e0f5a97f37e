"""The blocks of a run, found after it: a run's hash rates are known, and luck changes none of them."""

from dataclasses import replace

from numpy.random import Generator

from sim.market.pools import Payments, Pool, Work
from sim.metrics.hashrate import hashrate_ph_s
from sim.metrics.mining import BLOCK_KIND, EXPECTED_BLOCKS, POOL
from sim.recording import EventRow, Recording
from sim.signals import Signal, total


def with_blocks(recording: Recording, pool: Pool, draws: Generator) -> Recording:
    """Return a recording with the blocks that paid the site, where pay comes by blocks.

    Parameters
    ----------
    recording
        A run; where `pool` pays by blocks, with the signals of a ``network`` market.
    pool
        Who pays.
    draws
        The blocks' own random stream.

    Returns
    -------
    Recording
        The same, with an event ``block`` of source ``pool`` for each block, its value what the site got for
        it [BTC], and the constant ``pool.expected_block_count``; unchanged where pay does not come by blocks.

    Raises
    ------
    InputError
        The site hashes more than its pool.
    """
    payments = pool.payments(_work(recording), draws) if pool.pays_blocks else None
    if payments is None:
        return recording
    events = sorted((*recording.events, *_rows(payments)), key=lambda event: event.time_s)
    constants = {**recording.constants, EXPECTED_BLOCKS: payments.expected_count}
    return replace(recording, events=tuple(events), constants=constants)


def _work(recording: Recording) -> Work:
    nothing = Signal.constant(0.0, recording.end_s)
    return Work(
        total([nothing, *(hashrate_ph_s(recording, fleet) for fleet in recording.fleet_names)]),
        recording["difficulty"],
        recording["network_hashrate_eh_s"],
        recording["subsidy_btc"] + recording["fees_btc"],
    )


def _rows(payments: Payments) -> list[EventRow]:
    paid = zip(payments.time_s.tolist(), payments.btc.tolist(), strict=True)
    return [EventRow(time_s, POOL, BLOCK_KIND, btc) for time_s, btc in paid]
