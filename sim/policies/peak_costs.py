r"""What peaks are expected to cost a plan: its share of a demand charge, and hours of coincident peaks.

Notes
-----
A demand charge falls on the highest power of a month, a plan reaches some hours ahead. What the month's peak
rises by in the plan can be drawn for the rest of the month without further charge, so the plan bears the
share of its length :math:`H` in the time left :math:`T`:

.. math:: k = \kappa \min(1, H / T)

for each MW above what is billed anyway: the peak so far, and the ratchet's share. That takes the rest of the
month to be like the horizon, and knows nothing of peaks of AI alone beyond it.

An hour may be the month's coincident peak if the system's load is forecast in it at :math:`\alpha` of the
highest of the rest of the day and of the month so far, or more. With the chance :math:`q` that such an hour
is the peak, of length :math:`h`, each MWh in it costs :math:`q\,\kappa_{CP} / h` on top. Of the 1,111 hours
of ERCOT's summers of 2020 to 2024 that are so by persistence at their start, with :math:`\alpha` = 0.97, 20
were peaks: 1.8 %.
"""

from typing import Final

import numpy as np

from sim.market.forecasts import Forecast
from sim.policies.base import Observation
from sim.policies.four_cp import PEAK_MONTHS
from sim.policies.outlook import Outlook, forecast_means
from sim.policies.programme import PeakCharge
from sim.units import SECONDS_PER_HOUR, FloatArray

ALPHA: Final = 0.97
"""Share of the highest load from which an hour may be the peak [1]; that of `four-cp`, an assumption."""


def has_peak_costs(observation: Observation) -> bool:
    """Return whether peaks cost anything that a plan can count."""
    coincident = observation.coincident_peak_usd_per_mw and observation.system_load_forecast
    return observation.demand_terms is not None or bool(coincident)


def demand_peak(observation: Observation, outlook: Outlook, minimum_mw: float) -> tuple[PeakCharge, ...]:
    """Return the demand charge as a plan bears it, on the fleets' power above their minimum; or none."""
    terms = observation.demand_terms
    if terms is None:
        return ()
    steps, edges_s = len(outlook.price_usd_per_mwh), outlook.edges_s
    left_s = max(terms.until_s - float(edges_s[0]), float(edges_s[1] - edges_s[0]))
    share = min(1.0, float(edges_s[-1] - edges_s[0]) / left_s)
    floor_mw = max(observation.billing_peak_mw or 0.0, terms.floor_mw)
    other_mw = observation.limit_mw - outlook.headroom_mw + minimum_mw
    return (PeakCharge(np.arange(steps), other_mw, terms.usd_per_mw * share, floor_mw),)


def coincident_usd_per_mwh(observation: Observation, edges_s: FloatArray, chance: float) -> FloatArray:
    """Return what a MWh is expected to cost by being drawn at a coincident peak [USD/MWh], shape (steps,).

    Parameters
    ----------
    observation
        What is known now.
    edges_s
        Edges of the steps [s], shape (steps + 1,).
    chance
        Probability that an hour that may be the peak is the peak [1].
    """
    forecast, month = observation.system_load_forecast, observation.local_month_count
    rate_usd_per_mw = observation.coincident_peak_usd_per_mw
    in_summer = month is not None and PEAK_MONTHS[0] <= month <= PEAK_MONTHS[-1]
    if forecast is None or not rate_usd_per_mw or not in_summer:
        return np.zeros(len(edges_s) - 1)
    load_mw = np.array(forecast.values)
    may_be = load_mw >= ALPHA * max(float(load_mw.max()), observation.system_peak_mw or 0.0)
    price = chance * rate_usd_per_mw / (forecast.step_s / SECONDS_PER_HOUR)
    costs = (price * may_be).tolist()
    # beyond the day nothing is forecast, and nothing is charged
    return forecast_means(
        Forecast(forecast.issued_s, forecast.start_s, forecast.step_s, (*costs, 0.0)), edges_s
    )
