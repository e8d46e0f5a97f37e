"""An order to a site is kept by miners first, then by AI, and a MWh of AI costs many times one of mining."""

from pathlib import Path

from sim import load_scenario, run
from sim.ai.flexibility import LOST_FRACTION

SCENARIO = Path(__file__).parents[2] / "scenarios" / "order.yaml"


def test_both_orders_are_kept_the_cheapest_work_goes_first_and_costs_more_than_mining():
    metrics = run(load_scenario(SCENARIO)).metrics
    assert metrics["order_count"] == 2.0
    assert metrics["order_kept_fraction"] == 1.0
    assert metrics["order_curtailed_mwh"] > metrics["ai_given_up_mwh"] > 0.0
    assert metrics["ai_given_up_usd_per_mwh"] > 5.0 * metrics["mining_revenue_usd_per_mwh"]
    lost = {flex: metrics[f"given_up.flex.{flex}.work_fraction"] for flex in LOST_FRACTION}
    assert lost[1] < lost[2] < lost[3]
    assert all(lost[flex] <= most for flex, most in LOST_FRACTION.items())
