from datetime import UTC, datetime

import numpy as np
import pytest

from sim.errors import InputError
from sim.market.moving_limit import ContractLimit, FileLimit, LimitStage, ScheduledLimit
from sim.slip import Slip
from sim.span import Span
from sim.tables import Files
from sim.testing import a_scenario

END_S = 86_400.0


def span(start_utc_s):
    return Span(Files(()), start_utc_s, END_S)


def scheduled(*stages):
    return ScheduledLimit(stages=tuple(LimitStage(**stage) for stage in stages))


def test_each_stage_holds_until_the_next_binds():
    spec = scheduled({"at_s": 0.0, "limit_mw": 200.0}, {"at_s": 7200.0, "limit_mw": 150.0, "notice_s": 900.0})
    moving = spec.moving(span(0.0))
    assert [moving.in_force_mw.at(time_s) for time_s in (0.0, 7199.0, 7200.0, END_S - 1.0)] == [
        200.0,
        200.0,
        150.0,
        150.0,
    ]
    [change] = moving.changes
    assert (change.announced_at_s, change.binds_at_s, change.until_s) == (6300.0, 7200.0, END_S)


def test_an_allowed_ramp_is_part_of_the_limit():
    spec = scheduled({"at_s": 0.0, "limit_mw": 200.0}, {"at_s": 600.0, "limit_mw": 140.0, "ramp_mw_per_min": 10.0})
    limit = spec.moving(span(0.0)).in_force_mw
    assert limit.at(600.0) == 200.0
    assert limit.at(780.0) == pytest.approx(170.0)
    assert limit.at(960.0) == 140.0
    assert limit.integral_between(600.0, 960.0) == pytest.approx(170.0 * 360.0)


def test_a_ramp_that_the_next_stage_cuts_short_goes_on_from_where_it_is():
    spec = scheduled(
        {"at_s": 0.0, "limit_mw": 200.0},
        {"at_s": 600.0, "limit_mw": 140.0, "ramp_mw_per_min": 10.0},
        {"at_s": 720.0, "limit_mw": 200.0, "ramp_mw_per_min": 20.0},
    )
    limit = spec.moving(span(0.0)).in_force_mw
    assert limit.at(720.0) == pytest.approx(180.0)
    assert limit.at(780.0) == pytest.approx(200.0)


def test_dates_before_the_run_leave_the_last_level_of_them():
    spec = scheduled(
        {"at": datetime(2026, 1, 1, tzinfo=UTC), "limit_mw": 50.0},
        {"at": datetime(2026, 6, 1, tzinfo=UTC), "limit_mw": 100.0},
    )
    moving = spec.moving(span(1_780_272_000.0 + 86_400.0))  # a day after 2026-06-01
    assert moving.in_force_mw.at(0.0) == 100.0
    assert moving.changes == ()


def test_a_limit_is_needed_from_the_start_on():
    late = scheduled({"at_s": 5.0, "limit_mw": 200.0})
    with pytest.raises(ValueError, match=r"stages\.0 must not bind after the run's start"):
        late.moving(span(0.0))


def test_stages_come_in_order():
    spec = scheduled({"at_s": 0.0, "limit_mw": 2.0}, {"at_s": 50.0, "limit_mw": 1.0}, {"at_s": 50.0, "limit_mw": 2.0})
    with pytest.raises(ValueError, match=r"stages\.2 must bind after the stage before it; got 50 s .* not after 50 s"):
        spec.moving(span(0.0))


@pytest.mark.parametrize(
    ("stages", "fault"),
    [
        (
            [{"at_s": 0.0, "limit_mw": 2.0}, {"at_s": 0.0, "limit_mw": 1.0}],
            "interconnection.limit.stages.1 must",
        ),
        ([{"at": "2099-01-01T00:00:00Z", "limit_mw": 2.0}], "interconnection.limit.stages.0 must"),
    ],
)
def test_a_file_with_stages_that_do_not_fit_the_run_is_refused_when_it_is_loaded(stages, fault):
    with pytest.raises(InputError, match=fault):
        a_scenario(interconnection={"limit": {"type": "schedule", "stages": stages}})


def from_file(tmp_path, text, start=datetime(2026, 1, 1, tzinfo=UTC), **fields):
    (tmp_path / "told.csv").write_text(text)
    spec = FileLimit(type="file", file="told.csv", highest_mw=200.0, **fields)
    return spec.moving(Span(Files((tmp_path,)), start.timestamp(), END_S))


def test_dated_instructions_are_replayed(tmp_path):
    told = "time_utc,limit_mw,announced_utc\n2026-01-01T02:00Z,150,2026-01-01T01:45Z\n"
    told += "2026-01-01T03:00Z,120,2026-01-01T01:45Z\n2026-01-01T06:30Z,200,2026-01-01T06:30Z\n"
    moving = from_file(tmp_path, told, announced_column="announced_utc")
    hours = [moving.in_force_mw.at(3600.0 * hour) for hour in (0.0, 2.0, 2.9, 3.0, 6.5, 23.0)]
    assert hours == [200.0, 150.0, 150.0, 120.0, 200.0, 200.0]
    assert [change.announced_at_s for change in moving.changes] == [6300.0, 6300.0, 23_400.0]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            "2026-01-01T02:00Z,150,2026-01-01T02:10Z\n",
            "must not be after the time from which the level binds",
        ),
        ("2026-01-01T02:00Z,150,2026-01-01T01:00Z\n" * 2, "needs duplicates: refuse"),
    ],
)
def test_announcements_that_no_row_can_have_are_refused(tmp_path, rows, said):
    told = f"time_utc,limit_mw,announced_utc\n{rows}2026-01-01T06:00Z,200,2026-01-01T05:00Z\n"
    with pytest.raises(InputError, match=said):
        from_file(tmp_path, told, announced_column="announced_utc", duplicates="last")


def test_a_file_that_begins_before_the_run_leaves_what_it_said_last(tmp_path):
    told = "time_utc,limit_mw\n2025-12-31T02:00Z,150\n2026-01-01T03:00Z,150\n2026-01-01T04:00Z,180\n"
    moving = from_file(tmp_path, told, notice_s=60.0, ramp_mw_per_min=10.0)
    assert moving.in_force_mw.at(0.0) == 150.0
    assert moving.in_force_mw.at(4 * 3600.0 + 90.0) == pytest.approx(165.0)
    [change] = moving.changes  # the same level told twice is no change
    assert (change.announced_at_s, change.is_ramped) == (4 * 3600.0 - 60.0, True)


def test_an_instruction_above_what_the_connection_carries_names_its_row(tmp_path):
    told = "time_utc,limit_mw\n2026-01-01T02:00Z,150\n2026-01-01T03:00Z,250\n"
    with pytest.raises(InputError, match=r"told.csv:3.*limit_mw.*from 0 MW to highest_mw = 200 MW; got .250"):
        from_file(tmp_path, told)


def test_a_row_without_a_level_leaves_what_was_for_the_longest_gap_that_is_said(tmp_path):
    told = "time_utc,limit_mw\n2026-01-01T02:00Z,150\n2026-01-01T03:00Z,Bad\n2026-01-01T04:00Z,120\n"
    told += "2026-01-01T05:00Z,200\n"
    with pytest.raises(InputError, match=r"write missing: \[Bad\]; max_gap_s"):
        from_file(tmp_path, told)
    moving = from_file(tmp_path, told, missing=("Bad",), max_gap_s=3600.0)
    assert [moving.in_force_mw.at(3600.0 * hour) for hour in (1.0, 3.0, 4.0, 5.0)] == [
        200.0,
        150.0,
        120.0,
        200.0,
    ]
    with pytest.raises(InputError, match="longer than max_gap_s of 600 s"):
        from_file(tmp_path, told, missing=("Bad",), max_gap_s=600.0)


def test_a_file_that_is_not_there_is_refused_before_the_run(tmp_path):
    limit = {"type": "file", "file": "none.csv", "highest_mw": 200.0}
    with pytest.raises(InputError, match=r"none\.csv"):
        a_scenario(tmp_path, interconnection={"limit": limit}).check_files()


def test_stages_slip_by_what_the_seed_draws_and_keep_their_order():
    stages = [{"at_s": 0.0, "limit_mw": 50.0}]
    stages += [{"at_s": day * 86_400.0, "limit_mw": 100.0 * day} for day in (1.0, 2.0)]
    spec = scheduled(*stages).model_copy(update={"slip": Slip(median_d=30.0, sigma=0.8)})
    times = []
    for seed in range(400):
        run = Span(Files(()), 0.0, 3660.0 * 86_400.0, seed)
        first, second = (change.binds_at_s / 86_400.0 for change in spec.moving(run).changes)
        assert second >= first > 1.0
        times.append(first - 1.0)
    assert np.median(times) == pytest.approx(30.0, rel=0.1)
    assert spec.moving(run).changes == spec.moving(run).changes


def test_a_call_of_a_part_takes_that_part_of_what_is_not_firm():
    calls = {"yearly_calls_count": 10_000.0, "event_h": 2.0, "depth_fraction": 0.25, "time_zone": "UTC"}
    limit = ContractLimit.model_validate(
        {
            "type": "contract",
            "contract": "spp-chills",
            "firm_mw": 80.0,
            "highest_mw": 200.0,
            "calls": {"type": "calendar", **calls},
        }
    )
    in_force_mw = limit.moving(span(0.0)).in_force_mw
    assert (in_force_mw.minimum(), in_force_mw.maximum()) == (170.0, 200.0)
