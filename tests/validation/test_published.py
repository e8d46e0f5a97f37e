"""Every published number of the registry; ``make validate`` shows them as a table."""

import io

import pytest
from published import Absolute, Band, PublishedCase, Relative, groups
from table import show

CASES = [
    pytest.param(case, id=case.name, marks=[pytest.mark.slow] if case.slow else [])
    for cases in groups().values()
    for case in cases
]


@pytest.mark.parametrize("case", CASES)
def test_ours_agrees_with_what_is_published(case):
    if case.missing:
        pytest.skip(case.missing)

    value = case.ours()

    assert case.agrees(value), f"{value} {case.unit}; {case.published} ({case.tolerance}): {case.source}"


def test_every_case_has_a_name_of_its_own():
    names = [parameter.id for parameter in CASES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("tolerance", "values", "agree"),
    [
        (Relative(0.1), (8.9, 9.0, 11.0, 11.1), (False, True, True, False)),
        (Absolute(0.5), (9.4, 9.5, 10.5, 10.6), (False, True, True, False)),
        (Band(7.0, 9.0), (6.9, 7.0, 9.0, 10.0), (False, True, True, False)),
        (Band(low=7.0), (6.9, 7.0, 1e9, float("nan")), (False, True, True, False)),
    ],
)
def test_a_tolerance_holds_at_its_limits_and_no_farther(tolerance, values, agree):
    case = PublishedCase("a", "b", 10.0, float, tolerance)

    assert tuple(case.agrees(value) for value in values) == agree


def a_case(ours, **changes):
    return PublishedCase("Answer", "A guide, 1979", 42.0, ours, Relative(0.01), "MW", **changes)


@pytest.mark.parametrize(
    ("case", "said", "faults"),
    [
        (a_case(lambda: 42.21), "+0.50 %", 0),
        (a_case(lambda: 43.0), "FAILED", 1),
        (a_case(lambda: 1 / 0), "FAILED: ZeroDivisionError", 1),
        (a_case(lambda: 43.0, needs="gone.csv"), "skipped: needs gone.csv in ../shared/data", 0),
    ],
)
def test_the_table_says_how_a_case_came_out_and_counts_faults(case, said, faults):
    out = io.StringIO()

    assert show({"Guides": [case]}, out) == faults
    assert said in " ".join(out.getvalue().split())
