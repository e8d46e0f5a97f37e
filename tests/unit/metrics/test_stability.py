"""Demand, edges, dips, billed exceedance, regulation, residual by time scale, voltage."""

import math

import numpy as np
import pytest

from sim.metrics import measure
from sim.metrics.residual import variation
from sim.signals import Signal


def values(recording, *names):
    metrics = measure(recording)
    return tuple(metrics[name].value for name in names)


def test_a_load_factor_falls_as_its_demand_interval_gets_shorter(record):
    # 100 MW for an hour but for 200 MW within 15 of its minutes
    recording = record({"a": Signal.steps([0.0, 900.0, 1800.0], [100.0, 200.0, 100.0], 3600.0)})
    names = [f"load_factor_{minutes}min_ratio" for minutes in (15, 30, 60)]
    assert values(recording, *names) == pytest.approx((125 / 200, 125 / 150, 1.0), rel=1e-12)


def test_a_rest_that_fills_no_interval_is_left_out(record):
    recording = record({"a": Signal.steps([0.0, 1800.0], [100.0, 900.0], 2000.0)}, end_s=2000.0)
    assert values(recording, "load_factor_30min_ratio") == (1.0,)
    assert math.isnan(values(recording, "load_factor_60min_ratio")[0])


def test_a_range_without_the_rarest_values_forgets_a_spike(record):
    spike = Signal.steps([0.0, 1000.0, 1001.0], [100.0, 180.0, 100.0], 3600.0)
    names = ("dynamic_range_common_mw", "dynamic_range_mw", "dynamic_range_fraction")
    found = values(record({"a": spike}), *names)
    assert found == pytest.approx((0.0, 80.0, 0.4), abs=1e-9)


def test_within_a_billing_interval_lows_make_up_for_highs(record):
    recording = record({"a": Signal.steps([0.0, 450.0, 900.0], [230.0, 190.0, 230.0], 3600.0)})
    found = values(recording, *(f"exceedance_15min_{end}" for end in ("mwh", "peak_mw", "count")))
    # means of 210, 230, 230, 230 MW against a limit of 200 MW
    assert found == pytest.approx((25.0, 30.0, 4.0), rel=1e-12)
    assert found[0] < values(recording, "exceedance_mwh")[0]


def test_large_moves_are_counted_and_their_slopes_are_those_of_moves_that_take_time(record):
    points = [(0.0, 100.0), (600.0, 100.0), (602.0, 60.0), (700.0, 60.0), (700.0, 100.0), (800.0, 105.0)]
    found = values(
        record({"a": points}),
        "large_change_count",
        "large_change_jump_count",
        "large_change_steepest_mw_per_s",
    )
    # the jump up goes on in a slow line, and is one move with it
    assert found == pytest.approx((2.0, 0.0, 20.0))
    jump = record({"a": Signal.steps([0.0, 600.0], [100.0, 60.0], 3600.0)})
    found = values(jump, "large_change_jump_count", "large_change_steepest_mw_per_s")
    assert found[0] == 1.0
    assert math.isnan(found[1])


def test_dips_have_depth_length_and_time_of_fall(record):
    points = [(0.0, 150.0), (600.0, 150.0), (604.0, 110.0), (660.0, 110.0), (660.0, 150.0)]
    points += [(2000.0, 150.0), (2000.0, 50.0), (2100.0, 50.0), (2100.0, 150.0)]
    names = ("depth_max_mw", "depth_mean_mw", "length_max_s", "length_mean_s", "fall_min_s")
    names = tuple(f"dip_{name}" for name in names)
    assert values(record({"a": points}), *names) == pytest.approx((100.0, 70.0, 100.0, 79.5, 0.0))
    # at 10 MW/s it takes a second to fall by 5 % of 200 MW
    assert values(record({"a": points[:5]}), "dip_fall_min_s") == pytest.approx((1.0,))
    assert all(math.isnan(value) for value in values(record({"a": 100.0}), *names))


def test_regulation_is_what_the_base_point_does_not_know(record):
    # a step by 60 MW at a full interval: persistence is off by it for 5 min of the 55 that it judges
    recording = record({"a": Signal.steps([0.0, 1800.0], [100.0, 160.0], 3600.0)})
    names = [f"regulation_persistence_{word}_mw" for word in ("p005", "p025", "p975", "p995")]
    assert values(recording, *names) == pytest.approx((0.0, 0.0, 60.0, 60.0), abs=1e-9)
    assert values(recording, "regulation_persistence_mwh") == pytest.approx((5.0,), rel=1e-12)
    # the line between means of 100 and 160 MW is off by 30 MW on either side of the step, falling to nothing
    assert values(recording, "regulation_interpolation_mwh") == pytest.approx((1.25,), rel=1e-12)


def test_a_steady_slope_needs_no_regulation_against_its_own_line(record):
    recording = record({"a": [(0.0, 100.0), (3600.0, 136.0)]})
    assert values(recording, "regulation_interpolation_mwh") == pytest.approx((0.0,), abs=1e-9)
    # persistence lags by a whole interval: 3 MW at the middle
    assert values(recording, "regulation_persistence_mwh") == pytest.approx((3.0 * 55 / 60,), rel=1e-9)


def test_a_run_below_two_intervals_has_no_base_point(record):
    recording = record({"a": 100.0}, end_s=599.0)
    assert math.isnan(values(recording, "regulation_persistence_p975_mw")[0])
    assert math.isnan(values(recording, "residual_below_5s_mw")[0])


@pytest.mark.parametrize(("half_s", "place"), [(2.5, 0), (30.0, 1), (300.0, 2), (1800.0, 3)])
def test_a_swing_counts_on_the_scale_of_its_half_period(half_s, place):
    count = round(7200.0 / half_s)
    swing = Signal.steps(half_s * np.arange(count), np.tile([90.0, 110.0], count // 2), 7200.0)
    expected = [0.0] * 4
    expected[place] = 10.0
    assert variation(swing) == pytest.approx(tuple(expected), abs=1e-9)


def test_miners_that_fill_slow_dips_late_reduce_slow_variation_and_add_fast(record):
    dips = np.arange(600.0, 6600.0, 600.0)
    times_s = np.append(0.0, np.column_stack([dips, dips + 200.0]).ravel())
    ai = Signal.steps(times_s, np.append(150.0, np.tile([90.0, 150.0], 10)), 7200.0)
    late_s = np.where(times_s > 0.0, times_s + 4.0, 0.0)
    fleet = Signal.steps(late_s, np.append(0.0, np.tile([60.0, 0.0], 10)), 7200.0)
    metrics = measure(record({"a": ai}, {"m": fleet}, end_s=7200.0))
    slow, fast = metrics["residual_60s_to_600s_mw"], metrics["residual_below_5s_mw"]
    assert slow < 0.2 * slow.baseline
    assert fast > fast.baseline


def test_voltage_is_computed_only_where_the_grid_is_given(record):
    names = ("short_circuit_ratio", "voltage_min_pu", "voltage_change_max_pu", "flicker_short_term_ratio")
    power = Signal.steps([0.0, 600.0], [0.0, 400.0], 7200.0)
    assert all(math.isnan(value) for value in values(record({"a": power}, end_s=7200.0), *names))
    grid = {"short_circuit_mva": 2000.0, "x_over_r_ratio": 15.0, "power_factor_ratio": 1.0}
    constants = {f"grid.{name}": value for name, value in grid.items()}
    recording = record({"a": power}, end_s=7200.0, limit_mw=400.0, constants=constants)
    ratio, lowest, change, flicker = values(recording, *names)
    assert (ratio, lowest, change) == pytest.approx((5.0, 1.0 - 0.0354, 0.0354), abs=1e-4)
    assert flicker == pytest.approx((2.3 * (100.0 * change) ** 3.2 / 600.0) ** (1.0 / 3.2))
    assert values(recording, "voltage_collapse_s", "voltage_max_pu") == (0.0, 1.0)


def test_a_site_that_the_connection_cannot_carry_is_a_collapse_and_not_an_error(record):
    constants = {"grid.short_circuit_mva": 400.0, "grid.x_over_r_ratio": 15.0, "grid.power_factor_ratio": 1.0}
    power = Signal.steps([0.0, 600.0, 660.0], [50.0, 300.0, 50.0], 7200.0)
    recording = record({"a": power}, end_s=7200.0, constants=constants)
    assert values(recording, "voltage_collapse_s") == (60.0,)
    assert math.isnan(values(recording, "voltage_min_pu")[0])
