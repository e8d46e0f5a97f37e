"""AI that gives way, against what was shown of it in Phoenix and in London."""

import tempfile
from functools import cache, partial
from pathlib import Path

from published import Absolute, Band, Calibration, Relative
from quick import run

from sim.ai.flexibility import LOST_FRACTION, Flexibility
from sim.metrics.give_way import of
from sim.result import Result
from sim.testing import a_scenario

TITLE = "AI that gives way"
HOUR_S = 3600.0
BINDS_S = HOUR_S + 900.0
MIX = {1: "inference", 2: "fine-tuning", 3: "pretraining"}


@cache
def cut(percent: float, notice_min: float, hours_h: float) -> Result:
    """Return the run of a fleet of GPUs, a third of each class, that an order cuts [%] for some hours [h]."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "third.csv").write_text("time_s,power_mw\n0,10\n")
        order = {"type": "curtailment-order", "applies_to": "site", "at_s": BINDS_S - 60.0 * notice_min}
        order |= {"notice_min": notice_min, "duration_min": 60.0 * hours_h}
        loads = [
            {
                "name": job,
                "type": "replay",
                "file": "third.csv",
                "flexibility": {
                    "job": job,
                    "flex": flex,
                    "gpu_power_fraction": 1.0,
                    "value_usd_per_mwh": 100.0,
                },
            }
            for flex, job in MIX.items()
        ]
        events = [order | {"cap_mw": 30.0 * (1.0 - percent / 100.0)}]
        return run(a_scenario(Path(folder), days=0.5, loads=loads, fleets=[], events=events))


def least_cut_percent(result: Result, from_s: float, until_s: float) -> float:
    """Return the least that the cluster was below its power from one time to another [%]."""
    return 100.0 * (1.0 - result.recording["ai_power_mw"].clip_time(from_s, until_s).maximum() / 30.0)


def phoenix_cut_percent() -> float:
    """Return the least cut over the three hours [%]."""
    return least_cut_percent(cut(25.0, 15.0, 3.0), BINDS_S, BINDS_S + 3.0 * HOUR_S)


def phoenix_lost_percent(flex: int) -> float:
    """Return the throughput that a class lost in them [%]."""
    found = of(cut(25.0, 15.0, 3.0).recording, f"flex.{flex}")
    return 100.0 * found.undone_mwh / found.needed_mwh if found.needed_mwh else 0.0


def london_s() -> float:
    """Return how long it takes from the order until 30 % are gone [s]."""
    power = cut(30.0, 0.0, 3.0).recording["ai_power_mw"]
    return float(power.intervals_above(30.0 * 0.7 + 1e-6)[0][1]) - BINDS_S


def lost_percent(job: str, power_fraction: float) -> float:
    """Return the throughput lost where GPUs draw a share of their power [%]."""
    spec = Flexibility(job=job, flex=3, gpu_power_fraction=1.0)
    return 100.0 * spec.lost_fraction(power_fraction)


PHOENIX = "Emerald AI, Oracle, SRP, Phoenix, May 2025: 256 GPUs, 25 % for 3 h (primary, from a public note)"
SWEEP = "sweep of power caps on the same cluster (ai-emerald/emerald-ai-demo-may-2025), as noted: of its curve"
LONDON = "Nebius, National Grid, London, December 2025: 30 % in 30 s (secondary source)"
CASES = [
    Calibration("Phoenix: cut held for three hours", PHOENIX, 25.0, phoenix_cut_percent, Absolute(0.01), "%"),
    *(
        Calibration(
            f"Phoenix: throughput lost by class Flex {flex}",
            "classes of Emerald AI: lost at most over the event (secondary source)",
            100.0 * most,
            partial(phoenix_lost_percent, flex),
            Band(0.0, 100.0 * most),
            "%",
        )
        for flex, most in LOST_FRACTION.items()
    ),
    Calibration(
        "pretraining at 300 W caps: throughput lost",
        SWEEP,
        13.5,
        partial(lost_percent, "pretraining", 291 / 382),
        Absolute(0.5),
        "%",
    ),
    Calibration(
        "inference at 300 W caps: throughput lost",
        SWEEP,
        6.5,
        partial(lost_percent, "inference", 289 / 368),
        Absolute(0.6),
        "%",
    ),
    Calibration(
        "pretraining at 250 W caps: throughput lost",
        SWEEP,
        21.0,
        partial(lost_percent, "pretraining", 245 / 382),
        Absolute(1.0),
        "%",
    ),
    Calibration("London: time until 30 % are gone", LONDON, 30.0, london_s, Relative(0.01), "s"),
]
