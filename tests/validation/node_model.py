"""The node of the measured traces as this project would draw it: levels, states, iterations."""

from dataclasses import dataclass

import numpy as np
from node_trace import DRIVER_S, Floats, NodeTrace

from sim.ai import TrainingLoad
from sim.ai.catalogue import SERVERS
from sim.ai.training_spec import Iterations
from sim.ai.waveform import Iteration, Waveform, with_iterations
from sim.rng import stream
from sim.signals import Signal

NODE = SERVERS["h100-hgx"]
STATES = {"stall": "stall", "loading": "load", "idle": "down_cold"}
"""What the traces show, as the catalogue of servers calls it."""
DUTY_FRACTION = Iterations().duty_fraction
GPU_FRACTION = {name: NODE.gpu_fractions[state].value for name, state in STATES.items()} | {
    "compute": DUTY_FRACTION * NODE.gpu_fractions["compute"].value
    + (1.0 - DUTY_FRACTION) * NODE.gpu_fractions["communicate"].value
}
"""GPU power over rated power that a job takes from the catalogue; computing is the mean over iterations."""
STEP_S = 0.236
"""One training step: 1,000 of them take 236 s in the file with a checkpoint each 1,000."""
ITERATION = Iteration(period_s=STEP_S, low_fraction=0.45 / 0.90)
RATE_HZ = 200.0


def node_fraction(state: str) -> float:
    """Return IT power of a training job in a state over its level while computing."""
    levels_mw = TrainingLoad(name="node", type="training", gpus=8).levels_mw()
    return levels_mw[STATES[state]] / levels_mw["compute"]


def measured_node_fraction(state: str, gpu_fraction: float, loaded_gpu_fraction: float) -> float:
    """Return the same for GPUs as measured, and all else in the node as the catalogue has it."""
    gpus_w = NODE.gpus_per_node * NODE.gpu_rated_w.value
    rest = NODE.other_fractions[STATES[state]].value
    return (gpus_w * gpu_fraction + NODE.other_w.value * rest) / (gpus_w * loaded_gpu_fraction + NODE.other_w.value)


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
