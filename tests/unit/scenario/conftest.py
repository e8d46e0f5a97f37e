from pathlib import Path

import pytest

HELIOS = """\
schema_version: 1
name: helios
start: 2026-01-01T00:00:00-06:00
days: 1
interconnection: {limit_mw: 200}
loads:
  - name: trace
    type: replay
    file: trace.csv
fleets:
  - name: miners
    type: aggregate
    rated_mw: 60
    ramp_up_mw_per_s: 1
    ramp_down_mw_per_s: 2
    efficiency_j_per_th: 20
policy: {type: follow-headroom}
"""

TRACE = "time_s,power_mw\n0,100\n3600,50\n7200,80\n"


@pytest.fixture
def helios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small whole scenario and its data file, in the folder that we stand in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "helios.yaml").write_text(HELIOS)
    (tmp_path / "trace.csv").write_text(TRACE)
    return Path("helios.yaml")
