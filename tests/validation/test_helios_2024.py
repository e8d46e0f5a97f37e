"""The campus on the real files of 2024, checked with pandas on the raw files and one-second samples."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim import load_scenario, run
from sim.result import write_result

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
START = pd.Timestamp("2024-05-06T05:00Z")
EFFICIENCY_J_PER_TH = 17.5
POOL_FEE = 0.02

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real files do not ship: no ../shared/data here"
)


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """Run the week; return its metrics, and power in the middle of every second, from the written file."""
    result = run(load_scenario(ROOT / "scenarios" / "helios-2024.yaml", data=[DATA]))
    folder = tmp_path_factory.mktemp("helios-2024")
    write_result(result, folder)
    rows = pd.read_parquet(folder / "signals.parquet")
    middle_s = np.arange(7 * 86_400) + 0.5
    samples = pd.DataFrame(index=START + pd.to_timedelta(middle_s, unit="s"))
    for name in ("site_power_mw", "fleet_power_mw", "ai_power_mw"):
        signal = rows[rows["signal"] == name]
        place = np.searchsorted(signal["time_s"], middle_s, side="right") - 1
        at = signal.iloc[place]
        samples[name] = at["value"].to_numpy() + at["slope_per_s"].to_numpy() * (
            middle_s - at["time_s"].to_numpy()
        )
    return result.metrics, samples


def test_power_cost_is_the_sum_over_quarter_hours_of_mean_power_times_price(week):
    metrics, samples = week
    price = pd.read_csv(DATA / "ercot_rt_15min_hubavg_2024.csv.gz", parse_dates=["time_utc"]).set_index(
        "time_utc"
    )
    mwh = samples[["site_power_mw", "fleet_power_mw"]].resample("15min").mean() / 4.0
    cost = mwh.mul(price["rt_usd_per_mwh"].reindex(mwh.index), axis=0).sum()

    # the only error is that of the seconds in which power jumps or bends
    assert metrics["power_cost_usd"] == pytest.approx(cost["site_power_mw"], rel=1e-4)
    assert metrics["fleet_power_cost_usd"] == pytest.approx(cost["fleet_power_mw"], rel=1e-3)


def test_mining_revenue_is_the_sum_over_days_of_petahashes_times_hashprice(week):
    metrics, samples = week
    network = pd.read_csv(DATA / "btc_network_daily_2020_2024.csv", parse_dates=["date_utc"])
    network = network.set_index(network["date_utc"].dt.tz_localize("UTC"))
    mwh = samples["fleet_power_mw"].resample("1D").sum() / 3600.0
    # 1 MWh is 3.6e9 J; over J/TH that is terahashes; a petahash per second for a day is 8.64e7 terahashes
    ph_days = mwh * 3.6e9 / EFFICIENCY_J_PER_TH / 8.64e7
    day = network.reindex(mwh.index)
    revenue_usd = (1.0 - POOL_FEE) * (ph_days * day["hashprice_usd_ph_day"]).sum()
    btc = (1.0 - POOL_FEE) * (ph_days * day["hashprice_usd_ph_day"] / day["price_usd"]).sum()

    assert metrics["mining_revenue_usd"] == pytest.approx(revenue_usd, rel=1e-3)
    assert metrics["mined_btc"] == pytest.approx(btc, rel=1e-3)
    assert metrics["mining_margin_usd"] == pytest.approx(
        revenue_usd - metrics["fleet_power_cost_usd"], rel=5e-3
    )


def test_time_and_energy_above_the_limit_agree_with_samples(week):
    metrics, samples = week
    excess_mw = (samples["site_power_mw"] - 200.0).clip(lower=0.0)

    # a second counts whole or not at all: an error of about half a second for each time the limit is crossed
    crossings = 2.0 * metrics["exceedance_count"]
    assert metrics["exceedance_s"] == pytest.approx((excess_mw > 1e-6).sum(), abs=0.5 * crossings)
    assert metrics["exceedance_mwh"] == pytest.approx(excess_mw.sum() / 3600.0, rel=0.05)


def test_idle_energy_is_the_limit_less_ai(week):
    metrics, samples = week
    idle_mwh = (200.0 - samples["ai_power_mw"]).clip(lower=0.0).sum() / 3600.0

    assert metrics["idle_energy_mwh"] == pytest.approx(idle_mwh, rel=1e-4)
