"""How a file is to be read: the fields that every description of a file has."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from sim.errors import Fault, InputError
from sim.spec import UNSAID, Positive, Spec, TimeZone
from sim.tables.bounds import MAX_SHOWN
from sim.tables.files import Files
from sim.tables.quantities import Quantity, Scaling
from sim.tables.shapes import Shape
from sim.tables.stamps import EPOCHS, EXCEL, FROM_START, TimeSpelling
from sim.tables.table import Table
from sim.units import FloatArray

ColumnName = Annotated[str, Field(min_length=1, max_length=200)]


class TableReading(Spec):
    """What a description of a file may say of its rows and numbers; what is not said is not written."""

    unit: Annotated[str, Field(min_length=1, max_length=40)] | None = UNSAID
    """Unit of the file's numbers, where it is not the field's own: ``kw``, ``kWh`` (energy of each interval),
    ``usd_per_kwh``, ``cents_per_kwh``, ``TH/s``, ``difficulty_t``, ``F``. A column whose name tells another
    unit than the field's is refused without it."""
    currency_usd: Positive | None = UNSAID
    """What one unit of the file's currency is worth [USD], where ``unit`` names another than USD."""
    where: Annotated[dict[ColumnName, str | int | float], Field(max_length=20)] | None = UNSAID
    """Which rows to take: what each of some columns must hold, ``{LMP_TYPE: LMP, NODE: TH_NP15}``."""
    missing: Annotated[tuple[str | float, ...], Field(max_length=50)] | None = UNSAID
    """Texts or numbers that stand for no value, beside the blank: ``["Bad", "NaN", -999]``."""
    decimal: Literal[".", ","] | None = UNSAID
    """What stands before decimals, where the file leaves it open."""
    clip: bool | float | tuple[float | None, float | None] | None = UNSAID
    """Values beyond what is allowed are set to it: ``true``; or beyond a least value, ``0.0``, or a least and
    a highest one, ``[0.0, 60.0]``, in the field's own unit. Left out: they are refused."""

    @field_validator("clip")
    @classmethod
    def _in_order(cls, clip: Any) -> Any:
        if isinstance(clip, tuple) and None not in clip and clip[0] > clip[1]:
            raise ValueError(f"the least must not be above the highest, got {clip[0]:g} and {clip[1]:g}")
        return clip

    cures: ClassVar[tuple[str, ...]] = ("decimal",)
    """Fields that may mend a row without a number."""

    @property
    def missing_texts(self) -> tuple[str, ...]:
        """The texts that stand for no value; those of numbers among them."""
        return tuple(entry if isinstance(entry, str) else f"{entry:g}" for entry in self.missing or ())

    def table(self, files: Files) -> Table:
        """Return the rows of the file that ``where`` chooses.

        Raises
        ------
        InputError
            If the file cannot be read, or no row holds what is asked for.
        """
        wanted = {column: as_text(value) for column, value in (self.where or {}).items()}
        return files.table(self.file, self.decimal).chosen(wanted)  # type: ignore[attr-defined]  # each has one

    def values(
        self,
        table: Table,
        column: str,
        quantity: Quantity,
        rows: slice | None = None,
        *,
        blanks: bool = False,
        unit: str | None = None,
    ) -> tuple[FloatArray, Scaling]:
        """Return a column in a quantity's unit, NaN where it is blank and may be, and how it was converted.

        Raises
        ------
        InputError
            If there is no such column, its unit is another, or a row holds no number; names row and value.
        """
        named = (name for name in type(self).model_fields if name.endswith("_column") and getattr(self, name) == column)
        table.require(column, next((f"name the right one as {name}, and state its unit" for name in named), ""))
        said = self.unit if quantity.takes(self.unit) else None
        conversion = quantity.conversion(table, column, said or unit, self.currency_usd)
        try:
            raw = table.numbers(column, rows, blanks=blanks, missing=self.missing_texts)
        except InputError as error:
            raise self._with_cure(error.faults[0]) from None
        return conversion.apply(raw), conversion

    def _with_cure(self, fault: Fault) -> InputError:
        """Return a fault with what of its cure there is a field for, and a use."""
        told = [_CURES[name].format(str(value)[:MAX_SHOWN]) for name, value in fault.cure if name in self.cures]
        return InputError([replace(fault, message="; ".join([fault.message, *told]))])

    def clipped(self, values: FloatArray, quantity: Quantity) -> FloatArray:
        """Return values, cut at the bounds that ``clip`` sets."""
        if self.clip is None or self.clip is False:
            return values
        low, high = quantity.low, quantity.high
        if isinstance(self.clip, tuple):
            low, high = (bound if said is None else said for said, bound in zip(self.clip, (low, high), strict=True))
        elif self.clip is not True:
            low = float(self.clip)
        return np.clip(values, low, high)


class SeriesReading(TableReading):
    """What a description of a file with times may say besides."""

    has_nominal: ClassVar[bool] = False
    """Whether there is a nominal value that may hold outside the rows."""
    cures: ClassVar[tuple[str, ...]] = ("decimal", "missing", "max_gap_s")
    counts_seconds: ClassVar[bool] = False
    """Whether plain numbers are taken for seconds from the scenario's start."""

    time_zone: TimeZone | None = UNSAID
    """Zone of times that have no offset, ``America/Chicago``; ``Etc/GMT+6`` is six hours behind UTC all
    year."""
    time_format: Annotated[str, Field(min_length=1, max_length=60)] | None = UNSAID
    """How times are written, where it does not show: a pattern, ``"%d/%m/%Y %I:%M %p"``; ``s``, ``ms``,
    ``min``, ``h``, ``d`` from the scenario's start; ``epoch_s``, ``epoch_ms``, ``epoch_us``, ``epoch_ns``
    since 1970; ``excel`` for a spreadsheet's days."""
    stamp: Literal["start", "end"] | None = UNSAID
    """Which end of its interval a row's time marks; left out: the start, and a column whose name says end is
    refused."""
    hour_column: ColumnName | None = UNSAID
    """Column with the hour beside a column of dates: 1 to 24 end at that hour, 0 to 23 begin at it."""
    repeated_column: ColumnName | None = UNSAID
    """Column that marks the second of two hours that clocks show alike: ``Y``, ``true`` or ``1``."""
    duplicates: Literal["refuse", "last", "mean"] | None = UNSAID
    """What becomes of rows of one time: refused unless said, the last one is taken, or their mean."""
    max_gap_s: Annotated[float, Field(ge=0.0, le=1e9)] | None = UNSAID
    """Longest hole that is filled, with the value before it or a line across it [s]; left out: none."""
    outside: Literal["refuse", "hold", "nominal"] | None = UNSAID
    """What holds outside the file's rows: left out, a run that needs more is refused; ``hold``: the first and
    last value; ``nominal``, for frequency alone: the nominal one."""

    @field_validator("time_format")
    @classmethod
    def _known_format(cls, said: str | None) -> str | None:
        words = (*FROM_START, *EPOCHS, EXCEL)
        if said is not None and "%" not in said and said not in words:
            raise ValueError(f"must be a pattern such as %d/%m/%Y %H:%M, or one of {', '.join(words)}")
        return said

    @field_validator("outside")
    @classmethod
    def _not_nominal(cls, outside: str | None) -> str | None:
        if outside == "nominal" and not cls.has_nominal:
            raise ValueError("nominal is for frequency alone; must be refuse or hold")
        return outside

    @property
    def clock(self) -> TimeSpelling:
        """How the file's times are written, as far as it is said."""
        zone = self.time_zone if "time_zone" in self.model_fields_set else None
        return TimeSpelling(self.time_format, zone, seconds=self.counts_seconds)


_CURES = {
    "decimal": 'write decimal: "," or decimal: "."',
    "missing": "if it stands for no value write missing: [{}]",
    "max_gap_s": "max_gap_s fills holes",
}
_SHOWN = 12


def as_text(value: str | float) -> str:
    """Return what a text file would hold for a value of a description.

    Examples
    --------
    >>> as_text(51217), as_text(51217.0), as_text("HB_WEST")
    ('51217', '51217', 'HB_WEST')
    """
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def of_one_place(table: Table, shape: Shape | None, said: Mapping[str, Any]) -> Table:
    """Return the rows of the ``location`` and ``market`` that are said, or of the only ones there are.

    Of a known kind of file they are the usual rows, unless ``where`` says others.

    Raises
    ------
    InputError
        Where there are several and none is said, or no such column or row; names what there is.
    """
    usual = shape.where if shape is not None else ()
    table = table.chosen({name: text for name, text in usual if name not in (said.get("where") or {})})
    for field in ("location", "market"):
        named = (getattr(shape, f"{field}_column") if shape else "") or field
        column = next((column for column in table.columns if column.lower() == named.lower()), None)
        if column is not None:
            table = table.only(column, said.get(field), field)
        elif said.get(field) is not None:
            shown = ", ".join(table.columns[:_SHOWN])
            raise InputError.single(table.name, "", f"has no column '{named.capitalize()}' to find {field} in: {shown}")
    return table
