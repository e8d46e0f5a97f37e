"""A cohort alone on a clock, told shares at times."""

from functools import partial

from sim.clock import Alarm, Clock
from sim.mining.cohort.live import LiveCohort
from sim.mining.cohort.spec import CohortFleet
from sim.mining.running import FleetConnection
from sim.recording import Track
from sim.rng import stream

NO_FAILURES = {"per_start_fraction": 0.0, "per_year_fraction": 0.0}
SIGNALS = (
    "target_mw", "commanded_mw", "power_mw", "hashrate_ph_s", "setpoint_fraction",
    "asleep_count", "waking_count", "hashing_count", "failed_count",
)  # fmt: skip


def a_cohort(**keys):
    """Return 100 machines of 10 kW and 1 PH/s in ten blocks, no overhead, no standby power, no failures."""
    return CohortFleet.model_validate(
        {
            "name": "m",
            "type": "cohort",
            "model": "antminer-s21",
            "machine_count": 100,
            "power_w": 10_000.0,
            "th_s": 1000.0,
            "block_machine_count": 10,
            "overhead_fraction": 0.0,
            "standby_w": 0.0,
            "failures": NO_FAILURES,
        }
        | keys
    )


class Bench:
    """One live cohort; `tell` plans commands, `play` runs to the end and returns the signals."""

    def __init__(self, *commands, end_s=10_000.0, ceilings=(), pool_losses=(), seed=1, **keys):
        self.clock, self.end_s = Clock(), end_s
        self.tracks, self.log, self.changes = {}, [], 0
        self.spec = a_cohort(**keys)
        self.cohort = LiveCohort(
            self.spec,
            FleetConnection(
                clock=self.clock,
                timer=partial(Alarm, self.clock),
                track=lambda name: self.tracks.setdefault(name, Track()),
                log=lambda kind, value: self.log.append((self.clock.now, kind, value)),
                streams=lambda name: stream(seed, f"mining/m/{name}"),
                changed=self._change,
                end_s=end_s,
                outdoor_c=lambda: None,
                pool_losses=pool_losses,
            ),
            ceilings,
        )
        for time_s, share_mw in commands:
            self.tell(time_s, share_mw)

    def _change(self):
        self.changes += 1

    def tell(self, time_s, share_mw):
        self.clock.timeout(time_s - self.clock.now).callbacks.append(lambda _: self.cohort.command(share_mw))

    def play(self):
        self.clock.run_before(self.end_s)
        self.cohort.finish(self.end_s)
        return {name: self.tracks[name].freeze(self.end_s) for name in SIGNALS}


def points(signal):
    """Return time and value of each breakpoint, those that change nothing left out, rounded."""
    signal = signal.simplify()
    return [(round(t, 6), round(v, 6)) for t, v in zip(signal.time_s.tolist(), signal.value.tolist(), strict=True)]
