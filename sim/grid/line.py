"""Power ahead of now, as far as it is known, in straight lines."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Line(NamedTuple):
    """A stretch of straight line."""

    from_s: float
    """Its start [s]."""
    value_mw: float
    """Value there [MW]."""
    slope_mw_per_s: float
    """Slope [MW/s]."""

    def at_mw(self, time_s: float) -> float:
        """Return its value at a time [MW]."""
        return self.value_mw + self.slope_mw_per_s * (time_s - self.from_s)


def together(now_s: float, parts: Sequence[Sequence[Line]]) -> list[Line]:
    """Return the sum of several powers from now on, as lines.

    Parameters
    ----------
    now_s
        The present time [s].
    parts
        The lines of each power, in order of time, the first from now or before on; one without lines is 0.

    Examples
    --------
    >>> together(5.0, [[Line(0.0, 10.0, 0.0)], [Line(0.0, 0.0, 1.0), Line(8.0, 8.0, 0.0)]])
    [Line(from_s=5.0, value_mw=15.0, slope_mw_per_s=1.0), Line(from_s=8.0, value_mw=18.0, slope_mw_per_s=0.0)]
    """
    parts = [part for part in parts if part]
    starts_s = sorted({now_s, *(line.from_s for part in parts for line in part if line.from_s > now_s)})
    in_force = [_in_force(part, starts_s) for part in parts]
    return [_sum(time_s, lines) for time_s, *lines in zip(starts_s, *in_force, strict=True)]


def spans(lines: Sequence[Line], from_s: float, until_s: float) -> Iterator[tuple[Line, float, float]]:
    """Iterate over the lines in force between two times, with when each begins and ends to count [s]."""
    ends_s = [line.from_s for line in lines[1:]] + [until_s]
    for line, end_s in zip(lines, ends_s, strict=True):
        first_s, last_s = max(line.from_s, from_s), min(end_s, until_s)
        if last_s > first_s:
            yield line, first_s, last_s


def _in_force(lines: Sequence[Line], times_s: Sequence[float]) -> list[Line]:
    """Return the line in force at each time, in order; the last where several begin at once."""
    found, number = [], 0
    for time_s in times_s:
        while number + 1 < len(lines) and lines[number + 1].from_s <= time_s:
            number += 1
        found.append(lines[number])
    return found


def _sum(time_s: float, lines: Sequence[Line]) -> Line:
    return Line(time_s, sum(line.at_mw(time_s) for line in lines), sum(line.slope_mw_per_s for line in lines))
