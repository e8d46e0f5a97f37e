"""Why the fleets drew what they drew, and what happened to the loads: the event log, counted."""

from collections import Counter
from typing import Final

import numpy as np

from sim.recording import Recording
from sim.units import SECONDS_PER_HOUR

PREFIX: Final = "decision: "
UNDECIDED: Final = "before the first decision"


ReasonShare = tuple[str, int, float, float]
"""A reason in the policy's words, how often it came into force, for how long in all [s], and what the fleets drew
under it [MWh]."""


def reason_shares(recording: Recording) -> tuple[ReasonShare, ...]:
    """Return the reasons of the policy's decisions, the longest in force first.

    Parameters
    ----------
    recording
        The run. A decision is logged when its reason differs from the one before, and holds until the next.

    Returns
    -------
    tuple of ReasonShare
        One for each reason; empty where no decision was logged. Durations add up to the run, and energies to
        what the fleets drew.
    """
    turns = _turns(recording)
    if not turns:
        return ()
    times_s = np.array([time_s for time_s, _ in turns])
    edges_s = np.append(times_s, recording.end_s)
    energies_mwh = recording["fleet_power_mw"].integrals_over(edges_s) / SECONDS_PER_HOUR
    lengths_s = np.diff(edges_s)
    reasons = [reason for _, reason in turns]
    shares = []
    for reason in dict.fromkeys(reasons):
        places = [place for place, other in enumerate(reasons) if other == reason]
        shares.append((reason, len(places), float(lengths_s[places].sum()), float(energies_mwh[places].sum())))
    return tuple(sorted(shares, key=lambda share: -share[2]))


def _turns(recording: Recording) -> list[tuple[float, str]]:
    """Return when which reason came into force; of several at one instant the last, and from the start on."""
    # a dictionary keeps the place of the first and the reason of the last decision of an instant
    decisions = recording.events.where(lambda _, kind: kind.startswith(PREFIX))
    latest = {event.time_s: event.kind.removeprefix(PREFIX) for event in decisions if event.time_s < recording.end_s}
    turns = sorted(latest.items())
    if turns and turns[0][0] > 0.0:
        turns.insert(0, (0.0, UNDECIDED))
    return turns


def event_counts(recording: Recording) -> tuple[tuple[str, str, int], ...]:
    """Return how often what happened to what, decisions aside.

    Parameters
    ----------
    recording
        The run.

    Returns
    -------
    tuple
        Source, kind and count, in order of source and kind.
    """
    counts = Counter(recording.events.all_words())
    return tuple((*what, count) for what, count in sorted(counts.items()) if not what[1].startswith(PREFIX))
