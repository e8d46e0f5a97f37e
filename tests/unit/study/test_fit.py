"""A record of a service turned into a generated one, and judged on what it was not fitted on."""

import json

import numpy as np
import pytest

from sim.cli import main
from sim.errors import InputError
from sim.scenario.load import load_scenario
from sim.study.fit import fit_service

STEP_S = 300.0
DAYS = 20


def record(seed=7, slow_sigma=0.2, slow_time_h=2.0):
    """Return a record with a course of the day, and a slow fluctuation besides."""
    draws = np.random.default_rng(seed)
    count = int(DAYS * 86_400 / STEP_S)
    hours = np.arange(count) * STEP_S / 3600.0
    decay = np.exp(-STEP_S / (slow_time_h * 3600.0))
    slow = np.zeros(count)
    for row in range(1, count):
        slow[row] = decay * slow[row - 1] + slow_sigma * np.sqrt(1 - decay**2) * draws.standard_normal()
    return (40.0 + 15.0 * np.sin(hours / 24.0 * 2 * np.pi)) * np.exp(
        slow + 0.03 * draws.standard_normal(count)
    )


def test_shape_and_both_noises_are_found():
    fit = fit_service("x.csv", 345_600.0, STEP_S, record())
    assert fit.peak == pytest.approx(56.0, rel=0.08)
    assert fit.hourly[6] > 1.8 * fit.hourly[18]
    assert fit.noises.slow_sigma == pytest.approx(0.2, rel=0.25)
    assert fit.noises.slow_time_s == pytest.approx(7200.0, rel=0.5)
    assert fit.noises.fast_sigma < 0.1


def test_a_short_record_says_what_it_cannot_tell():
    assert "tells no course of the day" in fit_service("x.csv", 0.0, 60.0, record()[:100]).warnings[0]
    with pytest.raises(InputError, match="must hold 48 values or more"):
        fit_service("x.csv", 0.0, 60.0, np.ones(10))


def test_the_command_writes_a_scenario_that_runs_and_how_it_was_judged(tmp_path):
    rows = "\n".join(f"{STEP_S * row:g},{value * 1000:.1f}" for row, value in enumerate(record()))
    (tmp_path / "trace.csv").write_text(f"time_s,power_kw\n{rows}\n")
    with pytest.raises(SystemExit) as ended:
        main(["fit", str(tmp_path / "trace.csv"), "--as", "inference", "--out", str(tmp_path / "fit")])
    assert ended.value.code == 0
    document = json.loads((tmp_path / "fit" / "fit.json").read_text())
    judged = document["judged"]
    assert abs(judged["energy_error_fraction"]) < 0.1
    assert judged["ks"] < 0.2
    assert judged["sd_about_shape_made"] == pytest.approx(judged["sd_about_shape_measured"], rel=0.4)
    assert judged["autocorrelation_1h_made"] == pytest.approx(judged["autocorrelation_1h_measured"], abs=0.25)
    load = load_scenario(tmp_path / "fit" / "scenario.yaml").loads[0]
    assert load.slow_noise_sigma == pytest.approx(document["noise"]["slow_sigma"], rel=1e-4)
    assert "default-src 'none'" in (tmp_path / "fit" / "fit.html").read_text()


def test_a_kind_that_is_not_fitted_is_refused(tmp_path):
    (tmp_path / "x.csv").write_text("time_s,power_mw\n0,1\n")
    with pytest.raises(SystemExit) as ended:
        main(["fit", str(tmp_path / "x.csv"), "--as", "weather", "--out", str(tmp_path / "o")])
    assert ended.value.code == 2


def test_a_sites_power_is_fitted_as_the_load_of_that_name_and_rates_are_refused(tmp_path, capsys):
    rows = "\n".join(f"{STEP_S * row:g},{value:.4f}" for row, value in enumerate(record()))
    (tmp_path / "site.csv").write_text(f"time_s,power_mw\n{rows}\n")
    (tmp_path / "rates.csv").write_text(f"time_s,requests_per_s\n{rows}\n")
    for name, code in (("site", 0), ("rates", 2)):
        with pytest.raises(SystemExit) as ended:
            main(["fit", str(tmp_path / f"{name}.csv"), "--as", "site", "--out", str(tmp_path / name)])
        assert ended.value.code == code
    assert load_scenario(tmp_path / "site" / "scenario.yaml").loads[0].name == "site"
    assert "no site's power" in capsys.readouterr().err
