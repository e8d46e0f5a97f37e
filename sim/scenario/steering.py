"""Whether a policy gets to see what it needs."""

from collections.abc import Iterator

from sim.market import MarketSpec
from sim.policies import Ancillary, FourCp, PolicySpec, WrapperSpec
from sim.policies.planning import PlanningSpec


def check_policy(policy: PolicySpec, market: MarketSpec) -> None:
    """Raise ValueError where a policy, or one inside it, cannot do with what the market shows."""
    for part in _with_inner(policy):
        if isinstance(part, FourCp) and market.four_cp is None:
            raise ValueError("policy four-cp needs market.four_cp: without it there is no system load to see")
        plans = isinstance(part, Ancillary) or (isinstance(part, PlanningSpec) and part.couples)
        if plans and _price_depends_on_power(market):
            raise ValueError(
                f"policy {'ancillary' if isinstance(part, Ancillary) else 'mpc'} plans with one price, but "
                "market.generation, or a market.supply whose energy is not resold, makes the price depend on "
                "site power; use price-threshold there"
            )
        if isinstance(part, Ancillary) and all(entry.policy_up_to_mw is None for entry in market.ancillary):
            raise ValueError(
                "policy ancillary has nothing to offer: state policy_up_to_mw in place of offer_mw for a "
                "service in market.ancillary"
            )


def _with_inner(policy: PolicySpec) -> Iterator[PolicySpec]:
    yield policy
    if isinstance(policy, WrapperSpec):
        yield from _with_inner(policy.inner)


def _price_depends_on_power(market: MarketSpec) -> bool:
    return market.generation is not None or getattr(market.supply, "settlement", "resale") != "resale"
