r"""What miners' power is worth at each instant of a run, and the most that it could be worth.

Notes
-----
At an instant with AI power :math:`A`, limit :math:`L`, own generation :math:`G` and contract :math:`K`,
the worth of fleet power :math:`p` is

.. math::

    v(p) = r\,h(p) - o\,p - [C(A + p) - C(A)] - M\,[(A + p - L)^+ - (A - L)^+]

with what a PH/s earns an hour :math:`r`, the mining curve :math:`h` (`MiningCurve`), operations :math:`o` and
the bill :math:`C` of :mod:`sim.metrics.power_cost`, plus the rate of a coincident peak while there is one.
All are straight lines between corners: those of :math:`h`, and the powers at which the site reaches
:math:`L`, :math:`G`, :math:`G + K`, or no longer fills the export limit. So the best :math:`p` is one of the
corners.

Between instants at which a signal bends or a corner meets another each corner's worth is linear in time, so
the highest of them is convex: the trapezoid over its ends is exact where the best corner stays the same, as
it does wherever :math:`v` is concave, and never too low.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final, NamedTuple

import numpy as np

from sim.market.bill import Tariff, cost_usd_per_h
from sim.metrics.coincident_peaks import peak_demands, usd_per_peak_mw
from sim.metrics.power_cost import tariff_of
from sim.mining.fleet import FleetSpec
from sim.recording import Recording
from sim.signals import FloatArray, Signal
from sim.study.objective import penalty_usd_per_mwh
from sim.study.offerable import Offerables
from sim.units import HOURS_PER_DAY, SECONDS_PER_HOUR


class FleetPiece(NamedTuple):
    """A part of a fleet's power in which each megawatt makes alike."""

    fleet: str
    """Name of the fleet."""
    width_mw: float
    """Its width [MW]."""
    output_per_mw: float
    """What a megawatt of it hashes [PH/s/MW], or earns with another product [USD/MWh]."""
    is_hash: bool
    """Whether it hashes."""


@dataclass(frozen=True)
class Edge:
    """Most that some fleets make over their power: straight lines that get no steeper."""

    minimum_mw: float
    """Power that the fleets draw at the least [MW]."""
    minimum_output: float
    """What they make there: hash rate [PH/s], or the worth of another product [USD/h]."""
    pieces: tuple[FleetPiece, ...]
    """The pieces above it, those that make most with a megawatt first."""

    @property
    def power_mw(self) -> FloatArray:
        """Power at each corner [MW], shape (pieces + 1,)."""
        return self.minimum_mw + np.cumsum([0.0, *(piece.width_mw for piece in self.pieces)])

    @property
    def output(self) -> FloatArray:
        """What is made at each corner [PH/s, or USD/h], shape (pieces + 1,)."""
        steps = (piece.width_mw * piece.output_per_mw for piece in self.pieces)
        return self.minimum_output + np.cumsum([0.0, *steps])


@dataclass(frozen=True)
class MiningCurve:
    """Most that all fleets make over their power: miners, and those whose product has a price of its own."""

    miners: Edge
    """What the miners hash."""
    others: Edge
    """What the others earn."""

    @property
    def minimum_mw(self) -> float:
        """Power that the fleets draw at the least [MW]."""
        return self.miners.minimum_mw + self.others.minimum_mw

    @property
    def full_mw(self) -> float:
        """Power that they draw at the most [MW]."""
        return float(self.miners.power_mw[-1] + self.others.power_mw[-1])

    @property
    def pieces(self) -> tuple[FleetPiece, ...]:
        """The pieces of all fleets."""
        return (*self.miners.pieces, *self.others.pieces)

    @property
    def levels_mw(self) -> list[float]:
        """Powers at which the best share-out may turn to another piece, whatever hashes earn [MW]."""
        return sorted({float(mw) for mw in np.add.outer(self.miners.power_mw, self.others.power_mw).flat})

    def earned_usd_per_h(self, power_mw: FloatArray, usd_per_ph_h: FloatArray) -> FloatArray:
        """Return the most that a power of all fleets earns [USD/h].

        Parameters
        ----------
        power_mw
            The power [MW], shape (2, n), within what the fleets can draw.
        usd_per_ph_h
            What a PH/s earns in an hour [USD], shape (n,).
        """
        if not self.others.pieces:
            least_usd_per_h = self.others.minimum_output
            mined = _at(self.miners, power_mw - self.others.minimum_mw)
            return np.asarray(usd_per_ph_h * mined + least_usd_per_h)
        best = np.full(np.shape(power_mw), -np.inf)
        # where it is best to share out, miners or the others stand at a corner of theirs
        splits = [np.full_like(power_mw, mw) for mw in self.miners.power_mw]
        splits += [power_mw - mw for mw in self.others.power_mw]
        lowest, highest = self.miners.power_mw[[0, -1]]
        for split in splits:
            mined_mw = np.clip(split, np.maximum(lowest, power_mw - self.others.power_mw[-1]), highest)
            mined_mw = np.minimum(mined_mw, power_mw - self.others.power_mw[0])
            made = usd_per_ph_h * _at(self.miners, mined_mw) + _at(self.others, power_mw - mined_mw)
            np.maximum(best, made, out=best)
        return best


def _at(edge: Edge, power_mw: FloatArray) -> FloatArray:
    return np.asarray(np.interp(power_mw, edge.power_mw, edge.output))


def mining_curve(fleets: Iterable[FleetSpec]) -> MiningCurve:
    """Return the most that fleets make over their power together.

    Parameters
    ----------
    fleets
        What the scenario says of them.

    Returns
    -------
    MiningCurve
        An upper edge: no state of the machines lies above it. Heat, failures and a lost pool only take away.
    """
    known = [(fleet.name, fleet.worth) for fleet in fleets]

    def edge(*, is_hash: bool) -> Edge:
        some = [(name, worth) for name, worth in known if worth.is_hash == is_hash]
        pieces = [FleetPiece(name, *piece, is_hash) for name, worth in some for piece in worth.pieces]
        pieces.sort(key=lambda piece: -piece.output_per_mw)
        least_mw = sum((worth.minimum_mw for _, worth in some), 0.0)
        return Edge(least_mw, sum((worth.minimum_output for _, worth in some), 0.0), tuple(pieces))

    return MiningCurve(edge(is_hash=True), edge(is_hash=False))


BLOCK: Final = 2**17
"""Stretches worked on at a time, so that a year needs little memory."""
NONE: Final = Offerables((), 0.0, 0.0)
"""No services."""


class IntervalWorth(NamedTuple):
    """What fleet power is worth over an interval."""

    best_usd: float
    """The most it could be worth [USD]."""
    limited_usd: float
    """What it would be worth with all fleets on, as far as the limit leaves room at each instant [USD]."""
    offered_usd: float = 0.0
    """What services offered beside the best power could bring at the most, less what they take from mining
    [USD]."""
    alone_usd: float = 0.0
    """What services could bring at the most, whatever mining is worth [USD]."""


@dataclass(frozen=True)
class Setting:
    """What the miners of a run meet, whatever a policy decides."""

    ai_mw: Signal
    """Power of all AI loads [MW]."""
    limit_mw: Signal
    """Limit of the site [MW]."""
    tariff: Tariff[Signal]
    """What energy costs; a coincident peak counts with the wires while there is one."""
    earned_usd_per_ph_h: Signal
    """What a PH/s earns in an hour, fee and stale work taken off [USD]."""
    operations_usd_per_mwh: float
    """What running miners costs for each MWh [USD/MWh]."""
    penalty_usd_per_mwh: float
    """What a MWh above the limit costs [USD/MWh]; infinity: nothing is drawn above it."""

    @property
    def corners_mw(self) -> tuple[Signal, ...]:
        """Site powers at which the worth of another MWh changes [MW]."""
        return self.limit_mw, *self.tariff.edges_mw

    @property
    def steps(self) -> tuple[Signal, ...]:
        """The signals that change in steps alone: what a MWh costs between the edges, what a hash earns."""
        return *self.tariff.prices_usd_per_mwh, self.earned_usd_per_ph_h

    @property
    def is_plain(self) -> bool:
        """Whether each MWh costs the real-time price, however many are drawn."""
        tariff = self.tariff
        within, beyond = tariff.in_contract_usd_per_mwh, tariff.real_time_usd_per_mwh
        return bool(tariff.generation_mw.maximum() == 0.0 and np.array_equal(within.value, beyond.value))


def setting_of(recording: Recording) -> Setting:
    """Return what the miners of a run meet; the same for every policy."""
    facts, tariff = recording.facts, tariff_of(recording)
    return Setting(
        ai_mw=recording["ai_power_mw"],
        limit_mw=recording["limit_mw"],
        tariff=replace(tariff, wires_usd_per_mwh=_peak_price(recording) + tariff.wires_usd_per_mwh),
        earned_usd_per_ph_h=recording["hashprice_usd_per_ph_day"] * (facts.paid_fraction / HOURS_PER_DAY),
        operations_usd_per_mwh=facts.cost.mining_opex_usd_per_mwh or 0.0,
        penalty_usd_per_mwh=penalty_usd_per_mwh(recording),
    )


def _peak_price(recording: Recording) -> Signal:
    """Return what a MWh costs the year after by being drawn at a coincident peak [USD/MWh]."""
    times_s, prices = [0.0], [0.0]
    for peak in sorted(recording.once(peak_demands), key=lambda peak: peak.start_s):
        if np.isfinite(peak.demand_mw):
            hours = (peak.end_s - peak.start_s) / SECONDS_PER_HOUR
            times_s += [peak.start_s, peak.end_s]
            prices += [usd_per_peak_mw(recording) / hours, 0.0]
    return Signal.steps(times_s, prices, recording.end_s)


def worth(
    setting: Setting, curve: MiningCurve, from_s: float, to_s: float, offerables: Offerables = NONE
) -> IntervalWorth:
    """Return the most that fleet power could be worth over an interval, and what filling the limit would be.

    Parameters
    ----------
    setting
        What the miners meet.
    curve
        What they can hash.
    from_s, to_s
        The interval [s].
    offerables
        Services that the policy may offer.

    Returns
    -------
    IntervalWorth
        The integrals [USD].
    """
    best_usd = limited_usd = offered_usd = alone_usd = 0.0
    edges_s = _edges_s(setting, curve, from_s, to_s, offerables)
    for first in range(0, edges_s.size - 1, BLOCK):
        stretches = _Stretches(setting, curve, edges_s[first : first + BLOCK + 1], offerables)
        mined = stretches.integral(stretches.best(mining=True, services=False))
        best_usd += mined
        limited_usd += stretches.integral(stretches.worth_of_site(stretches.limit_mw))
        if offerables.services:
            offered_usd += stretches.integral(stretches.best(mining=True, services=True)) - mined
            alone_usd += stretches.integral(stretches.best(mining=False, services=True))
    return IntervalWorth(best_usd, limited_usd, offered_usd, alone_usd)


def _edges_s(setting: Setting, curve: MiningCurve, from_s: float, to_s: float, offerables: Offerables) -> FloatArray:
    """Return all times at which a line bends or corners meet, with both ends [s]."""
    signals = (setting.ai_mw, *setting.steps, *setting.corners_mw, *offerables.steps)
    times_s = [signal.time_s for signal in signals] + [np.array([from_s, to_s])]
    levels_mw = [*curve.levels_mw, 0.0]
    if offerables.services:
        levels_mw += offerables.levels_mw
        # room for a service that asks for more ends where the limit does
        times_s += _meetings_s(setting.limit_mw - setting.ai_mw - offerables.down_mw, levels_mw)
    for corner in setting.corners_mw:
        times_s += _meetings_s(corner - setting.ai_mw, levels_mw)
    found = reduce(np.union1d, times_s)
    return np.asarray(found[(found >= from_s) & (found <= to_s)])


def _meetings_s(signal: Signal, levels: Iterable[float]) -> Iterator[FloatArray]:
    """Yield when a signal crosses levels, jumps apart [s]."""
    start, end = signal.value, signal.left_limits()
    lengths_s = np.diff(np.append(signal.time_s, signal.end_s))
    for level in levels:
        crosses = (start - level) * (end - level) < 0.0
        part = (level - start[crosses]) / (end[crosses] - start[crosses])
        yield signal.time_s[crosses] + part * lengths_s[crosses]


class _Stretches:
    """Stretches of time on which all is linear: values at start and end, shape (2, n), or (n,) for steps."""

    def __init__(self, setting: Setting, curve: MiningCurve, edges_s: FloatArray, offerables: Offerables) -> None:
        self._setting = setting
        self._offerables = offerables
        self._curve = curve
        self._least_mw, self._full_mw = curve.minimum_mw, curve.full_mw
        self._starts_s, self._lengths_s = edges_s[:-1], np.diff(edges_s)
        self._ai_mw = self._ends(setting.ai_mw)
        self.limit_mw = self._ends(setting.limit_mw)
        """Limit of the site [MW], shape (2, n)."""
        self._edges_mw = [self._ends(edge_mw) for edge_mw in setting.tariff.edges_mw]
        *self._prices, self._earned = map(self._held, setting.steps)
        self._offers = np.array([self._held(signal) for signal in offerables.steps])
        self._alone_usd_per_h = self._cost_usd_per_h(self._ai_mw)

    def integral(self, usd_per_h: FloatArray) -> float:
        """Return the trapezoids over the ends of all stretches [USD]."""
        return float(np.sum(usd_per_h.sum(axis=0) * self._lengths_s)) / 2.0 / SECONDS_PER_HOUR

    def best(self, *, mining: bool, services: bool) -> FloatArray:
        """Return the worth of the best fleet power, of what counts [USD/h], shape (2, n)."""
        best = np.full_like(self._ai_mw, -np.inf)
        room_mw = self._towards_mw(self.limit_mw) if self._setting.penalty_usd_per_mwh == np.inf else np.inf
        for corner_mw in self._corners_mw():
            fleet_mw = np.minimum(corner_mw, room_mw)
            worth = self._worth(fleet_mw) if mining else np.zeros_like(fleet_mw)
            if services:
                worth += self._offerables.worth(self._offers, fleet_mw, self.limit_mw - self._ai_mw)
            np.maximum(best, worth, out=best)
        return best

    def worth_of_site(self, site_mw: FloatArray) -> FloatArray:
        """Return what is mined with fleet power that brings the site as near to a power as it can [USD/h]."""
        return self._worth(self._towards_mw(site_mw))

    def _corners_mw(self) -> Iterator[FloatArray]:
        """Yield the fleet powers at which worth may bend [MW], shape (2, n)."""
        levels_mw = self._curve.levels_mw
        sites_mw = [self.limit_mw, *self._edges_mw]
        if self._offerables.services:
            levels_mw += self._offerables.levels_mw
            sites_mw.append(self.limit_mw - self._offerables.down_mw)
        for level_mw in levels_mw:
            yield np.full_like(self._ai_mw, np.clip(level_mw, self._least_mw, self._full_mw))
        for site_mw in sites_mw:
            yield self._towards_mw(site_mw)

    def _towards_mw(self, site_mw: FloatArray) -> FloatArray:
        """Return the fleet power that brings the site as near to a power as it can [MW]."""
        return np.asarray(np.clip(site_mw - self._ai_mw, self._least_mw, self._full_mw))

    def _worth(self, fleet_mw: FloatArray) -> FloatArray:
        earned = self._curve.earned_usd_per_h(fleet_mw, self._earned)
        costs = self._cost_usd_per_h(self._ai_mw + fleet_mw) - self._alone_usd_per_h
        return np.asarray(earned - self._setting.operations_usd_per_mwh * fleet_mw - costs)

    def _cost_usd_per_h(self, site_mw: FloatArray) -> FloatArray:
        """Return what a site power costs, but for what does not depend on it [USD/h]."""
        cost = cost_usd_per_h(self._edges_mw, self._prices, site_mw)
        if self._setting.penalty_usd_per_mwh < np.inf:
            cost += self._setting.penalty_usd_per_mwh * np.maximum(site_mw - self.limit_mw, 0.0)
        return cost

    def _ends(self, signal: Signal) -> FloatArray:
        value, slope_per_s = signal.lines_at(self._starts_s)
        return np.stack([value, value + slope_per_s * self._lengths_s])

    def _held(self, signal: Signal) -> FloatArray:
        return signal.lines_at(self._starts_s)[0]
