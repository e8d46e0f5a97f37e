"""An inference service: its power follows the demand of its users."""

import itertools
import math
from collections.abc import Generator, Iterator
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from simpy import Event

from sim.ai import demand
from sim.ai.base import Connection, Load
from sim.errors import InputError
from sim.signals import FloatArray
from sim.spec import Fraction, Positive
from sim.tables import Files
from sim.units import SECONDS_PER_MINUTE

_PROFILES: Final = {
    "azure-conversation": (demand.CONVERSATION_WEEKDAY, demand.CONVERSATION_WEEKEND),
    "azure-code": (demand.CODE_WEEKDAY, demand.CODE_WEEKEND),
    "flat": ((1.0,) * 24, (1.0,) * 24),
}
_HOUR_COLUMN: Final = "hour_of_week_utc"
_UPDATES_DRAWN_AT_ONCE: Final = 1024  # bounds memory; the draws do not depend on it


class InferenceLoad(Load):
    """An inference service whose power is a straight line in its demand.

    Demand is a weekly profile times a fluctuation that all users share, in units of the profile's highest
    hour. Power moves in a line from one update to the next. How much of it follows demand is a matter of
    parking: 0.1 to 0.25 stays where idle nodes are switched off or drained (*autoscale*), 0.8 where each
    replica stays in service with small batches (*resident*: an H100 draws 0.63 of its rated power at batch 8,
    0.82 at 128). Replicas, queues and cold starts are not modelled.
    """

    type: Literal["inference"]
    """Kind of load."""
    power_mw: Positive
    """IT power at the highest hour of the weekly profile [MW]."""
    pue: Annotated[float, Field(ge=1.0, le=10.0)] = 1.25
    """Power at the site's meter over IT power, at every load. Default: assumption."""
    profile: Literal["azure-conversation", "azure-code", "flat", "file"] = "azure-conversation"
    """Shape of demand over the week: one of two Azure services of May 2024 (CC-BY 4.0), none, or a file's."""
    profile_file: str | None = None
    """CSV (plain or .gz) or Parquet file of a week, with ``profile: file``: column ``hour_of_week_utc`` from
    0 (Monday 00:00 UTC) to 167."""
    profile_column: str | None = None
    """Column of the file with demand by hour, in any unit, not below 0."""
    idle_power_fraction: Fraction = 0.21
    """IT power without demand over ``power_mw``. Default: an H100 with weights loaded and no request draws
    0.17 of its rated power, 0.82 at batch 128 (arXiv:2605.23918; ML.ENERGY leaderboard); of GPUs alone."""
    capacity_ratio: Annotated[float, Field(ge=1.0, le=100.0)] = 1.25
    """Demand that can be served, over that of the profile's highest hour; demand above it is turned away and
    draws no power. Default: assumption."""
    noise_sigma: Annotated[float, Field(ge=0.0, le=1.0)] = 0.05
    """Fluctuation of demand that all users share: standard deviation of its logarithm. Default: between the
    0.03 and 0.08 fitted to the minutes of the two Azure services."""
    noise_time_min: Positive = 15.0
    """Time over which the fluctuation is forgotten [min]. Default: unverified."""
    update_interval_s: Annotated[float, Field(ge=1.0, le=3600.0)] = 60.0
    """Time between two updates of the power [s]. Default: assumption."""

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

    def check(self, files: Files, start_utc_s: float, end_s: float) -> None:  # noqa: ARG002  # as in Load
        """Read the profile; raise InputError where it will not do."""
        self.hourly_ratio(files)

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
            hourly = demand.weekly_profile(*_PROFILES[self.profile])
        else:
            hourly = _read_profile(files, self.profile_file, self.profile_column)
        ratios: FloatArray = hourly / hourly.max()
        return ratios

    def process(self, connection: Connection) -> Generator[Event, Any, None]:
        """Follow demand for ever; log ``saturated`` with the demand [ratio] where it goes above capacity."""
        set_power_mw, timeout = connection.set_power_mw, connection.env.timeout
        interval_s = self.update_interval_s
        demands = self._demand_ratios(connection)
        demand_ratio = next(demands)
        power_mw = self._power_mw(demand_ratio)
        for next_ratio in demands:
            next_mw = self._power_mw(next_ratio)
            set_power_mw(power_mw, (next_mw - power_mw) / interval_s)
            yield timeout(interval_s)
            if next_ratio > self.capacity_ratio >= demand_ratio:
                connection.log("saturated", next_ratio)
            demand_ratio, power_mw = next_ratio, next_mw

    def _power_mw(self, demand_ratio: float) -> float:
        """Return the power at the site's meter [MW] for a demand over that of the highest hour."""
        served_ratio = min(demand_ratio, self.capacity_ratio)
        fraction = self.idle_power_fraction + (1.0 - self.idle_power_fraction) * served_ratio
        return self.power_mw * fraction * self.pue

    def _demand_ratios(self, connection: Connection) -> Iterator[float]:
        """Yield the demand at each update, from the start on, over that of the highest hour."""
        hourly = self.hourly_ratio(connection.files)
        after_s = self.update_interval_s * np.arange(_UPDATES_DRAWN_AT_ONCE, dtype=np.float64)
        block_s = self.update_interval_s * _UPDATES_DRAWN_AT_ONCE
        draws = connection.stream("demand")
        decay = math.exp(-self.update_interval_s / (self.noise_time_min * SECONDS_PER_MINUTE))
        kick, half_variance = demand.ou_kick(decay, self.noise_sigma), self.noise_sigma**2 / 2.0
        x = self.noise_sigma * draws.standard_normal()  # a service that has run for long
        for block in itertools.count():
            means = demand.demand_at(hourly, connection.start_utc_s + block * block_s + after_s)
            normals = draws.standard_normal(_UPDATES_DRAWN_AT_ONCE)
            for mean, normal in zip(means.tolist(), normals.tolist(), strict=True):
                yield mean * math.exp(x - half_variance)
                x = demand.ou_step(x, decay, kick, normal)


def _read_profile(files: Files, file: str, column: str) -> FloatArray:
    """Return the 168 hourly values of a file; raise InputError where it does not hold a week of demand."""
    table = files.table(file)
    hours = table.numbers(_HOUR_COLUMN)
    if not np.array_equal(hours, np.arange(demand.HOURS_PER_WEEK)):
        message = f"column '{_HOUR_COLUMN}': must be 0, 1, … 167, each once and in this order"
        raise InputError.single(
            file, "", f"{message}; got {hours.size} rows from {hours[0]:g} to {hours[-1]:g}"
        )
    hourly = table.numbers(column)
    if hourly.min() < 0.0 or hourly.max() == 0.0:
        message = f"column '{column}': must be at least 0, and above 0 in some hour"
        raise InputError.single(file, "", f"{message}; got {hourly.min():g} to {hourly.max():g}")
    return hourly
