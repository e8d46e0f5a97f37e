"""Stay off at the system's coincident peaks of the summer; mine with the headroom else."""

from math import inf
from typing import Annotated, Final, Literal

from pydantic import Field

from sim.policies.base import Decision, Observation, Policy, PolicySpec, within_headroom
from sim.spec import SIZED, NonNegative
from sim.units import SECONDS_PER_HOUR

REASON: Final = "coincident peak"
"""Why the policy stops, as its decisions say."""
PEAK_MONTHS: Final = (6, 9)
"""First and last month of the summer whose peaks count."""
_LEAST_S: Final = 1.0  # what rounding leaves of a budget is none

Hour = Annotated[float, Field(ge=0.0, le=24.0)]


class FourCp(PolicySpec):
    r"""Stop mining where this may be the month's coincident peak; else mine with the headroom.

    Needs ``market.four_cp``, which publishes the system's load.

    Notes
    -----
    With a forecast of the system's load for the rest of the day (``market.forecasts.system_load``), from June
    to September and between two hours of the local clock, the policy stops all mining from :math:`w` before
    the interval of the forecast's highest load to :math:`w` after it, if

    .. math:: \max \hat S \ge \alpha\, \max_{month\,to\,date} S

    with the system's load :math:`S` as published. Without a forecast it stops while the load last published
    is as high (persistence: the next interval will be like the last one known). It stops no more than so many
    hours a month. Early in a month every warm day is the highest so far, and nothing here knows of weather:
    expect false alarms. An hour off costs an hour's margin, a peak missed a quarter of a year's charge: 65
    USD/kW/year over four peaks, at 67 USD/MWh of margin, is worth 240 hours off for each.
    """

    type: Literal["four-cp"]
    alpha_fraction: Annotated[float, Field(gt=0.0, le=1.5), SIZED] = 0.97
    """Share of the month's highest load so far at which mining stops [1]; the default is an assumption."""
    window_h: NonNegative = 1.0
    """Time off before and after the interval in which the day's peak is forecast [h]; plays no part where the
    system's load is not forecast. The default is an assumption."""
    from_hour_h: Hour = 15.0
    """Hour of the local clock from which a peak is possible [h]; recent peaks of ERCOT came between 16 and
    18."""
    until_hour_h: Hour = 19.0
    """Hour of the local clock from which no peak is possible any more [h]."""
    budget_h: NonNegative = 240.0
    """Time off for this reason in a month, at the most [h]; the default, the break-even of the notes, is an
    assumption, and more than four hours a day can use."""
    margin_mw: NonNegative = 0.0
    """Power kept free below the limit [MW]."""

    def start(self) -> Policy:
        """Return a policy that has used none of its budget."""
        return _LiveFourCp(self)


class _LiveFourCp:
    """The policy in a run: remembers what is left of the month's budget."""

    def __init__(self, spec: FourCp) -> None:
        self._spec = spec
        self._month: float | None = None
        self._used_s = 0.0
        self._off_since_s: float | None = None

    def decide(self, observation: Observation) -> Decision:
        """Return zero in what may be the peak, else the headroom less the margin."""
        self._account(observation)
        now_s, left_s = observation.time_s, self._spec.budget_h * SECONDS_PER_HOUR - self._used_s
        from_s, until_s = self._window(observation)
        if left_s >= _LEAST_S and from_s <= now_s < until_s and self._may_be_time(observation):
            self._off_since_s = now_s
            return Decision(0.0, REASON, min(now_s + left_s, until_s))
        wake_at_s = from_s if now_s < from_s < inf else None
        return within_headroom(inf, "headroom", observation, self._spec.margin_mw, wake_at_s)

    def _window(self, observation: Observation) -> tuple[float, float]:
        """Return from when until when the peak is possible [s], by what is forecast; else ever, or never."""
        forecast, spec = observation.system_load_forecast, self._spec
        load_mw = observation.system_load_mw if forecast is None else max(forecast.values)
        peak_mw = observation.system_peak_mw
        if load_mw is None or peak_mw is None or load_mw < spec.alpha_fraction * peak_mw:
            return inf, inf
        if forecast is None:
            return -inf, inf
        start_s = forecast.start_s + forecast.step_s * forecast.values.index(load_mw)
        window_s = spec.window_h * SECONDS_PER_HOUR
        return start_s - window_s, start_s + forecast.step_s + window_s

    def _account(self, observation: Observation) -> None:
        """Take the time off since the last decision from the budget; a new month has all of it."""
        if self._off_since_s is not None:
            self._used_s += observation.time_s - self._off_since_s
            self._off_since_s = None
        if observation.local_month_count != self._month:
            self._month = observation.local_month_count
            self._used_s = 0.0

    def _may_be_time(self, observation: Observation) -> bool:
        """Return whether month and hour are those of coincident peaks."""
        month, hour_h = observation.local_month_count, observation.local_hour_h
        if month is None or hour_h is None:
            return False
        summer = PEAK_MONTHS[0] <= month <= PEAK_MONTHS[-1]
        return summer and self._spec.from_hour_h <= hour_h < self._spec.until_hour_h
