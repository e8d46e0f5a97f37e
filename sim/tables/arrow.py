"""Between Arrow's columns and numpy arrays.

By hand: Arrow's own ``array`` and ``to_numpy``, and making an Arrow scalar of a Python value, import pandas
where it is installed, which takes most of a second.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from sim.units import FloatArray

_MICROSECONDS = 1e6


def floats(values: pa.ChunkedArray) -> FloatArray:
    """Return a column of numbers, or of timestamps as they are counted, as floats of our own, NaN for null."""
    return np.concatenate([np.empty(0), *map(_chunk_of_floats, values.chunks)])


def _chunk_of_floats(chunk: pa.Array) -> FloatArray:
    """Return the same of a chunk, from its buffers: Arrow's own ways import functions by the hundred."""
    plain = chunk.view(pa.int64()) if pa.types.is_timestamp(chunk.type) else chunk
    valid, numbers = plain.buffers()
    place = slice(plain.offset, plain.offset + len(plain))
    found = np.frombuffer(numbers or b"", plain.type.to_pandas_dtype())[place].astype(np.float64)
    if plain.null_count:
        found[np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")[place] == 0] = np.nan
    return found


def column(values: np.ndarray[Any, Any]) -> pa.Array:
    """Return an array of floats or integers as a column that shares its memory."""
    plain = np.ascontiguousarray(values)
    kind = pa.type_for_alias(plain.dtype.name)
    return pa.Array.from_buffers(kind, plain.size, [None, pa.py_buffer(plain)])


def texts(values: Sequence[str]) -> pa.Array:
    """Return texts as a column."""
    encoded = [text.encode() for text in values]
    offsets = np.concatenate([[0], np.cumsum([len(text) for text in encoded], dtype=np.int64)]).astype(np.int32)
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)))


def coded(values: Sequence[str]) -> pa.DictionaryArray:
    """Return texts of which many are alike as a column of codes."""
    words = list(dict.fromkeys(values))
    places = {word: place for place, word in enumerate(words)}
    codes = np.fromiter((places[value] for value in values), dtype=np.int32, count=len(values))
    return pa.DictionaryArray.from_arrays(column(codes), texts(words))


def truths(values: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return a column of true and false as an array."""
    return floats(values.cast(pa.uint8())).astype(np.bool_)


def seconds(stamps: pa.ChunkedArray) -> FloatArray:
    """Return a column of timestamps in microseconds as seconds since 1970-01-01T00:00Z, NaN for null."""
    return floats(stamps) / _MICROSECONDS
