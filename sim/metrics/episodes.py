"""Each time that the site was above its limit: when, for how long, how much, and why."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from sim.metrics.exceedance import TOLERANCE_MW, excess_mw
from sim.recording import Recording
from sim.signals import Signal
from sim.signals.breakpoints import IndexArray
from sim.units import SECONDS_PER_HOUR, BoolArray, FloatArray

Cause = Literal["ai", "limit", "policy", "telemetry", "fleet"]

CAUSES: Final[dict[Cause, str]] = {
    "ai": "AI alone was above the limit",
    "limit": "the limit fell",
    "policy": "the policy wanted more than the limit left, to the end",
    "telemetry": "the policy wanted more at first: it had not learned yet",
    "fleet": "the fleets were already wanted lower, and had not come down yet",
}
"""What may be why, in words."""
NEEDED: Final = {"site_power_mw", "ai_power_mw", "limit_mw"}


@dataclass(frozen=True, slots=True)
class Episodes:
    """Every time above the limit, in order; arrays of one length."""

    start_s: FloatArray
    """When it begins [s]."""
    duration_s: FloatArray
    """How long it lasts [s]."""
    peak_mw: FloatArray
    """Largest excess above the limit [MW]."""
    energy_mwh: FloatArray
    """Energy above the limit [MWh]."""
    cause: tuple[Cause, ...]
    """Why: a key of `CAUSES`."""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.cause)


def episodes(recording: Recording) -> Episodes:
    """Return every time that the site is more than a watt above its limit.

    Parameters
    ----------
    recording
        The run.

    Notes
    -----
    The causes are tried in turn: AI power alone exceeds the limit at some time of the episode; the limit
    steps down where it begins; the target of all fleets stays above what AI leaves under the limit to the end
    (``policy``); it was above where the episode begins (``telemetry``: the policy learned late, by its
    telemetry, its own minimum interval or its notice); or it was not (``fleet``: latency, ramps, machines
    that do not obey). A fleet that no policy controls counts as ``policy``.
    """
    nothing = np.empty(0)
    if not recording.signals.keys() >= NEEDED:
        return Episodes(nothing, nothing, nothing, nothing, ())
    excess = excess_mw(recording)
    intervals_s = excess.intervals_above(TOLERANCE_MW)
    if not len(intervals_s):
        return Episodes(nothing, nothing, nothing, nothing, ())
    edges_s = np.unique(intervals_s)
    at = np.searchsorted(edges_s, intervals_s[:, 0])
    start_s, duration_s = intervals_s[:, 0], intervals_s[:, 1] - intervals_s[:, 0]
    return Episodes(
        start_s,
        duration_s,
        excess.maxima_over(edges_s)[at],
        excess.means_over(edges_s)[at] * duration_s / SECONDS_PER_HOUR,
        _causes(recording, edges_s, at),
    )


def _causes(recording: Recording, edges_s: FloatArray, at: IndexArray) -> tuple[Cause, ...]:
    ai, limit = recording["ai_power_mw"], recording["limit_mw"]
    target = recording.signals.get("fleet_target_mw")
    alone = (ai - limit).maxima_over(edges_s)[at] > TOLERANCE_MW
    fell = _steps_down(limit, edges_s[at])
    if target is None:
        late = stays = np.ones(len(at), dtype=np.bool_)
    else:
        wanted = target + ai - limit
        late = wanted.at(edges_s[at]) > TOLERANCE_MW
        stays = wanted.minima_over(edges_s)[at] > TOLERANCE_MW
    checks: tuple[tuple[Cause, BoolArray], ...] = (
        ("ai", alone),
        ("limit", fell),
        ("policy", stays),
        ("telemetry", late),
    )
    return tuple(
        next((cause for cause, holds in checks if holds[place]), "fleet") for place in range(len(at))
    )


def _steps_down(signal: Signal, times_s: FloatArray) -> BoolArray:
    """Tell for each time whether a signal steps down at it."""
    places = np.searchsorted(signal.time_s, times_s)
    inner = np.clip(places, 1, len(signal.time_s) - 1)
    if len(signal.time_s) == 1:
        return np.zeros(len(times_s), dtype=np.bool_)
    here = (signal.time_s[inner] == times_s) & (places > 0)
    return np.asarray(here & (signal.left_limits()[inner - 1] - signal.value[inner] > TOLERANCE_MW))
