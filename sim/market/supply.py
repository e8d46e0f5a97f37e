"""How the site buys its power: at real time, day-ahead, or under a power purchase agreement."""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from sim.market.power import Periods, Price, priced
from sim.signals import Signal
from sim.span import Span
from sim.spec import NonNegative, Positive, Spec, TimeZone

Settlement = Literal["resale", "take-or-pay", "as-consumed"]
"""What happens to contracted power that the site does not draw."""


class Contract(NamedTuple):
    """A block of power bought beforehand."""

    power_mw: Signal
    """Size of the block [MW], as steps."""
    price_usd_per_mwh: Signal
    """What its energy costs [USD/MWh], as steps."""
    settlement: Settlement


class SupplySpec(Spec):
    """Base of every way to buy power."""

    delivery_usd_per_mwh: NonNegative = 0.0
    """What each MWh drawn from the grid costs on top of its price: wires charges per MWh, losses
    [USD/MWh]."""
    delivery_periods: Periods = ()
    """Hours whose delivery has a price of its own, as under a time-of-use tariff; where two hold the later in
    the list counts. At all others it costs ``delivery_usd_per_mwh``."""
    delivery_time_zone: TimeZone = "America/Chicago"
    """Zone whose clocks count for ``delivery_periods``."""

    def delivery(self, span: Span) -> Signal:
        """Return what each MWh drawn from the grid costs on top, as steps [USD/MWh]."""
        return priced(self.delivery_usd_per_mwh, self.delivery_periods, self.delivery_time_zone, span)

    @property
    def has_delivery(self) -> bool:
        """Whether delivery costs anything at any time."""
        return bool(self.delivery_usd_per_mwh or self.delivery_periods)

    def contract(self, day_ahead: Signal | None, end_s: float) -> Contract | None:
        """Return the block that is bought beforehand, None where there is none, as here.

        Parameters
        ----------
        day_ahead
            Day-ahead price over the run [USD/MWh], where the scenario has one.
        end_s
            End of the run [s], above 0.
        """


class RealTimeSupply(SupplySpec):
    """All power is bought as it is drawn, at the price in force (``market.power``)."""

    type: Literal["real-time"] = "real-time"
    """Kind of supply."""


class DayAheadSupply(SupplySpec):
    """A stated power is bought at the day-ahead price; the difference to it settles at real time.

    The site sells what it does not draw: one MWh less is worth the real-time price, as everywhere in a market
    with two settlements. Needs ``market.day_ahead``.
    """

    type: Literal["day-ahead"] = "day-ahead"
    """Kind of supply."""
    mw: Positive
    """Power bought for every hour [MW]."""

    def contract(self, day_ahead: Signal | None, end_s: float) -> Contract:
        """Return the power bought, at the day-ahead price."""
        if day_ahead is None:
            raise ValueError("a day-ahead supply needs a day-ahead price")
        return Contract(Signal.constant(self.mw, end_s), day_ahead, "resale")


class PowerPurchaseAgreement(SupplySpec):
    """A block of power at a fixed price, round the clock; what is drawn beyond it is bought at real time."""

    type: Literal["ppa"] = "ppa"
    """Kind of supply."""
    mw: Positive
    """Size of the block [MW]."""
    price_usd_per_mwh: Price = 32.0
    """Price of the block's energy [USD/MWh]; the default is unverified, 25 to 60 is usual (unverified)."""
    settlement: Settlement = "resale"
    """What happens to what is not drawn: ``resale``, paid for and sold at the real-time price;
    ``take-or-pay``, paid for and lost; ``as-consumed``, not paid for."""

    def contract(self, day_ahead: Signal | None, end_s: float) -> Contract:  # noqa: ARG002 -- has its own price
        """Return the block at its price."""
        price = Signal.constant(self.price_usd_per_mwh, end_s)
        return Contract(Signal.constant(self.mw, end_s), price, self.settlement)


AnySupply = Annotated[RealTimeSupply | DayAheadSupply | PowerPurchaseAgreement, Field(discriminator="type")]
"""Any supply that a scenario may name."""
