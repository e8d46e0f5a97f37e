r"""The network's difficulty: from a file, following a hash rate that grows, or of miners who come and go.

Notes
-----
Miners come and go with what mining pays, along a supply curve in bands. Band :math:`b` can hash a share of
what is installed, at efficiency :math:`e_b` and cost :math:`c_b` per MWh. It breaks even at the hashprice

.. math:: h_b = \frac{0.024\,e_b\,c_b}{1-f}.

In the long run the difficulty fits the hash rate :math:`H`, so that the hashprice is :math:`K/H`, where
:math:`K` is the worth of a block times 144 a day. At each retarget the miners go where that leads: the
costliest bands stop, in part if need be, until the rest break even; idle bands start, the cheapest first,
while they would earn more than :math:`(1+m)\,h_b`. They judge by the mean price of bitcoin over the last
weeks. So a band neither stops nor starts at once, and not for a swing within the margin.
"""

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Annotated, ClassVar, Final, Literal, Self

import numpy as np
from pydantic import AwareDatetime, Field, model_validator

from sim.bitcoin import (
    balanced_difficulty,
    balanced_hashrate_eh_s,
    breakeven_usd_per_mwh,
    hashprice_usd_per_ph_day,
    hashrate_ph_s,
)
from sim.errors import InputError
from sim.market.chain import Network, Tip, height_at, simulate
from sim.market.hashprice import JULIAN_YEAR_D
from sim.market.series import StepsFile, since
from sim.shipped import shipped
from sim.signals import Signal, total
from sim.span import Span
from sim.spec import SIZED, Fraction, NonNegative, Positive, PositiveFraction, Spec
from sim.tables.cover import Wanted
from sim.tables.quantities import QUANTITIES
from sim.units import EXAHASH_IN_PETAHASHES, SECONDS_PER_DAY

BlockValue = Callable[[Tip, float], float]
"""What a block is worth [USD] at a tip of the chain, by the mean price of so long before it [s]."""


_LEAST_SINCE: Final = ((1_609_459_200.0, 1e12), (1_483_228_800.0, 1e11), (1_388_534_400.0, 1e8))
"""Difficulty not fallen below since the start of 2021, 2017 and 2014 [s since 1970; 1], with room."""


class Conversion(Spec):
    """Mining power that turns to other work, anywhere in the network, and does not come back."""

    at: AwareDatetime
    """When, ISO 8601 with an offset; before the run: from its start."""
    mw: Positive
    """Power at the wall that it drew [MW]."""
    efficiency_j_per_th: Annotated[float, Field(gt=0.0, le=1e4), SIZED] = 17.5
    """Efficiency of its machines at the wall [J/TH]. Default: assumption, a fleet of 2024 to 2025."""

    @property
    def hashrate_eh_s(self) -> float:
        """The hash rate that the network loses [EH/s]."""
        return hashrate_ph_s(self.mw, self.efficiency_j_per_th) / EXAHASH_IN_PETAHASHES


class Difficulty(Spec):
    """Base of every description of the network's difficulty."""

    is_real: ClassVar[bool] = False
    """Whether this is what happened, so that halvings of the past come at their dates."""

    @abstractmethod
    def network(self, span: Span, height: int | None, block_usd: BlockValue) -> Network:
        """Return difficulty and hash rate of the network over the run.

        Parameters
        ----------
        span
            The run.
        height
            Height of the chain at the start; None: what the date tells.
        block_usd
            What a block is worth to those who run the network's machines.

        Returns
        -------
        Network
            Difficulty and hash rate from 0 to the run's end.

        Raises
        ------
        InputError
            A file is missing or does not serve the run, or no hash rate is left.
        """


class FileDifficulty(StepsFile, Difficulty):
    """Difficulty from a file; each row holds from its time until the next row's. It is known at once."""

    is_real: ClassVar[bool] = True

    time_column: str = "date_utc"
    """Column with the START of each interval: a date (midnight UTC), or ISO-8601 with zone."""
    difficulty_column: str = "difficulty"
    """Column with the difficulty [1], above 0."""
    hashrate_column: str | None = None
    """Column with the network's hash rate [EH/s], above 0; by default that which the difficulty fits."""

    def network(self, span: Span, height: int | None, block_usd: BlockValue) -> Network:  # noqa: ARG002 -- known
        """Return the file's difficulty and hash rate; nobody decides, and its retargets are where they are."""
        (difficulty,) = self.steps(span, Wanted(self.difficulty_column, QUANTITIES["difficulty"]))
        self._check_era(difficulty, span.start_utc_s)
        if self.hashrate_column is None:
            fitting = balanced_hashrate_eh_s(difficulty.value)
            return Network(difficulty, Signal.steps(difficulty.time_s, fitting, span.end_s))
        return Network(difficulty, *self.steps(span, Wanted(self.hashrate_column, QUANTITIES["hashrate"])))

    def _check_era(self, difficulty: Signal, start_utc_s: float) -> None:
        """Refuse what no difficulty has been since: another unit, and none is stated."""
        least = next((least for since_utc_s, least in _LEAST_SINCE if start_utc_s >= since_utc_s), 0.0)
        if self.unit is None and difficulty.minimum() < least:
            message = (
                f"column '{self.difficulty_column}': {difficulty.minimum():g} is no difficulty of its time, "
                f"which was {least:g} or more: state its unit, difficulty_t where it counts in 1e12"
            )
            raise InputError.single(self.file, "", message)


class SimulatedDifficulty(Difficulty):
    """Base of the difficulties that follow a hash rate, retarget by retarget."""

    start_difficulty: Annotated[float, Field(ge=1.0, le=1e20)] = 124.93e12
    """Difficulty at the run's start [1]. Default: that of mid-June 2026."""
    start_hashrate_eh_s: Annotated[float, Field(gt=0.0, le=1e7), SIZED] | None = None
    """Hash rate of the network at the run's start [EH/s], before any conversion; by default that which the
    difficulty fits, a block in ten minutes."""
    annual_growth_ratio: Annotated[float, Field(ge=-0.9, le=9.0)] = 0.05
    """Growth of the hash rate in a year [1], spread over its days; conversions come on top. Default:
    assumption. Forecasts have been far off: -0.15 to 0.40 is the range to try."""
    conversions: Annotated[tuple[Conversion, ...], Field(max_length=1000)] = ()
    """Mining power that turns to other work during the run."""

    @property
    def first_hashrate_eh_s(self) -> float:
        """Hash rate at the start, before any conversion [EH/s]."""
        return self.start_hashrate_eh_s or float(balanced_hashrate_eh_s(self.start_difficulty))

    def tip(self, start_utc_s: float, height: int | None) -> Tip:
        """Return the chain at the start."""
        return Tip(0.0, self.start_difficulty, height_at(start_utc_s) if height is None else height)

    def growth(self, end_s: float) -> Signal:
        """Return the hash rate over that of the start, without conversions, in steps of a day [1]."""
        times_s = np.arange(0.0, end_s, SECONDS_PER_DAY)
        daily = (1.0 + self.annual_growth_ratio) ** (1.0 / JULIAN_YEAR_D)
        return Signal.steps(times_s, [daily**day for day in range(times_s.size)], end_s)

    def converted_eh_s(self, span: Span) -> Signal:
        """Return the hash rate that conversions have taken off the network [EH/s]."""
        parts = [
            since(conversion.at.timestamp() - span.start_utc_s, span.end_s) * conversion.hashrate_eh_s
            for conversion in self.conversions
        ]
        return total([Signal.constant(0.0, span.end_s), *parts])


class GrowthDifficulty(SimulatedDifficulty):
    """A hash rate that grows at a steady rate whatever mining pays, and the difficulty that follows it."""

    type: Literal["growth"] = "growth"
    """Kind of difficulty."""

    def network(self, span: Span, height: int | None, block_usd: BlockValue) -> Network:  # noqa: ARG002 -- unasked
        """Return the hash rate and the difficulty that follows it; nobody decides."""
        grown = self.growth(span.end_s) * self.first_hashrate_eh_s
        hashrate = grown - self.converted_eh_s(span)
        return simulate(self.tip(span.start_utc_s, height), span.end_s, lambda _: hashrate)


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


_BANDS = tuple(CostBand(**band) for band in shipped("sim.market", "cost_bands.json"))


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
    order_response_ratio: Annotated[float, Field(ge=0.0, le=10.0)] = 0.0
    """Machines that are ordered as long as mining pays: growth of what is installed, on top of
    ``annual_growth_ratio``, for each e-fold that the hashprice lies above the cheapest band's break-even
    [1/year]. The default of none leaves growth as stated."""
    order_lead_d: Annotated[float, Field(ge=0.0, le=1095.0)] = 270.0
    """Time from an order to its machines' first hash [d]: what was ordered before a fall still comes. Before
    the run the hashprice was that of its start. Default: assumption."""

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

    def network(self, span: Span, height: int | None, block_usd: BlockValue) -> Network:
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
    arrivals: list[tuple[float, float]] = field(default_factory=list)
    """From when ordered machines come [s], and the growth of what is installed that they are [1/d]."""

    def hashrate_after(self, tip: Tip) -> Signal:
        """Decide at a retarget; return the hash rate if nobody changed his mind again [EH/s]."""
        worth_usd = self.block_usd(tip, self.spec.memory_d * SECONDS_PER_DAY)
        self._order(tip, worth_usd)
        installed_eh_s = self._installed_eh_s()
        if tip.time_s > 0.0:
            self._decide(tip, worth_usd, float(installed_eh_s.at(tip.time_s)))
        return installed_eh_s * sum(self.active) - self.converted_eh_s

    def _order(self, tip: Tip, worth_usd: float) -> None:
        """Order by what mining pays now; what is ordered at the start has been coming for long."""
        margin_ratio = hashprice_usd_per_ph_day(tip.difficulty, worth_usd, 1.0) / min(self.spec.breakevens)
        efolds = math.log(max(1.0, float(margin_ratio)))
        from_s = tip.time_s + self.spec.order_lead_d * SECONDS_PER_DAY if tip.time_s > 0.0 else 0.0
        self.arrivals.append((from_s, self.spec.order_response_ratio * efolds / JULIAN_YEAR_D))

    def _installed_eh_s(self) -> Signal:
        """Return what is installed with all that is ordered, in steps of a day [EH/s]."""
        end_s = self.installed_eh_s.end_s
        times_s, efolds_per_d = zip(*self.arrivals, strict=True)
        days_s = np.arange(0.0, end_s, SECONDS_PER_DAY)
        come = Signal.steps(times_s, efolds_per_d, end_s).integrals_over([*days_s, end_s]) / SECONDS_PER_DAY
        # math.exp, as numpy's changes its last bits with the processor
        grown = [math.exp(efolds) for efolds in accumulate(come[:-1].tolist(), initial=0.0)]
        return self.installed_eh_s * Signal.steps(days_s, grown, end_s)

    def _decide(self, tip: Tip, worth_usd: float, installed_eh_s: float) -> None:
        converted_eh_s = float(self.converted_eh_s.at(tip.time_s))
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
