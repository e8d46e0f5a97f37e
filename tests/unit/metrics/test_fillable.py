from math import isnan

import numpy as np
import pytest

from sim.metrics import measure
from sim.metrics.fillable import LENGTHS_S, dip_fillings, fillings
from sim.signals import Signal, breakpoints


def test_a_fleet_fills_idle_power_up_to_its_rating(record):
    # idle 100 MW for half an hour, 30 MW for the other; a fleet of 60 MW draws 30 MW throughout
    recording = record({"a": Signal.steps([0.0, 1800.0], [100.0, 170.0], 3600.0)}, {"m": 30.0})
    metrics = measure(recording)
    assert metrics["fillable_energy_mwh"] == pytest.approx(30.0 + 15.0, rel=1e-12)
    assert metrics["fillable_soaked_fraction"] == pytest.approx(30.0 / 45.0, rel=1e-12)


def test_nothing_to_fill_is_no_share(record):
    assert isnan(measure(record({"a": 250.0}, {"m": 0.0}))["fillable_soaked_fraction"])


def test_what_is_drawn_above_the_limit_fills_nothing(record):
    recording = record({"a": 180.0}, {"m": 60.0})
    assert measure(recording)["fillable_soaked_fraction"] == pytest.approx(1.0, rel=1e-12)


def test_a_dip_adds_what_is_beyond_the_level_before_it(record):
    # 20 MW free before; 100 MW free for 360 s, of which a fleet of 60 MW can fill 40 more, and fills 10 more
    ai = Signal.steps([0.0, 600.0, 960.0], [180.0, 100.0, 180.0], 3600.0)
    recording = record({"a": ai}, {"m": 30.0})
    metrics = measure(recording)
    assert metrics["dip_fillable_energy_mwh"] == pytest.approx(40.0 * 0.1, rel=1e-12)
    assert metrics["dip_soaked_energy_mwh"] == pytest.approx(10.0 * 0.1, rel=1e-12)


def test_what_is_filled_has_a_static_part_a_slow_part_and_a_part_in_dips(record):
    # 20 MW are always free, 50 MW in the second half hour, and 100 MW in a dip of 360 s in the first
    ai = Signal.linear([0.0, 600.0, 600.0, 960.0, 960.0, 1800.0, 2100.0], [180.0, 180.0, 100.0, 100.0, 180.0,
                       180.0, 150.0], 3600.0)  # fmt: skip
    metrics = measure(record({"a": ai}, {"m": 30.0}))
    hours = 150.0 / 3600.0 + 1500.0 / 3600.0  # on the ramp of 300 s half counts
    expected = {
        "static_fillable_energy_mwh": 20.0,
        "static_soaked_energy_mwh": 20.0,
        "slow_fillable_energy_mwh": 30.0 * hours,
        "dip_fillable_energy_mwh": 40.0 * 0.1,
        "dip_soaked_energy_mwh": 10.0 * 0.1,
    }
    assert {name: metrics[name] for name in expected} == pytest.approx(expected, rel=1e-9)
    assert 0.0 < metrics["slow_soaked_energy_mwh"] < 10.0 * hours + 10.0 * 300.0 / 3600.0
    for kind in ("fillable", "soaked"):
        parts = sum(metrics[f"{cause}_{kind}_energy_mwh"] for cause in ("static", "slow", "dip"))
        whole = metrics["fillable_energy_mwh"] if kind == "fillable" else metrics["soaked_energy_mwh"]
        assert parts == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize(("fleet_mw", "soaked_mw"), [(10.0, 0.0), (60.0, 15.0)])
def test_in_a_dip_neither_the_static_part_nor_what_is_above_the_limit_counts_as_filled(record, fleet_mw, soaked_mw):
    # 20 MW free before, 35 MW for 360 s: 10 MW are static alone, of 60 MW 25 are above the limit
    ai = Signal.steps([0.0, 600.0, 960.0], [180.0, 165.0, 180.0], 3600.0)
    metrics = measure(record({"a": ai}, {"m": fleet_mw}))
    assert metrics["dip_fillable_energy_mwh"] == pytest.approx(15.0 * 0.1, rel=1e-12)
    assert metrics["dip_soaked_energy_mwh"] == pytest.approx(soaked_mw * 0.1, rel=1e-12, abs=1e-12)


def test_dips_are_told_apart_by_their_length(record):
    ai = Signal.steps([0.0, 600.0, 605.0, 1200.0, 1260.0], [180.0, 100.0, 180.0, 100.0, 180.0], 3600.0)
    fillings = dip_fillings(record({"a": ai}, {"m": 60.0}))
    assert [filling.dip_count for filling in fillings] == [1, 0, 1, 0]
    assert fillings[0].fillable_mwh == pytest.approx(40.0 * 5.0 / 3600.0, rel=1e-12)
    assert len(fillings) == len(LENGTHS_S)


def test_a_dip_across_two_parts_of_a_long_run_is_counted_whole(record, monkeypatch):
    times_s = np.arange(0.0, 3600.0, 10.0)
    levels_mw = np.where((times_s >= 600.0) & (times_s < 2400.0), 100.0 + times_s / 100.0, 180.0)
    recording = record({"a": Signal.steps(times_s, levels_mw, 3600.0)}, {"m": 60.0})
    whole = dip_fillings(recording)
    monkeypatch.setattr(breakpoints, "BLOCK", 16)
    monkeypatch.setattr("sim.signals.base.BLOCK", 16)
    in_parts = dip_fillings(recording)
    assert sum(filling.dip_count for filling in whole) == 1
    assert [filling.fillable_mwh for filling in in_parts] == pytest.approx(
        [filling.fillable_mwh for filling in whole], rel=1e-9
    )


def test_what_is_always_free_counts_in_all_parts_of_a_long_run(record, monkeypatch):
    ai = Signal.steps(np.arange(0.0, 3600.0, 10.0), np.tile([180.0, 170.0], 180), 3600.0)
    recording = record({"a": ai}, {"m": 0.0})
    for module in ("breakpoints", "base", "algebra"):
        monkeypatch.setattr(f"sim.signals.{module}.BLOCK", 16)
    assert len(recording["ai_power_mw"].spans_s()) > 1
    assert fillings(recording)["static"].fillable_mwh == pytest.approx(20.0, rel=1e-12)
