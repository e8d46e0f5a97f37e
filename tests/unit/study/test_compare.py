import json

import numpy as np
import pytest
from pyarrow import parquet

from sim import load_scenario, run
from sim.errors import InputError, ResultError
from sim.metrics.base import COMPARED
from sim.study.compare import Until, Ways, compare
from sim.study.compared_run import against_foresight

T_2 = 4.302653  # Student's t, 2 degrees of freedom, 97.5 %
POLICIES = ["mining-off", "follow-headroom", "follow-headroom:margin_mw=20"]


def test_each_policy_meets_the_same_seeds_and_differences_are_paired(desk):
    found = compare(desk.scenario, POLICIES, 3).document()

    values = {
        policy: np.array([energy(desk, seed, *overrides) for seed in (7, 8, 9)])
        for policy, overrides in {
            "mining-off": ["policy.type=mining-off"],
            "follow-headroom": [],
            "follow-headroom:margin_mw=20": ["policy.margin_mw=20"],
        }.items()
    }
    assert found["seeds"] == [7, 8, 9]
    assert found["baseline"] == "mining-off"
    assert list(found["policies"]) == [*POLICIES, "as-shipped"]
    for policy, expected in values.items():
        figures = found["policies"][policy]["site_energy_mwh"]
        assert figures["mean"] == pytest.approx(expected.sum() / 3.0)
        spread = np.sqrt(((expected - expected.mean()) ** 2).sum() / 2.0)
        assert figures["half_width"] == pytest.approx(T_2 * spread / np.sqrt(3.0))
    difference = values["follow-headroom:margin_mw=20"] - values["mining-off"]
    figures = found["policies"]["follow-headroom:margin_mw=20"]["site_energy_mwh"]["difference"]
    assert figures["mean"] == pytest.approx(difference.mean())
    assert figures["half_width"] == pytest.approx(T_2 * difference.std(ddof=1) / np.sqrt(3.0))
    assert "difference" not in found["policies"]["mining-off"]["site_energy_mwh"]


def test_one_replication_has_no_interval(desk):
    figures = compare(desk.scenario, POLICIES[:2], 1).document()["policies"]["follow-headroom"]["site_peak_mw"]

    assert figures["half_width"] is None
    assert figures["difference"]["half_width"] is None
    assert figures["difference"]["mean"] is not None


def test_overrides_reach_every_policy(desk):
    found = compare(desk.scenario, ["always-on", "follow-headroom"], 2, overrides=["seed=100", "days=0.05"])

    assert found.seeds == (100, 101)
    assert found.values["always-on"]["site_mean_mw"][0] == pytest.approx(
        energy(desk, 100, "policy.type=always-on", "days=0.05") / 1.2
    )


def test_one_worker_and_two_write_the_same_bytes(desk, tmp_path):
    for workers in (1, 2):
        compare(desk.scenario, POLICIES, 3, ways=Ways(workers=workers)).write(tmp_path / str(workers))

    for name in ("compare.json", "compare.parquet"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_a_comparison_is_written_as_a_document_and_a_long_table(desk, tmp_path):
    found = compare(desk.scenario, POLICIES[:2], 2)
    folder = found.write(tmp_path / "new")

    document = json.loads((folder / "compare.json").read_text())
    assert document == found.document()
    assert document["metrics"]["site_peak_mw"]["unit"] == "MW"
    rows = parquet.read_table(folder / "compare.parquet").to_pylist()
    assert len(rows) == 3 * 2 * len(document["metrics"])
    means = [row["value"] for row in rows if row["policy"] == "mining-off" and row["metric"] == "site_mean_mw"]
    assert np.mean(means) == pytest.approx(document["policies"]["mining-off"]["site_mean_mw"]["mean"])
    with pytest.raises(ResultError, match="is there already"):
        found.write(folder)


def test_without_a_folder_it_goes_below_results_and_stays_there(desk, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = compare(desk.scenario, POLICIES[:2], 1)

    assert found.write() == found.write()
    assert found.write().parent.as_posix() == "results/noisy"


def test_runs_kept_in_a_folder_are_not_run_again(desk):
    compare(desk.scenario, POLICIES[:2], 2, folder=desk.out)
    before = {path: path.stat().st_mtime_ns for path in desk.out.glob("runs/??/*.json")}

    compare(desk.scenario, POLICIES, 3, folder=desk.out)

    after = {path: path.stat().st_mtime_ns for path in desk.out.glob("runs/??/*.json")}
    assert (len(before), len(after)) == (4, 9)
    assert before.items() <= after.items()


def test_a_wrong_policy_is_refused_before_anything_runs(desk):
    with pytest.raises(InputError) as caught:
        compare(desk.scenario, ["always-off", "follow-headroom:margin_mw=-2", "mining-off", "mining-off"], 2)

    found = str(caught.value).splitlines()
    assert len(found) == 3
    assert "mining-off policy: is named twice" in found[0]
    assert "unknown type 'always-off'" in found[1]
    assert "with policy follow-headroom:margin_mw=-2 policy.margin_mw: must be at least 0 MW" in found[2]


def test_no_policy_at_all_is_refused(desk):
    with pytest.raises(InputError, match="name one policy at least"):
        compare(desk.scenario, [], 2)


def energy(desk, seed, *overrides):
    scenario = load_scenario(desk.scenario, overrides=[f"seed={seed}", *overrides])
    return float(run(scenario).metrics["site_energy_mwh"])


def test_every_policy_is_set_against_no_miners_and_miners_that_nobody_controls(desk):
    found = compare(desk.scenario, ["follow-headroom"], 2, ways=Ways(references=True))
    document = found.document()

    assert list(document["policies"]) == ["follow-headroom", "as-shipped"]
    assert list(document["references"]) == ["mining-off", "always-on"]
    figures = document["policies"]["follow-headroom"]["site_energy_mwh"]
    for name in ("mining-off", "always-on"):
        difference = figures["mean"] - document["references"][name]["site_energy_mwh"]["mean"]
        assert figures[f"difference_to_{name.replace('-', '_')}"]["mean"] == pytest.approx(difference)


def test_the_limit_is_a_constraint_and_money_comes_second(desk):
    document = compare(desk.scenario, ["always-on", "follow-headroom:margin_mw=60", "mining-off"], 1).document()

    policies = document["policies"]
    assert {name: figures["feasible"] for name, figures in policies.items()} == {
        "always-on": False,
        "follow-headroom:margin_mw=60": True,
        "mining-off": True,
        "as-shipped": False,
    }
    assert [policies[name]["rank"] for name in policies] == [4, 1, 2, 3]
    assert policies["always-on"]["uplift_capture"]["mean"] is None
    assert "runs, for" in policies["always-on"]["broken"]
    # it would earn the most, at no price on the limit
    assert policies["always-on"]["objective_usd"]["mean"] > policies["mining-off"]["objective_usd"]["mean"]
    assert document["advice"] == ""


def test_where_no_policy_keeps_the_limit_it_says_what_would_mend_it(desk):
    advice = compare(desk.scenario, ["always-on", "follow-headroom"], 1).document()["advice"]

    assert advice.startswith("No policy keeps the limit. follow-headroom breaks it least")
    assert "a margin of" in advice
    assert "battery" in advice


def test_what_is_tolerated_is_not_broken(desk):
    given = ["interconnection.tolerance.above_ratio=1.5", "interconnection.tolerance.after_s=0"]
    found = compare(desk.scenario, ["follow-headroom"], 1, overrides=given).document()

    assert found["policies"]["follow-headroom"]["feasible"]


def test_a_warm_up_is_left_out_of_every_metric(desk):
    whole = compare(desk.scenario, ["mining-off"], 1)
    rest = compare(desk.scenario, ["mining-off"], 1, ways=Ways(warm_up_d=0.125))
    scenario = load_scenario(desk.scenario, overrides=["policy.type=mining-off"])
    recording = run(scenario).recording

    energy_mwh = recording["site_power_mw"].integral_between(0.125 * 86_400.0, recording.end_s) / 3600.0
    assert rest.values["mining-off"]["site_energy_mwh"][0] == pytest.approx(energy_mwh)
    assert rest.key != whole.key
    with pytest.raises(InputError, match="must be shorter than the run"):
        compare(desk.scenario, ["mining-off"], 1, ways=Ways(warm_up_d=0.25))


def test_replications_are_added_until_the_interval_is_narrow_or_there_are_enough(desk):
    policies = ["mining-off", "follow-headroom"]
    loose = compare(desk.scenario, policies, 2, ways=Ways(until=Until("site_energy_mwh", 1e9)))
    capped = compare(desk.scenario, policies, 2, ways=Ways(until=Until("site_energy_mwh", 1e-9, most=5)))

    assert len(loose.seeds) == 2
    assert len(capped.seeds) == 5
    with pytest.raises(InputError, match="no such metric"):
        compare(desk.scenario, policies, 2, ways=Ways(until=Until("site_energy", 1.0)))


def test_uplift_capture_is_one_at_the_bound_and_zero_where_the_limit_is_filled(desk):
    found = compare(desk.scenario, ["mining-off", "follow-headroom", "price-threshold"], 1)

    for policy in found.policies:
        values = {name: float(value[0]) for name, value in found.values[policy].items()}
        assert values["objective_usd"] <= values["bound_usd"]
        gain_usd = values["bound_usd"] - values["always_on_limited_usd"]
        if np.isfinite(values["uplift_capture"]):
            over_usd = values["objective_usd"] - values["always_on_limited_usd"]
            assert values["uplift_capture"] == pytest.approx(over_usd / gain_usd)
    assert found.values["mining-off"]["objective_usd"][0] == 0.0


def test_simultaneous_intervals_are_wider_and_bootstrap_ones_hold_the_mean(desk):
    document = compare(desk.scenario, POLICIES, 3).document()
    difference = document["policies"]["follow-headroom"]["objective_usd"]["difference"]

    assert difference["half_width_simultaneous"] > difference["half_width"]
    low, high = difference["bootstrap"]
    assert low <= difference["mean"] <= high
    assert document["pareto"]["policies"]["follow-headroom"]["non_dominated"] in {True, False}


COHORT = {"name": "miners", "type": "cohort", "model": "antminer-s21", "rated_mw": 60.0}


def test_no_policy_beats_the_bound_with_inertia(desk):
    policies, overrides = ["mining-off", "always-on", "follow-headroom"], [f"fleets={json.dumps([COHORT])}"]
    ways = Ways(bound="limited")
    found = compare(desk.scenario, policies, 2, overrides=overrides, ways=ways)

    bounds = found.values["mining-off"]["limited_bound_usd"]
    assert np.all(np.isfinite(bounds))
    for policy in policies:
        values = found.values[policy]
        assert values["limited_bound_usd"] == pytest.approx(bounds, rel=1e-12)
        assert np.all(values["objective_usd"] <= values["limited_bound_usd"])
        assert np.all(values["limited_bound_usd"] <= values["bound_usd"])
        share = values["objective_usd"] / values["limited_bound_usd"]
        assert values["limited_captured_fraction"] == pytest.approx(share)


def test_lines_make_up_the_gap_and_late_prices_have_their_own(desk):
    rows = [(900 * place, 20.0 if place % 3 else 400.0) for place in range(24)]
    prices = "\n".join(["t_s,price_usd_per_mwh", *(f"{time_s},{price}" for time_s, price in rows)])
    (desk.scenarios / "prices.csv").write_text(prices + "\n")
    power = {"type": "file", "file": "prices.csv", "time_column": "t_s", "publication_delay_s": 900.0}
    overrides = [f"fleets={json.dumps([COHORT])}", f"market.power={json.dumps(power)}"]
    found = compare(desk.scenario, ["price-threshold"], 1, overrides=overrides)
    values = {name: of[0] for name, of in found.values["price-threshold"].items()}
    lines = {name: usd for name, usd in values.items() if name.startswith("gap_")}
    assert sum(lines.values()) == pytest.approx(values["bound_usd"] - values["objective_usd"], abs=1e-3)
    # a quarter hour of mining at 400 in every three, and one at 20 that is missed: 60 MW at most
    assert lines["gap_late_price_usd"] > 0.5 * (values["bound_usd"] - values["objective_usd"])
    assert lines["gap_latency_usd"] > 0.0 <= lines["gap_standby_usd"]
    at_once = compare(
        desk.scenario, ["price-threshold"], 1, overrides=[*overrides, "market.power.publication_delay_s=0"]
    )
    assert at_once.values["price-threshold"]["gap_late_price_usd"][0] == 0.0


def test_without_a_bound_nothing_is_held_against_one(desk):
    values = compare(desk.scenario, ["always-on"], 1, ways=Ways(bound="none")).values["always-on"]
    assert np.isfinite(values["objective_usd"][0])
    for name in ("bound_usd", "uplift_capture", "gap_latency_usd", "limited_bound_usd"):
        assert np.isnan(values[name][0])


def test_the_bound_with_inertia_is_not_assessable_without_cohorts(desk):
    ways = Ways(bound="limited")
    values = compare(desk.scenario, ["follow-headroom"], 1, ways=ways).values["follow-headroom"]
    assert np.isnan(values["limited_bound_usd"][0])
    assert np.isnan(values["limited_captured_fraction"][0])


def test_what_inertia_takes_stands_between_the_two_bounds(desk):
    scenario = load_scenario(desk.scenario)
    result = run(scenario)
    free = against_foresight(result.recording, scenario, result.metrics, 0.0)
    limited = against_foresight(result.recording, scenario, result.metrics, 1000.0)

    assert free["limited_bound_usd"] == free["bound_usd"] == limited["bound_usd"]
    assert limited["limited_bound_usd"] == pytest.approx(free["bound_usd"] - 1000.0)
    assert limited["limited_captured_fraction"] > free["limited_captured_fraction"]
    assert set(free) == set(COMPARED)
