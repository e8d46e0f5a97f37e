"""Data files for scenarios at the edges: of hours, days, seconds and a year, with every usual column."""

import atexit
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

HOURS = "time_utc,price_usd_per_mwh,x,generation_mw,limit_mw,system_load_mw,carbon_g_per_kwh"
DAYS = "date_utc,hashprice_usd_ph_day,price_usd,difficulty,fees_btc,blocks"
SECONDS = "t_s,time_utc,frequency_hz,rate_rps,input_tokens,output_tokens"
NAMES = ("hours.csv", "days.csv", "seconds.csv", "year.csv")
START = datetime(2025, 12, 20, tzinfo=UTC)
YEAR = datetime(2025, 2, 1, 6, tzinfo=UTC)


@cache
def folder() -> Path:
    """Return the folder that the files lie in for as long as this program runs."""
    place = Path(mkdtemp())
    atexit.register(rmtree, place, ignore_errors=True)
    hours = [
        [at(START, hour / 24), 30 + hour % 24, 5, 20 + hour % 7, 0.5 + 0.1 * (hour % 3), 40_000 + hour, 300]
        for hour in range(16 * 24)
    ]
    write(place / "hours.csv", HOURS, hours)
    days = [[at(START, day), 50 + day % 5, 85_000 + 100 * day, 124.93e12, 3 + day % 2, 144] for day in range(20)]
    write(place / "days.csv", DAYS, days)
    seconds = ([60 - 0.001 * (second % 50), 200 + second % 70, 500, 200] for second in range(0, 600, 10))
    begin = datetime(2026, 1, 1, 6, tzinfo=UTC)
    rows = [[10 * step, at(begin, step / 8_640), *row] for step, row in enumerate(seconds)]
    write(place / "seconds.csv", SECONDS, rows)
    loads = [[at(YEAR, quarter / 4), 40_000 + 17 * (quarter * 37 % 240)] for quarter in range(4 * 365)]
    write(place / "year.csv", "time_utc,system_load_mw", loads)
    return place


def at(start: datetime, days: float) -> str:
    """Return a time so many days after another, as files have it."""
    return f"{start + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def write(path: Path, header: str, rows: list[list[object]]) -> None:
    """Write a table."""
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows), ""]), encoding="utf-8")
