"""What the site is paid and pays: the power price, hashprice, the price of bitcoin."""

from typing import Annotated

from pydantic import Field

from sim.market.bitcoin import BitcoinMarket, FileBitcoin, FixedBitcoin
from sim.market.network import NetworkBitcoin
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
    "NetworkBitcoin",
    "PowerPrice",
    "SyntheticPowerPrice",
]


class MarketSpec(Spec):
    """The prices that the site meets."""

    power: Annotated[FixedPowerPrice | FilePowerPrice | SyntheticPowerPrice, Field(discriminator="type")] = (
        FixedPowerPrice()
    )
    """Price of power: ``fixed``, ``file`` or ``synthetic``."""
    bitcoin: Annotated[FixedBitcoin | FileBitcoin | NetworkBitcoin, Field(discriminator="type")] = (
        FixedBitcoin()
    )
    """What mining earns: a hashprice ``fixed`` or from a ``file``, or made from the ``network``."""
