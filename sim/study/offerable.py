r"""The most that services left to the policy could bring at an instant, beside mining.

Notes
-----
At an instant let :math:`Q_k` be the most that may be sold of service :math:`k`, :math:`a_k` its price and
:math:`s_k` what a megawatt costs that is not held. While it is or lately was called, nothing of it need be
held (at the most): then it brings :math:`a_k Q_k`. Else selling :math:`q_k` with fleet power :math:`p` brings

.. math::

    \max_{q, u} \sum_k a_k q_k - s_k u_k, \quad
    \textstyle\sum_{up} (q_k - u_k) \le p - P_{min}, \quad
    \sum_{down} (q_k - u_k) \le \min(P_{rated}, L - A) - p,

with :math:`0 \le u_k \le q_k \le Q_k`, what is not held :math:`u`. So :math:`Q_k \max(a_k - s_k, 0)` comes
without any room, and room is worth :math:`\min(a_k, s_k)` a megawatt, the dearest first. It is a bound:
offers hold for an hour and are made before it, here they follow each instant; reserves sold by other means
need the same room, here they need none; a call that is delivered takes power from mining, here it takes none.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sim.market.ancillary import SERVED_FIRST
from sim.market.calls import DOWNWARD
from sim.recording import Recording
from sim.signals import FloatArray, Signal


@dataclass(frozen=True)
class Offerable:
    """One service that the policy may offer."""

    most_mw: float
    """Most that may be sold [MW]."""
    downward: bool
    """Whether a call makes the fleets draw more."""
    price_usd_per_mwh: Signal
    """What an award is paid [USD/MWh]."""
    shortfall_usd_per_mwh: Signal
    """What a megawatt not held costs [USD/MWh]; 0 while a call may excuse it."""

    @property
    def steps(self) -> tuple[Signal, Signal]:
        """The signals, which change in steps alone."""
        return self.price_usd_per_mwh, self.shortfall_usd_per_mwh


@dataclass(frozen=True)
class Offerables:
    """All services that the policy may offer, and the range of the fleets that hold them."""

    services: tuple[Offerable, ...]
    """The services."""
    minimum_mw: float
    """Power that the fleets draw at the least [MW]."""
    rated_mw: float
    """Power that they draw at the most [MW]."""

    @property
    def levels_mw(self) -> tuple[float, ...]:
        """Fleet powers at which room is worth less from there on [MW]."""
        up_mw = [service.most_mw for service in self.services if not service.downward]
        sums_mw = {sum(some) for count in range(len(up_mw) + 1) for some in combinations(up_mw, count)}
        return (*(self.minimum_mw + mw for mw in sorted(sums_mw)), self.rated_mw, self.rated_mw - self.down_mw)

    @property
    def down_mw(self) -> float:
        """Most that may be sold of the service that asks for more [MW]."""
        return sum(service.most_mw for service in self.services if service.downward)

    @property
    def steps(self) -> tuple[Signal, ...]:
        """The signals that change in steps alone."""
        return tuple(signal for service in self.services for signal in service.steps)

    def worth(self, prices: FloatArray, fleet_mw: FloatArray, free_mw: FloatArray) -> FloatArray:
        """Return the most that they bring [USD/h].

        Parameters
        ----------
        prices
            Values of `steps` [USD/MWh], shape (2 services, n).
        fleet_mw
            Power of all fleets [MW], shape (2, n).
        free_mw
            What AI leaves of the limit [MW], shape (2, n).
        """
        paid, owed = prices[0::2], prices[1::2]
        most_mw = np.array([service.most_mw for service in self.services])
        anyway = (most_mw[:, None] * np.maximum(paid - owed, 0.0)).sum(axis=0)
        up = np.array([not service.downward for service in self.services])
        gains = np.minimum(paid, owed)
        up_mw = np.maximum(fleet_mw - self.minimum_mw, 0.0)
        down_mw = np.maximum(np.minimum(self.rated_mw, free_mw) - fleet_mw, 0.0)
        return np.asarray(anyway + _filled(gains[up], most_mw[up], up_mw) + _filled(gains[~up], most_mw[~up], down_mw))


def _filled(gains: FloatArray, most_mw: FloatArray, room_mw: FloatArray) -> FloatArray:
    """Return what room is worth, filled with the dearest services first [USD/h]."""
    order = np.argsort(-gains, axis=0, kind="stable")
    left_mw, filled = room_mw.copy(), np.zeros_like(room_mw)
    for place in range(len(most_mw)):
        taken_mw = np.minimum(left_mw, most_mw[order[place]])
        filled += taken_mw * np.take_along_axis(gains, order[place][None], axis=0)[0]
        left_mw -= taken_mw
    return filled


def offerables_of(recording: Recording) -> Offerables:
    """Return the services of a run that the policy may offer; the same for every policy."""
    names = [name for name in SERVED_FIRST if name in recording.facts.ancillary]
    least_mw, most_mw = (recording.least_fleet_mw, recording.rated_fleet_mw) if names else (0.0, 0.0)
    return Offerables(tuple(_offerable(recording, name) for name in names), least_mw, most_mw)


def _offerable(recording: Recording, name: str) -> Offerable:
    facts, service = recording.facts.ancillary[name], f"ancillary.{name}"
    called = recording[f"{service}.called_fraction"]
    window_s = facts.restored_after_s
    lately = called.rolling_maximum(window_s) if window_s > 0.0 else called
    uncalled = Signal.steps(lately.time_s, np.where(lately.value > 0.0, 0.0, 1.0), lately.end_s)
    return Offerable(
        facts.policy_up_to_mw,
        name == DOWNWARD,
        recording[f"{service}.price_usd_per_mwh"],
        (recording[f"{service}.shortfall_usd_per_mwh"] * uncalled.simplify()).simplify(),
    )
