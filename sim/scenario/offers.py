"""What a scenario offers of its reserves, where it leaves the amounts to co-optimisation or to the policy."""

from typing import TYPE_CHECKING

import numpy as np

from sim.bitcoin import breakeven_usd_per_mwh
from sim.market.ancillary import AncillaryService, ServiceName, Terms
from sim.market.cooptimisation import ReserveProduct, best_offers
from sim.market.gates import OpenService, hour_edges_s
from sim.market.power import FixedDayAheadPrice
from sim.rng import stream
from sim.signals import Signal
from sim.units import SECONDS_PER_HOUR, FloatArray

if TYPE_CHECKING:
    from sim.scenario.model import Scenario

GATE_S = 38.0 * SECONDS_PER_HOUR
"""The offer for an hour uses the hashprice published this long before [s]: by 10:00 of the day before, as the
last hour of a day begins 37 h after that, or 38 h where clocks go back."""


def cooptimised_offers(scenario: "Scenario") -> dict[ServiceName, Signal]:
    """Return what is offered of each service whose amount is left open, as steps by the hour [MW].

    Only what was published by the day-ahead gate goes in: day-ahead prices of energy and capacity, which the
    bids of a price taker meet whatever they are, and the hashprice of the day before.
    """
    entries = [entry for entry in scenario.market.ancillary if entry.cooptimised_up_to_mw is not None]
    if not entries:
        return {}
    edges_s = hour_edges_s(scenario.start_utc_s, scenario.end_s)
    starts_s = edges_s[:-1]
    segment_mw = np.array([fleet.full_mw - fleet.minimum_mw for fleet in scenario.fleets])
    minimum_mw = sum(fleet.minimum_mw for fleet in scenario.fleets)
    room_mw = min(float(segment_mw.sum()), max(0.0, scenario.interconnection.limit_mw - minimum_mw))
    reserves = tuple(_reserve(scenario, entry, edges_s) for entry in entries)
    available_mw = np.full(len(starts_s), room_mw)
    sold_mw = best_offers(segment_mw, _margins(scenario, edges_s), available_mw, reserves)
    return {
        entry.service: Signal.steps(starts_s, amount_mw, scenario.end_s).simplify()
        for entry, amount_mw in zip(entries, sold_mw, strict=True)
    }


def open_services(scenario: "Scenario", terms: Terms) -> dict[ServiceName, OpenService]:
    """Return the services whose amounts are left to the policy, by name.

    Capacity prices are published with the day-ahead prices of power; in a market without those, as by its
    defaults.
    """
    market, start_utc_s, end_s = scenario.market, scenario.start_utc_s, scenario.end_s
    entries = [entry for entry in market.ancillary if entry.policy_up_to_mw is not None]
    if not entries:
        return {}
    day_ahead = None
    if market.day_ahead is not None:
        day_ahead = market.day_ahead.signal(*terms[:3]) + market.supply.delivery_usd_per_mwh
    edges_s, known_until_s = hour_edges_s(start_utc_s, end_s), published_until_s(scenario)
    return {
        entry.service: OpenService(
            entry,
            entry.conditions(terms, stream(scenario.seed, entry.stream_name)),
            edges_s,
            day_ahead,
            known_until_s,
        )
        for entry in entries
    }


def published_until_s(scenario: "Scenario") -> Signal:
    """Return until when awards and prices of the day ahead are published at each moment [s]."""
    calendar = scenario.market.day_ahead or FixedDayAheadPrice()
    return calendar.known_until_s(scenario.start_utc_s, scenario.end_s)


def _margins(scenario: "Scenario", edges_s: FloatArray) -> FloatArray:
    """Return each fleet's margin by the hour, as known at the gate [USD/MWh], shape (fleets, hours)."""
    market, span = scenario.market, (scenario.files, scenario.start_utc_s, scenario.end_s)
    if market.day_ahead is None:
        raise RuntimeError("a market with co-optimised offers has a day-ahead price")
    price = market.day_ahead.signal(*span).means_over(edges_s) + market.supply.delivery_usd_per_mwh
    published = market.bitcoin.published(*span, stream(scenario.seed, "market/bitcoin"))
    pool = market.bitcoin.paid_by()
    hashprice = published.at(np.maximum(edges_s[:-1] - GATE_S, 0.0)) * (1.0 - pool.stale_fraction)
    earned = [
        breakeven_usd_per_mwh(hashprice, fleet.efficiency_j_per_th, pool.fee_fraction)
        for fleet in scenario.fleets
    ]
    return np.array(earned) - price


def _reserve(scenario: "Scenario", entry: AncillaryService, edges_s: FloatArray) -> ReserveProduct:
    signals = entry.price.signals(scenario.files, scenario.start_utc_s, scenario.end_s)
    # an hour in which the service is not bought throughout sells nothing of it
    bought = signals.offered.means_over(edges_s) >= 1.0
    most_mw = np.where(bought, entry.cooptimised_up_to_mw or 0.0, 0.0)
    price = signals.day_ahead.means_over(edges_s)
    return ReserveProduct(price, most_mw, entry.called_fraction, downward=entry.downward)
