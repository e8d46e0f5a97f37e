"""Runs shipped scenarios whole, and sets five of their numbers beside ones worked out by hand.

``python -m docs.scenario_checks [NAME ...]`` fills their parts of the page, all of them without a name (some
five minutes); ``--check`` fails if one is stale. What is checked stands in ``scenario_checks.json``: metrics
in ``run``, arithmetic in ``by_hand``, how far apart they may be, and where the figures by hand are from.
"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from docs.filling import between
from sim import Result, load_scenario, run
from sim.report.answer import answer
from sim.report.format import format_number
from sim.result import metrics_document
from sim.study.arithmetic import worked_out

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "explanation" / "scenarios.md"
CHECKS: Final[dict[str, list[dict[str, Any]]]] = json.loads(
    (ROOT / "docs" / "scenario_checks.json").read_text(encoding="utf-8")
)
DATA: Final = ROOT.parent / "shared" / "data"
NEEDS_DATA: Final = frozenset({"helios-2024", "rockdale-like"})
"""Scenarios whose files do not ship."""
WIDTH: Final = 118
FIGURE: Final = re.compile(r"\{([^}|]+)(\|without)?\}")


def of_run(text: str, result: Result) -> float:
    """Return arithmetic over the metrics of a run, each in braces."""
    return worked_out(
        FIGURE.sub(
            lambda found: repr(
                float(result.metrics[found[1]].baseline if found[2] else result.metrics[found[1]].value)
            ),
            text,
        )
    )


def whole(name: str) -> Result:
    """Return a scenario's run, not shortened."""
    data = [DATA] if name in NEEDS_DATA else []
    return run(load_scenario(ROOT / "scenarios" / f"{name}.yaml", data=data))


def section(name: str, result: Result) -> str:
    """Return a scenario's part of the page: question, answer, and the checks in a table."""
    metrics = metrics_document(result.metrics)
    scenario = result.scenario.model_dump(mode="json")
    words = (f"*{scenario['question']}*", answer(scenario, metrics))
    lines = [line for text in words for line in (*wrap(text, WIDTH), "")]
    lines += ["| | run | by hand | worked out | off | from |", "|---|--:|--:|---|--:|---|"]
    for check in CHECKS[name]:
        ours, theirs = of_run(check["run"], result), float(worked_out(check["by_hand"]))
        off = abs(ours / theirs - 1.0)
        if off > check["within"]:
            raise SystemExit(f"{name}: {check['what']} is {ours:g}, by hand {theirs:g}: {off:.1%} apart")
        shown = f"{format_number(ours)} | {format_number(theirs)} {check['unit']} | `{check['by_hand']}`"
        lines.append(f"| {check['what']} | {shown} | {off:.1%} | {check['from']} |")
    return "\n".join(lines) + "\n"


def filled(text: str, names: Sequence[str]) -> str:
    """Return the page with the parts of these scenarios made anew."""
    for name in names:
        text = between(text, f"<!-- {name} -->\n", f"<!-- end {name} -->", section(name, whole(name)))
    return text


def main(arguments: Sequence[str]) -> None:
    """Fill the page, or look whether it is stale."""
    names = [argument for argument in arguments if argument != "--check"]
    shown = [name for name in CHECKS if DATA.is_dir() or name not in NEEDS_DATA]
    text = PAGE.read_text(encoding="utf-8")
    now = filled(text, names or shown)
    if "--check" not in arguments:
        PAGE.write_text(now, encoding="utf-8", newline="\n")
    elif now != text:
        sys.exit(f"{PAGE.name} is stale, run python -m docs.scenario_checks")


if __name__ == "__main__":
    main(sys.argv[1:])
