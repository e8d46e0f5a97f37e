"""Stored results of our own making, from signals drawn by hand."""

from dataclasses import replace
from typing import Any

import numpy as np

from sim.events import EventRow
from sim.facts import Facts
from sim.metrics import CATALOGUE, measure
from sim.recording import Recording
from sim.result import StoredResult, metrics_document
from sim.signals import FloatArray, Signal, total

START_UTC_S = 1_767_247_200.0  # 2026-01-01T00:00:00-06:00
DAY_S = 86_400.0


def pulses(
    end_s: float,
    period_s: float,
    high_mw: float,
    low_mw: float,
    low_s: float,
    phase_s: float = 0.0,
    edge_s: float = 2.0,
) -> Signal:
    """High power with one trapezoidal dip a period."""
    starts_s = np.arange(phase_s + 0.5 * period_s, end_s - low_s - 2.0 * edge_s, period_s)
    corners_s = np.stack([starts_s, starts_s + edge_s, starts_s + edge_s + low_s, starts_s + 2.0 * edge_s + low_s])
    levels_mw = np.tile(np.array([[high_mw], [low_mw], [low_mw], [high_mw]]), starts_s.size)
    times_s = np.append(0.0, corners_s.T.ravel())
    return Signal.linear(times_s, np.append(high_mw, levels_mw.T.ravel()), end_s)


def day_course(end_s: float, mean_mw: float, swing_mw: float, step_s: float = 900.0) -> Signal:
    """A daily course in steps, with some noise."""
    times_s = np.arange(0.0, end_s, step_s)
    noise = np.random.default_rng(7).normal(0.0, 0.1 * swing_mw, times_s.size)
    return Signal.steps(times_s, mean_mw + swing_mw * np.sin(2.0 * np.pi * times_s / DAY_S) + noise, end_s)


def follower(ai_mw: Signal, limit_mw: float, rated_mw: float, latency_s: float = 4.0) -> Signal:
    """A fleet that fills the headroom, late."""
    wanted_mw = (-ai_mw + limit_mw).positive_part().minimum_with(rated_mw)
    late_mw = wanted_mw.shift(latency_s)
    before = Signal.constant(float(wanted_mw.at(0.0)), latency_s)
    times_s = np.append(before.time_s, late_mw.time_s)
    values_mw = np.append(before.value, late_mw.value)
    slopes = np.append(before.slope_per_s, late_mw.slope_per_s)
    return Signal.from_breakpoints(times_s, values_mw, slopes, ai_mw.end_s)


def recording_of(
    loads: dict[str, Signal],
    end_s: float,
    *,
    limit_mw: float = 400.0,
    rated_mw: float = 150.0,
    with_fleet: bool = True,
    events: tuple[EventRow, ...] = (),
) -> Recording:
    """A whole recording over some AI loads, with at most one fleet."""
    nothing = Signal.constant(0.0, end_s)
    ai_mw = total([nothing, *loads.values()])
    fleet_mw = follower(ai_mw, limit_mw, rated_mw) if with_fleet else nothing
    parts = {f"load.{name}.power_mw": signal for name, signal in loads.items()}
    constants: dict[str, float] = {"pool_fee_fraction": 0.02, "run.event_count": 12.0}
    if with_fleet:
        parts["fleet.miners.power_mw"] = fleet_mw
        constants |= {
            "fleet.miners.rated_mw": rated_mw,
            "fleet.miners.minimum_mw": 0.0,
            "fleet.miners.efficiency_j_per_th": 18.0,
        }
    prices_s = np.arange(0.0, end_s, 900.0)
    price = 35.0 + 25.0 * np.sin(2.0 * np.pi * prices_s / DAY_S + 2.0) + 400.0 * (prices_s % 200_000.0 < 1800.0)
    signals = {
        **parts,
        "site_power_mw": total([ai_mw, fleet_mw]),
        "ai_power_mw": ai_mw,
        "fleet_power_mw": fleet_mw,
        "fleet_commanded_mw": fleet_mw,
        "fleet_target_mw": fleet_mw,
        "limit_mw": Signal.constant(limit_mw, end_s),
        "price_usd_per_mwh": Signal.steps(prices_s, price, end_s),
        "hashprice_usd_per_ph_day": Signal.constant(50.0, end_s),
        "price_usd_per_btc": Signal.constant(90_000.0, end_s),
    }
    return Recording(START_UTC_S, end_s, signals, events, Facts.of(constants))


def decisions(end_s: float, period_s: float = 7200.0) -> tuple[EventRow, ...]:
    """Reasons that take turns, with a checkpoint every half hour."""
    reasons = ("headroom", "price above threshold", "no headroom")
    times_s = np.arange(0.0, end_s, period_s).tolist()
    turns = [
        EventRow(time_s, "controller", f"decision: {reasons[place % 3]}", 100.0 if place % 3 == 0 else 0.0)
        for place, time_s in enumerate(times_s)
    ]
    saves = [EventRow(time_s, "load.llama", "checkpoint", 60.0) for time_s in np.arange(1800.0, end_s, 1800.0).tolist()]
    return tuple(sorted([*turns, *saves], key=lambda event: event.time_s))


def week_loads(end_s: float = 7.0 * DAY_S) -> dict[str, Signal]:
    """Two training jobs with checkpoints, and inference with a daily course."""
    return {
        "llama": pulses(end_s, 3600.0, 180.0, 60.0, 60.0),
        "mixtral": pulses(end_s, 5400.0, 90.0, 30.0, 45.0, phase_s=700.0),
        "chat": day_course(end_s, 60.0, 25.0),
    }


def stored(recording: Recording, metrics: dict[str, Any] | None = None, **scenario: Any) -> StoredResult:
    """A stored result around a recording, measured unless metrics are given."""
    return StoredResult(
        scenario={
            "name": "helios",
            "question": "Does a 150 MW fleet keep the site flat under its 400 MW limit, and at what margin?",
            "start": "2026-01-01T00:00:00-06:00",
            "days": recording.end_s / DAY_S,
            "seed": 1,
            "policy": {"type": "follow-headroom", "margin_mw": 0.0},
            **scenario,
        },
        recording=recording,
        metrics=measured(recording) if metrics is None else metrics,
        provenance={
            "run_key": "0123456789abcdef" * 4,
            "model_version": 1,
            "seed": 1,
            "inputs_sha256": {"price_file.csv": "ab" * 32},
            "versions": {"python": "3.11.0", "hashballast": "0.1.0"},
        },
    )


def stating(recording: Recording, numbers: dict[str, float]) -> Recording:
    """The same recording, which states some facts more or in place of its own."""
    return replace(recording, facts=Facts.of(recording.constants | numbers))


def measured(recording: Recording) -> dict[str, Any]:
    """The metrics of a recording as a result folder holds them."""
    whole = Recording(
        recording.start_utc_s,
        recording.end_s,
        recording.signals,
        recording.events,
        Facts.of(
            {
                "run.event_count": 1.0,
                "run.settle_count": 1.0,
                "run.decision_count": 1.0,
                **recording.constants,
            }
        ),
    )
    return metrics_document(measure(whole))


def not_assessable() -> dict[str, Any]:
    """Every metric of the catalogue, without a value."""
    return {
        metric.name: {
            "value": None,
            "unit": metric.unit,
            "summary": metric.summary,
            **({"baseline": None} if metric.compares else {}),
        }
        for metric in CATALOGUE
    }


def crowded_loads(breakpoint_count: int, end_s: float = 365.0 * DAY_S) -> dict[str, Signal]:
    """One load with so many breakpoints: uneven steps with rare deep dips, and ramps in between."""
    random = np.random.default_rng(3)
    times_s: FloatArray = np.sort(random.uniform(0.0, end_s, breakpoint_count))
    times_s[0] = 0.0
    hour = np.sin(2.0 * np.pi * times_s / DAY_S)
    values_mw = 260.0 + 50.0 * hour + random.normal(0.0, 8.0, breakpoint_count)
    deep = random.random(breakpoint_count) < 2e-3
    values_mw[deep] = 40.0 + 20.0 * random.random(int(deep.sum()))
    return {"hall": Signal.steps(times_s, np.maximum(values_mw, 0.0), end_s)}
