r"""Emissions of what the site takes from the grid, and hours that its own generation matches.

Notes
-----
A kWh from the grid emits its intensity, one of the site's own none: with imports :math:`P` [MW] and intensity
:math:`c` [g/kWh], emissions are :math:`10^{-3} \int P c\,dt` [tCO2]. Those of AI are the site's without
miners, the fleets answer for the rest. Not in it: what machines and buildings embody, and losses.
"""

from functools import partial

from sim.metrics.base import Metric
from sim.metrics.energy import energy_mwh
from sim.metrics.generation import import_mw
from sim.recording import Recording
from sim.units import KW_PER_MW, SECONDS_PER_HOUR


def emissions_tco2(recording: Recording) -> float:
    """Return what the site's imports emit [tCO2]."""
    return energy_mwh(import_mw(recording) * recording["carbon_g_per_kwh"]) / KW_PER_MW


def ai_emissions_tco2(recording: Recording) -> float:
    """Return the same of the site without miners [tCO2]."""
    return recording.once(Recording.without_mining).once(emissions_tco2)


def hourly_matched_fraction(recording: Recording) -> float:
    """Return the share of the site's energy that own generation matches hour by hour; NaN below an hour."""
    powers = (recording[name] for name in ("site_power_mw", "generation_mw"))
    site_mw, own_mw = (power.means_of_intervals(SECONDS_PER_HOUR) for power in powers)
    drawn_mw = float(site_mw.sum())
    return float(site_mw.clip(max=own_mw).sum()) / drawn_mw if drawn_mw > 0.0 else float("nan")


_emitted = partial(Metric, needs="carbon_g_per_kwh")

CATALOGUE = (
    _emitted("site_emissions_tco2", emissions_tco2, compares=True),
    _emitted("ai_emissions_tco2", ai_emissions_tco2),
    _emitted("fleet_emissions_tco2", lambda r: r.once(emissions_tco2) - ai_emissions_tco2(r)),
    Metric("hourly_matched_fraction", hourly_matched_fraction, compares=True, needs="generation_mw"),
)
