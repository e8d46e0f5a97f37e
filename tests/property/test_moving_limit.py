"""A limit that moves: never above it where it is told in time, and what it takes is what was told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from quick import run

from sim.market.moving_limit import STEP_S
from sim.metrics.curtailment import compliance
from sim.testing import a_scenario

AI_MW, RATED_MW, HIGHEST_MW = 60.0, 110.0, 170.0
HOUR_S = 3600.0
END_S = 9.6 * HOUR_S
FALL_S = 3.0 + RATED_MW / 5.0
"""What the fleet takes to fall from rated power: 3 s, then 5 MW/s."""
FLEET = {
    "name": "miners",
    "type": "aggregate",
    "rated_mw": RATED_MW,
    "ramp_up_mw_per_s": 1.0,
    "ramp_down_mw_per_s": 5.0,
    "latency_s": 3.0,
    "efficiency_j_per_th": 17.5,
}


@st.composite
def told(draw, ramps_mw_per_min):
    """Return stages, each told at least as long before it binds as the fleet needs, the first the highest."""
    stages, at_s = [{"at_s": 0.0, "limit_mw": HIGHEST_MW}], 1800.0
    for _ in range(draw(st.integers(1, 6))):
        at_s += draw(st.floats(60.0, 6000.0))
        stage = {"at_s": at_s, "limit_mw": draw(st.floats(AI_MW, HIGHEST_MW))}
        stage["notice_s"] = draw(st.floats(FALL_S, 7200.0))
        stages.append(stage | {"ramp_mw_per_min": draw(ramps_mw_per_min)})
    return stages


def site(stages, policy):
    with TemporaryDirectory() as folder:
        (Path(folder) / "load.csv").write_text(f"time_s,power_mw\n0,{AI_MW}\n")
        return run(
            a_scenario(
                Path(folder),
                days=END_S / 86_400.0,
                interconnection={"limit": {"type": "schedule", "stages": stages}},
                loads=[{"name": "ai", "type": "replay", "file": "load.csv"}],
                fleets=[FLEET],
                policy={"type": policy},
            )
        )


@pytest.mark.parametrize("policy", ["always-on", "follow-headroom", "hold-limit"])
@examples(25)
@given(stages=told(st.none()) | told(st.none() | st.floats(1.0, 250.0)))
def test_the_site_is_never_above_the_limit_in_force_and_a_ramps_allowance(policy, stages):
    # a limit on a ramp is told every 4 s; one that steps is never exceeded
    ramp_mw_per_min = max(stage.get("ramp_mw_per_min") or 0.0 for stage in stages)
    metrics = site(stages, policy).metrics
    assert metrics["exceedance_peak_mw"] <= ramp_mw_per_min / 60.0 * STEP_S
    if not ramp_mw_per_min:
        assert metrics["exceedance_count"] == metrics["limit_late_s"] == 0.0


@examples(25)
@given(stages=told(st.none()))
def test_curtailed_energy_is_what_the_instructions_took(stages):
    recording = (result := site(stages, "follow-headroom")).recording
    edges_s = [*(min(stage["at_s"], END_S) for stage in stages), END_S]
    taken_mwh = sum(
        (HIGHEST_MW - stage["limit_mw"]) * (until_s - from_s) / HOUR_S
        for stage, from_s, until_s in zip(stages, edges_s, edges_s[1:], strict=False)
    )
    assert result.metrics["curtailed_energy_mwh"] == pytest.approx(taken_mwh, abs=1e-6)
    for kind in ("month", "fleet"):
        rows = [row.curtailed_mwh for row in compliance(recording) if row.kind == kind]
        assert sum(rows) == pytest.approx(taken_mwh, abs=1e-6)


BY_MONTH = {1: 22, 2: 12, 6: 20, 7: 46, 8: 57, 9: 8, 12: 12}
"""Hours of a year in which a limit is lowered: 177 in all."""


def test_a_year_with_177_curtailed_hours_has_them_in_its_table_by_month(tmp_path):
    lines = ["time_utc,limit_mw"]
    for month, hours in BY_MONTH.items():
        first = datetime(2027, month, 1, 20, tzinfo=UTC)
        for hour in range(hours):  # one hour every twelve
            at = first + timedelta(hours=12 * hour)
            lines += [f"{at:%Y-%m-%dT%H:%MZ},150", f"{at + timedelta(hours=1):%Y-%m-%dT%H:%MZ},200"]
    (tmp_path / "told.csv").write_text("\n".join(lines) + "\n")
    limit = {"type": "file", "file": "told.csv", "highest_mw": 200.0, "notice_s": 600.0}
    scenario = a_scenario(
        tmp_path,
        start="2027-01-01T00:00:00+00:00",
        days=365.0,
        interconnection={"limit": limit},
        fleets=[FLEET | {"rated_mw": 180.0}],
    )
    result = run(scenario)
    assert result.metrics["curtailed_hours_h"] == pytest.approx(177.0)
    assert result.metrics["curtailed_energy_mwh"] == pytest.approx(177.0 * 30.0)  # 180 of 200 MW; 150 are left
    months = {int(row.name[5:]): row for row in compliance(result.recording) if row.kind == "month"}
    assert {month: row.lowered_h for month, row in months.items() if row.lowered_h} == pytest.approx(BY_MONTH)
    assert months[8].curtailed_mwh == pytest.approx(57.0 * 30.0)
    assert result.metrics["exceedance_s"] == 0.0
