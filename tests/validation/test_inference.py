"""What the registry's cases of inference (published_inference.py) do not say with one number."""

import time

import pandas as pd
import pytest
from published import DATA
from published_inference import (
    FITTED,
    HOUR_FILE,
    MINUTES,
    WEEK_FILE,
    a_week_of,
    hour_of_requests,
    minutes_per_s,
    run_service,
    spread,
)

from sim.ai.replicas import MODELS, token_energy_j, tokens_per_s

ENERGY_FILE = "llm_inference_energy_mlenergy_chat.csv"


def needs(file: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not (DATA / file).is_file(), reason=f"needs {file} in ../shared/data")


@pytest.mark.parametrize(("service", "per_min"), [minutes[:2] for minutes in MINUTES])
def test_spread_of_minutes_is_what_was_asked_for(service: str, per_min: float) -> None:
    """Variance of a sum over many users and of what they have in common: a / mean + sigma squared; 3 %."""
    dispersion, sigma = FITTED[service]

    assert spread(minutes_per_s(per_min, dispersion, sigma)) == pytest.approx(
        (dispersion / per_min + sigma**2) ** 0.5, rel=0.03
    )


@needs(HOUR_FILE)
def test_an_hour_of_requests_at_full_rate_takes_seconds_and_no_event_for_each_request() -> None:
    hour_of_requests.cache_clear()
    started_s = time.perf_counter()

    result = hour_of_requests()

    assert time.perf_counter() - started_s < 5.0
    assert result.metrics["event_count"] < 5_000


@needs(ENERGY_FILE)
@pytest.mark.parametrize(("model", "gpu"), sorted(MODELS))
def test_measured_energy_and_speed(model: str, gpu: str) -> None:
    """ML.ENERGY leaderboard, every batch.

    Energy of a token: 5 % (H100), 15 % (B200). Speed: 30 %, 35 %, for power is a median over models.
    """
    names = {
        "llama-3.1-8b": "meta-llama/Llama-3.1-8B-Instruct",
        "llama-3.1-70b": "meta-llama/Llama-3.1-70B-Instruct",
        "llama-3.1-405b-fp8": "meta-llama/Llama-3.1-405B-Instruct-FP8",
    }
    rows = pd.read_csv(DATA / ENERGY_FILE)
    rows = rows[(rows["model_id"] == names[model]) & (rows["gpu_model"] == gpu.upper())]
    energy = MODELS[model, gpu]
    rows = rows[rows["num_gpus"] == energy.gpus_per_replica]
    batch = rows["avg_batch_size"].to_numpy()

    assert len(rows) > 5
    assert token_energy_j(energy, batch) == pytest.approx(
        rows["energy_per_token_joules"].to_numpy(), rel={"h100": 0.05, "b200": 0.15}[gpu]
    )
    assert tokens_per_s(gpu, energy, batch) == pytest.approx(
        rows["output_throughput_tokens_per_sec"].to_numpy(), rel={"h100": 0.30, "b200": 0.35}[gpu]
    )


def test_energy_of_a_query_is_that_of_its_tokens() -> None:
    keys = {"replicas": {"gpus": 4000}, "traffic": {"output_tokens_count": 350.0}, "capacity_ratio": 1.5}

    metrics = run_service(1.0, **keys).metrics

    assert metrics["ai.chat.energy_per_token_j"] == pytest.approx(
        metrics["ai.chat.energy_per_query_wh"] * 3600.0 / 350.0
    )


@needs(WEEK_FILE)
@pytest.mark.parametrize(
    ("parking", "parked"),
    [("resident", "idle"), ("autoscale", "off"), ("autoscale", "idle"), ("backfill", "idle")],
)
def test_no_way_of_parking_leaves_requests_of_a_measured_week_unserved(parking: str, parked: str) -> None:
    assert a_week_of(parking, parked)[1] < 1e-3


@needs(WEEK_FILE)
def test_replicas_parked_at_idle_power_swing_between_those_in_service_and_those_switched_off() -> None:
    """Traffic swings by 3.51."""
    resident, idle, off = (
        a_week_of(*states)[0] for states in [("resident", "idle"), ("autoscale", "idle"), ("autoscale", "off")]
    )

    assert resident < idle < off
    assert 1.8 < idle < 2.6
