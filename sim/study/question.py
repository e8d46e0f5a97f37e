"""What a tuning is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.scenario.load import resolve
from sim.study.goal import MARGIN, Objective
from sim.study.policy_choice import choose_policy
from sim.study.search_space import Parameter


@dataclass(frozen=True)
class Question:
    """What is to be tuned, on what, and on what it is judged."""

    path: Path
    """The scenario file."""
    policy: str
    """The policy, as in a comparison: ``follow-headroom:margin_mw=2``; what is not tuned stays as it says."""
    parameters: tuple[Parameter, ...]
    """What may be changed."""
    trials: int
    """Sets of values to try."""
    seeds: int
    """Runs of each trial: the scenario's seed, and the next ones."""
    test_seeds: int
    """Runs for the judgement, with the seeds after those: never one that was tuned on."""
    objective: Objective = MARGIN
    """What is to be made large: its mean over the seeds."""
    overrides: tuple[str, ...] = ()
    """Fields of the scenario, set throughout."""
    test_overrides: tuple[str, ...] = ()
    """Fields set for a second judgement alone: another year, other prices."""
    data: tuple[Path, ...] = ()
    """Folders that the scenario may read from besides its own."""
    allow_plugins: bool = False
    """Whether the policy may be code from outside."""

    def content(self, *, test: bool = False) -> dict[str, Any]:
        """Return the scenario with the default policy as plain data; for the second judgement, if wanted."""
        overrides: Sequence[str] = (*self.overrides, *self.test_overrides) if test else self.overrides
        return choose_policy(resolve(self.path, overrides), self.policy)
