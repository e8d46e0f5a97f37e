r"""The formulas by which a site never exceeds its limit, if its tenants keep to what they state.

Notes
-----
At each decision

.. math::

    c(t) \le L - m - \sum_i R_i(t) + b(t)

with the command :math:`c` to the fleets, limit :math:`L`, margin :math:`m`, the reserve :math:`R_i` of each
load (the most that it may draw at any time that this command answers for), and the power :math:`b` that a
battery can give until the fleets are gone. The fleets answer a change of AI power after

.. math::

    T = t_{delay} + t_{scan} + t_{interval} + t_{latency} + t_{fall} + \Delta / r

with the telemetry's delay and scan, the least time between two decisions, the fleets' latency, what a fall
takes in any case, and the drop :math:`\Delta` over their ramp :math:`r`. A rise that is announced for
:math:`a` need not wait for telemetry: it counts from :math:`a - (t_{latency} + t_{interval} + t_{fall} +
\Delta / r)` on, the drop summed over all rises by then.
"""

from collections.abc import Iterable
from math import inf, sqrt
from typing import Final, NamedTuple

from sim.units import SECONDS_PER_HOUR


class FleetResponse(NamedTuple):
    """How the fleets answer a command, all taken as one."""

    latency_s: float = 0.0
    """Time from a command to the start of its ramp [s]."""
    ramp_up_mw_per_s: float = inf
    """Fastest rise [MW/s]."""
    ramp_down_mw_per_s: float = inf
    """Fall [MW/s]; infinity: within ``fall_s``."""
    fall_s: float = 0.0
    """What a fall takes in any case [s]."""

    @classmethod
    def of(cls, fleets: Iterable[tuple[float, float, float, float]]) -> "FleetResponse":
        """Return the response of fleets together: the slowest fall counts, and all of their rises.

        Parameters
        ----------
        fleets
            Latency [s], ramps up and down [MW/s], and time of a fall [s] of each.

        Examples
        --------
        >>> FleetResponse.of([(3.0, 1.0, 12.0, 0.0), (1.0, 2.0, 20.0, 5.0)])
        FleetResponse(latency_s=3.0, ramp_up_mw_per_s=3.0, ramp_down_mw_per_s=12.0, fall_s=5.0)
        """
        known = list(fleets)
        if not known:
            return cls()
        latencies_s, ups, downs, falls_s = zip(*known, strict=True)
        return cls(max(latencies_s), sum(ups), min(downs), max(falls_s))

    def drop_s(self, drop_mw: float) -> float:
        """Return the time from a command until a drop is done [s].

        Examples
        --------
        >>> FleetResponse(3.0, 1.0, 12.0).drop_s(60.0)
        8.0
        """
        return self.latency_s + self.fall_s + max(0.0, drop_mw) / self.ramp_down_mw_per_s


class FleetMotion:
    """What the fleets draw at most, by the commands that they were given: latency, ramps.

    Parameters
    ----------
    response
        How they answer.
    """

    def __init__(self, response: FleetResponse) -> None:
        self.response = response
        self._arrival_s = -inf
        self._power_mw = 0.0
        self._goal_mw = 0.0

    def at_arrival(self, now_s: float) -> float:
        """Return the most that the fleets draw when a command of now arrives [MW]."""
        if self._arrival_s == -inf:
            return self._goal_mw
        passed_s, way_mw = now_s + self.response.latency_s - self._arrival_s, self._goal_mw - self._power_mw
        if way_mw > 0.0:
            return min(self._goal_mw, self._power_mw + self.response.ramp_up_mw_per_s * passed_s)
        fallen_s = passed_s - self.response.fall_s
        if fallen_s < 0.0 or self.response.ramp_down_mw_per_s == inf:
            return self._power_mw if fallen_s < 0.0 else self._goal_mw
        return max(self._goal_mw, self._power_mw - self.response.ramp_down_mw_per_s * fallen_s)

    def latest_s(self, now_s: float, rise_s: float, command_mw: float, left_mw: float, interval_s: float) -> float:
        """Return the latest time at which the fleets must be told to go, so that they are gone by a rise [s].

        Until told, they move from where they will stand when a command of now arrives towards the command.

        Parameters
        ----------
        now_s
            The present time [s].
        rise_s
            When AI power rises [s].
        command_mw
            What they are told to go to now [MW].
        left_mw
            What the rise leaves them [MW].
        interval_s
            How late the next decision may come [s].

        Examples
        --------
        Of 60 MW 20 may stay: 40 MW at 12 MW/s take 3.3 s, after a latency of 3 s and an interval of 1 s.

        >>> motion = FleetMotion(FleetResponse(3.0, 1.0, 12.0))
        >>> motion.command(-100.0, 60.0)
        >>> round(motion.latest_s(0.0, 100.0, 60.0, 20.0, 1.0), 6)
        92.666667

        On their way up at 1 MW/s from 10 MW they need not go so soon.

        >>> motion.command(-50.0, 10.0)
        >>> round(motion.latest_s(0.0, 30.0, 60.0, 20.0, 1.0), 6)
        24.692308
        """
        is_first = self._arrival_s == -inf  # then they stand where the command sends them
        power_mw = command_mw if is_first else self.at_arrival(now_s)
        end_s = rise_s - self.response.latency_s - self.response.fall_s
        up, down = self.response.ramp_up_mw_per_s, self.response.ramp_down_mw_per_s
        told_s = end_s - max(0.0, max(command_mw, power_mw) - left_mw) / down
        if power_mw < command_mw and up < inf:
            if power_mw + up * (end_s - now_s) <= left_mw or down == inf:
                told_s = end_s  # not even there by then, or gone at once
            else:  # on the way up: p + u (s - t) - left = d (end - s)
                told_s = max(told_s, (down * end_s + up * now_s + left_mw - power_mw) / (down + up))
        return told_s - interval_s  # until then they go on as they were told

    def command(self, now_s: float, power_mw: float) -> None:
        """Take in a command of now [MW]."""
        begins = self._arrival_s == -inf  # steady
        self._power_mw = power_mw if begins else self.at_arrival(now_s)
        self._arrival_s = now_s + self.response.latency_s
        self._goal_mw = power_mw


DRIFT_S: Final = 12.0
"""Time in which a load that drifts moves by the drift that is stated for it [s]."""


def drift_within_mw(drift_mw: float, wait_s: float) -> float:
    r"""Return how far a drifting load moves until the fleets have answered [MW].

    Parameters
    ----------
    drift_mw
        How far within `DRIFT_S` [MW].
    wait_s
        Time until they have answered [s].

    Notes
    -----
    Further with the root of a longer time, as a sum of independent moves: a statistical bound. Over 190 s the
    54 MW of helios' inference moved by 1.4 MW.

    Examples
    --------
    >>> drift_within_mw(1.0, 7.0), drift_within_mw(1.0, 48.0)
    (1.0, 2.0)
    """
    return drift_mw * sqrt(max(1.0, wait_s / DRIFT_S))


def battery_mw(power_mw: float, given_mwh: float, wait_s: float, ramp_mw_per_s: float) -> float:
    r"""Return what a battery can give until the fleets are gone [MW].

    Parameters
    ----------
    power_mw
        Most that it gives [MW].
    given_mwh
        Energy that it can give [MWh].
    wait_s
        Time until the fleets begin to fall [s].
    ramp_mw_per_s
        How fast they fall [MW/s].

    Notes
    -----
    The largest :math:`b \le P` with :math:`b\,t + b^2 / 2r \le E`: all of it until the fleets fall, then less
    as they do.

    Examples
    --------
    >>> battery_mw(30.0, 0.25, 7.0, 12.0)
    30.0
    >>> round(battery_mw(30.0, 0.05, 7.0, 12.0), 3)
    22.658
    >>> battery_mw(30.0, 0.0, 7.0, 12.0)
    0.0
    """
    energy_mws = max(0.0, given_mwh) * SECONDS_PER_HOUR
    if ramp_mw_per_s == inf:
        return min(power_mw, energy_mws / wait_s) if wait_s > 0.0 else power_mw
    root = sqrt(wait_s * wait_s + 2.0 * energy_mws / ramp_mw_per_s)
    return min(power_mw, ramp_mw_per_s * (root - wait_s))
