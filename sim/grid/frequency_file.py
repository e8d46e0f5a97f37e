"""The frequency of a grid as it was measured, from a file."""

from typing import Annotated, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, Field, model_validator

from sim.errors import InputError
from sim.signals import FloatArray, Signal
from sim.spec import NonNegative, Spec
from sim.tables import Files, Table

TIME_NAMES: Final = ("time_utc", "time_s")
"""What the column of times is called: the first that a file has is taken."""
WIDEST_FRACTION: Final = 0.2
"""Farthest from nominal that a row may be, over nominal: beyond, it is no frequency, or of another grid."""
MIN_STEP_S: Final = 1e-6
"""Shortest time between two rows [s]; a float resolves less on a run of many years."""
LEAST_ROWS: Final = 2


class FrequencyFile(Spec):
    """A measured frequency, as a recorder writes it: straight lines from row to row, nominal outside them."""

    file: Annotated[str, Field(min_length=1)]
    """CSV (plain or .gz) or Parquet file with a column of times and one of frequencies, two rows or more."""
    time_column: str | None = None
    """Column of times, strictly increasing: seconds from the scenario's start where its name ends in ``_s``,
    else ISO 8601 with Z or an offset. By default the first there is of ``time_utc``, ``time_s``."""
    frequency_column: str = "frequency_hz"
    """Column of frequencies [Hz], within a fifth of the grid's nominal_hz. A blank row is a sample that is
    missing: the line goes on to the next."""
    at: AwareDatetime | None = None
    """When the first row happens in the run, ISO 8601 with an offset; or ``at_s``. With either the file may
    be of any other day, and its times may stand without an offset. Left out: at the row's own time."""
    at_s: NonNegative | None = None
    """When the first row happens [s from the scenario's start]; or ``at``."""

    @model_validator(mode="after")
    def _begins_once(self) -> Self:
        if self.at is not None and self.at_s is not None:
            raise ValueError("the first row happens once: state at or at_s, not both")
        return self

    def frequency_hz(self, files: Files, start_utc_s: float, end_s: float, nominal_hz: float) -> Signal:
        """Return the frequency from the scenario's start to its end [Hz].

        Parameters
        ----------
        files
            Folders that hold the file.
        start_utc_s
            The scenario's start [s since 1970-01-01T00:00Z].
        end_s
            Its end, from the start [s].
        nominal_hz
            Nominal frequency of the grid [Hz], which holds outside the file's rows.

        Raises
        ------
        InputError
            If the file is missing, its times do not increase or miss the run, or a frequency is missing or
            farther from nominal than `WIDEST_FRACTION`; names file, row, value and what is allowed.
        """
        table = files.table(self.file)
        time_s = self._times_s(table, start_utc_s)
        frequency_hz = table.numbers(self.frequency_column, blanks=True)
        self._check(frequency_hz, nominal_hz)
        there = ~np.isnan(frequency_hz)
        time_s, frequency_hz = time_s[there], frequency_hz[there]
        self._check_place(time_s, end_s)
        times_s, values_hz = np.append(time_s, time_s[-1]), np.append(frequency_hz, nominal_hz)
        if time_s[0] > 0.0:
            times_s = np.concatenate([[0.0, time_s[0]], times_s])
            values_hz = np.concatenate([[nominal_hz, nominal_hz], values_hz])
        return Signal.linear(times_s, values_hz, max(end_s, float(times_s[-1]))).clip_time(0.0, end_s)

    def _times_s(self, table: Table, start_utc_s: float) -> FloatArray:
        """Return when the rows happen [s from the scenario's start]."""
        column = self.time_column or next((name for name in TIME_NAMES if name in table.columns), "time_utc")
        moved = self.at is not None or self.at_s is not None
        if column.endswith("_s"):
            time_s = table.increasing(column)
        else:
            time_s = table.clock_s(column) if moved else table.times_utc_s(column) - start_utc_s
        if moved:
            first_s = self.at.timestamp() - start_utc_s if self.at is not None else self.at_s or 0.0
            time_s = time_s - time_s[0] + first_s
        self._refuse(
            time_s, np.diff(time_s, prepend=-np.inf) < MIN_STEP_S, column, f"{MIN_STEP_S:g} s after the last"
        )
        return time_s

    def _check(self, frequency_hz: FloatArray, nominal_hz: float) -> None:
        """Refuse what is no frequency of this grid."""
        widest_hz = WIDEST_FRACTION * nominal_hz
        allowed = (
            f"from {nominal_hz - widest_hz:g} to {nominal_hz + widest_hz:g} Hz, a fifth of the grid's "
            f"nominal_hz of {nominal_hz:g} Hz"
        )
        self._refuse(
            frequency_hz, np.abs(frequency_hz - nominal_hz) > widest_hz, self.frequency_column, allowed
        )

    def _check_place(self, time_s: FloatArray, end_s: float) -> None:
        """Refuse rows that say nothing of the run."""
        if time_s.size < LEAST_ROWS:
            message = f"must have {LEAST_ROWS} rows with a frequency or more, got {time_s.size}"
            raise InputError.single(self.file, "", message)
        if time_s[-1] <= 0.0 or time_s[0] >= end_s:
            message = (
                f"no row lies within the run, 0 to {end_s:g} s; its rows are at {time_s[0]:.0f} to "
                f"{time_s[-1]:.0f} s from the start: state at or at_s, when the first row happens"
            )
            raise InputError.single(self.file, "", message)

    def _refuse(self, values: FloatArray, bad: NDArray[np.bool_], column: str, must: str) -> None:
        """Raise InputError for the first bad row, if there is one."""
        if bad.any():
            row = int(np.argmax(bad))
            message = f"column '{column}', row {row + 1}: must be {must}; got {values[row]:g}"
            raise InputError.single(self.file, "", message)


def spacing_s(frequency_hz: Signal, nominal_hz: float) -> tuple[float, float]:
    """Return the usual and the longest time between two rows of a measured frequency in a run [s].

    Examples
    --------
    >>> spacing_s(Signal.linear([0.0, 2.0, 4.0, 10.0], [50.0, 50.01, 50.02, 50.0], 10.0), 50.0)
    (2.0, 6.0)
    """
    away = (frequency_hz.value != nominal_hz) | (frequency_hz.slope_per_s != 0.0)
    lengths_s = np.diff(np.append(frequency_hz.time_s, frequency_hz.end_s))[away]
    return (float(np.median(lengths_s)), float(lengths_s.max())) if lengths_s.size else (0.0, 0.0)
