"""Around any policy, the wish itself keeps every order and holds what is sold, at every instant."""

from math import inf
from typing import NamedTuple

import numpy as np
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.campus import Campus
from sim.engine.give_way import binding_orders
from sim.policies import Decision
from sim.policies.call_obedience import CallObedience
from sim.testing import a_scenario

HOUR_S = 3600.0
END_S = 6.0 * HOUR_S
NEAR_MW = 1e-9
MINIMUM_MW, RATED_MW = 5.0, 60.0


class AnyWish:
    """A policy that wishes for anything, and offers anything, at times of its own."""

    def __init__(self, seed, names):
        self._draws = np.random.default_rng(seed)
        self._names = names

    def decide(self, observation):
        offers = tuple((name, float(self._draws.uniform(0.0, 60.0))) for name in self._names)
        wake_at_s = observation.time_s + float(self._draws.uniform(60.0, 3000.0))
        return Decision(float(self._draws.uniform(0.0, 80.0)), "any", wake_at_s, offers)


class Started(NamedTuple):
    """Stands for the description of a policy that is there already."""

    policy: AnyWish

    def start(self):
        return self.policy


@st.composite
def orders(draw):
    return {
        "type": "curtailment-order",
        "at_s": draw(st.floats(0.0, 15_000.0)),
        "notice_min": draw(st.floats(0.0, 60.0)),
        "duration_min": draw(st.floats(1.0, 120.0)),
        "cap_mw": draw(st.floats(MINIMUM_MW, 70.0)),
        "applies_to": draw(st.sampled_from(["fleets", "site"])),
    }


@st.composite
def reserves(draw, name):
    amount = draw(st.sampled_from(["policy_up_to_mw", "offer_by_hour_mw"]))
    powers = st.floats(0.0, 60.0)
    offer = draw(powers if amount == "policy_up_to_mw" else st.lists(powers, min_size=24, max_size=24))
    price = {"type": "fixed", "price_usd_per_mwh": 5.0}
    return {"service": name, amount: offer, "price": price, "deployment": {"type": "scheduled"}}


@st.composite
def sites(draw, folder):
    ai = draw(st.lists(st.floats(0.0, 100.0), min_size=1, max_size=4))
    rows = [f"{5000 * place},{power_mw}" for place, power_mw in enumerate(ai)]
    (folder / "ai.csv").write_text("\n".join(["time_s,power_mw", *rows]) + "\n")
    names = draw(st.lists(st.sampled_from(["rrs", "ecrs", "regulation-down"]), max_size=3, unique=True))
    miners = {
        "name": "miners",
        "type": "aggregate",
        "minimum_mw": MINIMUM_MW,
        "rated_mw": RATED_MW,
        "ramp_up_mw_per_s": 1.0,
        "ramp_down_mw_per_s": 5.0,
        "efficiency_j_per_th": 17.5,
    }
    return a_scenario(
        folder,
        days=END_S / (24.0 * HOUR_S),
        loads=[{"name": "ai", "type": "replay", "file": "ai.csv"}],
        fleets=[miners],
        limit_mw=draw(st.floats(50.0, 200.0)),
        events=draw(st.lists(orders(), max_size=3)),
        market={"ancillary": [draw(reserves(name)) for name in names]},
    )


def obedient(inner, lead_s, hold_s):
    return CallObedience.model_construct(
        type="call-obedience", lead_s=lead_s, hold_s=hold_s, inner=Started(inner)
    ).start()


@examples(80)
@given(st.data(), st.integers(0, 1000), st.floats(0.0, 600.0), st.floats(0.0, 600.0))
def test_the_wish_keeps_every_order_and_holds_what_is_sold(tmp_path_factory, data, seed, lead_s, hold_s):
    scenario = data.draw(sites(tmp_path_factory.mktemp("site")))
    services = scenario.market.ancillary
    names = [entry.service for entry in services if entry.policy_up_to_mw is not None]
    recording = Campus(scenario, obedient(AnyWish(seed, names), lead_s, hold_s)).run()
    orders = binding_orders(scenario)
    award = {entry.service: recording[f"ancillary.{entry.service}.award_mw"] for entry in services}
    edges_s = {time_s for name in recording.signals for time_s in recording[name].time_s}
    edges_s |= {order.binding_from_s - lead_s for order in orders} | {order.until_s for order in orders}

    for time_s in sorted(time_s for time_s in edges_s if 0.0 <= time_s < END_S):
        wish_mw = min(max(recording["fleet_target_mw"].at(time_s), MINIMUM_MW), RATED_MW)
        ai_mw = recording["ai_power_mw"].at(time_s)
        room_mw = min(RATED_MW, max(MINIMUM_MW, scenario.interconnection.limit_mw - ai_mw))
        kept = [
            order
            for order in orders
            if max(order.announced_at_s, order.binding_from_s - lead_s) <= time_s < order.until_s
        ]
        cap_mw = min((max(order.fleet_cap_mw(ai_mw), MINIMUM_MW) for order in kept), default=inf)
        assert wish_mw <= cap_mw + NEAR_MW
        down_mw = sum(float(signal.at(time_s)) for name, signal in award.items() if "down" in name)
        up_mw = sum(float(signal.at(time_s)) for name, signal in award.items() if "down" not in name)
        # as the controller: of what has no room together, the room to rise comes first
        most_mw = max(MINIMUM_MW, room_mw - down_mw) if down_mw else inf
        least_mw = min(MINIMUM_MW + up_mw, room_mw, most_mw, cap_mw) if up_mw else 0.0
        assert least_mw - NEAR_MW <= wish_mw <= most_mw + NEAR_MW


@examples(40)
@given(st.data(), st.integers(0, 1000))
def test_then_duties_have_nothing_left_to_change(tmp_path_factory, data, seed):
    scenario = data.draw(sites(tmp_path_factory.mktemp("site")))
    names = [entry.service for entry in scenario.market.ancillary if entry.policy_up_to_mw is not None]
    recording = Campus(scenario, obedient(AnyWish(seed, names), 60.0, 0.0)).run()
    wish_mw = recording["fleet_target_mw"].maximum_with(MINIMUM_MW).minimum_with(RATED_MW)
    if "fleet_obliged_mw" in recording.signals:
        off_mw = recording["fleet_obliged_mw"] - wish_mw
        assert max(off_mw.maximum(), -off_mw.minimum()) <= NEAR_MW
