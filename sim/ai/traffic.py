"""What is known of a service's requests: how many, how long, how they grow, or a record of them."""

from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from sim.errors import InputError
from sim.signals import FloatArray
from sim.spec import Fraction, NonNegative, Positive, Spec
from sim.tables import Files, Table

Sigma = Annotated[float, Field(ge=0.0, le=3.0)]
"""Standard deviation over mean."""


class Traffic(Spec):
    """Requests in numbers, and how much they fluctuate beyond what all users share."""

    peak_requests_per_s: Positive | None = None
    """Requests in a second at the highest hour of the profile, at full adoption [1/s]. Left out: a recorded
    rate has its own highest, and replicas are taken to be ``capacity_ratio`` times what it asks for."""
    output_tokens_count: Positive = 211.0
    """Mean tokens that answer a request, where no file says it. Default: Azure conversation service of 2023
    (AzurePublicDataset; Splitwise, ISCA 2024)."""
    input_tokens_count: NonNegative = 1155.0
    """Mean tokens that a request brings, where no file says it. Default: same source."""
    input_work_ratio: Annotated[float, Field(ge=0.0, le=10.0)] = 0.0
    """Work of an input token over that of an output token. Default: none, for the energy of an output token
    was measured with its (short) prompt; unverified for long ones."""
    dispersion_ratio: Annotated[float, Field(ge=1.0, le=10_000.0)] = 12.0
    """Variance over mean of the number of requests from one update to the next, before ``noise_sigma``; 1 is
    Poisson. Default: 8 to 13 fitted to the minutes of the two Azure services of 2024, good to 20 %; some 100
    for a service with few users."""
    top_client_fraction: Fraction = 0.0
    """Share of the requests that come from one large client. Default: none; 0.3 to 0.4 on average in two
    services of ServeGen (arXiv:2505.09999)."""
    top_client_sigma: Sigma = 0.3
    """Fluctuation of that client's rate from one update to the next, standard deviation over mean. Default:
    assumption."""

    def work_tokens(self, output_tokens: FloatArray | float, input_tokens: FloatArray | float) -> FloatArray:
        """Return the work of a request [output tokens]."""
        return np.asarray(output_tokens + self.input_work_ratio * np.asarray(input_tokens))


class Adoption(Spec):
    """Logistic growth of demand towards that of full adoption."""

    midpoint_d: Annotated[float, Field(ge=-36_600.0, le=36_600.0)]
    """When half of it is reached [d from the scenario's start]; may lie before."""
    width_d: Annotated[float, Field(ge=0.1, le=36_600.0)] = 120.0
    """Time to grow from 0.5 to 0.73 of it [d]. Default: unverified."""


class Launches(Spec):
    """Launches of new models: at random times demand jumps, and the rise decays."""

    mean_interval_d: Annotated[float, Field(ge=0.1, le=36_600.0)] = 30.0
    """Mean time between two launches [d]. Default: unverified."""
    lowest_ratio: Annotated[float, Field(ge=1.0, le=100.0)] = 1.3
    """Least that a launch multiplies demand by. Default: unverified."""
    highest_ratio: Annotated[float, Field(ge=1.0, le=100.0)] = 2.0
    """Most that a launch multiplies demand by; in between all are equally likely. Default: unverified."""
    decay_d: Annotated[float, Field(ge=0.01, le=36_600.0)] = 7.0
    """Time in which the rise falls to 0.37 of itself [d]. Default: unverified."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.lowest_ratio > self.highest_ratio:
            low, high = self.lowest_ratio, self.highest_ratio
            raise ValueError(f"lowest_ratio must be at most highest_ratio, got {low:g} and {high:g}")
        return self


class RatesFile(Spec):
    """A record of request rates, such as ServeGen's; lines join its rows."""

    file: str
    """CSV (plain or .gz) or Parquet file."""
    time_column: str = "t_s"
    """Column of times [s from the scenario's start], strictly increasing; may begin below 0."""
    rate_column: str = "rate_rps"
    """Column of requests in a second [1/s], not below 0."""
    input_column: str | None = None
    """Column of mean tokens that a request brings; ``traffic`` says it where left out."""
    output_column: str | None = None
    """Column of mean tokens that answer a request; ``traffic`` says it where left out."""
    scale_ratio: Positive = 1.0
    """Rates are multiplied by this: a service as large as yours with the shape of another."""
    repeats: bool = False
    """Whether the file begins anew after its last row; if not, it must reach to the scenario's end."""

    def read(self, files: Files, end_s: float) -> tuple[FloatArray, FloatArray, float]:
        """Return times [s], rates [1/s], and the length of the record [s].

        Raises
        ------
        InputError
            If the file is missing, ends too early, or a value is out of range.
        """
        table = files.table(self.file)
        time_s, rate = table.increasing(self.time_column), table.numbers(self.rate_column)
        _refuse_below_zero(table, self.rate_column, rate)
        if rate.max() == 0.0:
            raise InputError.single(
                self.file, "", f"column '{self.rate_column}': must be above 0 in some row"
            )
        spacing_s = float(np.median(np.diff(time_s))) if time_s.size > 1 else 0.0
        if not self.repeats and time_s[-1] + spacing_s < end_s:
            message = (
                f"column '{self.time_column}': must reach to the scenario's end, {end_s:g} s, or say repeats"
            )
            raise InputError.single(self.file, "", f"{message}: true; got {time_s[-1] + spacing_s:g} s")
        for column in (self.input_column, self.output_column):
            if column is not None:
                _refuse_below_zero(table, column, table.numbers(column))
        return time_s, rate * self.scale_ratio, float(time_s[-1] - time_s[0]) + spacing_s

    def work_tokens(self, files: Files, traffic: Traffic) -> FloatArray:
        """Return the work of a request in each row [output tokens]."""
        table = files.table(self.file)
        columns = (
            (self.output_column, traffic.output_tokens_count),
            (self.input_column, traffic.input_tokens_count),
        )
        tokens = [
            np.full(table.row_count, mean) if name is None else table.numbers(name) for name, mean in columns
        ]
        return traffic.work_tokens(*tokens)


class RequestsFile(Spec):
    """A record of single requests, counted in steps of ``update_interval_s``; no event for each request."""

    file: str
    """CSV (plain or .gz) or Parquet file with a row for each request."""
    time_column: str = "t_s"
    """Column of arrival times [s from the scenario's start], in any order; those outside the run are left
    out."""
    input_column: str = "input_tokens"
    """Column of the tokens that the request brings, not below 0."""
    output_column: str = "output_tokens"
    """Column of the tokens that answer it, not below 0."""
    scale_ratio: Positive = 1.0
    """Numbers of requests are multiplied by this."""

    def read(
        self, files: Files, step_s: float, step_count: int, traffic: Traffic
    ) -> tuple[FloatArray, FloatArray]:
        """Return requests in a second [1/s] and the work of a request [output tokens], step by step.

        Raises
        ------
        InputError
            If the file is missing, a value is out of range, or no request comes within the run.
        """
        table = files.table(self.file)
        time_s = table.numbers(self.time_column)
        tokens = []
        for column in (self.output_column, self.input_column):
            tokens.append(table.numbers(column))
            _refuse_below_zero(table, column, tokens[-1])
        inside = (time_s >= 0.0) & (time_s < step_s * step_count)
        if not inside.any():
            message = f"column '{self.time_column}': no request within the run of {step_s * step_count:g} s"
            raise InputError.single(self.file, "", f"{message}; got {time_s.min():g} to {time_s.max():g} s")
        step = np.floor(time_s[inside] / step_s).astype(np.int64)
        work = traffic.work_tokens(*tokens)[inside]
        count = np.bincount(step, minlength=step_count).astype(np.float64)
        total = np.bincount(step, work, minlength=step_count)
        return count * (self.scale_ratio / step_s), total / np.maximum(count, 1.0)


def _refuse_below_zero(table: Table, column: str, values: FloatArray) -> None:
    """Raise InputError for the first value below 0, if there is one."""
    if values.min() < 0.0:
        row = int(np.argmax(values < 0.0))
        message = f"column '{column}', row {row + 1}: must be at least 0; got {values[row]:g}"
        raise InputError.single(table.name, "", message)
