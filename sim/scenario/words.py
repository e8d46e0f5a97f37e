"""Values and names as messages show them: short, on one line, safe to print."""

import math
from collections.abc import Mapping

_LONGEST = 60
_LARGEST = 1e300
_EXACT = 10**20


def shown(value: object, unit: str | None = None) -> str:
    """Return a value as a message shows it, short and on one line.

    Examples
    --------
    >>> shown(-5.0, "MW"), shown("60 MW"), shown(None)
    ('-5 MW', "the text '60 MW'", 'nothing')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value) + (f" {unit}" if unit else "")
    if isinstance(value, str):
        return f"the text {short(value)!r}"
    return "a mapping" if isinstance(value, Mapping) else "a list"


def _number(value: float) -> str:
    """Return a number in the digits that a person would write."""
    if isinstance(value, int) and abs(value) < _EXACT:
        return str(value)
    if abs(value) < _LARGEST:
        return f"{float(value):.12g}"
    return "a number too large" if abs(value) < math.inf else str(value)


def short(text: str, length: int = _LONGEST) -> str:
    """Return text cut to a length."""
    return text if len(text) <= length else text[:length] + "..."


def printable(text: str) -> str:
    """Return a name cut short, its control characters written out."""
    return short(text) if text.isprintable() else repr(short(text))
