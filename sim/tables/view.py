"""What is understood of a file before it is named in a scenario, and the lines that name it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from pydantic import ValidationError

from sim.errors import Fault, InputError, did_you_mean
from sim.tables.cover import Needed, Wanted, covered, utc_text
from sim.tables.files import Files
from sim.tables.quantities import KINDS, Kind
from sim.tables.reading import SeriesReading, of_one_place
from sim.tables.shapes import Shape, plain_name, shape_of
from sim.tables.stamps import TIME_NAMES, time_column
from sim.tables.table import Table
from sim.tables.timeline import Timeline, regular, timeline_of
from sim.tables.typical_year import year_of
from sim.tables.unit_words import CURRENCIES, DIMENSION_OF, unit_in
from sim.units import HOURS_PER_DAY, SECONDS_PER_HOUR, FloatArray

_MOST_CURES: Final = 12
_GUESSES: Final = {"time_zone", "where", "location", "market", "currency_usd", "outside"}
"""Fields whose value nobody can tell from the file: it is shown as one to look at."""


_QUALITY: Final = {"quality", "status", "qualitycode", "datastatus", "dataquality", "flag", "validity"}
_GOOD: Final = {"good", "ok", "valid"}
_BY_CLOCK: Final = "by the clock"
_NONE: Final = np.empty(0)


class _Found(NamedTuple):
    """What the rows of a file say; as in `FileView`."""

    facts: dict[str, Any]
    time_s: FloatArray
    values: FloatArray


_NOTHING: Final = _Found({}, _NONE, _NONE)


class FileLook(SeriesReading):
    """A file of any kind, looked at by itself."""

    counts_seconds = True  # there is no run that says otherwise
    file: str
    time_column: str | None = None


@dataclass(frozen=True)
class FileView:
    """What is understood of a file."""

    file: str
    kind: str
    row_count: int
    columns: tuple[str, ...]
    shape: str
    """Whose file it is, where that is known; else empty."""
    facts: Mapping[str, Any]
    """Column, unit, zone, spacing, cover, least, mean and highest value, energy, by name."""
    said: Mapping[str, Any]
    """Fields that the file needs, those that are guessed among them."""
    guessed: tuple[str, ...]
    """Which of them nobody can tell from the file."""
    faults: tuple[Fault, ...]
    """What is wrong and has no cure; empty where the file is understood."""
    time_s: FloatArray
    """When each value begins to hold [s from the start, or since 1970]; empty where there is no course."""
    values: FloatArray
    """The values in their own unit, for a plot."""

    @property
    def by_clock(self) -> bool:
        """Whether times are those of a clock; else they count from the start."""
        return bool(self.facts.get("counts") == _BY_CLOCK)

    def lines(self) -> str:
        """Return the lines of a scenario that name the file."""
        fields = {"file": self.file, **self.said}
        rows = [
            f"{name}: {_yaml(value)}{'   # a guess: look at it' if name in self.guessed else ''}"
            for name, value in fields.items()
        ]
        text = KINDS[self.kind].lines
        for indent in (0, 2, 4, 6, 8):
            text = text.replace(f"{{{indent}}}", "\n".join(f"{' ' * indent}{row}" for row in rows))
        return text


def _yaml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_yaml(each) for each in value) + "]"
    if isinstance(value, str) and (not value or not value.replace("_", "").replace(".", "").isalnum()):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{value:g}" if isinstance(value, float) else str(value)


def look(path: Path, kind: str | None = None, given: Mapping[str, Any] | None = None) -> FileView:
    """Return what is understood of a file, with the fields that it needs.

    Parameters
    ----------
    path
        The file.
    kind
        What it holds, one of `KINDS`; None: what its columns tell.
    given
        Fields of its description that are known.

    Raises
    ------
    InputError
        If it cannot be read at all, nothing tells what it holds, or there is no such field.
    """
    files = Files([path.parent])
    said = dict(given or {})
    table = files.table(path.name, said.get("decimal"))
    kind = kind or _kind_of(table)
    known = {*FileLook.model_fields, "location", "market", KINDS[kind].quantity.field} - {"file"}
    if unknown := sorted(set(said) - known):
        near = did_you_mean(unknown[0], known) or f"; must be one of {', '.join(sorted(known))}"
        raise InputError.single("--set", unknown[0], f"is no field of a file of this kind{near}")
    found, faults = _NOTHING, tuple[Fault, ...]()
    for _ in range(_MOST_CURES):
        try:
            found, faults = _facts(path.name, kind, files, said), ()
            break
        except InputError as error:
            faults = error.faults
            cure = _new_cure(error, said)
            if not cure:
                break
            said |= cure
    shape = shape_of(table.columns, KINDS[kind].shapes)
    guessed = [field for field, value in said.items() if field in _GUESSES or "%" in str(value)]
    if len(_value_columns(KINDS[kind], table, shape)) > 1:
        guessed.append(KINDS[kind].quantity.field)
    return FileView(
        table.name,
        kind,
        table.row_count,
        table.columns,
        "" if shape is None else shape.name,
        said=_columns_said(kind, table, said, shape),
        guessed=tuple(field for field in guessed if field not in (given or {})),
        faults=faults,
        **found._asdict(),
    )


def understood(path: Path, kind: str | None = None, given: Mapping[str, Any] | None = None) -> FileView:
    """Return what is understood of a file, as `look`; raise InputError where that is not all of it."""
    view = look(path, kind, given)
    if view.faults:
        raise InputError(view.faults)
    return view


def _new_cure(error: InputError, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that a fault says would mend it, those that were tried left out."""
    cure = dict(error.faults[0].cure)
    text = cure.pop("missing", None)
    if text is not None and text not in said.get("missing", ()):
        cure = {"missing": [*said.get("missing", ()), text], "max_gap_s": said.get("max_gap_s", 0.0)}
    if cure.get("unit", "").split("_")[0] in CURRENCIES[1:]:
        cure["currency_usd"] = 1.0
    return {name: value for name, value in cure.items() if said.get(name) != value}


def _columns_said(kind: str, table: Table, said: dict[str, Any], shape: Shape | None) -> dict[str, Any]:
    """Return the fields that the file needs, with the columns that are not called as usual."""
    spec = KINDS[kind]
    if shape is not None:
        return said
    columns: dict[str, Any] = {}
    if kind != "weather" and time_column(table, spec.usual_time) not in {spec.usual_time, *TIME_NAMES}:
        columns["time_column"] = time_column(table, spec.usual_time)
    for value in _value_columns(spec, table, shape)[:1]:
        columns[spec.quantity.field] = value
    return columns | said


def _value_columns(spec: Kind, table: Table, shape: Shape | None) -> list[str]:
    """Return the columns that may be that of values: by name, by unit, or the only one there is."""
    if shape is not None and shape.value_column:
        return [shape.value_column]
    times = time_column(table, spec.usual_time)
    others = [column for column in table.columns if column != times]
    others = [column for column in others if _measures(spec, table, column) is not False] or others
    plain = {plain_name(column): column for column in reversed(others)}
    named = [plain[name] for name in spec.names if name in plain]
    partly = [column for column in others if any(name in plain_name(column) for name in spec.names)]
    both, units = ([one for one in those if _measures(spec, table, one)] for those in (partly, others))
    return named or both or units or partly or (others if len(others) == 1 else [])


def _measures(spec: Kind, table: Table, column: str) -> bool | None:
    """Tell whether a column's unit is one of a kind of file; None: it says none, or one without meaning."""
    dimensions = spec.quantity.dimensions
    found = unit_in(column, table.header_unit(column), dimensions)
    silent = found is None or found in spec.quantity.means_nothing
    return None if silent else DIMENSION_OF.get(found or "") in dimensions


def _kind_of(table: Table) -> str:
    """Return what a file holds, as its columns tell."""
    plain = {plain_name(column) for column in table.columns}
    for kind in ("price", "requests", "generation"):
        if shape_of(table.columns, KINDS[kind].shapes) is not None:
            return kind
    if {"month", "day", "hour"} <= plain or "timehhmm" in plain:
        return "weather"
    if any(word in name for name in plain for word in KINDS["generation"].names[:3]):
        return "generation"
    order = ("network", "frequency", "price", "rates", "intensity", "load")
    for kind in order:
        if any(_measures(KINDS[kind], table, column) for column in table.columns):
            return kind
    found = next((kind for kind in order if plain & set(KINDS[kind].names)), None)
    if found is None:
        listed = ", ".join(KINDS)
        raise InputError.single(table.name, "", f"nothing tells what it holds: say --as, one of {listed}")
    return found


def _facts(name: str, kind: str, files: Files, said: Mapping[str, Any]) -> _Found:
    spec = KINDS[kind]
    fields = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in said.items()
        if key in FileLook.model_fields
    }
    try:
        reading = FileLook.model_validate({"file": name, **fields})
    except ValidationError as error:
        wrong = error.errors()[0]
        raise InputError.single("--set", ".".join(map(str, wrong["loc"])), wrong["msg"]) from None
    table = reading.table(files)
    shape = shape_of(table.columns, spec.shapes)
    if kind == "price":
        table = of_one_place(table, shape, said)
    _check_quality(table, said)
    value = said.get(spec.quantity.field) or next(iter(_value_columns(spec, table, shape)), None)
    if value is None:
        listed = ", ".join(table.columns[:12])
        raise InputError.single(name, "", f"nothing tells which column holds {spec.quantity.name}: {listed}")
    if kind == "weather":
        year = year_of(reading, table, value, 0.0)
        facts = {"column": value, "unit": "c", **_statistics(year, np.full(year.size, SECONDS_PER_HOUR))}
        return _Found(facts, _NONE, year)
    if kind == "requests":
        counts, _ = reading.values(table, value, spec.quantity)
        failed = int(np.count_nonzero(counts == 0.0))
        facts = {"column": value, "rows_without_answer_count": failed}
        return _Found(facts | _statistics(counts, np.ones(counts.size)), _NONE, counts)
    return _course(reading, files, table, spec, value, shape)


def _check_quality(table: Table, said: Mapping[str, Any]) -> None:
    """Raise InputError, with the cure, where a column of quality tells good rows from others."""
    column = next((name for name in table.columns if plain_name(name) in _QUALITY), None)
    if column is None or column in said.get("where", {}):
        return
    words = table.words_if_any(column)
    good = next((word for word in words if word.lower() in _GOOD), None)
    if good is not None and len(words) > 1:
        message = f"column '{column}' holds {', '.join(words[:12])}: choose rows with where"
        raise InputError.single(table.name, "", message, where={**said.get("where", {}), column: good})


def _course(reading: FileLook, files: Files, table: Table, spec: Kind, value: str, shape: Shape | None) -> _Found:
    usual = shape.time_column if shape is not None else spec.usual_time
    timeline = timeline_of(reading, table, usual, 0.0, shape)
    first_s = float(timeline.time_s[0])
    end_s = max(timeline.end_s - first_s, 1e-3)
    start_s = 0.0 if timeline.from_start else first_s
    needed = Needed(start_s, end_s + (first_s if timeline.from_start else 0.0), least_rows=1)
    wanted = Wanted(value, spec.quantity, shape.unit if shape is not None else None)
    found = covered(reading, files, usual, [wanted], needed, table=table, shape=shape)
    facts: dict[str, Any] = {"column": value, "unit": spec.quantity.unit, **_time_facts(timeline, reading)}
    facts["is_unit_told"] = bool(wanted.unit or reading.unit or _measures(spec, table, value))
    lengths_s = np.minimum(np.diff(found.time_s, append=needed.end_s), found.length_s)
    facts |= _statistics(found.values[0], lengths_s)
    if spec.quantity.unit == "mw":
        facts["energy_mwh"] = float(np.sum(found.values[0] * lengths_s) / SECONDS_PER_HOUR)
    facts["holes_count"] = len(found.filled)
    facts["filled_s"] = float(sum(last - first for first, last in found.filled))
    facts["duplicates_count"] = table.row_count - timeline.time_s.size
    return _Found(facts, found.time_s + start_s, found.values[0])


def _time_facts(timeline: Timeline, reading: FileLook) -> dict[str, Any]:
    first_s, last_s = float(timeline.time_s[0]), timeline.end_s
    by_clock = not timeline.from_start
    return {
        "time_column": timeline.time_column,
        "time_zone": reading.time_zone if by_clock else None,
        "counts": _BY_CLOCK if by_clock else "seconds from the start",
        "spacing_s": float(np.median(timeline.length_s)) if timeline.length_s.size else 0.0,
        "is_regular": regular(timeline.time_s),
        "first": utc_text(first_s) if by_clock else f"{first_s:g} s",
        "end": utc_text(last_s) if by_clock else f"{last_s:g} s",
        "length_d": (last_s - first_s) / (HOURS_PER_DAY * SECONDS_PER_HOUR),
    }


def _statistics(values: FloatArray, lengths_s: FloatArray) -> dict[str, float]:
    weight = lengths_s if lengths_s.sum() > 0.0 else np.ones(values.size)
    return {
        "minimum": float(np.nanmin(values)),
        "mean": float(np.average(values, weights=weight)),
        "maximum": float(np.nanmax(values)),
    }
