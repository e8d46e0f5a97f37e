"""What a column may hold: quantities, their bounds, and how a file's numbers become them.

Kinds of files, by what a person calls them, tell which of them a file is about.
"""

import re
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from sim.errors import InputError
from sim.shipped import shipped
from sim.tables.bounds import MAX_SHOWN
from sim.tables.table import Table
from sim.tables.unit_words import CURRENCIES, DIMENSION_OF, DIMENSIONS, LETTERS, ZERO_AT, parse_unit, shown, unit_in
from sim.units import FloatArray

_NO_VALUE: Final = re.compile(r"-?9{2,}(\.9+|\.0+)?$")
"""Numbers that loggers write where they have none."""
_SMALL: Final = 0.1
"""What a meter shows below zero where nothing flows, over its highest value; assumption."""
_FEW_ROWS: Final = 8


class Scaling(NamedTuple):
    """How a file's numbers become the quantity's unit: times a factor, plus an offset."""

    factor: float = 1.0
    offset: float = 0.0
    per_interval: bool = False
    """Whether each number is an energy over its interval, to be divided by the interval's hours."""

    def apply(self, values: FloatArray) -> FloatArray:
        """Return values in the quantity's unit; untouched where there is nothing to convert."""
        if self.factor == 1.0 and self.offset == 0.0:
            return values
        return values * self.factor + self.offset


@dataclass(frozen=True)
class Quantity:
    """What a field takes from a file."""

    name: str
    """What it is, for messages: ``power``."""
    unit: str
    """The unit that it is counted in, as names spell it: ``mw``."""
    dimensions: tuple[str, ...]
    """Dimensions whose units may be stated."""
    field: str = "the column"
    """Field that names its column, for messages."""
    low: float = -np.inf
    """Lowest value [its unit]."""
    high: float = np.inf
    """Highest value [its unit]."""
    hint: str = ""
    """What to do about a value out of range."""
    above_low: bool = False
    """Whether the lowest value itself is not allowed."""
    least_largest: float = 0.0
    """Where no value is above this, they are in another unit than is thought."""
    most_usual: float = np.inf
    """Where the usual value is above this, they are in another unit than is thought."""
    means_nothing: tuple[str, ...] = ()
    """Units that a name of its column may have in it and that say nothing of its own."""
    shared: bool = False
    """Whether its file has columns of other quantities, for which a stated unit may be meant."""

    def _same(self, unit: str) -> bool:
        """Tell whether a unit is the quantity's own, by another name."""
        own = DIMENSIONS[DIMENSION_OF[self.unit]]
        return unit == self.unit or (own.get(unit) == own[self.unit] and unit[:3] not in CURRENCIES[1:])

    @property
    def units(self) -> tuple[str, ...]:
        """The units that may be stated."""
        return tuple(unit for name in self.dimensions for unit in DIMENSIONS[name])

    def conversion(self, table: Table, column: str, said: str | None, currency_usd: float | None) -> Scaling:
        """Return how a column becomes this quantity, by the unit that is stated and that of its name.

        Raises
        ------
        InputError
            If the stated unit is none of this quantity's, or the name tells another than is stated.
        """
        named = unit_in(column, table.header_unit(column), self.dimensions)
        if said is not None:
            return self._said(table.name, column, said, named, currency_usd)
        below = table.header_unit(column)
        if named is None and any(letter.isalpha() or letter in "%$€£" for letter in below):
            what = f"column '{column}' says {below[:MAX_SHOWN]!r} below its name, which is no unit that is known"
            cure = f"write the unit of its numbers, unit: {self.unit} if they are in {shown(self.unit)}"
            raise InputError.single(table.name, "", f"{what}: {cure}")
        if named is None or named in self.means_nothing or self._same(named):
            return Scaling()
        cure = f"write unit: {named}"
        if named not in self.units:
            cure = f"name another column as {self.field}, or state its unit if the name misleads"
        elif named.split("_")[0] in CURRENCIES[1:]:
            cure = f"write unit: {named} and currency_usd, what one {named[:3].upper()} is worth in USD"
        takes = f"{self.field} takes {self.name} in {shown(self.unit)}"
        message = f"column '{column}' is in {shown(named)} by its name; {takes}: {cure}"
        raise InputError.single(table.name, "", message, **({"unit": named} if named in self.units else {}))

    def _said(self, place: str, column: str, said: str, named: str | None, currency_usd: float | None) -> Scaling:
        unit = parse_unit(said)
        units = self.units
        if unit is None or unit not in units:
            must = f"must be one of {', '.join(units[:12])}"
            raise InputError.single(place, "", f"unit {said[:MAX_SHOWN]!r} is no unit of {self.name}; {must}")
        clear = named in units and named not in LETTERS and named is not None
        if clear and named != unit and DIMENSION_OF[str(named)] == DIMENSION_OF[unit]:
            message = f"column '{column}' is in {shown(str(named))} by its name, but unit says {shown(unit)}"
            raise InputError.single(place, "", f"{message}: state the one that is right, or rename the column")
        return self._converted(place, unit, currency_usd)

    def _converted(self, place: str, unit: str, currency_usd: float | None) -> Scaling:
        dimension = DIMENSION_OF[unit]
        factor = DIMENSIONS[dimension][unit]
        currency = unit.split("_", maxsplit=1)[0]
        if dimension == "price" and currency in CURRENCIES[1:]:
            if currency_usd is None:
                message = f"unit {unit} needs currency_usd: what one {currency.upper()} is worth in USD"
                raise InputError.single(place, "", message)
            factor *= currency_usd
        own = DIMENSIONS[DIMENSION_OF[self.unit]][self.unit]
        return Scaling(factor / own, ZERO_AT.get(unit, 0.0) if dimension == "temperature" else 0.0,
                          dimension == "energy")  # fmt: skip

    def takes(self, said: str | None) -> bool:
        """Tell whether a stated unit is meant for this quantity; one that is known of no quantity is."""
        unit = parse_unit(said) if said is not None else None
        return said is not None and (unit is None or unit in self.units or not self.shared)

    def check(self, table: Table, column: str, values: FloatArray, rows: slice = slice(None)) -> None:
        """Raise InputError for the first value out of range among some rows; names row, value, cause."""
        low = values[rows] <= self.low if self.above_low else values[rows] < self.low
        bad = np.flatnonzero(low | (values[rows] > self.high))
        if bad.size:
            row = range(values.size)[rows][int(bad[0])]
            hint = f"; {self.hint}" if self.hint else ""
            cure: dict[str, Any] = {}
            found = table.found(column, row).strip("'")
            if _NO_VALUE.match(found):
                hint, cure = f"; if it stands for no value write missing: [{found}]", {"missing": found}
            elif self.low == 0.0 and np.nansum(values) < 0.0:
                hint = "; the rows add up to less than 0: the file counts the other way, turn its signs"
            elif self.low == 0.0 and -values[row] <= _SMALL * np.nanmax(np.abs(values)):
                cure = {"clip": True}
            raise table.fault_at(column, row, f"must be {self._allowed()}, got {values[row]:.6g}{hint}", **cure)

    def check_energy(self, table: Table, column: str, values: FloatArray) -> None:
        """Raise InputError where energies are readings of a meter that goes on counting, not of intervals."""
        known = values[np.isfinite(values)]
        rises = np.diff(known)
        if rises.size >= _FEW_ROWS and rises.min() >= 0.0 and known[0] > rises.max() > 0.0:
            what = f"column '{column}' never falls: readings of a meter, not the energy of each interval"
            raise InputError.single(table.name, "", f"{what}; take the difference of each two rows")

    def check_plausible(self, table: Table, column: str, values: FloatArray) -> None:
        """Raise InputError where the values as a whole are those of another unit, and none is stated."""
        size = np.abs(values[np.isfinite(values)])
        size = size[size > 0.0]
        if not size.size or (size.max() >= self.least_largest and np.median(size) <= self.most_usual):
            return
        seen = f"the usual value is {np.median(size):.4g}"
        if size.max() < self.least_largest:
            seen = f"none is above {size.max():.4g}"
        what = f"column '{column}' is no {self.name.removeprefix('a ')} in {shown(self.unit)}: {seen}"
        listed = ", ".join(self.units[:12])
        raise InputError.single(table.name, "", f"{what}; state its unit, one of {listed}")

    def _allowed(self) -> str:
        unit = "" if self.unit in {"difficulty", "count"} else f" {shown(self.unit)}"
        if self.above_low:
            return f"above {self.low:g}{unit}"
        if np.isfinite(self.low) and np.isfinite(self.high):
            return f"from {self.low:g} to {self.high:,.10g}{unit}"
        return f"{self.low:g}{unit} or more" if np.isfinite(self.low) else f"{self.high:g}{unit} at most"


def _known(said: dict[str, Any]) -> Quantity:
    fields: dict[str, Any] = {
        field: tuple(value) if isinstance(value, list) else value for field, value in said.items()
    }
    return Quantity(**fields)


QUANTITIES: Final = {name: _known(said) for name, said in shipped("sim.tables", "quantities.json").items()}
"""Every quantity that a file may hold: ``power``, ``price``."""


class Kind(NamedTuple):
    """A kind of file that a scenario may name."""

    quantity: Quantity
    usual_time: str
    names: list[str]
    """What its column of values is called, in small letters without signs."""
    lines: str
    """Where in a scenario it stands, with ``{}`` for its fields."""
    shapes: str = ""
    """Which shapes it may have; empty where none is known."""


KINDS: Final = {
    name: Kind(**said | {"quantity": QUANTITIES[said["quantity"]], "lines": "\n".join(said["lines"])})
    for name, said in shipped("sim.tables", "kinds.json").items()
}
