"""``make bench``: measure and print."""

import argparse
import json

from benchmarks import runs, studies
from benchmarks.timing import Figure

GROUPS = {
    "change": runs.change,
    "settle": runs.settle,
    "day": runs.day,
    "growth": runs.growth,
    "year": runs.year,
    "gigawatt": runs.gigawatt,
    "memory": runs.memory,
    "cohort": runs.cohort,
    "stability": studies.stability,
    "frequency": studies.frequency,
    "command": studies.command,
}
DEAR = ("growth", "memory", "cohort", "stability", "frequency")


def main() -> None:
    """Measure what is asked for and print each figure: its median, its spread, and what is aimed at."""
    asked = _arguments()
    figures = []
    for name in asked.groups or [name for name in GROUPS if asked.long or name not in DEAR]:
        for figure in GROUPS[name](whole=asked.long):
            figures.append(figure)
            if not asked.json:
                print(_line(figure), flush=True)
    if asked.json:
        print(json.dumps([figure.as_json() for figure in figures], indent=1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"one of {', '.join(GROUPS)}; all by default")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, each with its unit")
    parser.add_argument("--long", action="store_true", help="whole years, and the dear groups too")
    asked = parser.parse_args()
    unknown = sorted(set(asked.groups) - GROUPS.keys())
    if unknown:
        parser.error(f"no group {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    return asked


def _line(figure: Figure) -> str:
    spread = ""
    if len(figure.values) > 1:
        spread = f"({_number(min(figure.values))} to {_number(max(figure.values))})"
    return f"{figure.name:<50}{_number(figure.median):>10} {figure.unit:<9} {spread:<18} {figure.aim}".rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.3g}"  # noqa: PLR2004  # four digits are enough


if __name__ == "__main__":
    main()
