"""What is done with a recording, and what a command costs around its run."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import numpy as np

from benchmarks import cases
from benchmarks.timing import Figure, cpu_s, in_turn, peak_mib
from sim import load_scenario, run
from sim.grid.frequency import GridModel, response
from sim.units import SECONDS_PER_HOUR

ROUNDS = 3
HELIOS = cases.SCENARIOS / "helios.yaml"


def stability(*, whole: bool) -> Iterator[Figure]:  # noqa: ARG001  # it has one size
    """Measure the whole stability report of a year of 5 million breakpoints, against sorting as many."""
    recording = cases.restless_year()
    numbers = np.random.default_rng(0).random(recording["ai_power_mw"].time_s.size)
    cases.measure_stability(recording.between(0.0, SECONDS_PER_HOUR))  # imports what it needs
    pairs = in_turn(lambda: np.sort(numbers), lambda: cases.measure_stability(recording), rounds=1)
    ratios = tuple(report_s / sorted_s for sorted_s, report_s in pairs)
    yield Figure("stability report of 5 million breakpoints", "sorts", ratios)
    yield Figure("  the same in seconds", "s", tuple(report_s for _, report_s in pairs), "at most 20")


def frequency(*, whole: bool) -> Iterator[Figure]:  # noqa: ARG001  # it has one size
    """Measure the frequency of a year of seconds and its numbers, against as many exponentials."""
    time_s, load_mw = cases.year_of_seconds()
    grid = GridModel.preset("ercot")
    response(time_s[:2], load_mw[:2], grid)  # imports what it needs
    pairs = in_turn(lambda: np.exp(-time_s), lambda: response(time_s, load_mw, grid), ROUNDS)
    ratios = tuple(found_s / exponentials_s for exponentials_s, found_s in pairs)
    yield Figure("frequency at every second of a year", "exponentials", ratios)
    result = response(time_s, load_mw, grid)
    before_mib = peak_mib()
    yield Figure("  its numbers", "s", (cpu_s(lambda: result.nadir_hz),), "at most 4")
    yield Figure("  its RoCoF over three windows", "s", (cpu_s(lambda: result.rocof),), "at most 6")
    yield Figure("  memory beyond load and frequency", "MiB", (peak_mib() - before_mib,), "at most 50")


def command(*, whole: bool) -> Iterator[Figure]:  # noqa: ARG001  # it has one size
    """Measure whole commands against importing NumPy and SimPy, each in a process of its own."""
    names = ("hashballast run helios, beyond its run", "hashballast validate helios")
    found: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            imports_s = _child_s("-c", "import numpy, simpy")
            out = Path(folder) / str(number)
            run_s = cpu_s(lambda: run(load_scenario(HELIOS)))
            whole_s = _child_s("-m", "sim", "run", str(HELIOS), "--out", str(out))
            found[names[0]].append((whole_s - run_s) / imports_s)
            found[names[1]].append(_child_s("-m", "sim", "validate", str(HELIOS)) / imports_s)
    for name, aim in zip(names, ("at most 7", "at most 3"), strict=True):
        yield Figure(name, "imports", tuple(found[name]), aim)


def _child_s(*arguments: str) -> float:
    """Return the processor time of a Python process [s]."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)  # noqa: S603  # our own code
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
