"""The utility's meter: reads the mean grid import of each interval when it ends."""

from collections.abc import Callable, Generator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from simpy import Event

from sim.clock import At, Clock
from sim.engine.bus import Metered
from sim.engine.observation import Published
from sim.engine.recorder import Recorder
from sim.grid.storage import Storage
from sim.market.demand_charge import BillingMonth, DemandCharge, DemandTerms, whole_intervals_s
from sim.scenario.model import Scenario
from sim.signals import Signal, total


class DemandMeter:
    """Keeps the highest interval mean of the billing month so far; costs one event an interval.

    Parameters
    ----------
    clock
        The clock.
    parts
        All that draws power at the site.
    generation
        Own generation behind the meter [MW]; None where there is none.
    tell
        Told the month's peak so far when an interval ends, and zero when a month begins [MW].
    log
        Records each month's peak when the month ends.
    storage
        A fresh battery that the meter sees the site behind; None where there is none.
    """

    def __init__(
        self,
        clock: Clock,
        parts: Sequence[Metered],
        generation: Signal | None,
        tell: Callable[[float], None],
        log: Callable[[str, float], None],
        storage: Storage | None = None,
    ) -> None:
        self._clock = clock
        self._parts = parts
        self._generation = generation
        self._tell = tell
        self._log = log
        self._storage = storage
        self._followed_s = 0.0

    def read(
        self,
        months: Sequence[BillingMonth],
        spec: DemandCharge,
        end_s: float,
        tell_terms: Callable[[DemandTerms], None],
    ) -> Generator[Event, Any, None]:
        """Read every whole interval of the run's months, and tell each month's terms when it begins."""
        peaks_mw: list[float] = []
        for month in months:
            peak_mw = 0.0
            self._tell(peak_mw)
            tell_terms(spec.terms(month, end_s, peaks_mw))
            for from_s, to_s in pairwise(whole_intervals_s(month, spec.interval_s, end_s)):
                yield At(self._clock, to_s)
                peak_mw = max(peak_mw, self.mean_import_mw(from_s, to_s))
                self._tell(peak_mw)
            peaks_mw.append(peak_mw)
            if month.end_s <= end_s:
                self._log("billing peak", peak_mw)

    def mean_import_mw(self, from_s: float, to_s: float) -> float:
        """Return the mean of what the site took from the grid between two times in the past [s]."""
        if self._generation is None and self._storage is None:
            return sum(part.power_between(from_s, to_s).integral() for part in self._parts) / (to_s - from_s)
        drawn = self._site_mw(from_s, to_s)
        if self._generation is not None:
            drawn = (drawn - self._generation.clip_time(from_s, to_s)).positive_part()
        return drawn.integral() / (to_s - from_s)

    def _site_mw(self, from_s: float, to_s: float) -> Signal:
        """Return what the site drew between two times in the past [MW], its battery included."""
        if self._storage is None:
            return self._parts_mw(from_s, to_s)
        # what the battery does now follows from all that it did, also outside whole intervals
        site = self._parts_mw(self._followed_s, to_s)
        self._followed_s = to_s
        return total([site, self._storage.follow(site).battery_mw]).clip_time(from_s, to_s)

    def _parts_mw(self, from_s: float, to_s: float) -> Signal:
        parts = [part.power_between(from_s, to_s) for part in self._parts]
        return total([*parts, Signal.constant(0.0, to_s, from_s)])


def open_demand_meter(
    clock: Clock,
    recorder: Recorder,
    published: Published,
    parts: Sequence[Metered],
    spec: DemandCharge,
    scenario: Scenario,
) -> None:
    """Read the meter of a demand charge: no news, but seen at the next decision.

    Parameters
    ----------
    clock, recorder
        What the campus is made of.
    published
        Where the month's peak and terms are shown.
    parts
        All that draws power at the site.
    spec
        What the scenario says of the charge.
    scenario
        Whose run it is.
    """
    months = spec.months(scenario.span)

    def show_peak(peak_mw: float) -> None:
        published.billing_peak_mw = peak_mw

    def show_terms(terms: DemandTerms) -> None:
        published.demand_terms = terms

    meter = DemandMeter(
        clock,
        parts,
        recorder.given("generation_mw"),
        show_peak,
        partial(recorder.log, "meter"),
        None if scenario.storage is None else Storage(scenario.storage, recorder.given("limit_mw")),
    )
    clock.process(meter.read(months, spec, scenario.end_s, show_terms))
