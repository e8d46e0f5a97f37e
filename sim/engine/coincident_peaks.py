"""Shows the system's load to the controller, and records its coincident peaks."""

from collections.abc import Callable
from functools import partial

from sim.engine.recorder import Recorder
from sim.market.four_cp import FourCoincidentPeaks
from sim.scenario.model import Scenario
from sim.signals import Signal

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
    hours = spec.local_hours(*span)
    publish(hours.month_count, partial(show, "local_month_count"))
    publish(hours.hour_h, partial(show, "local_hour_h"))
    publish(spec.published_peak(files, *span), partial(show, "system_peak_mw"))
    publish(spec.system_load.published(files, *span), partial(show, "system_load_mw"))
