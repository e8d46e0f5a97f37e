"""Slopes that are kept where they are not zero, and tracks that are packed while they are recorded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.recording import LEAST_PACKED, Track
from sim.signals import Signal, total
from sim.signals.slopes import Slopes

DENSE = np.array([0.0, 2.0, 0.0, 0.0, -3.0, 0.0, 0.0, 0.0, 0.0, 0.5])


@given(st.lists(st.sampled_from([0.0, 0.0, 0.0, 1.5, -2.0]), min_size=1, max_size=40), st.data())
def test_sparse_slopes_read_like_the_array_they_stand_for(values, data):
    dense = np.array(values)
    sparse = Slopes.sparse(dense)
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, dense.size)] * 2)))
    places = np.array(data.draw(st.lists(st.integers(-dense.size, dense.size - 1), max_size=9)), dtype=np.intp)
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=dense.size, max_size=dense.size)))
    keep[-1] = True
    assert sparse[first:last].tolist() == dense[first:last].tolist()
    assert sparse[::-1].tolist() == dense[::-1].tolist()
    assert sparse.take(places).tolist() == dense[places].tolist()
    assert sparse[int(first) - 1] == dense[int(first) - 1]
    assert (-sparse)[:].tolist() == (-dense).tolist()
    assert sparse.kept(keep)[:].tolist() == dense[keep].tolist()
    assert Slopes.of_parts([sparse, dense, sparse])[:].tolist() == [*values, *values, *values]
    assert sparse.any() == dense.any()


def test_slopes_stay_an_array_where_that_takes_less():
    assert isinstance(Slopes.of(DENSE), Slopes)
    assert Slopes.of(np.arange(1.0, 9.0)).tolist() == np.arange(1.0, 9.0).tolist()
    assert isinstance(Slopes.of(Slopes.sparse(np.arange(1.0, 9.0))), np.ndarray)


def test_a_compact_signal_is_the_same_function():
    dense = Signal(np.arange(10.0), np.arange(10.0) ** 2, DENSE, 12.0)
    compact = dense.compact()
    assert isinstance(compact.slopes, Slopes)
    assert compact.slope_per_s.tolist() == DENSE.tolist()
    assert not compact.slope_per_s.flags.writeable
    times_s = np.linspace(0.0, 12.0, 49)
    for one in (
        compact,
        (-compact) * -1.0,
        compact.clip_time(0.0, 12.0),
        compact.split_at([3.3]),
        compact * 1.0,
    ):
        assert one.at(times_s).tolist() == dense.at(times_s).tolist()
    assert compact.largest_range(2.5) == dense.largest_range(2.5)
    assert total([compact, dense]).integral() == total([dense, dense]).integral()
    assert compact.positive_part().integral() == dense.positive_part().integral()


def recorded(packs):
    track = Track()
    for place in range(3 * LEAST_PACKED):
        track.set(float(place // 2), float(place % 7), 0.25 if place % 5 == 0 else 0.0)
        if packs and place % 1000 == 999:
            track.pack(float(place // 2))
    return track


def test_a_packed_track_leaves_the_same_signal():
    plain, packed = recorded(packs=False), recorded(packs=True)
    middle_s, end_s = 0.4 * LEAST_PACKED, 1.5 * LEAST_PACKED
    assert packed.has(0.0)
    for time_s in (0.0, middle_s, end_s - 1.0):
        assert packed.at(time_s) == plain.at(time_s)
    for span_s in ((0.5, middle_s), (middle_s, end_s - 2.0), (end_s - 5.0, end_s - 2.0)):
        one, other = packed.power_between(*span_s), plain.power_between(*span_s)
        assert one.time_s.tolist() == other.time_s.tolist()
        assert one.at(one.time_s).tolist() == other.at(one.time_s).tolist()
    for first in (0, 10, 2 * LEAST_PACKED, 3 * LEAST_PACKED - 3):
        assert packed.rows(first, end_s).tolist() == plain.rows(first, end_s).tolist()
    one, other = packed.freeze(end_s), plain.freeze(end_s)
    for column in ("time_s", "value", "slope_per_s"):
        assert getattr(one, column).tolist() == getattr(other, column).tolist()


def test_slopes_must_be_finite_and_as_many_as_the_times():
    times_s = np.array([0.0, 1.0, 2.0])
    for slopes in (Slopes.sparse(np.zeros(2)), Slopes.sparse(np.array([0.0, np.inf, 0.0]))):
        with pytest.raises(ValueError, match="slopes must be finite"):
            Signal(times_s, times_s.copy(), slopes, 3.0)
