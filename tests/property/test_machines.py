"""Aggregate fleets, batteries and halls under anything in any order: no state breaks a physical limit."""

from functools import partial

import numpy as np
import pytest
from examples import examples
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sim.ai.facility import fed_mw
from sim.ai.halls import Hall, LiveHall
from sim.ai.ride_through import GridSwitch
from sim.clock import Alarm, Clock
from sim.grid.storage import CHARGE_ERROR_FRACTION, Battery, Storage
from sim.mining.fleet import AggregateFleet, LiveFleet
from sim.recording import Track
from sim.signals import Signal
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

END_S = 1e7
NEAR = 1e-9
waits = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.0, 600.0))


def wait(clock, seconds):
    """Let time go on."""
    done = []
    clock.timeout(seconds).callbacks.append(lambda _: done.append(1))
    while not done:
        clock.step()


class FleetUnderFire(RuleBasedStateMachine):
    """Commands at any time: within its range, no faster than its ramps, and it comes where it was sent."""

    @initialize(data=st.data())
    def build(self, data):
        least = data.draw(st.sampled_from([0.0, 5.0]))
        self.spec = AggregateFleet(
            name="miners",
            type="aggregate",
            rated_mw=60.0,
            minimum_mw=least,
            ramp_up_mw_per_s=data.draw(st.sampled_from([0.01, 1.0, 1e6])),
            ramp_down_mw_per_s=data.draw(st.sampled_from([0.03, 5.0, 1e6])),
            latency_s=data.draw(st.sampled_from([0.0, 3.0, 90.0])),
            initial_mw=data.draw(st.sampled_from([None, 20.0])),
            efficiency_j_per_th=17.5,
        )
        self.clock, self.power, self.told = Clock(), Track(), Track()
        self.fleet = LiveFleet(self.clock, self.spec, self.told, self.power)
        self.goal_mw = least
        self.fleet.command(least)
        self.still_s = 0.0

    @rule(share=st.one_of(st.sampled_from([0.0, 1.0, 1.2]), st.floats(0.0, 1.0)))
    def command(self, share):
        asked_mw = self.spec.minimum_mw + share * (60.0 - self.spec.minimum_mw)
        if (goal_mw := min(asked_mw, 60.0)) != self.goal_mw:
            self.goal_mw, self.still_s = goal_mw, self.clock.now
        self.fleet.command(asked_mw)

    @rule(seconds=waits)
    def wait(self, seconds):
        wait(self.clock, seconds)

    @invariant()
    def what_it_will_draw_is_within_its_range_and_ramps_and_ends_where_it_was_sent(self):
        (time_s, value_mw, slope), *later = self.fleet.ahead(self.clock.now)
        now_mw = value_mw + slope * (self.clock.now - time_s)
        for mw in (now_mw, *(row[1] for row in later)):
            assert self.spec.minimum_mw - NEAR <= mw <= 60.0 + NEAR
        for one in (slope, *(row[2] for row in later)):
            assert -self.spec.ramp_down_mw_per_s <= one * (1.0 - NEAR) <= self.spec.ramp_up_mw_per_s
        assert self.fleet.commanded_mw == self.goal_mw
        end_mw = later[-1][1] if later else now_mw
        assert end_mw == pytest.approx(self.goal_mw, abs=1e-6)
        slowest_s = 60.0 / min(self.spec.ramp_up_mw_per_s, self.spec.ramp_down_mw_per_s)
        if self.clock.now > self.still_s + self.spec.latency_s + slowest_s + 1e-6:
            assert now_mw == pytest.approx(self.goal_mw, abs=1e-6)

    def teardown(self):
        if hasattr(self, "power") and self.clock.now > 0.0:
            power = self.power.freeze(self.clock.now)
            assert self.spec.minimum_mw - NEAR <= power.minimum() <= power.maximum() <= 60.0 + NEAR
            limits = self.spec.ramp_up_mw_per_s, self.spec.ramp_down_mw_per_s
            jumps = power.value[1:] - power.left_limits()[:-1]
            assert np.abs(jumps).max(initial=0.0) <= NEAR * max(1.0, *limits)


class BatteryUnderFire(RuleBasedStateMachine):
    """Site power of any shape, followed piece by piece: charge and power within bounds, energy closes."""

    @initialize(data=st.data())
    def build(self, data):
        self.battery = Battery(
            power_mw=data.draw(st.sampled_from([5.0, 40.0])),
            energy_mwh=data.draw(st.sampled_from([0.2, 4.0, 80.0])),
            round_trip_efficiency_fraction=data.draw(st.sampled_from([0.7, 0.86, 1.0])),
            ramp_limit_mw_per_min=data.draw(st.sampled_from([2.0, 60.0])),
            shave_above_mw=data.draw(st.sampled_from([None, 120.0])),
            recharge_mw=data.draw(st.sampled_from([0.0, 1.0])),
        )
        self.storage = Storage(self.battery)
        self.now_s, self.grid_mw = 0.0, None

    @rule(
        length_s=st.floats(0.5, 4000.0),
        values=st.lists(st.floats(0.0, 200.0), min_size=1, max_size=4),
        is_steps=st.booleans(),
    )
    def follow(self, length_s, values, is_steps):
        times_s = self.now_s + np.linspace(0.0, length_s, len(values) + 1)
        kind = Signal.steps if is_steps else Signal.linear
        site = kind(times_s[:-1], values, times_s[-1])
        before_mwh = self.storage.charge_mwh
        drawn = self.storage.follow(site)
        self.now_s = float(times_s[-1])
        self.is_within(drawn)
        self.closes(drawn.battery_mw, before_mwh)
        self.is_ramped(site, drawn)

    def is_within(self, drawn):
        size_mwh, most_mw = self.battery.energy_mwh, self.battery.power_mw
        slack_mwh = CHARGE_ERROR_FRACTION * size_mwh
        assert -slack_mwh <= drawn.charge_mwh.minimum()
        assert drawn.charge_mwh.maximum() <= size_mwh + slack_mwh
        assert 0.0 <= self.storage.charge_mwh <= size_mwh
        assert -most_mw - 1e-6 <= drawn.battery_mw.minimum() <= drawn.battery_mw.maximum() <= most_mw + 1e-6

    def closes(self, battery_mw, before_mwh):
        efficiency = self.battery.round_trip_efficiency_fraction**0.5
        times_s = np.unique(np.append(np.linspace(battery_mw.start_s, battery_mw.end_s, 2000), battery_mw.time_s))
        energies_mwh = battery_mw.integrals_over(times_s) / SECONDS_PER_HOUR
        taken, given = energies_mwh[energies_mwh > 0.0].sum(), -energies_mwh[energies_mwh < 0.0].sum()
        gained_mwh = efficiency * taken - given / efficiency
        # where it turns from taking to giving within a sample, the sample counts by its net energy
        assert self.storage.charge_mwh - before_mwh == pytest.approx(gained_mwh, abs=0.01)

    def is_ramped(self, site, drawn):
        """Where it is neither empty, nor full, nor at its power, the grid sees no ramp above its limit."""
        times_s = np.linspace(site.start_s, site.end_s, 400)[:-1]
        _, grid_slope = (site + drawn.battery_mw).lines_at(times_s)
        battery_mw, charge_mwh = drawn.battery_mw.at(times_s), drawn.charge_mwh.at(times_s)
        size_mwh, most_mw = self.battery.energy_mwh, self.battery.power_mw
        inside = (charge_mwh > 0.01 * size_mwh) & (charge_mwh < 0.99 * size_mwh)
        free = inside & (np.abs(battery_mw) < 0.99 * most_mw)
        if self.battery.shave_above_mw is None:
            limit = self.battery.ramp_limit_mw_per_min / SECONDS_PER_MINUTE
            assert (np.abs(grid_slope[free]) <= limit * (1.0 + 1e-6) + NEAR).all()


class HallUnderFire(RuleBasedStateMachine):
    """Any loads, sags and returns at any time: the grid or the hall's own supply carries all of it."""

    @initialize(data=st.data())
    def build(self, data):
        self.hall = Hall.model_validate(
            {
                "name": "west",
                "racks": {"count": 200, "power_mw": 0.1},
                "cooling": {"type": data.draw(st.sampled_from(["air", "liquid"]))},
                "error_mw": 0.02,
                "ride_through": {
                    "strike_count": data.draw(st.sampled_from([1, 3])),
                    "reconnection": data.draw(st.sampled_from(["lognormal", "manual"])),
                    "return_mw_per_min": data.draw(st.sampled_from([1.0, 600.0])),
                },
            }
        )
        self.clock, self.log = Clock(), []
        self.grid, self.backup = Track(), Track()
        alarm = partial(Alarm, self.clock)
        note = lambda what, value: self.log.append((what, value))  # noqa: E731
        set_grid = lambda mw, slope=0.0: self.grid.set(self.clock.now, mw, slope)  # noqa: E731
        ride, draws = self.hall.ride_through, np.random.default_rng(1)
        self.switch = GridSwitch(self.clock, ride, set_grid, self.backup, note, draws, alarm)
        self.it, self.cooling = Track(), Track()
        self.live = LiveHall(
            self.clock,
            self.hall,
            self.switch.set_power_mw,
            Signal.linear([0.0, END_S], [0.1, 0.4], END_S + 1.0),
            self.it,
            self.cooling,
            note,
            alarm,
        )
        self.inlets = [self.live.inlet(Track()) for _ in range(2)]
        self.wanted = [0.0, 0.0]
        self.live.restate()

    @rule(inlet=st.integers(0, 1), power_mw=st.floats(0.0, 15.0))
    def draw(self, inlet, power_mw):
        self.inlets[inlet].set_power_mw(power_mw)
        self.wanted[inlet] = power_mw

    @rule(left_pu=st.floats(0.0, 1.0), duration_s=st.floats(0.001, 1.0))
    def sag(self, left_pu, duration_s):
        self.switch.sag(left_pu, duration_s)

    @rule()
    def storm(self):
        for _ in range(self.hall.ride_through.strike_count):
            self.switch.sag(0.1, 0.5)
        wait(self.clock, self.hall.ride_through.transfer_s)
        assert self.now(self.grid) == 0.0

    @rule()
    def reconnect(self):
        self.switch.reconnect()

    @rule(seconds=waits)
    def wait(self, seconds):
        wait(self.clock, seconds)

    def now(self, track):
        time_s, value, slope = track.ahead(self.clock.now)[0]
        return value + slope * (self.clock.now - time_s)

    @invariant()
    def all_of_it_is_carried_and_none_is_above_the_rating(self):
        it_mw, cooling_mw = self.now(self.it), self.now(self.cooling)
        assert it_mw == pytest.approx(min(sum(self.wanted), self.hall.rated_it_mw), abs=1e-6)
        need_mw = fed_mw(it_mw, self.hall.plant_mw, self.hall.losses.stages) + self.hall.fixed_mw + cooling_mw
        grid_mw, backup_mw = self.now(self.grid), self.now(self.backup)
        assert grid_mw >= -NEAR
        assert backup_mw >= -NEAR
        assert grid_mw + backup_mw == pytest.approx(need_mw, abs=2.0 * self.hall.error_mw)

    @invariant()
    def it_returns_no_faster_than_it_may(self):
        if self.switch._state == "off":  # noqa: SLF001  # that it is off is told nowhere else
            assert self.now(self.grid) == 0.0
        if self.switch._state == "returning":  # noqa: SLF001  # see above
            slope = self.grid.ahead(self.clock.now)[0][2]
            cooling = abs(self.cooling.ahead(self.clock.now)[0][2])
            assert slope <= self.hall.ride_through.return_mw_per_min / SECONDS_PER_MINUTE + cooling + NEAR


for machine in (FleetUnderFire, BatteryUnderFire, HallUnderFire):
    machine.TestCase.settings = examples(100)
TestFleetUnderFire = FleetUnderFire.TestCase
TestBatteryUnderFire = BatteryUnderFire.TestCase
TestHallUnderFire = HallUnderFire.TestCase
