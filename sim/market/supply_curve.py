r"""A network whose miners come and go with what mining pays: a supply curve in bands.

Notes
-----
Band :math:`b` can hash a share of what is installed, at efficiency :math:`e_b` and cost :math:`c_b` per MWh.
It breaks even at the hashprice

.. math:: h_b = \frac{0.024\,e_b\,c_b}{1-f}.

In the long run the difficulty fits the hash rate :math:`H`, so that the hashprice is :math:`K/H`, where
:math:`K` is the worth of a block times 144 a day. At each retarget the miners go where that leads: the
costliest bands stop, in part if need be, until the rest break even; idle bands start, the cheapest first,
while they would earn more than :math:`(1+m)\,h_b`. They judge by the mean price of bitcoin over the last
weeks. So a band neither stops nor starts at once, and not for a swing within the margin.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.bitcoin import (
    balanced_difficulty,
    breakeven_usd_per_mwh,
    hashprice_usd_per_ph_day,
)
from sim.errors import InputError
from sim.market.chain import Network, Tip, simulate
from sim.market.difficulty import BlockValue, SimulatedDifficulty
from sim.signals import Signal
from sim.span import Span
from sim.spec import SIZED, Fraction, NonNegative, PositiveFraction, Spec
from sim.units import SECONDS_PER_DAY

_SHARE_TOLERANCE = 1e-6


class CostBand(Spec):
    """Miners with machines of one efficiency and one cost of power."""

    share_fraction: PositiveFraction
    """Share of the installed hash rate [1]; the shares of all bands add up to 1."""
    efficiency_j_per_th: Annotated[float, Field(gt=0.0, le=1e4), SIZED]
    """Energy that one terahash takes at the wall [J/TH]."""
    power_usd_per_mwh: NonNegative
    """What they pay for power [USD/MWh]."""
    opex_usd_per_mwh: NonNegative = 0.0
    """What else running costs them, by energy [USD/MWh]."""

    def breakeven_hashprice_usd_per_ph_day(self, pool_fee_fraction: float) -> float:
        """Return the hashprice at which they earn what running costs [USD/(PH/s)/d]."""
        cost_usd_per_mwh = self.power_usd_per_mwh + self.opex_usd_per_mwh
        return cost_usd_per_mwh / breakeven_usd_per_mwh(1.0, self.efficiency_j_per_th, pool_fee_fraction)


_BANDS = (
    CostBand(share_fraction=0.30, efficiency_j_per_th=16.0, power_usd_per_mwh=50.0, opex_usd_per_mwh=8.0),
    CostBand(share_fraction=0.30, efficiency_j_per_th=19.0, power_usd_per_mwh=55.0, opex_usd_per_mwh=8.0),
    CostBand(share_fraction=0.20, efficiency_j_per_th=23.0, power_usd_per_mwh=55.0, opex_usd_per_mwh=8.0),
    CostBand(share_fraction=0.12, efficiency_j_per_th=30.0, power_usd_per_mwh=50.0, opex_usd_per_mwh=6.0),
    CostBand(share_fraction=0.08, efficiency_j_per_th=34.0, power_usd_per_mwh=60.0, opex_usd_per_mwh=6.0),
)


class EndogenousDifficulty(SimulatedDifficulty):
    """A hash rate that follows what mining pays, weeks behind, and the difficulty that follows it.

    ``annual_growth_ratio`` is the growth of what is installed. ``start_hashrate_eh_s`` is that of the bands
    that earn their cost at the start; the others are installed besides.
    """

    type: Literal["endogenous"] = "endogenous"
    """Kind of difficulty."""
    bands: Annotated[tuple[CostBand, ...], Field(min_length=1, max_length=100)] = _BANDS
    """The supply curve. Default: assumption, five bands of 16 to 34 J/TH that pay 50 to 60 USD/MWh."""
    pool_fee_fraction: Annotated[float, Field(ge=0.0, le=0.5)] = 0.02
    """Share of the revenue that their pools keep [1]. Default: about 0.02 (unverified)."""
    memory_d: Annotated[float, Field(ge=0.0, le=365.0)] = 21.0
    """Time over which they average the price of bitcoin before they decide [d]; before the run the price
    was that of its start. Default: assumption, 14 to 28 days."""
    restart_margin_fraction: Fraction = 0.05
    """How far above its break-even an idle band must earn before it starts [1]. Default: assumption."""

    @model_validator(mode="after")
    def _shares_add_up(self) -> Self:
        shares = sum(band.share_fraction for band in self.bands)
        if abs(shares - 1.0) > _SHARE_TOLERANCE:
            raise ValueError(f"share_fraction of all bands must add up to 1, got {shares:g}")
        return self

    @property
    def breakevens(self) -> tuple[float, ...]:
        """Hashprice at which each band earns its cost [USD/(PH/s)/d]."""
        return tuple(band.breakeven_hashprice_usd_per_ph_day(self.pool_fee_fraction) for band in self.bands)

    def network(
        self,
        span: Span,
        height: int | None,
        block_usd: BlockValue,
    ) -> Network:
        """Return the hash rate that the bands choose and the difficulty that follows it."""
        tip = self.tip(span.start_utc_s, height)
        hashprice = hashprice_usd_per_ph_day(tip.difficulty, block_usd(tip, 0.0), 1.0)
        active = [
            band.share_fraction if breakeven < hashprice else 0.0
            for band, breakeven in zip(self.bands, self.breakevens, strict=True)
        ]
        if not any(active):
            raise InputError.single(
                "difficulty",
                "",
                f"no band earns its cost at the start: the hashprice is {hashprice:.2f} USD/(PH/s)/d, "
                f"the lowest break-even {min(self.breakevens):.2f}",
            )
        installed = self.growth(span.end_s) * (self.first_hashrate_eh_s / sum(active))
        miners = _Miners(self, installed, self.converted_eh_s(span), block_usd, active)
        return simulate(tip, span.end_s, miners.hashrate_after)


@dataclass(slots=True)
class _Miners:
    """The bands over a run: which of them hash."""

    spec: EndogenousDifficulty
    installed_eh_s: Signal
    converted_eh_s: Signal
    block_usd: BlockValue
    active: list[float]
    """Share of all that is installed which hashes, of each band [1]."""

    def hashrate_after(self, tip: Tip) -> Signal:
        """Decide at a retarget; return the hash rate if nobody changed his mind again [EH/s]."""
        if tip.time_s > 0.0:
            self._decide(tip)
        return self.installed_eh_s * sum(self.active) - self.converted_eh_s

    def _decide(self, tip: Tip) -> None:
        installed_eh_s = float(self.installed_eh_s.at(tip.time_s))
        converted_eh_s = float(self.converted_eh_s.at(tip.time_s))
        worth_usd = self.block_usd(tip, self.spec.memory_d * SECONDS_PER_DAY)
        breakevens, spec = self.spec.breakevens, self.spec

        def share_at(hashprice: float) -> float:
            """Return the share of what is installed at which the network earns this hashprice in the end."""
            return (balanced_eh_s(worth_usd, hashprice) + converted_eh_s) / installed_eh_s

        for band in sorted(range(len(breakevens)), key=lambda band: -breakevens[band]):
            too_much = sum(self.active) - share_at(breakevens[band])
            self.active[band] -= min(self.active[band], max(0.0, too_much))
        for band in sorted(range(len(breakevens)), key=lambda band: breakevens[band]):
            room = share_at(breakevens[band] * (1.0 + spec.restart_margin_fraction)) - sum(self.active)
            idle = spec.bands[band].share_fraction - self.active[band]
            self.active[band] += min(idle, max(0.0, room))


def balanced_eh_s(block_usd: float, hashprice: float) -> float:
    """Return the hash rate at which a network earns a hashprice once its difficulty fits [EH/s].

    Parameters
    ----------
    block_usd
        Worth of a block [USD].
    hashprice
        Hashprice [USD/(PH/s)/d], above 0.

    Returns
    -------
    float
        Hash rate of the network [EH/s].

    Examples
    --------
    A block of 3.15 BTC at 85,000 USD, at 40 USD/(PH/s)/d:

    >>> round(balanced_eh_s(3.15 * 85_000.0, 40.0), 1)
    963.9
    """
    return float(hashprice_usd_per_ph_day(balanced_difficulty(1.0), block_usd, 1.0)) / hashprice
