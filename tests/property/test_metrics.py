"""Metamorphic laws: what must become of the metrics when a scenario is changed in a known way."""

from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from quick import run

from sim.metrics import CATALOGUE
from sim.metrics.dips import dips
from sim.signals import Signal
from sim.testing import a_scenario

LAW = examples(25)
START = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
END_S = 2700.0
MONEY = ("power_cost_usd", "fleet_power_cost_usd", "power_cost_ai_usd", "power_cost_mining_usd")
EARNINGS = (
    "mining_margin_usd",
    "ebitda_mining_usd",
    "ebitda_mining_usd_per_year",
    "incremental_ebitda_usd",
    "mined_above_breakeven_usd",
    "standby_cost_usd",
)
# how long the site is above its limit: from a tolerance in MW on
LONG_ABOVE = tuple(m.name for m in CATALOGUE if m.unit == "s" and m.name.startswith(("exceedance", "limit_broken")))
WORK = ("event_count", "settle_count", "decision_count")
POWERS = tuple(m.name for m in CATALOGUE if m.unit in {"MW", "MWh", "MW/min", "MW/s"} and not m.needs)
SCALED = (
    *POWERS,
    *MONEY,
    *EARNINGS,
    "mining_revenue_usd",
    "mined_btc",
)


@st.composite
def sites(draw):
    count = draw(st.integers(1, 2))
    gaps = st.lists(st.integers(1, 2400).map(lambda quarters: quarters / 4.0), max_size=8)
    loads = []
    for _ in range(count):
        times = [0.0]
        for gap_s in draw(gaps):
            times.append(times[-1] + gap_s)
        loads.append([(time_s, float(draw(st.integers(0, 220)))) for time_s in times if time_s < END_S])
    fleets = []
    for number in range(draw(st.integers(1, 2))):
        rated = float(draw(st.integers(4, 120)))
        fleets.append(
            {
                "name": f"f{number}",
                "type": "aggregate",
                "rated_mw": rated,
                "minimum_mw": rated * draw(st.sampled_from([0.0, 0.25])),
                "ramp_up_mw_per_s": draw(st.sampled_from([0.125, 0.3, 1.0, 4.0])),
                "ramp_down_mw_per_s": draw(st.sampled_from([0.125, 0.7, 5.0])),
                "latency_s": draw(st.sampled_from([0.0, 3.0, 45.0])),
                "efficiency_j_per_th": float(draw(st.integers(10, 40))),
            }
        )
    return {
        "loads": loads,
        "fleets": fleets,
        "limit_mw": 200.0,
        "margin_mw": 0.0,
        "controller": {
            "telemetry_delay_s": draw(st.sampled_from([0.0, 2.0])),
            "minimum_interval_s": draw(st.sampled_from([0.0, 4.0])),
        },
        "prices": [float(draw(st.integers(-20, 120))) for _ in range(4)],
        "start": START,
    }


@contextmanager
def scenario_of(site):
    with TemporaryDirectory() as name:
        folder = Path(name)
        loads = []
        for number, rows in enumerate(site["loads"]):
            text = "".join(f"{time_s!r},{power_mw!r}\n" for time_s, power_mw in rows)
            (folder / f"{number}.csv").write_text("time_s,power_mw\n" + text)
            loads.append({"name": f"l{number}", "type": "replay", "file": f"{number}.csv"})
        times = [site["start"] + timedelta(minutes=15 * number) for number in range(len(site["prices"]))]
        rows = [f"{time.isoformat()},{price!r}\n" for time, price in zip(times, site["prices"], strict=True)]
        (folder / "prices.csv").write_text("time_utc,usd_per_mwh\n" + "".join(rows))
        yield a_scenario(
            folder,
            loads=loads,
            fleets=site["fleets"],
            limit_mw=site["limit_mw"],
            days=END_S / 86_400.0,
            start=site["start"].isoformat(),
            controller=site["controller"],
            policy=site.get("policy", {"type": "follow-headroom", "margin_mw": site["margin_mw"]}),
            market={"power": {"type": "file", "file": "prices.csv"}},
        )


def measured(site):
    with scenario_of(site) as scenario:
        return run(scenario).metrics


def assert_same(found, expected, *, but=(), rel=1e-9):
    for name, value in expected.items():
        if name not in but:
            assert found[name].value == pytest.approx(value.value, rel=rel, abs=1e-7, nan_ok=True), name


@LAW
@given(sites())
def test_double_prices_double_what_power_costs_and_nothing_else(site):
    once, twice = measured(site), measured(site | {"prices": [2.0 * price for price in site["prices"]]})
    for name in MONEY:
        assert twice[name].value == pytest.approx(2.0 * once[name].value, rel=1e-12, abs=1e-9)
        if once[name].baseline is not None:
            assert twice[name].baseline == pytest.approx(2.0 * once[name].baseline, rel=1e-12, abs=1e-9)
    assert_same(twice, once, but=(*MONEY, *EARNINGS, "marginal_margin_usd_per_mw_year"), rel=1e-15)


@LAW
@given(sites(), st.sampled_from([0.5, 2.0, 8.0]))
def test_all_megawatts_scaled_scale_power_energy_and_money_and_leave_times_alone(site, factor):
    def scaled(entry, keys):
        return entry | {key: factor * entry[key] for key in keys}

    ramps = ("rated_mw", "minimum_mw", "ramp_up_mw_per_s", "ramp_down_mw_per_s")
    other = site | {
        "loads": [[(time_s, factor * mw) for time_s, mw in rows] for rows in site["loads"]],
        "fleets": [scaled(fleet, ramps) for fleet in site["fleets"]],
        "limit_mw": factor * site["limit_mw"],
    }
    small, large = measured(site), measured(other)
    for name in SCALED:
        assert large[name].value == pytest.approx(factor * small[name].value, rel=1e-9, abs=1e-7, nan_ok=True), name
    of_fleets = [name for name in small if name.startswith("fleet.") and name.endswith(".energy_mwh")]
    for name in of_fleets:
        assert large[name].value == pytest.approx(factor * small[name].value, rel=1e-9, abs=1e-7), name
    # the watt up to which an excess counts as rounding is not scaled
    assert_same(large, small, but=(*SCALED, *of_fleets, *LONG_ABOVE))
    assert large["exceedance_s"].value == pytest.approx(small["exceedance_s"].value, abs=1e-3)


@LAW
@given(sites(), st.sampled_from([timedelta(hours=5, minutes=30), timedelta(days=200), timedelta(days=-3653)]))
def test_another_start_changes_nothing_where_prices_move_with_it(site, by):
    assert_same(measured(site | {"start": START + by}), measured(site), rel=1e-15)


@LAW
@given(sites(), st.integers(1, 10_000))
def test_a_row_that_repeats_the_power_changes_nothing_but_the_work(site, quarters):
    time_s = quarters * END_S / 10_001.0
    rows = site["loads"][0]
    power_mw = [mw for since_s, mw in rows if since_s <= time_s][-1]
    split = sorted((dict(rows) | {time_s: power_mw}).items())
    other = site | {"loads": [split, *site["loads"][1:]]}
    one, two = measured(site), measured(other)
    assert_same(two, one, but=WORK)
    assert two["decision_count"] == one["decision_count"]
    assert two["settle_count"].value - one["settle_count"].value in {0.0, 1.0}


@LAW
@given(sites())
def test_without_mining_means_what_a_run_without_fleets_gives(site):
    mining, none = measured(site), measured(site | {"fleets": []})
    compared = {name: value for name, value in mining.items() if value.baseline is not None}
    assert len(compared) >= 16
    for name, value in compared.items():
        assert none[name].value == pytest.approx(value.baseline, rel=1e-12, abs=1e-9, nan_ok=True), name
    assert none["ai_energy_mwh"] == mining["ai_energy_mwh"]


@LAW
@given(sites())
def test_one_load_split_into_two_halves_is_the_same_site(site):
    halves = [[(time_s, mw / 2.0) for time_s, mw in rows] for rows in site["loads"] for _ in range(2)]
    assert_same(measured(site | {"loads": halves}), measured(site), but=("event_count",))


@LAW
@given(sites(), st.integers(0, 40))
def test_a_margin_is_a_lower_limit_to_the_fleets_alone(site, margin):
    with_margin = measured(site | {"margin_mw": float(margin)})
    lower = measured(site | {"limit_mw": 200.0 - margin})
    for name in ("fleet_energy_mwh", "site_energy_mwh", "site_peak_mw", "power_cost_usd", "decision_count"):
        assert with_margin[name].value == pytest.approx(lower[name].value, rel=1e-9, abs=1e-9), name


@LAW
@given(sites())
def test_energy_is_shared_between_soaked_idle_and_excess(site):
    metrics = measured(site)
    # what miners draw beyond the idle power lies above the limit, where AI alone does not exceed it
    over_mwh = metrics["fleet_energy_mwh"] - metrics["soaked_energy_mwh"]
    above_mwh = metrics["exceedance_mwh"] - metrics["exceedance_mwh"].baseline
    assert over_mwh == pytest.approx(above_mwh, rel=1e-9, abs=1e-8)
    assert metrics["soaked_energy_mwh"] <= metrics["idle_energy_mwh"] + 1e-9
    assert metrics["mining_margin_usd"].value == pytest.approx(
        metrics["mining_revenue_usd"] - metrics["fleet_power_cost_usd"], rel=1e-12, abs=1e-9
    )


@LAW
@given(sites(), st.sampled_from(["mining-off", "always-on"]))
def test_policies_at_the_ends_of_the_range_hold_the_fleets_there(site, policy):
    metrics = measured(site | {"policy": {"type": policy}})
    bound = "minimum_mw" if policy == "mining-off" else "rated_mw"
    level_mw = sum(fleet[bound] for fleet in site["fleets"])
    assert metrics["fleet_energy_mwh"] == pytest.approx(level_mw * END_S / 3600.0, rel=1e-12)
    assert metrics["fleet_cycle_count"] == 0.0


# -- dips against a walk from second to second ------------------------------------------------------------

DEPTH_MW, EDGE_S, LONGEST_S = 10.0, 60, 400


def walked(levels):
    """Return start, end, level before, lowest and energy of each dip of a power given by the second."""
    highest = [max(levels[max(0, second - EDGE_S) : second + 1]) for second in range(len(levels))]
    low = [high - level > DEPTH_MW for high, level in zip(highest, levels, strict=True)]
    found, free_from = [], 0
    for start in range(1, len(levels)):
        if low[start] and not low[start - 1] and start >= free_from:
            level = highest[start] - DEPTH_MW
            latest = min(start + LONGEST_S, len(levels))
            end = next((second for second in range(start + 1, latest) if levels[second] >= level), latest)
            missed = sum(highest[start] - mw for mw in levels[start:end]) / 3600.0
            found.append((start, end, highest[start], min(levels[start:end]), missed))
            free_from = end
    return found


@examples(150)
@given(
    st.lists(
        st.tuples(st.integers(1, 90), st.integers(0, 12).map(lambda steps: 5.0 * steps)),
        min_size=1,
        max_size=25,
    )
)
def test_dips_are_those_that_a_walk_from_second_to_second_finds(pieces):
    levels = [mw for seconds, mw in pieces for _ in range(seconds)]
    starts_s = [sum(seconds for seconds, _ in pieces[:number]) for number in range(len(pieces))]
    power = Signal.steps(starts_s, [mw for _, mw in pieces], float(len(levels)))
    found = dips(power, DEPTH_MW, EDGE_S, LONGEST_S)
    assert [(d.start_s, d.end_s, d.reference_mw, d.lowest_mw) for d in found] == [dip[:4] for dip in walked(levels)]
    assert [d.energy_mwh for d in found] == pytest.approx([dip[4] for dip in walked(levels)], rel=1e-9)
