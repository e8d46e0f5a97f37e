"""What befalls a training job: checkpoints and interruptions."""

from sim.metrics.base import LoadMetric
from sim.recording import Recording

INTERRUPTIONS = frozenset({"failure", "planned"})


def count_of(recording: Recording, load: str, kinds: frozenset[str]) -> float:
    """Return how many events of some kinds befell a load."""
    return float(sum(event.source == f"load.{load}" and event.kind in kinds for event in recording.events))


CATALOGUE = (
    LoadMetric(
        "training",
        "checkpoint_count",
        "1",
        "Checkpoints the job began to write",
        lambda recording, load: count_of(recording, load, frozenset({"checkpoint"})),
    ),
    LoadMetric(
        "training",
        "interruption_count",
        "1",
        "Failures and planned interruptions of the job",
        lambda recording, load: count_of(recording, load, INTERRUPTIONS),
    ),
)
