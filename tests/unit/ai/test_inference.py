from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from sim.ai import AnyLoad, InferenceLoad, demand_path
from sim.errors import InputError
from sim.span import Span
from sim.tables import Files

MONDAY_S = 4 * 86_400.0  # 5 January 1970, 00:00 UTC
WEEK_S = 7 * 86_400.0


RATES = {"profile": "rates", "rates": {"file": "rates.csv"}}
REQUESTS = {"profile": "requests", "requests": {"file": "requests.csv"}}
QUIET = {"noise_sigma": 0.0, "pue": 1.0}


def a_service(**keys):
    return InferenceLoad(**{"type": "inference", "name": "chat", "power_mw": 100.0} | keys)


def a_replicated(**keys):
    """Return ten replicas of a 70B model on four H100 each."""
    replicas = {"gpus": 40} | keys.pop("replicas", {})
    return a_service(**{"power_mw": None, "replicas": replicas} | keys)


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
    service = a_service(**FROM_FILE, noise_sigma=0.0, idle_power_fraction=0.2, pue=1.0, update_interval_s=1800.0)

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
        a_service(**FROM_FILE).check(Span(files, 0.0, 1.0))


@pytest.mark.parametrize(("values", "got"), [([0] * 168, "0 to 0"), ([-2] + [5] * 167, "-2 to 5")])
def test_a_week_without_demand_or_with_less_is_refused(write, values, got):
    with pytest.raises(InputError, match=f"'requests'.*got {got}"):
        a_service(**FROM_FILE).check(Span(write(values), 0.0, 1.0))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"profile": "file"}, "needs profile_file and profile_column"),
        ({"profile": "file", "profile_file": "week.csv"}, "needs profile_file and profile_column"),
        ({"profile_file": "week.csv", "profile_column": "requests"}, "got profile 'azure-conversation'"),
        ({"capacity_ratio": 0.9}, "greater than or equal to 1"),
        ({"update_interval_s": 0.5}, "greater than or equal to 1"),
        ({"replicas": {"gpus": 8}}, "needs one of power_mw, replicas"),
        ({"power_mw": None}, "needs one of power_mw, replicas"),
        ({"traffic": {}}, "traffic needs peak_requests_per_s"),
        ({"time_zone": "America/Chikago"}, "zone of the IANA data base.*America/Chikago"),
        ({"time_zone": "../../etc/passwd"}, "string_pattern_mismatch"),
        ({"profile": "rates"}, "rates and profile 'rates' go together"),
        ({"requests": {"file": "a.csv"}}, "requests and profile 'requests' go together"),
        ({**RATES, "time_zone": "UTC"}, "time_zone goes with a weekly profile"),
        ({**REQUESTS, "adoption": {"midpoint_d": 1.0}}, "do not go with profile 'requests'"),
        ({"launches": {"lowest_ratio": 3.0}}, "lowest_ratio is 3; must not be above highest_ratio, 2"),
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
        {
            "type": "inference",
            "replicas": {"gpus": 8},
            "adoption": {"midpoint_d": 3},
            "launches": {},
            **RATES,
        },
    ],
)
def test_a_load_is_told_by_its_type_and_survives_being_written_out(keys):
    adapter = TypeAdapter(AnyLoad)

    load = adapter.validate_python({"name": "a", **keys})

    assert load.type == keys["type"]
    assert adapter.validate_json(adapter.dump_json(load)) == load


@pytest.mark.parametrize(
    ("start", "shift_h"),
    [
        (datetime(2024, 5, 13, tzinfo=UTC), 0),  # the week in which the profile was measured
        (datetime(2024, 1, 15, tzinfo=UTC), 1),  # clocks show an hour less, so users come an hour later
    ],
)
def test_demand_in_local_time_moves_with_the_clocks(run_load, start, shift_h):
    keys = {**QUIET, "update_interval_s": 3600.0, "profile": "azure-code", "idle_power_fraction": 0.0}
    day_s = 2 * 86_400.0

    utc = run_load(a_service(**keys), day_s, start_utc_s=start.timestamp() - 3600.0 * shift_h)
    local = run_load(a_service(**keys, time_zone="America/Chicago"), day_s, start_utc_s=start.timestamp())

    assert [mw for _, mw in local.levels()] == pytest.approx([mw for _, mw in utc.levels()])


def test_demand_in_local_time_jumps_when_the_clocks_change(run_load):
    """10 March 2024 in Chicago: at 08:00 UTC the clocks go from 02:00 to 03:00."""
    keys = {**QUIET, "update_interval_s": 3600.0, "idle_power_fraction": 0.0, "profile_utc_offset_h": 0.0}
    service = a_service(**keys, time_zone="America/Chicago")
    start_s = datetime(2024, 3, 10, 6, 30, tzinfo=UTC).timestamp()
    hourly = service.hourly_ratio(Files([]))

    seen = run_load(service, 4 * 3600.0, start_utc_s=start_s)

    sunday = 6 * 24
    assert [mw for _, mw in seen.levels()] == pytest.approx([100.0 * hourly[sunday + hour] for hour in (0, 1, 3, 4)])


def test_another_home_of_the_profile_shifts_it(run_load):
    """A file whose hours are local ones already: its hour 12 is noon on the zone's clocks."""
    keys = {**QUIET, "update_interval_s": 3600.0, "idle_power_fraction": 0.0}
    tokyo = a_service(**keys, time_zone="Asia/Tokyo", profile_utc_offset_h=0.0)

    there = run_load(tokyo, 86_400.0, start_utc_s=MONDAY_S - 9 * 3600.0)
    utc = run_load(a_service(**keys), 86_400.0, start_utc_s=MONDAY_S)

    assert there.levels() == utc.levels()


def test_straight_line_states_what_it_served(run_load):
    service = a_service(**QUIET, profile="flat", traffic={"peak_requests_per_s": 10.0, "dispersion_ratio": 1.0})

    seen = run_load(service, 86_430.0)  # the last update is cut short

    assert seen.constants["served_query_count"] == pytest.approx(864_300.0, rel=0.004)  # 4 standard errors
    assert seen.constants["served_token_count"] == pytest.approx(211.0 * seen.constants["served_query_count"])
    assert seen.constants["utilisation_mean_fraction"] == pytest.approx(0.8, rel=0.004)
    assert seen.constants["unserved_fraction"] == 0.0


def test_straight_line_without_traffic_states_no_queries(run_load):
    seen = run_load(a_service(**QUIET, profile="flat"), 86_430.0)

    assert seen.constants == pytest.approx({"unserved_fraction": 0.0, "utilisation_mean_fraction": 0.8})


def test_demand_turned_away_is_counted(run_load):
    service = a_service(profile="flat", noise_sigma=0.3, capacity_ratio=1.0)

    seen = run_load(service, 30 * 86_400.0)

    # a lognormal of mean 1 and sigma 0.3 exceeds 1 by 0.1192 on average (Black and Scholes)
    assert seen.constants["unserved_fraction"] == pytest.approx(0.1192, abs=0.01)


def test_noise_of_single_users_has_its_dispersion_and_leaves_the_mean(run_load):
    traffic = {"peak_requests_per_s": 5.0, "dispersion_ratio": 12.0}
    service = a_service(**QUIET, profile="flat", idle_power_fraction=0.0, traffic=traffic)

    seen = run_load(service, 60 * 86_400.0)

    counts = np.array([power_mw for _, power_mw in seen.levels()]) / 100.0 * 300.0
    assert counts == pytest.approx(counts.round())
    assert counts[:1000].mean() == pytest.approx(300.0, rel=0.02)
    clipped = counts[counts < 375.0]  # the capacity
    assert clipped.size < counts.size
    assert counts.size == 60 * 1440


def test_a_large_client_adds_noise_that_traffic_does_not_shrink(run_load):
    traffic = {"peak_requests_per_s": 1e6, "top_client_fraction": 0.5, "top_client_sigma": 0.2}
    keys = {**QUIET, "profile": "flat", "idle_power_fraction": 0.0, "capacity_ratio": 9.0}

    seen = run_load(a_service(**keys, traffic=traffic), 30 * 86_400.0)

    powers_mw = np.array([power_mw for _, power_mw in seen.levels()])
    assert powers_mw.std() / powers_mw.mean() == pytest.approx(0.1, rel=0.03)


def test_adoption_multiplies_demand(run_load):
    keys = {**QUIET, "profile": "flat", "idle_power_fraction": 0.0, "update_interval_s": 3600.0}

    seen = run_load(a_service(**keys, adoption={"midpoint_d": 2.0, "width_d": 1.0}), 5 * 86_400.0)

    levels = dict(seen.levels())
    assert levels[0.0] == pytest.approx(100.0 / (1.0 + np.exp(2.0)))
    assert levels[2 * 86_400.0] == pytest.approx(50.0)
    assert levels[3 * 86_400.0] == pytest.approx(73.106, rel=1e-5)


def test_launches_jump_and_decay(run_load):
    keys = {**QUIET, "profile": "flat", "idle_power_fraction": 0.0, "capacity_ratio": 100.0}
    launches = {"mean_interval_d": 20.0, "lowest_ratio": 1.5, "highest_ratio": 1.5, "decay_d": 2.0}
    service = a_service(**keys, launches=launches, update_interval_s=600.0)

    seen = run_load(service, 3650 * 86_400.0)

    demand = np.array([power_mw for _, power_mw in seen.levels()]) / 100.0
    jumps = np.flatnonzero(np.diff(demand) > 0.3)
    assert jumps.size == pytest.approx(3650 / 20, rel=0.25)  # 3 standard errors, of a Poisson count
    assert demand.mean() == pytest.approx(1.0 + 0.5 * 2.0 / 20.0, rel=0.02)  # shot noise (Campbell)
    assert demand.min() >= 1.0


def test_replicas_are_sized_by_the_capacity_ratio(run_load):
    service = a_replicated(**QUIET, profile="flat", capacity_ratio=2.0)

    seen = run_load(service, 10 * 86_400.0)

    assert seen.constants["utilisation_mean_fraction"] == pytest.approx(0.5, rel=0.01)
    assert seen.constants["replica_mean_count"] == pytest.approx(10.0)


def test_power_of_replicas_stays_between_idle_and_full(run_load):
    service = a_replicated(pue=1.3, traffic={"peak_requests_per_s": 200.0})

    seen = run_load(service, 7 * 86_400.0)

    powers_mw = [power_mw for _, power_mw in seen.levels()]
    assert max(powers_mw) == pytest.approx(service.replicas.rated_mw * 1.3)
    assert min(powers_mw) > 10 * service.replicas.power.resident_w * 1.3e-6
    assert seen.constants["unserved_fraction"] > 0.0
    assert len(seen.of("backlog")) > 1


def test_rates_of_a_file_are_joined_by_lines_and_repeated(run_load, tmp_path):
    (tmp_path / "rates.csv").write_text("t_s,rate_rps\n0,10\n600,20\n1200,0\n")
    keys = {**QUIET, "idle_power_fraction": 0.0, "update_interval_s": 300.0}
    rates = {"profile": "rates", "rates": {"file": "rates.csv", "repeats": True}}

    seen = run_load(a_service(**keys, **rates), 2400.0, files=Files([tmp_path]))

    # 20 requests in a second are demand 1; the record is 1,800 s long; counts are drawn only with traffic
    assert [mw for _, mw in seen.levels()] == pytest.approx([50, 75, 100, 50, 0, 25, 50, 75])
    assert seen.constants["served_query_count"] == pytest.approx(300.0 * 20.0 * 4.25)


def test_a_file_of_rates_must_reach_the_end(tmp_path):
    (tmp_path / "rates.csv").write_text("t_s,rate_rps\n0,10\n600,20\n")
    service = a_service(**RATES)

    service.check(Span(Files([tmp_path]), 0.0, 1200.0))
    with pytest.raises(InputError, match=r"covers 0 s to 1200 s, the run needs 0 s to 1300 s"):
        service.check(Span(Files([tmp_path]), 0.0, 1300.0))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("0,10\n600,-1", r"'rate_rps', row 2: must be from 0 to .*, got -1"),
        ("0,0\n600,0", r"'rate_rps': must be above 0 in some row"),
        ("0,1e13\n600,0", r"'rate_rps', row 1: must be from 0 to .*, got 1e\+13"),
        ("0,1", "must have at least 2 rows, got 1"),
    ],
)
def test_wrong_rates_are_refused(tmp_path, rows, message):
    (tmp_path / "rates.csv").write_text(f"t_s,rate_rps\n{rows}\n")

    with pytest.raises(InputError, match=message):
        a_service(**RATES).check(Span(Files([tmp_path]), 0.0, 60.0))


def test_tokens_of_a_rates_file_set_the_work(run_load, tmp_path):
    (tmp_path / "rates.csv").write_text("t_s,rate_rps,out\n0,10,100\n600,10,300\n")
    service = a_replicated(
        noise_sigma=0.0,
        profile="rates",
        rates={"file": "rates.csv", "output_column": "out"},
        update_interval_s=600.0,
        traffic={"dispersion_ratio": 1.0},
    )

    seen = run_load(service, 1200.0, files=Files([tmp_path]))

    per_query = seen.constants["served_token_count"] / seen.constants["served_query_count"]
    assert per_query == pytest.approx(200.0, rel=0.03)


def test_requests_are_counted_in_steps_without_an_event_each(run_load, tmp_path):
    rows = ["5,10,100", "0,30,300", "59.9,20,200", "60,0,50", "400,1,1", "-1,9,9"]
    (tmp_path / "requests.csv").write_text("\n".join(["t_s,input_tokens,output_tokens", *rows]) + "\n")
    traffic = {"peak_requests_per_s": 0.1, "input_work_ratio": 0.5}
    service = a_service(**REQUESTS, pue=1.0, idle_power_fraction=0.0, traffic=traffic)

    seen = run_load(service, 180.0, files=Files([tmp_path]))

    assert [mw for _, mw in seen.levels()] == pytest.approx([50.0, 100.0 / 6.0, 0.0])
    assert seen.constants["served_query_count"] == pytest.approx(4.0)
    assert seen.constants["served_token_count"] == pytest.approx(650.0 + 0.5 * 60.0)


def test_a_record_without_requests_in_the_run_is_refused(tmp_path):
    (tmp_path / "requests.csv").write_text("t_s,input_tokens,output_tokens\n90,1,1\n")

    with pytest.raises(InputError, match=r"no request within the run of 60 s; got 90 to 90 s"):
        a_service(**REQUESTS).check(Span(Files([tmp_path]), 0.0, 60.0))


def test_requests_far_apart_are_refused_before_they_fill_memory(tmp_path):
    (tmp_path / "requests.csv").write_text("t_s,input_tokens,output_tokens\n9e8,1,1\n")

    with pytest.raises(InputError, match=r"must lie within 20,000,000 steps of 1 s; got 9e\+08 s"):
        a_service(**REQUESTS, update_interval_s=1.0).check(Span(Files([tmp_path]), 0.0, 1e10))


def test_a_long_adoption_neither_overflows_nor_ends(run_load):
    seen = run_load(a_service(adoption={"midpoint_d": 36_600.0, "width_d": 0.1}), 3600.0)

    assert [power_mw for _, power_mw in seen.levels()] == pytest.approx([100.0 * 0.21 * 1.25] * 60)
