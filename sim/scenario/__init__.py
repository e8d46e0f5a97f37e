"""Scenarios: one run described, complete and checked."""

from sim.scenario.load import apply_override, load_scenario, moved, resolve, scenario_from
from sim.scenario.model import Scenario, json_schema

__all__ = ["Scenario", "apply_override", "json_schema", "load_scenario", "moved", "resolve", "scenario_from"]
