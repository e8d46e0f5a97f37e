import base64
import zlib
from itertools import pairwise

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from report_fakes import crowded_loads, recording_of, week_loads

from sim.report import chart_data as module
from sim.report.chart_data import bin_edges_s, chart_data, duration_curve, pack
from sim.report.format import LocalTime
from sim.report.worst_windows import worst_moments
from sim.signals import Signal
from sim.signals.distribution import LEVELS

HUNDREDTHS = st.integers(-10_000, 10_000).map(lambda count: count / 100.0)


def unpack(packed):
    """The values of a packed array, as the page's script finds them."""
    raw = zlib.decompress(base64.b64decode(packed["data"]))
    planes = np.frombuffer(raw, np.uint8).reshape(packed["bytes"], packed["count"])
    codes = sum(plane.astype(np.int64) << (8 * place) for place, plane in enumerate(planes))
    halves = np.asarray(codes, dtype=np.int64) >> 1
    differences = np.where(np.asarray(codes) & 1, -halves - 1, halves)
    return np.cumsum(differences) * packed["step"]


@st.composite
def signals(draw):
    """A signal with jumps and slopes on 0 to 100 s."""
    times_s = np.array(sorted(draw(st.sets(st.integers(1, 99), max_size=12))), dtype=float)
    count = times_s.size + 1
    values = draw(arrays(np.float64, count, elements=HUNDREDTHS))
    slopes = draw(arrays(np.float64, count, elements=HUNDREDTHS))
    return Signal(np.append(0.0, times_s), values, slopes, 100.0)


def corners(signal, from_s, to_s):
    """Every value at which a piece of the signal begins or ends: its extremes are among them."""
    piece = signal.clip_time(from_s, to_s)
    return np.concatenate([piece.value, piece.left_limits()])


@given(signal=signals(), most=st.integers(1, 40))
@examples(60)
def test_an_envelope_has_the_extremes_and_the_mean_of_every_bin(signal, most):
    edges_s = bin_edges_s(100.0, most)
    minima, means, maxima = (of(edges_s) for of in (signal.minima_over, signal.means_over, signal.maxima_over))
    assert edges_s.size - 1 <= most
    for place, (from_s, to_s) in enumerate(pairwise(edges_s)):
        values = corners(signal, from_s, to_s)
        assert minima[place] == pytest.approx(values.min(), rel=1e-9, abs=1e-6)
        assert maxima[place] == pytest.approx(values.max(), rel=1e-9, abs=1e-6)
        mean = signal.integral_between(from_s, to_s) / (to_s - from_s)
        assert means[place] == pytest.approx(mean, rel=1e-9, abs=1e-6)


@given(values=arrays(np.float64, st.integers(0, 50), elements=st.floats(-1e6, 1e6)))
@examples(60)
def test_packing_is_undone_to_half_a_step(values):
    found = unpack(pack(values, 0.01))
    assert found.size == values.size
    assert np.all(np.abs(found - values) <= 0.00501)


@given(values=arrays(np.float64, st.integers(1, 50), elements=st.floats(-1e6, 1e6)))
@examples(60)
def test_packed_minima_are_rounded_down_and_maxima_up(values):
    slack = 1e-7  # what counts as a whole multiple of the step
    assert np.all(unpack(pack(values, 0.01, np.floor)) <= values + slack)
    assert np.all(unpack(pack(values, 0.01, np.ceil)) >= values - slack)


def test_packing_refuses_values_too_far_apart_to_count():
    with pytest.raises(ValueError, match="too far apart"):
        pack(np.array([0.0, 1e18]), 0.01)


@given(signal=signals())
@examples(60)
def test_a_duration_curve_agrees_with_the_time_above_each_level(signal):
    levels, shares = duration_curve(signal)
    step = (signal.maximum() - signal.minimum()) / (LEVELS - 1)
    for level, share in list(zip(levels, shares, strict=True))[1::40]:
        # where the signal stands still, up to a level of the distribution early
        least, most = (signal.time_above(level + apart) / signal.duration_s for apart in (1e-9, -step - 1e-9))
        assert least - 1e-6 <= share <= most + 1e-6


def test_a_duration_curve_runs_from_the_whole_time_at_the_minimum_to_none_at_the_maximum():
    levels, shares = duration_curve(Signal.steps([0.0, 25.0], [100.0, 40.0], 100.0))
    assert (levels[0], shares[0]) == (40.0, 1.0)
    assert (levels[-1], shares[-1]) == (100.0, 0.0)
    assert np.all(np.diff(shares) <= 0.0)
    assert shares[200] == pytest.approx(0.25)


def unpacked(layer, name, part):
    return unpack(layer["channels"][name][part])


def test_a_run_with_few_breakpoints_is_embedded_exactly():
    recording = recording_of(week_loads(86_400.0), 86_400.0)
    layer = chart_data(recording, LocalTime.of_run(None, 0.0), ())["power"]
    assert layer["kind"] == "exact"
    times_s = unpack(layer["time_s"])
    site = recording["site_power_mw"]
    # a millisecond is what times are rounded to; ask between breakpoints
    middle_s = 0.5 * (times_s + np.append(times_s[1:], 86_400.0))
    halfway = 0.5 * (unpacked(layer, "site", "from") + unpacked(layer, "site", "to"))
    assert halfway == pytest.approx(site.at(middle_s), abs=0.05)
    assert unpacked(layer, "site", "from").max() == pytest.approx(site.maximum(), abs=1e-3)


def test_a_run_with_many_breakpoints_keeps_every_extreme_in_bins_and_its_worst_moments_exactly(monkeypatch):
    end_s = 86_400.0
    recording = recording_of(crowded_loads(20_000, end_s), end_s)
    monkeypatch.setattr(module, "MOST_BREAKPOINTS", 1_000)
    monkeypatch.setattr(module, "MOST_BINS", 500)
    moments = worst_moments(recording)
    data = chart_data(recording, LocalTime.of_run(None, 0.0), moments)
    layer, ai = data["power"], recording["ai_power_mw"]
    assert layer["kind"] == "bins"
    assert unpacked(layer, "ai", "minimum").min() == pytest.approx(ai.minimum(), abs=0.02)
    assert unpacked(layer, "site", "maximum").max() >= recording["site_power_mw"].maximum() - 1e-6
    assert unpacked(layer, "ai", "mean").mean() == pytest.approx(ai.mean(), abs=0.01)
    assert len(data["moments"]) == len(moments)
    assert all(moment["power"]["kind"] == "exact" for moment in data["moments"])


def test_the_excess_over_the_limit_is_embedded_as_its_own_channel():
    recording = recording_of(week_loads(86_400.0), 86_400.0)
    layer = chart_data(recording, LocalTime.of_run(None, 0.0), ())["power"]
    excess_mw = recording["site_power_mw"].maximum() - 400.0
    assert excess_mw > 50.0
    highest_mw = max(unpacked(layer, "over", "from").max(), unpacked(layer, "over", "to").max())
    assert highest_mw == pytest.approx(excess_mw, abs=1e-3)
