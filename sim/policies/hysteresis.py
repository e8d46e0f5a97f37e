"""Wait some windows before stopping and before starting: the price response that farm software offers."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.policies.base import Decision, FleetView, Observation, PolicySpec, running_mw, within_headroom
from sim.policies.outlook import period_at, period_start_s
from sim.policies.price_threshold import Price, stop_price_usd_per_mwh
from sim.spec import SIZED, NonNegative, rising
from sim.units import SECONDS_PER_MINUTE

HIGH_STRIKE_RATIO = 2.0
"""The high strike over the break-even price, where none is given (assumption)."""

Windows = Annotated[int, Field(ge=1, le=10_000)]


class Hysteresis(PolicySpec):
    r"""Stop a fleet after some windows with the price above its strike, start it after some below.

    Notes
    -----
    Windows of :math:`w` minutes are counted from the run's start. A window counts by the price that is
    published `observe_s` after it began: above the strike, or not. A fleet stops after `down_count` windows
    in a row above, and starts after `up_count` in a row that are not. Windows of 5 minutes that count after
    their first minute make it wait :math:`5\,n - 4` minutes from the start of the first of :math:`n`. Above
    the high strike it stops at once. The price includes the adder. A run starts with the fleets on whose
    strike is not passed. The sum is cut at :math:`L - m - P^{AI}`.

    References
    ----------
    Foreman, support.foreman.mn, articles 20811079260955, 34178701296667, 36514767498651, 36693716716059 and
    46996442753307 (price response).
    """

    type: Literal["hysteresis"]
    window_min: Annotated[float, Field(gt=0.0, le=1440.0), SIZED] = 5.0
    """Length of a window [min]; Foreman's is 5."""
    observe_s: NonNegative = 60.0
    """Time into a window after which it counts [s]; shorter than the window. Foreman's is one minute."""
    down_count: Windows = 2
    """Windows in a row above the strike after which a fleet stops; Foreman's example is 2."""
    up_count: Windows = 4
    """Windows in a row not above the strike after which a fleet starts; Foreman's example is 4."""
    strike_usd_per_mwh: Price | None = None
    """The strike [USD/MWh]; left out: each fleet's break-even price. Foreman's example is 80."""
    high_strike_usd_per_mwh: Price | None = None
    """Price above which a fleet stops at once [USD/MWh]; left out: twice its break-even price (assumption),
    and at least the strike. Foreman's example is 150."""
    adder_usd_per_mwh: Price = 0.0
    """What delivery costs on top of the power price [USD/MWh]."""
    margin_mw: NonNegative = 0.0
    """Power kept free below the limit [MW]."""

    @model_validator(mode="after")
    def _observes_within_the_window(self) -> Self:
        if self.observe_s >= self.window_s:
            raise ValueError(f"observe_s is {self.observe_s:g} s; must be below window_min, {self.window_min:g} min")
        return self

    _strikes_rise = rising("strike_usd_per_mwh", "high_strike_usd_per_mwh", strictly=False)

    @property
    def window_s(self) -> float:
        """Length of a window [s]."""
        return self.window_min * SECONDS_PER_MINUTE

    def strikes(self, fleet: FleetView) -> tuple[float, float]:
        """Return strike and high strike of a fleet [USD/MWh]."""
        strike, high = stop_price_usd_per_mwh(fleet, self.strike_usd_per_mwh), self.high_strike_usd_per_mwh
        if high is None:
            high = HIGH_STRIKE_RATIO * fleet.breakeven_usd_per_mwh
        return strike, max(strike, high)

    def start(self) -> "HysteresisPolicy":
        """Return a fresh policy for one run."""
        return HysteresisPolicy(self)


class FleetSwitch:
    """Whether one fleet is on, and how many windows in a row speak for a change."""

    def __init__(self, spec: Hysteresis, *, above: bool) -> None:
        self._spec = spec
        self.on = not above
        self.above = above
        self._counted_above = above
        self._in_a_row = 0

    @property
    def waits(self) -> bool:
        """Whether further windows at the present price would change something."""
        return self.on == self.above

    def count(self, windows: int) -> None:
        """Count windows at the price last seen, and switch if they are enough."""
        if windows == 0:
            return
        self._in_a_row = windows + (self._in_a_row if self.above == self._counted_above else 0)
        self._counted_above = self.above
        needed = self._spec.down_count if self.above else self._spec.up_count
        if self.waits and self._in_a_row >= needed:
            self.on = not self.above


class HysteresisPolicy:
    """The policy in a run: a switch for each fleet, and the windows counted so far."""

    def __init__(self, spec: Hysteresis) -> None:
        self._spec = spec
        self._switches: dict[str, FleetSwitch] = {}
        self._window: int | None = None

    def decide(self, observation: Observation) -> Decision:
        """Return the rated power of the fleets that are on, cut at the headroom less the margin."""
        spec = self._spec
        before, now, next_s = self._new_windows(observation.time_s)
        switches = [self._switch(fleet, observation, before, now) for fleet in observation.fleets]
        waiting = any(switch.waits for switch in switches)
        wake_at_s = next_s if waiting else None
        if not any(switch.on for switch in switches):
            return Decision(0.0, "waiting below strike" if waiting else "price above strike", wake_at_s)
        wanted_mw = running_mw(observation.fleets, (switch.on for switch in switches))
        return within_headroom(wanted_mw, "price", observation, spec.margin_mw, wake_at_s)

    def _new_windows(self, now_s: float) -> tuple[int, int, float]:
        """Return how many windows came to count before now, and right now; and when the next does [s]."""
        step_s, first_s = self._spec.window_s, self._spec.observe_s
        window = period_at(now_s, step_s, first_s)
        right_now = int(period_start_s(window, step_s, first_s) == now_s)
        new = right_now if self._window is None else window - self._window
        self._window = window
        return max(new - right_now, 0), min(new, right_now), period_start_s(window + 1, step_s, first_s)

    def _switch(self, fleet: FleetView, observation: Observation, before: int, now: int) -> FleetSwitch:
        """Return a fleet's switch after the windows that have passed and the price of now."""
        strike, high_strike = self._spec.strikes(fleet)
        delivered = observation.price_usd_per_mwh + self._spec.adder_usd_per_mwh
        above = delivered > strike
        switch = self._switches.get(fleet.name)
        if switch is None:
            switch = self._switches[fleet.name] = FleetSwitch(self._spec, above=above)
        switch.count(before)
        switch.above = above
        switch.count(now)
        if delivered > high_strike:
            switch.on = False
        return switch
