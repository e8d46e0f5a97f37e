"""Each time above the limit: its length, height, energy, and why."""

import numpy as np
import pytest

from sim.metrics.exceedance import CAUSES, episodes, exceedance
from sim.recording import Recording
from sim.signals import Signal

END_S = 3600.0


def steps(*pairs):
    return Signal.steps([time_s for time_s, _ in pairs], [value for _, value in pairs], END_S)


def recorded(ai, fleet, target=None, limit=None):
    signals = {
        "ai_power_mw": ai,
        "fleet_power_mw": fleet,
        "site_power_mw": ai + fleet,
        "limit_mw": limit or Signal.constant(100.0, END_S),
    }
    if target is not None:
        signals["fleet_target_mw"] = target
    return Recording(0.0, END_S, signals)


FALL = steps((0, 100), (600, 70))


@pytest.mark.parametrize(
    ("ai", "fleet", "target", "limit", "cause"),
    [
        (steps((0, 50), (600, 120), (660, 50)), steps((0, 40)), steps((0, 40)), None, "ai"),
        (steps((0, 50)), steps((0, 40), (660, 20)), steps((0, 40), (610, 20)), FALL, "limit"),
        (steps((0, 50), (600, 70), (660, 50)), steps((0, 40)), steps((0, 40)), None, "policy"),
        (steps((0, 50), (600, 70)), steps((0, 40), (660, 30)), steps((0, 40), (605, 30)), None, "telemetry"),
        (steps((0, 50), (600, 70)), steps((0, 40), (660, 30)), steps((0, 40), (600, 30)), None, "fleet"),
        (steps((0, 50), (600, 70)), steps((0, 40), (660, 30)), None, None, "policy"),
    ],
    ids=["ai", "limit", "policy", "telemetry", "fleet", "nobody decides"],
)  # fmt: skip
def test_the_cause_of_an_exceedance(ai, fleet, target, limit, cause):
    found = episodes(recorded(ai, fleet, target, limit))

    assert found.cause == (cause,)
    assert cause in CAUSES
    assert found.start_s.tolist() == [600.0]
    assert found.duration_s.tolist() == [60.0]


def test_peak_and_energy_are_exact_on_a_ramp():
    ai = Signal.linear([0.0, 600.0, 700.0, 800.0], [50.0, 50.0, 90.0, 50.0], END_S)
    found = episodes(recorded(ai, Signal.constant(20.0, END_S), Signal.constant(20.0, END_S)))

    # 10 MW above at the top, over 25 s up and 25 s down
    assert found.peak_mw.tolist() == pytest.approx([10.0])
    assert found.duration_s.tolist() == pytest.approx([50.0], rel=1e-5)
    assert found.energy_mwh.tolist() == pytest.approx([10.0 * 50.0 / 2.0 / 3600.0], rel=1e-5)


def test_a_run_within_its_limit_has_none():
    found = episodes(recorded(Signal.constant(50.0, END_S), Signal.constant(50.0, END_S)))

    assert len(found) == 0
    assert found.peak_mw.size == 0


def test_together_they_are_the_exceedance_of_the_run():
    ai = steps(*((600 * place, [50.0, 75.0][place % 2]) for place in range(6)))
    recording = recorded(ai, steps((0, 40)), steps((0, 40)))
    found, whole = episodes(recording), exceedance(recording)

    assert len(found) == whole.count == 3
    assert np.sum(found.duration_s) == pytest.approx(whole.time_s)
    assert np.sum(found.energy_mwh) == pytest.approx(whole.energy_mwh)
    assert np.max(found.peak_mw) == pytest.approx(whole.peak_mw)
