"""A study's folder after or while it is swept: how far it is, and a sample of its runs done again."""

from collections.abc import Iterator, Mapping, Sequence
from math import isclose
from pathlib import Path
from typing import Any, NamedTuple

from sim.rng import stream
from sim.scenario.load import scenario_from
from sim.simulation import run, run_key
from sim.study.comparison import SAME_RATIO
from sim.study.expand import said, set_axes
from sim.study.runs import Record, run_record
from sim.study.store import Store
from sim.study.table import PLAN, TABLE, Row, axes_of, columns_of, described, stream_rows


class Status(NamedTuple):
    """How far the sweep of a folder is."""

    run_count: int
    """Runs of the study."""
    done_count: int
    failed: tuple[Mapping[str, Any], ...]
    """Runs that failed and were not done since, as ``runs/`` holds them."""
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
    drawn = stream(seed, "study/verify").choice(done, min(count, len(done)), replace=False).tolist()
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
            same = isclose(value, before, rel_tol=SAME_RATIO, abs_tol=SAME_RATIO)
        if not same:
            yield f"{name}: {before}, {value}"
