"""What the site is paid and pays: the power price, hashprice, the price of bitcoin."""

from typing import Annotated

from pydantic import Field

from sim.market.bitcoin import BitcoinMarket, FileBitcoin, FixedBitcoin
from sim.market.power import FilePowerPrice, FixedPowerPrice, PowerPrice
from sim.market.synthetic import SyntheticPowerPrice
from sim.spec import Spec

__all__ = [
    "BitcoinMarket",
    "FileBitcoin",
    "FilePowerPrice",
    "FixedBitcoin",
    "FixedPowerPrice",
    "MarketSpec",
    "PowerPrice",
    "SyntheticPowerPrice",
]


class MarketSpec(Spec):
    """The prices that the site meets."""

    power: Annotated[FixedPowerPrice | FilePowerPrice | SyntheticPowerPrice, Field(discriminator="type")] = (
        FixedPowerPrice()
    )
    """Price of power: ``fixed``, ``file`` or ``synthetic``."""
    bitcoin: Annotated[FixedBitcoin | FileBitcoin, Field(discriminator="type")] = FixedBitcoin()
    """Hashprice and price of bitcoin: ``fixed`` or ``file``."""
