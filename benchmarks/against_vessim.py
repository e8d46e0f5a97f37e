"""The replayed day of seconds in Vessim, for comparison.

Vessim is no dependency: run this file with a Python that has it, and compare with the line
"replayed day of seconds" of ``make bench``. Both read the same AI power, decide once a second how much
miners may draw under 200 MW, and record the power of the site.
"""

import time
from datetime import datetime
from importlib.metadata import version

import numpy as np
import pandas as pd
import vessim

SECONDS_A_DAY = 86_400
LIMIT_MW = 200.0
RATED_MW = 60.0
RAMP_UP_MW = 1.0
RAMP_DOWN_MW = 5.0


class Miners(vessim.Signal):  # type: ignore[misc]  # untyped where it is not installed
    """Power of the fleet, which moves each second towards its target within its ramps [W]."""

    def __init__(self) -> None:
        self.power_mw = 50.0
        self.target_mw = 50.0

    def at(self, elapsed: object = None) -> float:  # noqa: ARG002  # the interface hands it over
        """Return the power of this step [W]."""
        step_mw = self.target_mw - self.power_mw
        self.power_mw += max(-RAMP_DOWN_MW, min(RAMP_UP_MW, step_mw))
        return self.power_mw * 1e6


class FollowHeadroom(vessim.Controller):  # type: ignore[misc]  # see above
    """Sets the target of the fleet to what AI leaves free, and records the site."""

    def __init__(self, miners: Miners) -> None:
        self.miners = miners
        self.site_mw: list[float] = []

    def step(self, now: datetime, microgrid_states: dict[str, vessim.MicrogridState]) -> None:  # noqa: ARG002
        """Decide on what the step has shown."""
        (state,) = microgrid_states.values()
        site_mw = -state["p_delta"] / 1e6
        self.site_mw.append(site_mw)
        ai_mw = site_mw - self.miners.power_mw
        self.miners.target_mw = max(0.0, min(RATED_MW, LIMIT_MW - ai_mw))


def main() -> None:
    """Run the day once and print how long it took."""
    time_s = np.arange(SECONDS_A_DAY)
    power_mw = 130.0 + 20.0 * np.sin(time_s / 3000.0) + np.random.default_rng(1).normal(0.0, 3.0, time_s.size)
    start = pd.Timestamp("2026-01-01")
    trace = vessim.Trace(
        pd.Series(power_mw * 1e6, index=start + pd.to_timedelta(time_s, unit="s")), anchor=start
    )
    miners = Miners()
    controller = FollowHeadroom(miners)
    environment = vessim.Environment(sim_start="2026-01-01", step_size=1)
    environment.add_microgrid(
        actors=[vessim.Consumer("ai", trace), vessim.Consumer("miners", miners)],
        dispatchables=[vessim.GridConnection("grid")],
    )
    environment.add_controller(controller)
    started = time.perf_counter()
    environment.run(until=SECONDS_A_DAY - 1)
    wall_s = time.perf_counter() - started
    steps, peak_mw = len(controller.site_mw), max(controller.site_mw)
    print(f"Vessim {version('vessim')}: {wall_s:.2f} s for {steps} steps, site peak {peak_mw:.1f} MW")


if __name__ == "__main__":
    main()
