"""The price of power: fixed, or read from a file."""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from sim.market.calendar import HoursOfDay, daily_utc_s, minutes_of
from sim.market.series import Course, PriceFile, published_signal
from sim.signals import Signal
from sim.span import Span
from sim.spec import NonNegative, TimeZone

Price = Annotated[float, Field(ge=-1e5, le=1e5)]
"""A power price, which may be negative."""


class FixedPowerPrice(Course):
    """One price for the whole run."""

    type: Literal["fixed"] = "fixed"
    """Kind of price."""
    price_usd_per_mwh: Price = 40.0
    """Price [USD/MWh]; may be negative. The default is an assumption."""

    def signal(self, span: Span) -> Signal:
        """Return the price, constant from 0 to the run's end [USD/MWh]."""
        return Signal.constant(self.price_usd_per_mwh, span.end_s)


class PublishedPowerPrice(Course):
    """Base of the prices that change and become known at some time."""

    publication_delay_s: NonNegative = 0.0
    """Time from the start of an interval until policies see its price [s].

    The default, known at the interval's start, is optimistic: a 15-minute settlement price is known only
    after the interval, at 900 s; loads act on the prices of dispatch (see `indicative` of a file), for which
    it stands in. On ERCOT's hub average of 2024 900 s cost 9 to 18 points of the uplift.
    """


class FilePowerPrice(PublishedPowerPrice, PriceFile):
    """Prices from a file; each row holds from its time until the next row's.

    ``time_utc`` with a column in ``usd_per_mwh`` or called ``price`` needs no more than the file's name, nor
    do frames of the library gridstatus as pandas saves them.
    """

    type: Literal["file"] = "file"
    """Kind of price."""
    indicative: PriceFile | None = None
    """Prices that policies see in its place, from the start of their interval on, such as those of ERCOT's
    dispatch every 5 minutes (SCED): what is paid is settled by the quarter hour, and known after it. Left
    out: policies see the price that is paid, ``publication_delay_s`` late."""

    def late(self, span: Span) -> Signal:
        """Return what is published: indicative prices, or the file's own, late [USD/MWh]."""
        if self.indicative is not None:
            return self.indicative.signal(span)
        return published_signal(self, *self.column(span.files), self.publication_delay_s, span)


class TariffPeriod(HoursOfDay):
    """Hours at which a tariff has a price of its own."""

    price_usd_per_mwh: Price
    """Price at these hours [USD/MWh]."""


Periods = Annotated[tuple[TariffPeriod, ...], Field(max_length=100)]
"""Hours with a price of their own; where two hold the later in the list counts."""


def priced(else_usd_per_mwh: float, periods: Sequence[TariffPeriod], time_zone: str, span: Span) -> Signal:
    """Return the price that hours have, or else the other one, over a run as steps [USD/MWh]."""
    if not periods:
        return Signal.constant(else_usd_per_mwh, span.end_s)
    minutes = minutes_of(span.start_utc_s, span.end_s)
    price = np.full(minutes.size, else_usd_per_mwh)
    for period in periods:
        price[period.holds(minutes, time_zone)] = period.price_usd_per_mwh
    return Signal.steps(minutes - span.start_utc_s, price, span.end_s).simplify()


class TimeOfUsePrice(Course):
    """A tariff: a price for some hours of some days, and one for all others; known from the start."""

    type: Literal["time-of-use"]
    """Kind of price."""
    price_usd_per_mwh: Price
    """Price at all hours that no period names, off peak [USD/MWh]."""
    periods: Annotated[Periods, Field(min_length=1)]
    """Hours with a price of their own; where two hold the later in the list counts."""
    time_zone: TimeZone = "America/Chicago"
    """Zone whose clocks count."""

    def signal(self, span: Span) -> Signal:
        """Return the price over the run, as steps [USD/MWh]."""
        return priced(self.price_usd_per_mwh, self.periods, self.time_zone, span)


class DayAheadPrice(Course):
    """Base of every description of the day-ahead price [USD/MWh]."""

    publication_hour_h: Annotated[float, Field(ge=0.0, lt=24.0)] = 13.5
    """Hour at which local clocks show that the prices of the next day are published [h]; the default, 13:30,
    is the time in ERCOT (unverified)."""
    time_zone: TimeZone = "America/Chicago"
    """Time zone of the market's days."""

    def known_until_s(self, span: Span) -> Signal:
        """Return until when prices are published at each moment of the run, as steps [s from its start].

        At the publication hour of a day this becomes the end of the next day.
        """
        days_utc_s = daily_utc_s(span.start_utc_s, span.end_utc_s, self.time_zone, self.publication_hour_h)
        times_s, until_s = (np.array(days_utc_s) - span.start_utc_s).T
        return Signal.steps(np.maximum(times_s, 0.0), until_s, span.end_s)  # the last published before stands at 0


class FixedDayAheadPrice(FixedPowerPrice, DayAheadPrice):
    """One day-ahead price for the whole run."""


class FileDayAheadPrice(DayAheadPrice, PriceFile):
    """Day-ahead prices from a file; each row holds from its time until the next row's.

    Takes files of the same shapes as the real-time price.
    """

    type: Literal["file"] = "file"
    """Kind of price."""


AnyDayAheadPrice = Annotated[FixedDayAheadPrice | FileDayAheadPrice, Field(discriminator="type")]
"""Any day-ahead price that a scenario may name."""
