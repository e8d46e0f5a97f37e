"""Carbon intensity of the grid: what a kWh drawn from it emits."""

from typing import Annotated, Literal

from pydantic import Field

from sim.market.series import Course, Place, step_signals
from sim.signals import Signal
from sim.span import Span
from sim.spec import NonNegative, some_of
from sim.tables.cover import Wanted
from sim.tables.quantities import QUANTITIES
from sim.tables.reading import SeriesReading


class Carbon(Course, SeriesReading):
    """The grid's carbon intensity, one number or the rows of a file; it is recorded, no policy sees it."""

    carbon_g_per_kwh: NonNegative | None = None
    """Intensity all the time [g/kWh], where there is no file; about 390 in the United States (unverified)."""
    file: Annotated[str, Field(min_length=1)] | None = None
    """CSV (plain or .gz), Parquet or Excel file; each row holds from its time until the next row's."""
    time_column: str = "time_utc"
    """Column with the time of each interval, its start unless ``stamp`` says otherwise."""
    intensity_column: str = "carbon_g_per_kwh"
    """Column with the intensity [g/kWh]."""
    basis: Literal["average", "marginal"] = "average"
    """What it counts: all plants at work, or the one that follows the load. Sums of both mean nothing."""

    _one_source = some_of("carbon_g_per_kwh", "file")

    def signal(self, span: Span) -> Signal:
        """Return the intensity as steps from 0 to the run's end [g/kWh]; raise InputError for a bad file."""
        if self.carbon_g_per_kwh is not None:
            return Signal.constant(self.carbon_g_per_kwh, span.end_s)
        wanted = Wanted(self.intensity_column, QUANTITIES["intensity"])
        return step_signals(self, Place(self.time_column), [wanted], span)[0]
