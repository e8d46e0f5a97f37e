"""What an inference service served, and what energy it took; NaN where its description does not tell."""

from functools import partial
from math import nan

from sim.metrics.base import LoadMetric
from sim.recording import Recording
from sim.units import JOULES_PER_MEGAWATT_HOUR, JOULES_PER_WATT_HOUR, SECONDS_PER_HOUR


def _known(total: float | None) -> float:
    """Return a total that the service stated at the end of the run; NaN where it did not."""
    return nan if total is None else total


def energy_per_token_j(recording: Recording, load: str) -> float:
    """Return the energy for each output token, those of backfilled work included [J].

    Energy at the site's meter; IT energy for a service that stands in a hall.
    """
    service = recording.facts.of_load(load)
    tokens = _known(service.served_token_count) + (service.backfill_token_count or 0.0)
    energy_mwh = recording.load_power_mw(load).integral() / SECONDS_PER_HOUR
    return energy_mwh * JOULES_PER_MEGAWATT_HOUR / tokens if tokens else nan


def energy_per_query_wh(recording: Recording, load: str) -> float:
    """Return the energy for each request: that of its tokens [Wh]."""
    service = recording.facts.of_load(load)
    queries, tokens = _known(service.served_query_count), _known(service.served_token_count)
    joules = energy_per_token_j(recording, load)
    return joules * tokens / queries / JOULES_PER_WATT_HOUR if queries else nan


_of_service = partial(LoadMetric, "inference")


def _stated(name: str, summary: str) -> LoadMetric:
    """Return the metric that is a total stated by the service itself."""
    return _of_service(
        name, summary, lambda recording, load: _known(getattr(recording.facts.of_load(load), name))
    )


CATALOGUE = (
    _stated("served_query_count", "Requests answered"),
    _of_service(
        "energy_per_query_wh",
        "Energy for each request answered; at the site's meter, or IT energy in a hall",
        energy_per_query_wh,
    ),
    _of_service(
        "energy_per_token_j",
        "Energy for each output token, backfilled work included; metered as for a request",
        energy_per_token_j,
    ),
    _stated("unserved_fraction", "Work turned away, or that would have waited too long, of all that came"),
    _stated("delayed_fraction", "Work that waited for replicas past the update it came in, of all that came"),
    _stated("backlog_peak_s", "Longest time that work had to wait for replicas"),
    _stated("replica_mean_count", "Replicas in service, on average over time"),
    _stated(
        "utilisation_mean_fraction",
        "Work done over what the replicas in service, or the line, could have done",
    ),
)
