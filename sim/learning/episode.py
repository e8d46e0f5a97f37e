"""One run, steered from outside step by step: the campus stands still while the agent thinks.

What the agent sees is an observation as a vector of scaled numbers.

SimPy runs in the caller's thread. Between two steps no event is processed; what happens within a step is the
engine's own, event by event, as in any run.
"""

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.engine.campus import Campus
from sim.errors import InputError
from sim.metrics import CATALOGUE
from sim.policies import Decision, FleetView, Observation
from sim.policies.base import within_headroom
from sim.policies.outlook import period_at, period_start_s
from sim.recording import Recording
from sim.scenario import Scenario
from sim.shipped import shipped
from sim.spec import SIZED, NonNegative, Positive, Spec, rising
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

PRICE_SCALE_USD_PER_MWH: Final = 100.0
"""Price that counts as one [USD/MWh]."""


class View(NamedTuple):
    """An observation, with what does not change in it reckoned once."""

    seen: Observation
    rated_mw: float
    """Rated power of all fleets together, above 0 [MW]."""
    limit_mw: float
    """The limit, above 0 [MW]."""
    day_fraction: float
    """Share of the day that has passed, on a clock with the scenario's own offset [1]."""


class Feature(NamedTuple):
    """One number of the vector."""

    name: str
    low: float
    """Least value; what is below is cut."""
    high: float
    """Greatest value; what is above is cut."""
    summary: str
    """What it is, in one line."""
    measure: Callable[[View], float]


def _price(usd_per_mwh: float | None) -> float:
    return 0.0 if usd_per_mwh is None else usd_per_mwh / PRICE_SCALE_USD_PER_MWH


def _best(fleets: tuple[FleetView, ...]) -> float:
    return max((fleet.breakeven_usd_per_mwh for fleet in fleets), default=0.0)


def _available_mw(fleets: tuple[FleetView, ...]) -> float:
    return sum(min(fleet.available_mw, fleet.rated_mw) for fleet in fleets)


def _notice_h(view: View) -> float:
    """Return how long until the first change that tenants have announced; an hour where there is none [h]."""
    waits_s = (notice.at_s - view.seen.time_s for notice in view.seen.notices)
    return min((wait_s for wait_s in waits_s if wait_s >= 0.0), default=SECONDS_PER_HOUR) / SECONDS_PER_HOUR


def _notice_mw(view: View) -> float:
    """Return the change of AI power that is announced first [MW]."""
    coming = [notice for notice in view.seen.notices if notice.at_s >= view.seen.time_s]
    return min(coming, key=lambda notice: notice.at_s).change_mw if coming else 0.0


def _cap_mw(view: View) -> float:
    """Return the least that an order leaves the fleets, or will leave them [MW]."""
    caps_mw = (order.fleet_cap_mw(view.seen.ai_power_mw) for order in view.seen.orders)
    return min(caps_mw, default=view.rated_mw)


MEASURES: Final[Mapping[str, Callable[[View], float]]] = {
    "ai_power": lambda v: v.seen.ai_power_mw / v.limit_mw,
    "headroom": lambda v: v.seen.headroom_mw / v.limit_mw,
    "commanded": lambda v: v.seen.commanded_mw / v.rated_mw,
    "available": lambda v: _available_mw(v.seen.fleets) / v.rated_mw,
    "price": lambda v: _price(v.seen.price_usd_per_mwh),
    "day_ahead": lambda v: _price(v.seen.day_ahead_usd_per_mwh),
    "breakeven": lambda v: _price(_best(v.seen.fleets)),
    "day_sine": lambda v: math.sin(math.tau * v.day_fraction),
    "day_cosine": lambda v: math.cos(math.tau * v.day_fraction),
    "notice_time": _notice_h,
    "notice_change": lambda v: _notice_mw(v) / v.limit_mw,
    "order_cap": lambda v: _cap_mw(v) / v.rated_mw,
    "award_up": lambda v: v.seen.awards_mw.up_mw / v.rated_mw,
    "award_down": lambda v: v.seen.awards_mw.down_mw / v.rated_mw,
}
"""How each number of the vector is had."""
FEATURES: Final = tuple(
    Feature(name, **told, measure=MEASURES[name]) for name, told in shipped("sim.learning", "features.json").items()
)
"""The vector, in its order."""


def features(observation: Observation, local_start_s: float = 0.0) -> NDArray[np.float32]:
    """Return an observation as the vector of `FEATURES`.

    Parameters
    ----------
    observation
        What is known now.
    local_start_s
        Time of day at which the run began, on a clock with the scenario's own offset [s].

    Returns
    -------
    ndarray
        Shape (14,), each number within its bounds.

    Examples
    --------
    150 MW of AI under 200 MW, at a quarter past midnight:

    >>> seen = Observation(900.0, 150.0, 200.0, 40.0, 50.0, 30.0, (FleetView("m", 0.0, 60.0, 17.5, 119.0),))
    >>> [round(float(number), 2) for number in features(seen)[:8]]
    [0.75, 0.25, 0.5, 1.0, 0.4, 0.0, 1.19, 0.07]
    """
    rated_mw = sum(fleet.rated_mw for fleet in observation.fleets) or 1.0
    day_fraction = ((local_start_s + observation.time_s) / SECONDS_PER_DAY) % 1.0
    view = View(observation, rated_mw, observation.limit_mw or 1.0, day_fraction)
    values = [min(max(feature.measure(view), feature.low), feature.high) for feature in FEATURES]
    return np.array(values, dtype=np.float32)


_MEASURE = {metric.name: metric.measure for metric in CATALOGUE}


class LearningSpec(Spec):
    r"""How an agent is asked, and what it is rewarded for.

    Notes
    -----
    The reward of a step is :math:`(M - c\,E - k\,|\Delta f|\,P_{rated}) / R`: mining margin :math:`M` [USD],
    energy above the limit :math:`E` [MWh], change of the share asked for :math:`\Delta f`. Both integrals are
    exact, over the step. Charges by the month and payments for reserves are not in it.
    """

    step_s: Annotated[float, Field(ge=1.0, le=86_400.0)] = 300.0
    """Time from one question to the next [s]; 5 min as in real-time markets."""
    reaction_s: Annotated[float, Field(gt=0.0, le=3600.0), SIZED] = 1.0
    """Time from what the agent sees until its answer takes effect [s], below `step_s`; assumption."""
    margin_mw: NonNegative = 0.0
    """Power kept free below the limit [MW]."""
    exceedance_usd_per_mwh: NonNegative = 10_000.0
    """What a megawatt-hour above the limit costs in the reward [USD/MWh]. Default: assumption."""
    move_usd_per_mw: NonNegative = 0.0
    """What a change of the share asked for costs in the reward, for each MW of rated power moved [USD/MW]."""
    reward_usd: Positive = 1000.0
    """Money that makes a reward of one [USD]. Default: assumption."""

    _reacts_within_the_step = rising("reaction_s", "step_s")


class Steering:
    """Holds what an agent has asked for, and keeps what was last observed.

    Between two answers it goes on deciding whenever something changes: the same share of rated power, within
    the headroom of the moment.

    Parameters
    ----------
    spec
        When the agent is asked, when its answer takes effect, and what is kept free below the limit.
    """

    def __init__(self, spec: LearningSpec) -> None:
        self.asked_fraction = 0.0
        """Share of the fleets' rated power that the agent asked for last [1]."""
        self.seen: Observation | None = None
        """The last observation."""
        self._in_force_fraction = 0.0
        self._spec = spec

    def decide(self, observation: Observation) -> Decision:
        """Return what the answer in force comes to, and ask to be woken when the next one counts."""
        self.seen = observation
        spec, now_s = self._spec, observation.time_s
        step = period_at(now_s, spec.step_s)
        answered_s = period_start_s(step, spec.step_s) + spec.reaction_s
        next_s = period_start_s(step + 1, spec.step_s)
        if now_s >= answered_s:
            self._in_force_fraction = self.asked_fraction
        wanted_mw = self._in_force_fraction * sum(fleet.rated_mw for fleet in observation.fleets)
        wake_at_s = answered_s if now_s < answered_s else next_s
        return within_headroom(wanted_mw, "agent", observation, spec.margin_mw, wake_at_s)


class Step(NamedTuple):
    """What came of a step."""

    reward: float
    mining_margin_usd: float
    """Mining revenue less the cost of its power, over the step [USD]."""
    exceedance_mwh: float
    """Energy above the limit, over the step [MWh]."""
    moved_mw: float
    """Change of what the agent asked for [MW]."""


class Episode:
    """One run of a campus, its fleets steered by answers from outside.

    Parameters
    ----------
    scenario
        What to run; its own policy is not asked. It needs a fleet.
    spec
        How the agent is asked.

    Raises
    ------
    InputError
        The scenario has no fleet of any power.

    Examples
    --------
    >>> from sim.testing import a_scenario
    >>> episode = Episode(a_scenario(days=0.5), LearningSpec(step_s=3600.0))
    >>> while not episode.done:
    ...     step = episode.step(1.0 if episode.seen.price_usd_per_mwh < 100.0 else 0.0)
    >>> episode.time_s, round(step.mining_margin_usd, 2)
    (43200.0, 4742.86)
    """

    def __init__(self, scenario: Scenario, spec: LearningSpec = LearningSpec()) -> None:  # noqa: B008 -- frozen
        self._rated_mw = sum(fleet.full_mw for fleet in scenario.fleets)
        if self._rated_mw <= 0.0:
            raise InputError.single(scenario.name, "fleets", "an agent needs a fleet to steer; there is none")
        self._spec = spec
        self._steering = Steering(spec)
        self._campus = Campus(scenario, self._steering)
        self._end_s = scenario.end_s
        self._steps = 0
        self.time_s = 0.0
        """Time up to which all has happened [s]."""
        self._campus.advance(0.0)

    @property
    def done(self) -> bool:
        """Whether the run is over."""
        return self.time_s >= self._end_s

    @property
    def seen(self) -> Observation:
        """What the controller saw last: no later than now."""
        seen = self._steering.seen
        if seen is None:
            raise RuntimeError("a campus decides as its run begins")
        return seen

    def step(self, fraction: float) -> Step:
        """Ask for a share of the fleets' rated power, and let a step pass.

        Parameters
        ----------
        fraction
            The share [1], cut to 0 to 1; it is cut at the headroom of each moment, too.

        Raises
        ------
        RuntimeError
            The run is over.
        """
        if self.done:
            raise RuntimeError("the episode is over; start another one")
        fraction = min(max(fraction, 0.0), 1.0)
        moved_mw = abs(fraction - self._steering.asked_fraction) * self._rated_mw
        self._steering.asked_fraction = fraction
        self._steps += 1
        from_s, self.time_s = self.time_s, min(self._steps * self._spec.step_s, self._end_s)
        self._campus.advance(self.time_s)
        return self._outcome(self._campus.window(from_s, self.time_s), moved_mw)

    def recording(self) -> Recording:
        """Return all that was recorded, once the episode is over; to be called once.

        Raises
        ------
        RuntimeError
            The run is not over yet.
        """
        if not self.done:
            raise RuntimeError(f"the episode is not over: {self.time_s:g} s of {self._end_s:g} s have passed")
        return self._campus.finish()

    def _outcome(self, window: Recording, moved_mw: float) -> Step:
        spec = self._spec
        margin_usd = float(_MEASURE["mining_margin_usd"](window))
        above_mwh = float(_MEASURE["exceedance_mwh"](window))
        worth_usd = margin_usd - spec.exceedance_usd_per_mwh * above_mwh - spec.move_usd_per_mw * moved_mw
        return Step(worth_usd / spec.reward_usd, margin_usd, above_mwh, moved_mw)
