"""A scenario against the bills of its site, month by month, and what other policies would have earned."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Final, NamedTuple

from sim.errors import InputError, did_you_mean
from sim.metrics.months import Month, months
from sim.result import finite
from sim.scenario.load import load_scenario
from sim.scenario.overrides import Overrides
from sim.simulation import run
from sim.tables import Files
from sim.tables.unit_words import parse_unit, unit_in
from sim.units import unit_of

MONTH: Final = "month"
_QUANTITIES: Final = tuple(field.name for field in fields(Month))[2:]
_CLOCK_CHANGE_D: Final = 0.05
"""A month in which clocks go forward lacks an hour."""
_TEXT_LENGTH: Final = len("2024-05")


class BacktestRow(NamedTuple):
    """A quantity of one month; None where it is not known."""

    month: str
    days: float
    """Part of the month that the run covers [d]."""
    quantity: str
    """A column of ``monthly.csv``; or what a policy's mining revenue less power and other cost is above
    that of the scenario's own."""
    actual: float | None
    model: float | None
    error_fraction: float | None
    """Model over actual, less one."""


def read_bill(path: Path) -> dict[tuple[str, str], float]:
    """Return what a file says by month and quantity, blanks left out.

    Parameters
    ----------
    path
        A column ``month``, ``2024-05``, and any columns of ``monthly.csv``.

    Raises
    ------
    InputError
        If a column is no such quantity, or in another unit by the line below its name, a month is written
        otherwise or twice, or all is blank.
    """
    table = Files([path.parent]).table(path.name)
    table.require(MONTH, "name the month of each row, 2024-05, in a column of this name")
    names = [name[:_TEXT_LENGTH] for name in table.texts(MONTH)]
    for row, name in enumerate(names):
        try:
            date.fromisoformat(f"{name}-01")
        except ValueError:
            raise table.fault_at(MONTH, row, "must be a year and month, 2024-05", got=True) from None
        if name in names[:row]:
            raise table.fault_at(MONTH, row, "must stand in one row; an earlier one has it too", got=True)
    for column in {*table.columns} - {MONTH, *_QUANTITIES}:
        near = did_you_mean(column, _QUANTITIES) or f"; must be one of {', '.join(_QUANTITIES)}"
        raise InputError.single(table.name, "", f"column '{column}' is no monthly quantity{near}")
    columns = {one: table.numbers(one, blanks=True).tolist() for one in table.columns if one != MONTH}
    for column in columns:
        below = table.header_unit(column)
        if below and parse_unit(below) != unit_in(column):
            must = f"column '{column}' must be in {unit_of(column)}, as its name says; below it stands {below!r}"
            raise InputError.single(table.name, "", f"{must}: convert it, or take that line out")
    found = {
        (name, column): values[row]
        for row, name in enumerate(names)
        for column, values in columns.items()
        if isfinite(values[row])
    }
    if not found:
        raise InputError.single(table.name, "", "holds no number beside its months")
    return found


def backtest(
    path: Path, bill: Path, policies: Sequence[str] = (), overrides: Overrides = (), data: Sequence[Path] = ()
) -> list[BacktestRow]:
    """Return a scenario's months beside those of a bill, and other policies in the same months.

    Parameters
    ----------
    path
        The scenario file.
    bill
        What was measured, see `read_bill`.
    policies
        Other policies, written as in a comparison.
    overrides, data
        As `load_scenario`.

    Raises
    ------
    InputError
        If the bill or the scenario is wrong, or they share no month.
    """

    def modelled(policy: str | None) -> dict[str, Month]:
        recording = run(load_scenario(path, overrides=overrides, data=data, policy=policy)).recording
        return {month.month: month for month in recording.once(months)}

    actual, own = read_bill(bill), modelled(None)
    shared = sorted({month for month, _ in actual} & {*own})
    if not shared:
        span = f"{min(own)} to {max(own)}"
        raise InputError.single(bill.name, "", f"shares no month with the run, which has {span}")
    rows = [
        _row(own[month], quantity, value, getattr(own[month], quantity))
        for (month, quantity), value in actual.items()
        if month in own
    ]
    for policy in policies:
        other = modelled(policy)
        more = {month: _margin_usd(other[month]) - _margin_usd(own[month]) for month in shared}
        rows += [_row(own[month], f"margin_usd more with {policy}", None, more[month]) for month in shared]
    return rows


def warnings(rows: Sequence[BacktestRow]) -> list[str]:
    """Return a line for each month that was billed as a whole and that the run covers in part."""
    found = {}
    for row in rows:
        whole = monthrange(*map(int, row.month.split("-")))[1]
        if row.actual is not None and row.days < whole - _CLOCK_CHANGE_D:
            found[row.month] = f"{row.month}: the run covers {row.days:.4g} of {whole} days, the bill all of them"
    return list(found.values())


def _row(month: Month, quantity: str, actual: float | None, model: float) -> BacktestRow:
    known = finite(model)
    error = model / actual - 1.0 if actual and known is not None else None
    return BacktestRow(month.month, month.days, quantity, actual, known, error)


def _margin_usd(month: Month) -> float:
    return month.mining_revenue_usd - month.power_cost_usd - month.other_cost_usd
