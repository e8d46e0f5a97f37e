r"""Formulas of one replica of a language model: power, energy and speed against its batch.

A *replica* is one copy of the model on one or more GPUs; its *batch* is the number of requests it answers at
once. A decoding step reads the whole model once and makes a token for each request: hence its energy has a
part for the step and a part for each token, and a large batch makes cheap tokens.

.. math::

    p(b) &= p_0 + \frac{\Delta p}{1 + e^{-k (\log_2 b - x_0)}}, \\
    E(b) &= e + s / b, \\
    R(b) &= p(b)\, P_r / E(b),

with GPU power :math:`p` over rated power :math:`P_r`, energy of a token :math:`E`, and tokens in a second
:math:`R`. The rule of thumb :math:`E \approx c\, b^{-1/2}` meets the measured 70B model within 31 %, the form
used here within 5 %.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal

import numpy as np

from sim.shipped import shipped
from sim.units import Number

Gpu = Literal["h100", "b200"]
ModelName = Literal["llama-3.1-8b", "llama-3.1-70b", "llama-3.1-405b-fp8"]

RESIDENT_FRACTION: Final = 0.17
"""Power of a GPU with weights loaded and no request, over its rated power (arXiv:2605.23918, H100)."""
PARKED_FRACTION: Final = 0.10
"""Power of a GPU without a model, over its rated power (arXiv:2604.07345, H100: 72.5 W of 700)."""
OTHER_RESIDENT_FRACTION: Final = 0.85
"""Power of the rest of a node whose GPUs have no request, over its loaded level; computed, partly
unverified."""
OTHER_PARKED_FRACTION: Final = 0.45
"""Power of the rest of a node whose GPUs are parked, over its loaded level; computed, partly unverified."""

_TABLE_STEPS: Final = 1024
_BATCH_STEPS: Final = 2048


@dataclass(frozen=True, slots=True)
class GpuCurve:
    """GPU power against batch, a logistic curve in the logarithm of the batch."""

    rated_w: float
    """Rated power of one GPU [W]."""
    base_fraction: float
    """Power at a small batch, over the rated one."""
    rise_fraction: float
    """Rise from a small to a large batch, over rated power."""
    steepness: float
    """Steepness in doublings of the batch."""
    middle_log2: float
    """Binary logarithm of the batch at which half of the rise is done."""


_FITTED: Final = shipped("sim.ai", "replicas.json")
GPUS: Final = {gpu: GpuCurve(*numbers) for gpu, numbers in _FITTED["gpus"].items()}
"""Curves by GPU, fitted to medians over models of the ML.ENERGY leaderboard; single models lie about them
with a standard deviation of 0.12 (H100) and 0.15 (B200) of rated power."""


@dataclass(frozen=True, slots=True)
class TokenEnergy:
    """Energy of the GPUs of one replica for each output token: ``token_j + step_j / batch``."""

    gpus_per_replica: int
    """GPUs of one replica."""
    token_j: float
    """Energy of a token at a large batch [J]."""
    step_j: float
    """Energy of a decoding step, shared by the batch [J]."""


MODELS: Final = {(model, gpu): TokenEnergy(*numbers) for model, gpu, *numbers in _FITTED["models"]}
"""Energy by model and GPU: least squares of relative error to the chat task of the ML.ENERGY leaderboard
(short prompts, about 350 tokens out; the prompt's energy is within the token's). Largest error 5 % on H100;
on B200 2 % for 405B, 14 % for 70B. An 8B model is left out on B200: it draws 0.35 of rated power there, far
below the curve."""


def power_fraction(gpu: str, batch: Number) -> Number:
    r"""Return the power of a GPU that serves a batch, over its rated power.

    Parameters
    ----------
    gpu
        ``h100`` or ``b200``.
    batch
        Requests answered at once by the replica, from 1; measured from 8 to 1,024 (H100), 4,096 (B200).

    Returns
    -------
    float or numpy.ndarray
        Power over rated power.

    Notes
    -----
    :math:`p_0 + \Delta p / (1 + (b / 2^{x_0})^{-k / \ln 2})`, the logistic curve of the module in powers.

    References
    ----------
    ML.ENERGY leaderboard; the form is that of openg2g.

    Examples
    --------
    >>> [round(power_fraction("h100", batch), 2) for batch in (8.0, 32.0, 128.0, 512.0)]
    [0.62, 0.7, 0.78, 0.81]
    """
    curve = GPUS[gpu]
    ratio = batch / 2.0**curve.middle_log2
    falling: Number = ratio ** (-curve.steepness / math.log(2.0))
    return curve.base_fraction + curve.rise_fraction / (1.0 + falling)


def token_energy_j(energy: TokenEnergy, batch: Number) -> Number:
    """Return the energy of the replica's GPUs for one output token [J].

    Examples
    --------
    Llama 3.1 70B on four H100; 3.76, 0.56 and 0.42 J were measured.

    >>> [round(token_energy_j(MODELS["llama-3.1-70b", "h100"], batch), 2) for batch in (8.0, 128.0, 512.0)]
    [3.79, 0.57, 0.41]
    """
    return energy.token_j + energy.step_j / batch


def tokens_per_s(gpu: str, energy: TokenEnergy, batch: Number) -> Number:
    """Return how many output tokens a replica makes in a second with a batch [1/s].

    Examples
    --------
    Llama 3.1 70B on four H100; 470 and 3,876 were measured.

    >>> [round(tokens_per_s("h100", MODELS["llama-3.1-70b", "h100"], batch)) for batch in (8.0, 128.0)]
    [459, 3820]
    """
    rated_w = GPUS[gpu].rated_w * energy.gpus_per_replica
    return power_fraction(gpu, batch) * rated_w / token_energy_j(energy, batch)


@dataclass(frozen=True, slots=True)
class ReplicaPower:
    """IT power of one replica with its share of the node, by state [W], and the work that it can do."""

    full_tokens_per_s: float
    """Output tokens in a second at the largest batch [1/s]."""
    resident_w: float
    """Weights loaded, no request [W]."""
    parked_w: float
    """No model loaded [W]."""
    busy_w: tuple[float, ...]
    """Power at loads from 0 to 1 in equal steps [W]; load is tokens made over ``full_tokens_per_s``."""

    @property
    def full_w(self) -> float:
        """Power at the largest batch [W]."""
        return self.busy_w[-1]

    def at(self, load_fraction: float) -> float:
        """Return the power at a load from 0 to 1 [W]."""
        place = load_fraction * _TABLE_STEPS
        step = int(place)
        if step >= _TABLE_STEPS:
            return self.busy_w[-1]
        below = self.busy_w[step]
        return below + (place - step) * (self.busy_w[step + 1] - below)

    @property
    def parking_saves(self) -> bool:
        """Whether power above idle for each token falls with the load, so that fewer replicas need less."""
        above = [(power_w - self.resident_w) / (step + 1) for step, power_w in enumerate(self.busy_w[1:])]
        falls = all(after <= before * (1.0 + 1e-9) for before, after in pairwise(above))
        return falls and self.parked_w <= self.resident_w


@lru_cache(maxsize=256)
def replica_power(gpu: str, energy: TokenEnergy, largest_batch: float, other_power_fraction: float) -> ReplicaPower:
    """Return the power of a replica by state and load.

    Parameters
    ----------
    gpu
        ``h100`` or ``b200``.
    energy
        Energy of a token.
    largest_batch
        Batch at which the replica is full, above 1.
    other_power_fraction
        Power of the rest of the node (processors, fans, network) when loaded, over the GPUs' rated power.

    Notes
    -----
    Between no load and batch 1 the replica is busy for part of the time, in proportion to its load. The rest
    of the node follows the GPUs in a line, from 0.85 of its loaded level without a request.

    Examples
    --------
    Eight H100 with the rest of the node: 7.2 kW at batch 128, 3.3 without a request, 1.8 parked.

    >>> replica = replica_power("h100", TokenEnergy(8, 1.68, 96.06), 128.0, 0.5)
    >>> round(replica.full_w), round(replica.at(0.0)), round(replica.parked_w)
    (7188, 3332, 1820)
    """
    rated_w = GPUS[gpu].rated_w * energy.gpus_per_replica
    full = power_fraction(gpu, largest_batch)

    def node_w(fraction: float) -> float:
        above_idle = (fraction - RESIDENT_FRACTION) / (full - RESIDENT_FRACTION)
        other = OTHER_RESIDENT_FRACTION + (1.0 - OTHER_RESIDENT_FRACTION) * above_idle
        return rated_w * (fraction + other_power_fraction * other)

    batches = [largest_batch ** (step / _BATCH_STEPS) for step in range(_BATCH_STEPS + 1)]
    loads = [0.0, *(tokens_per_s(gpu, energy, batch) for batch in batches)]
    powers = [node_w(RESIDENT_FRACTION), *(node_w(power_fraction(gpu, batch)) for batch in batches)]
    steps = np.linspace(0.0, loads[-1], _TABLE_STEPS + 1)
    return ReplicaPower(
        full_tokens_per_s=loads[-1],
        resident_w=powers[0],
        parked_w=rated_w * (PARKED_FRACTION + other_power_fraction * OTHER_PARKED_FRACTION),
        busy_w=tuple(np.interp(steps, loads, powers).tolist()),
    )
