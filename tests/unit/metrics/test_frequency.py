"""What the site does to the grid's frequency, from a recording and from a scenario."""

import json
from math import isnan

import pytest
from pydantic import ValidationError
from quick import run

from sim.grid.frequency import GridModel, response
from sim.grid.spec import FrequencySpec
from sim.metrics import measure
from sim.metrics.frequency import CATALOGUE, grid_of
from sim.signals import Signal
from sim.testing import a_scenario

ERCOT = GridModel.preset("ercot")
NAMES = [metric.name for metric in CATALOGUE]


def constants(model):
    return {f"grid.frequency.{name}": value for name, value in model.numbers().items()}


def test_without_a_grid_nothing_is_known(record):
    metrics = measure(record({"a": [(0.0, 100.0), (1000.0, 50.0)]}))
    assert all(isnan(metrics[name]) for name in NAMES)


def test_the_site_s_step_moves_the_grid_as_a_step_does(record):
    load = Signal.steps([0.0, 1000.0], [700.0, 100.0], 3600.0)
    metrics = measure(record({"a": load}, constants=constants(ERCOT)))
    step = response([0.0, 1000.0, 1000.0, 3600.0], [700.0, 700.0, 100.0, 100.0], ERCOT)

    assert metrics["frequency_zenith_hz"] == step.zenith_hz == pytest.approx(60.0833, abs=1e-4)
    assert metrics["frequency_nadir_hz"] == 60.0
    assert metrics["frequency_rocof_hz_per_s"] == pytest.approx(step.rocof[0.5])
    assert metrics["frequency_rms_mhz"] == pytest.approx(step.rms_mhz)
    assert metrics["frequency_outside_36mhz_s"] == pytest.approx(2600.0, abs=1.0)
    assert metrics["frequency_cps1_points"] == pytest.approx(step.cps1_points)


def test_a_fleet_that_fills_a_dip_leaves_the_grid_alone_and_its_absence_does_not(record):
    dip = Signal.steps([0.0, 600.0, 630.0], [150.0, 70.0, 150.0], 3600.0)
    metrics = measure(record({"a": dip}, {"m": 150.0 - dip}, constants=constants(ERCOT)))

    assert metrics["frequency_zenith_hz"] == 60.0
    assert metrics["frequency_zenith_hz"].baseline > 60.01
    assert metrics["frequency_rms_mhz"] == 0.0


def test_a_scenario_that_names_a_grid_has_it_in_its_recording():
    scenario = a_scenario(days=0.02, grid={"frequency": {"preset": "ercot", "deadband_hz": 0.017}})

    result = run(scenario)

    assert grid_of(result.recording) == scenario.grid.frequency.model()
    assert 59.0 < result.metrics["frequency_nadir_hz"] <= 60.0


def test_a_preset_comes_with_agc_and_takes_replacements():
    model = FrequencySpec(preset="ercot", kinetic_mws=130_000.0).model()
    assert (model.kinetic_mws, model.agc_gain, model.cps1_epsilon_hz) == (130_000.0, 60.0, 0.030)
    assert FrequencySpec(preset="ercot", agc_time_s=0.0).model() == ERCOT


def test_a_grid_of_one_s_own_needs_energy_and_damping():
    own = {"kinetic_mws": 1800.0, "damping_mw_per_hz": 8.0, "nominal_hz": 50.0}
    governor = {"gain_mw_per_hz": 200.0, "servo_s": 0.2, "hp_fraction": 0.463, "reheat_s": 6.0}
    model = FrequencySpec.model_validate_json(json.dumps({**own, "governors": [governor]})).model()
    assert (model.nominal_hz, model.governors[0].reheat_s) == (50.0, 6.0)
    with pytest.raises(ValidationError, match="a grid needs a preset, or kinetic_mws and damping_mw_per_hz"):
        FrequencySpec(kinetic_mws=1800.0)


def test_an_unstable_grid_is_a_fault_of_the_scenario():
    with pytest.raises(ValidationError, match="the grid is unstable"):
        FrequencySpec(preset="western", agc_time_s=0.5)
