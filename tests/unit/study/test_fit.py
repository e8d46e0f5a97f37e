"""A record of a service turned into a generated one, and judged on what it was not fitted on."""

import html
import json
import re

import numpy as np
import pytest

from sim.cli import main
from sim.errors import InputError
from sim.scenario.load import load_scenario
from sim.study.fit import fit_fleet, fit_service
from sim.study.fit_training import fit_training

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
    return (40.0 + 15.0 * np.sin(hours / 24.0 * 2 * np.pi)) * np.exp(slow + 0.03 * draws.standard_normal(count))


def test_shape_and_both_noises_are_found():
    fit = fit_service("x.csv", 345_600.0, STEP_S, record())
    assert fit["peak"] == pytest.approx(56.0, rel=0.08)
    assert fit["hourly"][6] > 1.8 * fit["hourly"][18]
    assert fit["noises"].slow_sigma == pytest.approx(0.2, rel=0.25)
    assert fit["noises"].slow_time_s == pytest.approx(7200.0, rel=0.5)
    assert fit["noises"].fast_sigma < 0.1


def test_a_short_record_says_what_it_cannot_tell():
    assert "tells no course of the day" in fit_service("x.csv", 0.0, 60.0, record()[:100])["warnings"][0]
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
    page = html.unescape((tmp_path / "fit" / "fit.html").read_text())
    assert "default-src 'none'" in page
    assert "trace.csv, fitted as inference" in page
    assert page.count("<svg") == 4  # two charts, for a screen and for a telephone
    (row,) = re.findall(r"<code>p95</code></th>(.*?)</tr>", page)
    shown = [float(number.replace(",", "")) for number in re.findall(r">([\d.,]+)<", row)]
    assert shown == pytest.approx([judged["p95_measured"], judged["p95_made"]], rel=1e-3)


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


def fitted(tmp_path, text, kind, name="trace.csv"):
    (tmp_path / name).write_text(text)
    with pytest.raises(SystemExit) as ended:
        main(["fit", str(tmp_path / name), "--as", kind, "--out", str(tmp_path / kind)])
    return ended.value.code


def job(hours=12.0, step_s=1.0, seed=3):
    """Return a job's power: stalls of 20 s in 10 min, a restart of 15 min in 2 h, edges of 4 s."""
    draws = np.random.default_rng(seed)
    goal = np.full(int(hours * 3600 / step_s), 10.0)
    for start in range(600, goal.size, 600):
        goal[start : start + 20] = 5.0
    for start in range(3930, goal.size, 7200):
        goal[start : start + 900] = 3.0
    risen = np.empty(goal.size)
    risen[0] = goal[0]
    for row in range(1, goal.size):
        risen[row] = min(goal[row], risen[row - 1] + 1.25)
    return risen + draws.normal(0.0, 0.05, goal.size)


def test_levels_stalls_restarts_and_edges_of_a_job_are_found():
    found = fit_training("x.csv", 1.0, job())
    assert found["compute"] == pytest.approx(10.0, rel=0.01)
    assert found["stall_median_s"] == pytest.approx(21.0, abs=2.0)
    assert found["stall_fraction"] == pytest.approx(0.5, abs=0.01)
    assert found["interval_min"] == pytest.approx(10.0, rel=0.06)
    assert (found["restart_count"], found["down_fraction"]) == (6, pytest.approx(0.3, abs=0.01))
    assert found["restart_mean_min"] == pytest.approx(15.0, rel=0.01)
    assert found["failures_per_job_hour"] == pytest.approx(6 / 10.1, rel=0.05)
    assert found["snap_back_s"] == pytest.approx(4.0, abs=1.5)
    assert found["fall_s"] <= 2.0


def test_a_job_that_is_fitted_runs_and_draws_what_the_half_held_back_drew(tmp_path):
    rows = "\n".join(f"{row},{value * 1000:.1f}" for row, value in enumerate(job()))
    assert fitted(tmp_path, f"time_s,power_kw\n{rows}\n", "training") == 0
    document = json.loads((tmp_path / "training" / "fit.json").read_text())
    judged = document["judged"]
    assert abs(judged["energy_error_fraction"]) < 0.06
    assert judged["dip_count_made"] == pytest.approx(judged["dip_count_measured"], rel=0.15)
    load = load_scenario(tmp_path / "training" / "scenario.yaml").loads[0]
    assert load.failures.per_job_hour == pytest.approx(document["failures_per_job_hour"], rel=1e-4)
    assert load.levels_mw()["stall"] == pytest.approx(5.0, rel=0.01)


def test_a_record_that_no_job_makes_is_refused_by_its_own_name(tmp_path, capsys):
    power = 40.0 + 6.0 * np.sin(np.arange(2016) / 288.0 * 2.0 * np.pi)
    power[::97] -= 20.0
    rows = "\n".join(f"{300 * row},{value:.4f}" for row, value in enumerate(power))
    assert fitted(tmp_path, f"time_s,power_mw\n{rows}\n", "training") == 2
    said = capsys.readouterr().err
    assert "none of this kind makes such a record: loads.0.snap_back_s: must be at most 3600 s" in said
    assert "partial" not in said


def test_a_record_without_stalls_says_so_and_one_of_one_level_is_refused():
    calm = np.repeat([1.0, 10.0, 1.0], [50, 500, 50]) + np.tile([0.0, 0.01], 300)
    assert "0 stalls" in fit_training("x.csv", 1.0, calm)["warnings"][0]
    assert "every 5 s" in fit_training("x.csv", 5.0, calm)["warnings"][0]
    with pytest.raises(InputError, match="one level alone"):
        fit_training("x.csv", 1.0, 10.0 + np.tile([0.0, 0.01], 300))


def test_the_next_checkpoint_is_due_an_interval_after_the_last_one_began():
    # 160 s of computing, 40 s of stall; the record ends 50 s into computing, and 20 s at rest
    values = np.concatenate([np.tile(np.repeat([2.0, 1.0], [160, 40]), 10), np.full(50, 2.0), np.full(20, 1.0)])
    found = fit_training("x.csv", 1.0, values)
    assert found["interval_min"] == pytest.approx(200.0 / 60.0)
    assert found["first_min"] == pytest.approx((200.0 - 40.0 - 50.0 - 20.0) / 60.0)


def test_a_pause_of_five_minutes_is_a_stall_and_a_longer_one_a_restart():
    for pause_s, counts in ((300, (2, 0)), (301, (0, 2))):
        found = fit_training("x.csv", 1.0, np.tile(np.repeat([2.0, 1.0], [600, pause_s]), 3))
        assert (found["stall_count"], found["restart_count"]) == counts


def test_lengths_of_stalls_and_restarts_spread_by_their_ratios():
    pauses = np.array([4, 8, 4, 8, 400, 800])
    lengths = np.ravel(np.column_stack([np.full(6, 1000), pauses]))
    values = np.append(np.repeat(np.tile([2.0, 1.0], 6), lengths), np.full(1000, 2.0))
    found = fit_training("x.csv", 1.0, values)
    assert found["stall_median_s"] == pytest.approx(32.0**0.5)
    assert found["stall_sigma"] == pytest.approx(np.log(2.0) / 3.0**0.5)
    assert found["restart_sigma"] == pytest.approx(np.log(2.0) / 2.0**0.5)


def followed(seconds=14_400, latency_s=6, seed=4):
    """Return set-points and the power that follows them: 4 MW/s down, 0.5 up, 4 % of 80 MW do not obey."""
    draws = np.random.default_rng(seed)
    goals = draws.choice([0.0, 20.0, 50.0, 80.0], seconds // 450)
    target = np.repeat(goals, 450)
    power = target.copy()
    for row in range(1, target.size):
        goal = max(target[max(row - latency_s, 0)], 3.2)
        power[row] = power[row - 1] + np.clip(goal - power[row - 1], -4.0, 0.5)
    return target, np.maximum(power + draws.normal(0.0, 0.05, target.size), 0.0)


def test_latency_ramps_and_what_does_not_obey_are_found():
    found = fit_fleet("x.csv", 1.0, *followed())
    assert found["latency_s"] == pytest.approx(6.0, abs=1.0)
    assert found["ramp_down_per_s"] == pytest.approx(4.0, rel=0.1)
    assert found["ramp_up_per_s"] == pytest.approx(0.5, rel=0.05)
    assert found["disobeying_fraction"] == pytest.approx(0.04, abs=0.01)
    with pytest.raises(InputError, match="no step down"):
        fit_fleet("x.csv", 1.0, np.ones(100), np.ones(100))


def test_a_restart_is_told_by_rises_from_rest_and_what_disobeys_by_falls_to_it():
    target = np.repeat([10.0, 0.0, 10.0, 6.0, 10.0], 100)
    times_s = [102, 112, 205, 225, 302, 306, 402, 406]
    power = np.interp(np.arange(500.0), times_s, [10, 1, 1, 10, 10, 6, 6, 10])
    for step_s in (1.0, 2.0):
        found = fit_fleet("x.csv", step_s, target, power)
        assert found["restart_s"] == pytest.approx(24.0 * step_s, abs=step_s)  # 95 % of 20 s, begun after 5 s
        assert found["disobeying_fraction"] == pytest.approx(0.1)
        assert found["ramp_down_per_s"] == pytest.approx(0.95 / step_s, abs=0.2 / step_s)


def test_what_disobeys_is_a_share_of_what_was_asked_for():
    # of a fall from 10 to 2 a tenth, 0.8, is not done
    power = np.interp(np.arange(300.0), [102, 110, 202, 210], [10.0, 2.8, 2.8, 10.0])
    found = fit_fleet("x.csv", 1.0, np.repeat([10.0, 2.0, 10.0], 100), power)
    assert found["disobeying_fraction"] == pytest.approx(0.1)
    assert found["restart_s"] is None


def test_a_fleet_that_is_fitted_follows_the_set_points_held_back(tmp_path):
    rows = "\n".join(
        f"{row},{target * 1000:.0f},{power * 1000:.0f}"
        for row, (target, power) in enumerate(zip(*followed(), strict=True))
    )
    assert fitted(tmp_path, f"time_s,Setpoint (kW),Fleet power (kW)\n{rows}\n", "fleet") == 0
    judged = json.loads((tmp_path / "fleet" / "fit.json").read_text())["judged"]
    assert abs(judged["energy_error_fraction"]) < 0.01
    fleet = load_scenario(tmp_path / "fleet" / "scenario.yaml").fleets[0]
    assert fleet.latency_s == pytest.approx(6.0, abs=1.0)


def test_a_fleet_needs_its_set_points(tmp_path, capsys):
    rows = "\n".join(f"{row},{power:.3f}" for row, power in enumerate(followed()[1]))
    assert fitted(tmp_path, f"time_s,power_mw\n{rows}\n", "fleet") == 2
    assert "setpoint_mw" in capsys.readouterr().err


def test_a_record_that_begins_late_is_fitted(tmp_path):
    rows = "\n".join(f"{5 + STEP_S * row:g},{value:.3f}" for row, value in enumerate(record()))
    assert fitted(tmp_path, f"t_s,power_mw\n{rows}\n", "site") == 0


def test_what_a_fit_rests_on_and_no_file_tells_is_said(tmp_path):
    rows = "\n".join(
        f"{row},{target / 0.8:.0f},{target:.2f},{power:.2f},{'Bad' if 900 < row < 960 else 'Good'}"
        for row, (target, power) in enumerate(zip(*followed(), strict=True))
    )
    assert fitted(tmp_path, f"time_s,Target %,Setpoint,Power,Quality\n{rows}\n", "fleet") == 0
    document = json.loads((tmp_path / "fleet" / "fit.json").read_text())
    assert abs(document["judged"]["energy_error_fraction"]) < 0.01  # the set-point is not the percent
    said = " ".join(document["warnings"])
    assert "where: {'Quality': 'Good'} is a guess" in said
    assert "no unit is told of column 'Power': it is taken for MW" in said
    assert "59 s in 1 holes have no good row" in said


def test_columns_and_zone_of_a_record_may_be_said(tmp_path):
    start = np.datetime64("2024-11-02T05:00")
    stamps = [str(start + np.timedelta64(5 * row, "m")).replace("T", " ") for row in range(3000)]
    rows = "\n".join(f"{stamp},{value:.3f}" for stamp, value in zip(stamps, record(), strict=False))
    (tmp_path / "trace.csv").write_text(f"Zeit,Leistung\n{rows}\n")
    said = ["time_column=Zeit", "power_column=Leistung", "unit=mw", "time_zone=Etc/GMT+6"]
    with pytest.raises(SystemExit) as ended:
        main(["fit", str(tmp_path / "trace.csv"), "--as", "site", "--out", str(tmp_path / "o"),
              *(word for one in said for word in ("--set", one))])  # fmt: skip
    assert ended.value.code == 0
    warnings = json.loads((tmp_path / "o" / "fit.json").read_text())["warnings"]
    assert not any("guess" in warning or "unit" in warning for warning in warnings)
