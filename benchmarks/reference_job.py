"""The peers' reference job in this simulator: ``python -m benchmarks.reference_job PEERS DAYS STEP``.

PEERS is the folder of `common.py`, which makes the AI power, the price and the events that every peer is
given. They become files of a scenario, made before the clock starts, as the peers' are; an event is a price
above the threshold, or, measured apart, an order of the grid operator, which stands above any policy. Prints
one line of JSON: the processor time of the engine alone and with all metrics, and totals beside those of the
plain answer (the plain loop lets a step's power fall at its start; here it falls at its ramp).
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import cpu_s, peak_mib
from sim import run
from sim.engine.campus import Campus
from sim.result import Result
from sim.scenario import Scenario
from sim.testing import a_scenario

START = datetime(2026, 1, 1, tzinfo=UTC)
PRICE_STEP_S = 300
EVENT_USD_PER_MWH = 5000.0


def scenario_of(job: Any, folder: Path, days: float, step_s: int, *, ordered: bool) -> Scenario:
    """Return the job as a scenario: a replayed load, a price from a file, events, one fleet, a threshold."""
    ai_mw, price, curtailed = job.workload(days, step_s)
    if not ordered:
        price = np.where(curtailed > 0.0, np.maximum(price, EVENT_USD_PER_MWH), price)
    times_s = np.arange(ai_mw.size) * step_s
    _write(folder / "ai.csv", "time_s,power_mw", times_s, ai_mw)
    firsts = np.arange(0, ai_mw.size, max(1, PRICE_STEP_S // step_s))
    stamps = np.datetime64(START.replace(tzinfo=None), "s") + times_s[firsts].astype("timedelta64[s]")
    _write(
        folder / "price.csv",
        "time_utc,price_usd_per_mwh",
        np.char.add(stamps.astype(str), "Z"),
        price[firsts],
    )
    return a_scenario(
        folder,
        start=START.isoformat(),
        days=days,
        limit_mw=job.LIMIT_MW,
        loads=[{"name": "ai", "type": "replay", "file": "ai.csv"}],
        fleets=[_fleet(job)],
        market={"power": {"type": "file", "file": "price.csv"}},
        events=list(_orders(times_s, curtailed, days)) if ordered else [],
        controller={"order_lead_s": 0.0},
        policy={"type": "price-threshold", "threshold_usd_per_mwh": job.REV_PER_MWH},
    )


def _fleet(job: Any) -> dict[str, object]:
    """Return the miners, who earn what the job says at the default price of hash."""
    ramps = {"ramp_up_mw_per_s": job.RAMP_UP, "ramp_down_mw_per_s": job.RAMP_DOWN}
    return {
        "name": "miners",
        "type": "aggregate",
        "rated_mw": job.FLEET_MW,
        "initial_mw": 0.0,
        "efficiency_j_per_th": 22.0,
        **ramps,
    }


def _orders(times_s: Any, curtailed: Any, days: float) -> Iterator[dict[str, object]]:
    """Yield an order for each stretch of time in which the job stops the miners."""
    on = np.flatnonzero(np.diff(np.concatenate([[0.0], curtailed, [0.0]])))
    for first, last in zip(on[::2], on[1::2], strict=True):
        end_s = times_s[last] if last < times_s.size else days * 86_400.0
        yield {
            "type": "curtailment-order",
            "at_s": float(times_s[first]),
            "notice_min": 0.0,
            "duration_min": float(end_s - times_s[first]) / 60.0,
            "cap_mw": 0.0,
            "applies_to": "fleets",
        }


def _write(file: Path, head: str, *columns: Any) -> None:
    rows = "\n".join(",".join(map(str, row)) for row in zip(*(column.tolist() for column in columns), strict=True))
    file.write_text(f"{head}\n{rows}\n", encoding="utf-8")


def main() -> None:
    """Run the job once alone and once with metrics, and print what it took and gave."""
    peers, days, step_s = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    sys.path.insert(0, peers)
    job = import_module("common")
    made: list[Result] = []
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        scenario = scenario_of(job, Path(first), days, step_s, ordered=False)
        ordered = scenario_of(job, Path(second), days, step_s, ordered=True)
        scenario.check_files()
        times = {
            "engine_s": cpu_s(lambda: Campus(scenario).run()),
            "metrics_s": cpu_s(lambda: made.append(run(scenario))),
            "ordered_s": cpu_s(lambda: Campus(ordered).run()),
        }
    metrics = made[0].metrics
    plain = job.reference_result(days, step_s)
    totals = {
        "mwh": [metrics["site_energy_mwh"], plain["mwh"]],
        "peak_mw": [metrics["site_peak_mw"], plain["peak_mw"]],
    }
    print(
        json.dumps(
            times
            | {
                "peak_mib": peak_mib(),
                "totals": {name: [float(n) for n in pair] for name, pair in totals.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
