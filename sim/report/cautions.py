"""What a reader must know before any figure of a run: what looks wrong, and what rests on an assumption."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.ai.catalogue import SERVERS, Server
from sim.ai.checkpointing import young_daly_interval_s
from sim.errors import InputError
from sim.policies.plugin import Plugins
from sim.recording import Recording
from sim.report.format import format_number
from sim.report.static_page import Document
from sim.scenario.load import describe
from sim.scenario.overrides import PYTHON
from sim.scenario.tree import Mark, placed
from sim.shipped import shipped
from sim.spec import documentation
from sim.units import MEGAWATT_IN_WATTS, SECONDS_PER_HOUR, unit_of

STARTS_PER_MACHINE_DAY: Final = 10.0
"""Starts of a machine in a day above which wear is no longer what starts are priced at [1/d]; assumption:
operators curtail a few times a day."""
FLEET_MOVE_MW: Final = 100.0
"""Move of all fleets within `FLEET_MOVE_S` that a grid operator will ask about [MW]; assumption: ten times
what ERCOT's board proposed for a whole site in September 2026 (10 MW in 5 s)."""
FLEET_MOVE_S: Final = 5.0
INTERVAL_RATIO: Final = 2.0
"""A checkpoint interval this many times its optimum, or that small a part of it, is far from it [1]."""
NAMEPLATE_RATIO: Final = 1.1
"""Stated power of a job over what its servers draw while computing, above which it is a nameplate [1]."""
MOST_OF_RUN: Final = 0.5

WORDINGS: Final[Mapping[str, Mapping[str, str]]] = shipped("sim.report", "cautions.json")
"""Text and field of each kind of caution."""
Metrics = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing that is likely not meant."""

    text: str
    """What is seen, with its figure."""
    field: str
    """The field of the scenario that mends it."""


def cautions(recording: Recording, scenario: Document, metrics: Metrics) -> tuple[Caution, ...]:
    """Return what looks wrong with a run, most serious first.

    Parameters
    ----------
    recording
        The run.
    scenario
        The resolved scenario, as ``scenario.yaml`` holds it.
    metrics
        Value of each metric by its name.
    """
    return tuple(found for check in CHECKS for found in check(recording, scenario, metrics))


def _worded(kind: str, **figures: Any) -> Caution:
    return Caution(**{part: text.format(**figures) for part, text in WORDINGS[kind].items()})


def _ai_above_limit(recording: Recording, _scenario: Document, _metrics: Metrics) -> Iterator[Caution]:
    above_s = (recording["ai_power_mw"] - recording["limit_mw"]).time_above(0.0)
    if above_s > MOST_OF_RUN * recording.end_s:
        peak_mw = recording["ai_power_mw"].maximum()
        yield _worded("ai_above_limit", share=above_s / recording.end_s, peak_mw=peak_mw)


def _fleet_beyond_headroom(recording: Recording, _scenario: Document, _metrics: Metrics) -> Iterator[Caution]:
    rated_mw = recording.rated_fleet_mw
    most_mw = max(0.0, (recording["limit_mw"] - recording["ai_power_mw"]).maximum())
    if rated_mw > most_mw:
        yield _worded("fleet_beyond_headroom", rated_mw=rated_mw, most_mw=most_mw)


def _fleet_moves(recording: Recording, _scenario: Document, _metrics: Metrics) -> Iterator[Caution]:
    fleet = recording["fleet_power_mw"]
    if fleet.duration_s < FLEET_MOVE_S or fleet.maximum() - fleet.minimum() <= FLEET_MOVE_MW:
        return
    moved_mw, _ = fleet.largest_range(FLEET_MOVE_S)
    if moved_mw > FLEET_MOVE_MW:
        yield _worded("fleet_moves", moved_mw=moved_mw, within_s=FLEET_MOVE_S)


def _starts(_recording: Recording, _scenario: Document, metrics: Metrics) -> Iterator[Caution]:
    starts = metrics.get("machine_starts_per_machine_day", 0.0)
    if starts > STARTS_PER_MACHINE_DAY:
        yield _worded("starts", starts=starts)


def _intervals(_recording: Recording, scenario: Document, metrics: Metrics) -> Iterator[Caution]:
    for name, load in _training(scenario):
        interval_min = (load.get("checkpoint") or {}).get("interval_min")
        stall_s = metrics.get(f"ai.{name}.stall_mean_s", 0.0)
        between_s = metrics.get(f"ai.{name}.mean_time_between_interruptions_h", 0.0) * SECONDS_PER_HOUR
        if not interval_min or not (stall_s > 0.0 and between_s > 0.0 and isfinite(between_s)):
            continue
        best_min = young_daly_interval_s(stall_s, between_s) / 60.0
        if best_min > 0.0 and not 1.0 / INTERVAL_RATIO <= interval_min / best_min <= INTERVAL_RATIO:
            yield _worded("interval", name=name, interval_min=interval_min, best_min=best_min)


def _nameplates(_recording: Recording, scenario: Document, _metrics: Metrics) -> Iterator[Caution]:
    for name, load in _training(scenario):
        server, stated_mw = SERVERS.get(load.get("gpu", "")), load.get("power_mw")
        if server is None or stated_mw is None:
            continue
        drawn_mw = load["gpus"] * _gpu_w(server, load) / MEGAWATT_IN_WATTS
        if stated_mw > NAMEPLATE_RATIO * drawn_mw:
            yield _worded("nameplate", name=name, stated_mw=stated_mw, drawn_mw=drawn_mw)


def _gpu_w(server: Server, load: Document) -> float:
    """Return what a GPU draws with its share of the node, mean over the iterations of a job [W]."""
    duty = float((load.get("iteration") or {}).get("duty_fraction", 1.0))
    busy, waiting = (server.gpu_fractions[state].value for state in ("compute", "communicate"))
    gpu_w = server.gpu_rated_w.value * (duty * busy + (1.0 - duty) * waiting)
    return gpu_w + server.other_w.value / server.gpus_per_node


def _training(scenario: Document) -> Iterator[tuple[str, Document]]:
    for load in scenario.get("loads") or ():
        if load.get("type") == "training":
            yield load["name"], load


def _years(recording: Recording, scenario: Document, _metrics: Metrics) -> Iterator[Caution]:
    market = scenario.get("market") or {}
    power, bitcoin = market.get("power") or {}, market.get("bitcoin") or {}
    if not recording.fleet_names or power.get("type") != "file" or bitcoin.get("type") != "fixed":
        return
    if bitcoin.get("of_year") is None:
        yield _worded("years", power_year=datetime.fromisoformat(scenario["start"]).year)


def _idle_tokens(_recording: Recording, scenario: Document, _metrics: Metrics) -> Iterator[Caution]:
    for number, load in enumerate(scenario.get("loads") or ()):
        record = load.get("requests") or load.get("rates") or {}
        if load.get("power_mw") and load["type"] == "inference" and record.get("output_column"):
            yield _worded("idle_tokens", number=number, file=record["file"])


CHECKS: Final[tuple[Callable[[Recording, Document, Metrics], Iterator[Caution]], ...]] = (
    _ai_above_limit,
    _fleet_beyond_headroom,
    _fleet_moves,
    _starts,
    _nameplates,
    _intervals,
    _years,
    _idle_tokens,
)


WORDS: Final = ("assumption", "unverified")
"""What the description of a field says whose default has no source."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """One field that was left at such a default."""

    path: str
    """The field, as ``--set`` names it."""
    value: str
    """What it is left at, with its unit."""
    what: str
    """What the field is, and what is said of its default."""


def assumptions(scenario: Mapping[str, Any]) -> tuple[Assumption, ...]:
    """Return the fields of a resolved scenario that hold a default without a source.

    Parameters
    ----------
    scenario
        The resolved scenario, as ``scenario.yaml`` holds it.

    Returns
    -------
    tuple of Assumption
        In the order of the file; none where the scenario is of another version, or has code from outside.
    """
    try:
        described = describe(placed(scenario, Mark(PYTHON)), Plugins([], allowed=False))
    except InputError:
        return ()
    return tuple(_within(described, ""))


def _within(model: BaseModel, path: str) -> Iterator[Assumption]:
    said = documentation(type(model))
    for name, field in type(model).model_fields.items():
        value, text = getattr(model, name), said.get(name, "")
        if any(word in text for word in WORDS) and _is_left(value, field):
            what = " ".join(text.replace("``", "").split())
            yield Assumption(f"{path}{name}", _text(name, value), what)
        yield from _below(value, f"{path}{name}.")


def _below(value: Any, path: str) -> Iterator[Assumption]:
    if isinstance(value, BaseModel):
        yield from _within(value, path)
    elif isinstance(value, tuple):
        for place, entry in enumerate(value):
            yield from _below(entry, f"{path}{getattr(entry, 'name', place)}.")


def _is_left(value: Any, field: FieldInfo) -> bool:
    """Tell whether a field holds its default, one that can be shown."""
    is_plain = isinstance(value, bool | int | float | str)
    return is_plain and bool(value == field.get_default(call_default_factory=False))


def _text(name: str, value: float | str) -> str:
    unit = unit_of(name) or ""
    text = str(value).lower() if isinstance(value, bool | str) else format_number(float(value))
    return f"{text} {unit}".strip() if unit != "1" else text
