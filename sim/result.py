"""What a run returns, and the folder it is kept in."""

import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from sim.errors import ResultError
from sim.metrics import Measurement
from sim.recording import EventRow, Recording
from sim.scenario.model import Scenario
from sim.signals import Signal

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT_VERSION = 1
"""Version of the result folder; columns are only ever added."""
DATA_FILES = ("scenario.yaml", "metrics.json", "signals.parquet", "events.parquet", "provenance.json")
"""The files that hold a result; page and figures are made from them."""


@dataclass(frozen=True)
class Result:
    """A run: what was asked, what happened, what it means, and what made it."""

    scenario: Scenario
    recording: Recording
    metrics: Mapping[str, Measurement]
    provenance: Mapping[str, Any]


@dataclass(frozen=True)
class StoredResult:
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
        entry = {"value": _finite(measurement), "unit": measurement.unit, "summary": measurement.summary}
        if measurement.baseline is not None:
            entry["baseline"] = _finite(measurement.baseline)
        document[name] = entry
    return document


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def write_result(result: Result, folder: Path) -> None:
    """Write a result into an existing folder: ``scenario.yaml``, JSON and Parquet files."""
    with (folder / "scenario.yaml").open("w", encoding="utf-8") as file:
        _yaml().dump(result.scenario.model_dump(mode="json"), file)
    write_json(folder / "metrics.json", metrics_document(result.metrics))
    write_json(folder / "provenance.json", dict(result.provenance))
    _write_table(folder / "signals.parquet", _signals_table(result.recording))
    _write_table(folder / "events.parquet", _events_table(result.recording))


def write_json(path: Path, document: Any) -> None:
    """Write a document as indented JSON; NaN and infinity are refused."""
    path.write_text(
        json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def _write_table(path: Path, table: "pa.Table") -> None:
    from pyarrow import parquet  # noqa: PLC0415  # slow to import, and not every use of this module writes

    parquet.write_table(table, path, compression="zstd")


def _signals_table(recording: Recording) -> "pa.Table":
    import pyarrow as pa  # noqa: PLC0415  # see above

    signals = recording.signals
    lengths = [len(signal.time_s) for signal in signals.values()]
    names = pa.DictionaryArray.from_arrays(
        pa.array(np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)),
        pa.array(list(signals), pa.string()),
    )
    columns = {
        column: np.concatenate([getattr(signal, column) for signal in signals.values()])
        for column in ("time_s", "value", "slope_per_s")
    }
    table = pa.table({"signal": names, **columns})
    facts = {
        "format_version": FORMAT_VERSION,
        "start_utc_s": recording.start_utc_s,
        "end_s": recording.end_s,
        "constants": dict(recording.constants),
    }
    return table.replace_schema_metadata({"hashballast": json.dumps(facts, allow_nan=False)})


def _events_table(recording: Recording) -> "pa.Table":
    import pyarrow as pa  # noqa: PLC0415  # see above

    events = recording.events
    return pa.table(
        {
            "time_s": pa.array([event.time_s for event in events], pa.float64()),
            "source": pa.array([event.source for event in events], pa.string()).dictionary_encode(),
            "kind": pa.array([event.kind for event in events], pa.string()).dictionary_encode(),
            "value": pa.array([event.value for event in events], pa.float64()),
        }
    )


def read_result(folder: Path) -> StoredResult:
    """Read a result folder.

    Raises
    ------
    ResultError
        The folder is missing, or not a whole result.
    """
    try:
        return StoredResult(
            scenario=_yaml().load((folder / "scenario.yaml").read_text(encoding="utf-8")),
            recording=_read_recording(folder),
            metrics=_read_json(folder / "metrics.json"),
            provenance=_read_json(folder / "provenance.json"),
        )
    except (OSError, ValueError, KeyError, YAMLError) as error:
        raise ResultError(f"{folder}: not a whole result folder ({error})") from error


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False
    return yaml


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _read_recording(folder: Path) -> Recording:
    from pyarrow import parquet  # noqa: PLC0415  # see above

    table = parquet.read_table(folder / "signals.parquet")
    facts = json.loads(table.schema.metadata[b"hashballast"])
    if facts["format_version"] > FORMAT_VERSION:
        raise ValueError(f"format version {facts['format_version']} is newer than this version reads")
    column = table["signal"].combine_chunks()
    codes = column.indices.to_numpy()
    bounds = np.flatnonzero(np.diff(codes, prepend=-1, append=-1))
    time_s, value, slope_per_s = (table[name].to_numpy() for name in ("time_s", "value", "slope_per_s"))
    names = column.dictionary.to_pylist()
    signals = {
        names[codes[low]]: Signal(time_s[low:high], value[low:high], slope_per_s[low:high], facts["end_s"])
        for low, high in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
    }
    events = parquet.read_table(folder / "events.parquet").to_pylist()
    rows = tuple(EventRow(**event) for event in events)
    return Recording(facts["start_utc_s"], facts["end_s"], signals, rows, facts["constants"])


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Make a folder that is whole or absent: filled under a temporary name beside it, then renamed.

    Parameters
    ----------
    path
        The folder to make; its parents are made too.

    Yields
    ------
    pathlib.Path
        The temporary folder to write into.

    Raises
    ------
    ResultError
        Something stands there already.
    """
    if path.exists():
        raise ResultError(f"{path}: is there already; name another folder with --out")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(mkdtemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent))
    try:
        yield temporary
        temporary.chmod(0o755)
        for file in temporary.rglob("*"):
            _sync(file)
        _sync(temporary)
        temporary.rename(path)
        _sync(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _sync(path: Path) -> None:
    """Have the operating system put a file or folder on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
