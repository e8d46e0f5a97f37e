"""A sweep: do every run of a study that is not done, then one table of all."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from sim.errors import InputError
from sim.study.expand import Run, Study, load_study, said
from sim.study.runs import Failure, Progress, RunTask, Store, executor_of, perform, perform_all
from sim.study.spec import MAX_RUNS
from sim.study.table import TABLE, collect, described, write_plan
from sim.study.workers import at_work

if TYPE_CHECKING:
    import pandas as pd

FOLDER: Final = Path("results/studies")
"""Where studies lie unless told otherwise, each under its name."""


@dataclass(frozen=True, slots=True)
class SweepOutcome:
    """What a sweep did; runs with the same run key count once."""

    folder: Path
    """The study folder."""
    done_count: int
    """Runs that are done, those of earlier sweeps included."""
    skipped_count: int
    """Runs that were done before this sweep."""
    failures: tuple[Failure, ...]
    """Runs that failed; the next sweep tries them again."""

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each run: its values on the axes, and its metrics; NaN where not known.

        Returns
        -------
        pandas.DataFrame
            ``attrs["units"]`` holds the unit of each metric.
        """
        import pandas as pd  # noqa: PLC0415  # slow to import, and few sweeps need it

        frame = pd.read_parquet(self.folder / TABLE)
        facts = described(self.folder)["metrics"]
        frame.attrs["units"] = {name: fact["unit"] for name, fact in facts.items()}
        return frame


class Shard(NamedTuple):
    """Every so-manieth run of a study, for machines that share nothing but a folder, or not even that."""

    number: int = 1
    """Which, from 1."""
    total: int = 1
    """Of how many."""

    def of(self, runs: Sequence[Run]) -> Sequence[Run]:
        """Return the runs of this part."""
        return runs[self.number - 1 :: self.total]


WHOLE: Final = Shard()


def read_shard(text: str) -> Shard:
    """Return the part that a text such as ``2/8`` names; raise InputError where it names none."""
    number, _, total = text.partition("/")
    if number.isdecimal() and total.isdecimal() and 1 <= int(number) <= int(total) <= MAX_RUNS:
        return Shard(int(number), int(total))
    raise InputError.single("--shard", "", f"must be a number of how many, such as 2/8; got {text!r}")


def estimated(study: Study, shard: Shard = WHOLE) -> tuple[int, float, int]:
    """Return what a sweep would take, as far as its first run tells, which is done and not kept.

    Returns
    -------
    tuple
        Number of runs; processor time of one [s]; what is kept of it on disk [byte].
    """
    runs = shard.of(study.runs)
    before_s = time.process_time()
    records = [perform(task) for task in _tasks(study, runs[:1])]
    return len(runs), time.process_time() - before_s, len(json.dumps(records, indent=1))


def sweep(
    study: Study | str | Path,
    folder: Path | None = None,
    *,
    workers: int = 1,
    timeout_s: float | None = None,
    on: str | None = None,
    shard: Shard = WHOLE,
    progress: Progress | None = None,
) -> SweepOutcome:
    """Do every run of a study that is not done yet, and write ``runs.parquet`` and ``study.json``.

    Parameters
    ----------
    study
        The study, or its file.
    folder
        The study folder, ``results/studies/<name>`` unless given; one that a sweep was stopped in goes on.
    workers
        Number of processes; one works in this process unless there is a time limit.
    timeout_s
        Wall time that one run may take [s].
    on
        Address of a Dask cluster that does the runs; None: workers here.
    shard
        Do this part of the runs alone, in the same folder; `collect` writes the table of all.
    progress
        Told the share of the runs still to do that has ended.

    Raises
    ------
    ResultError
        Another sweep is at work in the folder.

    Notes
    -----
    The files are the same bytes for any number of workers and however often the sweep was stopped, as long as
    every run gets done.
    """
    study = study if isinstance(study, Study) else load_study(study)
    store = Store(FOLDER / study.name if folder is None else folder)
    wanted = {run.key: run for run in shard.of(study.runs)}
    part = "" if shard == WHOLE else f".{shard.number}-of-{shard.total}"
    with store.opened(part), at_work(executor_of(perform, workers, timeout_s, on)) as crew:
        write_plan(study, store.folder)
        before = store.done() & wanted.keys()
        missing = [run for key, run in wanted.items() if key not in before]
        failures = perform_all(_tasks(study, missing), store, len(missing), crew, progress)
        if shard == WHOLE:
            collect(store.folder)
    return SweepOutcome(store.folder, len(wanted) - len(failures), len(before), tuple(failures))


def _tasks(study: Study, runs: Sequence[Run]) -> Iterator[RunTask]:
    """Yield runs as tasks, made one by one as workers take them."""
    for run in runs:
        task = run.key, said(study.axes, run.values), study.scenario_of(run), study.folder, study.data
        yield RunTask(*task, allow_plugins=study.allow_plugins)


__all__ = ["SweepOutcome", "load_study", "sweep"]
