"""What a run costs: a change, a settle, a day, a year; each as a ratio to a bare SimPy loop beside it."""

import gc
import json
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypedDict

from benchmarks import cases
from benchmarks.timing import Figure, cpu_s, in_timeouts
from sim import run
from sim.engine.campus import Campus
from sim.scenario import Scenario

CHANGE_DAYS = 0.25
SHORT_DAYS = 14.0
YEAR_DAYS = 365.0
LEAST_RAMPING_SHARE = 0.95
MANY_LOADS, MANY_FLEETS = 400, 200
SETTLE_ROUNDS = 9

ALONE = """
import json, sys
from benchmarks import cases, timing
from sim import run
from sim.engine.campus import Campus
case, days, rounds = getattr(cases, sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
made = []
run(case(1.0))  # imports what it needs
def measured():
    made.append(run(case(days)).metrics)
whole = timing.in_timeouts(measured, rounds)
peak = timing.peak_mib()
counts = {name: made[-1][name] for name in ("event_count", "settle_count", "decision_count")}
json.dump({"timeouts": whole, "peak_mib": peak, "counts": counts}, sys.stdout)
"""


class Alone(TypedDict):
    """What a run in a process of its own says of itself."""

    timeouts: list[float]
    peak_mib: float
    counts: dict[str, float]


def change(*, whole: bool) -> Iterator[Figure]:
    """Measure a change of AI power that makes the fleet ramp: settle, decision, command and records."""
    days = 1.0 if whole else CHANGE_DAYS
    with tempfile.TemporaryDirectory() as folder:
        scenario = cases.ramping_seconds(Path(folder), days)
        scenario.check_files()
        result = run(scenario)
        changes = result.recording["ai_power_mw"].time_s.size
        share = cases.ramping_share(result.recording)
        assert share > LEAST_RAMPING_SHARE, f"only {share:.0%} of the changes make the fleet ramp"  # noqa: S101
        cost = in_timeouts(lambda: Campus(scenario).run())
        judged = in_timeouts(lambda: run(scenario))
    yield Figure("a change that ramps", "timeouts", tuple(value / changes for value in cost), "at most 7, aim 5")
    yield Figure("  with metrics", "timeouts", tuple(value / changes for value in judged))
    yield Figure("  share of the changes that ramp", "1", (share,), "above 0.95")
    for name in ("event_count", "settle_count", "decision_count"):
        yield Figure(f"  {name.removesuffix('_count')}s a change", "1", (result.metrics[name] / changes,))


def settle(*, whole: bool) -> Iterator[Figure]:
    """Measure how the cost of a settle grows with loads that stand, and with fleets of which one moves.

    A settle is what a longer run takes over a shorter one: to build a campus, to read its files and to freeze
    its signals takes as long in both.
    """
    days = (0.2, 1.0) if whole else (0.1, 0.3)
    with tempfile.TemporaryDirectory() as folder:
        for what, case, count, aim in (
            ("loads", cases.many_loads, MANY_LOADS, "at most 1.5"),
            ("fleets, of which one moves", cases.many_fleets, MANY_FLEETS, "at most 3"),
        ):
            one, many = (_growth_s(case, Path(folder), number, days) for number in (1, count))
            ratios = tuple(many() / one() for _ in range(SETTLE_ROUNDS))
            yield Figure(f"a settle at {count} {what}, over one", "1", ratios, aim)


def _growth_s(
    case: Callable[[Path, int, float], Scenario], folder: Path, count: int, days: tuple[float, float]
) -> Callable[[], float]:
    """Return what measures how much longer a case's longer run takes than its shorter one [s]."""
    shorter, longer = (_running(case(folder, count, each)) for each in days)
    longer()  # now its files are read; the shorter one's are the same
    return lambda: cpu_s(longer) - cpu_s(shorter)


def _running(scenario: Scenario) -> Callable[[], object]:
    """Return what runs a scenario; what building it costs is part of it, and small."""
    return lambda: Campus(scenario).run()


def day(*, whole: bool) -> Iterator[Figure]:  # noqa: ARG001  # a day is a day
    """Measure the quiet day of the example ``replay-day``, with metrics."""
    scenario = cases.quiet_day()
    run(scenario)
    yield Figure("a quiet day, with metrics", "timeouts", in_timeouts(partial(run, scenario)))


def growth(*, whole: bool) -> Iterator[Figure]:
    """Measure how the cost of a run grows from a day to a year."""
    days = [1.0, 7.0, 30.0, 91.0, *([YEAR_DAYS] if whole else [])]
    times_s = [cpu_s(_running(cases.campus_days(count))) for count in days]
    yield Figure("cost against length, log-log slope", "1", (cases.log_slope(days, times_s),), "at most 1.05")


def year(*, whole: bool) -> Iterator[Figure]:
    """Measure a year of helios with metrics, in a process of its own."""
    days = YEAR_DAYS if whole else 91.0
    figures = _alone("campus_days", days, rounds=3 if whole else 1)
    yield from _of_days("helios-year, with metrics", days, figures, "at most 12, aim 8", "at most 300")


def gigawatt(*, whole: bool) -> Iterator[Figure]:
    """Measure a campus of a gigawatt, 20 jobs and 10 services, with metrics, in a process of its own."""
    days = YEAR_DAYS if whole else SHORT_DAYS
    figures = _alone("gigawatt", days, rounds=1)
    yield from _of_days("a gigawatt year, with metrics", days, figures, "at most 60, aim 35", "")


def _of_days(name: str, days: float, figures: Alone, aim: str, memory_aim: str) -> Iterator[Figure]:
    """Yield the figures of a run in a process of its own, its cost as that of a year."""
    told = "" if days == YEAR_DAYS else f", from {days:.0f} days"
    years = tuple(value * YEAR_DAYS / days / 1e6 for value in figures["timeouts"])
    yield Figure(f"{name}{told}", "M timeouts", years, aim)
    yield Figure(f"  peak memory, {days:.0f} days", "MiB", (figures["peak_mib"],), memory_aim)
    for what, count in figures["counts"].items():
        yield Figure(f"  {what.removesuffix('_count')}s a simulated day", "1", (count / days,))


def memory(*, whole: bool) -> Iterator[Figure]:  # noqa: ARG001  # it has one size
    """Measure what a breakpoint takes: what a recording of 60 days holds more than one of 20."""
    (fewer_mib, fewer), (more_mib, more) = (_held(days) for days in (20.0, 60.0))
    mib = (more_mib - fewer_mib) / (more - fewer) * 1e6
    yield Figure("memory of a million breakpoints", "MiB", (mib,), "at most 17")


def _held(days: float) -> tuple[float, int]:
    """Return what the recording of a campus holds [MiB], and how many breakpoints it has."""
    scenario = cases.campus_days(days)
    gc.collect()
    tracemalloc.start()
    recording = Campus(scenario).run()
    gc.collect()
    held_mib = tracemalloc.get_traced_memory()[0] / 2**20
    tracemalloc.stop()
    return held_mib, sum(signal.time_s.size for signal in recording.signals.values())


def cohort(*, whole: bool) -> Iterator[Figure]:
    """Measure what a year of 57,000 machines takes over a year of the same power as one block."""
    days = YEAR_DAYS if whole else 91.0
    machines, block = (_alone(case, days, rounds=1) for case in ("cohort_days", "aggregate_days"))
    more = (machines["timeouts"][0] - block["timeouts"][0]) * YEAR_DAYS / days / 1e6
    yield Figure("57,000 machines for a year, over one block", "M timeouts", (more,))
    yield Figure("  peak memory over one block", "MiB", (machines["peak_mib"] - block["peak_mib"],), "at most 100")


def _alone(case: str, days: float, rounds: int) -> Alone:
    """Return the figures of a case in a process of its own, so that its peak memory is its own."""
    command = [sys.executable, "-c", ALONE, case, str(days), str(rounds)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # our own text
    figures: Alone = json.loads(answer.stdout)
    return figures
