"""What a hall is built of: racks with spare modules and miners; what is lost between meter and racks."""

from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from sim.spec import SIZED, Spec, rising

Count = Annotated[int, Field(ge=0, le=1_000_000)]


class Racks(Spec):
    """The racks of a hall, all alike."""

    count: Annotated[int, Field(ge=1, le=1_000_000)]
    """Racks in the hall."""
    power_mw: Annotated[float, Field(gt=0.0, le=2.0), SIZED]
    """IT power that one rack is built for [MW]: 0.01 to 0.04 with air, 0.132 for an NVL72 (its power
    shelves)."""
    unit_count: Annotated[int, Field(ge=1, le=100)] = 48
    """Height of one rack [units of 44.45 mm]. Default: assumption."""
    free_unit_count: Count = 0
    """Units of each rack that AI machines leave free [units of 44.45 mm]."""

    _no_more_free_than_there_are = rising("free_unit_count", "unit_count", strictly=False)

    @property
    def total_mw(self) -> float:
        """IT power that the racks are built for, together [MW]."""
        return self.count * self.power_mw


class RackMiner(Spec):
    """A miner built for a rack."""

    power_mw: Annotated[float, Field(gt=0.0, le=1.0), SIZED] = 0.01118
    """Power of one miner [MW]. Default: a water-cooled machine of 3 units and 860 TH/s; nominal,
    unverified."""
    unit_count: Annotated[int, Field(ge=1, le=100)] = 3
    """Height of one miner [units of 44.45 mm]."""


class SpareModules(Spec):
    """Modules of power and cooling beyond those needed: one spare of five makes a hall N+1 with N = 4."""

    module_count: Annotated[int, Field(ge=1, le=1000)] = 5
    """Modules in place, spare ones among them; all of one size. Default: assumption."""
    spare_module_count: Annotated[int, Field(ge=0, le=999)] = 1
    """Modules that may fail while AI runs on. Default: N+1."""
    miners_may_use: bool = False
    """Whether miners may draw on the spare modules, because the tenants' contract allows it and miners stop
    when a module fails."""

    _some_module_is_no_spare = rising("spare_module_count", "module_count")

    @property
    def usable_fraction(self) -> float:
        """Share of the nameplate that is usable while the spare modules are kept."""
        return (self.module_count - self.spare_module_count) / self.module_count


def miner_capacity_mw(racks: Racks, miner: RackMiner, ai_mw: float, plant_mw: float) -> float:
    """Return the IT power of rack-form miners that a hall has room and power for.

    The least of three: whole miners in the free units of each rack; the racks' power less what is let to AI;
    the plant's power less what is let to AI.

    Parameters
    ----------
    racks, miner
        The racks, and the miner that goes into their free units.
    ai_mw
        IT power let to AI [MW]; kept for it whether it draws or not.
    plant_mw
        IT power that power and cooling may serve [MW]: the usable rating, or the nameplate where miners may
        use the reserve.

    Returns
    -------
    float
        Power [MW], not below 0.

    Examples
    --------
    100 racks of 0.1 MW with room for two miners of 0.01 MW each: 2 MW, of which power is left for 1.

    >>> racks = Racks(count=100, power_mw=0.1, free_unit_count=7)
    >>> miner_capacity_mw(racks, RackMiner(power_mw=0.01), ai_mw=9.0, plant_mw=10.0)
    1.0
    """
    room_mw = racks.count * (racks.free_unit_count // miner.unit_count) * miner.power_mw
    return max(0.0, min(room_mw, racks.total_mw - ai_mw, plant_mw - ai_mw))


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
