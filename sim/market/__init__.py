"""What the site is paid and pays: the power price, hashprice, the price of bitcoin, ancillary services."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Self

from pydantic import Field, model_validator

from sim.market.ancillary import AncillaryService
from sim.market.carbon import Carbon
from sim.market.demand_charge import DemandCharge
from sim.market.forecasts import DayAheadForecast, Forecasts
from sim.market.four_cp import FourCoincidentPeaks
from sim.market.generation import AnyGeneration
from sim.market.hashprice import FileBitcoin, FixedBitcoin
from sim.market.network import NetworkBitcoin
from sim.market.power import AnyDayAheadPrice, FilePowerPrice, FixedPowerPrice, TimeOfUsePrice
from sim.market.rules import MarketRules
from sim.market.series import Course
from sim.market.supply import AnySupply, DayAheadSupply, RealTimeSupply
from sim.market.synthetic import SyntheticPowerPrice
from sim.span import Span
from sim.spec import Spec, require_once


class MarketSpec(Spec):
    """The prices that the site meets, how it buys its power, and the services that it sells."""

    power: Annotated[
        FixedPowerPrice | FilePowerPrice | TimeOfUsePrice | SyntheticPowerPrice, Field(discriminator="type")
    ] = FixedPowerPrice()
    """Real-time price of power: ``fixed``, ``file``, ``time-of-use`` or ``synthetic``."""
    day_ahead: AnyDayAheadPrice | None = None
    """Day-ahead price of power: ``fixed`` or ``file``; left out: there is none."""
    supply: AnySupply = RealTimeSupply()
    """How the site buys its power: ``real-time``, ``day-ahead`` or ``ppa``."""
    generation: AnyGeneration | None = None
    """Own generation behind the meter: ``constant``, ``file`` or ``synthetic-wind``; left out: there is
    none."""
    carbon: Carbon | None = None
    """Carbon intensity of the grid; left out: emissions are not counted."""
    demand_charge: DemandCharge | None = None
    """Charge on the highest mean power of each month; left out: there is none."""
    four_cp: FourCoincidentPeaks | None = None
    """Charge on the power at the system's four coincident peaks; left out: there is none."""
    forecasts: Forecasts | None = None
    """What is forecast of price, AI power and system load; left out: nothing."""
    bitcoin: Annotated[FixedBitcoin | FileBitcoin | NetworkBitcoin, Field(discriminator="type")] = FixedBitcoin()
    """What mining earns: a hashprice ``fixed`` or from a ``file``, or made from the ``network``."""
    ancillary: Annotated[tuple[AncillaryService, ...], Field(max_length=5)] = ()
    """Ancillary services that the site sells, each once."""
    rules: MarketRules = MarketRules()
    """Rules of the market that have dates."""

    @property
    def shows_system_load(self) -> bool:
        """Whether policies see the load of the system."""
        return self.four_cp is not None and self.four_cp.system_load is not None

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        require_once((entry.service for entry in self.ancillary), "ancillary: each service may be sold once")
        forecasts = self.forecasts or Forecasts()
        by_day_ahead = {"supply": self.supply, "forecasts.price": forecasts.price}
        for name, part in by_day_ahead.items():
            if isinstance(part, DayAheadSupply | DayAheadForecast) and self.day_ahead is None:
                needs = "needs a day-ahead price: state day_ahead, as 'fixed' or 'file'"
                raise ValueError(f"{name} of type 'day-ahead' {needs}")
        if forecasts.system_load is not None and not self.shows_system_load:
            raise ValueError("forecasts.system_load needs market.four_cp.system_load: there is no load to forecast")
        return self

    def checks(self, span: Span) -> dict[str, Callable[[], object]]:
        """Return what reads the files of each part of the market, by the part's name.

        Each raises InputError if a file is missing or does not serve the run.
        """
        courses: dict[str, Course | None] = {
            "power": self.power,
            "day_ahead": self.day_ahead,
            "generation": self.generation,
            "carbon": self.carbon,
            "four_cp": None if self.four_cp is None else self.four_cp.system_load,
        }
        found: dict[str, Callable[[], object]] = {
            name: partial(course.signal, span) for name, course in courses.items() if course is not None
        }
        found["bitcoin"] = partial(self.bitcoin.signals, span)
        for position, service in enumerate(self.ancillary):
            found[f"ancillary.{position}"] = partial(service.price.signals, span)
        return found
