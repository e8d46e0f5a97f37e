"""Ancillary services that the site sells: what is offered, what it earns, when it is called."""

from typing import Annotated, Final, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from sim.market.calendar import hour_of_week
from sim.market.calls import AnyDeployment, DrawnCalls, RegulationSignal, ServiceName, due_after, due_linearly
from sim.market.rules import MarketRules
from sim.market.series import Place, StepsFile, offered_signal, since
from sim.shipped import shipped
from sim.signals import Signal
from sim.span import Span
from sim.spec import Fraction, NonNegative, Spec, TimeZone, some_of
from sim.tables.cover import Wanted
from sim.tables.quantities import QUANTITIES
from sim.units import HOURS_PER_DAY, SECONDS_PER_MINUTE, SECONDS_PER_QUARTER


class CapacitySignals(NamedTuple):
    """Capacity prices over a run, as steps [USD/MWh, for a megawatt held for an hour]."""

    day_ahead: Signal
    """Price of an award; 0 where there is none."""
    real_time: Signal
    """Price at which capacity is bought back in real time."""
    offered: Signal
    """1 where the service is bought, 0 where the file has a blank."""


class FixedCapacityPrice(Spec):
    """One capacity price for the whole run."""

    type: Literal["fixed"]
    """Kind of price."""
    price_usd_per_mwh: NonNegative
    """Price of a megawatt held for an hour [USD/MWh]."""
    real_time_usd_per_mwh: NonNegative | None = None
    """Price at which it is bought back in real time [USD/MWh]; left out: the same."""

    def signals(self, span: Span) -> CapacitySignals:
        """Return the prices, constant from 0 to the run's end."""
        real_time = self.real_time_usd_per_mwh
        return CapacitySignals(
            Signal.constant(self.price_usd_per_mwh, span.end_s),
            Signal.constant(self.price_usd_per_mwh if real_time is None else real_time, span.end_s),
            Signal.constant(1.0, span.end_s),
        )


class FileCapacityPrice(StepsFile):
    """Capacity prices from a file; each row holds from its time until the next row's.

    Where a row is blank the service is not bought: there is no award.
    """

    type: Literal["file"]
    """Kind of price."""
    price_column: Annotated[str, Field(min_length=1)]
    """Column with the price of a megawatt held for an hour [USD/MWh], such as ``as_rrs``."""
    real_time_column: Annotated[str, Field(min_length=1)] | None = None
    """Column with the price at which it is bought back in real time [USD/MWh]; left out, or where it is
    blank: the same."""

    def signals(self, span: Span) -> CapacitySignals:
        """Return the file's prices over the run, as steps; raise InputError where it does not serve it."""
        day_ahead, offered = self._column(self.price_column, span)
        if self.real_time_column is None:
            return CapacitySignals(day_ahead, day_ahead, offered)
        bought, known = self._column(self.real_time_column, span)
        return CapacitySignals(day_ahead, bought + day_ahead * (1.0 - known), offered)

    def _column(self, column: str, span: Span) -> tuple[Signal, Signal]:
        """Return a column and where it has a number; raise InputError where a price is below 0."""
        return offered_signal(self, Place(self.time_column), Wanted(column, QUANTITIES["capacity_price"]), span)


Rise = Literal["step", "linear"]


class ServiceResponse(NamedTuple):
    """How fast a service must be delivered."""

    response_s: float
    """Time from a call until all of it must be there [s]."""
    rise: Rise
    """What is due before: nothing, or a linear rise."""
    restore_s: float
    """Time from the end of a call until what was called must be held again [s]."""


RESPONSES: Final[dict[ServiceName, ServiceResponse]] = {
    name: ServiceResponse(**usual) for name, usual in shipped("sim.market", "responses.json").items()
}
"""What is usual, out of ``responses.json`` beside this module: the response of ECRS after ERCOT's NPRR 1148;
the others and all `restore_s` unverified."""
SERVED_FIRST: Final[tuple[ServiceName, ...]] = ("regulation-up", "regulation-down", "rrs", "ecrs", "non-spin")
"""The services, the one that delivery counts for first, first: the fastest."""


class Conditions(NamedTuple):
    """What the market makes of one service over a run, as steps; the same whatever is offered."""

    bought: Signal
    """1 where an offer of the site is awarded, 0 elsewhere [1]."""
    price_usd_per_mwh: Signal
    """What an award is paid [USD/MWh, for a megawatt held for an hour]."""
    shortfall_usd_per_mwh: Signal
    """What a megawatt not held for an hour costs [USD/MWh]."""
    undelivered_usd_per_mwh: Signal
    """What a megawatt-hour costs that is due and not delivered [USD/MWh]."""
    called_fraction: Signal
    """Share of an award that is called [1]."""


class Sold(NamedTuple):
    """One service over a run, as signals."""

    award_mw: Signal
    """Capacity sold, as steps [MW]."""
    price_usd_per_mwh: Signal
    """What it is paid [USD/MWh, for a megawatt held for an hour], as steps."""
    shortfall_usd_per_mwh: Signal
    """What a megawatt not held for an hour costs [USD/MWh], as steps."""
    undelivered_usd_per_mwh: Signal
    """What a megawatt-hour costs that is due and not delivered [USD/MWh], as steps."""
    called_mw: Signal
    """What is called, as steps [MW]."""
    due_mw: Signal
    """What must be delivered by now [MW]; never above what is called."""
    hold_mw: Signal
    """What must be held [MW]: sold, not called, and not called off a moment ago."""


class AncillaryService(Spec):
    """A service that the site sells day ahead at its market price, and delivers when it is called.

    A call of ``regulation-up``, ``rrs``, ``ecrs`` or ``non-spin`` makes the fleets draw less: what is sold
    must be held above their minimum. One of ``regulation-down`` makes them draw more: it must be held below
    what they may draw. The whole offer is awarded wherever the service is bought: the site takes the price.
    """

    service: ServiceName
    """What is sold."""
    offer_mw: NonNegative | None = None
    """Capacity offered at all hours [MW]; or ``offer_by_hour_mw``."""
    offer_by_hour_mw: Annotated[tuple[NonNegative, ...], Field(min_length=24, max_length=24)] | None = None
    """Capacity offered in each hour of the local day, 24 values from midnight on [MW]; or ``offer_mw``."""
    cooptimised_up_to_mw: NonNegative | None = None
    """Most to offer [MW], where the amount of each hour is left to co-optimisation with mining at day-ahead
    prices; in place of ``offer_mw``."""
    policy_up_to_mw: NonNegative | None = None
    """Most to offer [MW], where the amount of each hour is left to the policy, within the day; in place of
    ``offer_mw``. Of the policies that come with the project ``ancillary`` offers; with one that offers
    nothing, nothing of it is sold."""
    gate_closure_min: Annotated[float, Field(ge=1.0, le=600.0)] | None = None
    """How long before an hour the offer for it is final [min], where the policy offers; left out: 60, the end
    of ERCOT's adjustment period (unverified)."""
    expected_call_fraction: Fraction | None = None
    """Share of the award that co-optimisation, or a policy that offers, expects to be called [1]; left out:
    0.25 for regulation (arXiv 2303.09081: less than that), 0.02 for the others (unverified)."""
    time_zone: TimeZone = "America/Chicago"
    """Clocks by which the hours are counted."""
    price: Annotated[FixedCapacityPrice | FileCapacityPrice, Field(discriminator="type")]
    """What a megawatt held for an hour is paid: ``fixed`` or ``file``."""
    deployment: AnyDeployment | None = None
    """When it is called: ``scheduled``, ``drawn`` or ``regulation``; left out: ``regulation`` for regulation,
    ``drawn`` for the others."""
    response_s: Annotated[float, Field(ge=0.0, le=86_400.0)] | None = None
    """Time from a call until all of it must be there [s]; left out: 4 s for regulation, 10 s for ``rrs``,
    1800 s for ``non-spin`` (unverified), 600 s for ``ecrs``."""
    rise: Rise | None = None
    """What is due before: nothing (``step``) or a ``linear`` rise; left out: ``linear`` for ``ecrs``, else
    ``step``."""
    restore_s: Annotated[float, Field(ge=0.0, le=86_400.0)] | None = None
    """Time from the end of a call until what was called must be held again [s]; left out: 4 s for regulation,
    600 s for the others. Default: assumption."""
    penalty_ratio: Annotated[float, Field(ge=0.0, le=100.0)] = 1.0
    """What a megawatt costs that is called and not delivered, and, while awards are physical, one that is not
    held: so many times the price [1]. Default: assumption; 1 takes back what was paid."""

    _one_offer = some_of("offer_mw", "offer_by_hour_mw", "cooptimised_up_to_mw", "policy_up_to_mw")

    @model_validator(mode="after")
    def _said_of_what_is_left_open(self) -> Self:
        left_open = (self.cooptimised_up_to_mw, self.policy_up_to_mw)
        if self.expected_call_fraction is not None and left_open == (None, None):
            raise ValueError(
                "expected_call_fraction belongs to cooptimised_up_to_mw or policy_up_to_mw; neither is given"
            )
        if self.gate_closure_min is not None and self.policy_up_to_mw is None:
            raise ValueError("gate_closure_min belongs to policy_up_to_mw, which is not given")
        return self

    @model_validator(mode="after")
    def _called_as_it_may_be(self) -> Self:
        regulates = self.service.startswith("regulation")
        kind = "" if self.deployment is None else self.deployment.type
        if kind == ("drawn" if regulates else "regulation"):
            other = "regulation" if regulates else "drawn"
            raise ValueError(f"deployment of {self.service} must be scheduled or {other}, got {kind}")
        return self

    @property
    def downward(self) -> bool:
        """Whether a call makes the site draw more."""
        return self.service == "regulation-down"

    @property
    def gate_closure_s(self) -> float:
        """How long before an hour the policy's offer for it is final [s]."""
        return (60.0 if self.gate_closure_min is None else self.gate_closure_min) * SECONDS_PER_MINUTE

    @property
    def restored_after_s(self) -> float:
        """Time from the end of a call until what was called must be held again [s]."""
        return RESPONSES[self.service].restore_s if self.restore_s is None else self.restore_s

    @property
    def called_fraction(self) -> float:
        """Share of the award that an offer expects to be called [1]."""
        if self.expected_call_fraction is not None:
            return self.expected_call_fraction
        return 0.25 if self.service.startswith("regulation") else 0.02

    def conditions(self, span: Span, rules: MarketRules, *, has_ai: bool) -> Conditions:
        """Return what the market makes of the service over a run, whatever is offered.

        Parameters
        ----------
        span
            The run.
        rules
            The rules in force.
        has_ai
            Whether AI loads stand on the site.

        Raises
        ------
        InputError
            A file is missing or does not serve the run.
        """
        price = self.price.signals(span)
        usual = RegulationSignal() if self.service.startswith("regulation") else DrawnCalls()
        share = (self.deployment or usual).share(span, self.service)
        financial = since(rules.financial_from_s(span.start_utc_s), span.end_s)
        physical = price.day_ahead * (self.penalty_ratio * (1.0 - financial))
        shortfall = (physical + price.real_time * financial).simplify()
        undelivered = price.day_ahead * self.penalty_ratio
        # a rule may bar the site from awards from a day on
        allowed = 1.0 - since(rules.paid_until_s(span.start_utc_s, has_ai=has_ai), span.end_s)
        bought = (price.offered * allowed).simplify()
        return Conditions(bought, price.day_ahead, shortfall, undelivered, share)

    def offered_mw(self, span: Span) -> Signal:
        """Return what is offered where the scenario says how much, as steps [MW]."""
        if self.offer_by_hour_mw is None:
            return Signal.constant(self.offer_mw or 0.0, span.end_s)
        first_s = -(span.start_utc_s % SECONDS_PER_QUARTER)
        time_s = np.arange(first_s, span.end_s, SECONDS_PER_QUARTER)
        hours = hour_of_week(span.start_utc_s + time_s, self.time_zone) % HOURS_PER_DAY
        values = np.array(self.offer_by_hour_mw)[np.floor(hours).astype(np.int64)]
        return Signal.steps(np.maximum(time_s, 0.0), values, span.end_s).simplify()

    def sold_at(self, award_mw: Signal, conditions: Conditions) -> Sold:
        """Return what follows from an award: what is called, what is due, what is to be held.

        Parameters
        ----------
        award_mw
            Capacity sold, as steps [MW].
        conditions
            What the market makes of the service.
        """
        called_mw = (award_mw * conditions.called_fraction).simplify()
        prices = conditions[1:4]
        return Sold(award_mw, *prices, called_mw, self._due(called_mw), self._hold(award_mw, called_mw))

    def _due(self, called_mw: Signal) -> Signal:
        usual = RESPONSES[self.service]
        response_s = usual.response_s if self.response_s is None else self.response_s
        rule = due_linearly if (self.rise or usual.rise) == "linear" else due_after
        return rule(called_mw, response_s)

    def _hold(self, award_mw: Signal, called_mw: Signal) -> Signal:
        restore_s = self.restored_after_s
        lately_mw = called_mw.rolling_maximum(restore_s) if restore_s > 0.0 else called_mw
        return (award_mw - lately_mw).positive_part().simplify()
