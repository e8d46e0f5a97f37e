"""Offer reserves hour by hour, as much as pays beside mining; mine where the price is below break-even."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from sim.market.cooptimisation import ReserveProduct, best_offers
from sim.market.forecasts import Forecast
from sim.policies.base import Decision, Observation, PolicySpec, ServiceView
from sim.policies.outlook import forecast_means
from sim.policies.price_threshold import Price, PriceThreshold
from sim.spec import NonNegative
from sim.units import SECONDS_PER_HOUR


class Ancillary(PolicySpec):
    r"""Offer what the best plan of the hour holds, and mine by the price of the moment.

    Notes
    -----
    Shortly before each gate, for the hour that it is of (:mod:`sim.market.cooptimisation`):

    .. math::

        \max \sum_g m_g x_g + \sum_{k \in up, g} (a_k - d_k m_g)\, y_{kg}
        + \sum_{k \in down, g} (a_k + d_k m_g)\, y_{kg}

    with margins :math:`m_g`, each fleet's break-even price less the price expected of the hour, capacity
    prices :math:`a_k` as published, and expected shares called :math:`d_k`; subject to what the fleets can
    draw within the limit, less AI power as expected and the margin, and less what is sold already. Expected
    of the hour is the day-ahead price where it is published, else the forecast, else the price of now; and
    the forecast of AI power, else that of now.

    Between gates the fleets draw what :class:`~sim.policies.price_threshold.PriceThreshold` says, at
    break-even prices. It does not raise that to what is sold: the controller does, or a `call-obedience`
    around it.
    """

    type: Literal["ancillary"]
    submit_s: Annotated[float, Field(ge=1.0, le=3600.0)] = 60.0
    """How long before a gate its offer is made [s]; where ``controller.minimum_interval_s`` is longer, a
    decision may come too late, and the offer of the hour before stands. Default: assumption."""
    adder_usd_per_mwh: Price = 0.0
    """What delivery costs on top of the power price [USD/MWh]."""
    margin_mw: NonNegative = 0.0
    """Power kept free below the limit, of mining and of what is offered [MW]."""

    def start(self) -> "AncillaryPolicy":
        """Return a fresh policy for one run."""
        return AncillaryPolicy(self)


class AncillaryPolicy:
    """The policy in a run: what stands offered, and the hour that each service was last planned for."""

    def __init__(self, spec: Ancillary) -> None:
        self._spec = spec
        self._energy = PriceThreshold(
            type="price-threshold", adder_usd_per_mwh=spec.adder_usd_per_mwh, margin_mw=spec.margin_mw
        )
        self._offers: dict[str, float] = {}
        self._planned_s: dict[str, float] = {}

    def decide(self, observation: Observation) -> Decision:
        """Return the power that pays, with what stands offered."""
        now_s, submit_s = observation.time_s, self._spec.submit_s
        due = [view for view in observation.services if view.gate_s - submit_s <= now_s]
        new = [view for view in due if self._planned_s.get(view.service) != view.hour_s]
        for hour_s in sorted({view.hour_s for view in new}):
            together = tuple(view for view in new if view.hour_s == hour_s)
            self._offers.update(self._plan(together, observation))
            self._planned_s.update(dict.fromkeys((view.service for view in together), hour_s))
        wanted = self._energy.decide(observation)
        return wanted._replace(wake_at_s=self._wake_s(observation), offers=self._standing(observation))

    def _standing(self, observation: Observation) -> tuple[tuple[str, float], ...]:
        """Return what stands offered of the services that there are."""
        names = [view.service for view in observation.services]
        return tuple((name, self._offers[name]) for name in names if name in self._offers)

    def _wake_s(self, observation: Observation) -> float | None:
        """Return when the next offer is to be made [s]; gates follow one another hour by hour."""
        times_s = (view.gate_s - self._spec.submit_s for view in observation.services)
        now_s = observation.time_s
        return min((t if t > now_s else t + SECONDS_PER_HOUR for t in times_s), default=None)

    def _plan(self, views: tuple[ServiceView, ...], observation: Observation) -> dict[str, float]:
        """Return what to offer of services whose next gates are of the same hour [MW]."""
        fleets = observation.fleets
        widths_mw = [max(min(fleet.rated_mw, fleet.available_mw) - fleet.minimum_mw, 0.0) for fleet in fleets]
        width_mw = sum(widths_mw)
        if width_mw <= 0.0:
            return {view.service: 0.0 for view in views}
        view = views[0]  # the hour is that of all
        price = view.day_ahead_usd_per_mwh
        if price is None:
            price = _expected(observation.price_forecast, observation.price_usd_per_mwh, view)
        price += self._spec.adder_usd_per_mwh
        margins = np.array([[fleet.breakeven_usd_per_mwh - price] for fleet in fleets])
        ai_mw = _expected(observation.ai_forecast, observation.ai_power_mw, view)
        free_mw = observation.limit_mw - ai_mw - self._spec.margin_mw
        free_mw -= sum(fleet.minimum_mw for fleet in fleets)
        sold_mw = best_offers(
            np.array(widths_mw),
            margins,
            np.array([min(max(free_mw, 0.0), width_mw)]),
            tuple(_reserve(view) for view in views),
            view.sold_mw,
        )
        return {view.service: float(mw) for view, mw in zip(views, sold_mw[:, 0], strict=True)}


def _reserve(view: ServiceView) -> ReserveProduct:
    price, most_mw = np.array([view.price_usd_per_mwh]), np.array([view.most_mw])
    return ReserveProduct(price, most_mw, view.called_fraction, downward=view.downward)


def _expected(forecast: Forecast | None, now: float, view: ServiceView) -> float:
    """Return the mean of a forecast in the hour of a gate, or where there is none what holds now."""
    if forecast is None:
        return now
    return float(forecast_means(forecast, np.array([view.hour_s, view.hour_s + SECONDS_PER_HOUR]))[0])
