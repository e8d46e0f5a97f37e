"""Laws of replicas on random demand: parking saves, work is conserved, power keeps within its rating."""

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from sim.ai.serving import Replicas, Service
from sim.facts.numbers import written

LAW = examples(150)
STEP_S = 60.0
WORK_TOKENS = 300.0


@st.composite
def replica_keys(draw):
    return {
        "gpus": draw(st.integers(8, 4000)),
        "gpu": draw(st.sampled_from(["h100", "b200"])),
        "model": draw(st.sampled_from(["llama-3.1-70b", "llama-3.1-405b-fp8"])),
        "largest_batch_count": draw(st.floats(8.0, 1024.0)),
        "other_power_fraction": draw(st.floats(0.0, 2.0)),
        "target_load_fraction": draw(st.floats(0.1, 1.0)),
        "cold_start_min": draw(st.floats(0.0, 30.0)),
        "park_delay_min": draw(st.floats(0.0, 30.0)),
        "patience_s": draw(st.floats(0.0, 600.0)),
    }


demands = st.lists(st.floats(0.0, 1.5), min_size=1, max_size=80)


def serve(replicas, ratios):
    """Return energy [MJ], powers [MW] and totals; demand 1 is what all replicas can serve."""
    service = Service(replicas, replicas.full_tokens_per_s / WORK_TOKENS, pue=1.2)
    powers_mw = [service.step(ratio, WORK_TOKENS, STEP_S) for ratio in ratios]
    totals = written(service.totals(STEP_S * len(ratios)))
    return sum(powers_mw) * STEP_S, powers_mw, totals, service


@LAW
@given(keys=replica_keys(), ratios=demands)
def test_parking_never_raises_energy(keys, ratios):
    # No work waits: what waits for a replica to wake is served later, when the others would have been idle,
    # and spread over more time it may take a little more (0.4 % in one case).
    keys = {**keys, "patience_s": 0.0}
    backfill, resident, idle, off = (
        serve(Replicas(**keys, parking=parking, parked_state=state), ratios)[0]
        for parking, state in (
            ("backfill", "idle"),
            ("resident", "idle"),
            ("autoscale", "idle"),
            ("autoscale", "off"),
        )
    )

    assert off <= idle * (1.0 + 1e-9)
    assert idle <= resident * (1.0 + 1e-9)
    assert resident <= backfill * (1.0 + 1e-9)


@LAW
@given(keys=replica_keys(), ratios=demands, parking=st.sampled_from(["resident", "autoscale", "backfill"]))
def test_work_is_served_unserved_or_waits(keys, ratios, parking):
    _, _, totals, service = serve(Replicas(**keys, parking=parking), ratios)

    tokens = service.tokens
    offered = sum(ratios) * STEP_S * service.count * Replicas(**keys).power.full_tokens_per_s
    assert tokens.offered == pytest.approx(offered, abs=1e-3)
    assert tokens.served + tokens.unserved + service.backlog_tokens == pytest.approx(offered, abs=1e-3)
    assert 0.0 <= totals["utilisation_mean_fraction"] <= 1.0 + 1e-9
    assert totals["backlog_peak_s"] <= keys["patience_s"] * (1.0 + 1e-9)
    assert totals["delayed_fraction"] + totals["unserved_fraction"] <= 1.0 + 1e-9
    assert totals["served_query_count"] * WORK_TOKENS == pytest.approx(tokens.served)


@LAW
@given(keys=replica_keys(), ratios=demands, parking=st.sampled_from(["resident", "autoscale", "backfill"]))
def test_power_keeps_between_parked_and_rated(keys, ratios, parking):
    replicas = Replicas(**keys, parking=parking)

    _, powers_mw, _, _ = serve(replicas, ratios)

    assert max(powers_mw) <= replicas.rated_mw * 1.2 * (1.0 + 1e-9)
    assert min(powers_mw) >= replicas.count * replicas.power.parked_w * 1.2e-6 * (1.0 - 1e-9)


@LAW
@given(keys=replica_keys(), ratios=demands)
def test_more_patience_never_leaves_more_unserved(keys, ratios):
    patient = Replicas(**keys | {"patience_s": 2.0 * keys["patience_s"]})

    _, _, before, _ = serve(Replicas(**keys), ratios)
    _, _, after, _ = serve(patient, ratios)

    assert after["unserved_fraction"] <= before["unserved_fraction"] + 1e-12
