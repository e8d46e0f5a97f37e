import numpy as np
import pytest
from cohort_bench import Bench, points
from filling import filled_fraction

from sim.mining.clocking import Ceiling
from sim.mining.cohort.spec import FIRMWARE

NEVER = float("inf")


def test_a_run_starts_steady_at_the_first_share():
    signals = Bench((0.0, 0.55)).play()
    assert points(signals["power_mw"]) == [(0.0, 0.55)]
    assert points(signals["hashing_count"]) == [(0.0, 100.0)]
    assert points(signals["waking_count"]) == [(0.0, 0.0)]


def test_target_command_setpoint_and_power_come_one_after_the_other():
    signals = Bench((0.0, 0.6), (100.0, 0.55), scales_clock=False, latency_s=3.0, power_down_s=5.0).play()
    assert points(signals["target_mw"]) == [(0.0, 0.6), (100.0, 0.55)]
    assert points(signals["commanded_mw"]) == [(0.0, 0.6), (100.0, 0.5)]
    assert points(signals["asleep_count"]) == [(0.0, 40.0), (103.0, 50.0)]
    assert points(signals["power_mw"]) == [(0.0, 0.6), (103.0, 0.6), (108.0, 0.5)]


def test_a_smaller_share_within_the_clocks_range_lowers_the_clock_and_wakes_and_sleeps_nobody():
    signals = Bench((0.0, 1.0), (100.0, 0.5)).play()
    clock = signals["setpoint_fraction"].at(200.0)
    assert signals["setpoint_fraction"].at(102.9) == 1.0
    assert signals["power_mw"].at(200.0) == pytest.approx(0.5)
    assert signals["hashing_count"].minimum() == 100.0
    assert signals["hashrate_ph_s"].at(200.0) == pytest.approx(100.0 * clock)
    assert clock > 0.55  # the lower clock takes less energy for a hash
    arrived_s = 103.0 + 5.0 * (1.0 - clock)
    assert points(signals["power_mw"]) == [(0.0, 1.0), (103.0, 1.0), (round(arrived_s, 6), 0.5)]


def test_below_the_lowest_clock_blocks_go_to_sleep_and_the_rest_stays_near_the_lowest():
    bench = Bench((0.0, 1.0), (100.0, 0.2))
    signals = bench.play()
    lowest_mw = float(bench.spec.curve.power_ratio(0.4)) / 10.0
    assert signals["hashing_count"].at(200.0) == 10.0 * int(0.2 / lowest_mw)
    assert signals["power_mw"].at(200.0) == pytest.approx(0.2)


def test_without_clock_scaling_power_is_met_from_below_in_whole_blocks():
    signals = Bench((0.0, 1.0), (100.0, 0.29), (300.0, 0.39), firmware="stock").play()
    assert signals["power_mw"].at(250.0) == pytest.approx(0.2)
    assert signals["power_mw"].at(9000.0) == pytest.approx(0.3)


@pytest.mark.parametrize(("name", "published"), [("unsafe", 0.93), ("quick", 0.68), ("safe", 0.27), ("stock", 0.0)])
def test_a_dip_of_two_minutes_is_filled_as_far_as_the_firmware_lets_it(name, published):
    signals = Bench((0.0, 0.0), (1000.0, 1.0), (1120.0, 0.0), firmware=name).play()
    filled = signals["hashrate_ph_s"].clip_time(1000.0, 1120.0).integral() / (120.0 * 100.0)
    times = FIRMWARE[name]
    assert filled == pytest.approx(filled_fraction(120.0, times.latency_s, times.boot_s, times.ramp_up_s), abs=1e-12)
    assert filled == pytest.approx(published, abs=0.005)


def test_safe_firmware_is_still_ramping_when_a_dip_of_two_minutes_ends():
    signals = Bench((0.0, 0.0), (1000.0, 1.0), (1120.0, 0.0), firmware="safe").play()
    filled = signals["hashrate_ph_s"].clip_time(1000.0, 1120.0).integral() / (120.0 * 100.0)
    assert filled == pytest.approx((120.0 - 13.0) ** 2 / (2.0 * 180.0 * 120.0))


def test_those_that_hash_make_room_for_those_that_wake_and_the_sum_stays_on_target():
    signals = Bench((0.0, 0.3), (1000.0, 0.0), (2000.0, 0.1), (3000.0, 0.9)).play()
    power = signals["power_mw"]
    assert power.maximum() <= 0.9 + 1e-12
    woken_s = 3000.0 + 3.0 + 5.0 + 60.0
    after = power.clip_time(3003.0, woken_s)
    assert np.all(np.diff(np.append(after.value, after.left_limits()[-1])) >= -1e-12)
    assert power.at(woken_s + 1.0) == pytest.approx(0.9)
    assert signals["hashing_count"].at(woken_s) == 100.0
    # while the others boot, those that hash go to their highest clock
    assert power.at(3000.0 + 3.0 + 5.0) > power.at(3000.0)


def test_waking_machines_put_back_to_sleep_never_hash():
    signals = Bench((0.0, 0.0), (100.0, 1.0), (104.0, 0.0), firmware="stock").play()
    assert signals["hashrate_ph_s"].maximum() == 0.0
    assert points(signals["waking_count"]) == [(0.0, 0.0), (103.0, 100.0), (107.0, 0.0)]


def test_machines_told_to_wake_while_they_power_down_boot_again():
    bench = Bench((0.0, 1.0), (100.0, 0.0), (102.0, 1.0), power_down_s=10.0, boot_s=30.0, ramp_up_s=50.0)
    signals = bench.play()
    powers_mw = signals["power_mw"].at(np.array([103.0, 105.0, 113.0, 135.0, 160.0, 185.0]))
    assert powers_mw == pytest.approx([1.0, 0.8, 0.0, 0.0, 0.5, 1.0])
    assert points(signals["hashrate_ph_s"])[1] == (103.0, 0.0)
    assert bench.cohort.start_count == 100


def test_a_ramp_that_is_reversed_goes_down_from_where_it_is():
    bench = Bench((0.0, 0.0), (100.0, 1.0), (150.0, 0.0), latency_s=0.0, boot_s=0.0, ramp_up_s=100.0)
    assert points(bench.play()["power_mw"]) == [(0.0, 0.0), (100.0, 0.0), (150.0, 0.5), (155.0, 0.0)]


def test_the_block_that_slept_longest_wakes_first():
    bench = Bench(*((100.0 * n, 0.1 * (n % 2)) for n in range(20)), firmware="stock", boot_s=1.0, ramp_up_s=1.0)
    bench.play()
    assert bench.cohort.start_count == 100
    assert sorted(bench.cohort._dispatcher._on) == [9]  # noqa: SLF001  # each block has had its turn


def test_standby_and_overhead_are_drawn_at_the_meter():
    bench = Bench((0.0, 0.0), standby_w=100.0, overhead_fraction=0.05)
    assert points(bench.play()["power_mw"]) == [(0.0, 0.0105)]
    assert bench.spec.minimum_mw == pytest.approx(0.0105)
    assert bench.spec.full_mw == pytest.approx(1.05)
    assert bench.spec.efficiency_j_per_th == pytest.approx(10.5)


def test_machines_that_report_too_little_draw_more_than_planned():
    signals = Bench((0.0, 0.5), telemetry_error_fraction=-0.1).play()
    assert signals["commanded_mw"].at(0.0) == 0.5
    assert signals["power_mw"].at(0.0) == pytest.approx(0.5 / 0.9)


def test_machines_that_draw_more_than_their_nameplate_hash_no_more():
    signals = Bench((0.0, 2.0), draw_deviation_fraction=0.05).play()
    assert signals["power_mw"].at(0.0) == pytest.approx(1.05)
    assert signals["hashrate_ph_s"].at(0.0) == pytest.approx(100.0)


def test_blocks_are_woken_in_batches_and_at_most_twenty():
    signals = Bench((0.0, 0.0), (100.0, 1.0), dispatch_blocks_per_s=2.0, scales_clock=False).play()
    steps = points(signals["asleep_count"])
    assert steps[:3] == [(0.0, 100.0), (103.0, 90.0), (103.5, 80.0)]
    assert len(steps) == 11
    many = Bench((0.0, 0.0), (100.0, 1.0), dispatch_blocks_per_s=2.0, block_machine_count=1).play()
    assert len(points(many["asleep_count"])) == 21


def test_a_block_stays_up_and_down_for_its_least_time():
    signals = Bench(
        (0.0, 0.0), (100.0, 1.0), (200.0, 0.0), (300.0, 1.0), firmware="unsafe", minimum_up_s=1000.0,
        minimum_down_s=500.0,
    ).play()  # fmt: skip
    assert points(signals["asleep_count"]) == [(0.0, 100.0), (103.0, 0.0)]
    signals = Bench((0.0, 1.0), (100.0, 0.0), (200.0, 1.0), minimum_down_s=500.0).play()
    assert points(signals["asleep_count"]) == [(0.0, 0.0), (103.0, 100.0), (603.0, 0.0)]


def test_after_a_curtailment_nothing_is_woken_before_the_cooldown_is_over():
    signals = Bench((0.0, 1.0), (100.0, 0.0), (200.0, 1.0), cooldown_s=600.0).play()
    assert points(signals["asleep_count"]) == [(0.0, 0.0), (103.0, 100.0), (703.0, 0.0)]
    assert points(signals["commanded_mw"]) == [(0.0, 1.0), (100.0, 0.0), (700.0, 1.0)]


def test_a_block_that_does_not_obey_is_asked_again():
    response = {"commandable_fraction": 0.5, "confirm_down_s": 5.0}
    signals = Bench((0.0, 1.0), (100.0, 0.0), response=response).play()
    times_s = [time_s for time_s, _ in points(signals["asleep_count"])]
    assert 0.0 < signals["asleep_count"].at(103.0) < 100.0
    assert set(times_s[1:]) <= {103.0 + 8.0 * n for n in range(20)}
    assert signals["asleep_count"].at(9000.0) == 100.0


def test_the_executor_gives_a_block_up_after_its_retries():
    response = {"commandable_fraction": 0.01, "confirm_up_s": 30.0, "retries_up_count": 2}
    bench = Bench((0.0, 0.0), (100.0, 1.0), response=response)
    bench.play()
    given_up = [time_s for time_s, kind, _ in bench.log if kind == "no-response"]
    assert given_up
    assert set(given_up) == {100.0 + 3 * 33.0}
    assert bench.changes == len(given_up)


def test_machines_that_fail_draw_and_hash_nothing_until_repaired():
    failures = {
        "per_start_fraction": 0.0,
        "per_year_fraction": 5.0,
        "repair_min_d": 0.01,
        "repair_max_d": 0.02,
    }
    bench = Bench((0.0, 2.0), end_s=2 * 86400.0, failures=failures)
    signals = bench.play()
    failed = signals["failed_count"]
    assert failed.maximum() >= 1.0
    assert (signals["hashing_count"] + failed).maximum() == 100.0
    assert (signals["power_mw"] * 100.0 + failed).minimum() == pytest.approx(100.0)
    assert bench.changes > 0


def test_machines_fail_when_they_are_woken():
    failures = {"per_start_fraction": 0.2, "per_year_fraction": 0.0}
    bench = Bench((0.0, 0.0), (100.0, 1.0), failures=failures)
    signals = bench.play()
    failed = len([1 for time_s, kind, _ in bench.log if (time_s, kind) == (103.0, "failure-on-start")])
    assert 5 < failed < 40
    assert points(signals["failed_count"]) == [(0.0, 0.0), (103.0, failed)]
    assert bench.changes == failed
    assert signals["power_mw"].at(5000.0) == pytest.approx(1.0 - failed / 100.0)


def test_heat_lowers_the_clock_at_once_and_a_trip_stops_all():
    held = {"clock": 0.9, "tripped": False}
    ceilings = [
        Ceiling(0.0, clock=NEVER, tripped=False),
        Ceiling(100.0, **held),
        Ceiling(200.0, clock=0.9, tripped=True),
        Ceiling(300.0, **held),
    ]
    bench = Bench((0.0, 1.0), (400.0, 0.5), ceilings=ceilings)
    signals = bench.play()
    assert signals["hashrate_ph_s"].at(150.0) == pytest.approx(90.0)
    assert signals["hashrate_ph_s"].at(200.0) == 0.0
    assert signals["power_mw"].at(205.0) == 0.0
    assert signals["asleep_count"].at(200.0) == 100.0
    assert [entry for entry in bench.log if entry[1] == "heat-trip"] == [(200.0, "heat-trip", 100.0)]
    assert bench.changes == 3
    assert signals["power_mw"].at(600.0) == pytest.approx(0.5)


def test_while_the_pool_is_lost_power_is_held_and_nothing_is_earned():
    signals = Bench((0.0, 1.0), pool_losses=[(100.0, 200.0)]).play()
    assert points(signals["power_mw"]) == [(0.0, 1.0)]
    assert points(signals["hashrate_ph_s"]) == [(0.0, 100.0), (100.0, 0.0), (200.0, 100.0)]


def test_a_cohort_may_sleep_while_its_pool_is_lost():
    bench = Bench((0.0, 1.0), pool_losses=[(100.0, 200.0)], on_pool_loss="sleep")
    bench.clock.run_before(150.0)
    assert bench.changes == 1
    assert bench.cohort.available_mw == bench.cohort.minimum_mw
    bench.clock.run_before(250.0)
    assert bench.cohort.available_mw == pytest.approx(1.0)


def test_commands_that_the_clock_alone_meets_need_no_event():
    bench = Bench((0.0, 1.0))
    bench.clock.run_before(1.0)
    before = bench.clock.event_count
    for share_mw in np.linspace(0.5, 0.9, 50):
        bench.cohort.command(float(share_mw))
    assert bench.clock.event_count == before


def test_the_same_share_after_a_failure_is_met_by_the_machines_that_are_left():
    failures = {"per_start_fraction": 0.0, "per_year_fraction": 5.0, "repair_min_d": 0.5, "repair_max_d": 1.0}
    bench = Bench((0.0, 0.5), end_s=2 * 86400.0, failures=failures)
    bench.clock.run_before(42_000.0)
    bench.cohort.command(0.5)
    bench.end_s = 42_300.0
    signals = bench.play()
    failed = signals["failed_count"]
    assert failed.at(42_000.0) != failed.at(0.0)
    assert signals["power_mw"].at(42_200.0) == pytest.approx(0.5)


def test_heat_stops_those_too_that_did_not_obey():
    ceilings = [Ceiling(200.0, clock=0.9, tripped=True)]
    response = {"commandable_fraction": 0.01, "confirm_down_s": 1e4}
    signals = Bench((0.0, 1.0), (100.0, 0.0), response=response, ceilings=ceilings).play()
    assert signals["hashing_count"].at(199.0) > 0.0
    assert signals["hashing_count"].at(201.0) == 0.0


def test_blocks_that_miss_a_command_to_sleep_hash_on_at_the_clock_they_had():
    response = {"commandable_fraction": 0.01, "confirm_down_s": 1e4}
    signals = Bench((0.0, 1.0), (100.0, 0.0), (200.0, 0.01), response=response).play()
    assert signals["hashrate_ph_s"].at(300.0) == pytest.approx(signals["hashing_count"].at(300.0))


def test_a_machine_that_failed_at_a_start_cannot_fail_again_before_it_is_repaired():
    failures = {
        "per_start_fraction": 0.5,
        "per_year_fraction": 5.0,
        "repair_min_d": 60.0,
        "repair_max_d": 90.0,
    }
    commands = [(3600.0 * hour, 0.4 * (hour % 2)) for hour in range(1000)]
    keys = {"machine_count": 40, "block_machine_count": 1, "failures": failures}
    signals = Bench(*commands, end_s=2e7, **keys).play()
    assert signals["failed_count"].maximum() == 40.0
    assert min(signals[f"{state}_count"].minimum() for state in ("asleep", "waking", "hashing")) == 0.0
    assert signals["power_mw"].minimum() == pytest.approx(0.0, abs=1e-12)


def test_machines_behind_open_breakers_draw_nothing_and_take_their_own_time_to_come_back():
    bench = Bench((0.0, 1.0), standby_w=100.0, breaker={"open_s": 60.0, "close_s": 600.0}, end_s=5000.0)
    at = [(100.0, False), (2000.0, True)]
    for time_s, is_on in at:
        bench.clock.timeout(time_s).callbacks.append(
            lambda _, is_on=is_on: (bench.cohort.supply(is_on=is_on), bench.cohort.command(0.01))
        )
    bench.tell(2100.0, 1.0)  # too early: they boot, and draw standby
    bench.tell(2601.0, 0.9)
    power = bench.play()["power_mw"]
    asleep_mw = 100 * 100.0 * 1e-6
    assert points(power.clip_time(0.0, 2600.0))[2:] == [(108.0, asleep_mw), (163.0, 0.0), (2000.0, asleep_mw)]
    assert power.at(4999.0) == pytest.approx(0.9)
    supplied = bench.tracks["supplied_fraction"].freeze(bench.end_s)
    assert points(supplied) == [(0.0, 1.0), (163.0, 0.0), (2000.0, 1.0)]
    assert bench.cohort.start_count == 100


def test_breakers_that_are_not_open_yet_are_closed_again_at_once():
    bench = Bench((0.0, 1.0), standby_w=100.0, breaker={"open_s": 60.0, "close_s": 600.0})
    for time_s, is_on in ((100.0, False), (130.0, True)):
        bench.clock.timeout(time_s).callbacks.append(
            lambda _, is_on=is_on: (bench.cohort.supply(is_on=is_on), bench.cohort.command(0.01))
        )
    bench.tell(131.0, 1.0)
    power = bench.play()["power_mw"]
    assert power.minimum() == pytest.approx(0.01)
    assert power.at(300.0) == pytest.approx(1.0)


def test_while_breakers_open_nothing_wakes_machines_not_even_a_pool_that_is_back():
    bench = Bench(
        (0.0, 1.0),
        standby_w=100.0,
        breaker={"open_s": 60.0, "close_s": 600.0},
        on_pool_loss="sleep",
        end_s=1000.0,
    )
    bench.clock.timeout(100.0).callbacks.append(lambda _: bench.cohort.supply(is_on=False))
    bench.clock.timeout(110.0).callbacks.append(lambda _: bench.cohort._pool(accepted=True))  # noqa: SLF001
    bench.tell(111.0, 1.0)
    power = bench.play()["power_mw"]
    assert power.at([160.0, 170.0, 999.0]).tolist() == pytest.approx([100 * 100.0 * 1e-6, 0.0, 0.0])


def rises_s(signal, from_s):
    """Return how long after a time a signal is still on its way."""
    return signal.simplify().time_s[-1] - from_s


@pytest.mark.parametrize(
    ("to_clock", "keys", "ordering_s"),
    [
        (0.6, {}, 0.0),
        (0.6, {"dispatch_blocks_per_s": 0.5}, 20.0),  # ten blocks, whole profiles away: each is told once
        (
            0.99,
            {"dispatch_blocks_per_s": 0.5},
            20.0 * 0.01 * 490.0 / 25.0,
        ),  # a fifth of a profile: two blocks
        (0.6, {"settling_s": 90.0}, 0.0),  # a lower profile is taken at any time
    ],
)
def test_orders_to_lower_the_clock_reach_block_after_block(to_clock, keys, ordering_s):
    spec = Bench(**keys).spec
    goal_mw = float(spec.curve.power_ratio(to_clock))
    power = Bench((0.0, 1.0), (1000.0, goal_mw), **keys).play()["power_mw"]
    assert rises_s(power, 1003.0) == pytest.approx(5.0 * (1.0 - to_clock) + ordering_s)


@pytest.mark.parametrize(
    ("keys", "ordering_s"),
    [({"dispatch_blocks_per_s": 0.5}, 20.0), ({"dispatch_blocks_per_s": 0.5, "settling_s": 90.0}, 90.0)],
)
def test_a_rise_waits_for_profiles_to_settle_and_no_more_blocks_are_told_than_orders_go_out(keys, ordering_s):
    spec = Bench(**keys).spec
    low_mw = float(spec.curve.power_ratio(0.6))
    many = [(1000.0 + n, low_mw if n % 2 else 1.0) for n in range(60)]  # a set-point each second
    power = Bench((0.0, low_mw), *many, (1100.0, 1.0), **keys).play()["power_mw"]
    window = power.clip_time(1003.0, 1063.0)
    assert 0.0 < window.slope_per_s.max() <= (1.0 - low_mw) / ordering_s
    assert power.at(1103.0 + ordering_s + 0.4 * 60.0 + 1.0) == pytest.approx(1.0)
    assert power.at(1103.0 + ordering_s) < 1.0


def test_what_was_told_before_holds_though_more_is_told_on_the_way():
    keys = {"dispatch_blocks_per_s": 0.5}  # ten blocks in 20 s
    spec = Bench(**keys).spec
    clocks = [0.9 - 0.3 * (n > 5) - 0.0001 * n for n in range(40)]
    told = [(1000.0 + n, float(spec.curve.power_ratio(clock))) for n, clock in enumerate(clocks)]
    power = Bench((0.0, 1.0), *told, **keys).play()["power_mw"]
    for time_s, share_mw in told:  # latency, all blocks, and the way down of the last
        assert power.at(time_s + 3.0 + 20.0 + 5.0 * 0.5) <= share_mw + 1e-9
    halted = [*told[:1], (1010.0, 0.9)]  # the mean stops where it passes on its way
    power = Bench((0.0, 1.0), *halted, **keys).play()["power_mw"]
    assert power.at(5000.0) == pytest.approx(0.9)
    assert power.clip_time(1003.0, 5000.0).minimum() == pytest.approx(0.9)
