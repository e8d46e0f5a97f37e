r"""What each ancillary service sold earned, whether it was held, and whether it was delivered.

With fleet power :math:`P`, its least :math:`P_{min}`, call :math:`C`, due call :math:`D`, base :math:`B` and
what must be held :math:`H`, of a service that makes the fleets draw less: delivered is
:math:`\min(\max(B-P,0), C)`, undelivered :math:`\max(D - \max(B-P,0), 0)`, and not held
:math:`\max(H - \max(P - P_{min}, 0), 0)`: what is not called must be backed by power that can still fall.
Room that a faster service needs does not count.
"""

from sim.market.ancillary import SERVED_FIRST
from sim.market.calls import DOWNWARD
from sim.metrics.base import LoadMetric, ratio
from sim.metrics.energy import energy_mwh
from sim.metrics.power_cost import integral_at
from sim.recording import Recording
from sim.signals import Signal
from sim.units import SECONDS_PER_HOUR


def sold_services(recording: Recording) -> tuple[str, ...]:
    """Return the services that the site sells, the one served first, first."""
    return tuple(service for service in SERVED_FIRST if f"ancillary.{service}.award_mw" in recording.signals)


def capacity_mwh(recording: Recording, service: str) -> float:
    """Return capacity sold times the hours of it [MWh]."""
    return energy_mwh(_signal(recording, service, "award_mw"))


def revenue_usd(recording: Recording, service: str) -> float:
    """Return what the capacity sold is paid, before penalties [USD]."""
    price = _signal(recording, service, "price_usd_per_mwh")
    return integral_at(_signal(recording, service, "award_mw"), price) / SECONDS_PER_HOUR


def shortfall_mw(recording: Recording, service: str) -> Signal:
    """Return what must be held and is not [MW]."""
    room_mw = _room_mw(recording, downward=service == DOWNWARD)
    for faster in _served_before(recording, service):
        room_mw = room_mw - _signal(recording, faster, "hold_mw")
    return (_signal(recording, service, "hold_mw") - room_mw.positive_part()).positive_part()


def response_mw(recording: Recording, service: str) -> Signal:
    """Return how far the fleets have gone from the base, the way the service asks for; at least 0 [MW]."""
    gone_mw = _signal(recording, service, "base_mw") - recording["fleet_power_mw"]
    return (-gone_mw if service == DOWNWARD else gone_mw).positive_part()


def delivered_mw(recording: Recording, service: str) -> Signal:
    """Return what is called and delivered [MW]."""
    return response_mw(recording, service).minimum_with(_signal(recording, service, "deployed_mw"))


def deployed_mwh(recording: Recording, service: str) -> float:
    """Return the energy that was called [MWh]."""
    return energy_mwh(_signal(recording, service, "deployed_mw"))


def undelivered_mw(recording: Recording, service: str) -> Signal:
    """Return what is due and not delivered [MW]."""
    return (_signal(recording, service, "due_mw") - response_mw(recording, service)).positive_part()


def held_fraction(recording: Recording, service: str) -> float:
    """Return the share of the capacity sold that was held or called; NaN where nothing was sold."""
    return 1.0 - ratio(energy_mwh(shortfall_mw(recording, service)), capacity_mwh(recording, service))


def penalty_usd(recording: Recording, service: str) -> float:
    """Return what capacity not held and calls not delivered cost, buy-back included [USD]."""
    parts = (("shortfall", shortfall_mw), ("undelivered", undelivered_mw))
    cost_usd_s = sum(
        integral_at(measure(recording, service), _signal(recording, service, f"{name}_usd_per_mwh"))
        for name, measure in parts
    )
    return cost_usd_s / SECONDS_PER_HOUR


def _signal(recording: Recording, service: str, name: str) -> Signal:
    return recording[f"ancillary.{service}.{name}"]


def _served_before(recording: Recording, service: str) -> tuple[str, ...]:
    """Return the services that share a service's room and are served before it."""
    if service == DOWNWARD:
        return ()
    services = [name for name in sold_services(recording) if name != DOWNWARD]
    return tuple(services[: services.index(service)])


def _room_mw(recording: Recording, *, downward: bool) -> Signal:
    """Return how far the fleets could go from where they are: down to their least, or up, under the limit."""
    power_mw = recording["fleet_power_mw"]
    if not downward:
        return power_mw - recording.least_fleet_mw
    below_limit_mw = recording["limit_mw"] - recording["site_power_mw"]
    return (recording.rated_fleet_mw - power_mw).minimum_with(below_limit_mw)


CATALOGUE = (
    LoadMetric("ancillary.{ancillary}.capacity_mwh", capacity_mwh),
    LoadMetric("ancillary.{ancillary}.revenue_usd", revenue_usd),
    LoadMetric("ancillary.{ancillary}.held_fraction", held_fraction),
    LoadMetric("ancillary.{ancillary}.deployed_mwh", deployed_mwh),
    LoadMetric("ancillary.{ancillary}.delivered_mwh", lambda r, name: energy_mwh(delivered_mw(r, name))),
    LoadMetric("ancillary.{ancillary}.undelivered_mwh", lambda r, name: energy_mwh(undelivered_mw(r, name))),
    LoadMetric("ancillary.{ancillary}.penalty_usd", penalty_usd),
)
