import numpy as np
import pytest

from sim.signals import Signal
from sim.signals.changes import changes
from sim.signals.distribution import LEVELS, Distribution
from sim.signals.range_above import intervals_of_range_above


def test_a_dip_is_in_the_window_from_its_fall_until_the_window_has_left_it():
    dip = Signal.steps([0.0, 100.0, 103.0], [50.0, 30.0, 50.0], 200.0)
    assert intervals_of_range_above(dip, 5.0, 19.9).tolist() == [[100.0, 108.0]]
    assert intervals_of_range_above(dip, 5.0, 20.0).tolist() == []


def test_a_steady_slope_is_above_a_level_once_it_has_gone_so_far():
    slope = Signal.linear([0.0, 100.0], [0.0, 100.0], 100.0)
    assert intervals_of_range_above(slope, 10.0, 4.0).tolist() == [[4.0, 100.0]]
    assert intervals_of_range_above(slope, 10.0, 10.0).tolist() == []


def test_a_constant_is_never_above_zero():
    assert intervals_of_range_above(Signal.constant(7.0, 100.0), 5.0, 0.0).tolist() == []


@pytest.mark.parametrize("window_s", [0.0, -1.0, float("inf")])
def test_a_window_must_be_a_length(window_s):
    with pytest.raises(ValueError, match="above 0 s"):
        intervals_of_range_above(Signal.constant(7.0, 100.0), window_s, 1.0)


def test_a_quantile_is_found_on_lines_and_where_power_stands_still():
    power = Distribution.of(Signal.linear([0.0, 10.0, 20.0], [0.0, 10.0, 10.0], 30.0))
    assert power.quantile(0.1) == pytest.approx(3.0, abs=10.0 / (LEVELS - 1))
    assert power.quantile(0.9) == pytest.approx(10.0, rel=1e-12)


def test_a_quantile_of_steps_is_one_of_the_steps():
    power = Distribution.of(Signal.steps([0.0, 60.0, 90.0], [1.0, 3.3, 7.0], 100.0))
    assert [power.quantile(share) for share in (0.5, 0.7, 0.95)] == pytest.approx([1.0, 3.3, 7.0], rel=1e-12)


def test_a_quantile_of_magnitude_takes_both_ways_together():
    changes_mw = Distribution(-10.0, 10.0)
    changes_mw.add(Signal.steps([0.0, 50.0, 70.0, 90.0], [0.0, -4.0, 5.0, 10.0], 100.0))
    wanted = [0.0, 4.0, 5.0, 10.0]
    found = [changes_mw.quantile_of_magnitude(share) for share in (0.4, 0.6, 0.8, 0.95)]
    assert found == pytest.approx(wanted, abs=20.0 / (LEVELS - 1))


def test_a_distribution_in_parts_is_that_of_the_whole():
    power = Signal.linear([0.0, 7.0, 20.0, 30.0], [3.0, 12.0, 1.0, 5.0], 30.0)
    parts = Distribution(0.0, 12.0)
    for from_s, to_s in ((0.0, 8.0), (8.0, 19.0), (19.0, 30.0)):
        parts.add(power.clip_time(from_s, to_s))
    whole = Distribution(0.0, 12.0)
    whole.add(power)
    np.testing.assert_allclose(parts.time_s, whole.time_s, atol=1e-7)


def test_a_constant_has_one_quantile():
    assert Distribution.of(Signal.constant(5.0, 10.0)).quantile(0.3) == 5.0


def test_a_move_ends_where_power_stands_still_or_turns():
    power = Signal.linear([0.0, 10.0, 12.0, 12.0, 20.0, 22.0, 24.0], [50.0, 50, 30, 20, 20, 10, 40], 30.0)
    found = changes(power)
    assert found.start_s.tolist() == [10.0, 20.0, 22.0]
    assert found.end_s.tolist() == [12.0, 22.0, 24.0]
    assert found.size.tolist() == [-30.0, -10.0, 30.0]


def test_a_jump_takes_no_time_and_a_line_that_goes_on_is_one_move():
    power = Signal.linear([0.0, 5.0, 5.0, 8.0, 9.0], [1.0, 1.0, 4.0, 4.0, 5.0], 10.0).split_at([8.5])
    found = changes(power)
    assert found.length_s.tolist() == [0.0, 1.0]
    assert changes(power, above=2.0).size.tolist() == [3.0]
    assert changes(Signal.constant(1.0, 10.0)).size.size == 0


def test_what_rounding_adds_neither_ends_a_move_nor_makes_one():
    hair = 4.0e-14
    time_s = [0.0, 45.0, 64.0, 77.5, 93.0]
    mw = [233.0, 233.0, 220.0 - hair, 210.0, 200.0]
    slopes = [0.0, -13.0 / 19.0, -10.0 / 13.5, -10.0 / 15.5, hair / 27.0]
    falls = Signal(np.array(time_s), np.array(mw), np.array(slopes), 120.0)
    assert changes(falls).start_s.tolist() == [45.0]
    assert changes(falls).end_s.tolist() == [93.0]
