"""The money whole: reproduced with pandas from a result folder, late prices, what is left of the uplift."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from quick import run
from ruamel.yaml import YAML

from sim import load_scenario
from sim.engine.campus import Campus
from sim.metrics.accounts import incremental_lines
from sim.metrics.mining import hashrate_source
from sim.metrics.price_discipline import delivered_usd_per_mwh, standby_mw
from sim.result import write_result
from sim.study.compared_run import against_foresight

ROOT = Path(__file__).parents[2]
SCENARIOS, DATA = ROOT / "scenarios", ROOT.parent / "shared" / "data"
REAL_TIME_2024 = "ercot_rt_15min_hubavg_2024.csv.gz"
HOUR_S = 3600.0


def needs(file):
    return pytest.mark.skipif(not (DATA / file).is_file(), reason=f"needs ../shared/data/{file}")


# -- every line, with pandas ---------------------------------------------------------------------------

COSTS = {
    "mining_opex_usd_per_mwh": 8.0,
    "start_cost_usd_per_machine": 0.01,
    "cycle_cost_usd_per_machine": 0.002,
    "repair_cost_usd_per_machine": 500.0,
    "exceedance_penalty_usd_per_mwh": 1000.0,
}
CHANGES = (
    "start=2021-08-24T00:00:00-05:00",  # with a coincident peak
    "days=2",
    "fleets.0.rated_mw=120",
    "fleets.0.failures={per_start_fraction: 0.0005}",
    "fleets.0.breaker={}",
    f"costs={COSTS}",
    "market.demand_charge={usd_per_kw_month: 5.0}",
    "policy={type: price-guard, threshold_usd_per_mwh: 55.0, inner: {type: follow-headroom, margin_mw: 1.0}}",
)


class Folder:
    """The signals of a written run, each as a frame of its breakpoints."""

    def __init__(self, folder):
        self.rows = pd.read_parquet(folder / "signals.parquet")
        self.events = pd.read_parquet(folder / "events.parquet")
        self.scenario = YAML(typ="safe").load((folder / "scenario.yaml").read_text())
        self.end_s = self.scenario["days"] * 86_400.0

    def __getitem__(self, name):
        return self.rows[self.rows["signal"] == name].drop_duplicates("time_s", keep="last")

    def pieces(self, *names, more_s=()):
        """Return stretches in which no signal bends: start, length, and each signal's start and end."""
        frames = [self[name] for name in names]
        edges = np.unique(np.concatenate([*(frame["time_s"] for frame in frames), more_s, [self.end_s]]))
        edges = edges[edges <= self.end_s]
        table = pd.DataFrame({"from_s": edges[:-1], "hours": np.diff(edges) / HOUR_S})
        for name, frame in zip(names, frames, strict=True):
            at = pd.merge_asof(table[["from_s"]], frame, left_on="from_s", right_on="time_s")
            table[name] = at["value"] + at["slope_per_s"] * (at["from_s"] - at["time_s"])
            table[f"{name} end"] = table[name] + at["slope_per_s"] * table["hours"] * HOUR_S
        return table

    def product(self, power, price):
        """Return the integral of a power or rate times a price that goes in steps, over hours."""
        table = self.pieces(power, price)
        return float(((table[power] + table[f"{power} end"]) / 2.0 * table[price] * table["hours"]).sum())

    def energy_above(self, power, limit):
        """Return the energy of a power above a limit."""
        table = self.pieces(power, limit)
        start, end = table[power] - table[limit], table[f"{power} end"] - table[f"{limit} end"]
        high, low = np.maximum(start, end), np.minimum(start, end)
        with np.errstate(invalid="ignore", divide="ignore"):
            part = np.where(low >= 0.0, (high + low) / 2.0, high * high / (high - low) / 2.0)
        return float((np.where(high <= 0.0, 0.0, part) * table["hours"]).sum())

    def means(self, power, length_s):
        """Return the mean power of each interval of a length."""
        table = self.pieces(power, more_s=np.arange(0.0, self.end_s, length_s))
        table["mwh"] = (table[power] + table[f"{power} end"]) / 2.0 * table["hours"]
        return table.groupby(table["from_s"] // length_s)["mwh"].sum() / (length_s / HOUR_S)


@pytest.fixture(scope="module")
def lines_and_folder(tmp_path_factory):
    """Return the lines of a run in which all of them have something to say, and its folder."""
    result = run(load_scenario(SCENARIOS / "helios.yaml", overrides=CHANGES))
    folder = tmp_path_factory.mktemp("money")
    write_result(result, folder)
    lines = {line.item: line.amount_usd for line in incremental_lines(result.recording)}
    assert sum(lines.values()) == pytest.approx(result.metrics["incremental_ebitda_usd"])
    return lines, Folder(folder)


def test_every_line_of_the_incremental_number_is_reproduced_with_pandas_from_the_folder(lines_and_folder):
    lines, folder = lines_and_folder
    market, fleet = folder.scenario["market"], folder.scenario["fleets"][0]["name"]
    power, alone, fleet_power = "site_power_mw", "ai_power_mw", "fleet_power_mw"
    mwh = folder.means(fleet_power, 86_400.0).sum() * 24.0
    paid = 1.0 - market["bitcoin"]["pool_fee_fraction"]
    asleep, failed, clock = (
        folder[f"fleet.{fleet}.{name}"] for name in ("asleep_count", "failed_count", "setpoint_fraction")
    )
    at_start = (folder.events["kind"] == "failure-on-start").sum()
    rises = clock["value"].diff().clip(lower=0.0).where(clock["value"].shift() > 0.0, 0.0)
    hashing = pd.merge_asof(clock[["time_s"]], folder[f"fleet.{fleet}.hashing_count"][["time_s", "value"]], on="time_s")
    quarter, peak = (folder.means(power, 900.0), folder.means(alone, 900.0)), 17
    expected = {
        "bitcoin mined, net of the pool fee": paid
        * folder.product(f"fleet.{fleet}.hashrate_ph_s", "hashprice_usd_per_ph_day")
        / 24.0,
        "real time": -folder.product(fleet_power, "price_usd_per_mwh"),
        "delivery": -mwh * market["supply"]["delivery_usd_per_mwh"],
        "demand charge 2021-08": -(quarter[0].max() - quarter[1].max()) * 2.0 / 31.0 * 5.0e3,
        "operations": -mwh * COSTS["mining_opex_usd_per_mwh"],
        "starts of machines": 0.01 * asleep["value"].diff().clip(upper=0.0).sum(),
        "clock cycles of machines": -0.002 * float((rises.to_numpy()[1:] * hashing["value"].to_numpy()[1:]).sum()),
        "repairs of machines": -500.0 * (failed["value"].diff().clip(lower=0.0).sum() - at_start),
        "energy above the limit": -1000.0
        * (folder.energy_above(power, "limit_mw") - folder.energy_above(alone, "limit_mw")),
        "transmission of next year, on this run's peaks": -folder.means(fleet_power, HOUR_S)[peak]
        / 4.0
        * market["four_cp"]["rate_usd_per_kw_year"]
        * 1e3,
    }
    assert set(lines) == set(expected)
    for item, amount_usd in expected.items():
        assert lines[item] == pytest.approx(amount_usd, rel=1e-9), item


# -- what policies see and what is paid are two things -----------------------------------------------------


def test_policies_act_on_prices_of_dispatch_and_pay_what_is_settled(tmp_path):
    dispatch = [20.0, 20.0, 500.0, 20.0, 20.0, 20.0]
    rows = [f"{300 * place},{price}" for place, price in enumerate(dispatch)]
    (tmp_path / "sced.csv").write_text("\n".join(["t_s,price_usd_per_mwh", *rows, ""]))
    (tmp_path / "settled.csv").write_text("t_s,price_usd_per_mwh\n0,180\n900,20\n")
    seen = {"file": "sced.csv", "time_column": "t_s"}
    scenario = {
        "schema_version": 1, "name": "late", "start": "2026-01-01T00:00:00Z", "days": 1800.0 / 86_400.0,
        "interconnection": {"limit_mw": 20.0},
        "fleets": [{
            "name": "m", "type": "aggregate", "rated_mw": 10.0, "ramp_up_mw_per_s": 1e6,
            "ramp_down_mw_per_s": 1e6, "efficiency_j_per_th": 20.0,
        }],
        "policy": {"type": "price-threshold"},
        "market": {
            "power": {"type": "file", "file": "settled.csv", "time_column": "t_s", "indicative": seen},
            "bitcoin": {"type": "fixed", "hashprice_usd_per_ph_day": 50.0},
        },
    }  # fmt: skip
    recording = Campus(load_scenario(scenario, data=[tmp_path])).run()
    means_mw = recording["fleet_power_mw"].means_over(np.arange(0.0, 1801.0, 300.0))
    assert means_mw == pytest.approx([10.0, 10.0, 0.0, 10.0, 10.0, 10.0], abs=1e-3)
    assert recording["price_usd_per_mwh"].at(0.0) == 180.0


# -- the uplift, line by line ------------------------------------------------------------------------------


def mining_site(power, hashprice, start, days):
    """Return 100 MW of machines with nothing else, under the guard that every shipped scenario has."""
    return {
        "schema_version": 1, "name": "mine", "start": start, "days": days,
        "interconnection": {"limit_mw": 100.0},
        "fleets": [
            {"name": "m", "type": "cohort", "model": "antminer-s21", "rated_mw": 100.0, "breaker": {}}
        ],
        "policy": {"type": "price-guard", "inner": {"type": "always-on"}},
        "market": {
            "power": {"type": "file", **power},
            "bitcoin": {"type": "fixed", "hashprice_usd_per_ph_day": hashprice},
        },
    }  # fmt: skip


DAY_AHEAD = {"file": "ercot_dam_hourly_2021.csv.gz", "price_column": "da_hb_hubavg"}
REAL_TIME = {"file": REAL_TIME_2024, "price_column": "rt_usd_per_mwh"}


@pytest.mark.parametrize("hashprice", [35.0, 50.0, 80.0])
@pytest.mark.parametrize(
    ("power", "start", "days"),
    [
        (DAY_AHEAD, "2021-01-01T00:00:00-06:00", 365.0),
        pytest.param(REAL_TIME, "2024-01-01T00:00:00Z", 366.0, marks=needs(REAL_TIME_2024)),
    ],
    ids=["2021-day-ahead", "2024-real-time"],
)
def test_a_causal_policy_gets_nine_tenths_of_the_uplift_and_lines_say_where_the_rest_is(power, start, days, hashprice):
    scenario = load_scenario(mining_site(power, hashprice, start, days), data=[SCENARIOS / "data", DATA])
    result = run(scenario)
    found = against_foresight(result.recording, scenario, result.metrics, float("nan"))
    assert found["uplift_capture"] >= 0.97
    lines = {name: usd for name, usd in found.items() if name.startswith("gap_")}
    assert sum(lines.values()) == pytest.approx(found["bound_usd"] - found["objective_usd"], abs=1.0)
    assert lines["gap_late_price_usd"] == 0.0
    assert abs(lines["gap_rest_usd"]) < 1.0  # nothing is left unexplained
    assert min(lines[f"gap_{line}_usd"] for line in ("repair", "forecast", "latency", "standby")) > 0.0


# -- no default stack mines at a loss for longer than it must -----------------------------------------------

URI = ("start=2021-02-12T00:00:00-06:00", "days=9", f"market.power={DAY_AHEAD | {'type': 'file'}}")
MAY = ("start=2024-05-06T00:00:00-05:00", "days=7")


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("helios", URI),
        ("conversion", URI),
        ("bear-market", URI),
        pytest.param("helios-2024", MAY, marks=needs(REAL_TIME_2024)),
        # not rockdale-like: it sells reserves, for which machines must run
    ],
)
def test_no_default_stack_mines_at_a_loss_for_longer_than_prices_latency_and_ramps_take(name, changes):
    scenario = load_scenario(SCENARIOS / f"{name}.yaml", overrides=changes, data=[SCENARIOS / "data", DATA])
    recording = Campus(scenario).run()
    opex = scenario.costs.mining_opex_usd_per_mwh or 0.0
    earned = recording["hashprice_usd_per_ph_day"] * (recording.facts.accepted_fraction / 24.0)
    delay_s = getattr(scenario.market.power, "publication_delay_s", 0.0)
    for fleet in scenario.fleets:
        latency_s, _, down_mw_per_s, fall_s = fleet.response_times
        must_s = delay_s + scenario.controller.minimum_interval_s + latency_s + fall_s
        must_s += fleet.full_mw / down_mw_per_s + wrapper_ramp_s(scenario)
        standby, power = standby_mw(recording, fleet.name), recording[f"fleet.{fleet.name}.power_mw"]
        working = power if standby is None else power - standby
        hashes, ph_s_per_unit = hashrate_source(recording, fleet.name)
        lost_usd_per_h = (delivered_usd_per_mwh(recording) + opex) * working - earned * hashes * ph_s_per_unit
        spans_s = lost_usd_per_h.intervals_above(1e-3 * fleet.full_mw * recording["price_usd_per_mwh"].maximum())
        assert np.max(np.diff(spans_s), initial=0.0) <= must_s + 1.0, fleet.name


def wrapper_ramp_s(scenario):
    """Return how long the policies of a scenario take to bring its fleets down, in their own steps [s]."""
    policy, waits_s = scenario.policy, 0.0
    while policy is not None:
        rate = getattr(policy, "ramp_mw_per_min", None) or getattr(policy, "down_mw_per_min", None)
        if rate is not None:
            waits_s += 60.0 * sum(fleet.full_mw for fleet in scenario.fleets) / rate + 10.0
        policy = getattr(policy, "inner", None)
    return waits_s
