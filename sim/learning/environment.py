"""A campus as a Gymnasium environment; needs the extra ``learning``."""

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from sim.learning.episode import FEATURES, Episode, LearningSpec, features
from sim.recording import Recording
from sim.scenario import Scenario
from sim.units import SECONDS_PER_DAY

FloatVector = NDArray[np.float32]

MAX_SEED = 2**31
"""Scenarios get seeds below this."""


class CampusEnv(gymnasium.Env[FloatVector, FloatVector]):
    """A campus whose fleets an agent steers: one action a step, one run an episode.

    The observation is the vector of `FEATURES`; the action is the share of the fleets' rated power to draw,
    shape (1,), 0 to 1; the reward is that of `LearningSpec`. An episode is truncated at the run's end, never
    terminated.

    Parameters
    ----------
    scenario
        What to run, see `sim.load_scenario`; its own policy is not asked.
    spec
        How the agent is asked, and what it is rewarded for.

    Examples
    --------
    >>> from sim.testing import a_scenario
    >>> env = CampusEnv(a_scenario(days=0.5), LearningSpec(step_s=3600.0))
    >>> observation, info = env.reset(seed=1)
    >>> observation, reward, terminated, truncated, info = env.step(np.array([1.0], dtype=np.float32))
    >>> round(reward, 3), truncated, info["time_s"]
    (4.702, False, 3600.0)
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 -- as gymnasium has it

    def __init__(self, scenario: Scenario, spec: LearningSpec = LearningSpec()) -> None:  # noqa: B008 -- frozen
        self._scenario = scenario
        self._spec = spec
        self._episode: Episode | None = None
        midnight = scenario.start.replace(hour=0, minute=0, second=0, microsecond=0)
        self._local_start_s = (scenario.start - midnight).total_seconds() % SECONDS_PER_DAY
        low = np.array([feature.low for feature in FEATURES], dtype=np.float32)
        high = np.array([feature.high for feature in FEATURES], dtype=np.float32)
        self.observation_space = gymnasium.spaces.Box(low, high, dtype=np.float32)
        self.action_space = gymnasium.spaces.Box(0.0, 1.0, shape=(1,), dtype=np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[FloatVector, dict[str, Any]]:
        """Begin another run.

        Parameters
        ----------
        seed
            Seed of the runs to come: each draws the seed of its scenario from it. None: goes on drawing.
        options
            ``{"scenario_seed": 7}``: the seed of this run's scenario, to compare on common random numbers.
        """
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(MAX_SEED))
        scenario_seed = int((options or {}).get("scenario_seed", drawn))
        scenario = self._scenario.model_copy(update={"seed": scenario_seed})
        self._episode = Episode(scenario, self._spec)
        return self._vector(self._episode), {"time_s": 0.0, "scenario_seed": scenario_seed}

    def step(self, action: FloatVector) -> tuple[FloatVector, float, bool, bool, dict[str, Any]]:
        """Let a step pass with this share of the fleets' rated power."""
        episode = self._running()
        outcome = episode.step(float(np.asarray(action).reshape(-1)[0]))
        info = {"time_s": episode.time_s, **outcome._asdict()}
        return self._vector(episode), outcome.reward, False, episode.done, info

    def recording(self) -> Recording:
        """Return the recording of a run that is over, for `sim.metrics.measure`; to be called once."""
        return self._running().recording()

    def _running(self) -> Episode:
        if self._episode is None:
            raise RuntimeError("call reset() first")
        return self._episode

    def _vector(self, episode: Episode) -> FloatVector:
        return features(episode.seen, self._local_start_s)
