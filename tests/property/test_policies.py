"""Laws of the policies that remember something, against plain loops over what they were told."""

from itertools import pairwise

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from sim.policies import AnyPolicy, FleetView, Observation
from sim.testing.policies import observations

LAW = examples(100)
MINERS = (FleetView("miners", 0.0, 100.0, 20.0, 100.0),)
ANY = TypeAdapter(AnyPolicy)
WINDOW_S = 300.0


def seen(time_s, price=40.0, limit_mw=200.0):
    return Observation(time_s, 0.0, limit_mw, price, 50.0, 0.0, MINERS)


def by_the_rule(prices, down, up):
    """Return whether miners run in each window, decided at its start by its own price."""
    on, above, below, found = prices[0] <= 100.0, 0, 0, []
    for price in prices:
        above, below = (above + 1, 0) if price > 100.0 else (0, below + 1)
        if price > 200.0 or (on and above >= down):
            on = False
        elif not on and below >= up:
            on = True
        found.append(on)
    return found


@LAW
@given(
    st.lists(st.sampled_from([50.0, 100.0, 150.0, 200.0, 250.0]), min_size=1, max_size=40),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([0.0, 60.0]),
)
def test_hysteresis_is_the_plain_rule_whether_it_is_asked_each_window_or_on_change_alone(prices, down, up, wait_s):
    spec = ANY.validate_python({"type": "hysteresis", "down_count": down, "up_count": up, "observe_s": wait_s})
    each, on_change = spec.start(), spec.start()
    wake_at_s, last = None, None
    for number, (price, expected) in enumerate(zip(prices, by_the_rule(prices, down, up), strict=True)):
        starts_s = number * WINDOW_S
        each.decide(seen(starts_s, price))
        if price != last or wake_at_s == starts_s:
            wake_at_s = on_change.decide(seen(starts_s, price)).wake_at_s
        if wake_at_s == starts_s + wait_s:
            wake_at_s = on_change.decide(seen(wake_at_s, price)).wake_at_s
        last = price
        target_mw = each.decide(seen(starts_s + wait_s, price)).target_mw
        assert target_mw == (100.0 if expected else 0.0)
        assert on_change.decide(seen(starts_s + wait_s, price)).target_mw == target_mw


@LAW
@given(
    st.lists(st.tuples(st.floats(0.0, 100.0), st.floats(0.1, 200.0)), min_size=2, max_size=30),
    st.floats(1.0, 600.0),
)
def test_no_dwell_is_cut_short_where_the_limit_does_not_ask_for_it(course, minimum_s):
    # the price moves a wish that never reaches the limit
    spec = ANY.validate_python(
        {"type": "minimum-dwell", "minimum_s": minimum_s, "inner": {"type": "flat-site", "site_mw": 100.0}}
    )
    policy, time_s, moves = spec.start(), 0.0, []
    held_mw = None
    for ai_mw, later_s in course:
        target_mw = policy.decide(seen(time_s, limit_mw=1000.0)._replace(ai_power_mw=ai_mw)).target_mw
        if held_mw is not None and target_mw != held_mw:
            moves.append((time_s, target_mw > held_mw))
        held_mw = target_mw
        time_s += later_s
    for (before_s, rose), (after_s, rises) in pairwise(moves):
        assert rose == rises or after_s >= before_s + minimum_s


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "kind",
    ["price-threshold", "hysteresis", "partial-power", "sced-bid", "follow-headroom", "mpc", "mpc-cvar"],
)
def test_no_policy_asks_for_more_than_the_headroom_less_its_margin(kind, seed):
    policy = ANY.validate_python({"type": kind, "margin_mw": 3.0}).start()
    for observation in observations(300, seed):
        target_mw = policy.decide(observation).target_mw
        assert target_mw <= max(0.0, observation.headroom_mw - 3.0) + 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_a_flat_site_s_miners_stay_within_the_headroom_but_for_their_minimum(seed):
    policy = ANY.validate_python({"type": "flat-site", "margin_mw": 3.0}).start()
    for observation in observations(300, seed):
        minimum_mw = sum(fleet.minimum_mw for fleet in observation.fleets)
        target_mw = policy.decide(observation).target_mw
        assert target_mw <= max(minimum_mw, observation.headroom_mw - 3.0) + 1e-9
