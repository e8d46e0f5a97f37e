"""Collects what a run records, and freezes it."""

from array import array
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from sim.clock import Clock
from sim.events import EventTable, Words
from sim.facts import Facts, LoadFacts
from sim.recording import Recording, Track, add_totals, is_ai_power
from sim.signals import Signal

Log = Callable[[str, str, float], None]
"""Records that something happened now: source, kind, value."""


class EventLog:
    """What has happened, by one clock.

    Parameters
    ----------
    clock
        Stamps the events.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._times_s, self._values, self._places = array("d"), array("d"), array("I")
        self._words: dict[Words, int] = {}

    def add(self, source: str, kind: str, value: float) -> None:
        """Record that something happened now."""
        self._times_s.append(self._clock.now)
        self._values.append(value)
        self._places.append(self._words.setdefault((source, kind), len(self._words)))

    def table(self) -> EventTable:
        """Return all that has happened, in order."""
        times_s, values, places = map(np.array, (self._times_s, self._values, self._places))
        return EventTable(times_s, values, places, tuple(self._words))


class Recorder:
    """Hands out tracks and logs, and turns them into a Recording at the end.

    Parameters
    ----------
    clock
        Stamps the events.
    facts
        What is known of the run before it begins.
    """

    def __init__(self, clock: Clock, facts: Facts | None = None) -> None:
        self._tracks: dict[str, Track] = {}
        self._given: dict[str, Signal] = {}
        self._logs = [EventLog(clock)]
        self.log = self._logs[0].add
        """Records that something happened now: source, kind, value."""
        self.facts = Facts() if facts is None else facts
        """What does not change in the run, as far as it is known by now."""
        self.load_kinds: dict[str, str] = {}
        """Type of each AI load, by its name."""

    def track(self, name: str) -> Track:
        """Return a new track for the signal of this name."""
        return self._tracks.setdefault(name, Track())

    def pack(self, before_s: float) -> None:
        """Keep what was recorded before a time [s], which is past, in less memory."""
        for track in self._tracks.values():
            track.pack(before_s)

    def give(self, name: str, signal: Signal) -> None:
        """Record a signal that is known beforehand: a limit, a price."""
        self._given[name] = signal

    def given(self, name: str) -> Signal | None:
        """Return a signal that was given, None where there is none of this name."""
        return self._given.get(name)

    def ai_power_tracks(self) -> list[Track]:
        """Return the tracks that add up to AI power."""
        return [track for name, track in self._tracks.items() if is_ai_power(name)]

    def state(self, load: str, facts: LoadFacts) -> None:
        """Record what an AI load knows of itself by now; the last word counts."""
        self.facts = replace(self.facts, load={**self.facts.load, load: self.facts.of_load(load) | facts})

    def open_log(self, clock: Clock) -> Log:
        """Return what records events by a clock that runs ahead, before what others log at the same time."""
        self._logs.insert(0, EventLog(clock))
        return self._logs[0].add

    def between(self, start_utc_s: float, from_s: float, to_s: float) -> Recording:
        """Return what was recorded from one time to a later one [s], as a run of its own, without events.

        Tracks that had nothing recorded at its beginning are left out.
        """
        signals = {name: signal.clip_time(from_s, to_s).shift(-from_s) for name, signal in self._given.items()}
        for name, track in self._tracks.items():
            if track.has(from_s):
                signals[name] = track.power_between(from_s, to_s).shift(-from_s)
        length_s = to_s - from_s
        totals = add_totals(signals, length_s)
        kinds = dict(self.load_kinds)
        return Recording(start_utc_s + from_s, length_s, totals, facts=self.facts, load_kinds=kinds)

    def freeze(self, start_utc_s: float, end_s: float) -> Recording:
        """Return all that was recorded."""
        signals = dict(self._given)
        for name in list(self._tracks):  # each track is let go as soon as its signal is there
            signals[name] = _with_shared_times(self._tracks.pop(name).freeze(end_s), signals)
        events = EventTable.merged([log.table() for log in self._logs])
        return Recording(start_utc_s, end_s, add_totals(signals, end_s), events, self.facts, dict(self.load_kinds))


def _with_shared_times(signal: Signal, others: Mapping[str, Signal]) -> Signal:
    """Return a signal with the times of one that changes at the same moments: they are kept once."""
    for other in others.values():
        if other.time_s.size == signal.time_s.size > 1 and np.array_equal(other.time_s, signal.time_s):
            return signal.with_times_of(other)
    return signal
