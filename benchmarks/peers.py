"""``make peers``: the peers' reference job in Vessim, LEAF, a plain loop and here, in turn.

The peers' scripts are no part of the repository: they are read from ``../shared/peers`` and skipped, with a
word, where that folder or their environment is missing. Each runs in a process of its own; what counts is the
processor time of its timed part.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
PEERS = ROOT.parent / "shared" / "peers"
PYTHON = ROOT / ".venv-peers" / "bin" / "python"
JOBS = ((1.0, 1), (7.0, 60), (365.0, 60))
WITH_METRICS = "ours, with metrics"
SAME_JOB = 0.01
# their clocks read wall time, which says nothing on a machine that others use
IN_CPU_TIME = "import runpy, sys, time; time.perf_counter = time.process_time; del sys.argv[0]; "
IN_CPU_TIME += "sys.path.insert(0, sys.argv[0].rpartition('/')[0]); runpy.run_path(sys.argv[0], run_name='__main__')"


class Peer(NamedTuple):
    """One way to do the job."""

    name: str
    script: str
    more: tuple[str, ...] = ()
    longest_days: float = 365.0


OTHERS = (
    Peer("Vessim, all series", "bench_vessim.py", ("full",), longest_days=7.0),
    Peer("LEAF", "bench_leaf.py"),
    Peer("plain Python loop", "bench_floor.py"),
)


def main() -> int:
    """Run every job by everyone, round by round, and print medians."""
    parser = argparse.ArgumentParser(prog="make peers ARGS=...", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each runs")
    parser.add_argument("--year", action="store_true", help="365 days at 60 s too")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    asked = parser.parse_args()
    if not PEERS.is_dir():
        print(f"skipped: the peers' scripts are not there ({PEERS})")
        return 0
    if not PYTHON.exists():
        print("skipped: no environment with the peers: make peers sets it up")
        return 0
    found = {
        f"{days:g} d at {step_s} s": measured(days, step_s, asked.rounds)
        for days, step_s in JOBS
        if asked.year or days < JOBS[-1][0]
    }
    print(json.dumps({"unit": "CPU s", "jobs": found}, indent=1) if asked.json else table(found))
    return 0


def measured(days: float, step_s: int, rounds: int) -> dict[str, list[float]]:
    """Return the processor times of a job, by who did it [s]."""
    times: dict[str, list[float]] = {}
    for _ in range(rounds):
        ours = last_line(sys.executable, "-m", "benchmarks.reference_job", str(PEERS), str(days), str(step_s))
        require_same_job(ours["totals"])
        times.setdefault("ours, engine", []).append(ours["engine_s"])
        times.setdefault(WITH_METRICS, []).append(ours["metrics_s"])
        times.setdefault("ours, engine, events as orders", []).append(ours["ordered_s"])
        for peer in OTHERS:
            if days <= peer.longest_days:
                script = str(PEERS / peer.script)
                told = last_line(str(PYTHON), "-c", IN_CPU_TIME, script, str(days), str(step_s), *peer.more)
                times.setdefault(peer.name, []).append(told["wall_s"])
    return {name: sorted(values) for name, values in times.items()}


def require_same_job(totals: dict[str, list[float]]) -> None:
    """Raise where we did another job than the plain loop, by the energy of the site."""
    ours_mwh, plain_mwh = totals["mwh"]
    if abs(ours_mwh - plain_mwh) > SAME_JOB * plain_mwh:
        raise ValueError(f"not the same job: {ours_mwh:.1f} MWh, the plain loop has {plain_mwh:.1f} MWh")


def last_line(*command: str) -> Any:
    """Return the JSON in the last line that a command prints."""
    answer = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)  # noqa: S603  # own list
    return json.loads(answer.stdout.splitlines()[-1])


def table(found: dict[str, dict[str, list[float]]]) -> str:
    """Return a line for each job and who did it: median, spread, and the median over ours with metrics."""
    lines = []
    for job, times in found.items():
        ours_s = median(times[WITH_METRICS])
        for name, values in times.items():
            spread = f"({values[0]:.2f} to {values[-1]:.2f})"
            ratio = f"{median(values) / ours_s:6.2f} x ours with metrics"
            lines.append(f"{job:<14}{name:<32}{median(values):8.2f} CPU s {spread:<20}{ratio}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
