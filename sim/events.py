"""What happened in a run, in order of time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sim.units import FloatArray

Words = tuple[str, str]
"""What it happened to, and what."""


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened."""

    time_s: float
    """When [s from the start]."""
    source: str
    """What it happened to: ``load.llama``, ``controller``."""
    kind: str
    """What happened: ``failure``, ``decision: headroom``."""
    value: float
    """A number that goes with it; its meaning stands with the kind."""


@dataclass(frozen=True, slots=True, eq=False)
class EventTable(Sequence[EventRow]):  # noqa: PLW1641  # nobody looks anything up by a table
    """Events in columns: a year of them as objects would take ten times the memory."""

    time_s: FloatArray
    """When they happened [s], shape (n,)."""
    value: FloatArray
    """Their numbers, shape (n,)."""
    place: NDArray[np.uint32]
    """Where among `words` each has its own, shape (n,)."""
    words: Sequence[Words]

    @classmethod
    def of(cls, rows: Iterable[EventRow]) -> Self:
        """Return the table of events; of a table itself.

        Examples
        --------
        >>> table = EventTable.of([EventRow(0.0, "a", "start", 9.0), EventRow(9.0, "pool", "block", 3.1)])
        >>> table.where(lambda source, kind: source == "pool")[0].value
        3.1
        """
        if isinstance(rows, cls):
            return rows
        held = tuple(rows)
        places: dict[Words, int] = {}
        found = [places.setdefault((row.source, row.kind), len(places)) for row in held]
        time_s, value = np.array([(row.time_s, row.value) for row in held]).reshape(-1, 2).T
        return cls(time_s, value, np.array(found, dtype=np.uint32), tuple(places))

    @classmethod
    def merged(cls, tables: Sequence["EventTable"]) -> Self:
        """Return the events of all tables by time; of one instant, those of the first table first."""
        begins = np.cumsum([0, *(len(table.words) for table in tables)], dtype=np.uint32)
        places = [table.place + begin for table, begin in zip(tables, begins, strict=False)]
        time_s = np.concatenate([table.time_s for table in tables])
        value = np.concatenate([table.value for table in tables])
        order = np.argsort(time_s, kind="stable")
        words = [words for table in tables for words in table.words]
        return cls(time_s[order], value[order], np.concatenate(places)[order], words)

    def __len__(self) -> int:
        """Return how many there are."""
        return self.time_s.size

    def __getitem__(self, place: Any) -> Any:
        """Return an event, or some of them."""
        if isinstance(place, slice):
            return tuple(self._kept(place))
        source, kind = self.words[self.place[place]]
        return EventRow(float(self.time_s[place]), source, kind, float(self.value[place]))

    def __iter__(self) -> Iterator[EventRow]:
        """Yield all, in order."""
        rows = zip(self.time_s.tolist(), self.all_words(), self.value.tolist(), strict=True)
        for time_s, (source, kind), value in rows:
            yield EventRow(time_s, source, kind, value)

    def __eq__(self, other: object) -> bool:
        """Tell whether another sequence holds the same events."""
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def all_words(self) -> Iterator[Words]:
        """Yield source and kind of each, in order."""
        return map(self.words.__getitem__, self.place.tolist())

    def where(self, is_wanted: Callable[[str, str], bool]) -> Self:
        """Return those of the sources and kinds that are wanted, in order."""
        wanted = np.array([is_wanted(*words) for words in self.words], dtype=np.bool_)
        return self if wanted.all() else self._kept(wanted[self.place])

    def between(self, from_s: float, to_s: float) -> Self:
        """Return those from one time to before a later one [s], as if it had begun there."""
        found = self._kept((self.time_s >= from_s) & (self.time_s < to_s))
        return replace(found, time_s=found.time_s - from_s)

    def _kept(self, keep: Any) -> Self:
        return replace(self, time_s=self.time_s[keep], value=self.value[keep], place=self.place[keep])
