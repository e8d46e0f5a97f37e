"""The search for better values, by optuna, kept in a folder so that it can go on after a stop."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from sim.errors import InputError, ResultError
from sim.study.goal import Merit
from sim.study.search_space import Parameter

JOURNAL: Final = "trials.journal"
"""Optuna's journal of all trials."""
_IDENTITY: Final = "identity"
_BROKEN: Final = "broken_count"


class Tried(NamedTuple):
    """One set of values that was tried."""

    number: int
    values: Mapping[str, Any]
    objective: float | None
    """What it is worth; None: the values together describe no policy."""
    broken_count: float = 0.0
    """Times that its runs break the limit; what keeps it comes before what does not."""


class Trials:
    """The trials of one tuning.

    Parameters
    ----------
    folder
        Where they are kept; one that holds trials goes on.
    identity
        What is asked: trials of another question do not mix.
    parameters
        What may be changed.
    seed
        Seed of the search.

    Raises
    ------
    InputError
        Optuna is not installed.
    ResultError
        The folder holds the trials of another question.
    """

    def __init__(self, folder: Path, identity: str, parameters: Sequence[Parameter], seed: int) -> None:
        self._parameters = parameters
        self._study = _opened(folder / JOURNAL, identity, seed)

    def propose(self, values: Mapping[str, Any]) -> None:
        """Have these values tried first, where nothing has been tried yet."""
        if not self._study.get_trials(deepcopy=False):
            self._study.enqueue_trial(dict(values))

    def search(
        self,
        count: int,
        worth: Callable[[Mapping[str, Any]], Merit | None],
        progress: Callable[[float], None],
    ) -> None:
        """Try until so many sets of values have been tried, earlier ones included.

        Parameters
        ----------
        count
            How many.
        worth
            Returns what values are worth; None where they describe no policy.
        progress
            Told the share that is done.
        """
        from optuna.trial import TrialState  # noqa: PLC0415  # an extra

        done = len(self.tried())
        while done < count:
            trial = self._study.ask()
            found = worth({parameter.path: parameter.suggest(trial) for parameter in self._parameters})
            if found is None:
                self._study.tell(trial, state=TrialState.FAIL)
            else:
                trial.set_user_attr(_BROKEN, found.broken_count)
                trial.set_constraint(_BROKEN, found.broken_count)
                self._study.tell(trial, found.objective)
            done += 1
            progress(done / count)

    def tried(self) -> list[Tried]:
        """Return all that was tried, in order."""
        ended = (trial for trial in self._study.get_trials(deepcopy=False) if trial.state.is_finished())
        return [Tried(trial.number, dict(trial.params), trial.value, _broken_count(trial)) for trial in ended]

    def best(self) -> Tried:
        """Return the first of the best that break the limit least.

        Raises
        ------
        ResultError
            No trial describes a policy.
        """
        found = [one for one in self.tried() if one.objective is not None]
        if not found:
            raise ResultError("no trial described a policy: narrow the ranges of --parameters")
        return max(found, key=lambda one: (-one.broken_count, one.objective, -one.number))


def _opened(journal: Path, identity: str, seed: int) -> Any:
    try:
        import optuna  # noqa: PLC0415  # an extra
    except ImportError:
        raise InputError.single("tune", "", "needs optuna: pip install 'hashballast[tuning]'") from None

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    backend = optuna.storages.journal.JournalFileBackend(str(journal))
    storage = optuna.storages.JournalStorage(backend)
    study = optuna.create_study(
        storage=storage, study_name="tuning", direction="maximize", load_if_exists=True
    )
    if study.user_attrs.setdefault(_IDENTITY, identity) != identity:
        raise ResultError(f"{journal.parent}: holds the tuning of another question; name another --out")
    study.set_user_attr(_IDENTITY, identity)
    # a search that goes on must not draw again what it drew before
    study.sampler = optuna.samplers.TPESampler(seed=(seed + len(study.get_trials(deepcopy=False))) % 2**32)
    return study


def _broken_count(trial: Any) -> float:
    """Return how often the runs of a trial break the limit."""
    return float(trial.user_attrs.get(_BROKEN, 0.0))
