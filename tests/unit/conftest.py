from collections.abc import Callable
from typing import Any

import pytest

from sim.facts import Facts
from sim.recording import Recording, add_totals
from sim.signals import Signal


@pytest.fixture
def record() -> Callable[..., Recording]:
    """Return a recording whose signals are given as lists of (time, value) that lines join.

    Two points at one time make a jump. A number stands for a constant.
    """

    def line(points: Any, end_s: float) -> Signal:
        if isinstance(points, Signal):
            return points
        if isinstance(points, float | int):
            return Signal.constant(float(points), end_s)
        return Signal.linear([time_s for time_s, _ in points], [value for _, value in points], end_s)

    def make(
        loads: dict[str, Any],
        fleets: dict[str, Any] | None = None,
        *,
        end_s: float = 3600.0,
        limit_mw: Any = 200.0,
        price: Any = 40.0,
        hashprice: Any = 48.0,
        btc: Any = 80_000.0,
        constants: dict[str, float] | None = None,
        **others: float,
    ) -> Recording:
        fleets = fleets or {}
        signals = {f"load.{name}.power_mw": line(points, end_s) for name, points in loads.items()}
        signals |= {f"fleet.{name}.power_mw": line(points, end_s) for name, points in fleets.items()}
        signals |= {f"fleet.{name}.commanded_mw": Signal.constant(0.0, end_s) for name in fleets}
        signals |= {
            "fleet_target_mw": Signal.constant(0.0, end_s),
            "limit_mw": line(limit_mw, end_s),
            "price_usd_per_mwh": line(price, end_s),
            "hashprice_usd_per_ph_day": line(hashprice, end_s),
            "price_usd_per_btc": line(btc, end_s),
        }
        facts = {"pool_fee_fraction": 0.0, "run.event_count": 9.0, "run.settle_count": 5.0}
        facts["run.decision_count"] = 4.0
        for name in fleets:
            facts |= {f"fleet.{name}.rated_mw": 60.0, f"fleet.{name}.minimum_mw": 0.0}
            facts[f"fleet.{name}.efficiency_j_per_th"] = 20.0
        return Recording(0.0, end_s, add_totals(signals, end_s), (), Facts.of(facts | (constants or {}) | others))

    return make
