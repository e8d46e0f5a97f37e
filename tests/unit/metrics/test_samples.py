"""Sizes that transform fast, and ranges of evenly spaced samples."""

import subprocess
import sys

import numpy as np
import pytest

from sim.metrics.limit_kinds import largest_range_of_samples
from sim.metrics.spectrum import fast_size
from sim.signals import Signal


@pytest.mark.parametrize("count", [1, 2, 7, 100, 5000])
@pytest.mark.parametrize("size", [2, 5, 50, 999, 1000])
def test_samples_have_the_largest_range_of_the_line_through_them(size, count):
    values = np.cumsum(np.random.default_rng(size).normal(size=size))
    times_s = np.arange(1, size + 1) / 500.0

    largest, last = largest_range_of_samples(values, count)
    expected, end_s = Signal.linear(times_s, values, float(times_s[-1])).largest_range(count / 500.0)
    assert largest == pytest.approx(expected, rel=1e-9)
    assert times_s[last] == pytest.approx(end_s, abs=1e-9)


def test_fast_sizes_are_those_that_scipy_takes():
    fft = pytest.importorskip("scipy.fft")
    sizes = [*range(1, 2000), *np.random.default_rng(1).integers(2000, 3_000_000, 500).tolist()]
    assert [fast_size(size) for size in sizes] == [fft.next_fast_len(size, real=True) for size in sizes]


def test_a_single_sample_has_no_range():
    assert largest_range_of_samples(np.array([3.0]), 4) == (0.0, 0)


def test_limits_are_checked_without_scipy():
    code = (
        "import sys; from sim.grid.limits import published_limits; from sim.metrics.power_limits import check_limits;"
        "from sim.signals import Signal; step = Signal.steps([0.0, 1000.0], [1.0, 90.0], 3600.0);"
        "checks = check_limits(step, published_limits(), 100.0);"
        "sys.exit('scipy' in sys.modules or all(check.rule.band_hz is None or check.worst <= 0.0 for check in checks))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
