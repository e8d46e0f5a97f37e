"""The account of operations: what running costs besides power."""

from collections.abc import Iterator

from sim.metrics.battery import given_energy_mwh
from sim.metrics.fleets import rise_mw
from sim.metrics.ledger.line import Line, cost
from sim.recording import Recording
from sim.units import MEGAWATT_IN_WATTS, SECONDS_PER_HOUR, SECONDS_PER_YEAR

OPEX = "opex"


def machine_starts(recording: Recording, fleet: str) -> float:
    """Return how many machines of a fleet were started [1].

    Where the machines asleep are recorded, each that leaves them counts. A fleet of bare megawatts counts its
    rises of power over the power of one machine, as if power rose by starting machines alone.
    """
    asleep = recording.signals.get(f"fleet.{fleet}.asleep_count")
    if asleep is not None:
        return rise_mw(-asleep)
    power_w = recording.constants.get("cost.machine_power_w")
    if power_w is None:
        return 0.0
    return rise_mw(recording[f"fleet.{fleet}.power_mw"]) * MEGAWATT_IN_WATTS / power_w


def opex_lines(recording: Recording) -> Iterator[Line]:
    """Yield operations of mining and of AI by the MWh, starts, wear of a battery, and what is due anyway."""
    price = recording.constants.get
    mining_mwh = recording["fleet_power_mw"].integral() / SECONDS_PER_HOUR
    yield cost("mining", OPEX, "operations", (mining_mwh, "MWh"), price("cost.mining_opex_usd_per_mwh"))
    starts = sum(machine_starts(recording, fleet) for fleet in recording.fleet_names)
    start_price = price("cost.start_cost_usd_per_machine")
    yield cost("mining", OPEX, "starts of machines", (starts, "start"), start_price)
    if price("cost.ai_opex_usd_per_mwh") is not None or not recording.lease_names:
        ai_mwh = recording["ai_power_mw"].integral() / SECONDS_PER_HOUR
        yield cost("ai", OPEX, "operations", (ai_mwh, "MWh"), price("cost.ai_opex_usd_per_mwh"))
    if "battery_power_mw" in recording.signals:
        given_mwh = recording.once(given_energy_mwh)
        yield cost("site", OPEX, "battery: wear", (given_mwh, "MWh"), price("battery.wear_usd_per_mwh"))
    fixed_usd_per_year = price("cost.fixed_usd_per_year", 0.0)
    if fixed_usd_per_year:
        years = recording["site_power_mw"].duration_s / SECONDS_PER_YEAR
        yield cost("site", OPEX, "fixed", (years, "year"), fixed_usd_per_year)
