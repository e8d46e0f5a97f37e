"""Common random numbers: policies that meet the same failures differ by their decisions alone."""

from pathlib import Path

import numpy as np
import pytest

from sim.study.compare import compare
from sim.study.paired import estimate, paired_difference

SCENARIO = """
schema_version: 1
name: failing
start: "2026-01-01T00:00:00-06:00"
days: 0.5
seed: 1
interconnection: {limit_mw: 200.0}
loads:
  - name: training
    type: training
    gpus: 48960
    gpus_per_node: 8
    power_mw: 90.0
    pue: 1.25
    checkpoint: {interval_min: 30.0, stall_median_s: 3.0, stall_sigma: 1.0}
    failures: {per_node_day: 0.0042}
    restart: {mean_min: 4.0, sigma: 0.5}
fleets:
  - name: miners
    type: aggregate
    rated_mw: 120.0
    minimum_mw: 0.0
    ramp_up_mw_per_s: 1.0
    ramp_down_mw_per_s: 5.0
    latency_s: 3.0
    efficiency_j_per_th: 17.5
"""


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    path: Path = tmp_path_factory.mktemp("failing") / "failing.yaml"
    path.write_text(SCENARIO)
    return compare(path, ["follow-headroom", "follow-headroom:margin_mw=5", "always-on"], 12)


def test_policies_meet_the_same_ai_power_whatever_they_do(comparison):
    energies = [comparison.values[policy]["ai_energy_mwh"] for policy in comparison.policies]

    assert np.array_equal(energies[0], energies[1])
    assert np.array_equal(energies[0], energies[2])
    assert len(set(energies[0])) == 12


def test_a_margin_s_cost_shows_in_paired_differences_where_unpaired_ones_hide_it(comparison):
    free = comparison.values["follow-headroom"]["soaked_energy_mwh"]
    kept = comparison.values["follow-headroom:margin_mw=5"]["soaked_energy_mwh"]
    paired = paired_difference(kept, free)
    # unpaired: the variances of independent samples add up (Welch; n - 1 degrees of freedom at the least)
    unpaired_half_width = np.hypot(estimate(kept).half_width, estimate(free).half_width)

    assert paired.mean < 0.0
    assert paired.half_width < 0.2 * unpaired_half_width
    assert paired.mean + paired.half_width < 0.0
