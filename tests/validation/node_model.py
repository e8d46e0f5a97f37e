"""The node of the measured traces as this project would draw it: levels, states, iterations."""

from dataclasses import dataclass

import numpy as np
from node_trace import DRIVER_S, Floats, NodeTrace

from sim.ai import TrainingLoad
from sim.ai.waveform import Iteration, Waveform, with_iterations
from sim.rng import stream
from sim.signals import Signal

GPU_FRACTION = {"compute": 0.90, "stall": 0.25, "loading": 0.17, "idle": 0.10}
"""GPU power over rated power that the defaults of TrainingLoad are computed from: compute between 0.76 (node,
arXiv:2412.08602) and 0.99 (stress, arXiv:2604.07345); stall between a resident context and communication
(arXiv:2308.12908); loading as a resident context (arXiv:2605.23918); idle arXiv:2604.07345."""
GPU_SHARE = 0.62
"""GPU power over IT power of a loaded node; 0.53 to 0.68."""
REST_FRACTION = {"stall": 0.85, "idle": 0.45}
"""Power of the rest of the node over its loaded level; partly unverified."""
STEP_S = 0.236
"""One training step: 1,000 of them take 236 s in the file with a checkpoint each 1,000."""
ITERATION = Iteration(period_s=STEP_S, low_fraction=0.45 / 0.90)
RATE_HZ = 200.0


def default(field: str) -> float:
    """Return the default of a field of TrainingLoad."""
    return float(TrainingLoad.model_fields[field].default)


def node_fraction(state: str, gpu_over_loaded: float) -> float:
    """Return IT power of a node in a state over its loaded level, from that of its GPUs."""
    return GPU_SHARE * gpu_over_loaded + (1.0 - GPU_SHARE) * REST_FRACTION[state]


@dataclass(frozen=True, eq=False)
class NodeModel:
    """GPU power of the node, in the states of a trace, with the project's levels."""

    trace: NodeTrace
    plateau_fraction: float
    """GPU power while computing, over rated power; a user states it as ``power_mw``."""

    def levels(self) -> Signal:
        """Return the power state by state, over rated power."""
        times_s, states = zip(*self.trace.states(), strict=True)
        scale = self.plateau_fraction / GPU_FRACTION["compute"]
        levels = [scale * GPU_FRACTION[state] for state in states]
        return Signal.steps(times_s, levels, self.trace.time_s[-1])

    def waveform(self) -> Waveform:
        """Return the power within the second."""
        levels = self.levels()
        samples = np.floor(levels.duration_s * RATE_HZ)
        window = (levels.start_s, levels.start_s + samples / RATE_HZ)
        return Waveform.sampled(with_iterations(levels, window, ITERATION, stream(1, "iterations")), RATE_HZ)

    def as_the_driver_reports(self) -> tuple[Floats, Floats]:
        """Return times [s] and power as a mean over the last second, in which edges become ramps."""
        waveform = self.waveform()
        count = round(DRIVER_S * RATE_HZ)
        means = np.convolve(waveform.power_mw, np.full(count, 1.0 / count), mode="valid")
        return waveform.time_s[count - 1 :] + 1.0 / RATE_HZ, means

    def at_the_samples(self) -> Floats:
        """Return what the driver would report at the times of the trace, over rated power."""
        return np.interp(self.trace.time_s, *self.as_the_driver_reports())


def training_energy_ratio(trace: NodeTrace, model: NodeModel) -> float:
    """Return energy of the model over that measured, from the first step to the last."""
    start_s, *_, end_s = trace.crossings_s()
    inside = (trace.time_s >= start_s) & (trace.time_s <= end_s)
    time_s = trace.time_s[inside]
    ours = np.trapezoid(model.at_the_samples()[inside], time_s)
    return float(ours / np.trapezoid(trace.power_fraction[inside], time_s))
