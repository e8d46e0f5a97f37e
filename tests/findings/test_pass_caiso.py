"""Helios rides through California's sags with a quick rectifier and a block for its miners, and with neither alone."""

from pathlib import Path

import pytest

from sim import load_scenario, run
from sim.grid.ride_through import ENVELOPES

SCENARIO = Path(__file__).parents[2] / "scenarios" / "pass-caiso.yaml"
RETURN = "halls.liquid-hall.ride_through.ups.return_s"


@pytest.mark.parametrize(
    ("changed", "violations"),
    [({}, 0), ({"fleets.miners.drop_out": {}}, 3), ({RETURN: 10.0}, 3)],
    ids=["both", "no block", "a usual rectifier"],
)
def test_it_passes_with_both_and_not_with_one(changed, violations):
    metrics = run(load_scenario(SCENARIO, overrides={"days": 0.5, **changed})).metrics
    assert metrics["ride_through_violation_count"] == violations
    assert (metrics["limit_fail_count"], metrics["exceedance_count"]) == (0, 0)
    assert metrics["limit_certificate_holds"] == 1


def test_its_sags_are_those_that_the_proposal_wants_to_be_ridden():
    scenario = load_scenario(SCENARIO)
    below = ENVELOPES[scenario.grid.ride_through]["voltage"]["below"]
    tops_pu = [*(bottom for bottom, _ in below[1:]), 0.9]
    sags = [(event.left_pu, event.duration_s) for event in scenario.events]
    assert [length_s for _, length_s in sags] == [length_s for _, length_s in below]
    assert all(top_pu - 0.011 < left_pu < top_pu for (left_pu, _), top_pu in zip(sags, tops_pu, strict=True))
