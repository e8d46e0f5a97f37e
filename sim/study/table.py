"""What a sweep leaves: ``runs.parquet``, one row a run, and ``study.json``, what its columns mean."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sim.metrics import CATALOGUE
from sim.study.expand import SEED, Run, Study, metric_facts
from sim.study.runs import Failure
from sim.study.spec import Axis
from sim.study.store import Store, write_json
from sim.whole import write_whole

TABLE: Final = "runs.parquet"
DESCRIPTION: Final = "study.json"
FORMAT: Final = 1
"""Version of both; columns and keys are only ever added."""

Row = Mapping[str, Any]


def write_table(study: Study, store: Store) -> None:
    """Write ``runs.parquet``: axis values, seed, run key, whether done, and every metric; in the axes' order.

    A metric that a run does not have or cannot assess is null, as are all metrics of a run that is not done.
    """
    done = store.done()
    rows = [_row(study, run, store.read(run.key) if run.key in done else None) for run in study.runs]
    kinds = {axis.path: _kind(axis) for axis in study.axes}
    kinds |= {SEED: "int64", "run_key": "string", "done": "bool"}
    kinds |= dict.fromkeys(_metric_columns(rows), "double")
    write_whole(store.folder / TABLE, parquet_bytes(rows, kinds))


def parquet_bytes(rows: Sequence[Row], kinds: Mapping[str, str]) -> bytes:
    """Return rows as a Parquet file.

    Parameters
    ----------
    rows
        The rows; a value that is missing or None is null.
    kinds
        The columns in their order, each with the name of its Arrow type.
    """
    import pyarrow as pa  # noqa: PLC0415  # slow to import, and not every use of a study writes
    from pyarrow import json as arrow_json  # noqa: PLC0415  # see above
    from pyarrow import parquet  # noqa: PLC0415  # see above

    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in kinds.items()])
    # By way of JSON: an Arrow array made of Python values imports pandas where it is installed, for a second.
    text = "".join(
        json.dumps({name: row.get(name) for name in kinds}, allow_nan=False) + "\n" for row in rows
    )
    table = arrow_json.read_json(
        pa.BufferReader(text.encode()),
        read_options=arrow_json.ReadOptions(use_threads=False),
        parse_options=arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
    )
    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def read_table(folder: Path) -> list[Row]:
    """Return the rows of a study's table, in its order."""
    from pyarrow import parquet  # noqa: PLC0415  # see parquet_bytes

    rows: list[Row] = parquet.ParquetFile(folder / TABLE).read().to_pylist()
    return rows


def write_study(study: Study, store: Store, failures: Sequence[Failure]) -> None:
    """Write ``study.json``: the study as resolved, the unit and meaning of each metric, and what failed."""
    content = {
        "format": FORMAT,
        "name": study.name,
        "question": study.spec.question,
        "scenario": study.scenario,
        "axes": [{"path": axis.path, "values": list(axis.values)} for axis in study.axes],
        "run_count": len(study.runs),
        "figure": None if study.spec.figure is None else study.spec.figure.model_dump(),
        "metrics": metric_facts(study.scenario),
        "failed": sorted(failure.key for failure in failures),
    }
    write_json(store.folder / DESCRIPTION, content)


def _row(study: Study, run: Run, record: Row | None) -> dict[str, Any]:
    """Return the row of a run, of which there is a record if it is done."""
    row = {axis.path: _cell(axis, value) for axis, value in zip(study.axes, run.values, strict=True)}
    row |= {SEED: run.seed, "run_key": run.key, "done": record is not None}
    if record is not None:
        row |= record["metrics"]
        row |= {f"{name}.baseline": value for name, value in record["baseline"].items()}
    return row


def _kind(axis: Axis) -> str:
    """Return the type of an axis's column: numbers or truths where all values are such, else text."""
    kinds = {type(value) for value in axis.values}
    if kinds == {bool}:
        return "bool"
    if kinds == {int}:
        return "int64"
    return "double" if kinds <= {int, float} else "string"


def _cell(axis: Axis, value: Any) -> Any:
    """Return a value as its column holds it: what is neither number nor text stands as JSON."""
    return json.dumps(value) if _kind(axis) == "string" and not isinstance(value, str) else value


def _metric_columns(rows: Sequence[Row]) -> Iterator[str]:
    """Yield each metric's column, followed by that of its values without mining where there are any."""
    known = dict.fromkeys(name for row in rows for name in row)
    of_loads = [name for name in known if name.startswith(("ai.", "ancillary.", "fleet."))]
    for name in (*(metric.name for metric in CATALOGUE), *of_loads):
        yield name
        if f"{name}.baseline" in known:
            yield f"{name}.baseline"
