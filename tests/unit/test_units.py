import pytest

from sim import units
from sim.units import SUFFIX_UNITS, unit_of


def test_constants():
    assert (units.SECONDS_PER_MINUTE, units.SECONDS_PER_HOUR, units.SECONDS_PER_DAY) == (
        60.0,
        3600.0,
        86_400.0,
    )
    assert (units.HOURS_PER_DAY, units.MEGAWATT_IN_WATTS, units.PETAHASH_IN_TERAHASHES) == (24.0, 1e6, 1e3)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("limit_mw", "MW"),
        ("site_energy_mwh", "MWh"),
        ("ramp_up_mw_per_s", "MW/s"),
        ("net_ramp_up_60s_mw_per_min", "MW/min"),
        ("price_usd_per_mwh", "USD/MWh"),
        ("hashprice_usd_per_ph_day", "USD/(PH/s)/d"),
        ("efficiency_j_per_th", "J/TH"),
        ("exceedance_s", "s"),
        ("days", "d"),
        ("soaked_fraction", "1"),
        ("mined_btc", "BTC"),
        ("price_usd_per_btc", "USD/BTC"),
        ("s", "s"),
        ("seed", None),
        ("fleets", None),
        ("", None),
        ("mw_limit", None),
        ("usd_per_kwh", None),
    ],
)
def test_a_name_ends_in_its_unit(name, unit):
    assert unit_of(name) == unit


@pytest.mark.parametrize("suffix", SUFFIX_UNITS)
def test_the_longest_suffix_decides(suffix):
    assert unit_of(f"something_{suffix}") == unit_of(suffix) == SUFFIX_UNITS[suffix]
