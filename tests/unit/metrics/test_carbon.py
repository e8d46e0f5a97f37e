"""Emissions, hours matched by own generation, water; and the file of an intensity."""

import json

import pytest
from quick import run

from sim.cli import main
from sim.errors import InputError
from sim.testing import a_scenario

RAMPS = {"ramp_up_mw_per_s": 1e6, "ramp_down_mw_per_s": 1e6}
RAMPS = {"ramp_up_mw_per_s": 1e6, "ramp_down_mw_per_s": 1e6}
MINERS = {"name": "m", "type": "aggregate", "rated_mw": 10.0, "efficiency_j_per_th": 20.0, **RAMPS}


def site(tmp_path, carbon, **more):
    (tmp_path / "ai.csv").write_text("time_s,power_mw\n0,20\n")
    load = {"name": "ai", "type": "replay", "file": "ai.csv"}
    market, policy = {"carbon": carbon, **more}, {"type": "always-on"}
    rest = {"limit_mw": 100.0, "days": 1.0, "start": "2024-01-01T00:00:00Z", "policy": policy}
    return a_scenario(tmp_path, fleets=[MINERS], loads=[load], market=market, **rest)


def test_imports_emit_their_intensity_with_and_without_miners(tmp_path):
    metrics = run(site(tmp_path, {"carbon_g_per_kwh": 400.0})).metrics
    # 30 MW for 24 h at 0.4 t/MWh
    assert metrics["site_emissions_tco2"] == pytest.approx(288.0)
    assert metrics["site_emissions_tco2"].baseline == pytest.approx(192.0)
    assert metrics["ai_emissions_tco2"] == pytest.approx(192.0)
    assert metrics["fleet_emissions_tco2"] == pytest.approx(96.0)


def test_what_the_site_makes_itself_emits_nothing_and_matches_its_hours(tmp_path):
    rows = [f"2024-01-01T{hour:02d}:00:00Z,{60 if hour < 12 else 0}" for hour in range(24)]
    (tmp_path / "solar.csv").write_text("time_utc,generation_mw\n" + "\n".join(rows) + "\n")
    solar = {"type": "file", "file": "solar.csv"}
    metrics = run(site(tmp_path, {"carbon_g_per_kwh": 500.0}, generation=solar)).metrics
    assert metrics["site_emissions_tco2"] == pytest.approx(12 * 30 * 0.5)
    # twice the energy in half of the hours matches half of it
    assert metrics["hourly_matched_fraction"] == pytest.approx(0.5)


def test_an_intensity_from_a_file_is_read_in_its_own_unit(tmp_path, capsys):
    rows = [f"2024-01-01T{hour:02d}:00:00Z,{0.2 if hour < 12 else 0.6}" for hour in range(24)]
    (tmp_path / "grid.csv").write_text("time_utc,Intensity (t/MWh)\n" + "\n".join(rows) + "\n")
    named = {"file": "grid.csv", "intensity_column": "Intensity (t/MWh)"}
    with pytest.raises(InputError, match="t_per_mwh"):
        run(site(tmp_path, named))
    metrics = run(site(tmp_path, {**named, "unit": "t_per_mwh"})).metrics
    assert metrics["site_emissions_tco2"] == pytest.approx(30 * 12 * (0.2 + 0.6))
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(["data", str(tmp_path / "grid.csv"), "--as", "intensity", "--json"])
    assert ended.value.code == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["mean"], found["said"]["unit"]) == (pytest.approx(400.0), "t_per_mwh")


def test_one_number_or_one_file(tmp_path):
    for both in ({}, {"carbon_g_per_kwh": 1.0, "file": "x.csv"}):
        with pytest.raises(InputError, match="needs one of carbon_g_per_kwh, file; got"):
            site(tmp_path, both)


def test_water_goes_by_the_kind_of_cooling(tmp_path):
    (tmp_path / "it.csv").write_text("time_s,power_mw\n0,10\n")
    load = {"name": "it", "type": "replay", "file": "it.csv", "hall": "west"}
    racks = {"count": 100, "power_mw": 0.132}

    def water_m3(kind):
        hall = {"name": "west", "racks": racks, "cooling": {"type": kind}}
        scenario = a_scenario(tmp_path, loads=[load], halls=[hall], fleets=[], days=1.0)
        return run(scenario).metrics["ai.west.water_m3"]

    assert water_m3("air") == pytest.approx(240.0 * 1.8)
    assert water_m3("liquid") == 0.0
