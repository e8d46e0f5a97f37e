from itertools import pairwise

import numpy as np
import pytest

from sim.ai.replicas import (
    MODELS,
    TokenEnergy,
    power_fraction,
    replica_power,
    token_energy_j,
    tokens_per_s,
)

LLAMA_70B = MODELS["llama-3.1-70b", "h100"]
BATCHES = np.array([1.0, 8.0, 32.0, 128.0, 1024.0])


def test_half_of_the_rise_is_done_at_the_middle_batch():
    """H100: 0.589 + 0.226 / 2 at batch 2^5."""
    assert power_fraction("h100", 32.0) == pytest.approx(0.702)
    assert power_fraction("h100", 2.0**60) == pytest.approx(0.815)
    assert power_fraction("b200", 2.0**6.1) == pytest.approx(0.716)


def test_energy_of_a_token_has_a_part_for_the_step_and_one_for_itself():
    assert token_energy_j(TokenEnergy(4, 0.5, 10.0), 5.0) == 2.5


def test_speed_is_power_over_energy_of_a_token():
    assert tokens_per_s("h100", LLAMA_70B, 32.0) == pytest.approx(0.702 * 2800.0 / (0.36 + 27.43 / 32.0))


def test_formulas_work_on_arrays():
    for formula in (
        lambda batch: power_fraction("b200", batch),
        lambda batch: token_energy_j(LLAMA_70B, batch),
        lambda batch: tokens_per_s("h100", LLAMA_70B, batch),
    ):
        assert formula(BATCHES).tolist() == pytest.approx([formula(batch) for batch in BATCHES.tolist()])


@pytest.mark.parametrize(("model", "gpu"), sorted(MODELS))
def test_larger_batches_are_faster_and_cheaper_for_each_token(model, gpu):
    energy = MODELS[model, gpu]

    speeds = tokens_per_s(gpu, energy, BATCHES)

    assert all(after > before for before, after in pairwise(speeds))
    assert all(after < before for before, after in pairwise(token_energy_j(energy, BATCHES)))
    assert replica_power(gpu, energy, 128.0, 0.5).parking_saves


@pytest.mark.parametrize("batch", [2.0, 8.0, 50.0, 128.0])
def test_power_at_a_load_is_that_of_the_batch_which_makes_as_many_tokens(batch):
    """The table against the formulas: GPUs and the rest of the node, which follows them in a line."""
    replica = replica_power("h100", LLAMA_70B, 128.0, 0.5)
    load = tokens_per_s("h100", LLAMA_70B, batch) / replica.full_tokens_per_s
    fraction = power_fraction("h100", batch)
    full = power_fraction("h100", 128.0)
    other = 0.85 + 0.15 * (fraction - 0.17) / (full - 0.17)

    assert replica.at(load) == pytest.approx(2800.0 * (fraction + 0.5 * other), rel=1e-4)


def test_states_without_requests():
    replica = replica_power("h100", LLAMA_70B, 128.0, 0.5)

    assert replica.at(0.0) == replica.resident_w == pytest.approx(2800.0 * (0.17 + 0.5 * 0.85))
    assert replica.parked_w == pytest.approx(2800.0 * (0.10 + 0.5 * 0.45))
    assert replica.at(1.0) == replica.full_w == pytest.approx(2800.0 * (power_fraction("h100", 128.0) + 0.5))


def test_below_batch_1_a_replica_is_busy_for_a_part_of_the_time():
    replica = replica_power("h100", LLAMA_70B, 128.0, 0.5)
    alone = tokens_per_s("h100", LLAMA_70B, 1.0) / replica.full_tokens_per_s

    half = replica.at(alone / 2.0) - replica.resident_w

    assert half == pytest.approx((replica.at(alone) - replica.resident_w) / 2.0, rel=0.01)


def test_a_model_whose_tokens_get_no_cheaper_is_found_out():
    assert not replica_power("h100", TokenEnergy(1, 1.0, 0.001), 128.0, 0.5).parking_saves
