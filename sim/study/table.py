"""What a sweep leaves: ``runs.parquet``, one row a run, and ``study.json``, what its columns mean.

``plan.parquet`` has the same rows without what came out: it is there from the start, so that runs done
anywhere, in whatever order, are put together from the folder alone. The folder also tells how far a sweep is,
and a sample of its runs may be done again.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from math import isclose
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sim.errors import ResultError
from sim.rng import stream
from sim.scenario.load import scenario_from
from sim.simulation import run, run_key
from sim.study.expand import SEED, Study, metric_facts, said, set_axes
from sim.study.feasibility import NEEDED, who_wins
from sim.study.runs import Failure, Record, Store, kept, run_record, write_json
from sim.study.spec import Axis
from sim.units import ROUNDING, unit_of
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
PART_ROWS: Final = 250
"""Rows that are in memory at a time as Python values."""
GROUP_PARTS: Final = 20
"""Parts that make a group of the table: what is kept of each group until the end takes a thousand bytes a column."""

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
    done, failed = store.done(), {one.run_key for one in store.failed()}

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
    """Return ``study.json``; raise ResultError where the folder has none, InputError where it is no JSON."""
    if not (folder / DESCRIPTION).exists():
        raise ResultError(f"{folder}: holds no study: its {DESCRIPTION} cannot be read")
    return kept(folder / DESCRIPTION, ("axes", "metrics", "run_count", "scenario"))


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
        parts = (_arrow(part, schema) for part in iter(lambda: list(islice(left, PART_ROWS)), []))
        while group := list(islice(parts, GROUP_PARTS)):
            writer.write_table(pa.concat_tables(group))


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

    for batch in parquet.ParquetFile(path).iter_batches(PART_ROWS, columns=columns):
        yield from batch.to_pylist()


def _plan_kinds(axes: Sequence[Axis]) -> dict[str, str]:
    return {axis.path: axis.kind for axis in axes} | {SEED: "int64", "run_key": "string"}


class Status(NamedTuple):
    """How far the sweep of a folder is."""

    run_count: int
    """Runs of the study."""
    done_count: int
    failed: tuple[Failure, ...]
    """Runs that failed and were not done since."""
    rate_per_s: float
    """Runs a second, from the first that is there to the last; NaN for fewer than two."""


def status(folder: Path) -> Status:
    """Return how far a study is; other processes may be at it.

    Raises
    ------
    ResultError
        The folder holds no study.
    """
    count, store = described(folder)["run_count"], Store(folder)
    done = store.done() & {row["run_key"] for row in stream_rows(folder / PLAN)}
    times_s = sorted(store.path(key).stat().st_mtime for key in done)
    span_s = times_s[-1] - times_s[0] if times_s else 0.0
    rate = (len(times_s) - 1) / span_s if span_s > 0.0 else float("nan")
    return Status(count, len(done), tuple(store.failed()), rate)


class Verified(NamedTuple):
    """A run that was done again, and what came out otherwise."""

    label: str
    """The run in words: its value on each axis."""
    differences: tuple[str, ...]
    """What differs, each as ``metric: before, now``; empty where nothing does."""


def verify(folder: Path, count: int, *, folders: Sequence[Path], seed: int = 0) -> Iterator[Verified]:
    """Run a sample of a study's runs again, and yield what comes out otherwise than the table says.

    Parameters
    ----------
    folder
        The study folder.
    count
        How many runs; all of them where there are fewer that are done.
    folders
        Folders that its scenario may read from; where it was is not kept.
    seed
        Seed of the choice.

    Raises
    ------
    InputError
        A scenario is not, or no longer, what can be run here, such as for want of a data file.
    """
    document = described(folder)
    axes = axes_of(document)
    done = [number for number, row in enumerate(stream_rows(folder / TABLE, ["done"])) if row["done"]]
    drawn = stream(seed, "study/verify").permutation(done)[:count].tolist()
    for number, row in enumerate(stream_rows(folder / TABLE)):
        if number not in drawn:
            continue
        values = [next(value for value in axis.values if axis.cell(value) == row[axis.path]) for axis in axes]
        content = set_axes(document["scenario"], axes, values)
        again = scenario_from(content, folder=folders[0], data=folders[1:])
        record = run_record(run_key(again), run(again).metrics)
        yield Verified(said(axes, values), tuple(_differences(row, record)))


def _differences(row: Row, record: Record) -> Iterator[str]:
    if row["run_key"] != record["run_key"]:
        yield f"run_key: {row['run_key'][:12]}, {record['run_key'][:12]} (other data files or model version)"
    for name, value in columns_of(record).items():
        before = row.get(name)
        if value is None or before is None:
            same = value is before
        else:
            same = isclose(value, before, rel_tol=ROUNDING, abs_tol=ROUNDING)
        if not same:
            yield f"{name}: {before}, {value}"
