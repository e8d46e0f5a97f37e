import numpy as np
import pytest
from pydantic import ValidationError

from sim.study.spec import Design, ValueRange


def drawn(kind, count, *axes):
    return list(Design(type=kind, count=count).rows(axes))


def test_a_range_holds_both_its_ends():
    assert ValueRange(first=20.0, last=140.0, count=7).at(np.linspace(0.0, 1.0, 7)) == [
        20.0,
        40.0,
        60.0,
        80.0,
        100.0,
        120.0,
        140.0,
    ]


def test_on_a_log_scale_neighbours_have_the_same_ratio():
    values = ValueRange(first=0.1, last=10.0, count=5, scale="log").at(np.linspace(0.0, 1.0, 5))

    assert values == [0.1, 0.316227766017, 1.0, 3.16227766017, 10.0]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"first": 2.0, "last": 2.0}, "first is 2; must be below last, 2"),
        ({"first": 0.0, "last": 2.0, "scale": "log"}, "first must be above 0 on a log scale"),
    ],
)
def test_a_range_that_holds_nothing_is_refused(fields, said):
    with pytest.raises(ValidationError, match=said):
        ValueRange(**fields)


@pytest.mark.parametrize("fields", [{"type": "sobol"}, {"type": "zip", "count": 3}])
def test_what_is_drawn_says_how_often_and_nothing_else_does(fields):
    with pytest.raises(ValidationError, match="count goes with latin-hypercube and sobol alone"):
        Design(**fields)


def test_a_product_changes_its_first_axis_slowest_and_a_zip_goes_along_all():
    axes = ([1, 2], ValueRange(first=0.0, last=1.0, count=2))

    assert list(Design().rows(axes)) == [(1, 0.0), (1, 1.0), (2, 0.0), (2, 1.0)]
    assert list(Design(type="zip").rows(axes)) == [(1, 0.0), (2, 1.0)]
    assert list(Design().rows([])) == list(Design(type="zip").rows([])) == [()]


@pytest.mark.parametrize("kind", ["latin-hypercube", "sobol"])
def test_what_is_drawn_covers_each_axis_evenly_and_is_the_same_each_time(kind):
    axes = (ValueRange(first=0.0, last=16.0), ["a", "b"])
    rows = drawn(kind, 16, *axes)

    # one in each sixteenth of the range, and half of them for each entry of the list
    assert sorted(int(value) for value, _ in rows) == list(range(16))
    assert sorted(word for _, word in rows) == ["a"] * 8 + ["b"] * 8
    assert drawn(kind, 16, *axes) == rows
    assert list(Design(type=kind, count=16, seed=1).rows(axes)) != rows
