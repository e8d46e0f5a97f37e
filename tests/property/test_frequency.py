"""The frequency model against closed forms and a stiff integrator, on grids and loads drawn at random."""

from dataclasses import replace

import numpy as np
import pytest
from examples import examples
from hypothesis import assume, given, reject
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from sim.grid.frequency import Governor, GridModel, StepResponse, response
from sim.grid.frequency.rocof import SteepestChange
from sim.grid.frequency.statistics import Outside


@st.composite
def governors(draw):
    return Governor(
        draw(st.floats(10.0, 5000.0)),
        draw(st.sampled_from([0.0, 0.15, 0.3])),
        draw(st.sampled_from([0.2, 0.45, 1.0])),
        draw(st.sampled_from([0.0, 6.0, 8.0])),
    )


@st.composite
def grids(draw, deadbands=(0.0,)):
    model = GridModel(
        draw(st.floats(20_000.0, 500_000.0)),
        draw(st.floats(0.0, 2000.0)),
        tuple(draw(st.lists(governors(), max_size=3))),
        deadband_hz=draw(st.sampled_from(deadbands)),
    )
    model = replace(model, agc_gain=draw(st.sampled_from([0.0, 150.0])) * model.gain_mw_per_hz / 20_000.0)
    try:
        response([0.0], [0.0], model)
    except ValueError:
        reject()  # unstable
    return model


@st.composite
def loads(draw):
    count = draw(st.integers(1, 6))
    gaps_s = draw(st.lists(st.sampled_from([0.0, 0.3, 2.0, 17.0]), min_size=count, max_size=count))
    loads_mw = draw(st.lists(st.floats(-800.0, 800.0), min_size=count + 1, max_size=count + 1))
    return np.append(0.0, np.cumsum(gaps_s)), np.array(loads_mw)


def integrated_hz(time_s, load_mw, model, at_s):
    """Return the deviation by solve_ivp, piece by piece."""
    lagged = [g.servo_s > 0.0 for g in model.governors], [g.reheats for g in model.governors]
    count = len(model.governors)

    def rates(_, state, start_s, base_mw, slope, time):
        df, v, w, z = state[0], state[1 : 1 + count], state[1 + count : 1 + 2 * count], state[-1]
        beyond = np.sign(df) * max(0.0, abs(df) - model.deadband_hz)
        total, power, rate = model.gain_mw_per_hz, 0.0, np.zeros_like(state)
        for i, g in enumerate(model.governors):
            told = -g.gain_mw_per_hz * beyond + (g.gain_mw_per_hz / total * z if total else 0.0)
            servo = v[i] if lagged[0][i] else told
            heat = w[i] if lagged[1][i] else servo
            power += g.hp_fraction * servo + (1.0 - g.hp_fraction) * heat
            if lagged[0][i]:
                rate[1 + i] = (told - v[i]) / g.servo_s
            if lagged[1][i]:
                rate[1 + count + i] = (servo - w[i]) / g.reheat_s
        load = base_mw + slope * (time - start_s)
        rate[0] = model.nominal_hz / 2.0 / model.kinetic_mws * (power - model.damping_mw_per_hz * df - load)
        rate[-1] = -model.agc_gain * df
        return rate

    state, found = np.zeros(2 + 2 * count), np.zeros(at_s.size)
    for k in range(time_s.size - 1):
        start_s, end_s = time_s[k], time_s[k + 1]
        if end_s == start_s:
            continue
        base = load_mw[k] - load_mw[0]
        slope = (load_mw[k + 1] - load_mw[k]) / (end_s - start_s)
        done = solve_ivp(
            lambda t, y, a=start_s, b=base, c=slope: rates(t, y, a, b, c, t),
            (start_s, end_s), state, method="Radau", rtol=1e-9, atol=1e-12, dense_output=True, max_step=0.5,
        )  # fmt: skip
        here = (at_s >= start_s) & (at_s <= end_s)
        found[here] = done.sol(at_s[here])[0]
        state = done.y[:, -1]
    return found


@given(
    st.floats(10_000.0, 500_000.0), st.floats(0.0, 3000.0), st.floats(100.0, 8000.0), st.floats(0.1, 0.9),
    st.floats(3.0, 15.0), st.floats(-3000.0, 3000.0),
)  # fmt: skip
def test_a_grid_with_one_governor_answers_a_step_as_the_closed_form(energy, damping, gain, share, reheat, step):
    model = GridModel(energy, damping, (Governor(gain, 0.0, share, reheat),))
    try:
        form = StepResponse.of(model, step)
    except ValueError:
        reject()
    assume(form.damping_ratio < 0.999 and abs(form.steady_state_hz) < 10.0)
    times = np.linspace(0.0, 120.0, 241)

    uneven = response(np.append([0.0], np.sort(np.append(times, 0.123))), np.append(0.0, np.full(242, step)), model)
    even = response(times, np.full(241, step), model)

    at = np.delete(uneven.frequency_hz, [0, 2]) - 60.0
    assert np.abs(at - form.deviation_hz(times)).max() < 1e-9
    assert not even.frequency_hz.any() or np.all(even.frequency_hz == 60.0)  # a load that never moves
    extreme = uneven.nadir_hz if step > 0.0 else uneven.zenith_hz
    if abs(form.nadir_hz) > abs(form.steady_state_hz) and form.nadir_time_s < 120.0:
        assert extreme - 60.0 == pytest.approx(form.nadir_hz, abs=1e-9)


@given(grids(), loads())
@examples(30)
def test_any_load_on_any_grid_agrees_with_a_stiff_integrator(model, load):
    time_s, load_mw = load

    ours = response(time_s, load_mw, model).frequency_hz - 60.0

    scale = max(1.0, np.abs(ours).max())
    assert np.abs(ours - integrated_hz(time_s, load_mw, model, time_s)).max() < 1e-7 * scale


@given(grids(deadbands=(0.005, 0.017, 0.036)), loads())
@examples(20)
def test_so_does_a_grid_with_a_deadband(model, load):
    time_s, load_mw = load

    ours = response(time_s, load_mw, model).frequency_hz - 60.0

    scale = max(1.0, np.abs(ours).max())
    assert np.abs(ours - integrated_hz(time_s, load_mw, model, time_s)).max() < 1e-7 * scale


@given(grids(), loads(), st.floats(0.1, 10.0))
def test_without_deadband_frequency_is_proportional_to_load(model, load, factor):
    time_s, load_mw = load

    once = response(time_s, load_mw, model).frequency_hz - 60.0
    more = response(time_s, load_mw * factor, model).frequency_hz - 60.0

    assert more == pytest.approx(once * factor, rel=1e-9, abs=1e-11)


@given(grids(deadbands=(0.0, 0.017)), loads())
@examples(50)
def test_points_that_change_nothing_change_nothing(model, load):
    time_s, load_mw = load
    middle_s, middle_mw = 0.5 * (time_s[1:] + time_s[:-1]), 0.5 * (load_mw[1:] + load_mw[:-1])
    jump = time_s[1:] == time_s[:-1]
    order = np.argsort(np.append(np.arange(time_s.size), np.arange(middle_s.size)[~jump] + 0.5), kind="stable")
    finer = response(np.append(time_s, middle_s[~jump])[order], np.append(load_mw, middle_mw[~jump])[order], model)

    coarse = response(time_s, load_mw, model)

    assert finer.frequency_hz[-1] == pytest.approx(coarse.frequency_hz[-1], abs=1e-9)
    assert finer.nadir_hz == pytest.approx(coarse.nadir_hz, abs=3e-7)
    assert finer.zenith_hz == pytest.approx(coarse.zenith_hz, abs=3e-7)


@st.composite
def even_loads(draw):
    """Some minutes of load at equal steps: noisy, stepping or still."""
    draws = np.random.default_rng(draw(st.integers(0, 10_000)))
    step_s = draw(st.sampled_from([0.1, 0.5, 1.0, 4.0, 60.0]))
    time_s = step_s * np.arange(draw(st.integers(2, 700)))
    kind = draw(st.sampled_from(["noisy", "stepping", "still"]))
    load_mw = 100.0 * draws.standard_normal(time_s.size)
    if kind == "stepping":
        load_mw = np.repeat(load_mw, 50)[: time_s.size]
    elif kind == "still":
        load_mw[draws.random(time_s.size) < 0.99] = 0.0
    return time_s, load_mw


@given(grids(), even_loads())
@examples(40)
def test_numbers_on_a_uniform_grid_are_those_of_the_same_curve_on_any_other(model, load):
    time_s, load_mw = load
    even = response(time_s, load_mw, model)
    # one more point on a line of load changes the grid of points, not the curve
    middle = np.append(0.4 * time_s[1] + 0.6 * time_s[0], 0.4 * load_mw[1] + 0.6 * load_mw[0])
    uneven = response(np.insert(time_s, 1, middle[0]), np.insert(load_mw, 1, middle[1]), model)

    scale = max(1.0, uneven.peak_hz)
    for name in ("nadir_hz", "zenith_hz"):
        assert getattr(even, name) == pytest.approx(getattr(uneven, name), abs=1e-9 * scale)
    assert even.rms_mhz == pytest.approx(uneven.rms_mhz, rel=1e-6, abs=1e-4 * scale)
    assert even.minute_mean_hz == pytest.approx(uneven.minute_mean_hz, abs=1e-7 * scale)
    assert even.cps1_points == pytest.approx(uneven.cps1_points, rel=1e-4, abs=1e-4, nan_ok=True)
    outside = Outside(0.017 * (1.0 + 1e-9))
    for cubics in uneven.cubics():
        outside.add(cubics)
    assert even.seconds_outside_17_mhz == pytest.approx(outside.time_s, abs=1e-2)


@given(grids(), loads(), st.sampled_from([0.1, 0.5, 1.0, 5.0]))
@examples(40)
def test_the_steepest_change_is_found_without_looking_everywhere(model, load, window_s):
    result = response(*load, model)
    assume(result.time_s[-1] > window_s)
    everywhere = SteepestChange(window_s)
    for cubics in result.cubics():
        everywhere.add(cubics)
    # changes of opposite sign and one size may swap
    assert abs(result.rocof_hz_per_s(window_s)) == pytest.approx(
        abs(everywhere.hz_per_s), rel=1e-6, abs=4e-7 / window_s
    )


@given(grids(), even_loads(), st.sampled_from([0.5, 1.0, 7.0]), st.sampled_from([5, 64]))
@examples(40)
def test_nor_does_it_depend_on_where_blocks_end(model, load, window_s, block):
    whole = response(*load, model).rocof_hz_per_s(window_s)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.grid.frequency.propagation.BLOCK", block)
        parts = response(*load, model).rocof_hz_per_s(window_s)
    assert abs(parts) == pytest.approx(abs(whole), rel=1e-6, abs=4e-7 / window_s, nan_ok=True)
