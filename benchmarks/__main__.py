"""``make bench``: measure and print."""

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import cases
from sim import run
from sim.engine.campus import Campus
from sim.grid.frequency import GridModel, response
from sim.units import SECONDS_PER_HOUR

A_YEAR = """
import json, resource, sys, time
from benchmarks import cases
from sim import run
started = time.perf_counter()
result = run(getattr(cases, sys.argv[1])(365.0))
peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
json.dump({"wall_s": time.perf_counter() - started, "peak_mib": peak_mib,
           "event_count": result.metrics["event_count"],
           "settle_count": result.metrics["settle_count"]}, sys.stdout)
"""


A_RUN = """
import json, resource, sys, time
from benchmarks import cases
from sim.engine.campus import Campus
campus = Campus(getattr(cases, sys.argv[1])(365.0))
started = time.process_time()
campus.run()
peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
json.dump({"cpu_s": time.process_time() - started, "peak_mib": peak_mib}, sys.stdout)
"""


def main() -> None:
    """Measure everything and print a line for each figure with what is aimed at."""
    bare_s = cases.bare_timeout_s()
    line("bare SimPy timeout", f"{bare_s * 1e6:.2f} us", "the unit of all ratios")
    with tempfile.TemporaryDirectory() as folder:
        settled_change(Path(folder), bare_s)
    quiet = cases.quiet_day()
    line("quiet day in process, with metrics", f"{cases.best_s(lambda: run(quiet)):.3f} s", "under 0.1 s")
    growth()
    year("helios-year", "campus_days", "under 15 s", "under 400 MiB")
    cohort_year(bare_s)
    stability_year()
    frequency_year()
    year("a gigawatt for a year, 20 jobs, 10 services", "gigawatt", "under 60 s", "")


def settled_change(folder: Path, bare_s: float) -> None:
    """Measure a day with a change of AI power every second."""
    scenario = cases.replayed_seconds(folder)
    scenario.check_files()
    run_s, campus = min((cases.run_s(scenario) for _ in range(3)), key=lambda timed: timed[0])
    change_s = run_s / cases.SECONDS_A_DAY
    line(
        "settled change, decision, ramp and records", f"{change_s / bare_s:.1f} timeouts", "at most 10, aim 5"
    )
    line("  events and settles a change", f"{events_a_change(campus)}", "1.0 and 1.0")
    line(
        "replayed day of seconds, with metrics", f"{cases.best_s(lambda: run(scenario)):.2f} s", "under 1.2 s"
    )


def events_a_change(campus: Campus) -> str:
    """Return events and settles for each change of AI power."""
    clock = campus.clock
    return f"{clock.event_count / cases.SECONDS_A_DAY:.2f} and {clock.settle_count / cases.SECONDS_A_DAY:.2f}"


def growth() -> None:
    """Measure how the time of a run grows from a day to a year, and what a simulated day of it holds."""
    days = [1.0, 7.0, 30.0, 91.0, 365.0]
    timed = [cases.run_s(cases.campus_days(count)) for count in days]
    slope = cases.log_slope(days, [run_s for run_s, _ in timed])
    line("time against length, log-log slope", f"{slope:.3f}", "at most 1.05")
    clock = timed[-1][1].clock
    line(
        "events, settles a simulated day",
        f"{clock.event_count / 365:.0f}, {clock.settle_count / 365:.0f}",
        "",
    )


def cohort_year(bare_s: float) -> None:
    """Measure what a year of 57,000 machines takes over a year of the same power as one block."""
    cohort, aggregate = (figures_of(A_RUN, case) for case in ("cohort_days", "aggregate_days"))
    more_s = cohort["cpu_s"] - aggregate["cpu_s"]
    line("57,000 machines for a year, over one block", f"{more_s:.1f} s", "aim: under 5 s")
    line("  the same in bare timeouts", f"{more_s / bare_s / 1e6:.1f} million", "")
    more_mib = cohort["peak_mib"] - aggregate["peak_mib"]
    line("  peak memory over one block", f"{more_mib:.0f} MiB", "under 100 MiB")


def stability_year() -> None:
    """Measure the whole stability report of a year of 5 million breakpoints, against sorting as many."""
    recording = cases.restless_year()
    numbers = np.random.default_rng(0).random(recording["ai_power_mw"].time_s.size)
    sorted_s = cases.best_s(lambda: np.sort(numbers))
    cases.measure_stability(recording.between(0.0, SECONDS_PER_HOUR))  # imports what it needs
    report_s = cases.cpu_s(lambda: cases.measure_stability(recording))
    line("stability report of 5 million breakpoints", f"{report_s:.1f} s", "under 20 s")
    line("  the same in sorts of as many numbers", f"{report_s / sorted_s:.0f}", "")


def frequency_year() -> None:
    """Measure the frequency of a year of seconds and its numbers, against as many exponentials."""
    time_s, load_mw = cases.year_of_seconds()
    grid = GridModel.preset("ercot")
    response(time_s[:2], load_mw[:2], grid)  # imports what it needs
    exponentials_s = cases.best_s(lambda: np.exp(-time_s))
    response_s = cases.cpu_s(lambda: response(time_s, load_mw, grid))
    line("frequency at every second of a year", f"{response_s:.2f} s", "under 1.5 s")
    line("  the same in exponentials of as many numbers", f"{response_s / exponentials_s:.1f}", "")
    result = response(time_s, load_mw, grid)
    before_mib = peak_mib()
    line("  its numbers", f"{cases.cpu_s(lambda: result.nadir_hz):.1f} s", "under 4 s")
    line("  its RoCoF over three windows", f"{cases.cpu_s(lambda: result.rocof):.1f} s", "under 6 s")
    line("  memory beyond load and frequency", f"{peak_mib() - before_mib:.0f} MiB", "under 50 MiB")


def peak_mib() -> float:
    """Return the peak memory of this process [MiB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def year(name: str, case: str, time_aim: str, memory_aim: str) -> None:
    """Measure a year in a process of its own: wall time with metrics, and peak memory."""
    figures = figures_of(A_YEAR, case)
    line(f"{name}, with metrics", f"{figures['wall_s']:.1f} s", time_aim)
    line("  peak memory of its process", f"{figures['peak_mib']:.0f} MiB", memory_aim)
    events, settles = figures["event_count"] / 365.0, figures["settle_count"] / 365.0
    line("  events, settles a simulated day", f"{events:.0f}, {settles:.0f}", "")


def figures_of(script: str, case: str) -> dict[str, float]:
    """Return the figures that a script prints of a case, in a process of its own."""
    answer = subprocess.run(  # noqa: S603  # our own interpreter and our own text
        [sys.executable, "-c", script, case], check=True, capture_output=True, text=True
    )
    figures: dict[str, float] = json.loads(answer.stdout)
    return figures


def line(what: str, figure: str, aim: str) -> None:
    """Print one figure."""
    print(f"{what:<46}{figure:>24}   {aim}")


if __name__ == "__main__":
    main()
