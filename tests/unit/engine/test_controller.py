from math import inf, nan, nextafter

import pytest

from sim.clock import Clock
from sim.engine.bus import Bus
from sim.engine.controller import Controller, Senses, Turn
from sim.engine.observation import Published
from sim.engine.telemetry import Telemetry
from sim.errors import PolicyError
from sim.mining.executor import Executor
from sim.mining.fleet import AggregateFleet, LiveFleet
from sim.policies import Decision, Notice
from sim.recording import Track
from sim.scenario.model import ControllerSpec

DELAY = {"telemetry_delay_s": 2.0}


class Script:
    """A policy that writes down what it sees, and answers from a script; the last answer repeats."""

    def __init__(self, *answers):
        self.seen = []
        self._answers = list(answers) or [Decision(0.0, "nothing")]

    def decide(self, observation):
        self.seen.append(observation)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return answer(observation) if callable(answer) else answer

    @property
    def times(self):
        return [observation.time_s for observation in self.seen]

    @property
    def powers(self):
        return [(observation.time_s, observation.ai_power_mw) for observation in self.seen]


class Site:
    """Clock, bus and controller, with loads that state what a test says."""

    def __init__(self, policy, fleets=(), **spec):
        self.clock = Clock()
        self.bus = Bus(self.clock)
        self.target = Track()
        self.logged = []
        self.executor = Executor([LiveFleet(self.clock, fleet, Track(), Track()) for fleet in fleets])
        described = ControllerSpec(**spec)
        turn = Turn(self.clock, described.minimum_interval_s)
        self.published = Published(turn.notice)
        self.clock.read = Telemetry(self.clock, self.bus, described, self.published.receive).read
        self.controller = Controller(
            self.clock,
            Senses(self.published, turn),
            policy,
            None,
            self.executor,
            self.target,
            lambda kind, value: self.logged.append((self.clock.now, kind, value)),
        )
        self.clock.settle = self.controller.settle

    def load(self, *statements):
        """Connect a load that states (time, power) or (time, power, slope)."""
        port = self.bus.connect(Track())
        for time_s, *power in statements:
            self.at(time_s, lambda power=power: port.set_power_mw(*power))
        return self

    def at(self, time_s, action):
        self.clock.timeout(time_s).callbacks.append(lambda _: action())
        return self

    def run(self, until_s):
        self.clock.run_before(until_s)
        return self


def steadily(wake_every_s=None):
    if wake_every_s is None:
        return Decision(0.0, "nothing")
    return lambda seen: Decision(0.0, "nothing", seen.time_s + wake_every_s)


# -- what it sees, and when ---------------------------------------------------------------------------------


def test_it_decides_at_the_start_and_at_each_change():
    policy = Script()
    Site(policy).load((0.0, 100.0), (60.0, 40.0), (90.0, 80.0)).run(1000.0)
    assert policy.powers == [(0.0, 100.0), (60.0, 40.0), (90.0, 80.0)]


def test_changes_of_one_instant_are_seen_together_in_one_decision():
    policy = Script()
    site = Site(policy).load((0.0, 100.0), (60.0, 40.0)).load((0.0, 10.0), (60.0, 20.0)).load((60.0, 5.0))
    site.at(60.0, lambda: setattr(site.published, "price_usd_per_mwh", 99.0))
    site.at(60.0, site.published.notice)
    site.run(1000.0)
    assert policy.powers == [(0.0, 110.0), (60.0, 65.0)]
    assert policy.seen[1].price_usd_per_mwh == 99.0
    assert site.clock.settle_count == site.controller.decision_count == 2


def test_a_load_that_states_the_same_power_again_is_no_news():
    policy = Script()
    site = Site(policy).load((0.0, 100.0), (60.0, 100.0), (90.0, 100.0)).run(1000.0)
    assert policy.times == [0.0]
    assert site.clock.settle_count == 1


def test_changes_that_cancel_are_no_news():
    policy = Script()
    Site(policy).load((0.0, 100.0), (60.0, 40.0)).load((0.0, 0.0), (60.0, 60.0)).run(1000.0)
    assert policy.times == [0.0]


def test_telemetry_arrives_after_its_delay_but_the_steady_state_before_the_run_is_known():
    policy = Script()
    Site(policy, **DELAY).load((0.0, 100.0), (60.0, 40.0), (61.0, 80.0)).run(1000.0)
    assert policy.powers == [(0.0, 100.0), (62.0, 40.0), (63.0, 80.0)]


def test_a_price_is_seen_at_once_while_telemetry_is_still_on_its_way():
    policy = Script()
    site = Site(policy, **DELAY).load((0.0, 100.0), (60.0, 40.0))
    site.at(61.0, site.published.notice).run(1000.0)
    assert policy.powers == [(0.0, 100.0), (61.0, 100.0), (62.0, 40.0)]


def test_what_it_shows_the_policy_is_what_was_published_and_commanded():
    miners = AggregateFleet(
        name="m", type="aggregate", rated_mw=60.0, minimum_mw=5.0, ramp_up_mw_per_s=1.0,
        ramp_down_mw_per_s=5.0, efficiency_j_per_th=20.0,
    )  # fmt: skip
    policy = Script(Decision(40.0, "a"), Decision(90.0, "b"), Decision(0.0, "c"))
    site = Site(policy, [miners]).load((0.0, 100.0), (10.0, 50.0), (20.0, 60.0))
    site.published.limit_mw = 200.0
    site.published.hashprice_usd_per_ph_day = 50.0
    site.run(1000.0)

    first, second, third = policy.seen
    assert (first.commanded_mw, second.commanded_mw, third.commanded_mw) == (5.0, 40.0, 60.0)
    assert (first.limit_mw, first.hashprice_usd_per_ph_day, second.headroom_mw) == (200.0, 50.0, 150.0)
    assert site.executor.commanded_mw == 5.0


# -- gradual change -----------------------------------------------------------------------------------------


def test_a_line_is_reported_each_time_it_has_moved_by_the_deadband():
    policy = Script()
    Site(policy, telemetry_deadband_mw=2.0).load((0.0, 10.0, 0.5), (20.0, 20.0)).run(1000.0)
    assert policy.powers == [(0.0, 10.0), (4.0, 12.0), (8.0, 14.0), (12.0, 16.0), (16.0, 18.0), (20.0, 20.0)]


def test_a_falling_line_is_reported_alike():
    policy = Script()
    Site(policy, telemetry_deadband_mw=5.0).load((0.0, 20.0, -1.0), (12.0, 8.0)).run(1000.0)
    assert policy.powers == [(0.0, 20.0), (5.0, 15.0), (10.0, 10.0), (12.0, 8.0)]


def test_the_default_deadband_is_half_a_megawatt():
    policy = Script()
    Site(policy).load((0.0, 0.0, 1.0), (10.0, 10.0)).run(1000.0)
    assert policy.powers == [(0.5 * step, 0.5 * step) for step in range(21)]


def test_what_a_line_reports_arrives_after_the_delay():
    policy = Script()
    Site(policy, telemetry_deadband_mw=5.0, **DELAY).load((0.0, 0.0, 1.0), (10.0, 10.0)).run(1000.0)
    assert policy.powers == [(0.0, 0.0), (7.0, 5.0), (12.0, 10.0)]


def test_lines_that_cancel_are_not_reported():
    policy = Script()
    site = Site(policy).load((0.0, 50.0, 1.0), (40.0, 90.0)).load((0.0, 50.0, -1.0), (40.0, 10.0))
    site.run(1000.0)
    assert policy.times == [0.0]


def test_a_jump_below_the_deadband_is_reported_and_the_line_is_measured_from_there():
    policy = Script()
    site = Site(policy, telemetry_deadband_mw=4.0)
    site.load((0.0, 0.0, 1.0), (14.0, 14.0)).load((0.0, 0.0), (3.0, 0.25)).run(1000.0)
    assert policy.powers == [(0.0, 0.0), (3.0, 3.25), (7.0, 7.25), (11.0, 11.25), (14.0, 14.25)]


def test_a_line_that_ends_is_reported_no_more():
    policy = Script()
    Site(policy, telemetry_deadband_mw=4.0).load((0.0, 0.0, 1.0), (6.0, 6.0)).run(1000.0)
    assert policy.times == [0.0, 4.0, 6.0]


def test_a_slope_too_steep_for_the_clock_does_not_stop_time():
    policy = Script()
    Site(policy, telemetry_deadband_mw=1e-3).load((1e5, 0.0, 1e9), (1e5 + 1e-9, 1.0)).run(1e6)
    assert policy.powers[-1] == (1e5 + 1e-9, 1.0)
    assert len(policy.seen) < 1000


def test_a_line_is_reported_no_oftener_than_it_is_scanned_but_its_end_at_once():
    policy = Script()
    Site(policy, telemetry_scan_s=2.0).load((0.0, 0.0, 5.0), (5.0, 25.0)).run(1000.0)
    assert policy.powers == [(0.0, 0.0), (2.0, 10.0), (4.0, 20.0), (5.0, 25.0)]


# -- what tenants announce ----------------------------------------------------------------------------------


def test_a_notice_asks_for_a_decision_and_stands_until_it_is_over():
    policy = Script()
    site = Site(policy, telemetry_delay_s=30.0).load((0.0, 100.0), (100.0, 50.0), (200.0, 100.0))
    notice = Notice("llm", "checkpoint", 100.0, 150.0, -50.0, 40.0)
    resume = Notice("llm", "resume", 300.0, 300.0, 50.0, 140.0)
    site.at(40.0, lambda: site.published.announce(notice))
    site.at(140.0, lambda: site.published.announce(resume)).run(1000.0)
    seen = [(observation.time_s, observation.notices) for observation in policy.seen]
    assert seen == [
        (0.0, ()),
        (40.0, (notice,)),
        (130.0, (notice,)),
        (140.0, (notice, resume)),
        (230.0, (resume,)),
    ]


# -- at least an interval apart -----------------------------------------------------------------------------


def test_changes_within_the_interval_wait_for_its_end_and_are_seen_together():
    policy = Script()
    site = Site(policy, minimum_interval_s=10.0)
    site.load((0.0, 100.0), (1.0, 90.0), (2.0, 80.0), (9.0, 70.0), (25.0, 60.0)).run(1000.0)
    assert policy.powers == [(0.0, 100.0), (10.0, 70.0), (25.0, 60.0)]
    assert site.clock.settle_count == 3


def test_a_change_at_the_end_of_the_interval_is_seen_in_the_same_decision():
    policy = Script()
    site = Site(policy, minimum_interval_s=10.0).load((0.0, 100.0), (5.0, 90.0), (10.0, 80.0)).run(1000.0)
    assert policy.powers == [(0.0, 100.0), (10.0, 80.0)]
    assert site.clock.settle_count == 2


def test_the_interval_counts_from_the_last_decision_made():
    policy = Script()
    Site(policy, minimum_interval_s=10.0).load((0.0, 9.0), (8.0, 8.0), (12.0, 7.0), (19.0, 6.0)).run(1000.0)
    assert policy.powers == [(0.0, 9.0), (10.0, 8.0), (20.0, 6.0)]


def test_after_a_quiet_time_the_interval_counts_afresh():
    policy = Script()
    Site(policy, minimum_interval_s=10.0).load((0.0, 9.0), (45.0, 8.0), (50.0, 7.0)).run(1000.0)
    assert policy.powers == [(0.0, 9.0), (45.0, 8.0), (55.0, 7.0)]


def test_nothing_new_in_the_interval_means_no_decision_at_its_end():
    policy = Script()
    Site(policy, minimum_interval_s=10.0).load((0.0, 100.0)).run(1000.0)
    assert policy.times == [0.0]


# -- woken at its own wish ----------------------------------------------------------------------------------


def test_a_policy_is_asked_again_when_it_wished():
    policy = Script(steadily(wake_every_s=300.0))
    Site(policy).load((0.0, 100.0)).run(1000.0)
    assert policy.times == [0.0, 300.0, 600.0, 900.0]


def test_only_the_last_wish_counts():
    policy = Script(Decision(0.0, "a", 500.0), Decision(0.0, "a", 400.0), Decision(0.0, "a", 700.0), Decision(0.0, "a"))
    Site(policy).load((0.0, 100.0), (10.0, 90.0), (20.0, 80.0)).run(10_000.0)
    assert policy.times == [0.0, 10.0, 20.0, 700.0]


def test_a_later_decision_without_a_wish_takes_the_earlier_one_back():
    policy = Script(Decision(0.0, "a", 500.0), Decision(0.0, "a", None))
    Site(policy).load((0.0, 100.0), (10.0, 90.0)).run(10_000.0)
    assert policy.times == [0.0, 10.0]


def test_a_wish_within_the_interval_waits_for_its_end():
    policy = Script(steadily(wake_every_s=3.0))
    Site(policy, minimum_interval_s=10.0).load((0.0, 100.0)).run(35.0)
    assert policy.times == [0.0, 10.0, 20.0, 30.0]


def test_a_wish_for_the_end_of_time_is_never_fulfilled():
    policy = Script(Decision(0.0, "a", inf))
    site = Site(policy).load((0.0, 100.0)).run(1e9)
    assert policy.times == [0.0]
    assert site.clock.pending_count == 0


@pytest.mark.parametrize("wake_at_s", [10.0, 9.5, -inf, nan])
def test_a_wish_for_a_time_that_is_not_ahead_is_refused(wake_at_s):
    policy = Script(Decision(0.0, "a"), Decision(0.0, "a", wake_at_s))
    with pytest.raises(PolicyError, match=r"woken at .* must be after now, 10 s"):
        Site(policy).load((0.0, 100.0), (10.0, 90.0)).run(100.0)


# -- what it does -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target_mw", [-1e-9, -5.0, inf, nan])
def test_a_target_that_is_none_is_refused(target_mw):
    policy = Script(Decision(0.0, "a"), Decision(target_mw, "a"))
    with pytest.raises(PolicyError, match=r"target is .* MW at 10 s; must be 0 MW or more, and finite"):
        Site(policy).load((0.0, 100.0), (10.0, 90.0)).run(100.0)


def test_a_target_is_recorded_when_it_changes():
    policy = Script(Decision(60.0, "a"), Decision(60.0, "a"), Decision(20.0, "a"), Decision(60.0, "a"))
    site = Site(policy).load((0.0, 4.0), (10.0, 3.0), (20.0, 2.0), (30.0, 1.0)).run(100.0)
    target = site.target.freeze(100.0)
    assert target.time_s.tolist() == [0.0, 20.0, 30.0]
    assert target.value.tolist() == [60.0, 20.0, 60.0]


def test_a_reason_is_logged_when_it_changes_with_the_target():
    policy = Script(Decision(60.0, "price"), Decision(50.0, "price"), Decision(0.0, "no headroom"))
    site = Site(policy).load((0.0, 4.0), (10.0, 3.0), (20.0, 2.0)).run(100.0)
    assert site.logged == [(0.0, "decision: price", 60.0), (20.0, "decision: no headroom", 0.0)]


@pytest.mark.parametrize("latency_s", [0.0, 3.0])
def test_it_never_reacts_to_its_fleets_echo(latency_s):
    miners = AggregateFleet(
        name="m", type="aggregate", rated_mw=60.0, ramp_up_mw_per_s=0.25, ramp_down_mw_per_s=0.5,
        latency_s=latency_s, efficiency_j_per_th=20.0, initial_mw=0.0,
    )  # fmt: skip
    policy = Script(Decision(60.0, "a"), Decision(10.0, "a"))
    site = Site(policy, [miners]).load((0.0, 100.0), (500.0, 90.0)).run(10_000.0)
    assert policy.times == [0.0, 500.0]
    assert site.clock.settle_count == 2


def test_a_policy_that_is_awake_all_the_time_is_refused_by_name():
    site = Site(Script(lambda seen: Decision(0.0, "awake", wake_at_s=nextafter(seen.time_s, inf))))
    with pytest.raises(PolicyError, match=r"the policy asked to be woken within 0\.001 s .* 1000 times"):
        site.load((0.0, 100.0)).run(1.0)


def test_a_policy_may_wake_at_once_now_and_then():
    site = Site(Script(lambda seen: Decision(0.0, "awake", wake_at_s=seen.time_s + 1.01e-3)))
    site.load((0.0, 100.0)).run(2.0)
    assert site.controller.decision_count > 1900


def test_what_a_policy_raises_is_named_as_the_policys():
    def broken(_):
        raise KeyError("price")

    with pytest.raises(PolicyError, match="the policy raised KeyError at 0 s: 'price'"):
        Site(Script(broken)).load((0.0, 1.0)).run(1.0)


def test_a_reason_must_be_text():
    with pytest.raises(PolicyError, match=r"the policy's reason is \['why'\] at 0 s; must be text"):
        Site(Script(Decision(0.0, ["why"]))).load((0.0, 1.0)).run(1.0)
