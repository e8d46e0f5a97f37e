"""Money: what mining earns and what power costs, as exact integrals of power times price."""

from sim.metrics.base import Metric
from sim.recording import Recording
from sim.signals import Signal
from sim.units import PETAHASH_IN_TERAHASHES, SECONDS_PER_DAY, SECONDS_PER_HOUR


def hashrate_ph_s(recording: Recording, fleet: str) -> Signal:
    """Return what a fleet hashes [PH/s]: its power over its efficiency."""
    efficiency_j_per_th = recording.constants[f"fleet.{fleet}.efficiency_j_per_th"]
    # 1 MW is 1e6 J/s, hence 1e6/e TH/s
    return recording[f"fleet.{fleet}.power_mw"] * (1e6 / efficiency_j_per_th / PETAHASH_IN_TERAHASHES)


def mining_revenue_usd(recording: Recording) -> float:
    r"""Return what the fleets mine, net of the pool fee [USD].

    Notes
    -----
    .. math:: \sum_g \int \frac{1000\,P_g(t)}{e_g} \frac{h(t)}{86400} (1 - f) \,dt

    with power [MW], efficiency [J/TH], hashprice [USD/(PH/s)/d] and pool fee.
    """
    kept_fraction = 1.0 - recording.constants["pool_fee_fraction"]
    hashprice = recording["hashprice_usd_per_ph_day"]
    earned = sum((hashrate_ph_s(recording, fleet) * hashprice).integral() for fleet in recording.fleet_names)
    return kept_fraction * earned / SECONDS_PER_DAY


def mined_btc(recording: Recording) -> float:
    """Return the bitcoin mined, net of the pool fee [BTC]: revenue over the price of the moment."""
    kept_fraction = 1.0 - recording.constants["pool_fee_fraction"]
    price = recording["price_usd_per_btc"]
    btc_per_usd = Signal.steps(price.time_s, 1.0 / price.value, price.end_s)
    btc_per_ph_day = recording["hashprice_usd_per_ph_day"] * btc_per_usd
    mined = sum(
        (hashrate_ph_s(recording, fleet) * btc_per_ph_day).integral() for fleet in recording.fleet_names
    )
    return kept_fraction * mined / SECONDS_PER_DAY


def cost_usd(recording: Recording, power: str) -> float:
    """Return the integral of a power signal times the power price [USD]."""
    return (recording[power] * recording["price_usd_per_mwh"]).integral() / SECONDS_PER_HOUR


CATALOGUE = (
    Metric("mined_btc", "BTC", "Bitcoin mined, net of the pool fee", mined_btc),
    Metric("mining_revenue_usd", "USD", "What mining earned, net of the pool fee", mining_revenue_usd),
    Metric(
        "power_cost_usd",
        "USD",
        "Cost of all power the site drew",
        lambda r: cost_usd(r, "site_power_mw"),
        compares=True,
    ),
    Metric(
        "fleet_power_cost_usd",
        "USD",
        "Cost of the power miners drew",
        lambda r: cost_usd(r, "fleet_power_mw"),
    ),
    Metric(
        "mining_margin_usd",
        "USD",
        "Mining revenue less the cost of its power",
        lambda r: mining_revenue_usd(r) - cost_usd(r, "fleet_power_mw"),
    ),
)
