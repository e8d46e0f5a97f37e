"""A fleet that is no miner needs a description of its own, and nothing else: it runs, and keeps its bound."""

from math import inf

import pytest

from sim.metrics import measure
from sim.metrics.ledger import ledger
from sim.mining.fleet import RampedSpec
from sim.mining.worth import Piece, Worth
from sim.simulation import run
from sim.study.compared_run import against_foresight
from sim.study.objective import objective_usd
from sim.testing import a_scenario

PRICES = [{"type": "fixed", "price_usd_per_mwh": 30.0}, {"type": "synthetic"}]


class Electrolyzer(RampedSpec):
    """Makes hydrogen: more with its first megawatts than with its last."""

    name: str = "electrolyzer"
    rated_mw: float = 40.0
    minimum_mw: float = 2.0
    ramp_up_mw_per_s: float = 0.5
    ramp_down_mw_per_s: float = 2.0
    latency_s: float = 5.0
    initial_mw: float | None = None
    location: None = None
    usd_per_kg: float = 3.0

    @property
    def efficiency_j_per_th(self) -> float:
        return inf  # it makes no hashes

    @property
    def full_mw(self) -> float:
        return self.rated_mw

    @property
    def worth(self) -> Worth:
        kg_per_mwh = (22.0, 16.0)
        halves = (0.5 * (self.rated_mw - self.minimum_mw) for _ in kg_per_mwh)
        pieces = (Piece(mw, kg * self.usd_per_kg) for mw, kg in zip(halves, kg_per_mwh, strict=True))
        return Worth(self.minimum_mw, 0.0, tuple(pieces), is_hash=False)


@pytest.mark.parametrize("price", PRICES, ids=lambda price: price["type"])
@pytest.mark.parametrize("with_miners", [False, True])
@pytest.mark.parametrize("kind", ["always-on", "follow-headroom", "price-threshold", "partial-power", "mpc"])
def test_an_electrolyzer_runs_is_compared_and_never_beats_its_bound(kind, with_miners, price):
    costs = {"exceedance_penalty_usd_per_mwh": 1000.0}
    terms = {"policy": {"type": kind}, "market": {"power": price}, "costs": costs}
    scenario = a_scenario(limit_mw=70.0, days=0.5, **terms)
    fleets = (Electrolyzer(), *(scenario.fleets if with_miners else ()))
    scenario = scenario.model_copy(update={"fleets": fleets})
    result = run(scenario)
    metrics = measure(result.recording)
    found = against_foresight(result.recording, scenario, metrics, 0.0)
    value_usd = objective_usd(result.recording)
    limited_usd, bound_usd = found["always_on_limited_usd"], found["bound_usd"]
    assert value_usd <= bound_usd + 1e-6
    assert limited_usd <= bound_usd + 1e-6
    earned = [line for line in ledger(result.recording) if line.account == "mining"]
    hydrogen_usd = sum(line.amount_usd for line in earned if line.item == "electrolyzer: product")
    hydrogen_mwh = result.recording["fleet.electrolyzer.power_mw"].integral() / 3600.0
    assert hydrogen_usd <= 66.0 * hydrogen_mwh + 1e-6
    assert sum(line.amount_usd for line in earned) == pytest.approx(metrics["mining_revenue_usd"])
    if kind == "follow-headroom" and price["type"] == "fixed":  # it pays at every instant
        assert value_usd > 0.9 * bound_usd
