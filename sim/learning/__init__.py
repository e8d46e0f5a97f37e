"""For policies that learn: a campus as an environment that is asked step by step.

`sim.learning.episode` needs nothing besides; `sim.learning.environment` needs the extra ``learning``
(gymnasium).
"""

from sim.learning.episode import Episode, LearningSpec, Step
from sim.learning.features import FEATURES, Feature, features

__all__ = ["FEATURES", "Episode", "Feature", "LearningSpec", "Step", "features"]
