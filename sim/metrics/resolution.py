"""How finely a run knows its power: what a model, an iteration or the rows of a trace may hide."""

from typing import Final

from sim.recording import Recording

MODEL_RESOLUTION_S: Final = 1.0
"""What loads do within this time is not in a recording [s]; assumption: their states last longer."""
FINEST_NEEDED_S: Final = 2.0
"""A range is judged as kept on power known at least this finely [s]: averages over longer hide peaks."""


def resolution_s(recording: Recording) -> float:
    """Return the time within which a recording may hide a movement [s].

    The coarsest of its loads: the spacing of rows of a replayed trace, the iteration of a training job (its
    recorded power is the mean over an iteration), and for all others `MODEL_RESOLUTION_S`.
    """
    spacings = [MODEL_RESOLUTION_S]
    for name in recording.load_names:
        load = recording.facts.of_load(name)
        spacings += [load.sample_spacing_s or 0.0, load.iteration_period_s or 0.0]
    return max(spacings)


def coarse_traces(recording: Recording) -> dict[str, float]:
    """Return the replayed traces with rows farther apart than `FINEST_NEEDED_S`: spacing by load [s]."""
    spacings = {name: recording.facts.of_load(name).sample_spacing_s or 0.0 for name in recording.load_names}
    return {name: spacing_s for name, spacing_s in spacings.items() if spacing_s > FINEST_NEEDED_S}


def hides_swings(recording: Recording) -> bool:
    """Tell whether a load swings within the time that the recording shows: in iterations, or between rows."""
    iterates = any(recording.facts.of_load(name).iteration_period_s for name in recording.load_names)
    return iterates or resolution_s(recording) > MODEL_RESOLUTION_S
