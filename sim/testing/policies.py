"""The check that every policy must pass: the project's own and a user's go through the same door."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from numpy.random import Generator

from sim.errors import PolicyError
from sim.policies import Decision, Observation, Policy
from sim.policies.soundness import is_power, sound_offers
from sim.rng import stream
from sim.shipped import shipped

EVEN_CHANCE: Final = 0.5


def check_policy(make_policy: Callable[[], Policy], count: int = 500, seed: int = 1) -> None:
    """Feed a policy random days, and fail on an answer that a site could not carry out.

    Parameters
    ----------
    make_policy
        Makes a fresh policy; called twice, for both must answer alike.
    count
        Number of observations.
    seed
        Seed of the observations.

    Raises
    ------
    AssertionError
        A decision is no `Decision`; its target is negative or not finite; its reason is empty; it asks to be
        woken at a time that has passed; it offers less than nothing, or what is not left to it; or a second
        policy decides otherwise on the same observations.

    Examples
    --------
    >>> from sim.policies import FollowHeadroom
    >>> check_policy(lambda: FollowHeadroom(type="follow-headroom", margin_mw=4.0))
    """
    first, second = make_policy(), make_policy()
    for observation in observations(count, seed):
        decision = first.decide(observation)
        _require_sound(decision, observation)
        again = second.decide(observation)
        if again != decision:
            raise AssertionError(f"not repeatable: {decision} and {again}, both on {observation}")


def _require_sound(decision: Decision, observation: Observation) -> None:
    if not isinstance(decision, Decision):
        raise AssertionError(  # noqa: TRY004  # one kind of failure for a user's test to expect
            f"decide must return a Decision, got {decision!r} on {observation}"
        )
    if not is_power(decision.target_mw):
        raise AssertionError(f"the target must be 0 MW or more, and finite: {decision} on {observation}")
    if not decision.reason:
        raise AssertionError(f"a decision needs a reason: {decision} on {observation}")
    _require_sound_offers(decision, observation)
    wake_at_s = decision.wake_at_s
    if wake_at_s is not None and not (isinstance(wake_at_s, Real) and wake_at_s > observation.time_s):
        raise AssertionError(f"the policy asks to be woken in the past: {decision} on {observation}")


def _require_sound_offers(decision: Decision, observation: Observation) -> None:
    known = {view.service for view in observation.services}
    try:
        offers = sound_offers(decision.offers)
    except PolicyError as error:
        raise AssertionError(f"{error}: {decision} on {observation}") from error
    for name, _ in offers:
        if name not in known:
            raise AssertionError(f"'{name}' is not among the services to offer: {decision} on {observation}")


def observations(count: int, seed: int = 1) -> Iterator[Observation]:
    """Yield observations in order of time: AI above the limit, odd prices, notices, orders, reserves.

    Every field of `Observation`, and of what it holds, is drawn by its type and the unit in its name: half of
    the time all that only some sites and markets show, else what every site shows.

    Parameters
    ----------
    count
        Number of observations.
    seed
        Seed of all that is random in them.

    Yields
    ------
    Observation
        The next one.
    """
    draws = stream(seed, "testing/observations")
    time_s = 0.0
    for _ in range(count):
        drawn = _Draw(draws, time_s, limit_mw=float(draws.uniform(1.0, 1000.0)))
        yield _consistent(drawn.view(Observation), drawn)
        time_s += float(draws.exponential(60.0))


_TABLE: Final = shipped("sim.testing", "observations.json")
AROUND_NOW_S: Final[dict[str, tuple[float, float]]] = _TABLE["around_now_s"]
"""Times on the run's clock, from now [s]; all others that end on ``_s`` are lengths."""
RANGES: Final[dict[str, tuple[float, float]]] = _TABLE["ranges"]
"""Range of a number by the end of its name; powers that have none are of the size of the limit."""
SIGNED: Final[list[str]] = _TABLE["signed"]
"""Powers that may be below 0."""
RISING: Final[list[list[str]]] = _TABLE["rising"]
"""Fields of a view that rise from one to the next."""
WORDS: Final[dict[str, list[str]]] = _TABLE["words"]
"""What a text may be, by the name of its field."""
WHOLE_NUMBERS: Final = ("local_hour_h", "local_month_count")
ZERO_CHANCE: Final = 0.1
"""Share of powers that are 0."""


@dataclass(frozen=True, slots=True)
class _Draw:
    """Draws what one observation holds, field by field."""

    draws: Generator
    time_s: float
    limit_mw: float

    def view(self, kind: type[Any]) -> Any:
        """Return a view of a kind: with all of its fields, or with those alone that have no default."""
        is_full, defaults = self.coin(), kind._field_defaults
        asked = {name: hint for name, hint in get_type_hints(kind).items() if is_full or name not in defaults}
        drawn = {name: self.value(name, hint, may_be_none=name not in defaults) for name, hint in asked.items()}
        for names in RISING:
            rising = [name for name in names if name in drawn]
            drawn |= dict(zip(rising, sorted(drawn[name] for name in rising), strict=True))
        return kind(**drawn)

    def value(self, name: str, hint: Any, *, may_be_none: bool = False) -> Any:
        """Return a value of a field by its type."""
        parts, origin = get_args(hint), get_origin(hint)
        if NoneType in parts:
            inner = next(part for part in parts if part is not NoneType)
            drawn = None if may_be_none and self.coin() else self.value(name, inner)
        elif origin is Literal:
            drawn = parts[int(self.draws.integers(len(parts)))]
        elif origin is tuple and parts[-1] is not Ellipsis:
            drawn = tuple(self.value(name, part) for part in parts)
        elif origin in {tuple, Sequence}:
            count = int(self.draws.integers(name == "values", 4))  # a forecast has one at least
            drawn = tuple(self.value(name, parts[0]) for _ in range(count))
        elif hint in {bool, float}:
            drawn = self.coin() if hint is bool else self.number(name)
        else:
            drawn = str(self.draws.choice(WORDS[name])) if hint is str else self.view(hint)
        return drawn

    def coin(self) -> bool:
        """Return one or the other."""
        return bool(self.draws.random() < EVEN_CHANCE)

    def number(self, name: str) -> float:
        """Return a number by the unit in its name; powers are of the size of the limit, some of them 0."""
        if name in AROUND_NOW_S:
            return self.time_s + float(self.draws.uniform(*AROUND_NOW_S[name]))
        end = next((end for end in RANGES if name.endswith(end)), None)
        if end is not None:
            value = float(self.draws.uniform(*RANGES[end]))
            return float(round(value)) if name in WHOLE_NUMBERS else value
        share = float(self.draws.uniform(-1.0 if name in SIGNED else 0.0, 1.0))
        return self.limit_mw * share * float(self.draws.random() > ZERO_CHANCE)


def _consistent(seen: Observation, drawn: _Draw) -> Observation:
    """Return an observation whose parts are of one site."""
    draws, limit_mw = drawn.draws, drawn.limit_mw
    ai_power_mw = limit_mw * float(draws.choice([0.0, draws.uniform(0.0, 1.0), draws.uniform(1.0, 2.0)]))
    fleets = [
        fleet._replace(name=f"fleet-{place}", levels=tuple(sorted(fleet.levels)))
        for place, fleet in enumerate(sorted(seen.fleets, key=lambda fleet: fleet.efficiency_j_per_th))
    ]
    steps = sorted(seen.price_steps)
    parts = draws.random(len(seen.loads))
    shares = (parts / parts.sum()).tolist()
    return seen._replace(
        time_s=drawn.time_s,
        ai_power_mw=ai_power_mw,
        limit_mw=limit_mw,
        fleets=tuple(fleets),
        loads=tuple(
            load._replace(name=f"load-{place}" if place else "training", power_mw=share * ai_power_mw)
            for place, (load, share) in enumerate(zip(seen.loads, shares, strict=True))
        ),
        price_steps=(*steps[:-1], *(step._replace(up_to_mw=math.inf) for step in steps[-1:])),
        services=tuple({view.service: view for view in seen.services}.values()),
    )
