import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from gymnasium.utils.env_checker import check_env  # noqa: E402 -- only where gymnasium is

from sim.learning import LearningSpec  # noqa: E402
from sim.learning.environment import CampusEnv  # noqa: E402
from sim.metrics import measure  # noqa: E402
from sim.simulation import run  # noqa: E402
from sim.testing import a_scenario  # noqa: E402


def an_env(**fields):
    return CampusEnv(a_scenario(days=0.25, market={"power": {"type": "synthetic"}}, **fields), LearningSpec())


def test_gymnasiums_own_check_passes():
    check_env(an_env(), skip_render_check=True)


def test_the_same_seed_gives_the_same_days_and_goes_on_to_others():
    env = an_env()
    first, first_info = env.reset(seed=3)
    again, again_info = env.reset(seed=3)
    _, other_info = env.reset()

    assert np.array_equal(first, again)
    assert first_info == again_info
    assert other_info["scenario_seed"] != first_info["scenario_seed"]


def test_an_episode_is_truncated_at_the_end_of_the_run_and_leaves_a_recording():
    env = an_env()
    env.reset(options={"scenario_seed": 5})
    truncated, margin_usd, count = False, 0.0, 0
    while not truncated:
        _, _, terminated, truncated, info = env.step(np.array([1.0], dtype=np.float32))
        margin_usd += info["mining_margin_usd"]
        count += 1
        assert not terminated

    assert count == 72
    metrics = measure(env.recording())
    assert margin_usd == pytest.approx(metrics["mining_margin_usd"])
    known = run(a_scenario(days=0.25, seed=5, market={"power": {"type": "synthetic"}})).metrics
    assert metrics["mining_margin_usd"] == pytest.approx(known["mining_margin_usd"], rel=2e-3)  # less the start


def test_a_step_before_the_first_reset_is_refused():
    with pytest.raises(RuntimeError, match="call reset"):
        an_env().step(np.array([1.0], dtype=np.float32))
