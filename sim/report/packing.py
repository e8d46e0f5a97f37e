"""Arrays as short text inside a page: fixed-point differences, byte by byte, deflated, base64."""

import base64
import zlib
from typing import Any, Final

import numpy as np

from sim.signals import FloatArray

LARGEST_CODE: Final = 2**52
"""A code must fit the whole numbers that a browser counts exactly."""


def pack(values: FloatArray, step: float, rounding: np.ufunc = np.rint) -> dict[str, Any]:
    """Return an array as whole multiples of a step, packed as text.

    The differences between neighbours are folded to whole numbers from 0 (0, -1, 1, -2 become 0, 1, 2, 3)
    and stored lowest bytes first, then the next, so that the mostly empty high bytes deflate to nothing.

    Parameters
    ----------
    values
        The values [value], shape (n,).
    step
        Resolution [value], above 0.
    rounding
        ``np.floor`` for minima and ``np.ceil`` for maxima, so that an envelope never shrinks.

    Returns
    -------
    dict
        ``count``, ``step``, ``bytes`` (per value) and ``data``.

    Raises
    ------
    ValueError
        A value is more than about 1e15 steps from the one before.
    """
    # a value that is a multiple but for rounding must not move by a whole step
    multiples = rounding(np.round(values / step, 6))
    differences = np.diff(multiples, prepend=0.0)
    if np.any(np.abs(differences) > LARGEST_CODE):
        raise ValueError(f"values are too far apart for a resolution of {step:g}")
    whole = differences.astype(np.int64)
    codes = np.where(whole < 0, -2 * whole - 1, 2 * whole).astype("<u8")
    byte_count = max(1, (int(codes.max(initial=0)).bit_length() + 7) // 8)
    planes = codes.view(np.uint8).reshape(-1, 8)[:, :byte_count].T
    data = base64.b64encode(zlib.compress(planes.tobytes(), 6)).decode("ascii")
    return {"count": int(values.size), "step": step, "bytes": byte_count, "data": data}


def step_for(largest: float, digits: int) -> float:
    """Return the resolution that keeps so many significant digits of the largest value.

    Parameters
    ----------
    largest
        Largest magnitude to be packed [value].
    digits
        Significant digits.

    Returns
    -------
    float
        A power of ten [value].

    Examples
    --------
    >>> step_for(420.0, 5), step_for(0.0, 5)
    (0.01, 0.0001)
    """
    exponent = int(np.floor(np.log10(largest))) if largest > 0.0 else 0
    return float(f"1e{exponent - digits + 1}")
