"""Leases of critical power to AI tenants: rent, what is billed, the landlord's cash flow.

Pure formulas on floats or NumPy arrays. Money is nominal, before tax and interest. *Critical* megawatts are
those of the tenant's equipment, without cooling and reserve; the tenant pays for its power.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from sim.units import FloatArray, Number

RENT_USD_PER_MW_YEAR: Final = 1.9e6
"""Rent of a critical megawatt in the first year [USD/MW/a]; 1.4e6 to 2.3e6: the generic CoreWeave lease is at
1.65e6 (Rittenhouse Research), TeraWulf at 1.85e6, Hut 8 at 1.90e6, Galaxy at 2.26e6."""

ESCALATOR_FRACTION: Final = 0.03
"""Yearly rise of the rent [1]; 0.02 to 0.03: the generic CoreWeave lease, Rittenhouse Research."""

LEASE_MARGIN_FRACTION: Final = 0.87
"""EBITDA of the landlord over rent [1]; 0.75 to 0.90: TeraWulf 0.85, Galaxy at least 0.90. The tenant pays
for its power, at no margin to the landlord."""

LANDLORD_CAPEX_USD_PER_MW: Final = 11e6
"""What the landlord spends on a critical megawatt [USD/MW]; 8e6 to 13e6: TeraWulf 8e6 to 10e6, Galaxy 11e6 to
13e6 (1.46e9 to 1.73e9 USD for 133 critical megawatts)."""

LEASE_YEARS: Final = 15
"""Term of a lease [a]; 10 (TeraWulf) to 25 (its Abernathy venture), 15 at Galaxy and Hut 8."""

TAKE_OR_PAY_FRACTION: Final = 1.0
"""Share of the contracted megawatts that the tenant pays for, used or not [1]; assumption, 0 to 1."""


def mean_rent_usd_per_mw_year(contract_usd: Number, years: float, critical_mw: float) -> Number:
    """Return the mean rent of a lease whose whole value was announced.

    Parameters
    ----------
    contract_usd
        Rent of the whole term [USD].
    years
        Term [a], above 0.
    critical_mw
        Leased power [MW], above 0.

    Returns
    -------
    float or array
        Rent of a critical megawatt and year, the mean over the term [USD/MW/a].

    Examples
    --------
    >>> round(mean_rent_usd_per_mw_year(3.7e9, 10.0, 200.0))
    1850000
    """
    return contract_usd / (years * critical_mw)


def lease_rent_usd(
    rent_usd_per_mw_year: float, paid_mw: Number, year: Number, escalator_fraction: float = ESCALATOR_FRACTION
) -> Number:
    r"""Return the rent of a year of a lease.

    Parameters
    ----------
    rent_usd_per_mw_year
        Rent of a critical megawatt in the first year [USD/MW/a].
    paid_mw
        Critical power that is paid for [MW]; see :func:`billed_mw`.
    year
        Years since the first [a], from 0.
    escalator_fraction
        Yearly rise of the rent [1].

    Returns
    -------
    float or array
        Rent of that year [USD].

    Notes
    -----
    :math:`r\,P\,(1 + g)^k`.

    Examples
    --------
    >>> round(lease_rent_usd(1.65e6, 100.0, 10.0) / 1e6, 1)
    221.7
    """
    return rent_usd_per_mw_year * paid_mw * (1.0 + escalator_fraction) ** year  # type: ignore[no-any-return]  # numpy: a float's power


def billed_mw(
    critical_mw: float, used_mw: Number, take_or_pay_fraction: float = TAKE_OR_PAY_FRACTION
) -> Number:
    """Return the power that a tenant pays rent for.

    Parameters
    ----------
    critical_mw
        Contracted power [MW].
    used_mw
        Power that the tenant has taken up [MW], at most ``critical_mw``.
    take_or_pay_fraction
        Share of the contracted power that is paid for in any case [1].

    Returns
    -------
    float or array
        The larger of what is used and what is to be paid in any case [MW].

    Examples
    --------
    >>> print(billed_mw(200.0, 80.0, take_or_pay_fraction=0.75))
    150.0
    """
    return np.maximum(used_mw, take_or_pay_fraction * critical_mw)  # type: ignore[no-any-return]  # numpy types it as Any


def lease_ebitda_usd(rent_usd: Number, margin_fraction: float = LEASE_MARGIN_FRACTION) -> Number:
    """Return what a landlord keeps of its rent before interest, tax and depreciation.

    Parameters
    ----------
    rent_usd
        Rent [USD].
    margin_fraction
        EBITDA over rent [1].

    Returns
    -------
    float or array
        EBITDA [USD]: their product. Power is paid through by the tenant and adds nothing.

    Examples
    --------
    >>> print(round(lease_ebitda_usd(370e6, 0.85) / 1e6, 1))
    314.5
    """
    return rent_usd * margin_fraction


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """A lease of critical power to an AI tenant; each default has its source where its constant stands."""

    critical_mw: float
    """Contracted power [MW]."""
    years: int = LEASE_YEARS
    """Term [a]."""
    rent_usd_per_mw_year: float = RENT_USD_PER_MW_YEAR
    """Rent of a critical megawatt in the first year [USD/MW/a]."""
    escalator_fraction: float = ESCALATOR_FRACTION
    """Yearly rise of the rent [1]."""
    margin_fraction: float = LEASE_MARGIN_FRACTION
    """EBITDA over rent [1]."""
    capex_usd_per_mw: float = LANDLORD_CAPEX_USD_PER_MW
    """What the landlord spends on a critical megawatt before the first year [USD/MW]."""
    take_or_pay_fraction: float = TAKE_OR_PAY_FRACTION
    """Share of the contracted power that is paid for in any case [1]."""


def lease_cash_flow_usd(lease: LeaseTerms, used_mw: ArrayLike | None = None) -> FloatArray:
    """Return what a lease costs and brings its landlord: capital today, EBITDA at the end of each year.

    Parameters
    ----------
    lease
        The terms.
    used_mw
        Power that the tenant has taken up in each year [MW], a number or shape (years,); left out: all of it.

    Returns
    -------
    array
        Cash flow [USD]; shape (years + 1,). Nothing is left at the end of the term.

    Examples
    --------
    >>> print(np.round(lease_cash_flow_usd(LeaseTerms(critical_mw=100.0, years=3)) / 1e6, 1))
    [-1100.    165.3   170.3   175.4]
    """
    year = np.arange(lease.years, dtype=float)
    used = np.asarray(lease.critical_mw if used_mw is None else used_mw, dtype=float)
    paid_mw = billed_mw(lease.critical_mw, used, lease.take_or_pay_fraction)
    rent_usd = lease_rent_usd(lease.rent_usd_per_mw_year, paid_mw, year, lease.escalator_fraction)
    capex_usd = lease.capex_usd_per_mw * lease.critical_mw
    return np.concatenate([[-capex_usd], lease_ebitda_usd(rent_usd, lease.margin_fraction)])
