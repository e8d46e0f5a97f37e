"""The campus on the real files of 2024, checked with pandas on the raw files and one-second samples."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from quick import run

from sim import load_scenario
from sim.report.build import write_report
from sim.result import write_result

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
START = pd.Timestamp("2024-05-06T05:00Z")
DELIVERY_USD_PER_MWH = 3.0
POOL_FEE = 0.02

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real files do not ship: no ../shared/data here")


def sampled(folder, signals, days, step_s, start=START):
    """Return signals of a written run in the middle of every step."""
    rows = pd.read_parquet(folder / "signals.parquet")
    middle_s = (np.arange(days * 86_400 // step_s) + 0.5) * step_s
    samples = pd.DataFrame(index=start + pd.to_timedelta(middle_s, unit="s"))
    for name in signals:
        signal = rows[rows["signal"] == name]
        place = np.searchsorted(signal["time_s"], middle_s, side="right") - 1
        at = signal.iloc[place]
        samples[name] = at["value"].to_numpy() + at["slope_per_s"].to_numpy() * (middle_s - at["time_s"].to_numpy())
    return samples


def prices():
    """Return the real-time price by the quarter hour, and the network by the day."""
    price = pd.read_csv(DATA / "ercot_rt_15min_hubavg_2024.csv.gz", parse_dates=["time_utc"])
    network = pd.read_csv(DATA / "btc_network_daily_2020_2024.csv", parse_dates=["date_utc"])
    network = network.set_index(network["date_utc"].dt.tz_localize("UTC"))
    return price.set_index("time_utc")["rt_usd_per_mwh"], network


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """Run the week; return its metrics, and written signals in the middle of every second."""
    # machines that sleep for a price would draw standby without a hash
    result = run(
        load_scenario(ROOT / "scenarios" / "helios-2024.yaml", overrides=["policy={type: hold-limit}"], data=[DATA])
    )
    folder = tmp_path_factory.mktemp("helios-2024")
    write_result(result, folder)
    signals = ("site_power_mw", "fleet_power_mw", "ai_power_mw", "fleet.miners.hashrate_ph_s")
    return result.metrics, sampled(folder, signals, days=7, step_s=1)


def test_power_cost_is_the_sum_over_quarter_hours_of_mean_power_times_price(week):
    metrics, samples = week
    price, _ = prices()
    mwh = samples[["site_power_mw", "fleet_power_mw"]].resample("15min").mean() / 4.0
    cost = mwh.mul(price.reindex(mwh.index) + DELIVERY_USD_PER_MWH, axis=0).sum()

    # the only error is that of the seconds in which power jumps or bends
    assert metrics["power_cost_usd"] == pytest.approx(cost["site_power_mw"], rel=1e-4)
    assert metrics["fleet_power_cost_usd"] == pytest.approx(cost["fleet_power_mw"], rel=1e-3)


def test_mining_revenue_is_the_sum_over_days_of_petahashes_times_hashprice(week):
    metrics, samples = week
    _, network = prices()
    ph_days = samples["fleet.miners.hashrate_ph_s"].resample("1D").sum() / 86_400.0
    day = network.reindex(ph_days.index)
    revenue_usd = (1.0 - POOL_FEE) * (ph_days * day["hashprice_usd_ph_day"]).sum()
    btc = (1.0 - POOL_FEE) * (ph_days * day["hashprice_usd_ph_day"] / day["price_usd"]).sum()

    assert metrics["mining_revenue_usd"] == pytest.approx(revenue_usd, rel=1e-4)
    assert metrics["mined_btc"] == pytest.approx(btc, rel=1e-4)
    assert metrics["mining_margin_usd"] == pytest.approx(revenue_usd - metrics["fleet_power_cost_usd"], rel=1e-3)


def test_machines_hash_for_no_less_energy_than_their_lowest_clock_and_no_more_than_their_highest(week):
    _, samples = week
    steady = samples[samples["fleet_power_mw"].diff().abs() < 1e-9]
    hashing = steady[steady["fleet_power_mw"] > 21.0]  # all machines at some clock: none asleep, none booting
    j_per_th = hashing["fleet_power_mw"] * 1e6 / (hashing["fleet.miners.hashrate_ph_s"] * 1e3)
    at_wall = 17.5 * 1.03
    assert len(hashing) > 3 * 86_400
    assert j_per_th.min() >= 0.86 * at_wall
    assert j_per_th.max() <= at_wall * (1.0 + 1e-9)


@pytest.mark.slow
def test_months_agree_with_a_calculation_from_means_of_quarter_hours(tmp_path):
    """April and May 2024, with the halving of 20 April: energy, bitcoin, prices and margin of each month."""
    start = "2024-04-01T00:00:00-05:00"
    overrides = [f"start={start}", "days=61"]
    result = run(load_scenario(ROOT / "scenarios" / "helios-2024.yaml", overrides=overrides, data=[DATA]))
    (tmp_path / "run").mkdir()
    write_result(result, tmp_path / "run")
    write_report(tmp_path / "run")
    months = pd.read_csv(tmp_path / "run" / "monthly.csv", comment="#").set_index("month")
    signals = ("site_power_mw", "fleet_power_mw", "fleet.miners.hashrate_ph_s")
    quarters = sampled(tmp_path / "run", signals, 61, 10, pd.Timestamp(start).tz_convert("UTC"))
    quarters = quarters.resample("15min").mean()
    price, network = prices()
    price = price.reindex(quarters.index)
    day = network.reindex(quarters.index.floor("1D"))
    quarters["cost_usd"] = quarters["site_power_mw"] * (price + DELIVERY_USD_PER_MWH)
    ph_days = quarters["fleet.miners.hashrate_ph_s"] / 96.0
    quarters["usd"] = 0.98 * ph_days * day["hashprice_usd_ph_day"].to_numpy()
    quarters["btc"] = quarters["usd"] / day["price_usd"].to_numpy()
    quarters["ph_days"] = ph_days
    expected = quarters.groupby(quarters.index.tz_convert("Etc/GMT+5").strftime("%Y-%m")).sum()

    assert list(months.index) == ["2024-04", "2024-05"]
    for month in months.index:
        found, wanted = months.loc[month], expected.loc[month]
        # seconds in which power bends
        assert found["fleet_energy_mwh"] == pytest.approx(wanted["fleet_power_mw"] / 4.0, rel=1e-4)
        assert found["mined_btc"] == pytest.approx(wanted["btc"], rel=1e-3)
        assert found["mining_revenue_usd"] == pytest.approx(wanted["usd"], rel=1e-3)
        paid = wanted["cost_usd"] / wanted["site_power_mw"]
        assert found["power_cost_usd_per_mwh"] == pytest.approx(paid, rel=1e-3)
        lease_and_mining = found["revenue_usd"] - found["power_cost_usd"] - found["other_cost_usd"]
        assert found["ebitda_usd"] == pytest.approx(lease_and_mining, abs=0.01)
        per_ph_day = wanted["usd"] / wanted["ph_days"]
        assert found["mining_revenue_usd_per_ph_day"] == pytest.approx(per_ph_day, rel=1e-3)


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
