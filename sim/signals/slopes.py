"""Slopes of which most are zero: those that are not are kept alone."""

from collections.abc import Sequence
from typing import Any, Final, Self

import numpy as np

from sim.units import BoolArray, FloatArray

BYTES_A_SLOPE: Final = 12
"""What a slope that is kept takes, with its place; one in an array takes 8."""


class Slopes:
    """As many slopes as there are segments, zero but for some; read like the array that they stand for.

    Parameters
    ----------
    size
        Number of segments.
    places
        Which of them have a slope, in order, shape (k,).
    values
        Their slopes [value/s], shape (k,).
    """

    __slots__ = ("places", "size", "values")

    def __init__(self, size: int, places: Any, values: FloatArray) -> None:
        self.size = size
        self.places = np.asarray(places, dtype=np.uint32)
        self.values = values

    @classmethod
    def of(cls, slopes: "FloatArray | Slopes") -> "FloatArray | Slopes":
        """Return slopes in the form that takes less memory."""
        if isinstance(slopes, Slopes):
            many = BYTES_A_SLOPE * slopes.values.size >= slopes.size * slopes.values.itemsize
            return slopes.between(0, slopes.size) if many else slopes
        if BYTES_A_SLOPE * int(np.count_nonzero(slopes)) >= slopes.nbytes:
            return slopes
        return cls.sparse(slopes)

    @classmethod
    def of_parts(cls, parts: "Sequence[FloatArray | Slopes]") -> "FloatArray | Slopes":
        """Return the slopes of parts that follow one another, in the form that takes less memory."""
        if all(isinstance(part, np.ndarray) for part in parts):
            return np.concatenate(parts)  # type: ignore[arg-type]  # arrays
        sparse = [part if isinstance(part, Slopes) else cls.sparse(part) for part in parts]
        begins = np.cumsum([0, *(part.size for part in sparse)])
        places = [part.places + np.uint32(first) for part, first in zip(sparse, begins, strict=False)]
        values = np.concatenate([part.values for part in sparse])
        return cls.of(cls(int(begins[-1]), np.concatenate(places), values))

    @classmethod
    def sparse(cls, slopes: FloatArray) -> "Slopes":
        """Return slopes in this form, whatever memory it takes."""
        places = np.flatnonzero(slopes)
        return cls(slopes.size, places, slopes[places])

    def kept(self, keep: BoolArray) -> "Slopes":
        """Return those of the segments that are kept, of the first so many."""
        within = self.places[: np.searchsorted(self.places, keep.size)]
        stays = keep[within]
        if keep.all():
            return Slopes(keep.size, within, self.values[: within.size])
        place = np.cumsum(keep) - 1
        return Slopes(int(place[-1]) + 1, place[within[stays]], self.values[: within.size][stays])

    def any(self) -> bool:
        """Tell whether one of them is not zero."""
        return bool(self.values.any())

    def __neg__(self) -> Self:
        """Return them with their signs turned."""
        return type(self)(self.size, self.places, -self.values)

    def between(self, first: int, last: int) -> FloatArray:
        """Return the slopes from one segment to before another, as an array."""
        dense = np.zeros(max(0, last - first))
        if self.values.size:
            low, high = np.searchsorted(self.places, [max(first, 0), max(last, 0)])
            dense[self.places[low:high] - np.uint32(first)] = self.values[low:high]
        return dense

    def __getitem__(self, wanted: Any) -> Any:
        """Return some of them as an array of their own, or one."""
        if isinstance(wanted, slice) and wanted.step is None:
            first, last, _ = wanted.indices(self.size)
            return self.between(first, last)
        if isinstance(wanted, slice) or np.asarray(wanted).dtype == np.bool_:
            return self.between(0, self.size)[wanted]
        return self.take(np.asarray(wanted))

    def take(self, places: Any) -> Any:
        """Return those at some places, in the shape of these; below 0 counts from the end."""
        places = np.where(places < 0, places + self.size, places) if np.any(places < 0) else places
        if not self.values.size or not places.size:
            return np.zeros(places.shape)[()]
        first, last = int(places.min()), int(places.max()) + 1
        if last - first <= 8 * places.size:  # close together: as an array they are found at once
            return self.between(first, last)[places - first]
        found = np.minimum(np.searchsorted(self.places, places), self.values.size - 1)
        return np.where(self.places[found] == places, self.values[found], 0.0)[()]
