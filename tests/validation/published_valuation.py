"""Leases and conversions against published contracts."""

from functools import partial

from published import Absolute, Identity, Relative

from sim.market.rents import lease_ebitda_usd, lease_rent_usd, mean_rent_usd_per_mw_year

TITLE = "Valuation"
TERAWULF = "TeraWulf and Fluidstack, 2025: 3.7e9 USD in 10 a for 200 critical MW"
MUSD = "1e6 USD/MW/a"


def mean_rent_musd(contract_usd: float, years: float, critical_mw: float) -> float:
    """Return the mean rent of a contract [1e6 USD/MW/a]."""
    return mean_rent_usd_per_mw_year(contract_usd, years, critical_mw) / 1e6


CASES = [
    Identity(
        "V8 TeraWulf: mean rent",
        TERAWULF,
        1.85,
        partial(mean_rent_musd, 3.7e9, 10.0, 200.0),
        Relative(1e-9),
        MUSD,
    ),
    Identity(
        "V8 TeraWulf: net operating income of a year",
        f"{TERAWULF}; 85 %, published rounded to 315",
        315.0,
        lambda: lease_ebitda_usd(3.7e9 / 10.0, 0.85) / 1e6,
        Absolute(0.5),
        "1e6 USD/a",
    ),
    *(
        Identity(
            f"{name}: mean rent",
            f"announced: {contract_usd / 1e9:g}e9 USD in {years:g} a for {critical_mw:g} MW; divided out",
            expected,
            partial(mean_rent_musd, contract_usd, years, critical_mw),
            Relative(0.005),
            MUSD,
        )
        for name, contract_usd, years, critical_mw, expected in [
            ("Galaxy Helios, phase I", 15 * 300e6, 15.0, 133.0, 2.26),
            ("TeraWulf Abernathy", 9.5e9, 25.0, 168.0, 2.26),
            ("Hut 8 River Bend", 7.0e9, 15.0, 245.0, 1.90),
        ]
    ),
    Identity(
        "Galaxy Helios, phase I: mean rent of 15 years, from its first year's",
        "announced: 240e6 USD in the first 12 months, about 300e6 on average; takes a rise of 3 % a year",
        300.0,
        lambda: sum(lease_rent_usd(240e6 / 133.0, 133.0, float(year)) for year in range(15)) / 15.0 / 1e6,
        Relative(0.02),
        "1e6 USD/a",
    ),
]
