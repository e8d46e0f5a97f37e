"""The state that is carried along equals the response that is computed afterwards."""

from dataclasses import replace
from itertools import pairwise
from math import inf

import numpy as np
import pytest
from stability import gain_limit_mw_per_hz, transfer_hz_per_mw

from sim.grid.frequency import GridModel, response
from sim.grid.frequency.live import ERROR_HZ, LiveFrequency
from sim.grid.line import Line

END_S = 300.0
GRIDS = {
    "island": GridModel.preset("island"),
    "island, deadband": replace(GridModel.preset("island"), deadband_hz=0.017),
    "island, AGC": replace(GridModel.preset("island"), agc_gain=3.0),
    "ercot": GridModel.preset("ercot"),
    "ercot, all": replace(GridModel.preset("ercot"), deadband_hz=0.036, agc_gain=50.0),
    "no governor": GridModel(1800.0, 10.0),
}
STEP = [Line(0.0, 30.0, 0.0)]


@pytest.fixture(params=GRIDS.values(), ids=list(GRIDS))
def grid(request):
    return request.param


@pytest.fixture
def load(grid):
    """Return times and load of sixty straight pieces, as large as the grid can bear."""
    draws = np.random.default_rng(5)
    times_s = np.concatenate([[0.0], np.sort(draws.uniform(0.0, END_S, 59)), [END_S]])
    loads_mw = draws.uniform(-1.0, 1.0, 61) * grid.kinetic_mws / 100.0
    loads_mw[0] = 0.0
    return times_s, loads_mw


def lines_of(times_s, loads_mw):
    return [
        Line(from_s, mw, (after_mw - mw) / (to_s - from_s))
        for (from_s, mw), (to_s, after_mw) in pairwise(zip(times_s, loads_mw, strict=True))
    ]


def test_it_is_exact_at_every_breakpoint(grid, load):
    live, lines = LiveFrequency(grid), lines_of(*load)
    found_hz = []
    for time_s in load[0][1:]:
        live.advance(lines, time_s)
        found_hz.append(live.frequency_hz)

    # excursions past the deadband's edge may be missed by the error that is stated
    tolerance_hz = 1e-5 if grid.deadband_hz else 1e-9
    assert np.allclose(found_hz, response(*load, grid).frequency_hz[1:], rtol=0.0, atol=tolerance_hz)


def test_chords_miss_the_curve_by_no_more_than_stated(grid, load):
    live, chords = LiveFrequency(grid), []
    live.advance(lines_of(*load), END_S, lambda *chord: chords.append(chord))
    start_s, hz, slope = np.array(chords).T

    times_s = np.union1d(load[0], np.linspace(0.0, END_S, 20_001))
    exact_hz = response(times_s, np.interp(times_s, *load), grid).frequency_hz
    chord = np.searchsorted(start_s, times_s, side="right") - 1
    missed_hz = np.abs(hz[chord] + slope[chord] * (times_s - start_s[chord]) - exact_hz)
    assert missed_hz.max() < 1.1 * ERROR_HZ
    assert missed_hz.max() > 0.1 * ERROR_HZ  # they are not finer than they need be


def test_it_does_not_matter_in_how_many_steps_time_passes(grid, load):
    lines = lines_of(*load)
    at_once, often = LiveFrequency(grid), LiveFrequency(grid)
    at_once.advance(lines, END_S)
    for time_s in np.linspace(0.0, END_S, 777)[1:]:
        often.advance(lines, float(time_s))
    tolerance_hz = 1e-5 if grid.deadband_hz else 1e-9
    assert often.frequency_hz == pytest.approx(at_once.frequency_hz, abs=tolerance_hz)


def test_a_band_is_left_when_the_curve_leaves_it():
    live = LiveFrequency(GRIDS["island"])
    left_s = live.when_outside(STEP, 60.0, 59.85, 60.15)

    crossed = response([0.0, 0.0, left_s, 60.0], [0.0, 30.0, 30.0, 30.0], GRIDS["island"])
    assert crossed.frequency_hz[2] == pytest.approx(59.85, abs=1e-8)
    assert live.time_s == 0.0  # looking ahead moves nothing


def test_a_band_that_is_wide_enough_is_not_left():
    live = LiveFrequency(GRIDS["island"])
    nadir_hz = response([0.0, 0.0, 60.0], [0.0, 30.0, 30.0], GRIDS["island"]).nadir_hz
    assert live.when_outside(STEP, 1e7, nadir_hz - 0.001, 60.001) == inf
    assert live.when_outside(STEP, 1e7, nadir_hz + 0.001, 60.001) < 3.0


def test_looking_far_ahead_costs_a_bounded_number_of_chords():
    chords = []
    LiveFrequency(GRIDS["island, AGC"]).advance(STEP, 1e9, lambda *chord: chords.append(chord))
    assert len(chords) < 400


# -- how much a late droop bears ----------------------------------------------------------------------------


def test_the_transfer_function_is_that_of_a_slow_sine():
    grid, hz = GRIDS["island"], 0.05
    times_s = np.linspace(0.0, 400.0, 40_001)
    swing = response(times_s, np.sin(2.0 * np.pi * hz * times_s), grid).frequency_hz[-4000:]
    assert np.ptp(swing) / 2.0 == pytest.approx(abs(transfer_hz_per_mw(grid, np.array([hz]))[0]), rel=1e-4)


def test_a_droop_without_latency_is_stable_and_the_limit_falls_with_latency():
    limits = [gain_limit_mw_per_hz(GRIDS["island"], latency_s)[0] for latency_s in (0.0, 0.5, 1.0, 3.0)]
    assert limits[0] == inf
    assert limits == sorted(limits, reverse=True)
    assert limits[-1] == pytest.approx(99.88, abs=0.01)
