"""For policies that learn: a campus as an environment that is asked step by step.

`sim.learning.episode` needs nothing besides; `sim.learning.environment` needs the extra ``learning``
(gymnasium).
"""

from sim.learning.episode import FEATURES, Episode, Feature, LearningSpec, Step, features

__all__ = ["FEATURES", "Episode", "Feature", "LearningSpec", "Step", "features"]
