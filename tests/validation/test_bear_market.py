"""Machines that were ordered before a fall of bitcoin, against the bear market of 2021 and 2022."""

from datetime import UTC, datetime

import pytest
from published import DATA
from published_bitcoin import BOTTOM, DAILY, TOP, difficulty_of, difficulty_since_the_top

pytestmark = pytest.mark.skipif(not (DATA / DAILY).is_file(), reason=f"needs {DAILY} in ../shared/data")


@pytest.mark.parametrize("day", ["2022-02-01", "2022-05-01", "2022-08-01"])
def test_difficulty_rises_on_the_way_down_as_it_did(day: str) -> None:
    ours = difficulty_since_the_top(BOTTOM)
    at_s = (datetime.fromisoformat(day).replace(tzinfo=UTC) - TOP).total_seconds()

    assert ours.at(at_s) == pytest.approx(difficulty_of(day), rel=0.13)


def test_without_orders_difficulty_stands_still() -> None:
    assert difficulty_since_the_top(BOTTOM, 0.0).maximum() == pytest.approx(1.0, rel=0.01)


def test_the_years_after_are_beyond_the_law() -> None:
    """Machines became twice as efficient, which bands of 2021 are not: documented under the bitcoin page."""
    end = datetime(2024, 12, 29, tzinfo=UTC)

    short = difficulty_since_the_top(end).at((end - TOP).total_seconds()) / difficulty_of("2024-12-29")

    assert short == pytest.approx(0.64, abs=0.03)
