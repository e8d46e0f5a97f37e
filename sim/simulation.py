"""One run, from a scenario to a result."""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from platform import python_version
from typing import Any, Final

from sim.engine.campus import Campus
from sim.errors import Fault, InputError, did_you_mean
from sim.frames import Metrics
from sim.metrics import measure, metrics_of
from sim.metrics.mining import with_blocks
from sim.result import Result
from sim.rng import BLOCKS
from sim.scenario.model import Scenario

KEY_FORMAT: Final = 1
"""Version of the run key's own format."""
MODEL_VERSION: Final = 15
"""Version of the model: raised with every change that moves a result, with a line in the changelog."""
BY_MONTH: Final = ("demand.", "four_cp.", "given_up.")
"""What the names of metrics begin with that only the run's months make."""
LIBRARIES: Final = ("hashballast", "simpy", "numpy", "pyarrow")


def run(scenario: Scenario, *, progress: Callable[[float], None] | None = None) -> Result:
    """Run a scenario and measure it.

    Parameters
    ----------
    scenario
        What to run; see `sim.load_scenario`.
    progress
        Told the share of simulated time that is done, from 0 to 1, now and then.

    Returns
    -------
    Result
        Scenario, recording, metrics and provenance.

    Raises
    ------
    InputError
        A file that the scenario names will not do, or its answer names a metric that there is not.
    PolicyError
        The policy answered with something that cannot be done.
    """
    require_metrics(scenario)
    pool, luck = scenario.market.bitcoin.paid_by(), scenario.span.stream(BLOCKS)
    recording = with_blocks(Campus(scenario).run(progress), pool, luck)
    return Result(scenario, recording, Metrics(measure(recording)), provenance(scenario))


def require_metrics(scenario: Scenario) -> None:
    """Raise InputError where the scenario's answer names a metric that no run of it has."""
    kinds: dict[str, str] = {load.name: load.type for load in scenario.loads}
    kinds |= {hall.name: "hall" for hall in scenario.halls}
    kinds |= {fleet.name: "fleet" for fleet in scenario.fleets}
    kinds |= {entry.service: "ancillary" for entry in scenario.market.ancillary}
    names = {metric.name for metric in metrics_of(kinds)}
    faults = [
        Fault(scenario.name, f"answer.{number}", f"there is no metric '{name}'{did_you_mean(name, names)}")
        for number, sentence in enumerate(scenario.answer)
        for name in sentence.metrics
        if name not in names and not name.startswith(BY_MONTH)
    ]
    if faults:
        raise InputError(faults)


def run_key(scenario: Scenario) -> str:
    """Return what identifies a run [64 hexadecimal digits].

    It is the SHA-256 of canonical JSON of key format, model version, resolved scenario and the content of
    each input file and of each policy from outside: a comment or the order of keys does not change it, a data
    file's content does. The files must have been read, as `sim.load_scenario` does.
    """
    identity = {
        "key_format": KEY_FORMAT,
        "model_version": MODEL_VERSION,
        "scenario": scenario.model_dump(mode="json"),
        "inputs": scenario.inputs_sha256(),
    }
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def provenance(scenario: Scenario) -> dict[str, Any]:
    """Return what made a result: versions, seed, run key, and the hash of every input file."""
    return {
        "run_key": run_key(scenario),
        "model_version": MODEL_VERSION,
        "seed": scenario.seed,
        "inputs_sha256": scenario.inputs_sha256(),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that results depend on."""
    return {"python": python_version(), **{name: _version(name) for name in LIBRARIES}}


_version: Final = cache(version)  # each is read from a file
