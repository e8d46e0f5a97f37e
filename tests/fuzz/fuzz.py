"""``make fuzz``: load and run scenarios at the edges of the JSON Schema; a traceback or a hang is a fault.

Each is a scenario with some fields at their least, their most or just inside (`edges`), or, with ``--each``,
with one field of one description at one of its edges (`places`), and either refused as an input, or run to
its end. What ends in another way, or takes more than 20 s of processor time or 1 GiB, is printed with the
number that makes it again.
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
from resource import RLIMIT_AS, RUSAGE_SELF, getrusage, setrlimit
from time import process_time
from typing import Any

from edges import Walk
from places import Places, from_records

from sim.errors import InputError, RunError
from sim.simulation import run

COUNT, SECONDS, MIB = 10_000, 20.0, 1024
ADDRESSES = 4
"""So many times the memory may be addressed: libraries reserve more than they use."""


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


def tried(document: dict[str, Any], seconds: float = SECONDS) -> str:
    """Return what came of a scenario: refused, ran, or how it failed."""
    try:
        with within(seconds):
            run(from_records(document))
    except InputError:
        return "refused"
    except RunError:
        return "stopped"
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what is looked for
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        return f"FAULT {type(error).__name__} at {where}: {str(error)[:100]}"
    return "ran"


def documents(asked: argparse.Namespace) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the scenarios that are asked for, with their numbers."""
    numbers = range(asked.first, asked.first + asked.count)
    if asked.each:
        edges = enumerate(edge.document for edge in Places().edges())
        yield from (numbered for numbered in edges if numbered[0] in numbers)
    else:
        yield from ((number, Walk(number).document()) for number in numbers)


def main() -> int:
    """Try many and print what failed; exit with 1 where any has."""
    parser = argparse.ArgumentParser(prog="make fuzz ARGS=...", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="how many scenarios to try")
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    parser.add_argument("--each", action="store_true", help="each field at each of its edges, in turn")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="processor time that one may take")
    parser.add_argument("--show", action="store_true", help="print the first, and try it alone")
    asked = parser.parse_args()
    scenarios = documents(asked)
    warnings.simplefilter("error")
    if asked.show:
        _, document = next(scenarios)
        sys.stdout.write(json.dumps(document, indent=1) + "\n")
        run(from_records(document))
        return 0
    setrlimit(RLIMIT_AS, (ADDRESSES * MIB << 20, ADDRESSES * MIB << 20))
    counts: Counter[str] = Counter()
    slowest_s = most_mib = 0.0
    for number, document in scenarios:
        before_s, before_mib = process_time(), most_mib
        came = tried(document, asked.seconds)
        slowest_s = max(slowest_s, process_time() - before_s)
        most_mib = getrusage(RUSAGE_SELF).ru_maxrss / 1024
        if most_mib > max(before_mib, MIB):
            came = f"FAULT {most_mib:,.0f} MiB"
        if came.startswith("FAULT"):
            sys.stdout.write(f"{number}: {came}\n")
            sys.stdout.flush()
        counts[came.partition(" ")[0]] += 1
    told = ", ".join(f"{number:,} {came}" for came, number in sorted(counts.items()))
    sys.stdout.write(f"{told}; slowest {slowest_s:.1f} s, most memory {most_mib:,.0f} MiB\n")
    return 1 if counts["FAULT"] else 0


if __name__ == "__main__":
    sys.exit(main())
