"""Whether a policy gets to see what it needs."""

from collections.abc import Iterator

from sim.market import MarketSpec
from sim.policies import FourCp, PolicySpec, WrapperSpec
from sim.policies.planning import PlanningSpec


def check_policy(policy: PolicySpec, market: MarketSpec) -> None:
    """Raise ValueError where a policy, or one inside it, cannot do with what the market shows."""
    for part in _with_inner(policy):
        if isinstance(part, FourCp) and market.four_cp is None:
            raise ValueError("policy four-cp needs market.four_cp: without it there is no system load to see")
        if isinstance(part, PlanningSpec) and part.couples and _price_depends_on_power(market):
            raise ValueError(
                "policy mpc plans with one price, but market.generation, or a market.supply whose energy is "
                "not resold, makes the price depend on site power; use price-threshold there"
            )


def _with_inner(policy: PolicySpec) -> Iterator[PolicySpec]:
    yield policy
    if isinstance(policy, WrapperSpec):
        yield from _with_inner(policy.inner)


def _price_depends_on_power(market: MarketSpec) -> bool:
    return market.generation is not None or getattr(market.supply, "settlement", "resale") != "resale"
