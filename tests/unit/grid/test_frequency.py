"""Frequency: presets, what follows from them, and the numbers of a curve."""

import time
from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from sim.grid.frequency import (
    Governor,
    GridModel,
    StepResponse,
    cps1_percent,
    describe,
    neutral_step_mw,
    response,
    sensitivity,
    warnings_of,
)
from sim.grid.frequency.assessment import nadir_ratio
from sim.grid.frequency.dense import Cubics, steepest_slope
from sim.grid.frequency.model import PRESETS

ERCOT = GridModel.preset("ercot")


def step(model, step_mw, length_s=300.0):
    return response([0.0, 0.0, length_s], [0.0, step_mw, step_mw], model)


def swing_mhz(model, frequency_hz):
    """Return the amplitude of frequency under a load that swings by 100 MW, from its transfer function."""
    s = 2j * np.pi * frequency_hz
    power = sum(
        g.gain_mw_per_hz * (g.hp_fraction + ((1.0 - g.hp_fraction) / (1.0 + g.reheat_s * s))) / (1.0 + g.servo_s * s)
        for g in model.governors
    )
    return 1000.0 * abs(100.0 / (2.0 * model.kinetic_mws / model.nominal_hz * s + model.damping_mw_per_hz + power))


@pytest.mark.parametrize(
    ("name", "beta", "ratio", "swings"),
    [
        ("ercot", 900.0, 1.25, (11.6, 14.5, 9.2, 4.1)),
        ("ercot-low", 650.0, 1.40, (16.3, 22.5, 16.9, 7.9)),
        ("ercot_critical", 420.0, 1.60, (25.7, 41.9, 25.0, 10.2)),
        ("eastern", 2600.0, 1.10, (4.0, 3.65, 1.2, 0.5)),
        ("western", 1200.0, 1.60, (9.6, 14.2, 3.1, 1.2)),
        ("island", 20.83, 1.90, (507.0, 797.0, 981.0, 625.0)),
    ],
)
def test_a_preset_has_the_response_and_the_nadir_it_is_set_by(name, beta, ratio, swings):
    model = GridModel.preset(name)

    assert model.beta_mw_per_tenth_hz == pytest.approx(beta, rel=1e-3)
    assert nadir_ratio(model) == pytest.approx(ratio, abs=0.005)
    for frequency_hz, swing in zip((0.01, 0.05, 0.2, 0.5), swings, strict=True):
        assert swing_mhz(model, frequency_hz) == pytest.approx(swing, rel=0.002, abs=0.06)


@pytest.mark.parametrize("frequency_hz", [0.01, 0.05, 0.2, 0.5])
@pytest.mark.parametrize("name", PRESETS)
def test_a_load_that_swings_makes_frequency_swing_as_the_transfer_function_says(name, frequency_hz):
    model = GridModel.preset(name)
    time_s = np.arange(0.0, 60.0 + 4.0 / frequency_hz, 0.002 / frequency_hz)

    result = response(time_s, 100.0 * np.sin(2.0 * np.pi * frequency_hz * time_s), model)

    settled = result.frequency_hz[time_s > 60.0 + 2.0 / frequency_hz]
    assert 500.0 * np.ptp(settled) == pytest.approx(swing_mhz(model, frequency_hz), rel=1e-3)


def test_there_is_no_other_preset():
    with pytest.raises(ValueError, match="no grid is called 'mars'; there are ercot, ercot-low"):
        GridModel.preset("mars")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kinetic_mws": 0.0}, "kinetic_mws must be above 0 to 1e"),
        ({"damping_mw_per_hz": -1.0}, "damping_mw_per_hz must be from 0 to"),
        ({"deadband_hz": float("nan")}, "deadband_hz must be from 0 to"),
        ({"governors": (), "agc_gain": 1.0}, "agc_gain above 0 needs a governor"),
    ],
)
def test_a_grid_out_of_range_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(ERCOT, **change)


def test_a_governor_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"hp_fraction must be from 0 to 1, got 1\.2"):
        Governor(10.0, 0.0, 1.2)


def test_an_unstable_grid_is_refused():
    model = GridModel(1800.0, 0.0, (Governor(20_000.0, 0.5, 0.0, 8.0),))
    with pytest.raises(ValueError, match="the grid is unstable"):
        step(model, 1.0)


def test_a_grid_comes_back_from_its_constants():
    model = replace(ERCOT, deadband_hz=0.017, agc_gain=60.0, marginal_loss_factor=0.02)
    assert GridModel.of_numbers(model.numbers()) == model
    assert GridModel.of_numbers(GridModel.preset("island").numbers()) == GridModel.preset("island")


def test_the_closed_form_refuses_what_it_does_not_hold():
    for model in (ERCOT, GridModel.preset("eastern"), GridModel(1e3, 1e4, (Governor(100.0, 0.0, 0.9, 7.0),))):
        with pytest.raises(ValueError, match="the closed form takes"):
            StepResponse.of(model, 100.0)


def test_without_governors_and_damping_frequency_is_the_integral_of_load():
    result = response([0.0, 0.0, 10.0, 20.0], [0.0, 100.0, 100.0, -100.0], GridModel(60_000.0, 0.0))

    # 60 Hz/(2 60,000 MW s) = 0.0005 Hz/(MW s)
    assert result.frequency_hz - 60.0 == pytest.approx([0.0, 0.0, -0.5, -0.5], abs=1e-12)
    assert result.nadir_hz == pytest.approx(60.0 - 0.5 - 0.125, abs=1e-9)
    assert result.nadir_time_s == pytest.approx(15.0, abs=1e-6)


def test_governors_that_coincide_act_as_one():
    one = GridModel(50_000.0, 100.0, (Governor(2000.0, 0.3, 0.4, 7.0),))
    four = replace(one, governors=(Governor(500.0, 0.3, 0.4, 7.0),) * 4)
    assert step(four, 300.0).nadir_hz == pytest.approx(step(one, 300.0).nadir_hz, abs=1e-9)


def test_a_grid_on_the_edge_of_ringing_is_solved_too():
    # inertia 1 s, T1 = 1 s: s^2 + s + K/(2E/f0)... a double pole at K = 250 MW/Hz
    edge = GridModel(30_000.0, 0.0, (Governor(250.0, 1.0),))
    near = replace(edge, governors=(Governor(250.0001, 1.0),))
    time_s = np.linspace(0.0, 40.0, 81)
    exact = -(1.0 - (1.0 + 0.5 * time_s) * np.exp(-0.5 * time_s)) * 100.0 / 250.0
    exact -= 100.0 / 1000.0 * time_s * np.exp(-0.5 * time_s)
    for model, error_hz in ((edge, 1e-8), (near, 1e-6)):
        ours = response(np.append(0.0, time_s), np.append(0.0, np.full(81, 100.0)), model).frequency_hz[1:] - 60.0
        assert np.abs(ours - exact).max() < error_hz


def test_the_rms_holds_where_three_modes_coincide():
    """All modes at -11/15 1/s: rounding in each, of a ten-millionth, must not be squared."""
    rate = 5.5 / 7.5
    gain = 2.5 * rate**3 / 3e-4
    share = (7.5 * rate**2 - 1.0) / (12.5 * rate**3)
    grid = GridModel(100_000.0, 0.0, (Governor(gain, 0.5, share, 5.0),))
    time_s = np.arange(4000.0)
    load_mw = np.where(time_s % 97.0 < 1.0, 800.0, 0.0)
    even = response(time_s, load_mw, grid)
    uneven = response(np.insert(time_s, 7, time_s[7]), np.insert(load_mw, 7, load_mw[7]), grid)
    assert even.rms_mhz == pytest.approx(uneven.rms_mhz, abs=1e-4)


@pytest.mark.parametrize("load_mw", [1e-4, 1.0, 1000.0])
def test_a_load_that_only_rises_leaves_the_zenith_at_the_start(load_mw):
    """However little it moves: the start is a kink of the curve, from which no slope leads higher."""
    rise = response([0.0, 0.0, 0.01], [0.0, load_mw, load_mw], GridModel.preset("ercot"))
    fall = response([0.0, 0.0, 0.01], [0.0, -load_mw, -load_mw], GridModel.preset("ercot"))
    assert (rise.zenith_hz, rise.zenith_time_s) == (60.0, 0.0)
    assert (fall.nadir_hz, fall.nadir_time_s) == (60.0, 0.0)


def test_a_uniform_grid_of_points_gives_the_same_as_any_other():
    time_s = np.arange(0.0, 3000.0, 0.5)
    load_mw = 300.0 * np.sin(time_s / 7.0) + 100.0 * np.sign(np.sin(time_s / 50.0))
    for model in (ERCOT, GridModel.preset("island"), replace(ERCOT, agc_gain=60.0), GridModel(1e5, 0.0)):
        even = response(time_s, load_mw, model).frequency_hz
        uneven = response(np.append(time_s, 3100.0), np.append(load_mw, 0.0), model).frequency_hz[:-1]
        assert np.abs(even - uneven).max() < 1e-9


def test_extremes_lie_between_the_points():
    result = step(ERCOT, 600.0, 60.0)
    fine = np.linspace(0.0, 60.0, 600_001)
    sampled = response(np.append(0.0, fine), np.append(0.0, np.full(fine.size, 600.0)), ERCOT).frequency_hz

    assert result.frequency_hz.tolist()[:2] == [60.0, 60.0]
    assert 0.0 <= sampled.min() - result.nadir_hz < 1e-10
    assert result.nadir_time_s == pytest.approx(fine[sampled.argmin() - 1], abs=0.01)
    assert (result.zenith_hz, result.zenith_time_s) == (60.0, 0.0)
    assert result.rms_mhz == pytest.approx(1000.0 * np.sqrt(np.mean((sampled[1:] - 60.0) ** 2)), rel=1e-4)
    outside = np.mean(np.abs(sampled[1:] - 60.0) > 0.036) * 60.0
    assert result.seconds_outside_36_mhz == pytest.approx(outside, abs=0.001)
    window = 5000
    change = (sampled[1 + window :] - sampled[1:-window]) / 0.5
    assert result.rocof[0.5] == pytest.approx(change.min(), abs=1e-6)
    minute = np.mean(0.5 * (sampled[2:] + sampled[1:-1])) - 60.0
    assert result.minute_mean_hz == pytest.approx([minute], abs=1e-7)
    assert result.cps1_points == pytest.approx(-100.0 * minute**2 / 0.03**2, rel=1e-6)


def test_numbers_do_not_depend_on_where_blocks_end(monkeypatch):
    rng = np.random.default_rng(7)
    time_s = np.append(0.0, np.cumsum(rng.uniform(0.0, 20.0, 400)))
    load_mw = rng.uniform(-500.0, 500.0, 401)
    whole = response(time_s, load_mw, ERCOT)
    numbers = numbers_of(whole)

    monkeypatch.setattr("sim.grid.frequency.propagation.BLOCK", 7)
    monkeypatch.setattr("sim.grid.frequency.dense.NODES", 50)

    assert numbers_of(response(time_s, load_mw, ERCOT)) == pytest.approx(numbers, rel=1e-6, abs=1e-6)


def numbers_of(result):
    names = ("nadir_hz", "nadir_time_s", "zenith_hz", "rms_mhz", "seconds_outside_17_mhz", "cps1_points")
    extra = list(result.rocof.values())
    return [getattr(result, name) for name in names] + extra + result.minute_mean_hz.tolist()


def test_a_load_that_stands_still_moves_nothing():
    result = step(ERCOT, 0.0)
    assert result.nadir_hz == result.zenith_hz == 60.0
    assert result.rms_mhz == result.seconds_outside_17_mhz == result.cps1_points == 0.0
    assert list(result.rocof.values()) == [0.0, 0.0, 0.0]


def test_a_single_point_has_a_frequency_and_no_rate():
    result = response([5.0], [100.0], ERCOT)
    assert result.frequency_hz.tolist() == [60.0]
    assert (result.nadir_hz, result.nadir_time_s, result.zenith_hz) == (60.0, 5.0, 60.0)
    assert isnan(result.rms_mhz)
    assert all(isnan(rate) for rate in result.rocof.values())


def test_a_run_shorter_than_a_window_has_no_rocof():
    rocof = step(ERCOT, 600.0, 0.7).rocof
    assert isnan(rocof[1.0])
    assert rocof[0.1] < rocof[0.5] < 0.0


def test_times_and_loads_must_match():
    with pytest.raises(ValueError, match="of one length"):
        response([0.0, 1.0], [0.0], ERCOT)


def test_losses_and_agc_do_what_they_say():
    lossy = replace(ERCOT, marginal_loss_factor=0.06)
    assert step(lossy, 100.0).nadir_hz - 60.0 == pytest.approx(1.06 * (step(ERCOT, 100.0).nadir_hz - 60.0))
    steered = step(replace(ERCOT, agc_gain=60.0), 100.0, 3600.0)
    assert steered.frequency_hz[-1] == pytest.approx(60.0, abs=1e-9)
    assert steered.model.steady_state_hz(100.0) == pytest.approx(-100.0 / 9000.0)


@pytest.mark.parametrize(("deadband_hz", "sign"), [(0.017, 1.0), (0.036, -1.0)])
def test_beyond_the_deadband_a_step_settles_where_it_should(deadband_hz, sign):
    model = replace(ERCOT, deadband_hz=deadband_hz)
    result = step(model, sign * 600.0, 600.0)
    settled = -sign * (600.0 + 7500.0 * deadband_hz) / 9000.0
    assert model.steady_state_hz(sign * 600.0) == pytest.approx(settled)
    assert result.frequency_hz[-1] - 60.0 == pytest.approx(settled, abs=1e-9)


def test_within_the_deadband_damping_alone_holds_a_step():
    model = replace(ERCOT, deadband_hz=0.036)
    assert step(model, 50.0).frequency_hz[-1] - 60.0 == pytest.approx(-50.0 / 1500.0, abs=1e-9)
    assert model.steady_state_hz(50.0) == pytest.approx(-50.0 / 1500.0)


@pytest.mark.parametrize(
    ("name", "limit_hz", "free_mw", "dead_mw"),
    [("ercot", 0.036, 259.0, 54.0), ("ercot", 0.017, 122.0, 25.5), ("eastern", 0.036, 850.0, 210.0)],
)
def test_the_neutral_step_is_that_of_the_presets(name, limit_hz, free_mw, dead_mw):
    model = GridModel.preset(name)
    assert neutral_step_mw(model, limit_hz) == pytest.approx(free_mw, abs=1.0)
    assert neutral_step_mw(replace(model, deadband_hz=limit_hz), limit_hz) == pytest.approx(dead_mw, abs=0.05)


def test_the_neutral_step_with_a_narrow_deadband_just_reaches_the_limit():
    model = replace(ERCOT, deadband_hz=0.017)
    neutral_mw = neutral_step_mw(model, 0.036)
    assert step(model, neutral_mw).peak_hz == pytest.approx(0.036, abs=1e-6)
    with pytest.raises(ValueError, match="limit_hz must be above 0"):
        neutral_step_mw(model, 0.0)


def test_the_sensitivity_table_varies_one_thing_a_row():
    rows = {row.case: row for row in sensitivity(step(ERCOT, 600.0))}
    given = rows["as given"]
    assert list(rows)[1:3] == ["kinetic energy -30 %", "response -30 %"]
    assert rows["deadband 0 mHz"].nadir_hz == given.nadir_hz
    assert rows["kinetic energy -30 %"].rocof_hz_per_s < given.rocof_hz_per_s
    nadirs = [rows[f"deadband {width} mHz"].nadir_hz for width in (0, 17, 36)]
    assert nadirs == sorted(nadirs, reverse=True)
    assert all(row.nadir_hz < given.nadir_hz for row in (rows["response -30 %"], rows["deadband 17 mHz"]))


def test_a_result_says_what_it_leaves_out_and_warns_where_that_matters():
    assert "response 900 MW/0.1 Hz" in describe(ERCOT)
    assert "AGC 60 MW/(Hz s)" in describe(replace(ERCOT, agc_gain=60.0))
    (small,) = warnings_of(step(ERCOT, 600.0))
    assert "inter-area, local and torsional modes are outside the model" in small
    assert (
        "fast frequency response, load resources and under-frequency load shedding"
        in (warnings_of(step(ERCOT, 2600.0))[1])
    )
    assert "mean nothing" in warnings_of(step(GridModel(1800.0, 0.0), 50.0))[1]


def test_cps1_of_no_minute_is_unknown():
    assert isnan(cps1_percent([], 0.03))


@pytest.mark.slow
def test_a_year_of_seconds_takes_seconds():
    load_mw = np.cumsum(np.random.default_rng(1).standard_normal(31_536_000))
    time_s = np.arange(load_mw.size, dtype=np.float64)
    began = time.perf_counter()
    response(time_s, load_mw, ERCOT)
    assert time.perf_counter() - began < 10.0  # some 2 s of processor time


def test_a_load_that_stands_for_long_leaves_frequency_at_nominal():
    # one step of a uniform grid, so long that nothing is left of the modes at its end
    assert response([0.0, 7200.0], [60.0, 60.0], GridModel.preset("island")).frequency_hz.tolist() == [
        60.0,
        60.0,
    ]


def test_a_jump_that_rounding_makes_a_slope_of_nothing_has_no_slope():
    hz = np.array([0.0, 0.01, 0.01 + 1e-17])
    cubics = Cubics(np.array([0.0, 9.0]), np.array([9.0, 0.0]), hz[:-1], hz[1:] - 2e-18, hz[:-1], -hz[1:])
    assert np.isfinite(steepest_slope(cubics)).all()


def test_the_callers_arrays_stay_theirs():
    time_s, load_mw = np.array([0.0, 1.0]), np.array([0.0, 5.0])
    result = response(time_s, load_mw, GridModel.preset("ercot"))
    assert time_s.flags.writeable
    assert load_mw.flags.writeable
    assert not result.load_mw.flags.writeable
