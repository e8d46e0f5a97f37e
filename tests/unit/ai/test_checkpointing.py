import numpy as np
import pytest
from effective_time import effective_time_ratio_kokolis, effective_time_ratio_renewal

from sim.ai.checkpointing import (
    interruption_rate_per_s,
    sync_stall_s,
    young_daly_interval_s,
)


def test_stall_is_the_state_over_the_rate_of_storage_and_a_barrier():
    assert sync_stall_s(1000.0, 14.0, 1000.0) == 14.0
    assert sync_stall_s(1000.0, 14.0, 100.0, barrier_s=2.0) == 142.0


def test_interruption_rate_adds_nodes_and_job():
    per_s = interruption_rate_per_s(1000.0, 5e-3, 0.5)

    assert per_s * 86_400.0 == pytest.approx(5.0 + 12.0)


def test_no_interruptions_leave_only_the_stalls():
    assert effective_time_ratio_kokolis(540.0, 60.0, 600.0, 0.0) == pytest.approx(0.9)
    assert effective_time_ratio_renewal(540.0, 60.0, 600.0, 1e-12) == pytest.approx(0.9)


def test_without_checkpoints_cost_and_rework_only_restarts_count():
    """A stall of 0 and an interval near 0: M / (M + R)."""
    assert effective_time_ratio_renewal(1e-3, 0.0, 600.0, 1.0 / 3000.0) == pytest.approx(3000.0 / 3600.0)


def test_both_ratios_agree_where_interruptions_are_rare():
    kokolis = effective_time_ratio_kokolis(1800.0, 10.0, 300.0, 1e-6)
    renewal = effective_time_ratio_renewal(1800.0, 10.0, 300.0, 1e-6)

    assert renewal == pytest.approx(kokolis, abs=2e-5)


def test_formulas_work_on_arrays():
    hours = np.array([1.0, 2.0, 4.0]) * 3600.0

    ratios = effective_time_ratio_renewal(hours, 60.0, 600.0, 1e-5)

    assert ratios.tolist() == [effective_time_ratio_renewal(hour, 60.0, 600.0, 1e-5) for hour in hours]
    assert young_daly_interval_s(np.array([60.0]), np.array([10_000.0]))[0] == pytest.approx(1095.445)
    assert sync_stall_s(np.array([1.0, 2.0]), 14.0, 7.0).tolist() == [2.0, 4.0]
    assert interruption_rate_per_s(np.array([86_400.0, 0.0]), 1.0).tolist() == [1.0, 0.0]
    assert effective_time_ratio_kokolis(hours, 0.0, 0.0, 0.0).tolist() == [1.0, 1.0, 1.0]
