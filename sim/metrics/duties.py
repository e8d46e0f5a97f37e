"""What stood above the policy's wish, and what it cost: orders, trips, ancillary services together."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from sim.metrics.ancillary import penalty_usd, revenue_usd, sold_services
from sim.metrics.base import Metric, ratio
from sim.metrics.energy import energy_mwh
from sim.recording import Recording
from sim.signals import FloatArray, Signal
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE, TOLERANCE_MW

_BINDING = "binding: "


class Binding(NamedTuple):
    """The time in which one order bound."""

    from_s: float
    """Its start [s]."""
    until_s: float
    """Its end, or the run's [s]."""
    cap_mw: float
    """Most that might be drawn [MW]."""
    power: str
    """Name of the signal that the cap is on."""

    def power_mw(self, recording: Recording) -> Signal:
        """Return that signal, while the order bound [MW]."""
        return recording[self.power].clip_time(self.from_s, self.until_s)


def bindings(recording: Recording) -> tuple[Binding, ...]:
    """Return when orders bound, in order of their start."""
    events = recording.events.where(lambda source, _: source.startswith("order."))
    over_s = {event.source: event.time_s for event in events if event.kind == "over"}
    return tuple(
        Binding(
            event.time_s,
            over_s.get(event.source, recording.end_s),
            event.value,
            f"{'fleet' if event.kind.endswith('fleets') else 'site'}_power_mw",
        )
        for event in events
        if event.kind.startswith(_BINDING)
    )


def comply_s(recording: Recording) -> float:
    """Return the longest time from when an order bound until its cap was kept to its end [s].

    An order that was kept from its start took 0 s. NaN without an order, and where one was not kept at its
    end: power that touches the cap and rises again has not complied.
    """
    times_s = [_comply_s(binding, recording) for binding in recording.once(bindings)]
    return max(times_s) if times_s and not any(map(math.isnan, times_s)) else math.nan


def _comply_s(binding: Binding, recording: Recording) -> float:
    above_s = _above_s(binding, recording)
    if not len(above_s):
        return 0.0
    last_s = float(above_s[-1, 1])
    return last_s - binding.from_s if last_s < binding.until_s else math.nan


def _above_s(binding: Binding, recording: Recording) -> FloatArray:
    """Return when an order's cap was not kept while it bound [s], shape (n, 2)."""
    return binding.power_mw(recording).intervals_above(binding.cap_mw + TOLERANCE_MW)


def kept_fraction(recording: Recording) -> float:
    """Return the share of the time in which orders bound for which their caps were kept [1]; NaN without."""
    bound_s = sum(binding.until_s - binding.from_s for binding in recording.once(bindings))
    return 1.0 - ratio(recording.once(broken_s), bound_s)


def broken_s(recording: Recording) -> float:
    """Return for how long caps of orders were not kept while they bound [s]; each order counts for itself."""
    orders = [binding for binding in recording.once(bindings) if binding.until_s > binding.from_s]
    return sum(float(np.ptp(_above_s(binding, recording), axis=1).sum()) for binding in orders)


def excess_mwh(recording: Recording) -> float:
    """Return the energy above the caps of orders while they bound [MWh]; each order counts for itself."""
    return sum(
        binding.power_mw(recording).integral_above(binding.cap_mw) / SECONDS_PER_HOUR
        for binding in recording.once(bindings)
    )


def wish_mw(recording: Recording, from_s: float, until_s: float) -> Signal:
    """Return the policy's target from one time [s] to a later one, within what the fleets can draw [MW]."""
    target_mw = recording["fleet_target_mw"].clip_time(from_s, until_s)
    return target_mw.maximum_with(recording.least_fleet_mw).minimum_with(recording.rated_fleet_mw)


def curtailed_mwh(recording: Recording) -> float:
    """Return what the policy wished and the fleets did not draw while an order bound [MWh]."""
    return sum(
        energy_mwh((wish_mw(recording, *span_s) - recording["fleet_power_mw"].clip_time(*span_s)).positive_part())
        for span_s in _united_s(recording.once(bindings))
    )


def _united_s(spans: Sequence[Binding]) -> Iterator[tuple[float, float]]:
    """Yield the times in which at least one order bound [s]."""
    done_s = 0.0
    for binding in sorted(spans):
        if binding.until_s > done_s:
            yield max(binding.from_s, done_s), binding.until_s
            done_s = binding.until_s


def unmined_mwh(recording: Recording) -> float:
    """Return what the policy wished and duties kept the fleets from being told [MWh]."""
    obliged_mw = recording.signals.get("fleet_obliged_mw")
    if obliged_mw is None:
        return 0.0
    return energy_mwh((wish_mw(recording, 0.0, recording.end_s) - obliged_mw).positive_part())


def _all_services(measure: Callable[[Recording, str], float]) -> Callable[[Recording], float]:
    return lambda recording: sum(measure(recording, service) for service in sold_services(recording))


CATALOGUE = (
    Metric("order_count", lambda r: len(r.once(bindings))),
    Metric("order_comply_s", comply_s),
    Metric("order_kept_fraction", kept_fraction),
    Metric("order_late_min", lambda r: r.once(broken_s) / SECONDS_PER_MINUTE),
    Metric("order_excess_mwh", excess_mwh),
    Metric("order_curtailed_mwh", curtailed_mwh),
    Metric("trip_count", lambda r: len(r.events_of("interconnection", "trip"))),
    Metric("duty_unmined_mwh", unmined_mwh),
    Metric("ancillary_revenue_usd", _all_services(revenue_usd)),
    Metric("ancillary_penalty_usd", _all_services(penalty_usd)),
)
