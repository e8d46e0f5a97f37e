import math

import pytest
from quick import run

from sim.ai.facility import PowerChain, fed_mw
from sim.engine.campus import Campus
from sim.errors import InputError
from sim.testing import a_scenario

HALL = {
    "name": "west",
    "racks": {"count": 1000, "power_mw": 0.1},
    "cooling": {"type": "air"},
    "error_mw": 0.02,
}
FREE_AIR = {"type": "synthetic", "mean_c": 10.0, "annual_c": 0.0, "daily_c": 0.0}
HOUR_DAYS = 1.0 / 24.0
MINERS = {
    "name": "miners",
    "type": "aggregate",
    "rated_mw": 10.0,
    "ramp_up_mw_per_s": 1.0,
    "ramp_down_mw_per_s": 5.0,
    "efficiency_j_per_th": 17.5,
}


@pytest.fixture
def site(tmp_path):
    """Return a scenario of an hour with replayed loads in one hall of 100 MW of racks."""

    def make(*loads, interpolation="step", hall=None, weather=FREE_AIR, days=HOUR_DAYS, **fields):
        for number, rows in enumerate(loads):
            text = "".join(f"{time_s!r},{power_mw!r}\n" for time_s, power_mw in rows)
            (tmp_path / f"{number}.csv").write_text("time_s,power_mw\n" + text)
        entries = [
            {"name": f"l{number}", "type": "replay", "file": f"{number}.csv", "hall": "west"}
            | {"interpolation": interpolation}
            for number in range(len(loads))
        ]
        fields = {"halls": [HALL | (hall or {})], "weather": weather, "fleets": []} | fields
        return a_scenario(tmp_path, loads=entries, days=days, **fields)

    return make


def chain_mw(it_mw):
    """Power fed for IT power in a hall whose plant, spare module included, is built for 125 MW."""
    return float(fed_mw(it_mw, 125.0, PowerChain().stages))


def test_steady_hall_draws_it_power_losses_lights_and_cooling(site):
    recording = Campus(site([(0.0, 60.0)], [(0.0, 20.0)])).run()

    expected_mw = chain_mw(80.0) + 0.04 * 100.0 + 0.2 * 80.0
    assert recording["hall.west.power_mw"].value.tolist()[-1] == pytest.approx(expected_mw, abs=1e-9)
    assert recording["ai_power_mw"].mean() == pytest.approx(expected_mw, abs=1e-9)
    assert recording["load.l0.it_power_mw"].mean() == 60.0
    assert recording.load_names == ("l0", "l1")


def test_steady_hall_in_steady_weather_costs_no_events(site):
    inside = Campus(site([(0.0, 60.0)])).run().constants["run.event_count"]
    outside = Campus(a_scenario(loads=[], days=HOUR_DAYS, fleets=[])).run().constants["run.event_count"]

    assert inside == outside + 2  # the load's own


def test_stall_of_a_minute_dips_the_hall_less_than_its_racks(site):
    recording = Campus(site([(0.0, 100.0), (600.0, 50.0), (660.0, 100.0)])).run()
    power, cooling = recording["hall.west.power_mw"], recording["hall.west.cooling_power_mw"]

    assert cooling.at([659.99])[0] == pytest.approx(20.0 - 10.0 * (1.0 - math.exp(-60.0 / 900.0)), abs=0.02)
    assert power.at([599.0])[0] - power.minimum() == pytest.approx(chain_mw(100.0) - chain_mw(50.0) + 0.65, abs=0.03)
    assert cooling.at([3599.0])[0] == pytest.approx(20.0, abs=0.02)


def test_a_fall_of_ten_megawatts_of_cooling_takes_a_score_of_lines(site):
    recording = Campus(site([(0.0, 100.0), (600.0, 50.0)], days=4 * HOUR_DAYS)).run()

    lines = recording["hall.west.power_mw"].time_s.size
    assert 10 < lines < 30
    assert recording["hall.west.power_mw"].value[-1] == pytest.approx(chain_mw(50.0) + 4.0 + 10.0, abs=0.02)


def test_half_the_error_takes_half_as_many_lines_again(site):
    rows = [(0.0, 100.0), (600.0, 50.0)]
    coarse, fine = (
        Campus(site(rows, hall={"error_mw": error_mw}, days=4 * HOUR_DAYS)).run()["hall.west.power_mw"]
        for error_mw in (0.02, 0.005)
    )

    assert fine.time_s.size == pytest.approx(2 * coarse.time_s.size, abs=4)
    assert abs(fine.integral() - coarse.integral()) < 0.02 * 4 * 3600.0


def test_a_long_ramp_follows_the_bend_of_the_losses(site):
    recording = Campus(site([(0.0, 0.0), (3000.0, 100.0)], interpolation="linear")).run()
    power, cooling = recording["hall.west.power_mw"], recording["hall.west.cooling_power_mw"]

    for time_s in (0.0, 437.0, 1500.0, 2222.0, 2999.0):
        expected_mw = chain_mw(100.0 * time_s / 3000.0) + 4.0 + cooling.at([time_s])[0]
        assert power.at([time_s])[0] == pytest.approx(expected_mw, abs=0.01)


def test_loads_that_want_too_much_are_held_to_what_is_let(site):
    rows = [(0.0, 60.0), (1000.0, 100.0), (2000.0, 60.0)]
    result = run(site(rows, hall={"ai_mw": 80.0}, interpolation="linear"))
    it = result.recording["hall.west.it_power_mw"]

    assert it.maximum() == 80.0
    assert [event.time_s for event in result.recording.events if event.kind == "capped"] == [pytest.approx(500.0)]
    assert it.at([400.0, 1000.0, 1600.0]).tolist() == pytest.approx([76.0, 80.0, 76.0])


def test_hall_warms_up_with_the_day(site):
    summer = {"type": "synthetic", "mean_c": 28.0, "annual_c": 0.0, "daily_c": 8.0}
    result = run(site([(0.0, 100.0)], weather=summer, days=1.0))
    cooling = result.recording["hall.west.cooling_power_mw"]

    assert cooling.maximum() == pytest.approx(20.0 + 0.8 * 18.0, abs=0.5)
    assert cooling.minimum() == pytest.approx(20.0 + 0.8 * 2.0, abs=0.5)
    pue = (chain_mw(100.0) + 4.0 + 28.0) / 100.0
    assert result.metrics["ai.west.pue_ratio"] == pytest.approx(pue, abs=0.002)
    assert result.recording["hall.west.power_mw"].time_s.size < 200


def test_training_in_a_hall_states_it_power_and_keeps_its_draws():
    job = {"name": "llama", "type": "training", "gpus": 8000, "power_mw": 80.0}
    inside = Campus(a_scenario(loads=[job | {"hall": "west"}], halls=[HALL], days=1.0)).run()
    outside = Campus(a_scenario(loads=[job | {"pue": 1.0}], days=1.0)).run()

    it, alone = inside["load.llama.it_power_mw"], outside["load.llama.power_mw"]
    assert it.time_s.tolist() == alone.time_s.tolist()
    assert it.value.tolist() == alone.value.tolist()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"halls": []}, "load 'l0' names hall 'west'; the scenario has no halls"),
        ({"halls": [HALL | {"name": "east"}]}, "load 'l0' names hall 'west'; halls are east"),
        ({"halls": [HALL | {"name": "l0"}, HALL]}, "used twice: l0"),
        (
            {"fleets": [MINERS | {"location": {"hall": "west"}}]},
            "hall 'west' has room and power for 0 MW of rack-form miners; its fleets are rated 10 MW: miners",
        ),
        (
            {"events": [{"type": "reconnect", "at_s": 1.0, "halls": ["south"]}]},
            "an event names hall 'south'; halls are west",
        ),
    ],
)
def test_what_has_no_place_is_refused(site, fields, message):
    with pytest.raises(InputError, match=message):
        site([(0.0, 1.0)], **fields)


def test_pue_beside_a_hall_is_refused():
    job = {"name": "llama", "type": "training", "gpus": 8, "power_mw": 1.0, "pue": 1.1, "hall": "west"}

    with pytest.raises(InputError, match="leave pue out"):
        a_scenario(loads=[job], halls=[HALL])


def test_fleet_in_free_racks_mines(site):
    hall = {"ai_mw": 80.0, "racks": {"count": 1000, "power_mw": 0.1, "free_unit_count": 3}}
    result = run(site([(0.0, 60.0)], hall=hall, fleets=[MINERS | {"location": {"hall": "west"}}]))

    assert result.metrics["ai.west.miner_capacity_mw"] == pytest.approx(11.18)
    assert result.recording["fleet_power_mw"].mean() == pytest.approx(10.0)


def test_a_steep_ramp_close_to_what_is_let_does_not_overshoot(site):
    rows = [(0.0, 79.9999), (1.0, 200.0), (2.0, 0.0)]
    it = Campus(site(rows, hall={"ai_mw": 80.0}, interpolation="linear")).run()["hall.west.it_power_mw"]

    assert it.maximum() <= 80.0 * (1.0 + 1e-9)
