r"""What miners' power is worth at each instant of a run, and the most that it could be worth.

Notes
-----
At an instant with AI power :math:`A`, limit :math:`L`, own generation :math:`G` and contract :math:`K`,
the worth of fleet power :math:`p` is

.. math::

    v(p) = r\,h(p) - o\,p - [C(A + p) - C(A)] - M\,[(A + p - L)^+ - (A - L)^+]

with what a PH/s earns an hour :math:`r`, the mining curve :math:`h`, operations :math:`o` and the bill
:math:`C` of :mod:`sim.metrics.power_cost`, plus the rate of a coincident peak while there is one. All are
straight lines between corners: those of :math:`h`, and the powers at which the site reaches :math:`L`,
:math:`G`, :math:`G + K`, or no longer fills the export limit. So the best :math:`p` is one of the corners.

Between instants at which a signal bends or a corner meets another each corner's worth is linear in time, so
the highest of them is convex: the trapezoid over its ends is exact where the best corner stays the same, as
it does wherever :math:`v` is concave, and never too low.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Final, NamedTuple

import numpy as np

from sim.metrics.coincident_peaks import peak_demands
from sim.recording import Recording
from sim.signals import FloatArray, Signal
from sim.study.mining_curve import MiningCurve
from sim.study.objective import peak_rate_usd_per_mw, penalty_usd_per_mwh
from sim.study.offerable import Offerables
from sim.units import HOURS_PER_DAY, SECONDS_PER_HOUR

BLOCK: Final = 2**17
"""Stretches worked on at a time, so that a year needs little memory."""
NONE: Final = Offerables((), 0.0, 0.0)
"""No services."""


class Worth(NamedTuple):
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
    generation_mw: Signal
    """Own generation; zero where there is none [MW]."""
    exported_mw: Signal
    """What of it may flow out while that pays [MW]."""
    contract_mw: Signal
    """Contracted power; zero where there is none [MW]."""
    price_usd_per_mwh: Signal
    """Real-time price [USD/MWh]."""
    contract_usd_per_mwh: Signal
    """What a MWh within the contract costs at the margin [USD/MWh]."""
    wires_usd_per_mwh: Signal
    """What each imported MWh costs on top: delivery, and a coincident peak while there is one [USD/MWh]."""
    earned_usd_per_ph_h: Signal
    """What a PH/s earns in an hour, fee and stale work taken off [USD]."""
    generation_usd_per_mwh: float
    """What a MWh of own generation costs [USD/MWh]."""
    operations_usd_per_mwh: float
    """What running miners costs for each MWh [USD/MWh]."""
    penalty_usd_per_mwh: float
    """What a MWh above the limit costs [USD/MWh]; infinity: nothing is drawn above it."""

    @property
    def corners_mw(self) -> tuple[Signal, ...]:
        """Site powers at which the price of another MWh changes [MW]."""
        import_from = self.generation_mw
        return (
            self.limit_mw,
            import_from,
            import_from - self.exported_mw,
            import_from + self.contract_mw,
        )

    @property
    def steps(self) -> tuple[Signal, ...]:
        """The signals that change in steps alone."""
        return (
            self.price_usd_per_mwh,
            self.contract_usd_per_mwh,
            self.wires_usd_per_mwh,
            self.earned_usd_per_ph_h,
        )

    @property
    def is_plain(self) -> bool:
        """Whether each MWh costs the real-time price, however many are drawn."""
        same_price = np.array_equal(self.contract_usd_per_mwh.value, self.price_usd_per_mwh.value)
        return bool(self.generation_mw.maximum() == 0.0 and same_price)


def setting_of(recording: Recording) -> Setting:
    """Return what the miners of a run meet; the same for every policy."""
    facts, price = recording.facts, recording["price_usd_per_mwh"]
    nothing = Signal.constant(0.0, recording.end_s)
    generation_cost = facts.generation.cost_usd_per_mwh or 0.0
    exports = np.where(price.value > generation_cost, facts.generation.export_limit_mw or 0.0, 0.0)
    return Setting(
        ai_mw=recording["ai_power_mw"],
        limit_mw=recording["limit_mw"],
        generation_mw=recording.signals.get("generation_mw", nothing),
        exported_mw=Signal.steps(price.time_s, exports, recording.end_s),
        contract_mw=recording.signals.get("contract_mw", nothing),
        price_usd_per_mwh=price,
        contract_usd_per_mwh=_contract_price(recording),
        wires_usd_per_mwh=_peak_price(recording) + (facts.supply.delivery_usd_per_mwh or 0.0),
        earned_usd_per_ph_h=recording["hashprice_usd_per_ph_day"] * (facts.paid_fraction / HOURS_PER_DAY),
        generation_usd_per_mwh=generation_cost,
        operations_usd_per_mwh=facts.cost.mining_opex_usd_per_mwh or 0.0,
        penalty_usd_per_mwh=penalty_usd_per_mwh(recording),
    )


def _contract_price(recording: Recording) -> Signal:
    """Return what one MWh more costs within the contract [USD/MWh]: if resold, the real-time price."""
    price = recording["price_usd_per_mwh"]
    if "contract_mw" not in recording.signals or recording.facts.supply.resale:
        return price
    if recording.facts.supply.as_consumed:
        return recording["contract_price_usd_per_mwh"]
    return Signal.constant(0.0, recording.end_s)


def _peak_price(recording: Recording) -> Signal:
    """Return what a MWh costs the year after by being drawn at a coincident peak [USD/MWh]."""
    times_s, prices = [0.0], [0.0]
    for peak in sorted(recording.once(peak_demands), key=lambda peak: peak.start_s):
        if np.isfinite(peak.demand_mw):
            hours = (peak.end_s - peak.start_s) / SECONDS_PER_HOUR
            times_s += [peak.start_s, peak.end_s]
            prices += [peak_rate_usd_per_mw(recording) / hours, 0.0]
    return Signal.steps(times_s, prices, recording.end_s)


def worth(
    setting: Setting, curve: MiningCurve, from_s: float, to_s: float, offerables: Offerables = NONE
) -> Worth:
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
    Worth
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
    return Worth(best_usd, limited_usd, offered_usd, alone_usd)


def _edges_s(
    setting: Setting, curve: MiningCurve, from_s: float, to_s: float, offerables: Offerables
) -> FloatArray:
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

    def __init__(
        self, setting: Setting, curve: MiningCurve, edges_s: FloatArray, offerables: Offerables
    ) -> None:
        self._setting = setting
        self._offerables = offerables
        self._curve = curve
        self._least_mw, self._full_mw = curve.minimum_mw, curve.full_mw
        self._starts_s, self._lengths_s = edges_s[:-1], np.diff(edges_s)
        self._ai_mw = self._ends(setting.ai_mw)
        self.limit_mw = self._ends(setting.limit_mw)
        """Limit of the site [MW], shape (2, n)."""
        self._generation_mw = self._ends(setting.generation_mw)
        self._exported_mw = self._held(setting.exported_mw)
        self._block_mw = self._held(setting.contract_mw)
        self._price, self._block_price, self._wires, self._earned = map(self._held, setting.steps)
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
        sites_mw = [
            self.limit_mw,
            self._generation_mw,
            self._generation_mw - self._exported_mw,
            self._generation_mw + self._block_mw,
        ]
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
        setting = self._setting
        surplus_mw = self._generation_mw - site_mw
        sold_mw = np.minimum(np.maximum(surplus_mw, 0.0), self._exported_mw)
        used_mw = np.minimum(site_mw, self._generation_mw)
        import_mw = np.maximum(-surplus_mw, 0.0)
        in_block_mw = np.minimum(import_mw, self._block_mw)
        own = setting.generation_usd_per_mwh * (used_mw + sold_mw) - self._price * sold_mw
        bought = self._block_price * in_block_mw + self._price * (import_mw - in_block_mw)
        cost = np.asarray(own + bought + self._wires * import_mw)
        if setting.penalty_usd_per_mwh < np.inf:
            cost += setting.penalty_usd_per_mwh * np.maximum(site_mw - self.limit_mw, 0.0)
        return cost

    def _ends(self, signal: Signal) -> FloatArray:
        value, slope_per_s = signal.lines_at(self._starts_s)
        return np.stack([value, value + slope_per_s * self._lengths_s])

    def _held(self, signal: Signal) -> FloatArray:
        return signal.lines_at(self._starts_s)[0]
