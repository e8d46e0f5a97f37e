"""How wrong forecasts of the price were: what they said, against what was then seen."""

from collections import deque

import numpy as np

from sim.policies.outlook import Outlook
from sim.units import SECONDS_PER_HOUR, FloatArray


class ForecastErrors:
    """Remembers the errors of one forecast an hour, each as a path over the steps ahead.

    The price first seen in a step stands for the step.

    Parameters
    ----------
    memory_count
        Paths that are remembered; the oldest go first.
    """

    def __init__(self, memory_count: int) -> None:
        self._seen: dict[int, float] = {}  # price of each step, while a forecast of it is open
        self._open: deque[tuple[int, FloatArray]] = deque()  # first step that was forecast, and what was said
        self._paths: deque[FloatArray] = deque(maxlen=memory_count)
        self._newest: int | None = None
        self._hour: int | None = None

    def take_in(self, outlook: Outlook) -> None:
        """Take in the price of now, and once an hour what is forecast from here."""
        first, price = outlook.first, outlook.price_usd_per_mwh
        if self._newest is None or first > self._newest:
            for skipped in range(first if self._newest is None else self._newest + 1, first + 1):
                self._seen[skipped] = float(price[0])
            self._newest = first
            self._close(first)
        hour = int(outlook.edges_s[0] // SECONDS_PER_HOUR)
        if hour != self._hour and len(price) > 1:
            self._hour = hour
            self._open.append((first + 1, price[1:]))

    def _close(self, newest: int) -> None:
        """Compare the forecasts whose last step has been seen with what came."""
        while self._open and self._open[0][0] + len(self._open[0][1]) - 1 <= newest:
            first, said = self._open.popleft()
            came = np.array([self._seen[first + step] for step in range(len(said))])
            self._paths.append(came - said)
        oldest = self._open[0][0] if self._open else newest
        for step in [step for step in self._seen if step < oldest]:
            del self._seen[step]

    def quantiles(self, count: int, steps: int) -> tuple[FloatArray, ...]:
        """Return past errors that stand for all: those at the middle of equal parts, by mean.

        Parameters
        ----------
        count
            How many are wanted; fewer if fewer are remembered, none if none is.
        steps
            Steps ahead that each is to have.

        Returns
        -------
        tuple of ndarray
            Price seen less price forecast [USD/MWh], shape (steps,) each; equally likely.
        """
        if steps == 0:
            return ()
        fitting = sorted((path[:steps] for path in self._paths if len(path) >= steps), key=np.mean)
        taken = min(count, len(fitting))
        return tuple(fitting[int((part + 0.5) * len(fitting) / taken)] for part in range(taken))
