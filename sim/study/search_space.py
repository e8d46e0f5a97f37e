"""What may be tuned: fields of a policy, each with a range or with choices."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from sim.errors import Fault, InputError
from sim.scenario.load import apply_override
from sim.scenario.policy_choice import POLICY
from sim.scenario.tree import plain
from sim.scenario.yaml_text import parse_value

if TYPE_CHECKING:
    from optuna import Trial

PLACE: Final = "--parameters"
_HOW: Final = "must be FIELD=LOW:HIGH, FIELD=LOW:HIGH:log, FIELD=LOW:HIGH:int or FIELD=A|B|C"

Scale = Literal["linear", "log", "int"]


@dataclass(frozen=True, slots=True)
class Range:
    """A field that may take any number between two."""

    path: str
    """The field, from the policy on: ``margin_mw``, ``inner.margin_mw``."""
    low: float
    high: float
    scale: Scale = "linear"

    def suggest(self, trial: "Trial") -> float:
        """Return the value that a trial is to take."""
        if self.scale == "int":
            value: float = trial.suggest_int(self.path, int(self.low), int(self.high))
        else:
            value = trial.suggest_float(self.path, self.low, self.high, log=self.scale == "log")
        return value

    def ends(self) -> tuple[Any, ...]:
        """Return the values at its ends."""
        return (int(self.low), int(self.high)) if self.scale == "int" else (self.low, self.high)

    def holds(self, value: object) -> bool:
        """Tell whether a value lies in it."""
        return isinstance(value, int | float) and self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Choice:
    """A field that may take one of several values."""

    path: str
    values: tuple[Any, ...]

    def suggest(self, trial: "Trial") -> Any:
        """Return the value that a trial is to take."""
        return trial.suggest_categorical(self.path, self.values)

    def ends(self) -> tuple[Any, ...]:
        """Return all its values."""
        return self.values

    def holds(self, value: object) -> bool:
        """Tell whether a value is one of them."""
        return value in self.values


Parameter = Range | Choice


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
        return Choice(path, tuple(plain(parse_value(value, PLACE)) for value in said.split("|")))
    parts = said.split(":")
    scale: Scale = "linear"
    if parts[-1] == "log":
        scale = "log"
    elif parts[-1] == "int":
        scale = "int"
    bounds = [_number(part) for part in (parts if scale == "linear" else parts[:-1])]
    if len(bounds) != 2 or not bounds[0] < bounds[1]:  # noqa: PLR2004 -- a low and a high; NaN is below nothing
        raise InputError.single(PLACE, path, f"{_HOW}, with LOW below HIGH; got {said!r}")
    if scale == "log" and bounds[0] <= 0.0:
        raise InputError.single(PLACE, path, f"the low end of a logarithm must be above 0, got {bounds[0]:g}")
    return Range(path, bounds[0], bounds[1], scale)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan
