"""What a sweep leaves: ``runs.parquet``, one row a run, and ``study.json``, what its columns mean.

``plan.parquet`` has the same rows without what came out: it is there from the start, so that runs done
anywhere, in whatever order, are put together from the folder alone.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sim.errors import ResultError
from sim.study.design import Axis
from sim.study.expand import SEED, Study, metric_facts
from sim.study.store import Store, write_json
from sim.study.who_wins import NEEDED, who_wins
from sim.units import unit_of
from sim.whole import whole_file

if TYPE_CHECKING:
    import pyarrow as pa

TABLE: Final = "runs.parquet"
PLAN: Final = "plan.parquet"
DESCRIPTION: Final = "study.json"
FORMAT: Final = 1
"""Version of all; columns and keys are only ever added."""
BASELINE: Final = ".baseline"
"""What the column of a metric's values without mining ends in."""
GROUP_ROWS: Final = 1000
"""Rows that are in memory at a time."""

Row = Mapping[str, Any]
Kinds = Mapping[str, str]
"""Columns in their order, each with the name of its Arrow type."""


def write_plan(study: Study, folder: Path) -> None:
    """Write what is to be done: ``study.json``, the study as resolved, and ``plan.parquet``, its runs."""
    content = {
        "format": FORMAT,
        "name": study.name,
        "question": study.spec.question,
        "scenario": study.scenario,
        "axes": [{"path": axis.path, "values": list(axis.values)} for axis in study.axes],
        "run_count": len(study.runs),
        "figure": None if study.spec.figure is None else study.spec.figure.model_dump(),
        "metrics": metric_facts(study.scenario),
        "failed": [],
        "winners": None,
    }
    rows = (
        {axis.path: axis.cell(value) for axis, value in zip(study.axes, run.values, strict=True)}
        | {SEED: run.seed, "run_key": run.key}
        for run in study.runs
    )
    write_rows(folder / PLAN, rows, _plan_kinds(study.axes))
    write_json(folder / DESCRIPTION, content)


def collect(folder: Path) -> int:
    """Write ``runs.parquet`` of all runs that are done, and into ``study.json`` which failed, and who wins.

    The table has axis values, seed, run key, whether done, and every metric, in the axes' order. A metric
    that a run does not have or cannot assess is null, as are all metrics of a run that is not done. The unit
    of each metric stands in its field's metadata.

    Returns
    -------
    int
        Number of runs that are not done.

    Raises
    ------
    ResultError
        The folder holds no study.
    """
    document, store = described(folder), Store(folder)
    done, failed = store.done(), {one["run_key"] for one in store.failed()}

    def rows() -> Iterator[dict[str, Any]]:
        for row in stream_rows(folder / PLAN):
            record = store.read(row["run_key"]) if row["run_key"] in done else None
            yield {**row, "done": record is not None, **({} if record is None else columns_of(record))}

    kinds = {**_plan_kinds(axes_of(document)), "done": "bool"}
    known = {name for row in rows() for name in row} - kinds.keys()
    others = {name.removesuffix(BASELINE) for name in known} - document["metrics"].keys()
    for name in (*document["metrics"], *sorted(others)):
        kinds[name] = "double"
        if f"{name}{BASELINE}" in known:
            kinds[f"{name}{BASELINE}"] = "double"
    write_rows(folder / TABLE, rows(), kinds)
    missing = [row["run_key"] for row in stream_rows(folder / PLAN) if row["run_key"] not in done]
    document["failed"] = sorted(failed.intersection(missing))
    if not missing and set(NEEDED) <= kinds.keys():
        axes = axes_of(document)
        columns = [*{axis.path for axis in axes}, *NEEDED]
        document["winners"] = who_wins(axes, list(stream_rows(folder / TABLE, columns)))
    write_json(folder / DESCRIPTION, document)
    return len(missing)


def columns_of(record: Row) -> dict[str, Any]:
    """Return what is kept of a run by the names of its columns."""
    return {**record["metrics"], **{f"{name}{BASELINE}": value for name, value in record["baseline"].items()}}


def described(folder: Path) -> dict[str, Any]:
    """Return ``study.json``; raise ResultError where the folder has none."""
    try:
        content: dict[str, Any] = json.loads((folder / DESCRIPTION).read_bytes())
    except (OSError, ValueError) as error:
        raise ResultError(f"{folder}: holds no study: its {DESCRIPTION} cannot be read") from error
    return content


def axes_of(document: Mapping[str, Any]) -> list[Axis]:
    """Return the axes that ``study.json`` names."""
    return [Axis(axis["path"], tuple(axis["values"])) for axis in document["axes"]]


def write_rows(path: Path, rows: Iterable[Row], kinds: Kinds) -> None:
    """Write rows as a Parquet file, some at a time.

    Parameters
    ----------
    path
        The file; whole or absent, see `sim.whole.whole_file`.
    rows
        The rows; a value that is missing or None is null.
    kinds
        The columns; numbers bear the unit that their name tells as metadata.
    """
    import pyarrow as pa  # noqa: PLC0415  # slow to import, and not every use of a study writes
    from pyarrow import parquet  # noqa: PLC0415  # see above

    schema = pa.schema([_field(name, kind) for name, kind in kinds.items()])
    left = iter(rows)
    with whole_file(path) as file, parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while group := list(islice(left, GROUP_ROWS)):
            writer.write_table(_arrow(group, schema))


def _field(name: str, kind: str) -> "pa.Field":
    import pyarrow as pa  # noqa: PLC0415  # see write_rows

    unit = unit_of(name.removesuffix(BASELINE).rpartition(".")[2])
    return pa.field(name, pa.type_for_alias(kind), metadata={"unit": unit} if unit else None)


def _arrow(rows: Sequence[Row], schema: "pa.Schema") -> "pa.Table":
    import pyarrow as pa  # noqa: PLC0415  # see write_rows
    from pyarrow import json as arrow_json  # noqa: PLC0415  # see write_rows

    # By way of JSON: an Arrow array made of Python values imports pandas where it is installed, for a second.
    text = "".join(
        json.dumps({name: row.get(name) for name in schema.names}, allow_nan=False) + "\n" for row in rows
    ).encode()
    table = arrow_json.read_json(
        pa.BufferReader(text),
        read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(text)),
        parse_options=arrow_json.ParseOptions(explicit_schema=schema.remove_metadata()),
    )
    return table.cast(schema)


def stream_rows(path: Path, columns: list[str] | None = None) -> Iterator[Row]:
    """Yield the rows of a Parquet file in their order, some in memory at a time; None: all columns."""
    from pyarrow import parquet  # noqa: PLC0415  # see write_rows

    for batch in parquet.ParquetFile(path).iter_batches(GROUP_ROWS, columns=columns):
        yield from batch.to_pylist()


def _plan_kinds(axes: Sequence[Axis]) -> dict[str, str]:
    return {axis.path: axis.kind for axis in axes} | {SEED: "int64", "run_key": "string"}
