"""Shows the system's load and its forecast to the controller, and records its coincident peaks."""

from collections.abc import Callable
from functools import partial
from math import ceil

import numpy as np

from sim.engine.recorder import Recorder
from sim.market.forecasts import Forecast
from sim.market.four_cp import FourCoincidentPeaks
from sim.market.load_forecasts import LoadOutlook, LoadRecord
from sim.rng import stream
from sim.scenario.model import Scenario
from sim.signals import FloatArray, Signal

Publish = Callable[[Signal, Callable[[float], None]], None]
Show = Callable[[str, float], None]


def open_four_cp(
    spec: FourCoincidentPeaks, publish: Publish, show: Show, recorder: Recorder, scenario: Scenario
) -> None:
    """Record the peaks of a run, and publish load, peak so far, and the local hour.

    Parameters
    ----------
    spec
        What the scenario says of the charge.
    publish
        Tells the values of a signal as time goes on.
    show
        Puts a value before the policy, by its name in the observation.
    recorder
        Where signals and constants go.
    scenario
        Whose run it is.
    """
    files, span = scenario.files, (scenario.start_utc_s, scenario.end_s)
    recorder.give("system_load_mw", spec.system_load.signal(files, *span))
    recorder.constant("four_cp.rate_usd_per_kw_year", spec.rate_usd_per_kw_year)
    recorder.constant("four_cp.previous_average_mw", spec.previous_average_mw)
    peaks = spec.peaks(files, *span)
    for peak in peaks:
        recorder.constant(f"four_cp.{peak.name}.start_s", peak.start_s)
        recorder.constant(f"four_cp.{peak.name}.end_s", peak.end_s)
    start_utc_s, end_utc_s = span[0], sum(span)
    touched = {
        name
        for name, first_s, last_s in spec.peak_months(*span)
        if first_s < end_utc_s and last_s > start_utc_s
    }
    recorder.constant("four_cp.unknown_count", len(touched - {peak.name for peak in peaks}))
    show("coincident_peak_usd_per_mw", spec.usd_per_mw)
    hours = spec.local_hours(*span)
    publish(hours.month_count, partial(show, "local_month_count"))
    publish(hours.hour_h, partial(show, "local_hour_h"))
    publish(spec.published_peak(files, *span), partial(show, "system_peak_mw"))
    publish(spec.system_load.published(files, *span), partial(show, "system_load_mw"))


def load_forecaster(scenario: Scenario) -> Callable[[float], Forecast | None] | None:
    """Return what issues forecasts of the system's load, at a time [s]; None: there are none."""
    forecasts, spec = scenario.market.forecasts, scenario.market.four_cp
    if spec is None or forecasts is None or forecasts.system_load is None:
        return None
    record = spec.system_load.record(scenario.files, scenario.start_utc_s)
    draws = stream(scenario.seed, "market/forecasts/system_load")
    midnights_s = spec.midnights_s(scenario.start_utc_s, scenario.end_s)
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
