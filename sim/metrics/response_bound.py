r"""The most that fleets with ramps could draw under a ceiling that they know: the yardstick of a policy.

Notes
-----
The greatest trajectory :math:`f \le c` with :math:`-d \le \dot f \le u` is what two running minima leave of
the ceiling :math:`c`, one from the left and one from the right:

.. math::

    f(t) = \min\Bigl(\inf_{s \le t} c(s) + u\,(t - s),\ \inf_{s \ge t} c(s) + d\,(s - t)\Bigr)

It needs no optimisation: whoever keeps ceiling and ramps stays below each of these lines, and their lower
envelope keeps both itself.
"""

from collections.abc import Mapping
from math import inf, nan
from types import MappingProxyType

import numpy as np

from sim.metrics.energy import energy_mwh
from sim.metrics.fillable import fillable_energy_mwh
from sim.policies import LoadView
from sim.policies.certificate import FleetResponse
from sim.policies.hold_limit import DRIFT_MW
from sim.recording import Recording
from sim.signals import FloatArray, Signal, total
from sim.units import TOLERANCE_MW


def greatest_within_ramps(ceiling_mw: Signal, ramp_up_mw_per_s: float, ramp_down_mw_per_s: float) -> Signal:
    """Return the greatest trajectory below a ceiling that rises and falls no faster than its ramps.

    Parameters
    ----------
    ceiling_mw
        What it must not exceed at any time [MW]; it may jump.
    ramp_up_mw_per_s, ramp_down_mw_per_s
        How fast it may rise and fall [MW/s], above 0; infinity: at once.

    Returns
    -------
    Signal
        The trajectory [MW]; at its start it stands where the ceiling allows.

    Raises
    ------
    ValueError
        A ramp is not above 0.

    Examples
    --------
    A hole of 60 MW for two minutes, filled at 1 MW/s and emptied at 12 MW/s: the rise ends at 60 MW after
    a minute, and 5 s are lost at the end.

    >>> ceiling = Signal.steps([0.0, 100.0, 220.0], [0.0, 60.0, 0.0], 400.0)
    >>> found = greatest_within_ramps(ceiling, 1.0, 12.0)
    >>> found.at([100.0, 160.0, 215.0, 217.5, 220.0]).round(6).tolist()
    [0.0, 60.0, 60.0, 30.0, 0.0]
    >>> round(found.integral(), 6)
    5250.0
    """
    if not (ramp_up_mw_per_s > 0.0 and ramp_down_mw_per_s > 0.0):
        raise ValueError(f"ramps must be above 0 MW/s, got {ramp_up_mw_per_s} up and {ramp_down_mw_per_s} down")
    below = ceiling_mw if ramp_up_mw_per_s == inf else _minimum_so_far(ceiling_mw, ramp_up_mw_per_s)
    if ramp_down_mw_per_s == inf:
        return below.simplify()
    return below.minimum_with(_minimum_from_now(ceiling_mw, ramp_down_mw_per_s)).simplify()


def _tilted(ceiling: Signal, slope_per_s: float) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return starts [s], values, slopes and left limits at the ends of a signal plus a line through 0."""
    value = ceiling.value + slope_per_s * (ceiling.time_s - ceiling.start_s)
    ends_s = np.append(ceiling.time_s[1:], ceiling.end_s)
    slope = ceiling.slope_per_s + slope_per_s
    return ceiling.time_s, value, slope, value + slope * (ends_s - ceiling.time_s)


def _minimum_so_far(ceiling: Signal, up_per_s: float) -> Signal:
    """Return the lower envelope of lines that rise from each point of a signal to the right."""
    start_s, value, slope, left = _tilted(ceiling, -up_per_s)
    before = np.concatenate([[inf], np.minimum.accumulate(np.minimum(value, left))[:-1]])
    level = np.minimum(before, value)
    # a line that falls below all that was takes over where it crosses
    falls = left < level
    with np.errstate(divide="ignore", invalid="ignore"):
        cross_s = np.where(falls, start_s + (level - value) / slope, inf)
    flat = ~falls | (cross_s > start_s)
    times_s = np.concatenate([start_s[flat], cross_s[falls]])
    levels = np.concatenate([level[flat], level[falls]])
    slopes = np.concatenate([np.zeros(int(flat.sum())), slope[falls]])
    return _untilted(times_s, levels, slopes, up_per_s, ceiling)


def _minimum_from_now(ceiling: Signal, down_per_s: float) -> Signal:
    """Return the lower envelope of lines that rise from each point of a signal to the left."""
    start_s, value, slope, left = _tilted(ceiling, down_per_s)
    lowest = np.minimum(value, left)
    after = np.concatenate([np.minimum.accumulate(lowest[::-1])[::-1][1:], [inf]])
    level = np.minimum(after, left)
    # a line that rises counts itself until it reaches the lowest of what comes
    rises = (slope > 0.0) & (value < level)
    with np.errstate(divide="ignore", invalid="ignore"):
        cross_s = np.where(rises, start_s + (level - value) / slope, start_s)
    ends_s = np.append(start_s[1:], ceiling.end_s)
    flat = cross_s < ends_s
    times_s = np.concatenate([start_s[rises], cross_s[flat]])
    levels = np.concatenate([value[rises], level[flat]])
    slopes = np.concatenate([slope[rises], np.zeros(int(flat.sum()))])
    return _untilted(times_s, levels, slopes, -down_per_s, ceiling)


def _untilted(times_s: FloatArray, levels: FloatArray, slopes: FloatArray, slope_per_s: float, like: Signal) -> Signal:
    order = np.argsort(times_s, kind="stable")
    times_s, levels, slopes = times_s[order], levels[order], slopes[order]
    inside = times_s < like.end_s
    times_s, levels, slopes = times_s[inside], levels[inside], slopes[inside]
    return Signal.from_breakpoints(
        times_s, levels + slope_per_s * (times_s - like.start_s), slopes + slope_per_s, like.end_s
    )


def foresight_soak_fraction(recording: Recording, response: FleetResponse) -> float:
    """Return the share of fillable energy that fleets with ramps could fill with perfect foresight [1]."""
    return _share(recording, _room(recording, recording["ai_power_mw"]), response)


def contract_soak_fraction(
    recording: Recording,
    loads: Mapping[str, LoadView],
    response: FleetResponse,
    delay_s: float,
    stalls_mw: Mapping[str, tuple[float, float]] = MappingProxyType({}),
) -> float:
    """Return the share that they could fill if they knew no more than the loads' contracts tell [1].

    Parameters
    ----------
    recording
        The run.
    loads
        What each load states, by name: by that it is reckoned with its stated maximum, or with what it drew.
    response
        How the fleets answer.
    delay_s
        Delay of the telemetry [s].
    stalls_mw
        Power of each job in a stall, and the most that it draws if it fails in it, unannounced [MW].

    Notes
    -----
    Rises are known as early as they need be, where the contract tells of them; a fall is known after the
    telemetry's delay, and the fleets begin to answer after their latency. Of a load that gives positive
    notice only the time from a notice to the return that it announces counts as down. A load that drifts is
    reckoned with its power and what it drifts. Of a load in a hall losses and cooling do not count that come
    on top of what it does not draw.
    """
    parts = [recording["ai_power_mw"]]
    for load in recording.load_names:
        drawn = power = recording.load_power_mw(load)
        if load in stalls_mw:
            power = _with_failures(power, *stalls_mw[load])
        parts += [_reckoned(recording, power, loads.get(load), delay_s, response.latency_s), -drawn]
    ai_mw = total(parts)
    return _share(recording, _room(recording, ai_mw.maximum_with(recording["ai_power_mw"])), response)


def _with_failures(power_mw: Signal, stall_mw: float, most_mw: float) -> Signal:
    """Return a job's power, in its stalls what it might draw if it failed [MW]."""
    stalls = (np.abs(power_mw.value - stall_mw) <= TOLERANCE_MW) & (power_mw.slope_per_s == 0.0)
    values = np.where(stalls, max(stall_mw, most_mw), power_mw.value)
    return Signal(power_mw.time_s, values, power_mw.slope_per_s, power_mw.end_s)


def _reckoned(recording: Recording, power: Signal, view: LoadView | None, delay_s: float, latency_s: float) -> Signal:
    """Return what one part of AI power has to be reckoned with at the least [MW]."""
    react_s = delay_s + latency_s
    if view is None:
        return Signal.constant(power.maximum(), recording.end_s)
    if view.drifts:
        return power + DRIFT_MW
    held = power if react_s == 0.0 else power.rolling_maximum(react_s)
    if view.silence_means_down:
        return held
    stated = Signal.constant(max(view.stated_mw, power.maximum()), recording.end_s)
    if not view.announces:
        return stated
    spans = [
        (row.time_s + latency_s, row.value)
        for row in recording.events_of(f"load.{view.name}", "notice: resume", "notice: start")
    ]
    spans = [(from_s, to_s) for from_s, to_s in spans if from_s < to_s and from_s < recording.end_s]
    edges_s = [0.0, *(edge_s for span in spans for edge_s in span)]
    known = [0.0, *(flag for _ in spans for flag in (1.0, 0.0))]
    order = np.argsort(edges_s, kind="stable")
    backed = Signal.steps(np.array(edges_s)[order], np.array(known)[order], recording.end_s)
    return held.maximum_with((backed * -1.0 + 1.0) * stated.maximum())


def _room(recording: Recording, ai_mw: Signal) -> Signal:
    """Return what AI leaves the fleets under the limit, up to their rating [MW]."""
    fleets = recording.facts.fleet.values()
    free_mw = (recording["limit_mw"] - ai_mw).positive_part()
    return free_mw.minimum_with(sum(fleet.rated_mw for fleet in fleets))


def _share(recording: Recording, room_mw: Signal, response: FleetResponse) -> float:
    fillable_mwh = recording.once(fillable_energy_mwh)
    if not fillable_mwh > 0.0:
        return nan
    found = greatest_within_ramps(room_mw, response.ramp_up_mw_per_s, response.ramp_down_mw_per_s)
    return energy_mwh(found) / fillable_mwh
