"""Racks of a hall, its spare modules, and the miners that fit between them."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from sim.spec import SIZED, Spec

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

    @model_validator(mode="after")
    def _no_more_free_than_there_are(self) -> Self:
        if self.free_unit_count > self.unit_count:
            raise ValueError(f"free_unit_count is {self.free_unit_count}; a rack has {self.unit_count} units")
        return self

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

    @model_validator(mode="after")
    def _some_module_is_no_spare(self) -> Self:
        if self.spare_module_count >= self.module_count:
            raise ValueError(
                f"spare_module_count must be below module_count, {self.module_count}; "
                f"got {self.spare_module_count}"
            )
        return self

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
