"""Halls against published figures: annual PUE by climate, and the voltage dips of northern Virginia."""

import tempfile
from functools import cache, partial
from pathlib import Path

from published import DATA, Absolute, Band, Calibration, Evidence, Relative
from quick import run

from sim.result import Result
from sim.testing import a_scenario

TITLE = "Halls"
CLIMATES = {
    "Dallas": "weather_tmyx_dallas_fort_worth.csv.gz",
    "Chicago": "weather_tmy3_chicago_ohare.csv.gz",
}
AIR = {"cooling": {"type": "air"}}
ECO_UPS = {"no_load_fraction": 0.0035, "linear_fraction": 0.0151, "square_fraction": 0.0070}
LIQUID = {"cooling": {"type": "liquid"}, "losses": {"ups": ECO_UPS}}
RACKS = {"count": 800, "power_mw": 0.132}
DIPS_APART_S = 82.0 / 5.0
HIT_S = 3600.0


def year_in(climate: str, hall: dict, load_fraction: float) -> Result:
    """Return the run of a hall that draws the same IT power all year, without miners."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "it.csv").write_text(f"time_s,power_mw\n0,{load_fraction * 105.6}\n")
        (Path(folder) / CLIMATES[climate]).write_bytes((DATA / CLIMATES[climate]).read_bytes())
        scenario = a_scenario(
            Path(folder),
            loads=[{"name": "it", "type": "replay", "file": "it.csv", "hall": "west"}],
            halls=[{"name": "west", "racks": RACKS, **hall}],
            weather={"type": "file", "file": CLIMATES[climate], "utc_offset_h": -6.0},
            fleets=[],
            days=365.0,
        )
        return run(scenario)


def pue_in(climate: str, hall: dict, load_fraction: float) -> float:
    """Return the annual PUE of such a hall."""
    return float(year_in(climate, hall, load_fraction).metrics["ai.west.pue_ratio"])


@cache
def northern_virginia(spacing_s: float) -> Result:
    """Return the run of 60 halls, 1,500 MW together, that six dips strike an hour into the run."""
    hall = {
        "racks": {"count": 250, "power_mw": 0.1},
        "cooling": {"type": "air", "fixed_fraction": 0.0},
        "ride_through": {},
    }
    sags = {"type": "voltage-sag", "at_s": HIT_S, "depth_pu": 0.4, "duration_s": 0.1, "count": 6}
    scenario = a_scenario(
        loads=[
            {"name": f"service{number}", "type": "tenant", "hall": f"hall{number}", "slip": {"median_d": 0.0}}
            | {"phases": [{"size_mw": 20.0, "ready": "2024-01-01T00:00:00Z", "length_d": 0.0}]}
            | {"draw_fraction": 1.0, "burn_in_fraction": 1.0}
            for number in range(60)
        ],
        halls=[hall | {"name": f"hall{number}"} for number in range(60)],
        weather={"type": "synthetic", "mean_c": 15.0, "annual_c": 0.0, "daily_c": 0.0},
        events=[sags | {"spacing_s": spacing_s}],
        fleets=[],
        limit_mw=2000.0,
        days=12.0 / 24.0,
    )
    return run(scenario)


def lost_mw() -> float:
    """Return what the site lost by the third dip and a second [MW]."""
    site = northern_virginia(DIPS_APART_S).recording["site_power_mw"]
    before_mw, after_mw = site.at([HIT_S - 1.0, HIT_S + 2.0 * DIPS_APART_S + 1.0]).tolist()
    return before_mw - after_mw


def back_h() -> float:
    """Return after how long half of it was back [h]."""
    site = northern_virginia(DIPS_APART_S).recording["site_power_mw"]
    low_s = site.clip_time(HIT_S + 40.0, site.end_s)
    return (low_s.duration_s - low_s.time_above(750.0)) / 3600.0


CASES = [
    *(
        Evidence(
            f"Annual PUE, air, {climate}, {load_fraction:.0%} load",
            "Uptime Institute 2023: mean of the industry 1.58; air-cooled halls of today from 1.3",
            1.58,
            partial(pue_in, climate, AIR, load_fraction),
            Band(1.30, 1.58),
            needs=file,
        )
        for climate, file in CLIMATES.items()
        for load_fraction in (0.5, 1.0)
    ),
    *(
        Evidence(
            f"Annual PUE, liquid, {climate}",
            "Google's fleet: 1.10 on average, 0.02 between its sites (assumption); a full hall, supplies in eco mode",
            1.10,
            partial(pue_in, climate, LIQUID, 1.0),
            Absolute(0.02),
            needs=file,
        )
        for climate, file in CLIMATES.items()
    ),
    Calibration(
        "Northern Virginia, 10 July 2024: load lost by the third of six dips in 82 s",
        "NERC incident review: some 60 data centers, about 1,500 MW; that much stands there, that all of it "
        "goes comes out",
        1500.0,
        lost_mw,
        Relative(0.02),
        "MW",
    ),
    Evidence(
        "Northern Virginia, 10 July 2024: time until half is back",
        "NERC incident review: hours",
        2.0,
        back_h,
        Band(1.0, 6.0),
        "h",
    ),
]
