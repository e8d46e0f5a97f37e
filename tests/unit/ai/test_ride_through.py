import math

import pytest
from pydantic import ValidationError
from quick import run

from sim.ai.ride_through import RideThrough
from sim.engine.campus import Campus
from sim.errors import InputError
from sim.grid.events import VoltageSag
from sim.report.grid_limits import ride_through_texts
from sim.testing import a_scenario

HOUR_S = 3600.0
STEADY = {"type": "synthetic", "mean_c": 10.0, "annual_c": 0.0, "daily_c": 0.0}
SWITCH = {"off_median_h": 1.0, "off_sigma": 0.0, "return_mw_per_min": 60.0}
THREE_SAGS = {
    "type": "voltage-sag", "at_s": 600.0, "depth_pu": 0.4, "duration_s": 0.1, "count": 3, "spacing_s": 20.0,
}  # fmt: skip
GONE_S = 640.5
"""The third sag, and half a second."""


@pytest.fixture
def site(tmp_path):
    """Return a scenario of some hours with one hall, its load replayed, and sags."""

    def make(*events, rows=((0.0, 80.0),), switch=SWITCH, hours=4.0, **fields):
        text = "".join(f"{time_s!r},{power_mw!r}\n" for time_s, power_mw in rows)
        (tmp_path / "ai.csv").write_text("time_s,power_mw\n" + text)
        hall = {"name": "west", "racks": {"count": 1000, "power_mw": 0.1}, "ride_through": switch}
        load = {"name": "ai", "type": "replay", "file": "ai.csv", "hall": "west"}
        fields = {"fleets": [], "weather": STEADY} | fields
        return a_scenario(tmp_path, loads=[load], halls=[hall], events=list(events), days=hours / 24.0, **fields)

    return make


def happened(recording):
    return [(event.kind, event.time_s) for event in recording.events if event.source == "hall.west"]


def test_third_sag_in_a_minute_takes_the_hall_off_the_grid(site):
    recording = Campus(site(THREE_SAGS)).run()
    power, backup = recording["hall.west.power_mw"], recording["hall.west.backup_power_mw"]
    need_mw = power.at([0.0])[0]

    assert power.at([GONE_S - 0.1, GONE_S, 3000.0]).tolist() == [need_mw, 0.0, 0.0]
    assert backup.at([GONE_S - 0.1, GONE_S, 3000.0]).tolist() == pytest.approx([0.0, need_mw, need_mw])
    assert recording["hall.west.it_power_mw"].minimum() == 80.0
    assert happened(recording)[:4] == [
        ("strike", 600.0), ("strike", 620.0), ("strike", 640.0), ("transfer", GONE_S)
    ]  # fmt: skip


def test_it_returns_after_its_time_no_faster_than_the_ramp_it_may(site):
    recording = Campus(site(THREE_SAGS)).run()
    power, backup = recording["hall.west.power_mw"], recording["hall.west.backup_power_mw"]
    need_mw = power.at([0.0])[0]
    back_s = GONE_S + HOUR_S

    assert happened(recording)[4:] == [
        ("reconnect", back_s),
        ("returned", pytest.approx(back_s + need_mw / 60.0 * 60.0)),
    ]
    assert power.at([back_s + 60.0])[0] == pytest.approx(60.0)
    assert (power + backup).clip_time(back_s, 4 * HOUR_S).minimum() == pytest.approx(need_mw)
    assert (power + backup).maximum() == pytest.approx(need_mw)
    assert power.at([4 * HOUR_S - 1.0])[0] == pytest.approx(need_mw)


def test_load_that_changes_while_it_returns_is_caught_up_with(site):
    rows = [(0.0, 80.0), (GONE_S + HOUR_S + 30.0, 40.0)]
    recording = Campus(site(THREE_SAGS, rows=rows)).run()
    power, backup = recording["hall.west.power_mw"], recording["hall.west.backup_power_mw"]

    returned_s = happened(recording)[-1][1]
    assert 30.0 < returned_s - (GONE_S + HOUR_S) < 75.0
    assert backup.at([returned_s + 1.0])[0] == 0.0
    assert backup.minimum() >= -1e-9
    assert power.at([returned_s - 1e-6, returned_s + 1e-6]) == pytest.approx(power.at([returned_s])[0], abs=1e-3)


@pytest.mark.parametrize(
    "changes",
    [{"count": 2}, {"spacing_s": 31.0}, {"depth_pu": 0.15}, {"duration_s": 0.01}],
    ids=["two", "far apart", "shallow", "short"],
)
def test_lesser_sags_are_ridden_through(site, changes):
    recording = Campus(site(THREE_SAGS | changes)).run()

    assert recording["hall.west.power_mw"].minimum() > 60.0, "less while voltage sags, and never none"
    assert recording["hall.west.power_mw"].at([3600.0])[0] > 80.0
    assert "transfer" not in [kind for kind, _ in happened(recording)]
    assert sum(event.kind == "voltage-sag" for event in recording.events) == (THREE_SAGS | changes)["count"]


def test_hall_brought_back_by_hand_waits_for_the_word(site):
    word = {"type": "reconnect", "at_s": 2 * HOUR_S}
    switch = SWITCH | {"reconnection": "manual"}

    waits = Campus(site(THREE_SAGS, switch=switch)).run()
    returns = Campus(site(THREE_SAGS, word, switch=switch)).run()

    assert waits["hall.west.power_mw"].value[-1] == 0.0
    assert ("reconnect", 2 * HOUR_S) in happened(returns)
    assert returns["hall.west.power_mw"].value[-1] > 80.0


def test_sags_while_it_returns_take_it_off_again(site):
    again = THREE_SAGS | {"at_s": GONE_S + HOUR_S + 10.0, "spacing_s": 5.0}
    recording = Campus(site(THREE_SAGS, again, hours=6.0)).run()

    transfers = [event for event in recording.events if event.kind == "transfer"]
    assert [event.time_s for event in transfers] == [GONE_S, GONE_S + HOUR_S + 20.5]
    assert transfers[1].value == pytest.approx(20.5)  # what had come back at 1 MW/s
    assert happened(recording)[-1][0] == "returned"


def test_times_off_the_grid_are_drawn_for_each_hall(site):
    switch = SWITCH | {"off_sigma": 0.5}
    seconds = set()
    for seed in range(3):
        events = dict(happened(Campus(site(THREE_SAGS, switch=switch, seed=seed, hours=12.0)).run()))
        seconds.add(events["reconnect"] - GONE_S)

    assert len(seconds) == 3
    assert all(HOUR_S / math.exp(1.5) < off_s < HOUR_S * math.exp(1.5) for off_s in seconds)


def test_an_event_reaches_the_halls_it_names_and_those_that_watch(site):
    elsewhere = {"name": "east", "racks": {"count": 10, "power_mw": 0.1}, "ride_through": SWITCH}
    scenario = site(THREE_SAGS | {"halls": ["west"]})
    both = a_scenario(
        scenario.files.folders[0],
        loads=[load.model_dump() for load in scenario.loads],
        halls=[hall.model_dump(mode="json") for hall in scenario.halls] + [elsewhere],
        events=[THREE_SAGS | {"halls": ["west"]}],
        days=0.1,
        weather=STEADY,
    )
    recording = Campus(both).run()

    assert {event.source for event in recording.events if event.kind == "transfer"} == {"hall.west"}
    assert recording["hall.east.power_mw"].minimum() > 0.0


def test_energy_from_the_own_supply_counts_for_pue_and_not_for_the_meter(site):
    calm, struck = run(site()), run(site(THREE_SAGS))

    calm_pue = float(calm.metrics["ai.west.pue_ratio"])  # in a sag they live on what they store
    assert struck.metrics["ai.west.pue_ratio"] == pytest.approx(calm_pue, rel=1e-4)
    missing_mwh = calm.metrics["ai_energy_mwh"] - struck.metrics["ai_energy_mwh"]
    assert struck.metrics["ai.west.backup_energy_mwh"] == pytest.approx(missing_mwh, rel=1e-4)
    assert struck.metrics["ai.west.transfer_count"] == 1.0


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (THREE_SAGS | {"at": "2026-01-01T00:10:00-06:00"}, "needs one of at, at_s"),
        ({key: value for key, value in THREE_SAGS.items() if key != "at_s"}, "needs one of at, at_s"),
        (THREE_SAGS | {"spacing_s": 0.05}, "spacing_s must be above duration_s, 0.1 s"),
        (THREE_SAGS | {"depth_pu": 1.5}, "must be at most 1 pu, got 1.5 pu"),
    ],
)
def test_impossible_events_are_refused(site, event, message):
    with pytest.raises(InputError, match=message):
        site(event)


def test_event_at_a_time_of_day_is_that_time(site):
    by_clock = {key: value for key, value in THREE_SAGS.items() if key != "at_s"}
    recording = Campus(site(by_clock | {"at": "2026-01-01T07:10:00+01:00"})).run()

    assert happened(recording)[0] == ("strike", 600.0)


def test_transfer_longer_than_the_window_is_refused():
    with pytest.raises(ValidationError, match="must not be above window_s"):
        RideThrough(transfer_s=2.0, window_s=1.0)


# -- power within a sag, double conversion, drop-out --------------------------------------------------------

SAG = {"type": "voltage-sag", "at_s": 600.0, "depth_pu": 1.0, "duration_s": 60.0}
FLEETS = {
    "aggregate": {
        "type": "aggregate", "rated_mw": 30.0, "ramp_up_mw_per_s": 1.0, "ramp_down_mw_per_s": 12.0,
        "efficiency_j_per_th": 17.5, "latency_s": 3.0,
    },
    "cohort": {
        "type": "cohort", "model": "antminer-s21", "rated_mw": 30.0, "firmware": "quick",
        "failures": {"per_start_fraction": 0.0, "per_year_fraction": 0.0},
    },
    "with breakers": {
        "type": "cohort", "model": "antminer-s21", "rated_mw": 30.0, "breaker": {},
        "failures": {"per_start_fraction": 0.0, "per_year_fraction": 0.0},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FLEETS)
def test_at_no_voltage_nothing_draws_and_fleets_boot_before_they_are_back(site, name):
    recording = Campus(site(SAG, fleets=[FLEETS[name] | {"name": "miners"}], switch=None)).run()
    site_mw, fleet = recording["site_power_mw"], recording["fleet.miners.power_mw"]
    before_mw = fleet.at([599.0])[0]

    assert before_mw > 29.0
    assert site_mw.at([599.9])[0] == pytest.approx(before_mw + recording["hall.west.power_mw"].at([0.0])[0])
    assert site_mw.at([600.0, 630.0, 659.9]).tolist() == [0.0, 0.0, 0.0]
    assert fleet.at([660.0, 959.9]).tolist() == [0.0, 0.0], "restart_s is 300 s"
    assert fleet.at([960.0 + 120.0])[0] == pytest.approx(before_mw)
    assert recording["voltage_pu"].at([599.0, 600.0, 660.0]).tolist() == [1.0, 0.0, 1.0]


@pytest.mark.parametrize(("left_pu", "share"), [(0.95, 1.0), (0.9, 1.0), (0.45, 0.5), (0.0, 0.0)])
def test_power_in_a_sag_falls_with_voltage_below_the_continuous_range(site, left_pu, share):
    sag = SAG | {"depth_pu": 1.0 - left_pu, "duration_s": 0.5}
    recording = Campus(site(sag, switch=None)).run()
    hall = recording["hall.west.power_mw"]

    assert hall.at([600.25])[0] == pytest.approx(share * hall.at([599.0])[0], abs=1e-9)
    assert hall.at([600.5])[0] == pytest.approx(hall.at([599.0])[0])


def test_of_two_sags_at_once_the_deeper_counts(site):
    other = SAG | {"at_s": 630.0, "depth_pu": 0.55, "duration_s": 60.0}
    recording = Campus(site(SAG | {"depth_pu": 0.325}, other, switch=None)).run()
    hall = recording["hall.west.power_mw"]

    shares = hall.at([610.0, 640.0, 670.0, 700.0]) / hall.at([0.0])[0]
    assert shares.tolist() == pytest.approx([0.75, 0.5, 0.5, 1.0])
    assert recording["voltage_pu"].at([610.0, 640.0, 670.0]).tolist() == pytest.approx([0.675, 0.45, 0.45])


def test_short_and_shallow_sags_leave_fleets_alone(site):
    fleet = FLEETS["cohort"] | {"name": "miners"}
    for sag in (SAG | {"duration_s": 0.02}, SAG | {"depth_pu": 0.29}, SAG | {"halls": ["west"]}):
        recording = Campus(site(sag, fleets=[fleet], switch=None)).run()
        assert recording["fleet.miners.power_mw"].at([600.01, 601.0]).tolist() == pytest.approx([29.99] * 2, abs=0.01)
        assert ("voltage_pu" in recording.signals) is ("halls" not in sag)


def test_a_later_sag_has_a_fleet_wait_anew(site):
    fleet = FLEETS["aggregate"] | {"name": "miners", "drop_out": {"restart_s": 100.0}}
    recording = Campus(site(SAG, SAG | {"at_s": 700.0, "duration_s": 1.0}, fleets=[fleet], switch=None)).run()
    power = recording["fleet.miners.power_mw"]

    assert power.at([790.0, 803.9]).tolist() == [0.0, 0.0]
    assert power.at([840.0])[0] == pytest.approx(30.0)


def test_fleet_that_restarts_at_once_follows_the_command_that_stood_all_the_time(site):
    fleet = FLEETS["aggregate"] | {"name": "miners", "drop_out": {"restart_s": 0.0}}
    recording = Campus(site(SAG | {"duration_s": 0.1}, fleets=[fleet], switch=None)).run()

    assert recording["fleet.miners.power_mw"].at([600.05, 603.0, 640.0]).tolist() == pytest.approx([0, 0, 30.0])


UPS = {"ups": {"below_pu": 0.85, "return_s": 10.0, "walk_in_s": 20.0}, "strike_count": None}


def test_double_conversion_carries_the_hall_and_walks_in_again(site):
    recording = Campus(site(SAG | {"duration_s": 1.0, "depth_pu": 0.2}, switch=UPS)).run()
    power, backup = recording["hall.west.power_mw"], recording["hall.west.backup_power_mw"]
    need_mw = power.at([0.0])[0]

    assert power.at([600.0, 610.9, 621.0, 631.0]).tolist() == pytest.approx([0.0, 0.0, need_mw / 2.0, need_mw])
    assert (power + backup).minimum() == pytest.approx(need_mw)
    assert happened(recording) == [
        ("transfer", 600.0),
        ("reconnect", 611.0),
        ("returned", pytest.approx(631.0)),
    ]


def test_double_conversion_stays_on_the_grid_in_a_shallow_sag(site):
    recording = Campus(site(SAG | {"depth_pu": 0.14}, switch=UPS)).run()
    assert happened(recording) == []


def test_a_sag_before_it_is_back_starts_the_wait_anew(site):
    later = SAG | {"at_s": 608.0, "duration_s": 1.0}
    recording = Campus(site(SAG | {"duration_s": 1.0}, later, switch=UPS)).run()
    assert happened(recording)[:2] == [("transfer", 600.0), ("reconnect", 619.0)]


def test_a_double_conversion_that_counts_stays_away_after_the_third(site):
    switch = UPS | SWITCH | {"strike_count": 3, "trip_pu": 0.85, "transfer_s": 0.5}
    recording = Campus(site(THREE_SAGS, switch=switch)).run()

    assert [kind for kind, _ in happened(recording)][-2:] == ["reconnect", "returned"]
    assert happened(recording)[-2][1] == pytest.approx(GONE_S + HOUR_S), "not ten seconds after the sag"


@pytest.mark.parametrize(
    ("switch", "violations", "recovery_s"),
    [
        (None, 0, 0.0),
        (UPS, 1, 28.0),
        (UPS | {"ups": {"return_s": 0.0, "walk_in_s": 2.0}}, 0, 1.8),
        (UPS | {"ups": {"return_s": 0.5, "walk_in_s": 2.0}}, 1, 2.3),
    ],
)
def test_a_run_is_judged_by_the_envelope(site, switch, violations, recovery_s):
    sag = SAG | {"duration_s": 0.1, "depth_pu": 0.7}
    metrics = run(site(sag, switch=switch)).metrics

    assert metrics["ride_through_violation_count"] == violations
    assert metrics["ride_through_recovery_max_s"] == pytest.approx(recovery_s, abs=0.011)


def test_miners_that_drop_out_break_an_envelope_that_the_halls_keep(site):
    sag = SAG | {"duration_s": 0.1, "depth_pu": 0.7}
    fleets = [FLEETS["cohort"] | {"name": "miners"}]
    metrics = run(site(sag, switch=None, fleets=fleets)).metrics
    found = metrics["ride_through_violation_count"]

    assert (found.value, found.baseline) == (1.0, 0.0)
    assert metrics["ride_through_recovery_max_s"] > 300.0
    kept = run(site(sag, switch=None, fleets=fleets, grid={"ride_through": "semi-f47"})).metrics
    assert kept["ride_through_violation_count"] == 0.0, "it asks nothing below 0.5"


def test_an_envelope_that_is_unknown_is_refused_with_the_nearest(site):
    with pytest.raises(InputError, match="did you mean 'ercot-nogrr282'"):
        site(SAG, grid={"ride_through": "ercot-nogrr2"})


def test_halls_that_count_break_the_rule_with_the_sag_at_which_they_leave(site):
    switch = SWITCH | {"strike_count": 3, "window_s": 60.0, "trip_pu": 0.8, "transfer_s": 0.5}
    result = run(site(THREE_SAGS | {"depth_pu": 0.3}, switch=switch))
    (text, alone) = ride_through_texts(result.recording)

    assert result.metrics["ride_through_violation_count"] == 1.0
    assert text == alone.replace("without", "with miners")
    assert text.startswith("Voltage sags by ercot-nogrr282 (in force 2026-08-01")
    assert text.endswith("with miners: 2 rides, 1 violation.")
    assert ride_through_texts(run(site()).recording) == []


def test_a_fault_on_a_line_leaves_what_the_impedances_divide():
    def sag(**depth):
        return VoltageSag.model_validate({"type": "voltage-sag", "at_s": 600.0, "duration_s": 0.1, **depth}).sags(0.0)

    assert sag(fault_ratio=1.5)[0].left_pu == pytest.approx(0.6)
    assert sag(fault_ratio=0.0)[0].left_pu == 0.0
    assert sag(depth_pu=0.4)[0].left_pu == pytest.approx(0.6)
    for wrong in ({}, {"depth_pu": 0.4, "fault_ratio": 1.5}):
        with pytest.raises(ValidationError, match="needs one of depth_pu, fault_ratio"):
            sag(**wrong)
