"""What the fleets' power is made of, for a plan."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.policies import FleetView, Forecast, Mpc
from sim.policies.planning import segments_of

CLOCKED = FleetView("miners", 2.0, 10.0, 20.0, 100.0, levels=((5.0, 200.0), (8.0, 410.0), (10.0, 500.0)))


def test_a_fleet_without_levels_is_one_segment_at_its_break_even():
    found = segments_of((FleetView("miners", 5.0, 60.0, 17.5, 100.0),))
    assert (found.width_mw.tolist(), found.breakeven_usd_per_mwh.tolist()) == ([55.0], [100.0])


def test_a_level_below_the_line_between_others_is_passed_over():
    found = segments_of((CLOCKED,))
    # a PH/s earns 2 USD/h; 5 MW hash less than the line from standing to 8 MW has there
    assert found.width_mw.tolist() == [6.0, 2.0]
    assert found.breakeven_usd_per_mwh == pytest.approx([2.0 * 410.0 / 6.0, 2.0 * 90.0 / 2.0])


def test_what_a_fleet_cannot_draw_now_is_cut_from_the_top():
    found = segments_of((CLOCKED._replace(available_mw=8.5), CLOCKED._replace(available_mw=4.0)))
    assert found.width_mw.tolist() == [6.0, 0.5, 2.0, 0.0]


def test_without_fleets_there_are_no_segments():
    assert segments_of(()).width_mw.shape == segments_of(()).breakeven_usd_per_mwh.shape == (0,)


@given(st.lists(st.tuples(st.floats(0.1, 100.0), st.floats(0.1, 9000.0)), min_size=1, max_size=8))
def test_segments_are_worth_less_and_less_and_no_level_lies_above_them(levels):
    fleet = FleetView("miners", 0.0, 100.0, 20.0, 100.0, levels=tuple(sorted(levels)))
    found = segments_of((fleet,))
    assert np.all(np.diff(found.breakeven_usd_per_mwh) <= 1e-9 * found.breakeven_usd_per_mwh[:-1])
    powers_mw = np.concatenate([[0.0], np.cumsum(found.width_mw)])
    worth = np.concatenate([[0.0], np.cumsum(found.width_mw * found.breakeven_usd_per_mwh)])
    for power_mw, ph_s in levels:
        assert 2.0 * ph_s <= np.interp(power_mw, powers_mw, worth) * (1.0 + 1e-9)


def test_a_plan_clocks_down_where_the_last_watts_do_not_pay(observed):
    policy = Mpc(type="mpc").start()
    seen = observed(0.0, 95.0, fleets=(CLOCKED,), price_forecast=Forecast(0.0, 0.0, 900.0, (95.0,) * 30))
    assert policy.decide(seen).target_mw == pytest.approx(8.0)
    assert policy.decide(seen._replace(price_usd_per_mwh=80.0)).target_mw == pytest.approx(10.0)


def test_machines_that_fell_out_hold_no_ramp(observed):
    policy = Mpc(type="mpc", ramp_down_mw_per_min=0.01).start()
    fleets = (FleetView("miners", 0.0, 60.0, 17.5, 100.0),)
    policy.decide(observed(0.0, 20.0, fleets=fleets))
    fewer = (fleets[0]._replace(available_mw=20.0),)
    assert policy.decide(observed(300.0, 20.0, commanded_mw=60.0, fleets=fewer)).target_mw >= 20.0
