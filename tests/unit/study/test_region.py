"""Regions: exact sums of many sites, whatever the span that they are made in, and what a bad file says."""

from itertools import pairwise
from pathlib import Path

import pytest

from sim.engine.campus import Campus
from sim.errors import InputError
from sim.signals import total
from sim.study import region as module
from sim.study.region import load_region, simulate

SHIPPED = Path(__file__).parents[3] / "scenarios" / "regions" / "small-region.yaml"
SMALL = """
schema_version: 1
name: pair
days: 0.5
seed: 3
sites:
  - {name: jobs, scenario: rivals, count: 2}
  - name: chat
    scenario: inference-mature
    count: 2
    dealt: {loads.chat.time_zone: [America/New_York, America/Los_Angeles]}
fault: {type: voltage-sag, at_s: 20000.0, depth_pu: 0.4, duration_s: 0.1}
growth: {first_year: 2024, first_mw: 21000.0, last_year: 2030, last_mw: 45000.0}
"""


@pytest.fixture
def written(tmp_path):
    def write(text=SMALL):
        path = tmp_path / "region.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_sum_is_that_of_the_sites_run_one_by_one(written, tmp_path):
    region = load_region(written())
    found = simulate(region, tmp_path / "region")

    runs = [Campus(task.resolved()).run() for task in region.tasks]
    site = total([run["site_power_mw"] for run in runs])
    ai = total([run["ai_power_mw"] for run in runs])
    metrics = found["metrics"]
    assert metrics["energy_mwh"]["value"] == pytest.approx(site.integral() / 3600.0, rel=1e-12)
    assert metrics["energy_mwh"]["baseline"] == pytest.approx(ai.integral() / 3600.0, rel=1e-12)
    assert metrics["peak_mw"]["value"] == pytest.approx(site.maximum(), rel=1e-12)
    assert metrics["lowest_mw"]["baseline"] == pytest.approx(ai.minimum(), rel=1e-12)
    for window_s in (5.0, 60.0, 600.0):
        change = site.net_change(window_s)
        up = metrics[f"net_ramp_up_{window_s:.0f}s_mw_per_min"]["value"] * window_s / 60.0
        assert up == pytest.approx(change.maximum(), rel=1e-9)
        down = metrics[f"net_ramp_down_{window_s:.0f}s_mw_per_min"]["value"] * window_s / 60.0
        assert down == pytest.approx(-change.minimum(), rel=1e-9)
    assert metrics["sum_of_peaks_mw"]["value"] == pytest.approx(sum(run["site_power_mw"].maximum() for run in runs))
    assert metrics["miners_mean_mw"]["value"] == pytest.approx(
        metrics["mean_mw"]["value"] - metrics["mean_mw"]["baseline"]
    )


def test_spans_of_another_length_change_nothing(written, tmp_path, monkeypatch):
    region = load_region(written())
    before = simulate(region, tmp_path / "region")
    monkeypatch.setattr(module, "SPAN_S", 1000.0)
    monkeypatch.setattr(module, "perform_site", print)  # sites that are done are not run again

    after = simulate(region, tmp_path / "region")

    for name, entry in before["metrics"].items():
        assert after["metrics"][name]["value"] == pytest.approx(entry["value"], rel=1e-4), name


def test_each_site_has_a_seed_of_its_own_values_dealt_in_turn_and_the_fault(written):
    tasks = load_region(written()).tasks
    assert [task.scenario["seed"] for task in tasks] == [3, 4, 5, 6]
    assert [task.scenario["loads"][0]["time_zone"] for task in tasks[2:]] == ["America/New_York", "America/Los_Angeles"]
    assert all(task.scenario["events"][-1]["at_s"] == 20_000.0 for task in tasks)
    assert len({task.key for task in tasks}) == 4


def test_growth_goes_from_the_first_year_to_the_last(written, tmp_path):
    rows = simulate(load_region(written()), tmp_path / "region")["growth"]
    assert [row["year"] for row in rows] == list(range(2024, 2031))
    assert rows[0]["ai_mean_mw"] == pytest.approx(21_000.0)
    assert rows[-1]["ai_mean_mw"] == pytest.approx(45_000.0)
    assert all(row["ramp_at_least_mw_per_min"] <= row["ramp_at_most_mw_per_min"] for row in rows)
    ratios = [later["peak_mw"] / row["peak_mw"] for row, later in pairwise(rows)]
    assert ratios == pytest.approx([(45.0 / 21.0) ** (1.0 / 6.0)] * 6)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("count: 2}", "count: 0}", "sites.0.count"),
        ("scenario: rivals", "scenario: rabbits", "no such file: rabbits"),
        ("name: chat", "name: jobs", "a name of its own"),
        ("at_s: 20000.0", "at_s: 90000.0", "fault needs at_s within"),
        ("loads.chat.time_zone", "loads.chat.time_zones", "time_zones"),
        ("America/New_York", "America/Nowhere", "America/Nowhere"),
        ("last_year: 2030", "last_year: 2024", "last_year"),
        ("seed: 3", "seeds: 3", "seeds"),
    ],
)
def test_what_is_wrong_is_named(written, old, new, fault):
    with pytest.raises(InputError) as caught:
        load_region(written(SMALL.replace(old, new)))
    assert fault in str(caught.value)


def test_the_shipped_region_is_well_described():
    region = load_region(SHIPPED)
    assert len(region.tasks) == sum(kind.count for kind in region.spec.sites) == 10
