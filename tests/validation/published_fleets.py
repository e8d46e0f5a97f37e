"""Fleets of miners against what is published of their firmware and of the software that commands them."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from published import Absolute, Identity, Relative
from quick import run

from sim.recording import Recording
from sim.testing import a_scenario

TITLE = "Fleets"
COHORT = {
    "name": "miners",
    "type": "cohort",
    "model": "antminer-s21",
    "machine_count": 57_000,
    "standby_w": 0.0,
    "failures": {"per_start_fraction": 0.0, "per_year_fraction": 0.0},
}
LIMIT_MW = 250.0
FIRMWARE = "follows from times of the firmware (hashrateindex.com, firmware features; stock: assumption), L 3 s"


def woken(duration_s: float, **keys: object) -> Recording:
    """Return a run of a cohort that sleeps beside AI at the limit, in which AI dips to nothing at 600 s."""
    rows = [(0.0, LIMIT_MW), (600.0, 0.0), (600.0 + duration_s, LIMIT_MW)]
    with TemporaryDirectory() as folder:
        text = "time_s,power_mw\n" + "".join(f"{time_s},{power_mw}\n" for time_s, power_mw in rows)
        (Path(folder) / "ai.csv").write_text(text, encoding="utf-8")
        load = {"name": "ai", "type": "replay", "file": "ai.csv"}
        fleets = [COHORT | keys]
        return run(a_scenario(Path(folder), fleets=fleets, loads=[load], limit_mw=LIMIT_MW, days=0.1)).recording


def filled(firmware: str) -> float:
    """Return the share of a dip of 120 s in which the machines hash."""
    rate = woken(120.0, firmware=firmware)["fleet.miners.hashrate_ph_s"]
    return rate.clip_time(600.0, 720.0).integral() / (120.0 * 57_000 * 0.2)


def restored_min() -> float:
    """Return the time in which a cohort wakes, 50 machines each 5 s [min]."""
    asleep = woken(8000.0, block_machine_count=50, dispatch_blocks_per_s=0.2)["fleet.miners.asleep_count"]
    return float(asleep.time_s[asleep.value == 0.0][0] - 603.0) / 60.0


CASES = [
    Identity("Filled share of a dip of 120 s, unsafe", FIRMWARE, 0.93, partial(filled, "unsafe"), Absolute(0.005)),
    Identity("Filled share of a dip of 120 s, quick", FIRMWARE, 0.68, partial(filled, "quick"), Absolute(0.005)),
    Identity("Filled share of a dip of 120 s, stock", FIRMWARE, 0.0, partial(filled, "stock"), Absolute(0.005)),
    Identity(
        "Start of the last of 20 batches of 57,000 machines, 50 each 5 s",
        "follows from the defaults of block/proto-fleet: 19/20 of 57,000/50·5 s",
        90.25,
        restored_min,
        Relative(1e-6),
        "min",
    ),
]
