from pathlib import Path

import pytest

SCENARIO = """
schema_version: 1
name: noisy
start: "2026-01-01T00:00:00-06:00"
days: 0.25
seed: 7
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
policy: {type: follow-headroom, margin_mw: 4.0}
market:
  power: {type: fixed, price_usd_per_mwh: 40.0}
  bitcoin: {type: fixed, hashprice_usd_per_ph_day: 50.0}
"""
"""A training job with failures at random times: two seeds differ."""


class Desk:
    """A folder of scenarios with a folder of studies in it, and files to come."""

    def __init__(self, folder: Path) -> None:
        self.scenarios = folder / "scenarios"
        self.studies = self.scenarios / "studies"
        self.studies.mkdir(parents=True)
        self.scenario = self.scenarios / "noisy.yaml"
        self.scenario.write_text(SCENARIO)
        self.out = folder / "out"

    def study(self, text: str, name: str = "try") -> Path:
        path = self.studies / f"{name}.yaml"
        path.write_text(f"schema_version: 1\nname: {name}\n{text}")
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
