"""Exports: what a file says is what the run recorded."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from report_fakes import pulses, recording_of, stating, stored

from sim.errors import ResultError
from sim.export import FORMATS, Profile, write_profile
from sim.export.formats import JUMP_S, ROWS, connection_mw, points
from sim.facts import Facts
from sim.signals import Signal

HOUR_S = 3600.0


def result_of(end_s=2 * HOUR_S, **constants):
    wave = pulses(end_s, 1800.0, 180.0, 60.0, 60.0)
    steps = Signal.steps(np.arange(0.0, end_s, 77.7), np.tile([20.0, 35.0], 47)[: int(end_s // 77.7) + 1], end_s)
    recording = recording_of({"llama": wave, "chat": steps}, end_s)
    return stored(stating(recording, constants))


def written(form, tmp_path, **window):
    profile = Profile.of(result_of(), **window)
    path = tmp_path / f"{form}.csv"
    return profile, path, write_profile(profile, FORMATS[form], path)


def table(path):
    lines = [line for line in path.read_text().splitlines() if line[0] in "-0123456789"]
    return np.array([[float(cell) for cell in line.split(",")] for line in lines])


def trapezoids(times_s, values):
    return float(np.sum(0.5 * (values[1:] + values[:-1]) * np.diff(times_s)))


def test_seconds_hold_the_energy_of_the_signal_and_the_mean_of_each_second(tmp_path):
    profile, path, _ = written("1s", tmp_path)
    rows = table(path)
    assert len(rows) == 7200
    assert rows[:, 1].sum() == pytest.approx(profile.power_mw.integral(), rel=1e-12)
    assert rows[77, 1] == pytest.approx(profile.power_mw.clip_time(77.0, 78.0).mean(), rel=1e-12)


def test_a_last_second_that_is_not_whole_is_a_mean_over_what_there_is(tmp_path):
    profile, path, _ = written("1s", tmp_path, start_s=100.25, length_s=60.5)
    rows = table(path)
    lengths_s = np.diff(np.append(rows[:, 0], 60.5))
    assert lengths_s[-1] == 0.5
    assert float(rows[:, 1] @ lengths_s) == pytest.approx(profile.power_mw.integral(), rel=1e-12)


def test_breakpoints_give_the_signal_back_bit_by_bit(tmp_path):
    profile, path, _ = written("breakpoints", tmp_path)
    times_s, values, slopes = table(path).T
    again = Signal(times_s, values, slopes, profile.power_mw.end_s)
    for mine, theirs in zip(
        (again.time_s, again.value, again.slope_per_s),
        (profile.power_mw.time_s, profile.power_mw.value, profile.power_mw.slope_per_s),
        strict=True,
    ):
        assert mine.tolist() == theirs.tolist()


@pytest.mark.parametrize(("form", "scale"), [("psse", 1.0), ("openg2g", 1e3)])
def test_points_rise_strictly_in_time_and_hold_the_energy(form, scale, tmp_path):
    profile, path, _ = written(form, tmp_path)
    rows = table(path)
    assert np.all(np.diff(rows[:, 0]) > 0.0)
    assert rows[0, 0] == 0.0
    assert rows[-1, 0] == profile.power_mw.end_s
    energy = trapezoids(rows[:, 0], rows[:, 1]) / scale
    assert energy == pytest.approx(profile.power_mw.integral(), rel=1e-9)


def test_steps_that_only_rise_keep_their_energy_as_points():
    signal = Signal.steps(np.arange(0.0, 500.0, 5.0), np.arange(100.0), 500.0)
    ((times_s, values),) = points(signal)
    assert trapezoids(times_s, values) == pytest.approx(signal.integral(), rel=1e-12)


def test_vessims_rows_hold_watts_of_connection_ai_and_fleets_and_one_more_at_the_end(tmp_path):
    profile, path, _ = written("vessim", tmp_path)
    rows = table(path)
    assert rows[:, 0].tolist() == list(range(7201))
    assert rows[-1, 1:].tolist() == rows[-2, 1:].tolist()
    for column, signal in enumerate((profile.power_mw, profile.ai_mw, profile.fleets_mw), start=1):
        assert rows[:-1, column].sum() == pytest.approx(1e6 * signal.integral(), rel=1e-12)


def test_points_are_the_same_whatever_the_block_they_fall_in():
    count = ROWS + 5
    signal = Signal.steps(np.arange(count, dtype=float), np.tile([1.0, 3.0, 3.0], count)[:count], float(count))
    blocks = list(points(signal))
    times_s, values = (np.concatenate(column) for column in zip(*blocks, strict=True))
    assert len(blocks) == 2
    assert np.all(np.diff(times_s) > 0.0)
    assert trapezoids(times_s, values) == pytest.approx(signal.integral(), rel=1e-12)
    middle = Signal(signal.time_s[-9:], signal.value[-9:], signal.slope_per_s[-9:], signal.end_s)
    ((own_s, own),) = points(middle)
    assert times_s[-own_s.size + 1 :].tolist() == own_s[1:].tolist()
    assert values[-own.size + 1 :].tolist() == own[1:].tolist()


def test_a_jump_beside_a_short_segment_takes_half_of_it():
    ((times_s, _),) = points(Signal.steps([0.0, 1.0, 1.0 + JUMP_S / 10.0], [1.0, 2.0, 4.0], 2.0))
    assert np.all(np.diff(times_s) > 0.0)


def test_playback_has_reactive_power_from_the_power_factor(tmp_path):
    constants = {
        "grid.short_circuit_mva": 2000.0,
        "grid.x_over_r_ratio": 15.0,
        "grid.power_factor_ratio": 0.95,
    }
    profile = Profile.of(result_of(**constants))
    _, beside = write_profile(profile, FORMATS["psse"], tmp_path / "p.csv")
    rows = table(tmp_path / "p.csv")
    np.testing.assert_allclose(rows[:, 2] / rows[:, 1], np.tan(np.arccos(0.95)))
    assert json.loads(beside.read_text())["reactive power"] == "from the power factor 0.95"


def test_playback_without_a_connection_says_that_reactive_power_is_not_known(tmp_path):
    _, path, (_, beside) = written("psse", tmp_path)
    assert not table(path)[:, 2].any()
    assert json.loads(beside.read_text())["reactive power"].startswith("0 throughout")


@pytest.mark.parametrize("form", FORMATS)
def test_every_file_says_units_sign_kind_and_run(form, tmp_path):
    _, path, files = written(form, tmp_path, start_s=600.0)
    text = files[-1].read_text()
    for part in ("0123456789abcdef" * 4, "above 0", "2026-01-01T06:10:00Z", "resolution", "kind"):
        assert part in text
    for unit in FORMATS[form].columns.values():
        assert f"[{unit}]" in text
    assert path.read_text().startswith("#") == FORMATS[form].commented


def test_the_connection_draws_site_power_less_own_generation_and_gives_what_is_sold():
    recording = recording_of({"a": Signal.constant(100.0, HOUR_S)}, HOUR_S, with_fleet=False)
    recording.signals["generation_mw"] = Signal.steps([0.0, 1800.0], [30.0, 150.0], HOUR_S)
    recording = replace(recording, facts=Facts.of({**recording.constants, "generation.export_limit_mw": 20.0}))
    recording.signals["price_usd_per_mwh"] = Signal.constant(50.0, HOUR_S)
    power = connection_mw(recording)
    assert power.at([0.0, 2000.0]).tolist() == [70.0, -20.0]


def test_nothing_is_written_over_and_nothing_is_left_half(tmp_path):
    (tmp_path / "p.csv.json").write_text("mine")
    profile = Profile.of(result_of())
    with pytest.raises(ResultError, match="cannot be written anew"):
        write_profile(profile, FORMATS["psse"], tmp_path / "p.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["p.csv.json"]
    with pytest.raises(ResultError, match="cannot be written anew"):
        write_profile(profile, FORMATS["1s"], Path(tmp_path / "absent" / "p.csv"))


@pytest.mark.parametrize("window", [(7200.0, None), (0.0, 7201.0), (10.0, 0.0)])
def test_a_window_must_lie_within_the_run(window):
    with pytest.raises(ValueError, match="must lie within the run of 7200 s"):
        Profile.of(result_of(), *window)


def test_vessim_reads_the_trace(tmp_path):
    vessim = pytest.importorskip("vessim", reason="vessim is not installed")
    profile, path, _ = written("vessim", tmp_path)
    trace = vessim.Trace.from_csv(path, column="connection")
    means = [trace.at(float(second)) for second in range(7200)]
    assert sum(means) / 1e6 == pytest.approx(profile.power_mw.integral(), rel=1e-12)
    assert trace.at(7200.0) == means[-1]
    assert vessim.Consumer("campus", trace).sample(10.0)[0] == -means[10]


def test_openg2g_reads_the_profile(tmp_path):
    load = pytest.importorskip("openg2g.grid.load", reason="openg2g is not installed")
    profile, path, _ = written("openg2g", tmp_path)
    read = load.CSVProfileLoad(path)
    times_s = np.arange(0.55, 7200.0, 10.0)  # beside the jumps, which take a millisecond in the file
    assert [read.power_kw(time_s) for time_s in times_s] == pytest.approx(1e3 * profile.power_mw.at(times_s))
