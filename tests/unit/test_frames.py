"""The Python surface: what a run left as tables, and scenarios that are no file."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

import sim
from sim.errors import InputError
from sim.testing import a_scenario

ROOT = Path(__file__).parents[2]
REPLAY_DAY = ROOT / "scenarios" / "replay-day.yaml"


@pytest.fixture(scope="module")
def result():
    return sim.run(sim.load_scenario(REPLAY_DAY))


def test_the_public_names_are_listed():
    names = {"Result", "Scenario", "Signal", "compare", "load_scenario", "read_result", "run", "sweep"}
    assert names <= set(dir(sim))
    assert all(callable(getattr(sim, name)) for name in names)


def test_neither_pandas_nor_plotting_is_imported_by_a_run():
    code = (
        "import sys, sim; sim.run(sim.load_scenario('scenarios/replay-day.yaml', overrides={'days': 0.1}));"
        "import sim.report.build;"
        "print([name for name in ('pandas', 'matplotlib', 'plotly', 'scipy') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_metrics_are_a_table_with_units(result):
    frame = result.metrics.to_frame()

    assert frame.loc["exceedance_s", "value"] == pytest.approx(46.0)
    assert frame.loc["exceedance_s", "baseline"] == 0.0
    assert frame.attrs["units"]["site_peak_mw"] == "MW"
    assert list(frame.index) == list(result.metrics)


def test_means_over_intervals_are_exact_and_their_sum_is_the_energy(result):
    frame = result.signals.to_frame("7min")

    assert frame.index[0] == pd.Timestamp("2026-01-01T00:00:00-06:00")
    hours = [7.0 / 60.0] * (len(frame) - 1) + [24.0 - (len(frame) - 1) * 7.0 / 60.0]
    energy_mwh = float((frame["site_power_mw"] * hours).sum())
    assert energy_mwh == pytest.approx(float(result.metrics["site_energy_mwh"]), rel=1e-12)
    assert frame.attrs["units"]["price_usd_per_mwh"] == "USD/MWh"


def test_without_an_interval_there_is_a_row_for_every_breakpoint(result):
    frame = result.signals.to_frame(names=["ai_power_mw"])

    signal = result.recording["ai_power_mw"]
    assert frame["ai_power_mw"].to_list() == signal.value.tolist()
    assert (frame.index[1] - frame.index[0]).total_seconds() == pytest.approx(signal.time_s[1])


@pytest.mark.parametrize("freq", ["", "0min", "-1h", "month", "3 apples"])
def test_an_interval_that_is_none_is_refused(result, freq):
    with pytest.raises(InputError, match="must be a length of time above 0"):
        result.signals.to_frame(freq)


def test_a_signal_that_is_none_is_refused(result):
    with pytest.raises(InputError, match="no such signal: 'site_power'"):
        result.signals.to_frame(names=["site_power"])


def test_events_and_ledger_are_tables(result):
    events, ledger = result.events.to_frame(), result.ledger.to_frame()

    assert len(events) == len(result.recording.events)
    assert {"time_s", "source", "kind", "value"} == set(events.columns)
    power_usd = ledger.loc[ledger["account"] == "power", "amount_usd"].sum()
    assert power_usd == pytest.approx(-float(result.metrics["power_cost_usd"]), rel=1e-12)


def test_a_result_says_what_it_is_in_a_line_and_a_notebook_shows_escaped_text(result):
    assert len(repr(result)) < 200
    assert "replay-day" in repr(result)
    for one in (result, result.metrics, result.signals):
        assert one._repr_html_().count("<tr>") > 5
    hostile = sim.run(a_scenario(days=0.01, name="a"))
    assert "<script" not in hostile._repr_html_()


def test_a_scenario_may_be_plain_data_and_be_compared():
    content = {
        "schema_version": 1,
        "name": "from-python",
        "start": "2026-01-01T00:00:00-06:00",
        "days": 0.1,
        "interconnection": {"limit_mw": 50.0},
        "fleets": [
            {
                "name": "miners",
                "type": "aggregate",
                "rated_mw": 10.0,
                "efficiency_j_per_th": 20.0,
                "ramp_up_mw_per_s": 1.0,
                "ramp_down_mw_per_s": 1.0,
            }
        ],
    }
    scenario = sim.load_scenario(content, overrides={"days": 0.05})
    assert scenario.days == 0.05

    of_data = sim.compare(content, ["mining-off", "always-on"])
    loaded = sim.compare(sim.load_scenario(content), ["mining-off", "always-on"])
    frame = of_data.to_frame()
    assert set(frame["policy"]) == {"mining-off", "always-on", "as-shipped"}
    assert frame.equals(loaded.to_frame())
    assert "from-python" in repr(of_data)


def test_a_loaded_scenario_is_compared_with_its_data_files():
    found = sim.compare(sim.load_scenario(REPLAY_DAY, overrides={"days": 0.1}), ["follow-headroom"])
    of_file = sim.compare(REPLAY_DAY, ["follow-headroom"], overrides={"days": 0.1})

    assert found.to_frame().equals(of_file.to_frame())


def test_a_result_draws_every_corner_of_site_and_ai_power_under_the_limit(result):
    axes = Figure().subplots()
    assert result.plot(axes) is axes

    drawn = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
    assert list(drawn) == ["AI", "site", "limit"]
    site = result.signals["site_power_mw"]
    assert (drawn["site"].min(), drawn["site"].max()) == (site.minimum(), site.maximum())
    assert axes.get_ylabel() == "MW"


def test_a_signal_is_drawn_with_its_jumps_upright():
    axes = sim.Signal.linear([0.0, 3600.0], [0.0, 4.0], end_s=3600.0).plot(Figure().subplots())
    stepped = sim.Signal.steps([0.0, 1800.0], [1.0, 5.0], end_s=3600.0).plot(axes, color="red")

    assert [line.get_xydata().tolist() for line in stepped.get_lines()] == [
        [[0.0, 0.0], [1.0, 4.0]],
        [[0.0, 1.0], [0.5, 1.0], [0.5, 5.0], [1.0, 5.0]],
    ]


def test_what_stands_in_a_prompt_is_one_line(result):
    assert repr(result.scenario) == (
        "Scenario(replay-day: 1 day from 2026-01-01T00:00:00-06:00, seed 1, policy follow-headroom)"
    )
    assert repr(sim.Signal.constant(2.0, 60.0)) == "Signal(1 breakpoints, 0 to 60 s, 2 to 2)"
