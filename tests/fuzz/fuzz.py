"""``make fuzz``: load and run scenarios at the edges of the JSON Schema; a traceback or a hang is a fault.

Each is a scenario with some fields at their least, their most or just inside (`edges`), and either refused as
an input, or run to its end. What ends in another way, or takes more than 20 s of processor time, is printed
with the number that makes it again.
"""

import argparse
import json
import signal
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from resource import RLIMIT_AS, setrlimit

from edges import Walk

from sim.errors import InputError
from sim.scenario import scenario_from
from sim.simulation import run

COUNT, SECONDS, MIB = 10_000, 20.0, 2048
SCENARIOS = Path(__file__).parents[2] / "scenarios"


class TooLongError(Exception):
    """A scenario took more processor time than it may."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise where something takes more processor time than this [s]."""

    def stop(*_: object) -> None:
        raise TooLongError(f"more than {seconds:g} s of processor time")

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)


def tried(seed: int, seconds: float) -> str:
    """Return what came of a scenario: refused, ran, or how it failed."""
    document = Walk(seed).document()
    try:
        with within(seconds):
            run(scenario_from(document, folder=SCENARIOS))
    except InputError:
        return "refused"
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what is looked for
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        return f"FAULT {type(error).__name__} at {where}: {str(error)[:100]}"
    return "ran"


def main() -> int:
    """Try many and print what failed; exit with 1 where any has."""
    parser = argparse.ArgumentParser(prog="make fuzz ARGS=...", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="how many scenarios to try")
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="processor time that one may take")
    parser.add_argument("--show", type=int, help="print the scenario with this number, and try it alone")
    asked = parser.parse_args()
    setrlimit(RLIMIT_AS, (MIB << 20, MIB << 20))
    warnings.simplefilter("error")
    if asked.show is not None:
        sys.stdout.write(json.dumps(Walk(asked.show).document(), indent=1) + "\n")
        run(scenario_from(Walk(asked.show).document(), folder=SCENARIOS))
        return 0
    counts: Counter[str] = Counter()
    for seed in range(asked.first, asked.first + asked.count):
        came = tried(seed, asked.seconds)
        if came.startswith("FAULT"):
            sys.stdout.write(f"{seed}: {came}\n")
            sys.stdout.flush()
        counts[came.partition(" ")[0]] += 1
    sys.stdout.write(", ".join(f"{number:,} {came}" for came, number in sorted(counts.items())) + "\n")
    return 1 if counts["FAULT"] else 0


if __name__ == "__main__":
    sys.exit(main())
