"""A run of a site behind a battery."""

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from quick import run

from sim.errors import InputError
from sim.metrics.ledger import ledger
from sim.recording import SIGNALS
from sim.report.build import write_report
from sim.report.chart_data import power_channels
from sim.result import read_result, write_result
from sim.testing import a_scenario

BATTERY = {"power_mw": 50.0, "energy_mwh": 6.0, "ramp_limit_mw_per_min": 10.0, "recharge_mw": 3.0}
ROWS = "0,150\n600,90\n1500,150\n4000,120\n4030,155\n"


def behind(folder, storage=BATTERY, rows=ROWS, **fields):
    (folder / "ai.csv").write_text("time_s,power_mw\n" + rows)
    load = {"name": "ai", "type": "replay", "file": "ai.csv"}
    return run(a_scenario(folder, loads=[load], **({"storage": storage, "days": 0.1} | fields)))


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return behind(tmp_path_factory.mktemp("scenario"))


def test_the_grid_sees_loads_fleets_and_battery(result):
    signals = result.recording.signals
    times_s = np.unique(np.concatenate([signal.time_s for signal in signals.values()]))
    parts = sum(signals[f"{name}_power_mw"].at(times_s) for name in ("ai", "fleet", "battery"))
    np.testing.assert_allclose(signals["site_power_mw"].at(times_s), parts, rtol=0.0, atol=1e-9)
    assert signals["battery_power_mw"].maximum() > 5.0
    assert result.metrics["rolling_range_60s_mw"] < result.metrics["rolling_range_60s_mw"].baseline + 10.1


def test_what_it_records_is_in_the_catalogue(result):
    names = {name for name in result.recording.signals if name.startswith("battery")}
    assert names == {info.name for info in SIGNALS if info.name.startswith("battery")}


def test_no_load_and_no_fleet_knows_of_it(tmp_path, result):
    bare = behind(tmp_path, storage=None)
    for name in ("ai_power_mw", "fleet_power_mw", "fleet_target_mw"):
        assert bare.recording[name].value.tolist() == result.recording[name].value.tolist()
    assert bare.metrics["mined_btc"] == result.metrics["mined_btc"]
    assert not [name for name in bare.metrics if name.startswith("battery")]


def test_without_mining_the_same_battery_is_alone_with_ai(tmp_path, result):
    alone = behind(tmp_path, fleets=[])
    for name, value in result.metrics.items():
        if value.baseline is not None:
            expected = pytest.approx(value.baseline, rel=1e-12, abs=1e-9, nan_ok=True)
            assert alone.metrics[name].value == expected, name
    compared = {name for name, value in result.metrics.items() if value.baseline is not None}
    assert {"battery_lost_mwh", "battery_wear_usd", "power_cost_usd", "ebitda_usd"} <= compared


@examples(25)
@given(
    st.lists(st.integers(20, 190), min_size=2, max_size=8),
    st.floats(0.3, 20.0),
    st.floats(0.6, 1.0),
    st.none() | st.floats(90.0, 180.0),
)
def test_energy_closes(tmp_path_factory, levels_mw, energy_mwh, efficiency, level_mw):
    rows = "".join(f"{700 * place},{power_mw}\n" for place, power_mw in enumerate(levels_mw))
    storage = BATTERY | {"energy_mwh": energy_mwh, "round_trip_efficiency_fraction": efficiency}
    folder = tmp_path_factory.mktemp("scenario")
    metrics = behind(folder, storage | {"shave_above_mw": level_mw}, rows, days=0.08).metrics

    assert metrics["energy_balance_error_mwh"] == pytest.approx(0.0, abs=1e-9)
    gained_mwh = metrics["battery_final_charge_mwh"] - 0.5 * energy_mwh
    left_mwh = metrics["battery_taken_mwh"] - metrics["battery_throughput_mwh"] - metrics["battery_lost_mwh"]
    assert left_mwh == pytest.approx(gained_mwh, abs=1e-9)
    loads_mwh = metrics["ai_energy_mwh"] + metrics["fleet_energy_mwh"]
    assert metrics["site_energy_mwh"] - loads_mwh == pytest.approx(metrics["battery_lost_mwh"] + gained_mwh, abs=1e-9)


def test_an_empty_battery_is_counted_as_such_and_a_full_one(tmp_path):
    metrics = behind(tmp_path, BATTERY | {"energy_mwh": 0.5, "recharge_mw": 0.0}, "0,150\n3600,90\n").metrics
    # the fall fills it; with no recharging it stays so
    assert metrics["battery_full_s"] > 4000.0
    assert metrics["battery_empty_s"] == 0.0
    assert metrics["battery_final_charge_mwh"] == pytest.approx(0.5)


def test_wear_and_energy_of_the_battery_are_the_sites(result):
    lines = {line.item: line for line in ledger(result.recording) if "battery" in line.item}
    metrics = result.metrics
    wear, power = lines["battery: wear"], lines["battery: real time"]
    assert {wear.segment, power.segment} == {"site"}
    assert -wear.amount_usd == pytest.approx(20.0 * metrics["battery_throughput_mwh"])
    assert metrics["battery_wear_usd"] == pytest.approx(-wear.amount_usd)
    drawn_mwh = metrics["battery_taken_mwh"] - metrics["battery_throughput_mwh"]
    assert power.quantity == pytest.approx(drawn_mwh, abs=1e-9)
    shares_usd = metrics["power_cost_ai_usd"] + metrics["power_cost_mining_usd"] - power.amount_usd
    assert shares_usd == pytest.approx(metrics["power_cost_usd"])
    mined_mwh = metrics["fleet_energy_mwh"].value
    fleets = [line for line in ledger(result.recording) if (line.segment, line.account) == ("mining", "power")]
    assert sum(line.quantity for line in fleets) == pytest.approx(mined_mwh)


def test_the_meter_of_the_demand_charge_stands_behind_it(tmp_path):
    market = {"demand_charge": {"usd_per_kw_month": 10.0}}
    fields = {"start": "2026-01-31T21:52:00-06:00", "days": 5 / 24}
    storage = BATTERY | {"shave_above_mw": 190.0, "energy_mwh": 200.0}
    found = behind(tmp_path, storage, market=market, policy={"type": "always-on"}, **fields)
    bare = behind(tmp_path, None, market=market, policy={"type": "always-on"}, **fields)
    logged = [event.value for event in found.recording.events if event.source == "meter"]
    assert logged == [pytest.approx(found.metrics["demand.2026-01.billing_peak_mw"].value, rel=1e-9)]
    assert logged[0] < bare.metrics["demand.2026-01.billing_peak_mw"] - 1.0


def test_the_meter_follows_the_charge_from_interval_to_interval(tmp_path):
    """The battery runs empty, so that the peak depends on all that it gave before."""
    market = {"demand_charge": {"usd_per_kw_month": 10.0}}
    fields = {"start": "2026-01-31T21:52:00-06:00", "days": 5 / 24}
    storage = BATTERY | {"shave_above_mw": 205.0, "energy_mwh": 28.0, "recharge_mw": 0.5}
    found = behind(tmp_path, storage, market=market, policy={"type": "always-on"}, **fields)
    (logged,) = (event.value for event in found.recording.events if event.source == "meter")
    peak_mw = found.metrics["demand.2026-01.billing_peak_mw"].value
    assert logged == pytest.approx(peak_mw, rel=1e-9)
    assert 205.5 < peak_mw < 214.9


def test_a_result_folder_and_its_page_show_it(tmp_path, result):
    write_result(result, tmp_path)
    stored = read_result(tmp_path)
    for name in ("battery_power_mw", "battery_charge_mwh", "battery_alone_power_mw", "site_power_mw"):
        assert stored.recording[name].value.tolist() == result.recording[name].value.tolist()
    write_report(tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "battery_full_cycles_count" in page
    assert "battery: wear" in page
    power = power_channels(stored.recording)
    assert power["drawn"].maximum() == pytest.approx(
        (result.recording["ai_power_mw"] + result.recording["fleet_power_mw"]).maximum()
    )


def test_with_an_exact_relay_it_is_refused(tmp_path):
    interconnection = {"limit_mw": 200.0, "trip": {}}
    with pytest.raises(InputError, match=r"storage and interconnection\.trip cannot go together"):
        behind(tmp_path, interconnection=interconnection)
