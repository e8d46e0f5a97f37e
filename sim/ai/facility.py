"""What a hall loses between the meter and its racks: in power supplies, in transformers."""

from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from sim.spec import Spec

_LossShare = Annotated[float, Field(ge=0.0, le=0.5)]


def loss_fraction(
    load_fraction: float | np.ndarray, no_load_fraction: float, linear_fraction: float, square_fraction: float
) -> float | np.ndarray:
    r"""Return the loss of a stage of conversion, over its rating.

    Parameters
    ----------
    load_fraction
        Power that it delivers over its rating, 0 to 1.
    no_load_fraction, linear_fraction, square_fraction
        :math:`\ell_0`, :math:`\ell_1` and :math:`\ell_2`.

    Returns
    -------
    float or array
        :math:`\ell_0 + \ell_1 x + \ell_2 x^2`.

    Examples
    --------
    An uninterruptible supply at full load:

    >>> round(1.0 / (1.0 + loss_fraction(1.0, 0.0093, 0.0246, 0.0078)), 3)
    0.96
    """
    return no_load_fraction + load_fraction * (linear_fraction + load_fraction * square_fraction)


def fed_mw(
    delivered_mw: float | np.ndarray, rated_mw: float, stages: tuple[tuple[float, float, float], ...]
) -> float | np.ndarray:
    """Return the power that goes into a chain of stages.

    Parameters
    ----------
    delivered_mw
        Power that comes out of it [MW], from 0 to the rating.
    rated_mw
        Rating of every stage [MW], above 0.
    stages
        Numbers of each stage's loss curve, the one nearest to the racks first.

    Returns
    -------
    float or array
        Power fed [MW].

    Examples
    --------
    Half of 100 MW through a supply that loses 2 % of its rating at any load, then one that loses 10 % of what
    passes:

    >>> fed_mw(50.0, 100.0, ((0.02, 0.0, 0.0), (0.0, 0.1, 0.0)))
    57.2
    """
    load_fraction = delivered_mw / rated_mw
    for no_load, linear, square in stages:  # loss_fraction, written out: a hall calls this at every change
        load_fraction = load_fraction + (no_load + load_fraction * (linear + load_fraction * square))
    return load_fraction * rated_mw


def fed_curvature_per_mw(rated_mw: float, stages: tuple[tuple[float, float, float], ...]) -> float:
    """Return the highest second derivative of `fed_mw` by power delivered, up to the rating [1/MW].

    A straight line between two powers a distance ``d`` apart misses the chain's own curve by at most an
    eighth of it times ``d`` squared. Losses grow at least in proportion, so it is highest at the rating.

    Examples
    --------
    >>> fed_curvature_per_mw(100.0, ((0.0, 0.0, 0.01),))
    0.0002
    """
    power_mw, first, second = rated_mw, 1.0, 0.0
    for no_load, linear, square in stages:
        gain = 1.0 + linear + 2.0 * square * power_mw / rated_mw
        second = 2.0 * square / rated_mw * first * first + gain * second
        first *= gain
        power_mw += rated_mw * (no_load + power_mw / rated_mw * (linear + power_mw / rated_mw * square))
    return second


class LossCurve(Spec):
    """What one stage of conversion loses, over its rating, against its load over its rating."""

    no_load_fraction: _LossShare
    """What is lost at any load."""
    linear_fraction: Annotated[float, Field(ge=-0.5, le=0.5)]
    """What grows with the load."""
    square_fraction: _LossShare
    """What grows with the square of the load."""

    @model_validator(mode="after")
    def _never_gains(self) -> Self:
        if np.any(loss_fraction(np.linspace(0.0, 1.0, 101), *self.numbers) < 0.0):
            raise ValueError("the loss falls below zero at some load; raise no_load_fraction")
        return self

    @property
    def numbers(self) -> tuple[float, float, float]:
        """The three numbers of the curve, bare."""
        return self.no_load_fraction, self.linear_fraction, self.square_fraction


class PowerChain(Spec):
    """The stages between racks and meter; each is rated as the hall, and loaded by the one behind it."""

    psu: LossCurve | None = None
    """Power supplies in the racks. Left out: IT power is what the racks draw, with this loss in it, as in
    nameplates and measured powers of servers. A titanium supply of 0.95, 0.965 and 0.955 at 25, 50 and 100 %
    load (unverified) has 0.0145, -0.0181 and 0.0507."""
    ups: LossCurve = LossCurve(no_load_fraction=0.0093, linear_fraction=0.0246, square_fraction=0.0078)
    """Uninterruptible supply. Default: 0.94, 0.955 and 0.96 efficient at 25, 50 and 100 % load; unverified.
    In eco mode or on direct current 0.97, 0.975 and 0.975 (unverified): 0.0035, 0.0151 and 0.0070."""
    transformer: LossCurve = LossCurve(no_load_fraction=0.002, linear_fraction=0.0, square_fraction=0.007)
    """Transformer. Default: 0.989 efficient at half load, 0.991 at full load; assumption, unverified."""

    @property
    def stages(self) -> tuple[tuple[float, float, float], ...]:
        """The numbers of each stage, from the racks to the meter."""
        return tuple(stage.numbers for stage in (self.psu, self.ups, self.transformer) if stage is not None)
