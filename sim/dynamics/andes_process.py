"""Starts ANDES as a program of its own, on a test system that comes with it, and reads what it found."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from sim.errors import HashballastError
from sim.grid.frequency import Governor, GridModel
from sim.shipped import shipped
from sim.signals import FloatArray, Signal
from sim.whole import scratch_folder


@dataclass(frozen=True, slots=True)
class TestSystem:
    """A system to put the site into. It is a textbook's, not the user's grid."""

    __test__ = False  # the name begins as those of tests do

    name: str
    """What it is called on the command line."""
    title: str
    """What it is, in words."""
    case: str
    """Its file among the cases that come with ANDES."""
    bus: int
    """Number of the bus that the site is added to."""


SYSTEMS: Final = {name: TestSystem(name, **told) for name, told in shipped("sim.dynamics", "systems.json").items()}
"""The systems by name."""


PROGRAM: Final = Path(__file__).with_name("andes_program.py")
STEP_S: Final = 0.1
"""Step of the trapezoidal rule [s]: 0.15 mHz from a step of 1/30 s over a train of 160 MW dips."""
LONGEST_S: Final = 900.0
"""Wall time allowed for one window [s]; the first run on a machine makes code for half a minute."""
LAST_LINES: Final = 3
SHORT_S: Final = 1e-6
"""Time by which a run may end early through rounding [s]."""


class DynamicsError(HashballastError):
    """ANDES is not there, or did not answer."""


@dataclass(frozen=True, slots=True, eq=False)
class AndesAnswer:
    """What ANDES found for one window in one test system; times count from the window's start."""

    version: str
    """Version of ANDES."""
    model: GridModel
    """Machines and governors of the test system as one: what the SFR model needs."""
    time_s: FloatArray
    """Times [s], shape (n,); empty where there is no solution at all."""
    centre_hz: FloatArray
    """Frequency of the centre of inertia [Hz], shape (n,)."""
    lowest_machine_hz: FloatArray
    """Lowest speed of any machine [Hz], shape (n,)."""
    highest_machine_hz: FloatArray
    """Highest speed of any machine [Hz], shape (n,)."""
    failure: str
    """Why it ended before the window did; empty where it did not."""


def run_andes(power_mw: Signal, system: TestSystem, python: str, reactive_per_mw: float = 0.0) -> AndesAnswer:
    """Return what a load does to a test system.

    Parameters
    ----------
    power_mw
        Power of the site [MW], from time 0 on. It is read every `STEP_S`; a jump becomes a ramp of one step.
    system
        The test system.
    python
        Interpreter that has ANDES.
    reactive_per_mw
        Reactive power drawn with each MW [Mvar].

    Raises
    ------
    DynamicsError
        Where ANDES is not installed for that interpreter, fails, or takes more than `LONGEST_S`.
    """
    times_s = np.arange(round(power_mw.end_s / STEP_S) + 1) * STEP_S
    task = {
        "case": system.case,
        "bus": system.bus,
        "step_s": STEP_S,
        "time_s": times_s.tolist(),
        "power_mw": power_mw.at(np.minimum(times_s, power_mw.end_s)).tolist(),
        "reactive_per_mw": reactive_per_mw,
    }
    with scratch_folder() as folder:
        given, answered = folder / "task.json", folder / "answer.json"
        given.write_text(json.dumps(task))
        _start([_interpreter(python), "-I", str(PROGRAM), str(given), str(answered)], str(folder))
        return _read(json.loads(answered.read_text()), times_s[-1])


def _interpreter(python: str) -> str:
    """Return an interpreter as a path that holds in any folder; a bare name is left to the search path."""
    # not resolved further: the link in a virtual environment is what makes it one
    return str(Path(python).absolute()) if Path(python).name != python else python


def _start(command: list[str], folder: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603  # the user's own interpreter on a file of ours
            command, cwd=folder, capture_output=True, text=True, timeout=LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise DynamicsError(f"ANDES took more than {LONGEST_S:g} s for one window") from error
    except OSError as error:
        raise DynamicsError(f"{command[0]}: cannot be started ({error.strerror})") from error
    if "No module named 'andes'" in done.stderr:
        raise DynamicsError(
            f"{command[0]} has no ANDES; install the extra with: pip install 'hashballast[dynamics]', "
            "or name an interpreter that has it with --python"
        )
    if done.returncode != 0:
        lines = " ".join(done.stderr.strip().splitlines()[-LAST_LINES:])
        raise DynamicsError(f"ANDES ended with code {done.returncode}: {lines}")


def _read(answer: dict[str, Any], wanted_s: float) -> AndesAnswer:
    model = dict(answer["model"])
    governors = tuple(Governor(**governor) for governor in model.pop("governors"))
    failure = str(answer.get("failed", ""))
    reached_s = float(answer.get("reached_s", 0.0))
    # the program's own word is not asked: it may say no to a whole run, and yes to half of one
    if not failure and reached_s < wanted_s - SHORT_S:
        failure = f"no solution beyond {reached_s:.1f} s of {wanted_s:g} s"
    time_s, centre_hz, lowest_hz, highest_hz = (
        np.array(answer.get(name, ()), dtype=np.float64)
        for name in ("time_s", "centre_hz", "lowest_machine_hz", "highest_machine_hz")
    )
    grid = GridModel(governors=governors, **model)
    return AndesAnswer(str(answer["andes"]), grid, time_s, centre_hz, lowest_hz, highest_hz, failure)
