r"""Bitcoin's arithmetic: hashprice, break-even power price, hash rate of a power, difficulty retarget.

Every formula takes floats or NumPy arrays. Symbols: difficulty :math:`D`, subsidy :math:`S` [BTC per block],
the fees' share of the total block reward :math:`\varphi`, efficiency at the wall :math:`e` [J/TH].

References
----------
S. Nakamoto, "Bitcoin: A Peer-to-Peer Electronic Cash System", 2008; Bitcoin Core, ``src/pow.cpp``
(``CalculateNextWorkRequired``).
"""

from typing import Final

import numpy as np

from sim.units import (
    EXAHASH_IN_PETAHASHES,
    HOURS_PER_DAY,
    MEGAWATT_IN_WATTS,
    PETAHASH_IN_HASHES,
    PETAHASH_IN_TERAHASHES,
    SECONDS_PER_DAY,
    SECONDS_PER_MINUTE,
    Number,
)

HASHES_PER_DIFFICULTY: Final = 2.0**32
"""Hashes that a block takes on average, per unit of difficulty."""


BLOCK_TARGET_S: Final = 10.0 * SECONDS_PER_MINUTE
"""Time between blocks that Bitcoin aims for [s]."""

EPOCH_BLOCKS: Final = 2016
"""Blocks from one retarget to the next."""

EPOCH_TARGET_DAYS: Final = 14.0
"""Length of 2016 blocks at the rate that Bitcoin aims for [d]."""

RETARGET_LIMIT_RATIO: Final = 4.0
"""Most that the difficulty may rise or fall by at one retarget."""


def btc_per_ph_day(difficulty: Number, subsidy_btc: float, fee_fraction: float = 0.0) -> Number:
    r"""Return what one PH/s held for a day earns on average in bitcoin.

    Parameters
    ----------
    difficulty
        Network difficulty [1], above 0.
    subsidy_btc
        Block subsidy [BTC].
    fee_fraction
        Transaction fees as a share of the total block reward [1], from 0 to below 1.

    Returns
    -------
    float or array
        Expected reward before pool fees [BTC/(PH/s)/d].

    Notes
    -----
    A block takes :math:`D\,2^{32}` hashes on average, hence

    .. math:: b = \frac{86400 \cdot 10^{15}\,S}{D\,2^{32}\,(1-\varphi)}.

    This is the pay of a full-pay-per-share pool. A lone miner's luck is left out.

    Examples
    --------
    >>> round(btc_per_ph_day(88.40e12, 3.125) * 1000.0, 4)
    0.7111
    """
    hashes = SECONDS_PER_DAY * PETAHASH_IN_HASHES
    return hashes * subsidy_btc / (difficulty * HASHES_PER_DIFFICULTY * (1.0 - fee_fraction))


def hashprice_usd_per_ph_day(
    difficulty: Number, price_usd_per_btc: Number, subsidy_btc: float, fee_fraction: float = 0.0
) -> Number:
    r"""Return what one PH/s held for a day earns on average in US dollars.

    Parameters
    ----------
    difficulty
        Network difficulty [1], above 0.
    price_usd_per_btc
        Price of bitcoin [USD/BTC].
    subsidy_btc
        Block subsidy [BTC].
    fee_fraction
        Transaction fees as a share of the total block reward [1], from 0 to below 1.

    Returns
    -------
    float or array
        Hashprice before pool fees [USD/(PH/s)/d].

    Notes
    -----
    Reward in bitcoin times its price, :math:`h = b\,P`; see :func:`btc_per_ph_day`.

    Examples
    --------
    >>> round(hashprice_usd_per_ph_day(88.40e12, 63_450.0, 3.125), 2)
    45.12
    """
    return btc_per_ph_day(difficulty, subsidy_btc, fee_fraction) * price_usd_per_btc


def breakeven_usd_per_mwh(
    hashprice_usd_per_ph_day: Number, efficiency_j_per_th: float, pool_fee_fraction: float = 0.0
) -> Number:
    r"""Return the power price at which mining earns nothing: the net revenue of one MWh.

    Parameters
    ----------
    hashprice_usd_per_ph_day
        Revenue of one PH/s held for a day [USD/(PH/s)/d], not below 0.
    efficiency_j_per_th
        Energy that one terahash takes at the wall [J/TH], above 0.
    pool_fee_fraction
        Share of the revenue that the pool keeps [1], 0 to 1.

    Returns
    -------
    float or array
        Break-even power price [USD/MWh].

    Notes
    -----
    One PH/s draws :math:`1000\,e` watts, :math:`0.024\,e` MWh a day, hence

    .. math:: p = \frac{h\,(1-f)}{0.024\,e}.

    Other costs that grow with energy (wear, repair, delivery charges) are left out; subtract them.

    Examples
    --------
    >>> round(breakeven_usd_per_mwh(50.0, 20.0), 2)
    104.17
    >>> round(breakeven_usd_per_mwh(50.0, 20.0, pool_fee_fraction=0.02), 2)
    102.08
    """
    power_mw = PETAHASH_IN_TERAHASHES * efficiency_j_per_th / MEGAWATT_IN_WATTS
    return hashprice_usd_per_ph_day * (1.0 - pool_fee_fraction) / (power_mw * HOURS_PER_DAY)


def hashrate_ph_s(power_mw: Number, efficiency_j_per_th: float) -> Number:
    r"""Return the hash rate that a power sustains.

    Parameters
    ----------
    power_mw
        Power at the wall [MW], not below 0.
    efficiency_j_per_th
        Energy that one terahash takes at the wall [J/TH], above 0.

    Returns
    -------
    float or array
        Hash rate [PH/s].

    Notes
    -----
    :math:`H = 1000\,P / e` with :math:`P` in MW.

    Examples
    --------
    >>> hashrate_ph_s(17.5, 17.5)
    1000.0
    """
    return power_mw * (MEGAWATT_IN_WATTS / PETAHASH_IN_TERAHASHES) / efficiency_j_per_th


def retarget(difficulty: Number, epoch_days: Number) -> Number:
    r"""Return the difficulty after the retarget that ends an epoch.

    Parameters
    ----------
    difficulty
        Difficulty during the epoch [1].
    epoch_days
        Time that the epoch's 2016 blocks took [d], above 0.

    Returns
    -------
    float or array
        Difficulty of the next epoch [1].

    Notes
    -----
    .. math:: D' = D\,\min\!\left(4, \max\!\left(\tfrac14, \frac{14}{T}\right)\right)

    Bitcoin measures the 2015 intervals between the epoch's first and last block, which makes a difference of
    0.05 %; its rounding of the target is left out.

    Examples
    --------
    >>> print(round(retarget(100.0, 28.0), 2), round(retarget(100.0, 1.0), 2))
    50.0 400.0
    """
    ratio = np.clip(EPOCH_TARGET_DAYS / epoch_days, 1.0 / RETARGET_LIMIT_RATIO, RETARGET_LIMIT_RATIO)
    return difficulty * ratio  # type: ignore[no-any-return]  # numpy types clip of a float as Any


def blocks_per_s(hashrate_ph_s: float, difficulty: Number) -> Number:
    r"""Return how many blocks a hash rate finds on average.

    Parameters
    ----------
    hashrate_ph_s
        Hash rate [PH/s], not below 0.
    difficulty
        Network difficulty [1], above 0.

    Returns
    -------
    float or array
        Expected blocks per second [1/s].

    Notes
    -----
    .. math:: \lambda = \frac{10^{15}\,H}{D\,2^{32}}.

    Examples
    --------
    44 EH/s of a network of 960 EH/s, in a day:

    >>> round(86_400.0 * blocks_per_s(44e3, balanced_difficulty(960.0)), 3)
    6.6
    """
    return hashrate_ph_s * PETAHASH_IN_HASHES / (difficulty * HASHES_PER_DIFFICULTY)


def balanced_difficulty(network_hashrate_eh_s: Number) -> Number:
    r"""Return the difficulty at which a network finds a block in ten minutes on average.

    Parameters
    ----------
    network_hashrate_eh_s
        Hash rate of the network [EH/s], above 0.

    Returns
    -------
    float or array
        Difficulty [1].

    Notes
    -----
    :math:`D = 600\cdot 10^{18} H / 2^{32}`: where a steady hash rate leads to.

    Examples
    --------
    >>> round(balanced_difficulty(964.0) / 1e12, 1)
    134.7
    """
    hashes_per_s = network_hashrate_eh_s * EXAHASH_IN_PETAHASHES * PETAHASH_IN_HASHES
    return hashes_per_s * BLOCK_TARGET_S / HASHES_PER_DIFFICULTY


def balanced_hashrate_eh_s(difficulty: Number) -> Number:
    """Return the hash rate that a difficulty fits, the inverse of :func:`balanced_difficulty` [EH/s].

    Examples
    --------
    >>> round(balanced_hashrate_eh_s(134.67e12), 1)
    964.0
    """
    return difficulty / balanced_difficulty(1.0)
