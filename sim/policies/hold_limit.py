"""Mine with all that AI cannot need: the limit is never exceeded, if tenants keep to what they state."""

from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import ClassVar, Final, Literal, NamedTuple

from sim.policies.base import BatteryView, Claim, Decision, FleetView, LoadView, Observation, PolicySpec
from sim.policies.certificate import FleetMotion, FleetResponse, battery_mw
from sim.policies.reserve import Reserves, SiteReserve
from sim.spec import NonNegative
from sim.units import SECONDS_PER_HOUR

DRIFT_MW: Final = 1.0
"""How far a load that follows demand moves until the fleets have answered [MW]; see `HoldLimit.drift_mw`."""
RECHARGE_WATCH_S: Final = 10.0
"""Time between two looks at a battery that lends the more, the fuller it gets [s]."""
LEAST_WATCH_S: Final = 0.25
"""Least time between two looks at what moves unreported [s]."""
FULL: Final = 0.98
"""Share of the wanted charge from which a battery is not recharged."""


class HoldLimit(PolicySpec):
    r"""Leave each load the most that it may draw before the fleets could answer, and mine with the rest.

    Notes
    -----
    The target is :math:`L - m - \sum_i R_i(t) + b(t)`; see `sim.policies.certificate` for the inequality and
    `sim.policies.reserve` for what each load is left by its contract. Nothing in it is a guess about power,
    but ``drift_mw``: a statistical bound on loads that follow demand.
    """

    type: Literal["hold-limit"]
    margin_mw: NonNegative = 0.0
    """Power kept free below the limit [MW]; nothing in the inequality needs it. It is not taken over from
    another policy, whose margin is for what latency and ramps let through."""
    drift_mw: NonNegative | None = DRIFT_MW
    """How far a load that drifts with demand moves within 12 s, deadband included [MW], for each such load;
    fleets that take longer are left more, see `sim.policies.certificate.drift_within_mw`. Null: it is left
    the most that it states. Default: 54 MW of inference never exceeded it in 70 days, but 0.5 MW 3,707 times
    in 15 days."""
    not_taken_over: ClassVar[frozenset[str]] = frozenset({"margin_mw"})

    @property
    def claim(self) -> Claim:
        """It claims that the site never exceeds its limit."""
        return Claim(self.margin_mw, self.drift_mw)

    def start(self) -> "HoldLimitPolicy":
        """Return a fresh policy for one run."""
        return HoldLimitPolicy(self)


class _Cap(NamedTuple):
    """What the fleets may draw, now and after each announced rise."""

    now_mw: float
    """Now [MW]."""
    rises: tuple[tuple[float, float], ...]
    """When AI power is announced to rise [s], and by how much [MW]."""

    def after(self) -> Iterator[tuple[float, float]]:
        """Yield when power rises [s], and what all rises up to it leave the fleets [MW]."""
        left_mw = self.now_mw
        for rise_s, rise_mw in self.rises:
            left_mw -= rise_mw
            yield rise_s, left_mw


class HoldLimitPolicy:
    """The policy in a run: what it remembers of the loads' states and of its own commands."""

    def __init__(self, spec: HoldLimit) -> None:
        self._spec = spec
        self._reserve = SiteReserve(spec.drift_mw)
        self._fleets: tuple[FleetView, ...] = ()
        self._motion = FleetMotion(FleetResponse())
        self._rated_mw = 0.0
        self._lent_mw = 0.0  # what the last command counted on a battery for

    def decide(self, observation: Observation) -> Decision:
        """Return the power that no load can need before the fleets are gone."""
        motion, loads = self._known_motion(observation), tuple(observation.loads)
        wait_s = self._wait_s(observation, motion)
        reserves = self._reserve.of(loads, observation.notices, observation.time_s, wait_s)
        rated_mw = self._rated_mw
        announced_s = [rise_s for rise_s, _ in (*reserves.rises, *reserves.silent_rises)]
        is_slow = reserves.sudden_s < inf and (
            reserves.sudden_s < observation.telemetry.interval_s + motion.response.drop_s(rated_mw)
        )
        if is_slow:
            reserves = reserves.with_sudden(observation.time_s)
        caps = self._caps(observation, reserves, motion.response)
        most_mw = min([cap.now_mw for cap in caps])
        if is_slow:
            most_mw = min(most_mw, self._answerable_mw(caps[0], observation, motion.response))
        wanted_mw = max(0.0, min(rated_mw, most_mw))
        target_mw, wake_s = wanted_mw, inf
        if announced_s:
            steps = [step for cap in caps for step in cap.after() if step[0] in announced_s]
            target_mw, wake_s = self._released(wanted_mw, steps, observation, motion)
        motion.command(observation.time_s, target_mw)
        reason = "certain headroom" if target_mw > 0.0 else "no headroom"
        if target_mw < wanted_mw:
            reason = "release for a resume"
        wake_s = min(wake_s, self._watch_s(observation, loads))
        off = self._to_cut(observation, loads)
        return Decision(target_mw, reason, wake_s if wake_s < inf else None, off=off)

    def _known_motion(self, observation: Observation) -> FleetMotion:
        if observation.fleets is not self._fleets:
            times = [
                (fleet.latency_s, fleet.ramp_up_mw_per_s, fleet.ramp_down_mw_per_s, fleet.fall_s)
                for fleet in observation.fleets
            ]
            self._fleets, self._motion.response = observation.fleets, FleetResponse.of(times)
            self._rated_mw = sum(fleet.rated_mw for fleet in observation.fleets)
        return self._motion

    def _to_cut(self, observation: Observation, loads: Sequence[LoadView]) -> tuple[str, ...]:
        """Return the fleets whose blocks do not answer, if AI at its most leaves no room for them."""
        stuck = {fleet.name: fleet.stuck_mw for fleet in observation.fleets if fleet.stuck_mw > 0.0}
        if not stuck:
            return ()
        static_mw = observation.limit_mw - self._spec.margin_mw - sum(view.stated_mw for view in loads)
        return tuple(stuck) if sum(stuck.values()) > static_mw else ()

    @staticmethod
    def _wait_s(observation: Observation, motion: FleetMotion) -> float:
        """Return the time from a change of AI power until the fleets begin to answer it [s]."""
        telemetry, response = observation.telemetry, motion.response
        seen_s = telemetry.delay_s + telemetry.scan_s + max(telemetry.interval_s, LEAST_WATCH_S)
        return seen_s + response.latency_s + response.fall_s

    def _caps(self, observation: Observation, reserves: Reserves, response: FleetResponse) -> tuple[_Cap, ...]:
        """Return what the fleets may draw: by contract, and with a battery also if all kept silent."""
        free_mw = observation.limit_mw - self._spec.margin_mw
        if not observation.loads:  # nobody tells of loads: what is telemetered is all there is to know
            free_mw -= observation.ai_power_mw
        battery = observation.battery
        if battery is None or battery.gives_above_mw is None:
            return (_Cap(free_mw - reserves.now_mw, reserves.rises),)
        free_mw -= max(0.0, observation.limit_mw - battery.gives_above_mw)
        lent_mw = self._lendable_mw(battery, observation, response)
        # room to recharge is kept where the charge no longer does; else it recharges when there is room
        recharge_mw = battery.recharge_mw if lent_mw < battery.power_mw else 0.0
        if battery.charge_mwh >= FULL * battery.wanted_mwh:
            recharge_mw = 0.0
        self._lent_mw = lent_mw
        return (
            _Cap(free_mw - reserves.now_mw + lent_mw, reserves.rises),
            _Cap(free_mw - reserves.silent_mw - recharge_mw, reserves.silent_rises),
        )

    @staticmethod
    def _answerable_mw(cap: _Cap, observation: Observation, response: FleetResponse) -> float:
        """Return the power from which the fleets can fall in time for what is announced, or not yet [MW]."""
        now_s = observation.time_s + observation.telemetry.interval_s + response.drop_s(0.0)
        most_mw, down = inf, response.ramp_down_mw_per_s
        for rise_s, left_mw in cap.after():
            most_mw = min(most_mw, left_mw + (down * (rise_s - now_s) if rise_s > now_s else 0.0))
        return most_mw

    def _lendable_mw(self, battery: BatteryView, observation: Observation, response: FleetResponse) -> float:
        """Return what the battery can give until the fleets have answered a rise of AI power [MW]."""
        telemetry = observation.telemetry
        given_mwh = battery.charge_mwh * battery.giving_efficiency_fraction
        if battery.giving_mw > 0.0:  # what is under way to the fleets may still cost it as much as lent
            under_way_s = response.drop_s(self._lent_mw)
            given_mwh -= self._lent_mw * under_way_s / SECONDS_PER_HOUR
        wait_s = telemetry.delay_s + telemetry.scan_s + telemetry.interval_s
        wait_s += response.latency_s + response.fall_s
        return battery_mw(battery.power_mw, given_mwh, wait_s, response.ramp_down_mw_per_s)

    @staticmethod
    def _released(
        target_mw: float, steps: Iterable[tuple[float, float]], observation: Observation, motion: FleetMotion
    ) -> tuple[float, float]:
        """Return what announced rises leave of a target [MW], and when the next one asks for less [s]."""
        now_s, wake_s = observation.time_s, inf
        for rise_s, left_mw in sorted(steps):
            if left_mw >= target_mw:
                continue
            latest_s = motion.latest_s(now_s, rise_s, target_mw, left_mw, observation.telemetry.interval_s)
            if latest_s <= now_s:
                target_mw = max(0.0, left_mw)
            else:
                wake_s = min(wake_s, latest_s)
        return target_mw, wake_s

    def _watch_s(self, observation: Observation, loads: Iterable[LoadView]) -> float:
        """Return when to look again while something moves that telemetry may not report [s]."""
        step_s = max(observation.telemetry.interval_s, LEAST_WATCH_S)
        battery = observation.battery
        moves = battery is not None and battery.giving_mw > 0.0
        fills = battery is not None and battery.giving_mw < 0.0 and self._lent_mw < battery.power_mw
        valid_s = RECHARGE_WATCH_S if fills else inf
        for view in loads:
            moves = moves or (view.rise_mw_per_s < inf and view.power_mw < view.stated_mw)
            valid_s = min(valid_s, view.valid_s)
        return observation.time_s + (step_s if moves else max(step_s, valid_s))
