"""The gates of ancillary services whose amounts are left to the policy: until when, and for which hour."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sim.market.ancillary import AncillaryService, Conditions
from sim.signals import Signal
from sim.span import Span
from sim.units import SECONDS_PER_HOUR, FloatArray


class PublishedHour(NamedTuple):
    """What is known of an hour by a time before it."""

    most_mw: float
    """Most that may be offered [MW]; 0 where it is known that the service is not bought."""
    price_usd_per_mwh: float
    """Capacity price of the hour, or of the last hour published [USD/MWh]."""
    day_ahead_usd_per_mwh: float | None
    """Day-ahead price of power in the hour, delivery included [USD/MWh]; None: not published."""


@dataclass(frozen=True)
class OpenService:
    """One service over a run that the policy offers, hour by hour: whole hours in UTC."""

    entry: AncillaryService
    """What the scenario says of it."""
    conditions: Conditions
    """What the market makes of it."""
    edges_s: FloatArray
    """Start of each hour, and the run's end [s], shape (hours + 1,); the first hour may be a part of one."""
    day_ahead: Signal | None
    """Day-ahead price of power, delivery included [USD/MWh]; None: the market has none."""
    known_until_s: Signal
    """Until when day-ahead prices, of power and capacity, are published [s]."""

    @property
    def hour_count(self) -> int:
        """Hours of the run, begun ones too."""
        return len(self.edges_s) - 1

    @cached_property
    def gates_s(self) -> FloatArray:
        """When the offer for each hour becomes final [s], shape (hours,); at or before 0: before the run."""
        # counted from the end of the first hour, which alone may be cut at the run's start
        hours = np.arange(self.hour_count) - 1.0
        second_s = self.edges_s[1] if self.hour_count > 1 else SECONDS_PER_HOUR
        return np.asarray(second_s + hours * SECONDS_PER_HOUR - self.entry.gate_closure_s)

    @cached_property
    def most_mw(self) -> FloatArray:
        """Most that is awarded in each hour [MW], shape (hours,): none where it is not bought throughout."""
        bought = self.conditions.bought.minima_over(self.edges_s) >= 1.0
        return np.where(bought, self.entry.policy_up_to_mw or 0.0, 0.0)

    @cached_property
    def _price(self) -> FloatArray:
        return self.conditions.price_usd_per_mwh.means_over(self.edges_s)

    @cached_property
    def _day_ahead(self) -> FloatArray | None:
        return None if self.day_ahead is None else self.day_ahead.means_over(self.edges_s)

    def next_hour(self, now_s: float) -> int | None:
        """Return the number of the hour whose gate comes next, after now [s]; None: none comes."""
        hour = int(np.searchsorted(self.gates_s, now_s, side="right"))
        return hour if hour < self.hour_count else None

    def present_hour(self, now_s: float) -> int:
        """Return the number of the hour that lies at a time [s]."""
        return int(np.searchsorted(self.edges_s[1:-1], now_s, side="right"))

    def published(self, hour: int, now_s: float) -> PublishedHour:
        """Return what is known of an hour now [s]; never what is published later."""
        # an hour counts once all of it is published: days of half-hour zones end within one
        last = int(np.searchsorted(self.edges_s[1:], self.published_until_s(now_s), side="right")) - 1
        if hour > last:
            price = float(self._price[max(last, 0)])
            return PublishedHour(self.entry.policy_up_to_mw or 0.0, price, None)
        day_ahead = None if self._day_ahead is None else float(self._day_ahead[hour])
        return PublishedHour(float(self.most_mw[hour]), float(self._price[hour]), day_ahead)

    def published_until_s(self, now_s: float) -> float:
        """Return until when prices are published by now [s]."""
        return float(self.known_until_s.at(now_s))


def hour_edges_s(span: Span) -> FloatArray:
    """Return the starts of a run's hours, whole hours in UTC, and its end [s from its start].

    Examples
    --------
    >>> from sim.tables import Files
    >>> hour_edges_s(Span(Files(()), 1800.0, 7200.0)).tolist()
    [0.0, 1800.0, 5400.0, 7200.0]
    """
    first_s = -(span.start_utc_s % SECONDS_PER_HOUR)
    starts_s = np.maximum(np.arange(first_s, span.end_s, SECONDS_PER_HOUR), 0.0)
    return np.append(starts_s, span.end_s)
