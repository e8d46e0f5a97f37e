from datetime import UTC, datetime

import pytest

from sim.errors import InputError
from sim.market.moving_limit import LimitStage, ScheduledLimit
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
    spec = scheduled(
        {"at_s": 0.0, "limit_mw": 200.0}, {"at_s": 600.0, "limit_mw": 140.0, "ramp_mw_per_min": 10.0}
    )
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
    spec = scheduled(
        {"at_s": 0.0, "limit_mw": 2.0}, {"at_s": 50.0, "limit_mw": 1.0}, {"at_s": 50.0, "limit_mw": 2.0}
    )
    with pytest.raises(
        ValueError, match=r"stages\.2 must bind after the stage before it; got 50 s .* not after 50 s"
    ):
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
