"""What is known of a service's requests: how many, how long, how they grow, or a record of them."""

from typing import Annotated, ClassVar, Final, Self

import numpy as np
from pydantic import Field, model_validator

from sim.errors import InputError
from sim.span import Span
from sim.spec import Fraction, NonNegative, Positive, Spec, rising
from sim.tables import Table
from sim.tables.cover import Needed, Wanted, column_values, filled
from sim.tables.quantities import QUANTITIES
from sim.tables.reading import SeriesReading
from sim.tables.shapes import column_called, shape_of
from sim.tables.stamps import time_column, times_of
from sim.tables.timeline import Timeline, timeline_of
from sim.units import FloatArray

MAX_REQUESTS_PER_S: Final = 1e12
"""Highest rate taken from a file [1/s]."""
MAX_STEPS: Final = 20_000_000
"""Steps into which a record of requests is counted at most; bounds memory."""

OUTPUT_NAMES: Final = ("outputtokens", "responsetokens", "generatedtokens", "completiontokens")
"""What the column of answering tokens is called, in small letters without signs."""
INPUT_NAMES: Final = ("inputtokens", "requesttokens", "contexttokens", "prompttokens")
"""What the column of tokens that a request brings is called."""

Spread = Annotated[float, Field(ge=0.0, le=3.0)]
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
    top_client_sigma: Spread = 0.3
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

    _ordered = rising("lowest_ratio", "highest_ratio", strictly=False)


class RatesFile(SeriesReading):
    """A record of request rates, such as ServeGen's; lines join its rows."""

    counts_seconds = True
    file: str
    """CSV (plain or .gz) or Parquet file."""
    time_column: str = "t_s"
    """Column of times, strictly increasing: seconds from the scenario's start, which may begin below 0, or
    times by the clock."""
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

    def read(self, span: Span) -> tuple[FloatArray, FloatArray, float]:
        """Return times [s from the scenario's start], rates [1/s], and the length of the record [s].

        Raises
        ------
        InputError
            If the file is missing, does not cover the run, or a value is out of range.
        """
        timeline = self._timeline(span)
        time_s = timeline.time_s
        rate = column_values(self, timeline, Wanted(self.rate_column, QUANTITIES["rate"]), slice(None))
        if rate.max() == 0.0:
            raise InputError.single(self.file, "", f"column '{self.rate_column}': must be above 0 in some row")
        rate = rate * self.scale_ratio
        if rate.max() > MAX_REQUESTS_PER_S:
            must = f"must be at most {MAX_REQUESTS_PER_S:g} requests in a second, times scale_ratio"
            raise InputError.single(self.file, "", f"column '{self.rate_column}': {must}; got {rate.max():g}")
        if time_s.size < 2:  # noqa: PLR2004  # two rows make the first spacing
            raise InputError.single(self.file, "", f"must have at least 2 rows, got {time_s.size}")
        if not self.repeats:
            needed = Needed(span.start_utc_s, span.end_s)
            span.files.note_filled(self.file, filled(self, timeline, needed))
        spacing_s = float(np.median(np.diff(time_s)))
        return time_s, rate, float(time_s[-1] - time_s[0]) + spacing_s

    def work_tokens(self, span: Span, traffic: Traffic) -> FloatArray:
        """Return the work of a request in each row [output tokens]."""
        timeline = self._timeline(span)
        columns = ((self.output_column, traffic.output_tokens_count), (self.input_column, traffic.input_tokens_count))
        tokens = [
            np.full(timeline.time_s.size, mean)
            if name is None
            else column_values(self, timeline, Wanted(name, QUANTITIES["tokens"]), slice(None))
            for name, mean in columns
        ]
        return traffic.work_tokens(*tokens)

    def _timeline(self, span: Span) -> Timeline:
        return timeline_of(self, self.table(span.files), self.time_column, span.start_utc_s)


class RequestsFile(SeriesReading):
    """A record of single requests, counted in steps of ``update_interval_s``; no event for each request.

    Rows that no token answers are requests that failed, and are left out. Records of BurstGPT and of Azure's
    inference services are known by their columns.
    """

    counts_seconds = True
    cures: ClassVar[tuple[str, ...]] = ("decimal", "missing")
    file: str
    """CSV (plain or .gz) or Parquet file with a row for each request."""
    time_column: str = "t_s"
    """Column of arrival times in any order, seconds from the scenario's start or times by the clock; those
    outside the run are left out."""
    input_column: str = "input_tokens"
    """Column of the tokens that the request brings, not below 0."""
    output_column: str = "output_tokens"
    """Column of the tokens that answer it, not below 0."""
    scale_ratio: Positive = 1.0
    """Numbers of requests are multiplied by this."""

    @model_validator(mode="after")
    def _of_single_events(self) -> Self:
        for name in ("duplicates", "max_gap_s", "outside", "stamp", "hour_column", "repeated_column", "unit"):
            if getattr(self, name) is not None:
                raise ValueError(f"{name} is for files of intervals; each row of this one is a request")
        return self

    def read(self, span: Span, step_s: float, step_count: int, traffic: Traffic) -> tuple[FloatArray, FloatArray]:
        """Return requests in a second [1/s] and the work of a request [output tokens], step by step.

        The last step is the last one that has any request.

        Raises
        ------
        InputError
            If the file is missing, a value is out of range, or no request comes within the run.
        """
        table = self.table(span.files)
        time_s, tokens = self._arrivals_s(table, span.start_utc_s), self._tokens(table)
        answered = tokens[0] > 0.0
        inside = (time_s >= 0.0) & (time_s < step_s * step_count) & answered
        if not inside.any():
            message = f"column '{self.time_column}': no request within the run of {step_s * step_count:g} s"
            failed = f", {np.count_nonzero(~answered):,} of {answered.size:,} answered by no token"
            raise InputError.single(self.file, "", f"{message}; got {time_s.min():g} to {time_s.max():g} s{failed}")
        step = np.floor(time_s[inside] / step_s).astype(np.int64)
        if step.max() >= MAX_STEPS:
            message = f"column '{self.time_column}': must lie within {MAX_STEPS:,} steps of {step_s:g} s"
            raise InputError.single(self.file, "", f"{message}; got {time_s[inside].max():g} s")
        work = traffic.work_tokens(*tokens)[inside]
        count = np.bincount(step).astype(np.float64)
        total = np.bincount(step, work)
        return count * (self.scale_ratio / step_s), total / np.maximum(count, 1.0)

    def _arrivals_s(self, table: Table, start_utc_s: float) -> FloatArray:
        """Return when requests come [s from the scenario's start]."""
        shape = shape_of(table.columns, "requests")
        spelling = self.clock
        if shape is not None:
            spelling = spelling._replace(
                time_format=spelling.time_format or shape.time_format or None,
                time_zone=spelling.time_zone or shape.time_zone or None,
            )
        found = times_of(table, time_column(table, self.time_column), spelling)
        return found.value_s if found.from_start else found.value_s - start_utc_s

    def _tokens(self, table: Table) -> tuple[FloatArray, FloatArray]:
        """Return the tokens that answer each request, and those that it brings."""
        columns = (_named(table, self.output_column, OUTPUT_NAMES), _named(table, self.input_column, INPUT_NAMES))
        output, brought = (
            np.nan_to_num(self.values(table, column, QUANTITIES["tokens"], blanks=self.missing is not None)[0])
            for column in columns
        )
        for column, values in zip(columns, (output, brought), strict=True):
            QUANTITIES["tokens"].check(table, column, values)
        return output, brought


def _named(table: Table, usual: str, names: tuple[str, ...]) -> str:
    """Return the usual column, or where the file has none of its name, the one that is called so."""
    return usual if usual in table.columns else column_called(table.columns, names) or usual
