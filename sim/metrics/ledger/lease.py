"""The account of leases: rent, energy passed through, the landlord's operations, what tenants keep."""

from collections.abc import Callable, Iterator
from itertools import accumulate

import numpy as np

from sim.metrics.ledger.lines import LedgerLine, services_gain_usd
from sim.metrics.ledger.power import DELIVERY, lease_bill, resale_gain_usd
from sim.metrics.power_cost import integral_at
from sim.recording import Recording
from sim.signals import Signal
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_YEAR

LEASE = "lease"
CURTAILMENT_VALUES: tuple[Callable[[Recording], float], ...] = (resale_gain_usd, services_gain_usd)
"""What the site earns by not drawing [USD], each a function of the recording; a tenant may keep its share."""


def billed_fraction(recording: Recording, lease: str) -> Signal:
    """Return the share of the rent that is owed at each instant [1].

    It is what is used, not below take-or-pay; where rent is by delivery, of what is delivered alone.
    """
    site, terms = recording["site_power_mw"], recording.facts.lease[lease]
    whole = Signal.constant(1.0, site.end_s, site.start_s)
    stands = told_fraction(recording, lease, "billable") if terms.by_delivery else whole
    if terms.take_or_pay_fraction >= 1.0:
        return stands
    used = Signal.constant(0.0, site.end_s, site.start_s)
    for part in recording.lease_parts(lease):
        used = used + it_power_mw(recording, part)
    share = used * (1.0 / terms.critical_mw)
    return share.maximum_with(stands * terms.take_or_pay_fraction).minimum_with(stands)


def told_fraction(recording: Recording, lease: str, kind: str) -> Signal:
    """Return the IT power that events of a kind have told of by each instant, over the critical power [1]."""
    events = [event for part in recording.lease_parts(lease) for event in recording.events_of(part, kind)]
    told = sorted((event.time_s, event.value) for event in events)
    shares = accumulate((mw / recording.facts.lease[lease].critical_mw for _, mw in told), initial=0.0)
    start_s, end_s = recording["site_power_mw"].start_s, recording["site_power_mw"].end_s
    times_s = [start_s, *(max(start_s, time_s) for time_s, _ in told)]
    return Signal.steps(times_s, [min(1.0, share) for share in shares], end_s)


def late_fraction(recording: Recording, lease: str) -> Signal:
    """Return the share of the critical power that is due and not delivered at each instant [1]."""
    due, stands = (told_fraction(recording, lease, kind) for kind in ("due", "billable"))
    return (due - stands).positive_part()


def it_power_mw(recording: Recording, part: str) -> Signal:
    """Return the IT power of a hall, or of a load outside halls [MW]."""
    if part.startswith("hall."):
        return recording[f"{part}.it_power_mw"]
    pue_ratio = recording.facts.of_load(part.removeprefix("load.")).pue_ratio
    return recording[f"{part}.power_mw"] * (1.0 / (1.0 if pue_ratio is None else pue_ratio))


def in_force(recording: Recording, lease: str) -> Signal:
    """Return whether a lease runs at each instant: 1 from its commencement to the end of its term, else 0."""
    rent = recording[f"lease.{lease}.rent_usd_per_h"]
    terms = recording.facts.lease[lease]
    runs = (rent.time_s >= terms.start_s) & (rent.time_s < terms.end_s)
    return Signal.steps(rent.time_s, runs.astype(np.float64), rent.end_s)


def lease_lines(recording: Recording) -> Iterator[LedgerLine]:
    """Yield the lines of each lease."""
    for lease in recording.lease_names:
        yield from _rent_lines(recording, lease)
        yield from _energy_lines(recording, lease)
        yield from _curtailment_lines(recording, lease)


def _rent_lines(recording: Recording, lease: str) -> Iterator[LedgerLine]:
    rent, billed = recording[f"lease.{lease}.rent_usd_per_h"], billed_fraction(recording, lease)
    terms = recording.facts.lease[lease]
    billed_s = integral_at(billed, in_force(recording, lease))
    mw_years = terms.critical_mw * billed_s / SECONDS_PER_YEAR
    rent_usd = integral_at(billed, rent) / SECONDS_PER_HOUR
    yield LedgerLine("ai", LEASE, f"{lease}: rent", mw_years, "MW·year", rent_usd)
    opex_fraction = 1.0 - terms.ebitda_margin_fraction
    yield LedgerLine("ai", "opex", f"{lease}: landlord's operations", mw_years, "MW·year", -rent_usd * opex_fraction)
    if terms.delay_damages_ratio:
        late = late_fraction(recording, lease)
        late_mw_d = terms.critical_mw * integral_at(late, in_force(recording, lease)) / SECONDS_PER_DAY
        owed_usd = terms.delay_damages_ratio * integral_at(late, rent) / SECONDS_PER_HOUR
        yield LedgerLine("ai", "penalty", f"{lease}: damages for delay", late_mw_d, "MW·d", -owed_usd)


def _energy_lines(recording: Recording, lease: str) -> Iterator[LedgerLine]:
    if recording.facts.lease[lease].pass_through:
        bill = lease_bill(recording, lease, in_force(recording, lease))
        energy_mwh = sum(bought.energy_mwh for way, bought in bill.items() if way != DELIVERY)
        cost_usd = sum(bought.cost_usd for bought in bill.values())
        yield LedgerLine("ai", LEASE, f"{lease}: energy passed through", energy_mwh, "MWh", cost_usd)


def _curtailment_lines(recording: Recording, lease: str) -> Iterator[LedgerLine]:
    if recording.facts.lease[lease].tenant_keeps_curtailment:
        value_usd = sum(value(recording) for value in CURTAILMENT_VALUES)
        passed_usd = recording.facts.lease[lease].curtailment_share_fraction * value_usd
        item = f"{lease}: share of curtailment value that the tenant keeps"
        yield LedgerLine("mining", LEASE, item, value_usd, "USD", -passed_usd)
