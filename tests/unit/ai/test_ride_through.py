import math

import pytest
from pydantic import ValidationError
from quick import run

from sim.ai.ride_through import RideThrough
from sim.engine.campus import Campus
from sim.errors import InputError
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
        return a_scenario(
            tmp_path, loads=[load], halls=[hall], events=list(events), days=hours / 24.0, **fields
        )

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
    assert (power + backup).minimum() == pytest.approx(need_mw)
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
    assert power.at([returned_s - 1e-6, returned_s + 1e-6]) == pytest.approx(
        power.at([returned_s])[0], abs=1e-3
    )


@pytest.mark.parametrize(
    "changes",
    [{"count": 2}, {"spacing_s": 31.0}, {"depth_pu": 0.15}, {"duration_s": 0.01}],
    ids=["two", "far apart", "shallow", "short"],
)
def test_lesser_sags_are_ridden_through(site, changes):
    recording = Campus(site(THREE_SAGS | changes)).run()

    assert recording["hall.west.power_mw"].minimum() > 80.0
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

    assert struck.metrics["ai.west.pue_ratio"] == pytest.approx(float(calm.metrics["ai.west.pue_ratio"]))
    missing_mwh = calm.metrics["ai_energy_mwh"] - struck.metrics["ai_energy_mwh"]
    assert struck.metrics["ai.west.backup_energy_mwh"] == pytest.approx(missing_mwh)
    assert struck.metrics["ai.west.transfer_count"] == 1.0


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (THREE_SAGS | {"at": "2026-01-01T00:10:00-06:00"}, "at or at_s, one of them"),
        ({key: value for key, value in THREE_SAGS.items() if key != "at_s"}, "at or at_s, one of them"),
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
