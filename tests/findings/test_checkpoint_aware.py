"""Notices of checkpoints are worth more than a margin: they fill the dips and keep the limit."""

from functools import cache
from pathlib import Path

import numpy as np
from quick import run

from sim import load_scenario

SCENARIO = Path(__file__).parents[2] / "scenarios" / "galaxy-2024-sync.yaml"
STEP_S = 0.5


@cache
def galaxy(*overrides):
    return run(load_scenario(SCENARIO, overrides=list(overrides)))


def filled_fraction(result):
    """Return what the fleet drew in checkpoint dips over what it could have.

    Told of each dip to the second, it may rise from its first instant at the fleet's ramp, up to the idle
    power, and has to be back at its end.
    """
    recording, margin_mw = result.recording, 4.0
    fleet, ai, limit = (recording[f"{name}"] for name in ("fleet_power_mw", "ai_power_mw", "limit_mw"))
    drawn, possible = 0.0, 0.0
    for event in recording.events:
        if event.kind != "checkpoint" or event.value < 60.0:
            continue
        times_s = event.time_s + np.arange(STEP_S / 2.0, event.value, STEP_S)
        before_mw = float(fleet.at([event.time_s - 5.0])[0])
        rising_mw = before_mw + 1.0 * (times_s - event.time_s)
        falling_mw = before_mw + 12.0 * (event.time_s + event.value - times_s)
        idle_mw = limit.at(times_s) - margin_mw - ai.at(times_s)
        reachable_mw = np.minimum(np.minimum(rising_mw, falling_mw), np.minimum(idle_mw, 60.0))
        extra_mw = np.minimum(fleet.at(times_s), idle_mw) - before_mw
        drawn += float(np.maximum(extra_mw, 0.0).sum())
        possible += float(np.maximum(reachable_mw - before_mw, 0.0).sum())
    return drawn / possible


def test_with_full_notice_dips_are_filled_and_the_limit_is_kept():
    told = galaxy("policy.type=checkpoint-aware", "loads.training.notice.reliability_fraction=1.0")
    assert filled_fraction(told) >= 0.9
    assert told.metrics["exceedance_s"] == 0.0


def test_without_notices_margin_buys_less_exceedance_with_less_soak():
    """Following headroom, each megawatt of margin takes soak, and no margin of these keeps the limit."""
    runs = [galaxy("policy.type=follow-headroom", f"policy.margin_mw={margin}") for margin in (0, 4, 12, 24)]
    exceedances = [float(result.metrics["exceedance_mwh"]) for result in runs]
    soaked = [float(result.metrics["soaked_fraction"]) for result in runs]
    assert exceedances == sorted(exceedances, reverse=True)
    assert soaked == sorted(soaked, reverse=True)
    assert exceedances[-1] > 0.0
    told = galaxy("policy.type=checkpoint-aware", "loads.training.notice.reliability_fraction=1.0")
    assert told.metrics["soaked_fraction"] > runs[1].metrics["soaked_fraction"]


def test_a_policy_that_waits_for_notices_does_little_harm_without_any():
    silent = galaxy("policy.type=checkpoint-aware", "loads.training.notice.reliability_fraction=0.0")
    following = galaxy("policy.type=follow-headroom", "policy.margin_mw=4")
    assert silent.metrics["exceedance_s"] < 0.5 * following.metrics["exceedance_s"]
    assert silent.metrics["soaked_fraction"] > following.metrics["soaked_fraction"]


def test_without_notices_a_margin_is_a_poor_way_to_keep_the_limit():
    """The two ends and a bend of the curve that the study margin-trade draws."""
    silent = "loads.training.notice.reliability_fraction=0.0"
    runs = {
        (policy, margin): galaxy(silent, f"policy.type={policy}", f"policy.margin_mw={margin}").metrics
        for policy in ("follow-headroom", "checkpoint-aware")
        for margin in (0, 16)
    }
    free, held = runs["follow-headroom", 0], runs["follow-headroom", 16]
    assert held["soaked_fraction"] < 0.6 * free["soaked_fraction"]
    assert held["exceedance_mwh"] > 0.95 * free["exceedance_mwh"]
    waiting = runs["checkpoint-aware", 0]
    assert waiting["exceedance_mwh"] < 0.25 * free["exceedance_mwh"]
    assert waiting["soaked_fraction"] > 0.95 * free["soaked_fraction"]
