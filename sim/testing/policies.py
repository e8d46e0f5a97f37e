"""The check that every policy must pass: the project's own and a user's go through the same door."""

import math
from collections.abc import Callable, Iterator
from numbers import Real
from typing import Any, Final

from numpy.random import Generator

from sim.ai.notice import NoticeKind
from sim.errors import PolicyError
from sim.grid.events import AppliesTo
from sim.market.ancillary import RESPONSES
from sim.market.demand_charge import DemandTerms
from sim.policies import (
    AwardChange,
    Awards,
    BatteryView,
    Decision,
    FleetView,
    Forecast,
    LoadView,
    Notice,
    Observation,
    Order,
    Policy,
    PriceStep,
    ServiceView,
    TelemetryView,
)
from sim.policies.soundness import is_power, sound_offers
from sim.rng import stream
from sim.signals import FloatArray
from sim.units import SECONDS_PER_HOUR

EVEN_CHANCE: Final = 0.5
STEP_S: Final = 900.0


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
    market_draws = stream(seed, "testing/markets")
    service_draws = stream(seed, "testing/services")
    load_draws = stream(seed, "testing/loads")
    time_s = 0.0
    for _ in range(count):
        seen = _observation(time_s, draws)._replace(**_market_view(time_s, market_draws))
        seen = seen._replace(**_loads_view(time_s, seen.ai_power_mw, load_draws))
        yield seen._replace(**_services_view(time_s, seen.limit_mw, service_draws))
        time_s += float(draws.exponential(60.0))


def _observation(time_s: float, draws: Generator) -> Observation:
    limit_mw = float(draws.uniform(1.0, 1000.0))
    ai_ratio = float(draws.choice([0.0, draws.uniform(0.0, 1.0), draws.uniform(1.0, 2.0)]))
    fleets = tuple(_fleet(position, limit_mw, draws) for position in range(int(draws.integers(0, 4))))
    return Observation(
        time_s=time_s,
        ai_power_mw=limit_mw * ai_ratio,
        limit_mw=limit_mw,
        price_usd_per_mwh=float(draws.choice([0.0, -250.0, 5000.0, draws.uniform(-50.0, 200.0)])),
        hashprice_usd_per_ph_day=float(draws.uniform(1.0, 500.0)),
        commanded_mw=sum(fleet.rated_mw for fleet in fleets) * float(draws.random()),
        fleets=tuple(sorted(fleets, key=lambda fleet: fleet.efficiency_j_per_th)),
        notices=tuple(_notice(time_s, limit_mw, draws) for _ in range(int(draws.integers(0, 3)))),
        orders=tuple(_order(time_s, limit_mw, draws) for _ in range(int(draws.integers(0, 3)))),
        awards_mw=_awards(limit_mw, draws),
    )


def _market_view(time_s: float, draws: Generator) -> dict[str, Any]:
    """Return what only some markets publish: all of it half of the time, else nothing."""
    if draws.random() < 0.5:  # noqa: PLR2004 -- half of the time
        return {}
    block_mw, block_price, beyond = draws.uniform([0.0, 0.0, -50.0], [500.0, 60.0, 200.0]).tolist()
    load_mw, peak_mw = draws.uniform(0.0, 85_000.0, 2).tolist()
    return {
        "price_steps": (PriceStep(block_mw, block_price), PriceStep(math.inf, beyond)),
        "day_ahead_usd_per_mwh": float(draws.uniform(-50.0, 200.0)),
        "day_ahead_until_s": time_s + float(draws.uniform(0.0, 130_000.0)),
        "billing_peak_mw": float(draws.uniform(0.0, 500.0)),
        "system_load_mw": load_mw,
        "system_peak_mw": peak_mw,
        "local_hour_h": float(draws.integers(0, 24)),
        "local_month_count": float(draws.integers(1, 13)),
        "frequency_hz": float(draws.uniform(59.5, 60.5)),
        "price_forecast": _forecast(time_s, draws.uniform(-50.0, 200.0, int(draws.integers(1, 30)))),
        "ai_forecast": _forecast(time_s, draws.uniform(0.0, 1000.0, int(draws.integers(1, 30)))),
        "demand_terms": DemandTerms(*draws.uniform([0.0, 0.0, time_s], [20_000.0, 500.0, time_s + 1e6]).tolist()),
        "coincident_peak_usd_per_mw": float(draws.uniform(0.0, 25_000.0)),
        "system_load_forecast": _forecast(time_s, draws.uniform(0.0, 85_000.0, int(draws.integers(1, 30)))),
    }


def _loads_view(time_s: float, ai_power_mw: float, draws: Generator) -> dict[str, Any]:
    """Return what the site shows of a job, of a service and of a battery: half of the time, else nothing."""
    if draws.random() < EVEN_CHANCE:
        return {}
    share, states = float(draws.random()), ("compute", "stall", "hang", "load")
    job = LoadView(
        name="training",
        power_mw=share * ai_power_mw,
        stated_mw=ai_power_mw * float(draws.choice([0.5, 1.0, math.inf])),
        state=states[int(draws.integers(0, len(states)))],  # type: ignore[arg-type]  # one of them
        level_mw=share * ai_power_mw,
        since_s=time_s - float(draws.uniform(0.0, 600.0)),
        announces=bool(draws.random() < EVEN_CHANCE),
        silence_means_down=bool(draws.random() < EVEN_CHANCE),
    )
    service = LoadView("chat", (1.0 - share) * ai_power_mw, ai_power_mw, drifts=True)
    power_mw, energy_mwh = draws.uniform(1.0, 100.0, 2).tolist()
    battery = BatteryView(
        power_mw=power_mw,
        charge_mwh=energy_mwh * float(draws.random()),
        wanted_mwh=energy_mwh,
        giving_mw=power_mw * float(draws.uniform(-1.0, 1.0)),
        giving_efficiency_fraction=0.93,
        recharge_mw=1.0,
        gives_above_mw=ai_power_mw if draws.random() < EVEN_CHANCE else None,
    )
    return {
        "loads": (job, service),
        "battery": battery if draws.random() < EVEN_CHANCE else None,
        "telemetry": TelemetryView(2.0, 1.0, 0.5, float(draws.choice([0.0, 1.0]))),
    }


def _services_view(time_s: float, limit_mw: float, draws: Generator) -> dict[str, Any]:
    """Return what markets show in which the policy offers: half of the time, else nothing."""
    if draws.random() < EVEN_CHANCE:
        return {}
    change = AwardChange(time_s + float(draws.uniform(1.0, 7200.0)), _awards(limit_mw, draws))
    names = [name for name in RESPONSES if draws.random() < EVEN_CHANCE]
    services = tuple(_service(name, time_s, limit_mw, draws) for name in names)
    return {"services": services, "next_awards": change if draws.random() < EVEN_CHANCE else None}


def _service(name: str, time_s: float, limit_mw: float, draws: Generator) -> ServiceView:
    gate_s = time_s + SECONDS_PER_HOUR * float(draws.choice([draws.random(), 0.001]))
    price, day_ahead = draws.uniform([0.0, -50.0], [50.0, 200.0]).tolist()
    return ServiceView(
        service=name,
        downward=name == "regulation-down",
        gate_s=gate_s,
        hour_s=gate_s + SECONDS_PER_HOUR,
        most_mw=limit_mw * float(draws.choice([0.0, draws.random()])),
        price_usd_per_mwh=price,
        day_ahead_usd_per_mwh=day_ahead if draws.random() < EVEN_CHANCE else None,
        called_fraction=float(draws.random()),
        awarded_mw=tuple((limit_mw * draws.random(2)).tolist()),
        sold_mw=_awards(limit_mw, draws),
    )


def _awards(limit_mw: float, draws: Generator) -> Awards:
    return Awards(*(draws.choice([0.0, 0.2], 2) * limit_mw * draws.random(2)).tolist())


def _forecast(time_s: float, values: FloatArray) -> Forecast:
    return Forecast(time_s, time_s - time_s % STEP_S, STEP_S, tuple(values.tolist()))


def _notice(time_s: float, limit_mw: float, draws: Generator) -> Notice:
    at_s = time_s + float(draws.uniform(0.0, 600.0))
    change_mw = limit_mw * float(draws.uniform(-1.0, 1.0))
    kind: NoticeKind = "resume" if change_mw > 0.0 else "checkpoint"
    return Notice("training", kind, at_s, at_s + float(draws.uniform(0.0, 600.0)), change_mw, time_s)


def _order(time_s: float, limit_mw: float, draws: Generator) -> Order:
    binding_s = time_s + float(draws.uniform(-1800.0, 1800.0))
    until_s = max(time_s, binding_s) + float(draws.uniform(1.0, 7200.0))
    applies_to: AppliesTo = "fleets" if draws.random() < EVEN_CHANCE else "site"
    cap_mw = limit_mw * float(draws.choice([0.0, draws.random()]))
    return Order(min(time_s, binding_s) - 60.0, binding_s, until_s, cap_mw, applies_to, "curtailment order")


def _fleet(position: int, limit_mw: float, draws: Generator) -> FleetView:
    rated_mw = limit_mw * float(draws.random())
    minimum_mw = rated_mw * float(draws.choice([0.0, draws.random()]))
    return FleetView(
        name=f"fleet-{position}",
        minimum_mw=minimum_mw,
        rated_mw=rated_mw,
        efficiency_j_per_th=float(draws.uniform(8.0, 100.0)),
        breakeven_usd_per_mwh=float(draws.uniform(1.0, 400.0)),
        available_mw=rated_mw,
        levels=_levels(minimum_mw, rated_mw, draws),
    )


def _levels(minimum_mw: float, rated_mw: float, draws: Generator) -> tuple[tuple[float, float], ...]:
    powers_mw = sorted(draws.uniform(minimum_mw, rated_mw, int(draws.integers(0, 4))))
    return tuple((float(power_mw), float(power_mw * draws.uniform(10.0, 100.0))) for power_mw in powers_mw)
