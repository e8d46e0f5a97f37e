"""Policies that answer frequency."""

import pytest

from sim.policies import Decision, Droop, IslandFrequency, UnderFrequency
from sim.testing import check_policy

RANGE_MW = 95.0  # of the two fleets that are observed
GAIN = RANGE_MW / (0.05 * 60.0)
ALWAYS = {"type": "always-on"}


@pytest.mark.parametrize(
    "spec",
    [
        Droop.model_validate({"type": "droop", "inner": ALWAYS}),
        UnderFrequency.model_validate({"type": "under-frequency", "inner": ALWAYS}),
        IslandFrequency(type="island-frequency"),
    ],
    ids=lambda spec: spec.type,
)
def test_it_passes_the_check_of_every_policy(spec):
    check_policy(spec.start)


# -- droop --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frequency_hz", "target_mw"),
    [(60.0, 50.0), (59.983, 50.0), (60.017, 50.0), (59.9, 50.0 - 0.083 * GAIN), (60.1, 50.0 + 0.083 * GAIN)],
)
def test_a_droop_starts_from_nothing_at_the_edge_of_its_deadband(scripted, observed, frequency_hz, target_mw):
    policy, _ = scripted(Droop)(50.0)
    assert policy.decide(observed(frequency_hz=frequency_hz)).target_mw == pytest.approx(target_mw)


def test_a_droop_moves_what_the_fleets_draw_and_not_what_is_wished(scripted, observed):
    policy, _ = scripted(Droop)(1000.0)  # 100 MW is all there is
    assert policy.decide(observed(frequency_hz=59.9)).target_mw == pytest.approx(100.0 - 0.083 * GAIN)
    assert policy.decide(observed(frequency_hz=50.0)).target_mw == 5.0


def test_a_droop_does_not_raise_the_site_above_its_limit(scripted, observed):
    policy, _ = scripted(Droop)(50.0)
    assert policy.decide(observed(frequency_hz=61.0, ai_mw=145.0)).target_mw == 55.0
    # nor does it cut what the inner policy wants above it
    assert policy.decide(observed(frequency_hz=61.0, ai_mw=170.0)).target_mw == 50.0


def test_a_droop_that_sees_no_frequency_is_its_inner_policy(scripted, observed):
    policy, _ = scripted(Droop)(50.0)
    assert policy.decide(observed()) == Decision(50.0, "inner")


# -- under-frequency ----------------------------------------------------------------------------------------


def course(policy, observed, *seen):
    """Return the targets [MW] and wake-ups [s] for times [s] and frequencies [Hz]."""
    decisions = [policy.decide(observed(time_s=time_s, frequency_hz=hz)) for time_s, hz in seen]
    return [decision.target_mw for decision in decisions], [decision.wake_at_s for decision in decisions]


def test_the_relay_trips_after_its_time_and_not_before(scripted, observed):
    policy, _ = scripted(UnderFrequency)(50.0)
    targets, wakes = course(policy, observed, (10.0, 59.7), (10.2, 59.65), (10.5, 59.6), (11.0, 59.6))
    assert targets == [50.0, 50.0, 0.0, 0.0]
    assert wakes == [10.5, 10.5, None, None]


def test_a_break_starts_the_time_again(scripted, observed):
    policy, _ = scripted(UnderFrequency)(50.0)
    targets, wakes = course(policy, observed, (10.0, 59.7), (10.4, 59.71), (10.45, 59.7), (10.6, 59.7))
    assert targets == [50.0] * 4
    assert wakes == [10.5, None, 10.95, 10.95]


def test_fleets_come_back_once_all_has_been_clear_for_long_enough(scripted, observed):
    policy, _ = scripted(UnderFrequency, restore_after_min=1.0, trip_after_s=0.0)(50.0)
    seen = (0.0, 59.6), (5.0, 59.96), (30.0, 59.94), (40.0, 59.95), (99.0, 60.0), (100.0, 60.0)
    targets, wakes = course(policy, observed, *seen)
    assert targets == [0.0] * 5 + [50.0]
    assert wakes == [None, 65.0, None, 100.0, 100.0, None]


def test_levels_of_the_relay_are_watched_through_other_wrappers():
    spec = Droop.model_validate(
        {"type": "droop", "inner": {"type": "under-frequency", "trip_hz": 59.5, "inner": ALWAYS}}
    )
    assert spec.watched_hz == (59.5, 59.95)


def test_a_relay_that_restores_below_its_trip_is_refused():
    with pytest.raises(ValueError, match=r"trip_hz is 59.7 Hz; must be below restore_hz, 59.6 Hz"):
        UnderFrequency.model_validate({"type": "under-frequency", "restore_hz": 59.6, "inner": ALWAYS})


# -- island-frequency ---------------------------------------------------------------------------------------


def test_proportional_and_integral_part_add_up(observed):
    policy = IslandFrequency(type="island-frequency", integral_time_s=10.0).start()
    targets, wakes = course(policy, observed, (0.0, 60.0), (5.0, 59.9), (6.0, 59.9), (7.0, 60.0))
    proportional_mw = 0.1 * GAIN
    integral_mw = proportional_mw * 1.0 / 10.0
    base_mw = 5.0 + 0.5 * RANGE_MW
    assert targets == pytest.approx(
        [
            base_mw,
            base_mw - proportional_mw,
            base_mw - proportional_mw - integral_mw,
            base_mw - 2.0 * integral_mw,
        ]
    )
    assert wakes == [None, 6.0, 7.0, None]


def test_the_integral_does_not_wind_up_beyond_the_limits(observed):
    policy = IslandFrequency(type="island-frequency", integral_time_s=10.0).start()
    targets, _ = course(policy, observed, (0.0, 59.0), (1e5, 59.0), (1e5 + 1.0, 60.0), (1e5 + 2.0, 60.2))
    assert targets[:2] == [pytest.approx(52.5 - GAIN), 5.0]
    assert targets[2] == pytest.approx(5.0)
    assert targets[3] == pytest.approx(5.0 + 0.2 * GAIN)


def test_an_island_stays_within_the_limit_of_its_site(observed):
    policy = IslandFrequency(type="island-frequency", margin_mw=10.0).start()
    assert policy.decide(observed(frequency_hz=62.0, ai_mw=150.0)).target_mw == 40.0
