import pytest
from pydantic import ValidationError

from sim.ai.replicas import MODELS, replica_power
from sim.ai.serving import Autoscaler, Replicas, Service
from sim.facts.numbers import written

LLAMA_70B = MODELS["llama-3.1-70b", "h100"]
FULL = replica_power("h100", LLAMA_70B, 128.0, 0.5)
TEN = 40  # GPUs of ten replicas


def a_service(*, gpus=TEN, **keys):
    """Return a service at which demand 1 is one full replica a second, in tokens of work 1."""
    return Service(Replicas(gpus=gpus, **keys), peak_per_s=FULL.full_tokens_per_s, pue=1.0)


def totals(service, end_s):
    return written(service.totals(end_s))


def test_resident_replicas_share_the_work_evenly():
    service = a_service()

    power_mw = service.step(2.5, 1.0, 60.0)

    assert power_mw == pytest.approx(10 * FULL.at(0.25) / 1e6)
    assert totals(service, 60.0)["utilisation_mean_fraction"] == pytest.approx(0.25)
    assert totals(service, 60.0)["replica_mean_count"] == 10


def test_without_demand_resident_replicas_draw_their_idle_power():
    assert a_service().step(0.0, 1.0, 60.0) == pytest.approx(10 * FULL.resident_w / 1e6)


def test_work_above_capacity_waits_is_served_later_and_counted_as_delayed():
    service = a_service(patience_s=30.0)

    first_mw = service.step(11.0, 1.0, 60.0)  # a tenth too much: 60 s of one replica, 6 s of ten
    waited_s = service.trouble
    second_mw = service.step(5.0, 1.0, 60.0)

    assert first_mw == pytest.approx(10 * FULL.full_w / 1e6)
    assert waited_s == pytest.approx(6.0)
    assert service.trouble == 0.0
    assert second_mw == pytest.approx(10 * FULL.at(0.6) / 1e6)
    assert totals(service, 120.0)["delayed_fraction"] == pytest.approx(1.0 / 16.0)
    assert totals(service, 120.0)["unserved_fraction"] == 0.0
    assert totals(service, 120.0)["backlog_peak_s"] == pytest.approx(6.0)


def test_work_that_would_wait_too_long_goes_unserved():
    service = a_service(patience_s=2.0)

    service.step(11.0, 1.0, 60.0)

    stated = totals(service, 60.0)
    assert service.trouble == pytest.approx(2.0)
    assert stated["unserved_fraction"] == pytest.approx((60.0 - 20.0) / 660.0)
    assert stated["delayed_fraction"] == pytest.approx(20.0 / 660.0)
    assert stated["served_token_count"] == pytest.approx(600.0 * FULL.full_tokens_per_s)


def test_what_goes_unserved_is_not_delayed_as_well():
    service = a_service(patience_s=600.0)
    service.step(110.0, 1.0, 60.0)  # ten times its capacity is left to wait: as long as patience goes
    before = totals(service, 60.0)

    service.step(11.0, 1.0, 60.0)

    after = totals(service, 120.0)
    assert before["delayed_fraction"] * 6600.0 == pytest.approx(6000.0)
    assert after["delayed_fraction"] * 7260.0 == pytest.approx(6600.0)
    assert after["unserved_fraction"] * 7260.0 == pytest.approx(60.0)


def test_queries_are_counted_with_their_length():
    service = a_service()

    service.step(2.0, 2.0, 60.0)  # two replicas' worth of requests, each twice as long

    assert totals(service, 60.0)["served_query_count"] == pytest.approx(120.0 * FULL.full_tokens_per_s)
    assert totals(service, 60.0)["served_token_count"] == pytest.approx(240.0 * FULL.full_tokens_per_s)


def test_backfill_is_flat_at_full_power_and_fills_what_is_left():
    service = a_service(parking="backfill")

    powers_mw = {service.step(ratio, 1.0, 60.0) for ratio in (0.0, 3.0, 12.0)}

    assert powers_mw == {10 * FULL.full_w * (1.0 / 1e6)}
    assert totals(service, 180.0)["backfill_token_count"] == pytest.approx((10 + 7) * 60.0 * FULL.full_tokens_per_s)


def an_autoscaler(**keys):
    """Return an autoscaler of ten replicas that aims at half load, starts in 2 min, parks after 3."""
    replicas = Replicas(
        gpus=TEN,
        parking="autoscale",
        target_load_fraction=0.5,
        **{"cold_start_min": 2.0, "park_delay_min": 3.0} | keys,
    )
    return Autoscaler(replicas)


def counts(scaler, ratios):
    """Return replicas in service, minute by minute, for a demand in full replicas."""
    return [scaler.step(ratio * FULL.full_tokens_per_s, 60.0) for ratio in ratios]


def test_autoscaling_begins_with_what_it_needs_and_starts_more_after_a_cold_start():
    scaler = an_autoscaler()

    assert counts(scaler, [1.0, 2.0, 2.0, 2.0, 2.0]) == [2, 2, 2, 4, 4]


def test_replicas_that_start_draw_the_power_of_idle_ones_and_the_rest_is_parked():
    scaler = an_autoscaler()

    counts(scaler, [1.0, 2.0])

    assert scaler.starting_count == 2
    assert scaler.idle_w == pytest.approx(2 * FULL.resident_w + 6 * FULL.parked_w)


def test_replicas_are_parked_once_fewer_have_done_for_the_delay():
    scaler = an_autoscaler()

    assert counts(scaler, [4.0, 1.0, 1.0, 1.0, 1.0]) == [8, 8, 8, 2, 2]


def test_the_most_wanted_within_the_delay_stays():
    scaler = an_autoscaler()

    assert counts(scaler, [4.0, 1.0, 3.0, 1.0]) == [8, 8, 8, 6]


def test_autoscaling_keeps_within_its_bounds():
    assert counts(an_autoscaler(minimum_count=3), [0.0, 0.0]) == [3, 3]
    assert counts(an_autoscaler(), [100.0]) == [10]


def test_replicas_without_cold_start_serve_at_once():
    assert counts(an_autoscaler(cold_start_min=0.0), [1.0, 3.0]) == [2, 6]


def test_parked_replicas_that_are_off_draw_nothing():
    scaler = an_autoscaler(parked_state="off")

    counts(scaler, [1.0])

    assert scaler.idle_w == 0.0


def test_a_cold_start_delays_work():
    service = a_service(parking="autoscale", target_load_fraction=1.0, cold_start_min=1.0, patience_s=60.0)

    service.step(1.0, 1.0, 60.0)
    service.step(1.5, 1.0, 60.0)  # half a replica's minute too much
    assert service.trouble == pytest.approx(30.0)
    service.step(1.5, 1.0, 60.0)  # now with two

    assert service.trouble == 0.0
    assert totals(service, 180.0)["unserved_fraction"] == 0.0


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"gpus": 3}, "gpus must be at least 4, those of one replica; got 3"),
        ({"gpus": 8, "minimum_count": 3}, "minimum_count must be at most 2, all replicas; got 3"),
        (
            {"gpus": 8, "gpu": "b200", "model": "llama-3.1-8b"},
            "no figures are known for llama-3.1-8b on b200",
        ),
        ({"gpus": 8, "step_j": 1e-6}, "step_j must be so large.*got token_j 0.36 and step_j 1e-06"),
    ],
)
def test_wrong_replicas_are_refused(keys, message):
    with pytest.raises(ValidationError, match=message):
        Replicas(**keys)


def test_own_figures_replace_those_of_the_model():
    replicas = Replicas(gpus=16, gpus_per_replica=8, token_j=1.0, step_j=50.0)

    assert replicas.count == 2
    assert (replicas.energy.token_j, replicas.energy.step_j) == (1.0, 50.0)
    assert replicas.rated_mw == pytest.approx(2 * 8 * 700.0 * (0.783 + 0.5) / 1e6, rel=1e-3)
