"""Bitcoin's arithmetic, as miners use it; `sim.bitcoin` has the formulas, which the market needs too."""

from sim.bitcoin import (
    EPOCH_TARGET_DAYS,
    HASHES_PER_DIFFICULTY,
    RETARGET_LIMIT_RATIO,
    breakeven_usd_per_mwh,
    btc_per_ph_day,
    hashprice_usd_per_ph_day,
    hashrate_ph_s,
    retarget,
)
from sim.units import PETAHASH_IN_HASHES

__all__ = [
    "EPOCH_TARGET_DAYS",
    "HASHES_PER_DIFFICULTY",
    "PETAHASH_IN_HASHES",
    "RETARGET_LIMIT_RATIO",
    "breakeven_usd_per_mwh",
    "btc_per_ph_day",
    "hashprice_usd_per_ph_day",
    "hashrate_ph_s",
    "retarget",
]
