"""What a tuning is asked: which fields of a policy may change, and what is to be large under the limit."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sim.errors import Fault, InputError, ResultError
from sim.scenario.load import apply_override, resolve
from sim.scenario.policy_choice import POLICY, choose_policy
from sim.scenario.tree import plain
from sim.scenario.yaml_text import parse_value

if TYPE_CHECKING:
    from optuna import Trial

PLACE: Final = "--parameters"
_HOW: Final = "must be FIELD=LOW:HIGH, FIELD=LOW:HIGH:log, FIELD=LOW:HIGH:int or FIELD=A|B|C"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A field that may take any number between two values, or one of several."""

    path: str
    """The field, from the policy on: ``margin_mw``, ``inner.margin_mw``."""
    values: tuple[Any, ...]
    """Both ends, or all values."""
    scale: str = "linear"
    """How a number lies between both: ``linear``, ``log``, or whole, ``int``; else ``choice``."""

    def suggest(self, trial: "Trial") -> Any:
        """Return the value that a trial is to take."""
        if self.scale == "choice":
            return trial.suggest_categorical(self.path, self.values)
        if self.scale == "int":
            return trial.suggest_int(self.path, *self.values)
        return trial.suggest_float(self.path, *self.values, log=self.scale == "log")

    def holds(self, value: Any) -> bool:
        """Tell whether a value lies in it."""
        if self.scale == "choice":
            return value in self.values
        return isinstance(value, int | float) and self.values[0] <= value <= self.values[1]


def parse_parameters(texts: Sequence[str]) -> tuple[Parameter, ...]:
    """Return the parameters that a command names.

    Parameters
    ----------
    texts
        Each ``FIELD=LOW:HIGH``, with ``:log`` for even steps of the logarithm or ``:int`` for whole numbers,
        or ``FIELD=A|B|C``.

    Raises
    ------
    InputError
        With all that is wrong.

    Examples
    --------
    >>> parse_parameters(["margin_mw=0:10", "inner.type=always-on|mining-off"])[1].values
    ('always-on', 'mining-off')
    """
    found: list[Parameter] = []
    faults: list[Fault] = []
    for text in texts:
        try:
            found.append(_parse(text))
        except InputError as error:
            faults += error.faults
    names = [parameter.path for parameter in found]
    faults += [Fault(PLACE, name, "is named twice") for name in dict.fromkeys(names) if names.count(name) > 1]
    if not texts:
        faults.append(Fault(PLACE, "", f"names nothing; {_HOW}"))
    if faults:
        raise InputError(faults)
    return tuple(found)


def with_values(content: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return scenario data whose policy has these values; raise InputError where one cannot be set."""
    changed = dict(content)
    # types first: a new one clears what belonged to the old one
    for path in sorted(values, key=lambda path: path.rpartition(".")[2] != "type"):
        changed = apply_override(changed, f"{POLICY}.{path}", values[path])
    return changed


def _parse(text: str) -> Parameter:
    path, equals, said = text.partition("=")
    if not path or not equals:
        raise InputError.single(PLACE, "", f"{_HOW}; got {text!r}")
    if "|" in said:
        return Parameter(path, tuple(plain(parse_value(value, PLACE)) for value in said.split("|")), "choice")
    *ends, last = said.split(":")
    if last not in ("log", "int"):
        ends, last = [*ends, last], "linear"
    try:
        bounds = [float(end) for end in ends]
    except ValueError:
        bounds = []
    if len(bounds) != 2 or not -math.inf < bounds[0] < bounds[1] < math.inf:  # noqa: PLR2004 -- a low and a high
        raise InputError.single(PLACE, path, f"{_HOW}, with LOW below HIGH; got {said!r}")
    if last == "log" and bounds[0] <= 0.0:
        raise InputError.single(PLACE, path, f"the low end of a logarithm must be above 0, got {bounds[0]:g}")
    return Parameter(path, tuple(map(int, bounds)) if last == "int" else tuple(bounds), last)


BROKEN: Final = "limit_broken_count"
"""What a feasible run has none of: times that the limit is broken where it would not be without mining."""


class Merit(NamedTuple):
    """What a set of values is worth on some runs: it keeps the limit first, then the objective counts."""

    broken_count: float
    """Times that its runs break the limit."""
    objective: float
    """Mean of the objective over its runs."""


@dataclass(frozen=True, slots=True)
class Objective:
    r"""What is wanted of a run, as one number; more is better.

    Notes
    -----
    Without a metric it is :math:`M - c\,E`: mining margin [USD] less a price on each megawatt-hour above the
    limit, where one is stated.
    """

    metric: str | None = None
    """Name of a metric; None: mining margin less the price on exceedance."""
    minimise: bool = False
    """Whether less of the metric is better."""
    exceedance_usd_per_mwh: float = 0.0
    """Price on energy above the limit, where no metric is named [USD/MWh]; none is assumed, for the limit is
    a constraint."""

    @property
    def name(self) -> str:
        """What it is, for tables."""
        if self.metric is not None:
            return f"{'less' if self.minimise else 'more'} {self.metric}"
        if self.exceedance_usd_per_mwh == 0.0:
            return "mining_margin_usd"
        return f"mining_margin_usd - {self.exceedance_usd_per_mwh:g} * exceedance_mwh"

    def of(self, metrics: Mapping[str, float | None]) -> float:
        """Return the number of a run.

        Parameters
        ----------
        metrics
            Value of each metric by name; None where not assessable.

        Raises
        ------
        ResultError
            The run has no such metric, or cannot tell it.

        Examples
        --------
        >>> Objective(exceedance_usd_per_mwh=1e4).of({"mining_margin_usd": 5000.0, "exceedance_mwh": 0.1})
        4000.0
        """
        if self.metric is None:
            margin_usd = self._value(metrics, "mining_margin_usd")
            if self.exceedance_usd_per_mwh == 0.0:
                return margin_usd
            return margin_usd - self.exceedance_usd_per_mwh * self._value(metrics, "exceedance_mwh")
        value = self._value(metrics, self.metric)
        return -value if self.minimise else value

    def worth(self, runs: Sequence[Mapping[str, float | None]]) -> "Merit":
        """Return what runs are worth together: how often they break the limit, and their mean."""
        broken = sum(self._value(metrics, BROKEN) for metrics in runs)
        return Merit(broken, sum(map(self.of, runs)) / len(runs))

    @staticmethod
    def _value(metrics: Mapping[str, float | None], name: str) -> float:
        value = metrics.get(name)
        if value is None:
            why = "cannot be told" if name in metrics else "is no metric"
            raise ResultError(f"{name} {why} of these runs: name another one with --metric")
        return value


MARGIN: Final = Objective()
"""Mining margin: what is wanted unless a metric is named, of those that keep the limit."""


@dataclass(frozen=True)
class Question:
    """What is to be tuned, on what, and on what it is judged."""

    path: Path
    """The scenario file."""
    policy: str
    """The policy, as in a comparison: ``follow-headroom:margin_mw=2``; what is not tuned stays as it says."""
    parameters: tuple[Parameter, ...]
    """What may be changed."""
    trials: int
    """Sets of values to try."""
    seeds: int
    """Runs of each trial: the scenario's seed, and the next ones."""
    test_seeds: int
    """Runs for the judgement, with the seeds after those: never one that was tuned on."""
    objective: Objective = MARGIN
    """What is to be made large: its mean over the seeds."""
    overrides: tuple[str, ...] = ()
    """Fields of the scenario, set throughout."""
    test_overrides: tuple[str, ...] = ()
    """Fields set for a second judgement alone: another year, other prices."""
    data: tuple[Path, ...] = ()
    """Folders that the scenario may read from besides its own."""
    allow_plugins: bool = False
    """Whether the policy may be code from outside."""

    def content(self, *, test: bool = False) -> dict[str, Any]:
        """Return the scenario with the default policy as plain data; for the second judgement, if wanted."""
        overrides: Sequence[str] = (*self.overrides, *self.test_overrides) if test else self.overrides
        return choose_policy(resolve(self.path, overrides), self.policy)
