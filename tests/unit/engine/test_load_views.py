import pytest

from sim.ai.facility import fed_mw
from sim.ai.halls import Hall
from sim.engine.load_views import HALL_VALID_S, WARMER_C, WatchedHall, WatchedLoad, views_of
from sim.policies import LoadView
from sim.recording import Track
from sim.signals import Signal
from sim.testing import a_scenario

HALL = Hall.model_validate({"name": "hall", "racks": {"count": 100, "power_mw": 1.0}, "cooling": {"type": "liquid"}})


def recorded(value, slope=0.0):
    track = Track()
    track.set(0.0, value, slope)
    return track


def watched(power_mw, it_mw, cooling_mw, ratio):
    return WatchedHall(HALL, ratio, [recorded(power_mw), recorded(it_mw), recorded(cooling_mw)])


def test_a_load_in_a_hall_is_seen_at_the_meter_with_its_losses_and_the_cooling_of_a_warmer_hour():
    ratio = Signal.linear([0.0, 3600.0], [0.06, 0.08], 7200.0)
    load = WatchedLoad(LoadView("job", 0.0, 80.0), recorded(50.0), hall=watched(60.0, 50.0, 3.5, ratio))
    load.tell(0.0, "stall", 55.0)
    seen = load.seen(1800.0)
    warmer = WARMER_C * (0.112 - 0.06) / (40.0 - 27.0)
    at_meter = HALL.feed_ratio + 0.07 + warmer
    found = (seen.power_mw, seen.level_mw, seen.stated_mw, seen.valid_s)
    assert found == (50.0 * at_meter, 55.0 * at_meter, 80.0 * at_meter, HALL_VALID_S)


def test_a_load_in_a_hall_rises_at_the_meter_faster_than_its_it_power():
    load = WatchedLoad(
        LoadView("job", 0.0, 80.0, rise_mw_per_s=2.0),
        recorded(50.0),
        hall=watched(60.0, 50.0, 3.5, Signal.constant(0.112, 100.0)),
    )
    assert load.seen(0.0).rise_mw_per_s == 2.0 * (HALL.feed_ratio + 0.112)


def test_cooling_is_never_reckoned_above_that_of_the_design():
    hall = watched(60.0, 50.0, 5.6, Signal.constant(0.112, 100.0))
    assert hall.meter_ratio(0.0) == HALL.feed_ratio + 0.112


def test_what_a_hall_draws_besides_its_loads_is_its_power_less_theirs_at_the_meter():
    warmer = WARMER_C * (0.112 - 0.06) / (40.0 - 27.0)
    seen = watched(60.0, 50.0, 3.5, Signal.constant(0.07, 100.0)).seen(0.0)
    assert seen.power_mw == pytest.approx(60.0 - 50.0 * (HALL.feed_ratio + 0.07 + warmer), rel=1e-12)


def test_a_word_on_a_state_is_seen_from_when_it_was_told_however_many_there_were():
    load = WatchedLoad(LoadView("job", 0.0, 80.0), recorded(50.0))
    for told_s in range(200):
        load.tell(float(told_s), "stall" if told_s % 2 else "compute", float(told_s))
    for seen_s in (150.5, 151.0, 198.5):
        seen = load.seen(seen_s)
        assert (seen.since_s, seen.level_mw) == (seen_s // 1.0, seen_s // 1.0)
    assert load.seen(198.5).state == "compute"


def test_what_is_recorded_of_a_state_is_no_more_than_the_load_states():
    level = Track()
    load = WatchedLoad(LoadView("job", 0.0, 80.0), recorded(50.0), lambda: level)
    load.tell(0.0, "compute", 95.0)
    load.tell(10.0, "stall", 30.0)
    assert (level.at(5.0), level.at(15.0)) == (80.0, 30.0)


def test_what_a_hall_draws_besides_its_loads_holds_cooling_that_has_yet_to_fall():
    ratio = Signal.constant(0.06, 100.0)
    warmer = WARMER_C * (0.112 - 0.06) / (40.0 - 27.0)
    assert watched(40.0, 30.0, 1.8, ratio).seen(0.0).stated_mw == HALL.base_mw
    lagging = watched(40.0, 30.0, 5.0, ratio).seen(0.0)
    assert lagging.stated_mw == pytest.approx(HALL.base_mw + 5.0 - 30.0 * (0.06 + warmer))


@pytest.mark.parametrize("it_mw", [0.0, 20.0, 50.0, 80.0, 100.0])
def test_loads_and_the_rest_of_a_hall_are_never_less_than_it_draws(it_mw):
    cooling_mw = 0.06 * it_mw
    drawn_mw = HALL.fixed_mw + cooling_mw + float(fed_mw(it_mw, HALL.plant_mw, HALL.losses.stages))
    hall = watched(drawn_mw, it_mw, cooling_mw, Signal.constant(0.06, 100.0))
    reckoned_mw = it_mw * hall.meter_ratio(0.0) + hall.seen(0.0).stated_mw
    assert drawn_mw <= reckoned_mw <= drawn_mw + 0.02 * 100.0


def test_of_two_words_of_one_instant_the_last_counts():
    load = WatchedLoad(LoadView("job", 0.0, 80.0), recorded(50.0))
    for told_s, state, level_mw in (
        (0.0, "compute", 80.0),
        (0.0, "stall", 40.0),
        (5.0, "compute", 80.0),
        (5.0, "hang", 60.0),
    ):
        load.tell(told_s, state, level_mw)
    assert [load.seen(time_s)[3:6] for time_s in (4.0, 6.0)] == [("stall", 40.0, 0.0), ("hang", 60.0, 5.0)]


def test_a_load_is_back_as_late_as_its_notices_say_and_at_once_without_any():
    job = {"type": "training", "gpus": 8192}
    loads = [{"name": "silent", **job}, {"name": "told", **job, "notice": {"lead_s": 45.0}}]
    found = views_of(a_scenario(loads=loads))
    assert {name: view.lead_s for name, view in found.items()} == {"silent": 0.0, "told": 45.0}
