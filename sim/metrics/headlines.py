"""The metrics that a reader wants first; a terminal shows these, the page and the files all."""

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Final

HEADLINES: Final = (
    "site_energy_mwh",
    "fleet_energy_mwh",
    "site_peak_mw",
    "site_mean_mw",
    "load_factor_ratio",
    "idle_energy_mwh",
    "soaked_energy_mwh",
    "soaked_fraction",
    "fillable_soaked_fraction",
    "exceedance_s",
    "exceedance_mwh",
    "exceedance_peak_mw",
    "exceedance_count",
    "exceedance_longest_s",
    "exceedance_peak_fraction",
    "exceedance_15min_count",
    "limit_certificate_holds",
    "net_ramp_up_60s_mw_per_min",
    "net_ramp_down_60s_mw_per_min",
    "rolling_range_5s_mw",
    "rolling_range_60s_mw",
    "limit_pass_count",
    "limit_fail_count",
    "limit_not_assessable_count",
    "dip_count",
    "dip_energy_mwh",
    "frequency_nadir_hz",
    "frequency_zenith_hz",
    "voltage_min_pu",
    "fleet_machine_start_count",
    "mined_btc",
    "mining_revenue_usd",
    "mining_revenue_usd_per_mwh",
    "power_cost_usd",
    "fleet_power_cost_usd",
    "mining_margin_usd",
    "demand_charge_usd",
    "four_cp_average_mw",
    "generation_mwh",
    "curtailed_generation_mwh",
    "lease_revenue_usd",
    "ebitda_usd",
)
"""Shown wherever the run can tell them."""
IF_ANY: Final = (
    "order_curtailed_mwh",
    "order_excess_mwh",
    "trip_count",
    "ancillary_revenue_usd",
    "ancillary_penalty_usd",
    "penalty_usd",
)
"""Shown where they are not zero."""
OF_LOADS: Final = "ai."
"""What the names of the loads' own metrics begin with; shown wherever the run can tell them."""


def headlines(metrics: Mapping[str, float]) -> Iterator[str]:
    """Yield the names of the metrics to show first, in the order in which the run has them."""
    for name, value in metrics.items():
        wanted = name in HEADLINES or name.startswith(OF_LOADS) or (name in IF_ANY and value != 0.0)
        if wanted and not isnan(value):
            yield name
