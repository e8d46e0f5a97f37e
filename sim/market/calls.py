r"""How much of a sold reserve is called, and when: by a plan, drawn, or by a regulation signal.

Notes
-----
Drawn calls alternate with pauses: each call lasts :math:`d`, each pause is exponential with mean
:math:`d\,(1-f)/f`, so that a share :math:`f` of the time is called in the long run. No call is under way at
the start.

The regulation signal is one for both directions, so that up and down are never called at once. An
Ornstein-Uhlenbeck process of unit variance :math:`x`, sampled every step, is turned into
:math:`u = 2\Phi(x) - 1`, uniform on (-1, 1); up is called by :math:`\max(u, 0)^p`, down by
:math:`\max(-u, 0)^p`, each with mean :math:`1/(2(p+1)) = m`, hence :math:`p = 1/(2m) - 1`.

It does not contain: a tie between calls and prices, frequency, weather or the time of day; the shape of
ERCOT's own regulation signal, of which only the mean is met.
"""

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from sim.market.synthetic import mean_reverting
from sim.rng import REGULATION, RESERVE
from sim.signals import Signal
from sim.signals.changes import of_spans
from sim.span import Span
from sim.spec import SIZED, Fraction, Positive, Spec, Timed
from sim.units import SECONDS_PER_MINUTE

ServiceName = Literal["regulation-up", "regulation-down", "rrs", "ecrs", "non-spin"]
DOWNWARD: Final[ServiceName] = "regulation-down"
"""The service whose call makes miners draw more."""


class Deployment(Spec):
    """Base of every description of when a reserve is called."""

    @abstractmethod
    def share(self, span: Span, service: ServiceName) -> Signal:
        """Return the share of the award that is called, as steps [1].

        Parameters
        ----------
        span
            The run.
        service
            What is called; regulation down is the other side of the signal of regulation up.

        Returns
        -------
        Signal
            From 0 to 1, from 0 to the run's end.
        """


class ScheduledCall(Timed):
    """One call, planned."""

    duration_min: Positive
    """How long it lasts [min]."""
    called_fraction: Fraction = 1.0
    """Share of the award that is called; where calls overlap, the largest counts."""


class ScheduledCalls(Deployment):
    """Calls by a plan; a plan without calls never calls."""

    type: Literal["scheduled"]
    """Kind of deployment."""
    calls: Annotated[tuple[ScheduledCall, ...], Field(max_length=1000)] = ()
    """The calls."""

    def share(self, span: Span, service: ServiceName) -> Signal:  # noqa: ARG002 -- a plan names it
        """Return the share of the award that is called, as steps [1]."""
        windows = []
        for call in self.calls:
            first_s = call.first_s(span.start_utc_s)
            windows.append((first_s, first_s + call.duration_min * SECONDS_PER_MINUTE, call.called_fraction))
        return largest_of(windows, span.end_s)


class DrawnCalls(Deployment):
    """Calls at random times, each of one length."""

    type: Literal["drawn"] = "drawn"
    """Kind of deployment."""
    called_time_fraction: Annotated[float, Field(gt=0.0, le=0.5), SIZED] = 0.02
    """Share of the time that is called, in the long run; 0.01 to 0.03 is usual for reserves other than
    regulation (unverified)."""
    duration_min: Annotated[float, Field(ge=1.0, le=1e4)] = 30.0
    """How long a call lasts [min]. Default: assumption."""
    called_fraction: Fraction = 1.0
    """Share of the award that is called."""

    def share(self, span: Span, service: ServiceName) -> Signal:
        """Return the share of the award that is called, as steps [1]."""
        share = self.called_fraction
        draws = span.stream(RESERVE.format(service=service))
        windows = [(from_s, to_s, share) for from_s, to_s in self._windows(span.end_s, draws)]
        return largest_of(windows, span.end_s)

    def _windows(self, end_s: float, draws: Generator) -> Iterator[tuple[float, float]]:
        """Yield start and end of each call [s]; a shorter run meets the same calls."""
        length_s = self.duration_min * SECONDS_PER_MINUTE
        mean_pause_s = length_s * (1.0 - self.called_time_fraction) / self.called_time_fraction
        from_s = mean_pause_s * float(draws.standard_exponential())
        while from_s < end_s:
            yield from_s, from_s + length_s
            from_s += length_s + mean_pause_s * float(draws.standard_exponential())


class RegulationSignal(Deployment):
    """An autocorrelated set-point on a fixed step, as regulation is called."""

    type: Literal["regulation"] = "regulation"
    """Kind of deployment."""
    signal_step_s: Annotated[float, Field(ge=1.0, le=3600.0)] = 4.0
    """Time that one set-point holds [s]; ERCOT sends one every 4 s (Texas A&M, blockchain and energy research
    pages). A year of it is 8 million set-points: take longer steps there."""
    mean_fraction: Annotated[float, Field(gt=0.0, le=0.5), SIZED] = 0.25
    """Mean share of the award that is called, each direction for itself. Less than a quarter of the cleared
    capacity was used in spring 2022 (Texas A&M, same pages; arXiv 2303.09081)."""
    reversion_s: Positive = 120.0
    """Mean-reversion time: the process behind it falls to 1/e in this time [s]. Default: assumption."""

    def share(self, span: Span, service: ServiceName) -> Signal:
        """Return the share of the award that is called, as steps [1]."""
        from scipy.special import ndtr  # noqa: PLC0415 -- slow to import, and most scenarios sell nothing

        time_s = np.arange(math.ceil(span.end_s / self.signal_step_s), dtype=np.float64) * self.signal_step_s
        noise = span.stream(REGULATION).standard_normal(len(time_s))
        level = 2.0 * ndtr(mean_reverting(noise, self.signal_step_s / self.reversion_s)) - 1.0
        side = np.maximum(-level if service == DOWNWARD else level, 0.0)
        exponent = 0.5 / self.mean_fraction - 1.0
        # 0 to the power of 0 is 1: without this the idle side would be called
        return Signal.steps(time_s, np.where(side > 0.0, side**exponent, 0.0), span.end_s)


AnyDeployment = Annotated[ScheduledCalls | DrawnCalls | RegulationSignal, Field(discriminator="type")]
"""Any way in which a reserve is called, told apart by its ``type``."""


def largest_of(windows: Sequence[tuple[float, float, float]], end_s: float) -> Signal:
    """Return the largest value of the windows in force, 0 outside all of them.

    Parameters
    ----------
    windows
        Start [s], end [s] and value of each, in any order; they may reach beyond the run.
    end_s
        The run's end [s].

    Examples
    --------
    >>> largest_of([(0.0, 20.0, 0.5), (10.0, 30.0, 1.0)], 60.0).value.tolist()
    [0.5, 1.0, 0.0]
    """
    return of_spans(windows, lambda values: max(values, default=0.0), end_s).simplify()


def due_after(called_mw: Signal, response_s: float) -> Signal:
    """Return what must be delivered by now: what was called for as long as the response may take.

    Parameters
    ----------
    called_mw
        What is called, as steps [MW].
    response_s
        Time from a call until all of it must be there [s].

    Returns
    -------
    Signal
        What is due [MW], as steps: nothing is due before the response time is over, and what is called off is
        due no more.

    Examples
    --------
    >>> called = Signal.steps([0.0, 100.0, 400.0], [0.0, 20.0, 0.0], 600.0)
    >>> due_after(called, 60.0).at([150.0, 170.0, 400.0]).tolist()
    [0.0, 20.0, 0.0]
    """
    return called_mw if response_s == 0.0 else (called_mw.rolling_minimum(response_s) + 0.0).simplify()


def due_linearly(called_mw: Signal, response_s: float) -> Signal:
    """Return what must be delivered by now, where a response is to rise linearly.

    Parameters
    ----------
    called_mw
        What is called, as steps [MW].
    response_s
        Time from a call until all of it must be there [s].

    Returns
    -------
    Signal
        What is due [MW]: a rise takes the response time, what is called off is due no more.

    Examples
    --------
    >>> called = Signal.steps([0.0, 100.0, 400.0], [0.0, 20.0, 0.0], 600.0)
    >>> due_linearly(called, 200.0).at([150.0, 350.0, 400.0]).tolist()
    [5.0, 20.0, 0.0]
    """
    if response_s == 0.0:
        return called_mw
    points: list[tuple[float, float, float]] = []
    due_mw = float(called_mw.value[0])
    times_s = called_mw.time_s.tolist()
    for from_s, to_s, goal_mw in zip(times_s, [*times_s[1:], called_mw.end_s], called_mw.value.tolist(), strict=True):
        rise_mw = max(0.0, goal_mw - due_mw)
        slope_mw_per_s = rise_mw / response_s
        points.append((from_s, goal_mw - rise_mw, slope_mw_per_s))
        due_mw = goal_mw
        if rise_mw > 0.0 and from_s + response_s < to_s:
            points.append((from_s + response_s, goal_mw, 0.0))
        elif rise_mw > 0.0:
            due_mw = goal_mw - rise_mw + slope_mw_per_s * (to_s - from_s)
    time_s, value, slope_per_s = np.array(points).T
    return Signal.from_breakpoints(time_s, value, slope_per_s, called_mw.end_s)
