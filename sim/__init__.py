"""hashballast: an event-exact simulator of a hybrid AI and Bitcoin-mining load on one grid interconnection.

>>> from sim import load_scenario, run
>>> result = run(load_scenario("scenarios/replay-day.yaml"))
>>> round(result.metrics["site_peak_mw"]) > 0
True
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.result import Result
    from sim.scenario import Scenario, load_scenario
    from sim.simulation import run

__all__ = ["Result", "Scenario", "load_scenario", "run"]

_HOMES = {
    "Result": "sim.result",
    "Scenario": "sim.scenario",
    "load_scenario": "sim.scenario",
    "run": "sim.simulation",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import sim`` stays fast."""
    from importlib import import_module  # noqa: PLC0415  # keeps the package's own namespace to its public names

    if name not in _HOMES:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
