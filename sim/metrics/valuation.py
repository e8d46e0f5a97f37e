r"""What a campus is worth: multiples of earnings, and a megawatt's way from mining to AI.

Pure formulas on floats or NumPy arrays, apart from any run: a run gives the yearly figures that they take.
Money is nominal, before tax and interest. Amounts of a year end in ``_usd_per_year``, of a megawatt and year
in ``_usd_per_mw_year``. *Critical* megawatts are those of the tenant's equipment; *gross* megawatts are those
of the interconnection, cooling and reserve included.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import ArrayLike

from sim.market.rents import (
    LANDLORD_CAPEX_USD_PER_MW,
    LEASE_MARGIN_FRACTION,
    RENT_USD_PER_MW_YEAR,
    lease_ebitda_usd,
)
from sim.units import HOURS_PER_YEAR, Number

MINER_EBITDA_MULTIPLE: Final = 9.0
"""Enterprise value over yearly EBITDA of Bitcoin miners [1]; 6 to 12, ipcarrier.blogspot.com, October 2025;
unverified."""

DATA_CENTER_EBITDA_MULTIPLE: Final = 22.5
"""Enterprise value over yearly EBITDA of data-center operators [1]; 20 to 25, same source; unverified. VanEck
(2026) puts miners' leases in the mid-teens of net operating income."""

CRITICAL_RATIO: Final = 0.73
"""Critical over gross megawatts [1]; assumption between Galaxy's 0.66 (133 of 200) and TeraWulf's 0.80."""

MINING_OPEX_USD_PER_MWH: Final = 8.0
"""What mining costs besides power [USD/MWh]; assumption, 4 to 15."""

MINING_UPTIME_FRACTION: Final = 0.96
"""Share of the year that a machine works [1]; assumption, 0.95 to 0.97, less where it is often curtailed."""

HASHPRICE_CASES_USD_PER_PH_DAY: Final[Mapping[str, float]] = MappingProxyType(
    {"bear": 30.0, "base": 45.0, "bull": 65.0}
)
"""Hashprices to judge a conversion by [USD/(PH/s)/d]; assumption. It was 39.5 in January 2026
(Hashrate Index) and 65 in December 2024."""


def enterprise_value_usd(ebitda_usd_per_year: Number, multiple: Number) -> Number:
    """Return what a business is worth by the multiple of its earnings.

    Parameters
    ----------
    ebitda_usd_per_year
        Earnings of a year before interest, tax, depreciation and amortisation [USD/a].
    multiple
        Enterprise value over those earnings [1]; see `MINER_EBITDA_MULTIPLE`, `DATA_CENTER_EBITDA_MULTIPLE`.

    Returns
    -------
    float or array
        Enterprise value [USD]: their product. A multiple holds for going businesses with earnings above 0.

    Examples
    --------
    >>> enterprise_value_usd(100e6, 9.0)
    900000000.0
    """
    return ebitda_usd_per_year * multiple


def network_hashprice_ratio(converted_ph_s: Number, network_ph_s: float) -> Number:
    r"""Return how hashprice changes for those who go on mining, when others stop.

    Parameters
    ----------
    converted_ph_s
        Hash rate that leaves the network [PH/s], below ``network_ph_s``.
    network_ph_s
        Hash rate of the network before [PH/s].

    Returns
    -------
    float or array
        Hashprice after one retarget over hashprice before [1].

    Notes
    -----
    Difficulty falls as hash rate does, hence :math:`1 / (1 - H_c/H)` at the same price of bitcoin and share
    of fees. Until the retarget, up to some two weeks, nothing changes. That a better hashprice draws other
    miners in is left out, so the ratio is an upper bound in the long run.

    Examples
    --------
    >>> from sim.bitcoin import hashrate_ph_s
    >>> round(network_hashprice_ratio(hashrate_ph_s(1000.0, 17.5), 964e3), 3)
    1.063
    """
    return 1.0 / (1.0 - converted_ph_s / network_ph_s)


def mining_margin_usd_per_mw_year(
    revenue_usd_per_mwh: Number,
    power_usd_per_mwh: float,
    opex_usd_per_mwh: float = MINING_OPEX_USD_PER_MWH,
    uptime_fraction: float = MINING_UPTIME_FRACTION,
) -> Number:
    r"""Return what a megawatt of miners earns in a year before interest, tax and depreciation.

    Parameters
    ----------
    revenue_usd_per_mwh
        Revenue of a megawatt-hour net of the pool fee; see :func:`sim.bitcoin.breakeven_usd_per_mwh`
        [USD/MWh].
    power_usd_per_mwh
        Price of power [USD/MWh].
    opex_usd_per_mwh
        What mining costs besides power [USD/MWh].
    uptime_fraction
        Share of the year that the machines work [1].

    Returns
    -------
    float or array
        Margin [USD/MW/a], never below 0: miners that lose money stand still.

    Notes
    -----
    :math:`8760\,u\,\max(0, R - p - o)` with fixed prices; a run tells what choosing the hours adds.

    Examples
    --------
    >>> print(round(mining_margin_usd_per_mw_year(97.0, 45.0, 10.0, uptime_fraction=1.0)))
    367920
    """
    margin_usd_per_mwh = np.maximum(0.0, revenue_usd_per_mwh - power_usd_per_mwh - opex_usd_per_mwh)
    return HOURS_PER_YEAR * uptime_fraction * margin_usd_per_mwh  # type: ignore[no-any-return]  # numpy types it as Any


def conversion_value_usd_per_mw(
    mining_margin_usd_per_mw_year: Number,
    rent_usd_per_mw_year: float = RENT_USD_PER_MW_YEAR,
    margin_fraction: float = LEASE_MARGIN_FRACTION,
    critical_ratio: float = CRITICAL_RATIO,
    capex_usd_per_mw: float = LANDLORD_CAPEX_USD_PER_MW,
    data_center_multiple: float = DATA_CENTER_EBITDA_MULTIPLE,
    miner_multiple: float = MINER_EBITDA_MULTIPLE,
) -> Number:
    r"""Return what turning one gross megawatt from mining to an AI lease is worth.

    Parameters
    ----------
    mining_margin_usd_per_mw_year
        What the megawatt earns by mining; see :func:`mining_margin_usd_per_mw_year` [USD/MW/a].
    rent_usd_per_mw_year
        Rent of a critical megawatt [USD/MW/a].
    margin_fraction
        EBITDA of the landlord over rent [1].
    critical_ratio
        Critical over gross megawatts [1].
    capex_usd_per_mw
        What the landlord spends on a critical megawatt [USD/MW].
    data_center_multiple, miner_multiple
        Enterprise value over yearly EBITDA of either business [1].

    Returns
    -------
    float or array
        Value gained for each gross megawatt [USD/MW].

    Notes
    -----
    With critical ratio :math:`c`, rent :math:`r`, margin :math:`m`, capital :math:`k`, mining margin
    :math:`M` and multiples :math:`n`,

    .. math:: c\,(r\,m\,n_\text{AI} - k) - M\,n_\text{mining}.

    Left out: the rent lost while the hall is built, what the miners sell for, tax, the escalator, and that
    the market may not pay a new landlord the multiple of a data-center operator. Rent moves the value most.

    Examples
    --------
    >>> from sim.bitcoin import breakeven_usd_per_mwh
    >>> hashprice = np.array(list(HASHPRICE_CASES_USD_PER_PH_DAY.values()))
    >>> margin = mining_margin_usd_per_mw_year(breakeven_usd_per_mwh(hashprice, 17.5, 0.02), 32.0)
    >>> print(np.round(conversion_value_usd_per_mw(margin) / 1e6, 1))
    [16.8 14.2 10.7]
    """
    lease_usd = lease_ebitda_usd(rent_usd_per_mw_year, margin_fraction) * data_center_multiple
    return critical_ratio * (lease_usd - capex_usd_per_mw) - mining_margin_usd_per_mw_year * miner_multiple


def npv_usd(rate_fraction: float, cash_flow_usd: ArrayLike) -> float:
    r"""Return the net present value of yearly cash flows.

    Parameters
    ----------
    rate_fraction
        Discount rate of a year [1], above -1.
    cash_flow_usd
        Cash flow of today and at the end of each year [USD]; shape (years + 1,).

    Returns
    -------
    float
        Net present value [USD].

    Notes
    -----
    :math:`\sum_k c_k\,(1 + r)^{-k}`, a polynomial in the discount factor.

    Examples
    --------
    >>> round(npv_usd(0.10, [-100.0, 60.0, 60.0]), 3)
    4.132
    """
    return float(polyval(1.0 / (1.0 + rate_fraction), np.asarray(cash_flow_usd, dtype=float)))


def irr_fraction(cash_flow_usd: ArrayLike) -> float:
    r"""Return the internal rate of return of yearly cash flows.

    Parameters
    ----------
    cash_flow_usd
        Cash flow of today and at the end of each year [USD], changing its sign once; shape (years + 1,).

    Returns
    -------
    float
        Discount rate of a year at which the net present value is 0 [1], above -1.

    Raises
    ------
    ValueError
        If the sign never changes or changes twice: there is no rate, or more than one.

    Notes
    -----
    By Descartes' rule one change of sign leaves one root above 0 to the polynomial in the discount factor;
    it is bracketed by doubling and found by Brent's method.

    Examples
    --------
    >>> round(irr_fraction([-100.0, 60.0, 60.0]), 4)
    0.1307
    """
    from scipy.optimize import brentq  # noqa: PLC0415  # slow to import, and most users need no rate

    flow_usd = np.trim_zeros(np.asarray(cash_flow_usd, dtype=float))
    signs = np.sign(flow_usd[flow_usd != 0.0])
    changes = int(np.count_nonzero(np.diff(signs)))
    if changes != 1:
        raise ValueError(f"cash_flow_usd changes its sign {changes} times; must change it exactly once")
    high = 1.0
    while np.sign(polyval(high, flow_usd)) != signs[-1]:
        high *= 2.0
    return float(1.0 / brentq(lambda factor: polyval(factor, flow_usd), 0.0, high, xtol=1e-14) - 1.0)
