"""The simulated plant as equipment: what its meters read now, and a set-point that somebody outside writes."""

import json
from fnmatch import fnmatchcase
from math import inf, isfinite, nan
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from uuid import uuid4

from sim.engine.campus import Campus
from sim.errors import InputError
from sim.frames import Metrics
from sim.metrics import measure
from sim.metrics.mining import with_blocks
from sim.policies import Decision, Observation, PolicySpec
from sim.recording import SIGNALS, Recording
from sim.result import Result
from sim.rng import BLOCKS
from sim.scenario.model import Scenario
from sim.signals import Signal
from sim.simulation import provenance
from sim.spec import Positive
from sim.units import unit_of

SETPOINT: Final = "setpoint_mw"
READ_FROM: Final = 100
"""Address of the first register that is read."""
WIDTH: Final = 2
"""Registers of a value: 32-bit floats, the high word first."""
MOST_VALUES: Final = (65_536 - READ_FROM) // WIDTH

OWN: Final = (
    ("time_s", "Time since the scenario's start"),
    ("fleet.*.available_mw", "Power that the fleet can draw now, without machines in repair and what heat takes"),
)
"""What is read besides a run's signals."""


class Register(NamedTuple):
    """A value of the plant, and where it stands."""

    address: int
    """Its first register."""
    name: str
    unit: str
    access: Literal["read", "write"]
    summary: str


class SetPoint(PolicySpec):
    """What stands in the place of a scenario's policy where somebody outside steers the fleets."""

    from_outside = True
    type: Literal["set-point"] = "set-point"
    scan_s: Positive
    """Time from one reading to the next [s]."""

    def start(self) -> "_Steered":
        """Return what follows a set-point."""
        return _Steered(self.scan_s)


class _Steered:
    """Has the fleets follow the set-point, and is asked at each scan."""

    def __init__(self, scan_s: float) -> None:
        self.target_mw = 0.0
        self.seen: Observation | None = None
        self._scan_s = scan_s

    def decide(self, observation: Observation) -> Decision:
        """Return the set-point that stands."""
        self.seen = observation
        return Decision(self.target_mw, "set-point", observation.time_s + self._scan_s)


class Plant:
    """A campus that goes on scan by scan, its fleets steered by a set-point.

    Parameters
    ----------
    scenario
        What to run; its own policy is not asked. It needs a fleet.
    scan_s
        Simulated time from one reading of all values to the next [s].

    Raises
    ------
    InputError
        The scenario has no fleet, or more values than there are registers.
    """

    def __init__(self, scenario: Scenario, scan_s: float = 1.0) -> None:
        if not scenario.fleets:
            raise InputError.single(scenario.name, "fleets", "a controller needs a fleet to steer; there is none")
        spec = SetPoint(scan_s=scan_s)
        self._scenario = scenario.model_copy(update={"policy": spec})
        self.scan_s, self._scans = scan_s, 0
        self._steered = spec.start()
        self._campus = Campus(self._scenario, self._steered)
        self.time_s = 0.0
        """Time up to which all has happened [s]."""
        self.refused_count = 0
        """Set-points that no fleet could follow, and that were refused."""
        self.values: dict[str, float] = {}
        """What the plant's meters read now, by name; NaN where there is nothing to read."""
        self.step()
        if len(self.values) > MOST_VALUES:
            raise InputError.single(
                scenario.name, "", f"has {len(self.values):,} values; registers hold {MOST_VALUES:,}"
            )

    @property
    def end_s(self) -> float:
        """End of the run [s]."""
        return self._scenario.end_s

    @property
    def setpoint_mw(self) -> float:
        """Power that the fleets are to draw together [MW]."""
        return self._steered.target_mw

    def write(self, setpoint_mw: float) -> bool:
        """Take a set-point, which counts by the end of the next scan; tell whether it is one."""
        is_sound = isfinite(setpoint_mw) and setpoint_mw >= 0.0
        if is_sound:
            self._steered.target_mw = setpoint_mw
        self.refused_count += not is_sound
        return is_sound

    def step(self) -> None:
        """Let a scan pass, and read all values at its end."""
        from_s = self.time_s
        self._scans += 1
        self.time_s = min(self._scans * self.scan_s, self.end_s)
        self._campus.advance(self.time_s)
        self.values = {"time_s": self.time_s, **self._read(self._campus.window(from_s, self.time_s))}

    def registers(self) -> tuple[Register, ...]:
        """Return where each value stands: the set-point at 0, what is read from 100 on."""
        return (
            Register(0, SETPOINT, "MW", "write", "Power that the fleets are to draw together, by the next scan"),
            *(
                Register(READ_FROM + WIDTH * place, name, unit_of(name) or "1", "read", _summary(name))
                for place, name in enumerate(self.values)
            ),
        )

    def result(self) -> Result:
        """Return what came of the run, once it is over; its key is its own, as no scenario makes it again."""
        scenario = self._scenario
        pool, luck = scenario.market.bitcoin.paid_by(), scenario.span.stream(BLOCKS)
        recording = with_blocks(self._campus.finish(), pool, luck)
        origin: dict[str, Any] = {**provenance(scenario), "run_key": f"steered-{uuid4().hex}"}
        return Result(scenario, recording, Metrics(measure(recording)), origin)

    def _read(self, window: Recording) -> dict[str, float]:
        seen = self._steered.seen
        fleets = () if seen is None else seen.fleets
        return {name: _last(window[name]) for name in sorted(window.signals)} | {
            f"fleet.{fleet.name}.available_mw": min(fleet.available_mw, fleet.rated_mw) for fleet in fleets
        }


def permitted(path: Path) -> tuple[str, int]:
    """Return where a map says that equipment listens, HOST:PORT, and the address of its set-point.

    Raises
    ------
    InputError
        It is no map as ``plant --map --json`` prints it, or it does not let the set-point be written.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        found = [
            int(entry["address"])
            for entry in told["registers"]
            if (entry["name"], entry["access"]) == (SETPOINT, "write")
        ]
        return str(told["modbus"]), found[0]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        said = f"is no map with 'modbus' and a register {SETPOINT} to write, as plant --map --json prints it"
        raise InputError.single(str(path), "", said) from error


def _summary(name: str) -> str:
    known = ((told.name, told.summary) for told in SIGNALS)
    return next(summary for pattern, summary in (*OWN, *known) if fnmatchcase(name, pattern))


def _last(signal: Signal) -> float:
    """Return what a signal comes to at its end; NaN for what is no number."""
    value = float(signal.at(signal.end_s))
    return value if -inf < value < inf else nan
