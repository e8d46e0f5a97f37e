"""What a run leaves behind: signals, events, and how they are called."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from struct import Struct
from typing import Any, Final, TypeVar, cast

import numpy as np

from sim.events import EventTable
from sim.facts import Facts
from sim.shipped import shipped
from sim.signals import Signal, total
from sim.signals.slopes import Slopes
from sim.units import FloatArray, unit_of


class Columns:
    """Breakpoints that stand: times and values, and slopes where they are not zero."""

    __slots__ = ("places", "slope_per_s", "time_s", "value")

    def __init__(self) -> None:
        self.time_s, self.value, self.slope_per_s = array("d"), array("d"), array("d")
        self.places = array("I")

    def add(self, table: FloatArray) -> None:
        """Add breakpoints in rows of time [s], value and slope."""
        sloping = np.flatnonzero(table[:, 2])
        self.places.frombytes((sloping + len(self.time_s)).astype(np.uint32).tobytes())
        self.slope_per_s.frombytes(table[sloping, 2].tobytes())
        self.time_s.frombytes(table[:, 0].tobytes())
        self.value.frombytes(table[:, 1].tobytes())

    def slopes(self) -> Slopes:
        """Return the slopes of all."""
        return Slopes(len(self.time_s), np.frombuffer(self.places, np.uint32), np.frombuffer(self.slope_per_s))

    def table(self) -> FloatArray:
        """Return all as rows."""
        columns = (np.frombuffer(self.time_s), np.frombuffer(self.value), self.slopes()[:])
        return np.column_stack(columns)

    def signal(self, end_s: float) -> Signal:
        """Return what was recorded up to an end [s]; nothing is to be added from now on."""
        return Signal.recorded(np.frombuffer(self.time_s), np.frombuffer(self.value), self.slopes(), end_s)


T = TypeVar("T")


LEAST_PACKED: Final = 4096
"""Breakpoints that are worth to be packed."""
_ROW = Struct("3d")
_pack_row, _pack_ramp = _ROW.pack, Struct("6d").pack
_TIME = Struct("d")


class Track:
    """A signal while it is being recorded: breakpoints are added at its end, as time goes on.

    Time, value and slope of each stand packed, one behind the other: a breakpoint is added by one call.
    """

    __slots__ = ("_packed", "_place", "_rows")

    def __init__(self) -> None:
        self._rows = bytearray()
        self._packed = Columns()
        self._place = 0  # byte of the row that was last looked at: time goes on, seldom by more than a row

    def set(self, time_s: float, value: float, slope_per_s: float = 0.0) -> None:
        """Record a value and slope from now on; the last word at an instant counts."""
        self._rows += _pack_row(time_s, value, slope_per_s)

    def ramp(self, time_s: float, value: float, slope_per_s: float, until_s: float, goal: float) -> None:
        """Record a ramp and, ahead of time, its end, from where the signal stays at the goal."""
        self._rows += _pack_ramp(time_s, value, slope_per_s, until_s, goal, 0.0)

    def draw(self, signal: Signal) -> None:
        """Record a whole signal, ahead of time."""
        self._rows += np.column_stack((signal.time_s, signal.value, signal.slope_per_s)).tobytes()

    def pack(self, before_s: float) -> None:
        """Keep what was recorded before a time [s] in less memory: nothing that is to come changes it."""
        if len(self._rows) < LEAST_PACKED * _ROW.size:
            return
        count = bisect_left(self._times_s(), before_s) - 1  # the one in force stays as it is
        if count >= LEAST_PACKED:
            self._pack_first(count)

    def _pack_first(self, count: int) -> None:
        self._packed.add(self._table()[:count])
        del self._rows[: count * _ROW.size]

    def ahead(self, time_s: float) -> list[tuple[float, float, float]]:
        """Return the breakpoint in force at a time and those recorded ahead of it: time, value, slope."""
        found = []
        for place in range(len(self._rows) - _ROW.size, -1, -_ROW.size):
            row: tuple[float, float, float] = _ROW.unpack_from(self._rows, place)
            found.append(row)
            if row[0] <= time_s:
                break
        found.reverse()
        return found

    def withdraw_last(self) -> None:
        """Take back the last breakpoint: it was recorded ahead, and did not come true."""
        del self._rows[-_ROW.size :]

    def cut(self, time_s: float) -> None:
        """Take back all that was recorded ahead for a time [s] and later; something is in force before it."""
        del self._rows[bisect_left(self._times_s(), time_s) * _ROW.size :]

    def power_between(self, from_s: float, to_s: float) -> Signal:
        """Return what was recorded from one time to a later one [s], neither before the first breakpoint."""
        if self._is_packed(from_s):
            first = int(np.searchsorted(self._whole()[0], from_s, side="right")) - 1
        else:
            first = len(self._packed.time_s) + bisect_right(self._times_s(), from_s) - 1
        times_s, values, slopes_per_s = self.rows(first, to_s)
        values[0] += slopes_per_s[0] * (from_s - times_s[0])
        times_s[0] = from_s
        return Signal.from_breakpoints(times_s, values, slopes_per_s, to_s)

    def at(self, time_s: float) -> float:
        """Return the value recorded for a time [s], the first one before it begins; 0 where nothing is."""
        rows, place, size = self._rows, self._place, _ROW.size
        if not rows:
            return 0.0
        if place >= len(rows) or time_s < _TIME.unpack_from(rows, place)[0]:
            if self._is_packed(time_s):
                whole = self._whole()
                first = max(0, int(np.searchsorted(whole[0], time_s, side="right")) - 1)
                since_s, value, slope_per_s = whole[:, first].tolist()
                return float(value + slope_per_s * max(0.0, time_s - since_s))
            place = max(0, bisect_right(self._times_s(), time_s) - 1) * size
        ahead = place + size
        while ahead < len(rows) and time_s >= _TIME.unpack_from(rows, ahead)[0]:
            place, ahead = ahead, ahead + size
        self._place = place
        since_s, value, slope_per_s = _ROW.unpack_from(rows, place)
        return float(value + slope_per_s * max(0.0, time_s - since_s))

    def rows(self, first: int, before_s: float) -> FloatArray:
        """Return the breakpoints from one on to those before a time [s], and that one in any case.

        Parameters
        ----------
        first
            Number of the first breakpoint, from 0.
        before_s
            Time from which on they are left out [s].

        Returns
        -------
        FloatArray
            A copy of their times [s], values and slopes, shape (3, n).
        """
        if first < len(self._packed.time_s):
            whole = self._whole()
            return whole[:, first : bisect_left(whole[0], before_s, min(first + 1, whole.shape[1]))]
        first -= len(self._packed.time_s)
        last = bisect_left(self._times_s(), before_s, min(first + 1, len(self._rows) // _ROW.size))
        return self._table()[first:last].T.copy()

    def has(self, time_s: float) -> bool:
        """Tell whether anything is recorded by a time [s]."""
        return bool(self._packed.time_s) or (bool(self._rows) and bool(_ROW.unpack_from(self._rows)[0] <= time_s))

    def freeze(self, end_s: float) -> Signal:
        """Return what was recorded, up to the end [s], and forget it: a year of it is not kept twice."""
        self._pack_first(len(self._rows) // _ROW.size)
        packed, self._packed = self._packed, Columns()
        return packed.signal(end_s)

    def _is_packed(self, time_s: float) -> bool:
        """Tell whether what is in force at a time [s] is packed."""
        return bool(self._packed.time_s) and bool(time_s < _ROW.unpack_from(self._rows)[0])

    def _whole(self) -> FloatArray:
        """Return times [s], values and slopes of all breakpoints, shape (3, n)."""
        return np.concatenate([self._packed.table(), self._table()]).T

    def _times_s(self) -> Sequence[float]:
        """Return a view of all times [s], to be let go before the next breakpoint is added."""
        return memoryview(self._rows).cast("d")[::3]

    def _table(self) -> FloatArray:
        """Return a view of all breakpoints, to be let go likewise."""
        return np.frombuffer(self._rows).reshape(-1, 3)


@dataclass(frozen=True, slots=True)
class SignalInfo:
    """A signal's name and meaning, declared once."""

    name: str
    """The name; ``*`` stands for the name of a load or a fleet."""
    summary: str
    """What it is, in one line."""

    @property
    def unit(self) -> str:
        """Unit of its value: what its name ends in."""
        return unit_of(self.name) or "1"


SIGNALS: Final = tuple(SignalInfo(*told) for told in shipped("sim", "recording.json").items())
"""Every signal that a run records; they stand in ``recording.json`` beside this module."""


POOL: Final = "pool"
"""Source of the events of a pool, or of the chain that pays a lone miner."""


@dataclass(frozen=True, eq=False)
class Recording:
    """All that a run leaves behind: signals, events, facts; enough to compute every metric again."""

    start_utc_s: float
    """Start of the run [s since 1970-01-01T00:00Z]."""
    end_s: float
    """End of the run, from its start [s]."""
    signals: Mapping[str, Signal]
    """Signals by name; see `SIGNALS`."""
    events: EventTable = field(default_factory=partial(EventTable.of, ()))
    """What happened, in order; rows make a table."""
    facts: Facts = field(default_factory=Facts)
    """What does not change in the run."""
    load_kinds: Mapping[str, str] = field(default_factory=dict)
    """Type of each AI load, by its name: ``training``; and ``hall``, ``fleet``, ``ancillary``."""
    _known: dict[Callable[["Recording"], Any], Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Keep what happened in columns."""
        object.__setattr__(self, "events", EventTable.of(self.events))

    @cached_property
    def constants(self) -> Mapping[str, float]:
        """The facts as numbers by dotted names: what a result folder holds of them."""
        return self.facts.numbers()

    def __getitem__(self, name: str) -> Signal:
        """Return the signal of this name."""
        return self.signals[name]

    @cached_property
    def fleet_names(self) -> tuple[str, ...]:
        """Names of the fleets."""
        return tuple(self._names("fleet"))

    @cached_property
    def load_names(self) -> tuple[str, ...]:
        """Names of the AI loads, in halls or not."""
        return tuple(dict.fromkeys(self._names("load")))

    @cached_property
    def ai_power_names(self) -> tuple[str, ...]:
        """Names of the signals that add up to AI power: of loads outside halls, and of halls."""
        return tuple(name for name in self.signals if is_ai_power(name))

    @cached_property
    def ai_parts(self) -> tuple[str, ...]:
        """What draws AI power at the site's meter: ``load.llama``, ``hall.one``."""
        return tuple(name.removesuffix(".power_mw") for name in self.ai_power_names)

    @cached_property
    def lease_names(self) -> tuple[str, ...]:
        """Names of the leases."""
        return tuple(name.split(".")[1] for name in self.signals if name.startswith("lease."))

    def lease_parts(self, lease: str) -> tuple[str, ...]:
        """Return what a tenant draws power by at the site's meter: ``load.llama``, ``hall.one``."""
        return self.facts.lease[lease].part

    @cached_property
    def rated_fleet_mw(self) -> float:
        """The most that all fleets together draw [MW]."""
        return sum(self.facts.fleet[name].rated_mw for name in self.fleet_names)

    @cached_property
    def least_fleet_mw(self) -> float:
        """The least that all fleets together draw [MW]."""
        return sum(self.facts.fleet[name].minimum_mw for name in self.fleet_names)

    def states(self, name: str) -> bool:
        """Tell whether a fact is stated, by its dotted name: ``supply.delivery_usd_per_mwh``."""
        return name in self.constants

    def load_power_mw(self, load: str) -> Signal:
        """Return what a load draws: at the site's meter, or its IT power where it stands in a hall [MW]."""
        in_hall = self.signals.get(f"load.{load}.it_power_mw")
        return self[f"load.{load}.power_mw"] if in_hall is None else in_hall

    def _names(self, kind: str) -> Iterator[str]:
        for name in self.signals:
            if name.startswith(f"{kind}.") and name.endswith((".power_mw", ".it_power_mw")):
                yield name.split(".")[1]

    def once(self, function: Callable[["Recording"], T]) -> T:
        """Return the function's value for this recording, computed when first asked for."""
        if function not in self._known:
            self._known[function] = function(self)
        return cast("T", self._known[function])

    def events_of(self, source: str, *kinds: str) -> EventTable:
        """Return what happened of some kinds to one source, in order of time."""
        return self.events.where(lambda other, kind: other == source and kind in kinds)

    def without_mining(self) -> "Recording":
        """Return the same run as it would be with no miners: AI loads do not know of them; a battery does."""
        nothing = Signal.constant(0.0, self.end_s)
        # the fleets hold what is sold of reserves: without them nothing is
        held = {name: of for name, of in self.signals.items() if not name.startswith("ancillary.")}
        signals = {name: nothing if name.startswith("fleet") else signal for name, signal in held.items()}
        signals["site_power_mw"] = self["ai_power_mw"]
        if "battery_alone_power_mw" in signals:
            signals["battery_power_mw"] = signals["battery_alone_power_mw"]
            signals["site_power_mw"] = total([self["ai_power_mw"], signals["battery_power_mw"]])
            del signals["battery_charge_mwh"]  # known with miners alone
        signals.pop("frequency_hz", None)  # the miners had their part in it
        events = self.events.where(lambda source, _: source != POOL)
        return replace(self, signals=signals, events=events)

    def between(self, from_s: float, to_s: float) -> "Recording":
        """Return an interval of the run as a run of its own: it begins at 0, and so do times in its facts."""
        signals = {name: signal.clip_time(from_s, to_s).shift(-from_s) for name, signal in self.signals.items()}
        return replace(
            self,
            start_utc_s=self.start_utc_s + from_s,
            end_s=to_s - from_s,
            signals=signals,
            events=self.events.between(from_s, to_s),
            facts=self.facts.moved(-from_s),
        )


def is_ai_power(name: str) -> bool:
    """Tell whether a signal is a part of AI power: that of a load outside halls, or of a hall."""
    return name.startswith(("load.", "hall.")) and name.endswith(".power_mw")


def add_totals(signals: Mapping[str, Signal], end_s: float) -> dict[str, Signal]:
    """Return the signals with the sums over loads and fleets added; each sum is made afresh, part by part."""

    def parts(ending: str) -> list[Signal]:
        return [signal for name, signal in signals.items() if name.startswith("fleet.") and name.endswith(ending)]

    def sum_of(parts: list[Signal]) -> Signal:
        # one part is its own sum: a year of it is not kept twice
        return parts[0] if len(parts) == 1 else total([*parts, Signal.constant(0.0, end_s)]).compact()

    loads = [signal for name, signal in signals.items() if is_ai_power(name)]
    fleets = parts(".power_mw")
    return {
        "site_power_mw": sum_of(loads + fleets),
        "ai_power_mw": sum_of(loads),
        "fleet_power_mw": sum_of(fleets),
        "fleet_commanded_mw": sum_of(parts(".commanded_mw")),
        **signals,
    }
