from pathlib import Path

import numpy as np
import pytest
from quick import run

from sim.engine.campus import Campus
from sim.errors import InputError
from sim.learning import FEATURES, Episode, LearningSpec, features
from sim.metrics import measure
from sim.policies import Decision
from sim.testing import a_scenario, observations

TRAINING = {
    "name": "job",
    "type": "training",
    "gpus": 16384,
    "gpu": "h100-hgx",
    "parameters_billion": 405.0,
    "storage_gb_per_s": 200.0,
    "checkpoint": {"mode": "sync", "interval_min": 30.0},
}
COHORT = {"name": "miners", "type": "cohort", "model": "antminer-s21", "machine_count": 15_000}


def a_campus(fleets=None, **fields):
    return a_scenario(days=0.25, loads=[TRAINING], fleets=fleets, limit_mw=60.0, **fields)


def finished(episode, fraction=lambda _: 1.0):
    steps = []
    while not episode.done:
        steps.append(episode.step(fraction(episode.seen)))
    return steps


@pytest.mark.parametrize("fleets", [None, [COHORT]], ids=["aggregate", "cohort"])
def test_steps_add_up_to_the_whole_run(fleets):
    scenario = a_campus(fleets)
    episode = Episode(scenario, LearningSpec(step_s=430.0))  # no divisor of the run

    steps = finished(episode, lambda seen: 0.3 if seen.time_s % 1290.0 < 430.0 else 1.0)

    metrics = measure(episode.recording())
    assert sum(step.mining_margin_usd for step in steps) == pytest.approx(metrics["mining_margin_usd"], rel=1e-9)
    assert sum(step.exceedance_mwh for step in steps) == pytest.approx(metrics["exceedance_mwh"], abs=1e-9)
    assert len(steps) == 51


def test_all_it_can_draw_is_follow_headroom_but_for_the_reaction():
    scenario = a_campus(policy={"type": "follow-headroom"})
    episode = Episode(scenario, LearningSpec(step_s=300.0, reaction_s=1.0))
    finished(episode)
    agent, known = episode.recording()["fleet_target_mw"], run(scenario).recording["fleet_target_mw"]

    # a share of rated power is cut at the headroom, and so is the headroom at what the fleet can draw
    assert agent.clip_time(1.0, 21_600.0).maximum() <= 60.0
    later_s = np.linspace(1.0, 21_599.0, 999)
    assert agent.at(later_s) == pytest.approx(np.minimum(known.at(later_s), 60.0))
    assert agent.at(0.5) == 0.0


def test_an_answer_takes_effect_after_the_reaction_and_never_before():
    episode = Episode(a_scenario(days=0.25), LearningSpec(step_s=600.0, reaction_s=7.0))
    episode.step(0.0)
    episode.step(1.0)
    episode.step(0.0)
    finished(episode, lambda _: 0.0)
    target = episode.recording()["fleet_target_mw"]

    assert target.at(606.9) == 0.0
    assert target.at(607.0) == 60.0
    assert target.at(1206.9) == 60.0
    assert target.at(1207.0) == 0.0


def test_what_happens_at_the_moment_of_the_question_is_seen():
    price = {"power": {"type": "synthetic"}}
    scenario = a_scenario(days=0.5, market=price)
    real_time = run(scenario).recording["price_usd_per_mwh"]
    episode = Episode(scenario, LearningSpec(step_s=900.0))

    while not episode.done:
        assert episode.seen.time_s == episode.time_s
        assert episode.seen.price_usd_per_mwh == real_time.at(episode.time_s)
        episode.step(0.5)


def test_within_a_step_the_limit_is_kept_while_ai_moves():
    episode = Episode(a_campus(), LearningSpec(step_s=3600.0))
    finished(episode)
    recording = episode.recording()

    target_mw = recording["fleet_target_mw"].clip_time(1.0, 21_600.0)
    assert target_mw.maximum() - target_mw.minimum() > 1.0
    assert (
        recording["fleet_target_mw"] + recording["ai_power_mw"]
    ).maximum() <= 60.0 + 0.5 + 1e-9  # telemetry reports each half MW


def test_moves_and_exceedance_cost_reward():
    spec = {"step_s": 600.0, "reward_usd": 1.0}
    plain = Episode(a_campus(), LearningSpec(**spec))
    dear = Episode(a_campus(), LearningSpec(**spec, move_usd_per_mw=2.0))
    first, second = plain.step(0.5), dear.step(0.5)

    assert first.moved_mw == 30.0
    assert first.reward - second.reward == pytest.approx(60.0)
    assert first.reward == pytest.approx(first.mining_margin_usd - 10_000.0 * first.exceedance_mwh)


def test_the_campus_takes_a_policy_in_place_of_the_scenarios():
    class Still:
        def decide(self, _):
            return Decision(0.0, "still")

    assert Campus(a_campus(), Still()).run()["fleet_power_mw"].maximum() == 0.0


def test_a_campus_without_a_fleet_has_nothing_to_steer():
    with pytest.raises(InputError, match="an agent needs a fleet"):
        Episode(a_scenario(fleets=[]))


def test_a_reaction_as_long_as_the_step_is_refused():
    with pytest.raises(ValueError, match="reaction_s is 60 s; must be below step_s, 60 s"):
        LearningSpec(step_s=60.0, reaction_s=60.0)


def test_after_the_end_there_is_no_step_and_before_it_no_recording():
    episode = Episode(a_scenario(days=0.05), LearningSpec(step_s=3600.0))
    with pytest.raises(RuntimeError, match="not over"):
        episode.recording()
    finished(episode)
    with pytest.raises(RuntimeError, match="is over"):
        episode.step(1.0)


def test_features_stay_within_their_bounds_on_odd_days():
    for observation in observations(2000):
        vector = features(observation)
        assert vector.shape == (len(FEATURES),)
        for feature, number in zip(FEATURES, vector, strict=True):
            assert np.float32(feature.low) <= number <= np.float32(feature.high), feature.name


def test_the_page_lists_every_feature_with_its_bounds():
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "train-an-agent.md").read_text(encoding="utf-8")

    for feature in FEATURES:
        assert f"| `{feature.name}` | {feature.low:g} | {feature.high:g} | {feature.summary} |" in page
