"""A scenario at the edges of the schema is refused as an input, or runs; `make fuzz` tries thousands."""

import pytest
from fuzz import SECONDS, tried


@pytest.mark.parametrize(
    "number", [*range(20), 142, *(pytest.param(n, marks=pytest.mark.slow) for n in range(20, 140))]
)
def test_it_is_refused_or_runs(number):
    assert tried(number, SECONDS) in {"refused", "ran"}
