"""Ready shapes: files of operators and programs, known by the names of their columns."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from sim.shipped import shipped


class Shape(NamedTuple):
    """What is known of a kind of file, where the description does not say otherwise."""

    name: str
    """What it is, for people."""
    needs: frozenset[str]
    """Columns, in small letters without blanks, that a file of this kind has."""
    time_column: str = ""
    hour_column: str = ""
    interval_column: str = ""
    """Column that counts the quarters of an hour."""
    repeated_column: str = ""
    value_column: str = ""
    location_column: str = ""
    market_column: str = ""
    stamp: str = ""
    time_zone: str = ""
    time_format: str = ""
    unit: str = ""
    where: tuple[tuple[str, str], ...] = ()


@cache
def _shapes(kind: str) -> tuple[Shape, ...]:
    return tuple(
        Shape(**{**said, "needs": frozenset(said["needs"]), "where": tuple(said.get("where", {}).items())})
        for said in shipped("sim.tables", "shapes.json").get(kind, ())
    )


def plain_name(column: str) -> str:
    """Return a column's name in small letters, without blanks and signs.

    Examples
    --------
    >>> plain_name("Day-ahead Price [EUR/MWh]")
    'dayaheadpriceeurmwh'
    """
    return "".join(letter for letter in column.lower() if letter.isalnum())


def column_called(columns: Sequence[str], names: Iterable[str]) -> str | None:
    """Return the column of the first of some plain names that there is; of several the first, None if none.

    Examples
    --------
    >>> column_called(["Time", "Dry Bulb"], ["temperature", "drybulb"])
    'Dry Bulb'
    """
    known = {plain_name(column): column for column in reversed(columns)}
    return next((known[name] for name in names if name in known), None)


def shape_of(columns: tuple[str, ...], kind: str) -> Shape | None:
    """Return the first shape that has all its columns there, its names as the file spells them.

    The kinds are ``price``, ``power`` and ``requests``; of any other there is none.
    """
    named = {plain_name(column): column for column in reversed(columns)}
    shape = next((shape for shape in _shapes(kind) if shape.needs <= named.keys()), None)
    if shape is None:
        return None
    fields: dict[str, Any] = {
        field: next((named[name] for name in getattr(shape, field).split() if name in named), "")
        for field in Shape._fields
        if field.endswith("_column")
    }
    where = tuple((named[name], text) for name, text in shape.where if name in named)
    return shape._replace(**fields, where=where)
