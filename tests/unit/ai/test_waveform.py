import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from pydantic import ValidationError
from quick import run

from sim.ai.waveform import Iteration, Waveform, recorded_iterations, site_waveform, with_iterations
from sim.facts import Facts
from sim.recording import Recording, add_totals
from sim.rng import stream
from sim.signals import Signal
from sim.testing import a_scenario

# computing for 40 s, a stall of 10 s, computing for 50 s, down for 20 s with a ramp back of 2 s
JOB = Signal.linear(
    [0.0, 40.0, 40.0, 50.0, 50.0, 100.0, 100.0, 118.0, 120.0, 300.0],
    [80.0, 80.0, 40.0, 40.0, 80.0, 80.0, 20.0, 20.0, 80.0, 80.0],
    300.0,
)
STEADY = Iteration(period_s=2.0, duty_fraction=0.75, low_fraction=0.2, jitter_fraction=0.0)
JITTERY = Iteration(period_s=2.0, duty_fraction=0.75, low_fraction=0.2, jitter_fraction=0.05)


def wave_of(iteration, window=(0.0, 120.0), seed=1, job=JOB):
    return with_iterations(job, window, iteration, stream(seed, "iterations"))


def a_recording(**constants):
    signals = {
        "load.first.power_mw": JOB,
        "load.second.power_mw": Signal.constant(50.0, 300.0),
        "load.chat.power_mw": Signal.linear([0.0, 300.0], [10.0, 40.0], 300.0),
        "fleet.miners.power_mw": Signal.steps([0.0, 60.0], [30.0, 5.0], 300.0),
    }
    kinds = {"first": "training", "second": "training", "chat": "inference"}
    return Recording(0.0, 300.0, add_totals(signals, 300.0), (), Facts.of(constants), kinds)


@pytest.mark.parametrize("iteration", [STEADY, JITTERY, Iteration(overshoot_fraction=0.2)])
@pytest.mark.parametrize("window", [(0.0, 120.0), (3.0, 33.0), (20.0, 61.5), (90.0, 300.0)])
def test_the_mean_of_a_window_is_the_recorded_one(iteration, window):
    assert wave_of(iteration, window).mean() == pytest.approx(JOB.clip_time(*window).mean(), rel=1e-12)


def test_the_mean_of_each_stretch_of_computing_is_the_recorded_one():
    wave = wave_of(JITTERY)

    for stretch in [(0.0, 40.0), (50.0, 100.0)]:
        assert wave.clip_time(*stretch).mean() == pytest.approx(80.0, rel=1e-12)


def test_the_mean_of_each_whole_iteration_is_the_recorded_one():
    wave = wave_of(STEADY, (50.0, 100.0)).simplify()
    rising_s = wave.time_s[1:][np.diff(wave.value) > 0.0]

    means = [wave.clip_time(*iteration).mean() for iteration in pairwise(rising_s.tolist())]

    assert len(means) == 24
    assert means == pytest.approx([80.0] * 24)


def test_the_levels_are_those_that_give_the_recorded_mean():
    wave = wave_of(STEADY, (50.0, 100.0))

    assert sorted({*wave.value.round(9).tolist()}) == [20.0, 100.0]  # 0.75 * 100 + 0.25 * 20 = 80


def test_power_outside_computing_is_as_recorded():
    wave = wave_of(JITTERY)

    for quiet in [(40.0, 50.0), (100.0, 119.99)]:
        times_s = np.linspace(*quiet, 100, endpoint=False)
        assert wave.at(times_s) == pytest.approx(JOB.at(times_s))


def test_iterations_last_their_period_and_jitter_spreads_them():
    job = Signal.constant(80.0, 20_000.0)
    wave = wave_of(JITTERY, (0.0, 20_000.0), job=job).simplify()
    lengths_s = np.diff(wave.time_s[1:][np.diff(wave.value) > 0.0])

    assert lengths_s.mean() == pytest.approx(2.0, rel=1e-3)
    assert lengths_s.std() == pytest.approx(0.1, rel=0.03)


def test_each_rising_edge_overshoots_for_its_time():
    peaky = Iteration(period_s=2.0, jitter_fraction=0.0, overshoot_fraction=0.1, overshoot_s=0.05)
    wave = wave_of(peaky, (50.0, 100.0))
    high_mw = np.median(wave.value)

    assert wave.maximum() == pytest.approx(1.1 * high_mw)
    assert wave.time_above(1.05 * high_mw) == pytest.approx(25 * 0.05)


def test_a_stretch_shorter_than_half_an_iteration_stays_as_recorded():
    wave = wave_of(Iteration(period_s=25.0), (90.0, 110.0))

    assert wave.at([90.0, 95.0, 99.0]).tolist() == [80.0, 80.0, 80.0]


def test_phases_differ_between_streams_and_repeat_within_one():
    one, again, other = (wave_of(STEADY, seed=seed) for seed in (1, 1, 2))

    assert one.time_s.tolist() == again.time_s.tolist()
    assert one.time_s.tolist() != other.time_s.tolist()


def test_a_sample_is_the_mean_over_its_own_time():
    ramp = Signal.linear([10.0, 11.0], [0.0, 120.0], 11.0)

    waveform = Waveform.sampled(ramp, 120.0)

    assert waveform.power_mw == pytest.approx(np.arange(120) + 0.5)
    assert waveform.time_s[[0, -1]] == pytest.approx([10.0, 11.0 - 1.0 / 120.0])
    assert waveform.nyquist_hz == 60.0


def test_the_samples_of_a_site_hold_its_energy():
    recording = a_recording()

    waveforms = site_waveform(
        recording, [(0.0, 60.0), (45.0, 105.0)], {"first": JITTERY, "second": STEADY}, 1000.0, seed=3
    )

    for waveform, window in zip(waveforms, [(0.0, 60.0), (45.0, 105.0)], strict=True):
        assert waveform.power_mw.size == 60_000
        recorded_mw = recording["site_power_mw"].clip_time(*window).mean()
        assert waveform.power_mw.mean() == pytest.approx(recorded_mw, rel=1e-12)


def test_a_site_is_the_sum_of_its_loads_and_fleets():
    recording = a_recording()

    (site,) = site_waveform(recording, [(0.0, 60.0)], {"second": STEADY}, 120.0, seed=3)

    rest = recording["site_power_mw"] - recording["load.second.power_mw"]
    swinging = site.power_mw - Waveform.sampled(rest.clip_time(0.0, 60.0), 120.0).power_mw
    assert np.median(swinging) == pytest.approx(62.5)  # 50 = 0.75 * 62.5 + 0.25 * 12.5
    assert swinging.min() == pytest.approx(12.5)


def test_other_loads_and_windows_leave_a_wave_as_it_is():
    recording = a_recording()
    window, second = (120.0, 180.0), {"second": JITTERY}

    (alone,) = site_waveform(recording, [window], second, 120.0, seed=3)
    beside = site_waveform(recording, [(0.0, 30.0), window], second, 120.0, seed=3)[1]
    both = site_waveform(recording, [window], {"first": STEADY, **second}, 120.0, seed=3)[0]
    first = site_waveform(recording, [window], {"first": STEADY}, 120.0, seed=3)[0]

    quiet = Waveform.sampled(recording["site_power_mw"].clip_time(*window), 120.0).power_mw
    assert beside.power_mw.tolist() == alone.power_mw.tolist()
    assert both.power_mw - first.power_mw == pytest.approx(alone.power_mw - quiet, abs=1e-9)


def test_each_load_and_each_window_has_a_phase_of_its_own():
    signals = {f"load.{name}.power_mw": Signal.constant(50.0, 300.0) for name in ("first", "second")}
    recording = Recording(0.0, 300.0, add_totals(signals, 300.0))
    windows = [(0.0, 60.0), (60.0, 120.0)]

    first, later = site_waveform(recording, windows, {"first": STEADY}, 120.0, seed=3)
    second, _ = site_waveform(recording, windows, {"second": STEADY}, 120.0, seed=3)

    assert not np.allclose(first.power_mw, later.power_mw)
    assert not np.allclose(first.power_mw, second.power_mw)


def test_a_recording_says_how_its_training_loads_swing():
    recording = a_recording(
        **{
            "load.first.iteration_period_s": 2.5,
            "load.first.iteration_duty_fraction": 0.6,
            "load.first.iteration_jitter_fraction": 0.01,
            "load.first.iteration_low_fraction": 0.5,
        }
    )

    first = Iteration(period_s=2.5, duty_fraction=0.6, jitter_fraction=0.01, low_fraction=0.5)
    assert recorded_iterations(recording) == {"first": first, "second": Iteration()}


def test_memory_does_not_grow_with_the_run():
    # two million steps of another load; the window takes 60,000 samples, 0.5 MB an array
    busy = Signal.steps(np.arange(2_000_000.0), np.tile([1.0, 2.0], 1_000_000), 2_000_000.0)
    signals = {"load.first.power_mw": Signal.constant(80.0, 2_000_000.0), "load.chat.power_mw": busy}
    recording = Recording(0.0, 2_000_000.0, add_totals(signals, 2_000_000.0))

    tracemalloc.start()
    site_waveform(recording, [(1e6, 1e6 + 60.0)], {"first": JITTERY}, 1000.0, seed=1)
    peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()

    assert peak_mb < 10.0


def test_a_run_does_not_step_through_iterations():
    job = {"name": "first", "type": "training", "gpus": 8, "power_mw": 80.0, "pue": 1.0}
    recording = run(a_scenario(loads=[job], days=0.05)).recording
    before = recording["site_power_mw"].time_s.size

    (site,) = site_waveform(recording, [(0.0, 60.0)], {"first": STEADY}, 1000.0, seed=1)

    edges = np.count_nonzero(np.abs(np.diff(site.power_mw)) > 5.0)
    assert edges >= 59  # two an iteration of 2 s
    assert recording["load.first.power_mw"].time_s.size < 30  # six checkpoints and their rises in 72 min
    assert recording["site_power_mw"].time_s.size == before


@pytest.mark.parametrize(
    ("window", "rate_hz", "message"),
    [
        ((0.0, 60.0), 50.0, "at least 120 Hz, got 50.0 Hz"),
        ((0.0, 60.0), float("nan"), "at least 120 Hz"),
        ((0.0, 1.0001), 120.0, "whole number of samples"),
        ((5.0, 5.0), 120.0, "whole number of samples"),
        ((0.0, 300.0), 1e6, "whole number of samples"),
        ((250.0, 310.0), 120.0, "outside the signal"),
    ],
)
def test_a_window_or_rate_that_does_not_fit_is_refused(window, rate_hz, message):
    with pytest.raises(ValueError, match=message):
        site_waveform(a_recording(), [window], {}, rate_hz, seed=1)


def test_a_load_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="no load is called 'firts'; there are first, second, chat"):
        site_waveform(a_recording(), [(0.0, 60.0)], {"firts": STEADY}, 120.0, seed=1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("period_s", 0.0), ("period_s", float("nan")), ("duty_fraction", 1.0), ("jitter_fraction", 0.3),
        ("low_fraction", -0.1), ("overshoot_fraction", 1.5), ("overshoot_s", -0.01),
    ],
)  # fmt: skip
def test_a_swing_out_of_range_is_refused(field, value):
    with pytest.raises(ValidationError, match=field):
        Iteration(**{field: value})
