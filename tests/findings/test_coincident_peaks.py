"""What a forecast of the system's load is worth to who avoids its peaks: ERCOT, five summers."""

from functools import cache
from pathlib import Path

import pytest
from added import added
from quick import run

from sim.testing import a_scenario

DATA = Path(__file__).parents[3] / "shared" / "data"
LOAD = "ercot_system_gen_hourly_2020_2024.csv.gz"
YEARS = range(2020, 2025)

pytestmark = pytest.mark.skipif(not (DATA / LOAD).is_file(), reason=f"needs {LOAD} in ../shared/data")


@cache
def summers(kind, error, alpha, window_h):
    """Return peaks avoided of twenty, mean power at them [MW], and hours of false alarm a summer."""
    forecast = {"type": kind} | ({"error_1h_fraction": error} if kind == "noisy" else {})
    load = {"file": LOAD, "load_column": "gen_total_mw"}
    market = {"four_cp": {"system_load": load, "previous_average_mw": 0.0}}
    if kind:
        market["forecasts"] = {"system_load": forecast}
    policy = {"type": "four-cp", "alpha_fraction": alpha, "window_h": window_h}
    found = []
    for year in YEARS:
        start = f"{year}-06-01T00:00:00-05:00"
        found.append(run(a_scenario(DATA, start=start, days=122.0, market=market, policy=policy)).metrics)
    demands_mw = [
        metrics[f"four_cp.{year}-{month:02}.demand_mw"]
        for year, metrics in zip(YEARS, found, strict=True)
        for month in (6, 7, 8, 9)
    ]
    return (
        sum(metrics["four_cp_avoided_count"] for metrics in found),
        sum(demands_mw) / len(demands_mw),
        sum(metrics["four_cp_false_alarm_h"] for metrics in found) / len(found),
    )


@pytest.mark.parametrize(
    ("row", "avoided", "mean_mw", "false_alarm_h"),
    [
        (("", 0.0, 0.97, 1.0), 19, 3.0, 196.2),
        pytest.param(("", 0.0, 1.0, 1.0), 12, 24.0, 57.0, marks=pytest.mark.slow),
        pytest.param(("persistence", 0.0, 0.97, 1.0), 19, 3.0, 182.0, marks=pytest.mark.slow),
        pytest.param(("persistence", 0.0, 1.0, 1.0), 16, 12.0, 51.6, marks=pytest.mark.slow),
        (("noisy", 0.0, 1.0, 1.0), 19, 3.0, 43.4),
        pytest.param(("noisy", 0.01, 0.97, 1.0), 16, 12.0, 178.4, marks=pytest.mark.slow),
        pytest.param(("noisy", 0.01, 0.97, 2.0), 19, 3.0, 201.4, marks=pytest.mark.slow),
    ],
)
def test_the_table_of_the_policy_is_what_a_run_gives(row, avoided, mean_mw, false_alarm_h):
    found = summers(*row)
    assert found[0] == avoided
    assert found[1] == pytest.approx(mean_mw, abs=0.1)
    assert found[2] == pytest.approx(false_alarm_h, abs=0.5)


@pytest.mark.slow
def test_persistence_of_the_day_before_avoids_as_many_peaks_in_fewer_hours():
    plain, forecast = summers("", 0.0, 0.97, 1.0), summers("persistence", 0.0, 0.97, 1.0)
    assert forecast[0] == plain[0]
    assert forecast[2] < 0.95 * plain[2]


def test_a_good_forecast_allows_a_strict_rule_that_needs_a_quarter_of_the_hours():
    strict, plain = summers("noisy", 0.0, 1.0, 1.0), summers("", 0.0, 0.97, 1.0)
    assert strict[0] == plain[0]
    assert strict[2] < 0.25 * plain[2]


@pytest.mark.slow
def test_a_window_narrower_than_the_error_misses_peaks_that_the_plain_rule_does_not():
    narrow, wide = summers("noisy", 0.01, 0.97, 1.0), summers("noisy", 0.01, 0.97, 2.0)
    assert narrow[0] < summers("", 0.0, 0.97, 1.0)[0] <= wide[0]


@pytest.mark.slow
def test_planning_with_coincident_peaks_keeps_off_all_four_and_is_worth_their_charge():
    """A summer of plans: what the peaks cost without, what keeping off costs in mining with them."""
    load = {"file": LOAD, "load_column": "gen_total_mw"}
    market = {
        "four_cp": {"system_load": load, "previous_average_mw": 0.0},
        "forecasts": {"system_load": {"type": "persistence"}},
    }
    plain, planned = (
        added(
            run(
                a_scenario(
                    DATA,
                    start="2024-06-01T00:00:00-05:00",
                    days=122.0,
                    market=market,
                    policy={"type": "mpc", "interval_min": 15.0, "counts_peaks": counts},
                )
            ).recording
        )
        for counts in (False, True)
    )
    assert plain.peaks_usd == pytest.approx(60.0 * 65_000.0)
    assert planned.peaks_usd == pytest.approx(0.0, abs=100.0)
    assert planned.objective_usd - plain.objective_usd == pytest.approx(2.7e6, rel=0.05)
