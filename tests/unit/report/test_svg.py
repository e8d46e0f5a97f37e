"""Charts as SVG: places of points, round marks, pictures, and hostile text."""

import io
from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from sim.report.format import LocalTime
from sim.report.run_charts import carpet, cells
from sim.report.svg import LEFT_PX, Chart, ChartAxis, around, png
from sim.signals import Signal

DAY_S = 86_400.0


def test_a_point_lies_where_its_values_say():
    chart = Chart(ChartAxis("x", 0.0, 10.0), ChartAxis("y", 1.0, 100.0, is_log=True), 1000, 300)

    left, bottom = chart.place(0.0, 1.0)
    right, top = chart.place(10.0, 100.0)
    middle_x, middle_y = chart.place(5.0, 10.0)
    assert left == LEFT_PX
    assert middle_x == pytest.approx(0.5 * (left + right))
    assert middle_y == pytest.approx(0.5 * (bottom + top))


@pytest.mark.parametrize(
    ("axis", "texts"),
    [
        (ChartAxis("", 0.0, 9.7), ["0", "2", "4", "6", "8"]),
        (ChartAxis("", -0.25, 0.25), ["-0.2", "-0.1", "0", "0.1", "0.2"]),
        (ChartAxis("", 0.5, 2e6, is_log=True), ["1", "100", "10k", "1M"]),
        (ChartAxis("", 5.0, 5.0), ["5"]),
        (ChartAxis("", -20.0, 9000.0, linear_to=10.0), ["-10", "0", "10", "100", "1000"]),
    ],
)
def test_marks_are_round_numbers(axis, texts):
    assert [text for _, text in axis.shown(5)] == texts


def test_an_axis_holds_all_values_that_are_numbers():
    axis = around([3.0, float("nan"), 7.0], "y", from_zero=True)
    assert (axis.low, axis.high > 7.0) == (0.0, True)
    assert around([], "y").low < around([], "y").high


def test_text_in_a_chart_is_escaped():
    chart = Chart(ChartAxis("<b>", 0.0, 1.0), ChartAxis("&", 0.0, 1.0), 400, 200)
    chart.text(0.0, 0.0, "<script>")
    chart.point(0.0, 0.0, "ai", title="<i>")
    drawing = str(chart.svg('"quoted"'))
    assert "<script>" not in drawing
    assert "<b>" not in drawing
    assert "<i>" not in drawing
    assert 'aria-label="&quot;quoted&quot;"' in drawing


def test_a_picture_is_read_back_dot_by_dot():
    colours = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png(colours)))), colours)


def test_a_carpet_has_the_mean_of_each_interval_at_its_hour_and_day():
    clock = LocalTime(datetime.fromisoformat("2026-01-01T06:00:00-06:00"))
    signal = Signal.linear([0.0, DAY_S], [0.0, 96.0], DAY_S)
    found = cells(signal, clock)

    assert found.shape == (96, 2)
    assert np.isnan(found[-1, 0])  # the run begins at six
    assert found[95 - 24, 0] == pytest.approx(0.5)
    assert found[-1, 1] == pytest.approx(72.5)  # midnight, 18 hours in
    assert np.nansum(found) == pytest.approx(96.0 * 48.0)
    drawing = carpet(signal, clock, "Power")
    assert "dark 0.5000 MW, bright 95.50 MW" in drawing.note
    assert "01-01" in drawing.drawing


def test_values_that_are_all_zero_lie_within_their_axis():
    axis = around([0.0, 0.0], "starts")
    assert axis.low < 0.0 < axis.high
    assert around([0.0, 0.0], "starts", from_zero=True).low == 0.0


def test_an_axis_that_is_logarithmic_both_ways_keeps_the_order_and_the_sign():
    axis = ChartAxis("", -1000.0, 1000.0, linear_to=10.0)
    parts = [axis.part(value) for value in (-1000.0, -10.0, 0.0, 10.0, 1000.0)]
    assert parts == sorted(parts)
    assert (parts[0], parts[2], parts[-1]) == (pytest.approx(0.0), pytest.approx(0.5), pytest.approx(1.0))
    assert parts[3] - parts[2] > 0.05
