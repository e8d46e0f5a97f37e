"""The exceptions that hashballast raises on purpose.

::

    HashballastError
    ├── InputError          a scenario, a study, an override or a data file is wrong (exit code 2)
    ├── PolicyError         a policy answered with something that cannot be done (exit code 2)
    ├── RunError            a run hardly goes on, and would not end (exit code 2)
    └── ResultError         a result folder is missing, not whole, or in the way (exit code 2)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final
from unicodedata import category

LONGEST_WORD: Final = 200
"""A longer word is compared with none: it takes long, and is no slip of the pen."""


class HashballastError(Exception):
    """Base of all errors that are meant for the user to read."""


def printable(text: str) -> str:
    r"""Return a text as it may be shown on a terminal: what would steer it stands as its number.

    Examples
    --------
    >>> print(printable("red: \x1b[31m"))
    red: \x1b[31m
    """
    return "".join(letter.encode("unicode_escape").decode() if steers(letter) else letter for letter in text)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the nearest of the known words as a question, nothing where none is near.

    Examples
    --------
    >>> did_you_mean("chekpoint", ["checkpoint", "interval"])
    "; did you mean 'checkpoint'?"
    """
    near = get_close_matches(word, list(known), n=1) if len(word) <= LONGEST_WORD else []
    return f"; did you mean '{near[0]}'?" if near else ""


def steers(letter: str) -> bool:
    """Tell whether a letter steers a terminal, or turns the way of reading round, instead of being shown."""
    return not (letter.isprintable() or letter in "\n\t" or category(letter) == "Zs")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: where it stands, and what would be right."""

    place: str
    """File, and line and column where known: ``helios.yaml:12:5``."""
    path: str
    """Path of the field, ``loads.0.power_mw``; empty for the file as a whole."""
    message: str
    """What is wrong, the value with its unit, what is allowed."""
    cure: tuple[tuple[str, Any], ...] = ()
    """Fields that would mend it, with their values, where that is known."""

    def __str__(self) -> str:
        """Return the fault as one line."""
        return f"{self.place}{' ' if self.path else ''}{self.path}: {self.message}"


class InputError(HashballastError):
    """Input is wrong; carries every fault found, one line each.

    Parameters
    ----------
    faults
        The faults, at least one.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    @classmethod
    def single(cls, place: str, path: str, message: str, **cure: Any) -> "InputError":
        """Return an error with one fault, and the fields that would mend it."""
        return cls([Fault(place, path, message, tuple(cure.items()))])


class ResultError(HashballastError):
    """A result folder is missing, not whole, or stands where a new one should go."""


class RunError(HashballastError):
    """A run in which time hardly goes on, and that would not end."""


class PolicyError(HashballastError):
    """A policy answered with something that cannot be done."""
