"""The lines of the ledger: how much of what, at which price; and the accounts but power and leases."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import fsum, isfinite, nan
from typing import Final, Literal

import numpy as np

from sim.metrics.ancillary import capacity_mwh, penalty_usd, revenue_usd, sold_services
from sim.metrics.battery import given_energy_mwh
from sim.metrics.coincident_peaks import this_years_charge_usd
from sim.metrics.demand import billed_months
from sim.metrics.exceedance import exceedance
from sim.metrics.fleets import rise_mw
from sim.metrics.mining import hash_revenue_usd, mined_btc, products_usd
from sim.recording import Recording
from sim.units import MEGAWATT_IN_WATTS, SECONDS_PER_HOUR, SECONDS_PER_YEAR

Segment = Literal["mining", "ai", "site"]
"""Whose line it is; ``site``: shared by both."""
POWER: Final = "power"
"""The account of what the site pays for power, and gets for power that it sells on."""


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line of the profit and loss; revenue is positive, cost negative."""

    segment: Segment
    """Whose it is."""
    account: str
    """What kind of revenue or cost: ``power``."""
    item: str
    """What exactly."""
    quantity: float
    """How much [unit], as an exact integral or count over the run."""
    unit: str
    """Unit of the quantity."""
    amount_usd: float
    """What it brings, or less than zero what it costs [USD]."""

    @property
    def price(self) -> float:
        """Amount over quantity [USD/unit]; NaN for a quantity of zero."""
        return self.amount_usd / self.quantity if self.quantity else nan

    @property
    def is_nothing(self) -> bool:
        """Whether there is neither a quantity nor an amount."""
        return self.quantity == 0.0 and self.amount_usd == 0.0


def cost(segment: Segment, account: str, item: str, quantity: tuple[float, str], price: float | None) -> LedgerLine:
    """Return the line of a cost that a price in the scenario sets.

    Parameters
    ----------
    segment, account, item
        Where the line stands.
    quantity
        How much, and its unit.
    price
        What one costs [USD/unit]; None: the scenario gives no price, and the line says so.
    """
    if price is None:
        return LedgerLine(segment, account, f"{item} (no price given: not counted)", *quantity, 0.0)
    return LedgerLine(segment, account, item, *quantity, -price * quantity[0])


def sum_usd(lines: Iterable[LedgerLine]) -> float:
    """Return the sum of lines [USD], rounded once."""
    return fsum(line.amount_usd for line in lines)


def mining_lines(recording: Recording) -> Iterator[LedgerLine]:
    """Yield what was mined, net of the pool's fee, at the price of its moment, and other fleets' products."""
    mined, revenue_usd = recording.once(mined_btc), recording.once(hash_revenue_usd)
    yield LedgerLine("mining", "mining", "bitcoin mined, net of the pool fee", mined, "BTC", revenue_usd)
    for fleet in recording.fleet_names:
        if f"fleet.{fleet}.earned_usd_per_h" in recording.signals:
            used_mwh = recording[f"fleet.{fleet}.power_mw"].integral() / SECONDS_PER_HOUR
            yield LedgerLine("mining", "mining", f"{fleet}: product", used_mwh, "MWh", products_usd(recording, fleet))


def services_lines(recording: Recording) -> Iterator[LedgerLine]:
    """Yield capacity and penalties of each service; the fleets hold it, so mining earns it."""
    for service in sold_services(recording):
        sold_mwh = capacity_mwh(recording, service)
        earned_usd, lost_usd = revenue_usd(recording, service), penalty_usd(recording, service)
        yield LedgerLine("mining", "ancillary", f"{service}: capacity", sold_mwh, "MW·h", earned_usd)
        if lost_usd:
            yield LedgerLine("mining", "ancillary", f"{service}: not held or delivered", sold_mwh, "MW·h", -lost_usd)


def services_gain_usd(recording: Recording) -> float:
    """Return what ancillary services bring, penalties taken off [USD]."""
    return sum(line.amount_usd for line in services_lines(recording))


CHARGES = "charges"


def charge_lines(recording: Recording) -> Iterator[LedgerLine]:
    """Yield the demand charge of each month, and this year's transmission charge on last summer's peaks."""
    for month in recording.once(billed_months):
        if isfinite(month.charge_usd):
            item = f"demand charge {month.name}"
            mw_months = month.billed_mw * month.month_fraction
            yield LedgerLine("site", CHARGES, item, mw_months, "MW·month", -month.charge_usd)
    four_cp = recording.facts.four_cp
    if four_cp is not None:
        years = recording.end_s / SECONDS_PER_YEAR
        mw_years = four_cp.billed_mw(four_cp.previous_average_mw) * years
        charge_usd = this_years_charge_usd(recording)
        yield LedgerLine("site", CHARGES, "transmission, on last summer's peaks", mw_years, "MW·year", -charge_usd)


OPEX = "opex"


def machine_starts(recording: Recording, fleet: str) -> float:
    """Return how many machines of a fleet were started [1].

    Where the machines asleep are recorded, each that leaves them counts. A fleet of bare megawatts counts its
    rises of power over the power of one machine, as if power rose by starting machines alone.
    """
    asleep = recording.signals.get(f"fleet.{fleet}.asleep_count")
    if asleep is not None:
        return rise_mw(-asleep)
    power_w = recording.facts.cost.machine_power_w
    if power_w is None:
        return 0.0
    return rise_mw(recording[f"fleet.{fleet}.power_mw"]) * MEGAWATT_IN_WATTS / power_w


def machine_cycles(recording: Recording, fleet: str) -> float:
    """Return the rises of the clock that hashing machines of a cohort were set to, over the default [1]."""
    clock = recording.signals.get(f"fleet.{fleet}.setpoint_fraction")
    if clock is None:
        return 0.0
    rises = np.maximum(np.diff(clock.value), 0.0) * (clock.value[:-1] > 0.0)  # from nothing it is a start
    return float(np.dot(rises, recording[f"fleet.{fleet}.hashing_count"].at(clock.time_s[1:])))


def machine_repairs(recording: Recording, fleet: str) -> float:
    """Return how many machines failed and were not paid with the start that they failed at [1]."""
    failed = recording.signals.get(f"fleet.{fleet}.failed_count")
    if failed is None:
        return 0.0
    is_paid = recording.facts.cost.start_cost_usd_per_machine is not None
    at_start = is_paid * len(recording.events_of(f"fleet.{fleet}", "failure-on-start"))
    return max(0.0, rise_mw(failed) - at_start)  # a site without its miners keeps their events


def opex_lines(recording: Recording) -> Iterator[LedgerLine]:
    """Yield operations of mining and of AI by the MWh, starts, wear of a battery, and what is due anyway."""
    price = recording.facts.cost
    mining_mwh = recording["fleet_power_mw"].integral() / SECONDS_PER_HOUR
    yield cost("mining", OPEX, "operations", (mining_mwh, "MWh"), price.mining_opex_usd_per_mwh)
    starts = sum(machine_starts(recording, fleet) for fleet in recording.fleet_names)
    start_price = price.start_cost_usd_per_machine
    yield cost("mining", OPEX, "starts of machines", (starts, "start"), start_price)
    wear = (
        ("clock cycles of machines", "cycle", machine_cycles, price.cycle_cost_usd_per_machine),
        ("repairs of machines", "repair", machine_repairs, price.repair_cost_usd_per_machine),
    )
    for item, unit, count, usd in wear:
        if usd is not None:
            counted = sum(count(recording, fleet) for fleet in recording.fleet_names)
            yield cost("mining", OPEX, item, (counted, unit), usd)
    if price.ai_opex_usd_per_mwh is not None or not recording.lease_names:
        ai_mwh = recording["ai_power_mw"].integral() / SECONDS_PER_HOUR
        yield cost("ai", OPEX, "operations", (ai_mwh, "MWh"), price.ai_opex_usd_per_mwh)
    battery = recording.facts.battery
    if "battery_power_mw" in recording.signals and battery is not None:
        given_mwh = recording.once(given_energy_mwh)
        yield cost("site", OPEX, "battery: wear", (given_mwh, "MWh"), battery.wear_usd_per_mwh)
    fixed_usd_per_year = price.fixed_usd_per_year
    if fixed_usd_per_year:
        years = recording["site_power_mw"].duration_s / SECONDS_PER_YEAR
        yield cost("site", OPEX, "fixed", (years, "year"), fixed_usd_per_year)


def penalty_lines(recording: Recording) -> Iterator[LedgerLine]:
    """Yield the energy above the limit at its price."""
    energy = (recording.once(exceedance).energy_mwh, "MWh")
    price = recording.facts.cost.exceedance_penalty_usd_per_mwh
    yield cost("site", "penalty", "energy above the limit", energy, price)
