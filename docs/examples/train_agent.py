"""Train a small agent to steer the miners of a campus, and compare it with policies on days it has not seen.

Needs gymnasium and stable-baselines3 (``pip install "hashballast[learning]" stable-baselines3``), and a few
minutes::

    python docs/examples/train_agent.py --steps 40000
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
from stable_baselines3 import PPO

from sim.learning import LearningSpec
from sim.learning.environment import CampusEnv
from sim.metrics import measure
from sim.scenario import Scenario
from sim.simulation import run
from sim.testing import a_scenario

SPEC = LearningSpec(step_s=900.0)
PRICE = {"power": {"type": "synthetic"}}
FRESH_SEEDS = range(1_000_000_000_000, 1_000_000_000_010)
"""Seeds that training cannot draw: it takes those below 2**31."""


def campus(policy: str = "always-on", seed: int = 1) -> Scenario:
    """Return a week of 60 MW of miners at synthetic prices."""
    return a_scenario(days=7.0, seed=seed, market=PRICE, policy={"type": policy})


def margin_usd(steer: Callable[[Any], Any], seed: int) -> float:
    """Return the mining margin of one week steered step by step [USD]."""
    env = CampusEnv(campus(), SPEC)
    seen, _ = env.reset(options={"scenario_seed": seed})
    truncated = False
    while not truncated:
        seen, _, _, truncated, _ = env.step(steer(seen))
    return float(measure(env.recording())["mining_margin_usd"])


def main() -> None:
    """Train, then print the mean margin of each on fresh seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40_000, help="steps of training")
    steps = parser.parse_args().steps
    model = PPO("MlpPolicy", CampusEnv(campus(), SPEC), gamma=0.9, n_steps=672, batch_size=96, seed=1, device="cpu")
    model.learn(total_timesteps=steps)
    results = {
        "agent": [margin_usd(lambda seen: model.predict(seen, deterministic=True)[0], seed) for seed in FRESH_SEEDS]
    }
    for policy in ("always-on", "price-threshold"):
        results[policy] = [float(run(campus(policy, seed)).metrics["mining_margin_usd"]) for seed in FRESH_SEEDS]
    for name, margins in results.items():
        print(f"{name:16} {np.mean(margins):12,.0f} USD a week")  # noqa: T201 -- an example


if __name__ == "__main__":
    main()
