"""For users' own tests: a check that every policy must pass, and small scenarios to start from."""

from sim.testing.policies import check_policy, observations
from sim.testing.scenarios import a_scenario

__all__ = ["a_scenario", "check_policy", "observations"]
