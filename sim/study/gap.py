r"""What lies between perfect foresight and a run, line by line.

Notes
-----
With the worth :math:`V(p) = \int r\,h(p) - (\pi + o)\,p\,dt` of a course of fleet power, each line is the
difference of two courses, the one before and:

- repair: the best without the machines in repair; from here on they are missing from :math:`h`;
- late price: what is best at the prices that policies had seen by then;
- forecast: what the policy asked for, within what the fleets can draw; its forecasts, margins, and duties;
- latency: what the fleets drew; latency, boots, ramps, blocks that come one by one;
- standby: the same, with the power of machines asleep mining nothing;
- clock: what was mined: machines off their best clock, heat, lost pools;
- rest: what remains to the objective: wear, peaks, services, energy above the limit.
"""

from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import pairwise
from math import nan
from operator import add
from typing import Final

from sim.metrics.mining import hashes_at, products_usd
from sim.metrics.power_cost import integral_at
from sim.metrics.price_discipline import machine_count, standby_mw
from sim.recording import Recording
from sim.scenario.model import Scenario
from sim.signals import Signal
from sim.signals.changes import one_within
from sim.study.instants import FleetPiece, mining_curve, setting_of
from sim.units import SECONDS_PER_HOUR

LINES: Final = ("repair", "late_price", "forecast", "latency", "standby", "clock", "rest")
"""The lines, in order; their sum is the bound less the objective."""


class Gap:
    """The courses of one run.

    Parameters
    ----------
    recording, scenario
        The run; its recording may be a part of it.
    """

    def __init__(self, recording: Recording, scenario: Scenario) -> None:
        self._recording, self._scenario = recording, scenario
        self._setting, self._curve = setting_of(recording), mining_curve(scenario.fleets)
        *_, price = self._setting.tariff.prices_usd_per_mwh
        self._cost = price + self._setting.operations_usd_per_mwh
        self._whole = dict.fromkeys(recording.fleet_names, Signal.constant(1.0, recording.end_s))
        self._working = {name: _working_fraction(recording, name) for name in recording.fleet_names}

    def lines_usd(self, bound_usd: float, value_usd: float) -> dict[str, float]:
        """Return each line between a free bound and an objective [USD]; NaN where a MWh has no one price."""
        if not self._setting.is_plain:
            return dict.fromkeys(LINES, nan)
        lost_usd = [before - after for before, after in pairwise(self._worths_usd())]
        return dict(zip(LINES, [*lost_usd, bound_usd - value_usd - sum(lost_usd)], strict=True))

    def filling_repair_usd(self) -> float:
        """Return what machines in repair take from fleets that fill the limit at each instant [USD]."""
        free = self._setting.limit_mw - self._setting.ai_mw
        return self._worth_usd(free, self._whole) - self._worth_usd(free, self._working)

    def _worths_usd(self) -> Iterator[float]:
        """Yield the worth of each course [USD], from the best at once to what was mined."""
        recording, cost = self._recording, self._cost
        best = self._best_mw(cost)
        yield self._worth_usd(best, self._whole)
        yield self._worth_usd(best, self._working)
        yield self._worth_usd(self._best_mw(cost + self._unseen()), self._working)
        told = recording.signals.get("fleet_obliged_mw", recording["fleet_target_mw"])
        yield self._worth_usd(told, self._working)
        drawn = recording["fleet_power_mw"]
        yield self._worth_usd(drawn, self._working)
        asleep = (standby_mw(recording, name) for name in recording.fleet_names)
        idle = reduce(add, (one for one in asleep if one is not None), Signal.constant(0.0, recording.end_s))
        paid_usd = integral_at(idle, cost) / SECONDS_PER_HOUR
        yield self._worth_usd((drawn - idle).positive_part(), self._working) - paid_usd
        earned_usd = hashes_at(recording, recording["hashprice_usd_per_ph_day"])
        earned_usd += sum(products_usd(recording, name) for name in recording.fleet_names)
        yield earned_usd - integral_at(drawn, cost) / SECONDS_PER_HOUR

    def _unseen(self) -> Signal:
        """Return by how much the price that policies had seen was above the one in force [USD/MWh]."""
        recording, scenario = self._recording, self._scenario
        late = scenario.market.power.late(scenario.span)
        if late is None:
            return Signal.constant(0.0, recording.end_s)
        begin_s = recording.start_utc_s - scenario.start_utc_s  # what a warm-up left out
        seen = late.clip_time(begin_s, begin_s + recording.end_s).shift(-begin_s)
        return seen - recording["price_usd_per_mwh"]

    def _margin(self, piece: FleetPiece, cost: Signal) -> Signal:
        """Return what a MWh in a piece earns beyond its cost [USD/MWh]."""
        if not piece.is_hash:
            return cost * -1.0 + piece.output_per_mw
        return self._setting.earned_usd_per_ph_h * piece.output_per_mw - cost

    def _best_mw(self, cost: Signal) -> Signal:
        """Return the power that is best if power costs so much, within what AI leaves [MW]."""
        best = Signal.constant(self._curve.minimum_mw, cost.end_s)
        for piece in self._curve.pieces:
            pays = one_within(self._margin(piece, cost).intervals_above(0.0), cost.end_s)
            best = best + pays * piece.width_mw
        return best.minimum_with(self._setting.limit_mw - self._setting.ai_mw)

    def _worth_usd(self, power_mw: Signal, working: Mapping[str, Signal]) -> float:
        """Return what a course of power is worth, shared out at its best among machines that work [USD]."""
        curve, cost = self._curve, self._cost
        least = self._setting.earned_usd_per_ph_h * curve.miners.minimum_output - cost * curve.minimum_mw
        worth_usd = least.integral() + curve.others.minimum_output * cost.end_s
        left = power_mw - curve.minimum_mw
        for piece in sorted(curve.pieces, key=lambda piece: -self._margin(piece, cost).mean()):
            width = working[piece.fleet] * piece.width_mw
            worth_usd += integral_at(left.positive_part().minimum_with(width), self._margin(piece, cost))
            left = left - width
        return worth_usd / SECONDS_PER_HOUR


def _working_fraction(recording: Recording, fleet: str) -> Signal:
    """Return the share of a fleet's machines that are not in repair [1]."""
    failed = recording.signals.get(f"fleet.{fleet}.failed_count")
    if failed is None:
        return Signal.constant(1.0, recording.end_s)
    return failed * (-1.0 / machine_count(recording, fleet)) + 1.0
