from math import sqrt

import pytest

from sim.ai import TrainingLoad


def a_job(**keys):
    """Stalls of 60 s each 10 min, restarts of 10 min, a minute's notice; a failure in 1,000 s of running."""
    defaults = {
        "gpus": 8,
        "power_mw": 100.0,
        "pue": 1.0,
        "checkpoint": {"interval_min": 10.0, "stall_median_s": 60.0, "stall_sigma": 0.0},
        "failures": {"per_node_day": 86.4},
        "restart": {"mean_min": 10.0, "sigma": 0.0},
        "stall_power_fraction": 0.5,
        "snap_back_s": 0.0,
        "notice": {"lead_s": 60.0},
    }
    return TrainingLoad(type="training", name="llm", **(defaults | keys))


def told(seen):
    return [(notice.issued_at_s, notice.kind, notice.at_s, notice.until_s) for notice in seen.notices]


def test_a_checkpoint_is_announced_ahead(run_load):
    seen = run_load(a_job(), 1300.0, draws={"failures": [100.0]})
    checkpoints = [notice for notice in seen.notices if notice.kind == "checkpoint"]
    times = [(notice.issued_at_s, notice.at_s, notice.until_s) for notice in checkpoints]
    assert times == [(540.0, 600.0, 660.0), (1140.0, 1200.0, 1260.0)]
    assert {(notice.load, notice.change_mw) for notice in checkpoints} == {("llm", -50.0)}


def test_the_resume_after_a_checkpoint_is_announced_while_it_is_written(run_load):
    for lead_s, issued_at_s in ((20.0, 640.0), (300.0, 600.0)):
        seen = run_load(a_job(notice={"lead_s": lead_s}), 700.0, draws={"failures": [100.0]})
        resume = next(notice for notice in seen.notices if notice.kind == "resume")
        assert (resume.issued_at_s, resume.at_s, resume.change_mw) == (issued_at_s, 660.0, 50.0)


def test_a_failure_while_a_checkpoint_is_written_calls_off_its_resume(run_load):
    job = a_job(notice={"lead_s": 10.0})
    seen = run_load(job, 1150.0, draws={"failures": [0.63, 100.0]})  # at 630 s, within the stall
    assert [notice.at_s for notice in seen.notices if notice.kind == "resume" and notice.at_s < 700.0] == []


def test_the_resume_after_a_failure_is_announced_ahead_and_calls_off_the_checkpoint(run_load):
    seen = run_load(a_job(), 1150.0, draws={"failures": [0.5, 100.0]})
    assert told(seen) == [(1040.0, "resume", 1100.0, 1100.0)]
    assert 0.0 < seen.notices[0].change_mw < 50.0


def test_a_resume_is_announced_once_it_is_known_where_that_is_later_than_the_lead(run_load):
    seen = run_load(a_job(notice={"lead_s": 550.0}), 1150.0, draws={"failures": [0.5, 100.0]})
    assert told(seen)[:2] == [(50.0, "checkpoint", 600.0, 660.0), (620.0, "resume", 1100.0, 1100.0)]


def test_a_planned_interruption_and_its_resume_are_announced_once(run_load):
    job = a_job(failures={"per_node_day": 0.0, "planned_per_day": 86.4}, notice={"lead_s": 500.0})
    seen = run_load(job, 2000.0, draws={"planned": [1.3, 100.0]})
    planned = [entry for entry in told(seen) if entry[1] == "planned"]
    assert planned == [(800.0, "planned", 1300.0, 1900.0)]
    assert (1400.0, "resume", 1900.0, 1900.0) in told(seen)


def test_start_and_end_are_announced(run_load):
    seen = run_load(a_job(start_h=1.0, length_h=1.0), 8000.0, draws={"failures": [100.0]})
    assert told(seen)[0] == (3540.0, "start", 3600.0, 3840.0)
    assert told(seen)[-1] == (7140.0, "end", 7200.0, 7200.0)


def test_a_share_of_notices_is_sent(run_load):
    failures = {"per_node_day": 0.0}
    job = a_job(failures=failures, notice={"lead_s": 60.0, "reliability_fraction": 0.8})
    seen = run_load(job, 600.0 * 5000)
    for kind in ("checkpoint", "resume"):
        sent = sum(notice.kind == kind for notice in seen.notices)
        assert sent == pytest.approx(4000, abs=3.0 * sqrt(5000 * 0.8 * 0.2))


def test_announcing_changes_nothing_else(run_load):
    silent, telling = (run_load(a_job(notice=notice), 1e6) for notice in (None, {"lead_s": 60.0}))
    assert silent.power == telling.power
    assert silent.events == telling.events
    assert silent.notices == []
