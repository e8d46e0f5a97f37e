"""An inference service: its power follows the demand of its users."""

import math
from collections.abc import Callable, Generator
from typing import Annotated, Any, ClassVar, Final, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from simpy import Event

from sim.ai import demand
from sim.ai.base import Connection, Load
from sim.ai.demand_path import (
    CommonNoise,
    CountedSource,
    DemandPath,
    DemandSource,
    Growth,
    RatesSource,
    UserNoise,
    WeeklySource,
)
from sim.ai.following import DemandServer, StraightLine, follow
from sim.ai.serving import Replicas, Service
from sim.ai.traffic import Adoption, Launches, RatesFile, RequestsFile, Traffic
from sim.errors import InputError
from sim.span import Span
from sim.spec import SIZED, UNSAID, Fraction, Positive, PositiveFraction, TimeZone, some_of
from sim.tables import Files
from sim.units import HOURS_PER_WEEK, SECONDS_PER_HOUR, SECONDS_PER_MINUTE, FloatArray

SLOW_NOISE_TIME_H: Final = 2.3
"""Time over which slow fluctuation is forgotten, unless it is said [h]."""
_HOUR_COLUMN: Final = "hour_of_week_utc"


class InferenceLoad(Load):
    """An inference service, in one of two degrees of detail.

    With ``power_mw``, power is a straight line in demand: how much of it follows demand is what
    ``idle_power_fraction`` says. With ``replicas``, power follows from copies of a model, their batches and
    what becomes of those that demand does not need; work that finds no replica waits or goes unserved.

    Demand is a weekly profile, or a record, in units of its highest hour, times a fluctuation that all users
    share. ``traffic`` says how many requests that is, and adds the fluctuation of single users. Power moves
    in a line from one update to the next.
    """

    type: Literal["inference"]
    """Kind of load."""
    power_mw: Positive | None = None
    """IT power at the highest hour of the weekly profile [MW]; not with ``replicas``. Tokens of a record do
    not count beside it: power follows the number of requests."""
    replicas: Replicas | None = None
    """Replicas that serve the demand; not with ``power_mw``."""
    pue: Annotated[float, Field(ge=1.0, le=10.0)] = 1.25
    """Power at the site's meter over IT power, at every load. Default: assumption."""
    profile: Literal["azure-conversation", "azure-code", "flat", "file", "rates", "requests"] = "azure-conversation"
    """Where demand comes from: the week of one of two Azure services of May 2024 (CC-BY 4.0), no shape, the
    week of a file, a record of request rates, or a record of single requests."""
    profile_file: str | None = None
    """CSV (plain or .gz) or Parquet file of a week, with ``profile: file``: column ``hour_of_week_utc`` from
    0 (Monday 00:00 UTC) to 167."""
    profile_column: str | None = None
    """Column of the file with demand by hour, in any unit, not below 0."""
    time_zone: TimeZone | None = None
    """Zone whose clocks the users of a weekly profile live by, ``America/Chicago``, daylight saving included;
    where left out, the profile is read by UTC as published."""
    profile_utc_offset_h: Annotated[float, Field(ge=-14.0, le=14.0)] = -5.0
    """What the clocks of the profile's own users were ahead of UTC when it was measured [h]; used with
    ``time_zone`` alone; 0 for a file whose hours are local ones. Default: summer time in the middle of the
    United States, assumption."""
    rates: RatesFile | None = None
    """Record of request rates, with ``profile: rates``."""
    requests: RequestsFile | None = None
    """Record of single requests, with ``profile: requests``; growth and noise do not apply to it."""
    traffic: Traffic | None = None
    """Requests in numbers; with ``replicas``, its defaults where left out."""
    adoption: Adoption | None = None
    """Growth of demand over months; none where left out."""
    launches: Launches | None = None
    """Jumps of demand that decay over days; none where left out."""
    idle_power_fraction: Fraction = 0.21
    """IT power without demand over ``power_mw``. Default: an H100 with weights loaded and no request draws
    0.17 of its rated power, 0.82 at batch 128 (arXiv:2605.23918; ML.ENERGY leaderboard); of GPUs alone."""
    capacity_ratio: Annotated[float, Field(ge=1.0, le=100.0)] = 1.25
    """Demand that can be served, over that of the profile's highest hour. With ``power_mw``, demand above it
    is turned away and draws no power; with ``replicas``, it sizes a demand that ``traffic`` does not state.
    Default: assumption."""
    noise_sigma: Annotated[float, Field(ge=0.0, le=1.0)] = 0.05
    """Fluctuation of demand that all users share: standard deviation of its logarithm. Default: between the
    0.03 and 0.08 fitted to the minutes of the two Azure services."""
    noise_time_min: Positive = 15.0
    """Time over which the fluctuation is forgotten [min]. Default: unverified."""
    slow_noise_sigma: PositiveFraction | None = UNSAID
    """Slower fluctuation that all users share, besides: standard deviation of its logarithm. Left out: none,
    which is 3 to 4 times too calm about the hourly shape against two services of ServeGen, 0.20 to 0.24."""
    slow_noise_time_h: Annotated[float, Field(gt=0.0, le=1000.0), SIZED] | None = UNSAID
    """Time over which it is forgotten [h]; left out: 2.3, which is an autocorrelation of 0.64 after an hour
    (0.62 to 0.66 in the same two services)."""
    update_interval_s: Annotated[float, Field(ge=1.0, le=3600.0)] = 60.0
    """Time between two updates of the power [s]. Default: assumption."""

    @model_validator(mode="after")
    def _slow_noise_has_a_size(self) -> Self:
        if self.slow_noise_time_h is not None and self.slow_noise_sigma is None:
            raise ValueError("slow_noise_time_h goes with slow_noise_sigma, which is not given")
        return self

    @model_validator(mode="after")
    def _file_goes_with_profile(self) -> Self:
        given = [self.profile_file is not None, self.profile_column is not None]
        if self.profile == "file" and not all(given):
            raise ValueError("profile 'file' needs profile_file and profile_column")
        if self.profile != "file" and any(given):
            raise ValueError(
                f"profile_file and profile_column go with profile 'file' alone, got profile '{self.profile}'"
            )
        return self

    @model_validator(mode="after")
    def _record_goes_with_profile(self) -> Self:
        for name, record in (("rates", self.rates), ("requests", self.requests)):
            if (record is not None) != (self.profile == name):
                raise ValueError(f"{name} and profile '{name}' go together, got profile '{self.profile}'")
        if self.profile in {"rates", "requests"} and self.time_zone is not None:
            raise ValueError(f"time_zone goes with a weekly profile, got profile '{self.profile}'")
        if self.profile == "requests" and (self.adoption or self.launches):
            raise ValueError("adoption and launches do not go with profile 'requests'")
        return self

    _one_degree_of_detail = some_of("power_mw", "replicas")

    @model_validator(mode="after")
    def _traffic_has_a_size(self) -> Self:
        stated = self.traffic is None or self.traffic.peak_requests_per_s is not None
        if not stated and self.power_mw is not None and self.profile not in {"rates", "requests"}:
            raise ValueError("traffic needs peak_requests_per_s where there are no replicas")
        return self

    drifts: ClassVar[bool] = True

    def most_mw(self, span: Span) -> float:  # noqa: ARG002  # as in Load
        """Return what it draws at its capacity, at the site's meter [MW]."""
        if self.replicas is not None:
            return self.replicas.rated_mw * self.pue
        busy = self.idle_power_fraction + (1.0 - self.idle_power_fraction) * self.capacity_ratio
        return (self.power_mw or 0.0) * self.pue * busy

    def check(self, span: Span) -> None:
        """Read the profile or the record; raise InputError where it will not do."""
        if self.rates is not None:
            self.rates.read(span)
            self.rates.work_tokens(span, Traffic())
        elif self.requests is not None:
            self.requests.read(span, self.update_interval_s, self._update_count(span.end_s), Traffic())
        else:
            self.hourly_ratio(span.files)

    def hourly_ratio(self, files: Files) -> FloatArray:
        """Return the demand of each hour of the week, over that of the highest.

        Parameters
        ----------
        files
            Folders that hold the profile's file, if it has one.

        Returns
        -------
        numpy.ndarray
            168 values from 0 to 1, from Monday 00:00 UTC.

        Raises
        ------
        InputError
            If the file is missing, or does not hold a week of demand.
        """
        if self.profile_file is None or self.profile_column is None:
            hourly = demand.weekly_profile(**demand.SHAPES[self.profile])
        else:
            hourly = _read_profile(files, self.profile_file, self.profile_column)
        ratios: FloatArray = hourly / hourly.max()
        return ratios

    def process(self, connection: Connection) -> Generator[Event, Any, None]:
        """Follow demand until the scenario's end.

        Logs ``saturated`` with the demand [ratio] where it goes above the capacity of the straight line, and
        ``backlog`` with the wait [s] where requests begin to wait for replicas.
        """
        path, peak_per_s = self.demand_path(connection)
        return follow(path, self._server(peak_per_s), connection)

    def _server(self, peak_per_s: float | None) -> DemandServer:
        """Return what turns demand into power."""
        if self.replicas is not None and peak_per_s is not None:
            return Service(self.replicas, peak_per_s, self.pue)
        return StraightLine(self.power_mw or 0.0, self.pue, self.idle_power_fraction, self.capacity_ratio, peak_per_s)

    def demand_path(self, connection: Connection) -> tuple[DemandPath, float | None]:
        """Return demand, in units of its peak, and what that is in requests [1/s], where it is known."""
        source, peak_per_s = self._source(connection)
        if self.profile == "requests":
            return DemandPath(source, self.update_interval_s), peak_per_s
        decay = math.exp(-self.update_interval_s / (self.noise_time_min * SECONDS_PER_MINUTE))
        growth = users = None
        if self.adoption is not None or self.launches is not None:
            launches = connection.stream("launches")
            growth = Growth(self.adoption, self.launches, self.update_interval_s, launches)
        if peak_per_s is not None and (self.traffic or self.replicas):
            peak_count = peak_per_s * self.update_interval_s
            users = UserNoise(self._traffic, peak_count, connection.stream("users"))
        common = CommonNoise(self.noise_sigma, decay, connection.stream("demand"))
        slow = None
        if self.slow_noise_sigma is not None:
            hours = self.slow_noise_time_h or SLOW_NOISE_TIME_H
            late = math.exp(-self.update_interval_s / (hours * SECONDS_PER_HOUR))
            slow = CommonNoise(self.slow_noise_sigma, late, connection.stream("slow-demand"))
        return DemandPath(source, self.update_interval_s, growth, common, users, slow), peak_per_s

    def _source(self, connection: Connection) -> tuple[DemandSource, float | None]:
        """Return the mean of demand, and its peak in requests [1/s]."""
        traffic, span = self._traffic, connection.span
        if self.rates is not None:
            time_s, rate, length_s = self.rates.read(span)
            peak_per_s = traffic.peak_requests_per_s or float(rate.max())
            period_s = length_s if self.rates.repeats else None
            works = self.rates.work_tokens(span, traffic)
            return RatesSource(time_s, rate / peak_per_s, works, period_s), peak_per_s
        if self.requests is not None:
            count = self._update_count(span.end_s)
            rate, works = self.requests.read(span, self.update_interval_s, count, traffic)
            peak_per_s = traffic.peak_requests_per_s or float(rate.max())
            return CountedSource(rate / peak_per_s, works), peak_per_s
        work = float(traffic.work_tokens(traffic.output_tokens_count, traffic.input_tokens_count))
        hours = self._hour_of_week(connection)
        return WeeklySource(self.hourly_ratio(span.files), hours, work), self._weekly_peak_per_s(work)

    def _weekly_peak_per_s(self, work_tokens: float) -> float | None:
        """Return the requests of a profile's highest hour [1/s]: stated, or what replicas can serve."""
        stated = self._traffic.peak_requests_per_s
        if stated is not None or self.replicas is None:
            return stated
        return self.replicas.full_tokens_per_s / (self.capacity_ratio * work_tokens)

    def _hour_of_week(self, connection: Connection) -> Callable[[FloatArray], FloatArray]:
        """Return what gives the hour of the profile's week [h] at times from the start [s]."""
        if self.time_zone is None:
            return lambda time_s: demand.utc_hour_of_week(connection.span.start_utc_s + time_s)
        # the hour in UTC at which the profile's own users saw what the zone's clocks show now
        zone, offset_h = self.time_zone, self.profile_utc_offset_h
        return lambda time_s: connection.hour_of_week(time_s, zone) - offset_h

    @property
    def _traffic(self) -> Traffic:
        return self.traffic or Traffic()

    def _update_count(self, end_s: float) -> int:
        return math.ceil(end_s / self.update_interval_s)


def _read_profile(files: Files, file: str, column: str) -> FloatArray:
    """Return the 168 hourly values of a file; raise InputError where it does not hold a week of demand."""
    table = files.table(file)
    hours = table.numbers(_HOUR_COLUMN)
    if not np.array_equal(hours, np.arange(HOURS_PER_WEEK)):
        message = f"column '{_HOUR_COLUMN}': must be 0, 1, … 167, each once and in this order"
        raise InputError.single(file, "", f"{message}; got {hours.size} rows from {hours[0]:g} to {hours[-1]:g}")
    hourly = table.numbers(column)
    if hourly.min() < 0.0 or hourly.max() == 0.0:
        message = f"column '{column}': must be at least 0, and above 0 in some hour"
        raise InputError.single(file, "", f"{message}; got {hourly.min():g} to {hourly.max():g}")
    return hourly
