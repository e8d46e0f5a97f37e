"""A column of prices in a file, of whichever of the usual shapes it has."""

from typing import Final, NamedTuple

from pydantic import Field

from sim.errors import InputError
from sim.spec import Spec
from sim.tables import Files, Table

PRICE_SUFFIX: Final = "usd_per_mwh"
TIME_NAMES: Final = ("time_utc", "interval start", "interval_start_utc", "interval_start", "time")
"""What the column of times is called, in small letters: the first that a file has is taken."""
PRICE_NAMES: Final = ("spp", "lmp", "price")
"""What the column of prices is called in files whose names say no unit, in small letters."""
LOCATION_NAME: Final = "location"
MARKET_NAME: Final = "market"
_SHOWN: Final = 12


class PriceColumn(NamedTuple):
    """One course of prices: the rows of a file that make it, and where they hold time and price."""

    table: Table
    time_column: str
    value_column: str


class PriceFile(Spec):
    """A column of prices in a CSV or Parquet file.

    The usual shapes need no more than the file's name: ``time_utc`` with a column whose name ends in
    ``usd_per_mwh`` or is ``price``, and frames of the library gridstatus as pandas saves them (``Interval
    Start`` or ``Time`` with offsets, ``Location``, ``Market``, ``SPP`` or ``LMP``).
    """

    file: str = Field(min_length=1)
    """CSV (plain or .gz) or Parquet file, relative to the scenario file or a data folder."""
    time_column: str | None = None
    """Column with the START of each interval, as ISO-8601 with zone or offset; by default the first there is
    of ``time_utc``, ``Interval Start``, ``interval_start_utc``, ``interval_start``, ``Time``."""
    price_column: str | None = None
    """Column with the price [USD/MWh]; by default the only one whose name ends in ``usd_per_mwh``, else the
    only one called ``SPP``, ``LMP`` or ``price``."""
    location: str | None = None
    """Settlement point whose rows to take, as the column ``Location`` has it; needed where it has several."""
    market: str | None = None
    """Market whose rows to take, as the column ``Market`` has it; needed where it has several."""

    def column(self, files: Files) -> PriceColumn:
        """Return the rows and columns that the fields name, or that are the only ones.

        Raises
        ------
        InputError
            The file is missing, or lacks what is named, or leaves a choice: names the choices.
        """
        table = files.table(self.file)
        table = _selected(table, LOCATION_NAME, "location", self.location)
        table = _selected(table, MARKET_NAME, "market", self.market)
        return PriceColumn(
            table, self.time_column or _time_column(table), self.price_column or _price_column(table)
        )


def _selected(table: Table, name: str, field: str, wanted: str | None) -> Table:
    """Return the rows of one location or market; all where the file does not tell them apart."""
    column = next((column for column in table.columns if column.lower() == name), None)
    if column is None:
        if wanted is None:
            return table
        shown = ", ".join(table.columns[:_SHOWN])
        raise InputError.single(
            table.name, "", f"has no column '{name.capitalize()}' to find {field} in: {shown}"
        )
    if wanted is not None:
        return table.where(column, wanted)
    words = table.words(column)
    if len(words) > 1:
        shown = ", ".join(words[:_SHOWN]) + (
            f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
        )
        raise InputError.single(
            table.name, "", f"column '{column}' holds several: {shown}; name one as {field}"
        )
    return table


def _time_column(table: Table) -> str:
    known = {column.lower(): column for column in reversed(table.columns)}
    found = next((known[name] for name in TIME_NAMES if name in known), None)
    # with none of them, the table itself says what it has
    return TIME_NAMES[0] if found is None else found


def _price_column(table: Table) -> str:
    """Return the one column named as a power price; raise InputError where there is none or more than one."""
    by_unit = [column for column in table.columns if column.endswith(PRICE_SUFFIX)]
    candidates = by_unit or [column for column in table.columns if column.lower() in PRICE_NAMES]
    if len(candidates) == 1:
        return candidates[0]
    found = "several columns end" if by_unit else "no column ends"
    names = ", ".join(candidates or table.columns)
    also = "" if by_unit else f" or {'several are' if candidates else 'is'} called SPP, LMP or price"
    raise InputError.single(
        table.name, "", f"{found} in '{PRICE_SUFFIX}'{also}: {names}; name one as price_column"
    )
