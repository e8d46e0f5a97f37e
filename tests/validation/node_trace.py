"""Levels and edges of the measured power of one 8xH100 node that trains a model.

The files hold GPU power (no CPU, fan or power supply) at 10 Hz, which the driver has averaged over about a
second: idle, some 100 s of loading, then training that stalls for each checkpoint, idle again. Levels are
medians, so that spikes and edges between them do not count.
"""

import csv
import gzip
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RATED_W = 8 * 700.0
"""Rated power of the node's GPUs [W]: eight H100 SXM."""
HALF = 0.5
"""Over this share of rated power the node trains; nothing measured stays near it."""
IDLE_BELOW = 0.13
"""Under this share of rated power the node idles: H100 idle is 0.10, with a context 0.17."""
DRIVER_S = 1.0
"""The driver reports the mean over about the last second."""
STEADY_S = 1.5
"""Samples nearer to a crossing of HALF belong to an edge: the driver averages over a second."""
GAP_S = 0.35
"""Samples farther apart leave an edge between them unseen."""


@dataclass(frozen=True, eq=False)
class NodeTrace:
    """Power of the node's GPUs over time, as a share of their rated power."""

    time_s: Floats
    power_fraction: Floats

    @classmethod
    def read(cls, path: Path) -> "NodeTrace":
        """Read a file of the data folder."""
        with gzip.open(path, "rt", newline="") as file:
            rows = list(csv.DictReader(file))
        power_w = np.array([float(row["node_gpu_power_w"]) for row in rows])
        return cls(np.array([float(row["t_s"]) for row in rows]), power_w / RATED_W)

    def crossings_s(self) -> Floats:
        """Return when the power crosses HALF [s]: up, down, up, and so on."""
        above = self.power_fraction > HALF
        last_before = np.flatnonzero(above[1:] != above[:-1])
        low, high = self.power_fraction[last_before], self.power_fraction[last_before + 1]
        step_s = self.time_s[last_before + 1] - self.time_s[last_before]
        return self.time_s[last_before] + step_s * (HALF - low) / (high - low)

    def idle_fraction(self) -> float:
        """Return the level before and after the job."""
        return self._median(self.power_fraction < IDLE_BELOW)

    def loading_fraction(self) -> float:
        """Return the level while the job loads, before it trains."""
        loading = self.time_s < self.crossings_s()[0] - STEADY_S
        return self._median(loading & (self.power_fraction > IDLE_BELOW))

    def plateau_fraction(self) -> float:
        """Return the level while it trains."""
        return self._median(self._between(0) & (self.power_fraction > HALF))

    def stall_fraction(self) -> float:
        """Return the level in a checkpoint's stall."""
        return self._median(self._between(1) & (self.power_fraction < HALF))

    def stalls_s(self) -> Floats:
        """Return how long each stall lasts [s]."""
        crossings_s = self.crossings_s()
        return crossings_s[2::2] - crossings_s[1:-1:2]

    def edge_times_s(self) -> Floats:
        """Return how long each edge between stall and plateau takes from 10 % to 90 % of the step [s].

        Good to two samples, 0.2 s. Edges in which samples are missing are left out.
        """
        low, high = self.stall_fraction(), self.plateau_fraction()
        share = (self.power_fraction - low) / (high - low)
        settled = np.flatnonzero((share < 0.1) | (share > 0.9))
        crossed = np.searchsorted(self.time_s[settled], self.crossings_s()[1:-1])
        seen = [
            float(self.time_s[after] - self.time_s[before])
            for before, after in zip(settled[crossed - 1], settled[crossed], strict=True)
            if np.diff(self.time_s[before : after + 1]).max() < GAP_S
        ]
        return np.array(seen)

    def states(self) -> list[tuple[float, str]]:
        """Return from when on the node was in which state: idle, loading, compute, stall [s].

        A mean over the last second is half way half a second after the power has jumped.
        """
        jumps_s = self.crossings_s() - DRIVER_S / 2.0
        loads_s = self.time_s[np.argmax(self.power_fraction > IDLE_BELOW)] - DRIVER_S / 2.0
        training = [(time_s, ("compute", "stall")[i % 2]) for i, time_s in enumerate(jumps_s[:-1])]
        # the job ends with a step to idle, not with a stall
        return [(self.time_s[0], "idle"), (loads_s, "loading"), *training, (jumps_s[-1], "idle")]

    def _between(self, parity: int) -> NDArray[np.bool_]:
        """Tell the samples within every second interval between crossings, edges left out."""
        inside = np.zeros(self.time_s.size, dtype=np.bool_)
        for start_s, end_s in list(pairwise(self.crossings_s()))[parity::2]:
            margin_s = min(STEADY_S, (end_s - start_s) / 3.0)
            inside |= (self.time_s > start_s + margin_s) & (self.time_s < end_s - margin_s)
        return inside

    def _median(self, chosen: NDArray[np.bool_]) -> float:
        return float(np.median(self.power_fraction[chosen]))
