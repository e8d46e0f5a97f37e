"""hashballast: an event-exact simulator of a hybrid AI and Bitcoin-mining load on one grid interconnection.

>>> from sim import load_scenario, run
>>> result = run(load_scenario("scenarios/replay-day.yaml"))
>>> round(result.metrics["site_peak_mw"]) > 0
True
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.result import Result, read_result
    from sim.scenario import Scenario, load_scenario
    from sim.signals import Signal
    from sim.simulation import run
    from sim.study.compare import compare
    from sim.study.sweep import sweep

__all__ = ["Result", "Scenario", "Signal", "compare", "load_scenario", "read_result", "run", "sweep"]

_HOMES = {
    "Result": "sim.result",
    "Scenario": "sim.scenario",
    "Signal": "sim.signals",
    "compare": "sim.study.compare",
    "load_scenario": "sim.scenario",
    "read_result": "sim.result",
    "run": "sim.simulation",
    "sweep": "sim.study.sweep",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import sim`` stays fast."""
    from importlib import import_module  # noqa: PLC0415  # keeps the package's own namespace to its public names

    if name not in _HOMES:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
