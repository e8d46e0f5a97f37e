"""A sweep: do every run of a study that is not done, then one table of all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sim.study.expand import Run, Study, load_study, said
from sim.study.runs import Failure, Progress, RunTask, perform_all
from sim.study.store import Store
from sim.study.table import read_table, write_study, write_table

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

    @property
    def failed_count(self) -> int:
        """Number of runs that failed."""
        return len(self.failures)

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each run: its values on the axes, and its metrics; NaN where not known."""
        import pandas as pd  # noqa: PLC0415  # slow to import, and few sweeps need it

        return pd.DataFrame(read_table(self.folder))


def sweep(
    study: Study | str | Path,
    folder: Path | None = None,
    *,
    workers: int = 1,
    timeout_s: float | None = None,
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
    wanted = {run.key: run for run in study.runs}
    with store.opened():
        before = store.done() & wanted.keys()
        missing = {key: run for key, run in wanted.items() if key not in before}
        failures = perform_all(
            _tasks(study, missing, store),
            store,
            len(missing),
            workers=workers,
            timeout_s=timeout_s,
            progress=progress,
        )
        write_table(study, store)
        write_study(study, store, failures)
    return SweepOutcome(store.folder, len(wanted) - len(failures), len(before), tuple(failures))


def _tasks(study: Study, missing: Mapping[str, Run], store: Store) -> Iterator[RunTask]:
    """Yield the runs to do as tasks, made one by one as workers take them."""
    for key, run in missing.items():
        yield RunTask(
            key,
            said(study.axes, run.values),
            study.scenario_of(run),
            study.folder,
            study.data,
            store.folder,
            allow_plugins=study.allow_plugins,
        )


__all__ = ["SweepOutcome", "load_study", "sweep"]
