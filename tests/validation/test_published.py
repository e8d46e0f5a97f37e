"""Every published number of the registry; ``make validate`` shows them as a table."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from published import Absolute, Band, Calibration, Evidence, Identity, PublishedCase, Relative, groups
from table import as_json, headline, rows, show

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


def a_case(ours, kind=Evidence, **changes):
    return kind("Answer", "A guide, 1979", 42.0, ours, Relative(0.01), "MW", **changes)


@pytest.mark.parametrize(
    ("case", "said", "agree"),
    [
        (a_case(lambda: 42.21), "+0.50 %", "1 of 1"),
        (a_case(lambda: 43.0), "FAILED", "0 of 1"),
        (a_case(lambda: 1 / 0), "FAILED: ZeroDivisionError", "0 of 1"),
        (a_case(lambda: 43.0, needs="gone.csv"), "skipped: needs gone.csv in ../shared/data", "0 of 0"),
    ],
)
def test_the_table_says_how_a_case_came_out_and_counts_faults(case, said, agree):
    out = io.StringIO()

    show(list(rows({"Guides": [case]})), out)

    printed = " ".join(out.getvalue().split())
    assert said in printed
    assert f"evidence: {agree} agree" in printed


def test_the_headline_tells_evidence_from_what_was_set_or_read_back():
    right, wrong = (lambda: 42.0), (lambda: 50.0)
    cases = [a_case(right), a_case(wrong, Calibration), a_case(right, Identity), a_case(right, Identity)]

    assert [line.split(" (")[0] for line in headline(list(rows({"Guides": cases})))] == [
        "evidence: 1 of 1 agree",
        "calibration: 0 of 1 agree",
        "identity: 2 of 2 agree",
    ]


def test_rows_for_a_machine_name_their_kind_and_leave_no_number_out_of_json():
    case = Calibration("Answer", "A guide, 1979", float("nan"), lambda: 42.0, Band(low=40.0))

    (row,) = json.loads(as_json(list(rows({"Guides": [case]}))))["rows"]

    assert (row["kind"], row["published"], row["low"], row["high"]) == ("calibration", None, 40.0, None)


def test_every_case_is_of_a_kind():
    assert all(type(case) in (Evidence, Calibration, Identity) for cases in groups().values() for case in cases)


def test_the_table_finds_all_that_it_needs_where_pytest_does_not_say_where_to_look():
    root = Path(__file__).parents[2]
    (path,) = [line.split()[0] for line in (root / "Makefile").read_text().splitlines() if "table.py" in line]
    environment = {"PYTHONPATH": path.removeprefix("@PYTHONPATH=")}
    found = "import sys; sys.path.insert(0, 'tests/validation'); import table; table.groups()"

    subprocess.run([sys.executable, "-c", found], cwd=root, env=environment, check=True, timeout=60)
