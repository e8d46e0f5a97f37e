"""Stay off at the system's coincident peaks of the summer; mine with the headroom else."""

from typing import Annotated, Final, Literal

from pydantic import Field

from sim.policies.base import Decision, Observation, Policy, PolicySpec
from sim.spec import NonNegative
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
    From June to September, between two hours of the local clock, the policy stops all mining while

    .. math:: \hat S \ge \alpha\, \max_{month\,to\,date} S

    with the system's load :math:`S` as published and, as its forecast :math:`\hat S`, the load last published
    (persistence: the next interval will be like the last one known). It stops no more than so many hours a
    month. Early in a month every warm day is the highest so far, and nothing here knows of weather: expect
    false alarms. An hour off costs an hour's margin, a peak missed a quarter of a year's charge: 65
    USD/kW/year over four peaks, at 67 USD/MWh of margin, is worth 240 hours off for each.
    """

    type: Literal["four-cp"]
    alpha_fraction: Annotated[float, Field(gt=0.0, le=1.5)] = 0.97
    """Share of the month's highest load so far at which mining stops [1]; the default is an assumption."""
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
        left_s = self._spec.budget_h * SECONDS_PER_HOUR - self._used_s
        if left_s >= _LEAST_S and self._may_be_peak(observation):
            self._off_since_s = observation.time_s
            return Decision(0.0, REASON, observation.time_s + left_s)
        free_mw = observation.headroom_mw - self._spec.margin_mw
        return Decision(free_mw, "headroom") if free_mw > 0.0 else Decision(0.0, "no headroom")

    def _account(self, observation: Observation) -> None:
        """Take the time off since the last decision from the budget; a new month has all of it."""
        if self._off_since_s is not None:
            self._used_s += observation.time_s - self._off_since_s
            self._off_since_s = None
        if observation.local_month_count != self._month:
            self._month = observation.local_month_count
            self._used_s = 0.0

    def _may_be_peak(self, observation: Observation) -> bool:
        month, hour_h = observation.local_month_count, observation.local_hour_h
        load_mw, peak_mw = observation.system_load_mw, observation.system_peak_mw
        if month is None or hour_h is None or load_mw is None or peak_mw is None:
            return False
        summer = PEAK_MONTHS[0] <= month <= PEAK_MONTHS[-1]
        late = self._spec.from_hour_h <= hour_h < self._spec.until_hour_h
        return summer and late and load_mw >= self._spec.alpha_fraction * peak_mw
