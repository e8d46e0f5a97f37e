"""Shows the system's load and its forecast to the controller, and records its coincident peaks."""

from collections.abc import Callable
from functools import partial
from math import ceil

import numpy as np

from sim.clock import Clock, feed
from sim.engine.observation import Published
from sim.engine.recorder import Recorder
from sim.market.forecasts import Forecast
from sim.market.four_cp import FourCoincidentPeaks
from sim.market.load_forecasts import LoadOutlook, LoadRecord
from sim.rng import LOAD_FORECAST
from sim.scenario.model import Scenario
from sim.signals import FloatArray


def open_four_cp(
    clock: Clock, recorder: Recorder, published: Published, spec: FourCoincidentPeaks, scenario: Scenario
) -> None:
    """Record the system's load, and publish load, peak so far, and the local hour.

    Parameters
    ----------
    clock, recorder
        What the campus is made of.
    published
        Where everything is shown when it is published.
    spec
        What the scenario says of the charge.
    scenario
        Whose run it is.
    """
    span = scenario.span
    figure = published.figure
    figure("coincident_peak_usd_per_mw")(spec.usd_per_mw)
    hours = spec.local_hours(span)
    feed(clock, hours.month_count, figure("local_month_count"))
    feed(clock, hours.hour_h, figure("local_hour_h"))
    if spec.system_load is not None:
        load_mw = spec.system_load.signal(span)
        recorder.give("system_load_mw", load_mw)
        feed(clock, spec.published_peak(spec.system_load, span), figure("system_peak_mw"))
        feed(clock, spec.system_load.published(span, load_mw), figure("system_load_mw"))


def load_forecaster(scenario: Scenario) -> Callable[[float], Forecast | None] | None:
    """Return what issues forecasts of the system's load, at a time [s]; None: there are none."""
    forecasts, spec, span = scenario.market.forecasts, scenario.market.four_cp, scenario.span
    if spec is None or spec.system_load is None or forecasts is None or forecasts.system_load is None:
        return None
    record = spec.system_load.record(span)
    draws = span.stream(LOAD_FORECAST)
    midnights_s = spec.midnights_s(span)
    return partial(_rest_of_day, forecasts.system_load.outlook(record, draws), record, midnights_s)


def _rest_of_day(
    outlook: LoadOutlook, record: LoadRecord, midnights_s: FloatArray, now_s: float
) -> Forecast | None:
    """Return the forecast from the present interval to local midnight, as far as it is known."""
    step_s, start_s = record.spacing_s, float(record.time_s[record.interval(now_s)])
    until_s = float(midnights_s[np.searchsorted(midnights_s, now_s, side="right")])
    count = ceil((until_s - start_s) / step_s)
    values = outlook(now_s, start_s + step_s * np.arange(count, dtype=np.float64))
    unknown = np.flatnonzero(~np.isfinite(values))
    known = values[: unknown[0]] if unknown.size else values
    return Forecast(now_s, start_s, step_s, tuple(known.tolist())) if known.size else None
