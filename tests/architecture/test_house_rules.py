import re
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from sim.metrics import CATALOGUE
from sim.recording import SIGNALS
from sim.scenario import Scenario
from sim.simulation import run
from sim.spec import documentation
from sim.testing import a_scenario
from sim.units import SUFFIX_UNITS, unit_of

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "sim").rglob("*.py"))
UNITLESS = {
    # counts of things, and identifiers: a unit would add nothing
    "schema_version", "seed", "gpus", "gpus_per_node", "capacity_ratio", "pue", "writers",
    "bytes_per_parameter", "start_height", "x_over_r", "power_factor",
    # in the unit of the column that is read, or of the metric that is looked at
    "clip", "above", "of_year",
}  # fmt: skip
RATES = {
    "per_node_day",
    "per_job_hour",
    "planned_per_day",
}  # per what stands in the name; fixed by users' files


def models(model: type[BaseModel], found: dict[str, type[BaseModel]] | None = None) -> dict[str, type[BaseModel]]:
    """Return every description that a scenario is made of."""
    found = {} if found is None else found
    if model.__name__ not in found:
        found[model.__name__] = model
        for field in model.model_fields.values():
            for part in parts(field.annotation):
                models(part, found)
    return found


def parts(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [part for argument in get_args(annotation) for part in parts(argument)] if get_origin(annotation) else []


SPECS = models(Scenario)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_longer_than_400_lines(path):
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("name", sorted(SPECS))
def test_every_number_in_a_scenario_says_its_unit_in_its_name(name):
    for field, info in SPECS[name].model_fields.items():
        numeric = {float, int} & {info.annotation, *get_args(info.annotation)}
        if numeric and field not in UNITLESS | RATES:
            assert unit_of(field) is not None, f"{name}.{field} ends in none of {sorted(SUFFIX_UNITS)}"


@pytest.mark.parametrize("name", sorted(SPECS))
def test_every_field_of_a_scenario_is_documented(name):
    undocumented = [
        field for field in SPECS[name].model_fields if field not in documentation(SPECS[name]) and field != "type"
    ]
    assert not undocumented


def test_every_metric_has_a_name_of_its_own_that_ends_in_its_unit():
    names = [metric.name for metric in CATALOGUE]
    assert len(set(names)) == len(names)
    for metric in CATALOGUE:
        assert unit_of(metric.name) == metric.unit, metric.name
        assert metric.summary[0].isupper()
        assert not metric.summary.endswith(".")


def test_every_recorded_signal_is_in_the_catalogue_and_ends_in_its_unit():
    service = {"service": "rrs", "offer_mw": 9.0, "price": {"type": "fixed", "price_usd_per_mwh": 5.0}}
    recording = run(a_scenario(days=0.01, market={"ancillary": [service]})).recording
    names = {re.sub(r"^(load|fleet|ancillary)\.[^.]+\.", r"\1.*.", name) for name in recording.signals}
    assert names <= {info.name for info in SIGNALS}
    for info in SIGNALS:
        assert unit_of(info.name.rsplit(".", 1)[-1]) == info.unit


def test_only_the_console_and_the_commands_print():
    offenders = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if path.name != "console.py"
        and path.parent.name != "cli"
        and re.search(r"^(?!.*>>>).*(\bprint\(|sys\.std(out|err))", path.read_text(), re.MULTILINE)
    ]
    assert not offenders


def test_no_draw_comes_from_a_global_random_generator():
    pattern = re.compile(r"np\.random\.(seed|rand|randn|normal|uniform|choice|poisson|exponential)\(|import random\b")
    assert not [path.name for path in MODULES if pattern.search(path.read_text())]


def test_the_lock_names_no_registry_host():
    assert "://" not in (ROOT / "requirements.lock").read_text()


def test_facts_are_met_by_their_types_and_by_dotted_names_in_files_alone():
    allowed = {"facts", "recording.py", "result.py"}
    for path in MODULES:
        if path.relative_to(ROOT / "sim").parts[0] not in allowed:
            found = re.findall(r"(?<!pymodbus)\.constants\b(?!\()|\bconstants\[", path.read_text(encoding="utf-8"))
            assert found == [], path
