"""One megawatt of miners that follow at once, for tables of what price policies earn."""

from typing import Any, Final

EFFICIENCY_J_PER_TH: Final = 17.5
MINERS: Final[dict[str, Any]] = {
    "name": "miners",
    "type": "aggregate",
    "rated_mw": 1.0,
    "ramp_up_mw_per_s": 1e6,
    "ramp_down_mw_per_s": 1e6,
    "efficiency_j_per_th": EFFICIENCY_J_PER_TH,
}


def bitcoin(breakeven_usd_per_mwh: float) -> dict[str, Any]:
    """Return the market in which they break even at a power price."""
    hashprice = breakeven_usd_per_mwh * 0.024 * EFFICIENCY_J_PER_TH
    return {"type": "fixed", "hashprice_usd_per_ph_day": hashprice, "pool_fee_fraction": 0.0}
