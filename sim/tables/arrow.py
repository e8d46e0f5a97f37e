"""From Arrow's columns to numpy arrays.

By hand: Arrow's own ``to_numpy``, and making an Arrow scalar of a Python value, import pandas where it is
installed, which takes most of a second.
"""

import numpy as np
import pyarrow as pa

from sim.tables.table import FloatArray

_MICROSECONDS = 1e6


def floats(values: pa.ChunkedArray) -> FloatArray:
    """Return a column of float64 as an array of our own, NaN for null."""
    result = np.full(len(values), np.nan)
    result[truths(values.is_valid())] = _joined(values.drop_null())
    return result


def truths(values: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return a column of true and false as an array."""
    return _joined(values.cast(pa.uint8())).astype(np.bool_)


def seconds(stamps: pa.ChunkedArray) -> FloatArray:
    """Return a column of timestamps in microseconds as seconds since 1970-01-01T00:00Z, NaN for null."""
    return floats(stamps.cast(pa.int64()).cast(pa.float64(), safe=False)) / _MICROSECONDS


def _joined(values: pa.ChunkedArray) -> FloatArray:
    chunks = [np.from_dlpack(chunk) for chunk in values.chunks]
    return np.concatenate(chunks) if chunks else np.empty(0)
