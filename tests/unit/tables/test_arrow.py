import numpy as np
import pyarrow as pa
import pytest

from sim.tables import arrow

NAN = float("nan")


@pytest.mark.parametrize("kind", [pa.float64(), pa.int64(), pa.int32()])
def test_numbers_come_out_as_floats_and_null_as_nan(kind):
    whole = pa.array([1, None, 3, None, 5, 6, 7, 8, None, 10, 11], kind)
    column = pa.chunked_array([whole, whole[3:10], whole[:0], pa.array([None, None], kind)])

    expected = [NAN if number is None else float(number) for number in column.to_pylist()]
    assert np.array_equal(arrow.floats(column), expected, equal_nan=True)
    assert arrow.floats(column).flags.writeable


def test_a_column_without_chunks_is_empty():
    assert arrow.floats(pa.chunked_array([], pa.float64())).size == 0


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_timestamps_are_seconds_since_1970(zone):
    stamps = pa.array([1_577_836_800_000_000, None, -500_000], pa.int64()).cast(pa.timestamp("us", zone))

    seconds = arrow.seconds(pa.chunked_array([stamps, stamps[1:]]))
    assert np.array_equal(seconds, [1_577_836_800.0, NAN, -0.5, NAN, -0.5], equal_nan=True)
