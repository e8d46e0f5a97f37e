from itertools import pairwise

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from sim.ai import AnyLoad, InferenceLoad, demand_path
from sim.errors import InputError
from sim.tables import Files

MONDAY_S = 4 * 86_400.0  # 5 January 1970, 00:00 UTC
WEEK_S = 7 * 86_400.0


def a_service(**keys):
    return InferenceLoad(type="inference", name="chat", power_mw=100.0, **keys)


@pytest.fixture
def write(tmp_path):
    def write_week(values, hours=range(168)):
        rows = [f"{hour},{value}" for hour, value in zip(hours, values, strict=True)]
        (tmp_path / "week.csv").write_text("\n".join(["hour_of_week_utc,requests", *rows]) + "\n")
        return Files([tmp_path])

    return write_week


FROM_FILE = {"profile": "file", "profile_file": "week.csv", "profile_column": "requests"}


def test_flat_demand_without_noise_draws_the_stated_power(run_load):
    seen = run_load(a_service(profile="flat", noise_sigma=0.0, pue=1.5), 150.0)

    assert seen.power == [(0.0, 150.0, 0.0), (60.0, 150.0, 0.0), (120.0, 150.0, 0.0)]
    assert seen.events == []


def test_power_is_a_line_in_demand(run_load, write):
    """Demand falls from its peak to 0 within an hour, 2 h apart: half an hour later it is half the peak."""
    files = write([1000] + [0] * 167)
    service = a_service(
        **FROM_FILE, noise_sigma=0.0, idle_power_fraction=0.2, pue=1.0, update_interval_s=1800.0
    )

    seen = run_load(service, 9000.0, files=files, start_utc_s=MONDAY_S)

    levels = [power_mw for _, power_mw in seen.levels()]
    assert levels == pytest.approx([60.0, 100.0, 60.0, 20.0, 20.0])


def test_power_moves_in_a_line_from_update_to_update(run_load):
    seen = run_load(a_service(), 86_400.0)

    assert len(seen.power) == 1440
    assert len({power_mw for _, power_mw, _ in seen.power}) > 1400
    for (_, before_mw, slope), (_, power_mw, _) in pairwise(seen.power):
        assert before_mw + 60.0 * slope == pytest.approx(power_mw, rel=1e-12)


@pytest.mark.parametrize("profile", ["azure-conversation", "azure-code"])
def test_energy_of_a_week_follows_from_the_profile(run_load, profile):
    service = a_service(profile=profile, noise_sigma=0.0, idle_power_fraction=0.3, pue=1.2)

    seen = run_load(service, WEEK_S)

    power_mw = np.array([power_mw for _, power_mw in seen.levels()])
    mean_ratio = service.hourly_ratio(Files([])).mean()
    assert power_mw.mean() == pytest.approx(120.0 * (0.3 + 0.7 * mean_ratio), rel=1e-9)
    assert power_mw.max() == pytest.approx(120.0)


def test_noise_leaves_the_mean_and_has_its_spread_and_memory(run_load):
    service = a_service(profile="flat", noise_sigma=0.3, idle_power_fraction=0.0, pue=1.0, capacity_ratio=9.0)

    seen = run_load(service, 60 * 86_400.0)

    demand = np.array([power_mw for _, power_mw in seen.levels()]) / 100.0
    log_demand = np.log(demand)
    assert demand.mean() == pytest.approx(1.0, abs=0.017)  # 3 standard errors, of 2,880 independent spans
    assert log_demand.std() == pytest.approx(0.3, rel=0.04)
    assert np.corrcoef(log_demand[:-15], log_demand[15:])[0, 1] == pytest.approx(np.exp(-1.0), abs=0.04)


def test_start_is_a_draw_from_the_long_run(run_load):
    service = a_service(profile="flat", noise_sigma=0.1, idle_power_fraction=0.0, pue=1.0)

    starts = [run_load(service, 1.0, seed=seed).power[0][1] for seed in range(400)]

    assert np.std(np.log(starts)) == pytest.approx(0.1, rel=0.11)  # 3 standard errors


def test_demand_above_capacity_draws_no_more_and_is_logged_once_each_time(run_load):
    service = a_service(profile="flat", noise_sigma=0.3, capacity_ratio=1.2, idle_power_fraction=0.0, pue=1.0)

    seen = run_load(service, 5 * 86_400.0)

    powers_mw = [power_mw for _, power_mw in seen.levels()]
    full = [power_mw == 120.0 for power_mw in powers_mw]
    onsets = [i * 60.0 for i in range(1, len(full)) if full[i] and not full[i - 1]]
    assert max(powers_mw) == 120.0
    assert [time_s for time_s, _ in seen.of("saturated")] == onsets
    assert len(onsets) > 10
    assert all(ratio > 1.2 for _, ratio in seen.of("saturated"))


def test_draws_do_not_depend_on_the_size_of_blocks(run_load, monkeypatch):
    before = [power_mw for _, power_mw in run_load(a_service(), 86_400.0).levels()]
    monkeypatch.setattr(demand_path, "BLOCK_SIZE", 7)

    after = [power_mw for _, power_mw in run_load(a_service(), 86_400.0).levels()]
    assert after == pytest.approx(before, rel=1e-12)


def test_same_seed_gives_the_same_run_and_another_seed_another(run_load):
    assert run_load(a_service(), 3600.0) == run_load(a_service(), 3600.0)
    assert run_load(a_service(), 3600.0) != run_load(a_service(), 3600.0, seed=2)


def test_a_week_of_another_length_is_refused(write):
    files = write([1] * 24, hours=range(24))

    with pytest.raises(InputError, match=r"week.csv.*hour_of_week_utc.*167.*24 rows from 0 to 23"):
        a_service(**FROM_FILE).check(files, 0.0, 1.0)


@pytest.mark.parametrize(("values", "got"), [([0] * 168, "0 to 0"), ([-2] + [5] * 167, "-2 to 5")])
def test_a_week_without_demand_or_with_less_is_refused(write, values, got):
    with pytest.raises(InputError, match=f"'requests'.*got {got}"):
        a_service(**FROM_FILE).check(write(values), 0.0, 1.0)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"profile": "file"}, "needs profile_file and profile_column"),
        ({"profile": "file", "profile_file": "week.csv"}, "needs profile_file and profile_column"),
        ({"profile_file": "week.csv", "profile_column": "requests"}, "got profile 'azure-conversation'"),
        ({"capacity_ratio": 0.9}, "greater than or equal to 1"),
        ({"update_interval_s": 0.5}, "greater than or equal to 1"),
    ],
)
def test_wrong_values_are_refused(keys, message):
    with pytest.raises(ValidationError, match=message):
        a_service(**keys)


@pytest.mark.parametrize(
    "keys",
    [
        {"type": "replay", "file": "trace.csv"},
        {"type": "training", "gpus": 8, "power_mw": 1},
        {"type": "inference", "power_mw": 1, **FROM_FILE},
    ],
)
def test_a_load_is_told_by_its_type_and_survives_being_written_out(keys):
    adapter = TypeAdapter(AnyLoad)

    load = adapter.validate_python({"name": "a", **keys})

    assert load.type == keys["type"]
    assert adapter.validate_json(adapter.dump_json(load)) == load
