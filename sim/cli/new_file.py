"""New scenario files: from an example, or from a person's own files."""

import math
import re
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from sim.errors import InputError
from sim.scenario.fleet_file import fleets_of
from sim.scenario.load import resolve
from sim.tables.view import FileView, understood
from sim.units import SECONDS_PER_DAY
from sim.whole import write_whole

_NAME: Final = re.compile(r"^[a-z][a-z0-9_-]{0,39}$")
_ROOM_RATIO: Final = 1.25
"""Limit over the highest AI power, where nothing else is known of the interconnection."""
_MOST_DAYS: Final = 366.0
_USUAL_DAYS: Final = 7.0


def question_of(path: Path) -> str:
    """Return what an example asks, in one sentence: its question, or its first comment."""
    text = path.read_text(encoding="utf-8")
    asked = re.search(r"^question: (?:>-)?\n?((?:  .*\n)+|.*\n)", text, re.MULTILINE)
    remarks = (line[2:] for line in text.splitlines() if line.startswith("# ") and "$schema" not in line)
    said = asked.group(1) if asked else "\n".join(remarks)
    sentence = " ".join(said.split())
    return re.split(r"(?<=[.?])\s", sentence, maxsplit=1)[0]


def write_new(name: str, text: str) -> Path:
    """Write a scenario file into the working folder; raise InputError where there is one already."""
    if not _NAME.match(name):
        must = "must begin with a small letter and hold small letters, digits, - and _, 40 at most"
        raise InputError.single(name, "", must)
    path = Path(f"{name}.yaml")
    write_whole(path, text, is_new=True)
    return path


def from_example(name: str, path: Path) -> str:
    """Return an example under another name; its data files are found where it stands."""
    text = path.read_text(encoding="utf-8")
    if re.search(r"^extends:", text, re.MULTILINE):
        return f"# {path.stem}, with what it extends.\n" + _dumped({**resolve(path), "name": name})
    body = "\n".join(line for line in text.splitlines() if "$schema=" not in line)
    body = re.sub(r"^name: .*$", f"name: {name}", body, count=1, flags=re.MULTILINE)
    return f"# From the example {path.stem}.\n{body}\n"


def _dumped(content: dict[str, Any]) -> str:
    from io import StringIO  # noqa: PLC0415  # needed here alone

    from ruamel.yaml import YAML  # noqa: PLC0415  # see above

    written = StringIO()
    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    yaml.dump(content, written)
    return written.getvalue()


def from_files(name: str, load: Path | None, prices: Path | None, fleet: Path | None) -> str:
    """Return a scenario of a person's own files, with the fields that each needs to be read.

    Raises
    ------
    InputError
        If a file cannot be understood; says why.
    """
    from jinja2 import Environment  # noqa: PLC0415  # needed here alone

    power = None if load is None else understood(load, "load")
    price = None if prices is None else understood(prices, "price")
    start, days = _span([view for view in (power, price) if view is not None])
    most_mw = power.facts["maximum"] if power is not None else 50.0
    limit_mw = math.ceil(most_mw * _ROOM_RATIO)
    template = (files("sim.cli") / "new_file.yaml.jinja").read_text(encoding="utf-8")
    lines = Environment(trim_blocks=True, keep_trailing_newline=True)  # noqa: S701  # YAML, no HTML
    return lines.from_string(template).render(
        name=name,
        start=start,
        days=days,
        limit_mw=limit_mw,
        loads="" if power is None else _lines(power, load),
        fleets=[] if fleet is None else fleets_of(fleet),
        miners_mw=max(limit_mw - most_mw, 1.0),
        market="" if price is None else _lines(price, prices),
    )


def _lines(view: FileView, path: Path | None) -> str:
    """Return the lines that name a file, its path relative to where the scenario is written."""
    where = Path() if path is None else path
    try:
        shown = where.resolve().relative_to(Path.cwd().resolve()).as_posix()
        hint = ""
    except ValueError:
        shown, hint = where.name, f"   # run with --data {where.parent}"
    return view.lines().replace(f"file: {view.file}", f"file: {shown}{hint}", 1) + "\n"


def _span(views: list[FileView]) -> tuple[str, float]:
    """Return the start and the days that all files cover, of those that go by the clock."""
    clock = [view for view in views if view.by_clock]
    if not clock:
        days = max((view.facts["length_d"] for view in views), default=_USUAL_DAYS)
        return "2026-01-01T00:00:00Z", min(max(days, 0.01), _MOST_DAYS)
    starts = [_utc_s(view.facts["first"]) for view in clock]
    ends = [start + view.facts["length_d"] * SECONDS_PER_DAY for start, view in zip(starts, clock, strict=True)]
    start_s, end_s = max(starts), min(ends)
    if end_s <= start_s:
        raise InputError.single(clock[0].file, "", "shares no time with the other file: there is nothing to run")
    days = min((end_s - start_s) / SECONDS_PER_DAY, _MOST_DAYS)
    return f"{datetime.fromtimestamp(start_s, UTC):%Y-%m-%dT%H:%M:%SZ}", round(days, 6)


def _utc_s(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
