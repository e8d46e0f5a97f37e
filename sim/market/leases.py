"""Leases of AI capacity: who pays how much for which megawatts, and who keeps what."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

import numpy as np
from pydantic import AwareDatetime, Field, model_validator

from sim.signals import Signal
from sim.spec import Fraction, Name, NonNegative, Positive, Spec, require_once
from sim.units import SECONDS_PER_HOUR

RENT_USD_PER_MW_YEAR: Final = 1.9e6
"""Rent of a critical megawatt in the first year [USD/MW/a]; 1.4e6 to 2.3e6: the generic CoreWeave lease is at
1.65e6 (Rittenhouse Research), TeraWulf at 1.85e6, Hut 8 at 1.90e6, Galaxy at 2.26e6."""


class Lease(Spec):
    r"""A tenant's lease of critical (IT) power.

    Notes
    -----
    In lease year :math:`k`, from 0, the tenant owes

    .. math:: R_k = r\,C\,(1 + g)^k

    with rent :math:`r` [USD/MW/year], critical power :math:`C` [MW] and escalator :math:`g`, spread evenly
    over the hours from one anniversary to the next: a whole lease year owes exactly :math:`R_k`, in
    leap years too. Valid from the commencement to the end of the term; before and after nothing is owed.
    """

    name: Name
    """Name of the lease; stands in signals and in the ledger."""
    loads: Annotated[tuple[Name, ...], Field(max_length=1000)] = ()
    """The AI loads that the tenant runs; left out: all of them. A hall is leased whole, or not at all."""
    critical_mw: Positive
    """Critical (IT) power that is leased [MW]."""
    rent_usd_per_mw_year: NonNegative = RENT_USD_PER_MW_YEAR
    """Rent of the first lease year for a MW of critical power [USD/MW/year].

    Published leases of 2025 work out at 1.65 to 2.26 million (Galaxy, TeraWulf, Hut 8), most at 1.85 to 2.26;
    use 1.4 to 2.3 million as a range. The default is Hut 8's River Bend."""
    # the generic CoreWeave lease, Rittenhouse Research
    escalator_fraction: Annotated[float, Field(ge=0.0, le=0.2)] = 0.03
    """Rise of the rent at each anniversary; leases say 0.02 to 0.03."""
    commencement: AwareDatetime | None = None
    """When rent begins, ISO 8601 with an offset, and anniversaries count from; left out: the run's start."""
    rent_from: Literal["commencement", "delivery"] = "commencement"
    """From when rent is owed: all of it from the ``commencement`` on, or from then on for each data hall of a
    ``tenant`` that is ready for service (``delivery``), by its share of the critical power."""
    delay_damages_ratio: Annotated[float, Field(ge=0.0, le=3.0)] = 0.0
    """What the landlord owes for a day by which a data hall is late, in days of its rent [d/d]. Leases give
    credits of a day or two (unverified). The default of none is an assumption."""
    # 10 at TeraWulf, 25 in its Abernathy venture, 15 at Galaxy and Hut 8
    term_years: Annotated[int, Field(ge=1, le=50)] = 15
    """Length of the lease [year]; published ones run 10 to 25."""
    # assumption, 0 to 1
    take_or_pay_fraction: Fraction = 1.0
    """Least share of the rent that is owed however little is drawn; above it the share that is used counts,
    the tenant's IT power over the critical power, at every instant. 1: full rent regardless of use."""
    power: Literal["pass-through", "landlord"] = "pass-through"
    """Who pays for the tenant's energy: the tenant, at cost (``pass-through``), or the ``landlord``."""
    # the tenant pays for its power, at no margin to the landlord
    ebitda_margin_fraction: Fraction = 0.87
    """Share of the rent that is left after the landlord's own operations, energy apart.

    Published 0.75 to 0.90 (Galaxy: at least 0.90; TeraWulf: 0.85); the default lies between."""
    curtailment_value: Literal["operator", "tenant"] = "operator"
    """Who keeps what the leased share of the site earns by not drawing: resale under a power contract. The
    tenant's share is its critical power over the site's limit."""
    # TeraWulf 8e6 to 10e6, Galaxy 11e6 to 13e6 (1.46e9 to 1.73e9 USD for 133 critical megawatts)
    capex_usd_per_mw: NonNegative = 11e6
    """What a MW of critical power costs the landlord to build [USD/MW]; published 8 to 13 million."""

    @model_validator(mode="after")
    def _no_load_twice(self) -> Self:
        require_once(self.loads, "loads must name each load once")
        return self

    def rent_usd_per_h(self, start: datetime, end_s: float) -> Signal:
        """Return the full rent over a run, as steps.

        Parameters
        ----------
        start
            The run's start, with an offset.
        end_s
            The run's end [s from its start], above 0.

        Returns
        -------
        Signal
            Rent in force [USD/h] from 0 to the run's end.

        Examples
        --------
        >>> lease = Lease(name="gpu", critical_mw=100.0, rent_usd_per_mw_year=1.752e6)
        >>> rent = lease.rent_usd_per_h(datetime.fromisoformat("2026-01-01T00:00:00-06:00"), 400 * 86_400.0)
        >>> [round(float(value), 6) for value in rent.value]
        [20000.0, 20600.0]
        """
        times_s, rents = np.array([(0.0, 0.0), *self._years(start)]).T
        return Signal.steps(np.maximum(times_s, 0.0), rents, end_s)  # the year that the run begins in counts from there

    def span_s(self, start: datetime) -> tuple[float, float]:
        """Return commencement and end of the term [s from the run's start, an instant with an offset]."""
        turns_s = self._turns_s(start)
        return turns_s[0], turns_s[-1]

    def _turns_s(self, start: datetime) -> list[float]:
        """Return commencement, each anniversary and the end of the term [s from the run's start]."""
        begun = start if self.commencement is None else self.commencement
        turns = (_anniversary(begun, year) for year in range(self.term_years + 1))
        return [turn.timestamp() - start.timestamp() for turn in turns]

    def _years(self, start: datetime) -> Iterator[tuple[float, float]]:
        """Yield start [s from the run's] and rent [USD/h] of each lease year, then the term's end and 0."""
        turns_s = self._turns_s(start)
        first_usd = self.rent_usd_per_mw_year * self.critical_mw
        for year, (from_s, to_s) in enumerate(pairwise(turns_s)):
            hours = (to_s - from_s) / SECONDS_PER_HOUR
            yield from_s, first_usd * (1.0 + self.escalator_fraction) ** year / hours
        yield turns_s[-1], 0.0


def _anniversary(begun: datetime, years: int) -> datetime:
    """Return the same day so many years later; 29 February becomes 28 February where there is none."""
    try:
        return begun.replace(year=begun.year + years)
    except ValueError:
        return begun.replace(year=begun.year + years, day=28)
