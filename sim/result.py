"""What a run returns, and the folder it is kept in."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired

import numpy as np
from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from sim.errors import InputError, ResultError
from sim.events import EventRow, EventTable
from sim.facts import Facts
from sim.frames import Events, Ledger, Metrics, Signals, utc_offset_s
from sim.grid.limits import PowerLimit
from sim.metrics import Measurement
from sim.metrics.certificate import certificate
from sim.metrics.claim import Certificate, document
from sim.metrics.exceedance import episodes
from sim.recording import Recording
from sim.scenario.model import Scenario, Sentence
from sim.signals import Signal
from sim.tables.bounds import file_fault, reason
from sim.tables.files import find_inside, read_regular

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMAT_VERSION = 1
"""Version of the result folder; columns are only ever added."""
DATA_FILES = ("scenario.yaml", "metrics.json", "signals.parquet", "events.parquet", "provenance.json")
"""The files that hold a result; page and figures are made from them."""
MAX_STATED_BYTES = 64 * 1024 * 1024
"""Size of the figures of a folder, or of its sums; those of a large site have a tenth of that."""
BREAKPOINT = ("time_s", "value", "slope_per_s")
"""The columns that make a signal."""
ENCODING = {"use_dictionary": ["signal"], "column_encoding": dict.fromkeys(BREAKPOINT, "BYTE_STREAM_SPLIT")}
"""Floats with their bytes apart: a third of the size of plain ones."""


class _Tables:
    """What a result offers as tables."""

    recording: Recording
    scenario: Any

    @property
    def signals(self) -> Signals:
        """Signals by name; ``signals.to_frame("1min")`` is a table of means."""
        return Signals(self.recording, self._offset_s())

    @property
    def events(self) -> Events:
        """What happened, in order; ``events.to_frame()`` is a table."""
        return Events(self.recording, self._offset_s())

    @property
    def ledger(self) -> Ledger:
        """The profit and loss; ``ledger.to_frame()`` is a table."""
        return Ledger(self.recording)

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw site and AI power under the limit, breakpoint by breakpoint; return the matplotlib axes."""
        axes = self.recording["ai_power_mw"].plot(axes, label="AI")
        self.recording["site_power_mw"].plot(axes, label="site")
        self.recording["limit_mw"].plot(axes, label="limit")
        axes.set_ylabel("MW")
        axes.legend()
        return axes

    @property
    def certificate(self) -> Certificate | None:
        """What the policy claimed of the limit, and whether that held; None: it claimed nothing."""
        return self.recording.once(certificate)

    def _offset_s(self) -> float:
        start = self.scenario["start"] if isinstance(self.scenario, Mapping) else self.scenario.start
        return utc_offset_s(start)


@dataclass(frozen=True, repr=False)
class Result(_Tables):
    """A run: what was asked, what happened, what it means, and what made it."""

    scenario: Scenario
    recording: Recording
    metrics: Metrics
    provenance: Mapping[str, Any]

    def __repr__(self) -> str:
        """Return what was run, and how much it left."""
        parts = f"{len(self.metrics)} metrics, {len(self.signals)} signals, {len(self.events):,} events"
        return f"Result({self.scenario}; {parts})"

    def _repr_html_(self) -> str:
        """Return the metrics that are read first, as a notebook shows them."""
        return f"<p>{escape(str(self.scenario))}</p>{self.metrics._repr_html_()}"


@dataclass(frozen=True)
class StoredResult(_Tables):
    """A result as read from its folder."""

    scenario: Mapping[str, Any]
    """The resolved scenario."""
    recording: Recording
    metrics: Mapping[str, Mapping[str, Any]]
    """Value, unit, summary, and baseline where there is one, by name; a value of None: not assessable."""
    provenance: Mapping[str, Any]


def metrics_document(metrics: Mapping[str, Measurement]) -> dict[str, dict[str, Any]]:
    """Return the metrics as ``metrics.json`` holds them."""
    document = {}
    for name, measurement in metrics.items():
        entry = {"value": finite(measurement), "unit": measurement.unit, "summary": measurement.summary}
        if measurement.baseline is not None:
            entry["baseline"] = finite(measurement.baseline)
        document[name] = entry
    return document


def finite(value: float) -> float | None:
    """Return a number as JSON may hold it; None where it is not assessable."""
    return float(value) if math.isfinite(value) else None


def as_stored(result: Result) -> StoredResult:
    """Return a result as it would be read from its folder."""
    return StoredResult(
        scenario=result.scenario.model_dump(mode="json"),
        recording=result.recording,
        metrics=metrics_document(result.metrics),
        provenance=result.provenance,
    )


def write_result(result: Result, folder: Path) -> None:
    """Write a result into an existing folder: ``scenario.yaml``, JSON and Parquet files."""
    stored = as_stored(result)
    with (folder / "scenario.yaml").open("w", encoding="utf-8") as file:
        _yaml().dump(stored.scenario, file)
    write_json(folder / "metrics.json", stored.metrics)
    write_json(folder / "provenance.json", dict(stored.provenance))
    _write_signals(folder / "signals.parquet", result.recording)
    _write_tables(folder, result.recording)
    found = result.certificate
    if found is not None:
        write_json(folder / "certificate.json", document(found))


def write_json(path: Path, document: Any) -> None:
    """Write a document as indented JSON; NaN and infinity are refused."""
    path.write_text(json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_signals(path: Path, recording: Recording) -> None:
    """Write a table of breakpoints, a row group for each signal, so that a year needs the memory of one."""
    import pyarrow as pa  # noqa: PLC0415  # slow to import, and not every use of this module writes
    from pyarrow import parquet  # noqa: PLC0415  # see above

    from sim.tables import arrow  # noqa: PLC0415  # see above

    header = {
        "format_version": FORMAT_VERSION,
        "start_utc_s": recording.start_utc_s,
        "end_s": recording.end_s,
        "constants": dict(recording.constants),
        "load_kinds": dict(recording.load_kinds),
        "signals": list(recording.signals),
    }
    columns = [pa.field("signal", pa.dictionary(pa.int32(), pa.string()), nullable=False)]
    columns += [pa.field(name, pa.float64(), nullable=False) for name in BREAKPOINT]
    schema = pa.schema(columns, metadata={"hashballast": json.dumps(header, allow_nan=False)})
    with parquet.ParquetWriter(path, schema, compression="zstd", **ENCODING) as writer:
        for name, signal in recording.signals.items():
            count = len(signal.time_s)
            names = pa.DictionaryArray.from_arrays(arrow.column(np.zeros(count, dtype=np.int32)), arrow.texts([name]))
            arrays = [names, *(arrow.column(getattr(signal, column)) for column in BREAKPOINT)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=count)


def _write_tables(folder: Path, recording: Recording) -> None:
    """Write the events, and each time above the limit; a table without rows where there is none."""
    import pyarrow as pa  # noqa: PLC0415  # see above
    from pyarrow import parquet  # noqa: PLC0415  # see above

    from sim.tables import arrow  # noqa: PLC0415  # see above

    events, found = recording.events, recording.once(episodes)
    happened = {
        "time_s": arrow.column(events.time_s),
        "source": arrow.coded([source for source, _ in events.all_words()]),
        "kind": arrow.coded([kind for _, kind in events.all_words()]),
        "value": arrow.column(events.value),
    }
    above = {name: arrow.column(getattr(found, name)) for name in ("start_s", "duration_s", "peak_mw", "energy_mwh")}
    above["cause"] = arrow.texts(list(found.cause))
    for name, columns in (("events.parquet", happened), ("exceedances.parquet", above)):
        parquet.write_table(pa.table(columns), folder / name, compression="zstd")


def read_result(folder: Path) -> StoredResult:
    """Read a result folder.

    Raises
    ------
    ResultError
        The folder is missing, or not a whole result.
    """
    try:
        return _checked(
            StoredResult(
                scenario=_yaml().load((folder / "scenario.yaml").read_text(encoding="utf-8")),
                recording=_read_recording(folder),
                metrics=read_document(folder, "metrics.json"),
                provenance=read_document(folder, "provenance.json"),
            )
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, YAMLError, InputError) as error:
        raise ResultError(f"{folder}: not a whole result folder ({error})") from error


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # its default of None would sort
    return yaml


def stated_content(folder: Path, name: str) -> bytes:
    """Return what a file of a result folder or package holds; raise InputError where it cannot be read."""
    path = find_inside(folder, name)
    if path is None:
        raise file_fault(f"{folder / name}", "no such file")
    return read_regular(path, f"{folder / name}", MAX_STATED_BYTES)


def read_document(folder: Path, name: str) -> dict[str, Any]:
    """Return what a JSON file of a folder, of whoever made it, maps by name; raise InputError for another."""
    try:
        found = json.loads(stated_content(folder, name))
    except (ValueError, RecursionError) as error:
        raise file_fault(f"{folder / name}", f"is no JSON: {reason(error)}") from None
    if not isinstance(found, dict):
        raise file_fault(f"{folder / name}", "is no JSON object")
    return found


class _StoredFigure(TypedDict):
    value: float | None
    unit: str
    summary: str
    baseline: NotRequired[float | None]


class _StoredOrigin(TypedDict):
    run_key: str
    seed: int
    inputs_sha256: dict[str, str]


class _StoredGrid(TypedDict):
    limits: NotRequired[list[PowerLimit]]


class _StoredScenario(TypedDict):
    name: str
    seed: NotRequired[int]
    answer: NotRequired[list[Sentence]]
    grid: NotRequired[_StoredGrid | None]


def _checked(result: StoredResult) -> StoredResult:
    """Return a result that was read; raise ValueError where a part of it is of another kind."""
    for name, form, content, strict in (
        ("scenario.yaml", _StoredScenario, result.scenario, False),
        ("metrics.json", dict[str, _StoredFigure], result.metrics, True),
        ("provenance.json", _StoredOrigin, result.provenance, True),
    ):
        try:
            TypeAdapter(form).validate_python(content, strict=strict)
        except ValidationError as error:
            fault = error.errors()[0]
            place = ".".join(map(str, fault["loc"]))
            raise ValueError(f"{name} {place}: {fault['msg']}") from None
    return result


def _read_recording(folder: Path) -> Recording:
    from pyarrow import parquet  # noqa: PLC0415  # see above

    from sim.tables import arrow  # noqa: PLC0415  # see above

    file = parquet.ParquetFile(folder / "signals.parquet")
    header = json.loads(file.schema_arrow.metadata[b"hashballast"])
    if header["format_version"] > FORMAT_VERSION:
        raise ValueError(f"format version {header['format_version']} is newer than this version reads")
    signals = {}
    for group, name in enumerate(header["signals"]):
        table = file.read_row_group(group, columns=list(BREAKPOINT))
        time_s, value, slope_per_s = (arrow.floats(table[column]) for column in BREAKPOINT)
        signals[name] = Signal(time_s, value, slope_per_s, header["end_s"])
    parts = parquet.ParquetFile(folder / "events.parquet").iter_batches()
    tables = [EventTable.of(EventRow(**event) for event in part.to_pylist()) for part in parts]
    return Recording(
        header["start_utc_s"],
        header["end_s"],
        signals,
        EventTable.merged([EventTable.of(()), *tables]),
        Facts.of(header["constants"]),
        header.get("load_kinds", {}),
    )
