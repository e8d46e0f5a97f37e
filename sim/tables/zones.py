"""Local times: what the clocks of a zone showed, as seconds since 1970, changes of the clocks included."""

from collections.abc import Callable
from typing import Final

import numpy as np

from sim.errors import InputError
from sim.units import SECONDS_PER_HOUR, BoolArray, FloatArray, IndexArray

_MOST_FOLDS: Final = 1000


def localised(
    face_s: FloatArray, zone: str, again: BoolArray | None, fault: Callable[[int, str], InputError]
) -> FloatArray:
    """Return what the clocks of a zone showed as seconds since 1970-01-01T00:00Z; see `placed`."""
    if face_s.size > 1 and face_s[0] > face_s[-1]:  # the newest row first
        turned = None if again is None else again[::-1]
        return localised(face_s[::-1], zone, turned, lambda row, must: fault(face_s.size - 1 - row, must))[::-1]
    import pandas as pd  # noqa: PLC0415  # takes a second, and times in UTC do without

    stamps = pd.DatetimeIndex((np.asarray(face_s) * 1e6).round().astype("datetime64[us]"))
    plain = stamps.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    open_rows = np.flatnonzero(plain.isna())
    if open_rows.size:
        first = _second_pass(face_s, open_rows) if again is None else ~again
        summer = np.ones(face_s.size, dtype=np.bool_) if first is None else first
        plain = stamps.tz_localize(zone, ambiguous=summer, nonexistent="NaT")
        skipped = np.flatnonzero(plain.isna())
        if skipped.size:
            raise fault(
                int(skipped[0]),
                f"the clocks of {zone} skip this hour: is it standard time all year (write a zone such as "
                f"Etc/GMT+6), or a time in UTC (write time_zone: UTC)?",
            )
        if first is None:
            raise fault(
                int(open_rows[0]),
                f"the clocks of {zone} show this hour twice and the file has it once: write times with an "
                f"offset, or name the column that marks the second as repeated_column",
            )
    return np.asarray(
        plain.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]").astype(np.int64) / 1e6
    )


def _second_pass(face_s: FloatArray, rows: IndexArray) -> BoolArray | None:
    """Return which rows are of an hour's first pass; None where an hour that comes twice is there once.

    The second pass begins where the clocks go back.
    """
    first = np.ones(face_s.size, dtype=np.bool_)
    for block in np.split(rows, np.flatnonzero(np.diff(face_s[rows]) > 3.0 * SECONDS_PER_HOUR) + 1)[:_MOST_FOLDS]:
        back = np.flatnonzero(np.diff(face_s[block]) <= 0.0)
        if not back.size:
            return None
        first[block[back[0] + 1 :]] = False
    return first
