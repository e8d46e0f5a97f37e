"""Runs the scenario ``bridge`` by three plans on the same draws, and puts the table into its page.

``python -m docs.bridge`` fills the table, in some two minutes; ``--check`` fails if it is stale.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from docs.filling import between, fill
from sim import Scenario, load_scenario, run
from sim.ai.tenant import TenantLoad
from sim.metrics.accounts import present_years
from sim.metrics.months import Month, months
from sim.recording import Recording
from sim.units import KW_PER_MW, MEGAWATT_IN_WATTS, SECONDS_PER_HOUR, SECONDS_PER_YEAR

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "explanation" / "bridge.md"
START, END = "<!-- table -->\n", "<!-- end -->"
SEEDS: Final = range(1, 21)
RESALE_HALVES_IN_YEARS: Final = 2.0
"""Time in which a mining machine loses half of what it would be sold for [year]; assumption."""
MONTHS_PER_YEAR: Final = 12.0
NEVER: Final = {"loads.tenant.arrival_fraction": 0.0}
"""What the plan that never converts changes in the scenario."""


class Case(NamedTuple):
    """What one seed gave."""

    comes: bool
    """Whether the tenant comes."""
    wait_usd: float
    """Net present value of waiting for the tenant [USD]."""
    mine_usd: float
    """Of mining alone [USD]."""
    convert_usd: float
    """Of mining until the tenant moves in [USD]."""
    bridge_usd_per_kw: float
    """What mining meanwhile adds to waiting, for each kW of miners [USD/kW]."""
    payback_months: float
    """Until the machines have earned what they have lost of their price; NaN: not in the run."""
    hashprice_usd_per_ph_day: float
    """Mean hashprice of the run [USD/(PH/s)/d]."""
    breakeven_usd_per_ph_day: float
    """Mean hashprice at which the bridge is worth nothing, all else equal [USD/(PH/s)/d]."""
    put_off_months: float
    """Months after the first phase is ready in which a megawatt earns more by mining than by the lease."""


def plan(seed: int, changes: Mapping[str, float]) -> Scenario:
    """Return the scenario of a seed, with what a plan changes in it."""
    return load_scenario(ROOT / "scenarios" / "bridge.yaml", overrides={"seed": seed, **changes})


def case(seed: int) -> Case:
    """Return what the three plans are worth on the draws of a seed.

    Waiting is the site without its miners: the same stages, tenant and prices, nothing drawn anew.
    """
    scenario = plan(seed, {})
    convert, mine = run(scenario).recording, run(plan(seed, NEVER)).recording
    lease_usd = lease_value_usd(scenario, convert)
    flow_usd, capex_usd = mining_flow_usd(convert), machine_usd(scenario) + shell_usd(scenario)
    bridge_usd = mining_value_usd(scenario, flow_usd)
    hash_usd = discounted_usd(scenario, np.array([month.mining_revenue_usd for month in months(convert)]))
    hashprice = convert["hashprice_usd_per_ph_day"].mean()
    left_usd = np.array([resale_usd(scenario, (row + 1) / MONTHS_PER_YEAR) for row in range(flow_usd.size)])
    paid = np.flatnonzero(np.cumsum(flow_usd) + left_usd >= capex_usd)
    return Case(
        any(event.kind == "energised" for event in convert.events),
        lease_usd,
        mining_value_usd(scenario, mining_flow_usd(mine)),
        lease_usd + bridge_usd,
        bridge_usd / (scenario.fleets[0].full_mw * KW_PER_MW),
        float(paid[0] + 1) if paid.size else float("nan"),
        hashprice,
        hashprice * (1.0 - bridge_usd / hash_usd),
        put_off_months(scenario, months(mine)),
    )


def mining_flow_usd(recording: Recording) -> np.ndarray:
    """Return what miners add to the site's EBITDA, month by month [USD]."""
    pairs = zip(months(recording), months(recording.without_mining()), strict=True)
    return np.array([present.ebitda_usd - absent.ebitda_usd for present, absent in pairs])


def discounted_usd(scenario: Scenario, flow_usd: np.ndarray) -> float:
    """Return the present value of a flow by months, each at its end [USD]."""
    years = np.arange(1, flow_usd.size + 1) / MONTHS_PER_YEAR
    return float(np.sum(flow_usd / (1.0 + scenario.valuation.discount_rate_fraction) ** years))


def mining_value_usd(scenario: Scenario, flow_usd: np.ndarray) -> float:
    """Return what a mining plan is worth: its flow, less shell and machines, sold at the end [USD]."""
    years = scenario.end_s / SECONDS_PER_YEAR
    sold_usd = resale_usd(scenario, years) / (1.0 + scenario.valuation.discount_rate_fraction) ** years
    return discounted_usd(scenario, flow_usd) + sold_usd - machine_usd(scenario) - shell_usd(scenario)


def machine_usd(scenario: Scenario) -> float:
    """Return what the machines cost [USD]."""
    fleet = scenario.fleets[0]
    price = scenario.valuation.asic_price_usd_per_th or 0.0
    return price * fleet.full_mw * MEGAWATT_IN_WATTS / fleet.efficiency_j_per_th


def shell_usd(scenario: Scenario) -> float:
    """Return what buildings and wiring of the miners cost; nothing of it comes back [USD]."""
    return (scenario.valuation.mining_capex_usd_per_mw or 0.0) * scenario.fleets[0].full_mw


def resale_usd(scenario: Scenario, years: float) -> float:
    """Return what the machines are sold for after some years [USD]."""
    return machine_usd(scenario) * 0.5 ** (years / RESALE_HALVES_IN_YEARS)


def lease_value_usd(scenario: Scenario, recording: Recording) -> float:
    """Return what the lease is worth: each data hall from when it is energised, over its whole term [USD]."""
    lease, rate = scenario.leases[0], scenario.valuation.discount_rate_fraction
    worth_years = present_years(lease.term_years, rate, lease.escalator_fraction)
    rent_usd = lease.rent_usd_per_mw_year * lease.ebitda_margin_fraction * worth_years
    return sum(
        event.value * (rent_usd - lease.capex_usd_per_mw) / (1.0 + rate) ** (event.time_s / SECONDS_PER_YEAR)
        for event in recording.events.where(lambda _, kind: kind == "energised")
    )


def put_off_months(scenario: Scenario, mined: Sequence[Month]) -> float:
    """Return for how many months from the first phase on a megawatt should go on mining [month].

    It should while its margin is above what the lease leaves of a gross megawatt's rent after its capital is
    paid back over the term at the discount rate. Machines that stand are taken to cost nothing more.
    """
    lease, tenant = scenario.leases[0], scenario.loads[0]
    if not isinstance(tenant, TenantLoad):
        raise TypeError("the scenario's first load must be its tenant")
    capital_usd = lease.capex_usd_per_mw / present_years(lease.term_years, scenario.valuation.discount_rate_fraction)
    gross_ratio = tenant.pue
    net_usd = (lease.rent_usd_per_mw_year * lease.ebitda_margin_fraction - capital_usd) / gross_ratio
    ready = tenant.phases[0].ready
    later = [month for month in mined if month.month >= f"{ready:%Y-%m}"]
    for count, month in enumerate(later):
        margin_usd = month.ebitda_usd / month.fleet_energy_mwh if month.fleet_energy_mwh else 0.0
        if margin_usd * SECONDS_PER_YEAR / SECONDS_PER_HOUR <= net_usd:
            return float(count)
    return float(len(later))


def table(cases: Sequence[Case]) -> str:
    """Return the table over seeds: mean, and what one of ten, of two, nine of ten stay below."""
    rows = [
        ("wait: NPV, M USD", [one.wait_usd / 1e6 for one in cases]),
        ("mine: NPV, M USD", [one.mine_usd / 1e6 for one in cases]),
        ("mine, then convert: NPV, M USD", [one.convert_usd / 1e6 for one in cases]),
        ("the bridge: NPV, USD/kW of miners", [one.bridge_usd_per_kw for one in cases]),
        ("payback of machines and shell, months", [one.payback_months for one in cases]),
        ("mean hashprice, USD/(PH/s)/d", [one.hashprice_usd_per_ph_day for one in cases]),
        ("break-even of it for the bridge", [one.breakeven_usd_per_ph_day for one in cases]),
        ("months by which to put conversion off", [one.put_off_months for one in cases]),
    ]
    lines = ["| | mean | P10 | P50 | P90 |", "|---|--:|--:|--:|--:|"]
    for name, values in rows:
        known = np.array(values)[np.isfinite(values)]
        numbers = (known.mean(), *np.quantile(known, [0.1, 0.5, 0.9])) if known.size else ()
        lines.append(f"| {name} | {' | '.join(f'{number:,.1f}' for number in numbers)} |")
    shares = {
        "the tenant comes": np.mean([one.comes for one in cases]),
        "the bridge is worth its cost": np.mean([one.bridge_usd_per_kw > 0.0 for one in cases]),
        "mining, then converting, is the best of the three": np.mean(
            [one.convert_usd > max(one.wait_usd, one.mine_usd) for one in cases]
        ),
    }
    said = [f"- {name} in {100.0 * share:.0f} %" for name, share in shares.items()]
    return "\n".join([*lines, "", f"Of {len(cases)} seeds", "", *said]) + "\n"


def main(arguments: list[str]) -> None:
    """Fill the table, or with ``--check`` fail if it is stale."""
    text = PAGE.read_text(encoding="utf-8")
    fill(PAGE, between(text, START, END, table([case(seed) for seed in SEEDS])), "docs.bridge", arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
