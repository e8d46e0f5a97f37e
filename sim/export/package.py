"""What a planner must get of a site: data, profiles, models, verdicts, and all to run it again."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Final, NamedTuple

from sim.ai.ride_through import FULL_POWER_PU
from sim.errors import InputError
from sim.export.formats import FORMATS, Profile, write_profile
from sim.grid.voltage import reactive_mvar
from sim.report.build import write_csv
from sim.report.cautions import assumptions
from sim.report.grid_limits import checks_of, limit_document
from sim.result import StoredResult, metrics_document, read_document, read_result, stated_content, write_json
from sim.scenario import load_scenario
from sim.scenario.model import Scenario
from sim.shipped import shipped
from sim.signals import Signal
from sim.simulation import MODEL_VERSION, run
from sim.spec import Spec
from sim.tables.files import check_relative, find_inside, opened_regular
from sim.units import unit_of
from sim.whole import new_folder

FORMS: Final[Mapping[str, Any]] = shipped("sim.export", "forms.json")
"""Titles by whom a package is for, items in words, the metric that tells one of the run (null: it is worked out here),
the parameters of both models, the fields that answer a sag, and what is left out."""
SUMS: Final = "SHA256SUMS"
"""File with the SHA-256 of every other file of a package, as ``sha256sum -c`` reads it."""
_STATED: Final = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")
AGAIN: Final = 1e-9
"""Metrics of a run made again may differ by this share: another processor rounds otherwise."""
STUDY_S: Final = 10.0
"""Who is back by then is back within a stability study [s]; assumption."""


class Item(NamedTuple):
    """One figure of a package."""

    part: str
    """What it is of: ``site``, or a hall, load or fleet by name."""
    name: str
    """Which figure: one of the items of `FORMS`."""
    value: float | str | None
    """The figure; None: there is none."""
    source: str
    """``run``: found in this run; ``scenario``: as described; ``assumption``: a default without a source."""


class Part(NamedTuple):
    """A part of the load that answers a voltage sag in one way."""

    name: str
    power: Signal
    """Its power at the connection [MW]."""
    full_pu: float
    """Voltage down to which it draws all that it needs [pu]."""
    gone_pu: float
    """Voltage at and below which it draws nothing [pu]."""
    back_fraction: float
    """Share of what ceased that is back within `STUDY_S`."""
    answers: tuple[Item, ...]
    """How it leaves and returns."""


def parts_of(scenario: Scenario, signals: Mapping[str, Signal]) -> Iterator[Part]:
    """Yield halls, loads outside halls and fleets, as a voltage sag finds them."""
    assumed = {one.path for one in assumptions(scenario.model_dump(mode="json"))}

    def answers(name: str, path: str, spec: Spec) -> Iterator[Item]:
        for item, field in FORMS["answers"][path.rpartition(".")[2]].items():
            source = "assumption" if f"{path}.{field}" in assumed else "scenario"
            yield Item(name, item, getattr(spec, field), source)

    for hall in scenario.halls:
        spec, path = hall.ride_through, f"halls.{hall.name}.ride_through"
        ups = None if spec is None else spec.ups
        said = () if spec is None else tuple(answers(hall.name, path, spec))
        leaves_pu, back = (FULL_POWER_PU, 0.0), 1.0
        if ups is not None:
            said += tuple(answers(hall.name, f"{path}.ups", ups))
            leaves_pu, back = (ups.below_pu, ups.below_pu), float(ups.return_s + ups.walk_in_s <= STUDY_S)
        yield Part(hall.name, signals[f"hall.{hall.name}.power_mw"], *leaves_pu, back, said)
    for load in scenario.running_loads:
        if load.hall is None:
            yield Part(load.name, signals[f"load.{load.name}.power_mw"], FULL_POWER_PU, 0.0, 1.0, ())
    for fleet in scenario.fleets:
        out = fleet.drop_out
        said = tuple(answers(fleet.name, f"fleets.{fleet.name}.drop_out", out))
        back = float(out.restart_s <= STUDY_S)
        yield Part(fleet.name, signals[f"fleet.{fleet.name}.power_mw"], out.below_pu, out.below_pu, back, said)


def items_of(scenario: Scenario, profile: Profile, stored: StoredResult, parts: Sequence[Part]) -> list[Item]:
    """Return all figures of a site, part by part."""
    power, factor, connection = profile.power_mw, profile.power_factor, scenario.grid.connection
    telemetry, metrics = scenario.controller, stored.metrics

    def told(name: str) -> float | None:
        return metrics[name]["value"] if name in metrics else None

    described = {
        "limit_mw": scenario.interconnection.highest_mw,
        "power_factor_ratio": factor,
        "short_circuit_mva": None if connection is None else connection.short_circuit_mva,
        "telemetry_s": telemetry.telemetry_delay_s + telemetry.telemetry_scan_s,
    }
    found = {
        "peak_mw": power.maximum(),
        "mean_mw": power.integral() / power.duration_s,
        "lowest_mw": power.minimum(),
        "peak_mvar": None if factor is None else float(reactive_mvar(power.maximum(), factor)),
        "step_1s_mw": power.largest_range(1.0)[0],
    }
    items = [Item("site", name, value, "scenario") for name, value in described.items()]
    for name, metric in FORMS["of_run"].items():
        items.append(Item("site", name, found[name] if metric is None else told(metric), "run"))
    peak_s = power.time_of_maximum()
    for part in parts:
        items.append(Item(part.name, "at_peak_mw", float(part.power.at([peak_s])[0]), "run"))
        items.append(Item(part.name, "own_peak_mw", part.power.maximum(), "run"))
        for inside in ("it", "cooling"):
            inner = stored.recording.signals.get(f"hall.{part.name}.{inside}_power_mw")
            if inner is not None:
                items.append(Item(part.name, f"{inside}_at_peak_mw", float(inner.at([peak_s])[0]), "run"))
        items.append(Item(part.name, "full_power_pu", part.full_pu, "assumption"))
        items += part.answers
    for load in scenario.running_loads:
        count = told(f"ai.{load.name}.checkpoint_count")
        if count:
            items.append(Item(load.name, "cadence_s", power.duration_s / count, "run"))
    return items


def models_of(parts: Sequence[Part], peak_s: float, factor: float | None) -> Iterator[tuple[str, ...]]:
    """Yield part, model, parameter, value, unit and source of PERC1 and LDELEC, one of each for each part.

    Notes
    -----
    LDELEC draws :math:`F = 1` above Vd1, :math:`(V - V_{d2}) / (V_{d1} - V_{d2})` down to Vd2, nothing below;
    of what ceased the share frcel returns. PERC1 ends at 1 - Fcease + Frecon Fcease.
    """
    for part in parts:
        power_mw = float(part.power.at([peak_s])[0])
        reactive = "not known" if factor is None else repr(float(reactive_mvar(power_mw, factor)))
        values = {
            "power_mw": repr(power_mw),
            "reactive_mvar": reactive,
            "ceases": "1" if part.gone_pu > 0.0 else "0",
            "back_fraction": repr(part.back_fraction),
            "full_pu": repr(part.full_pu),
            "gone_pu": repr(part.gone_pu),
        }
        for model, parameter, value, unit, source in FORMS["models"]:
            yield part.name, model, parameter, values[value], unit, source


def write_package(folder: Path, recipient: str, out: Path, data: Sequence[Path] = ()) -> None:
    """Write the package of a result folder.

    Parameters
    ----------
    folder
        The result folder.
    recipient
        Whom it is for, one of the titles of `FORMS`.
    out
        Folder to write; must be new.
    data
        Folders that hold the scenario's data files, besides those that ship.

    Raises
    ------
    InputError
        An unknown recipient, a data file that is absent or is not the one that the run read.
    ResultError
        The folder is no result, or cannot be written.
    """
    if recipient not in FORMS["titles"]:
        raise InputError.single("--for", "", f"must be one of {', '.join(FORMS['titles'])}, got {recipient!r}")
    stored = read_result(folder)
    scenario = load_scenario(folder / "scenario.yaml", data=data)
    read, now = stored.provenance["inputs_sha256"], scenario.inputs_sha256()
    changed = sorted(name for name in read if now.get(name) != read[name])
    if changed:
        raise InputError.single(changed[0], "", "is not the file that the run read; name its folder with --data")
    profile = Profile.of(stored)
    parts = list(parts_of(scenario, stored.recording.signals))
    items = items_of(scenario, profile, stored, parts)
    checks = zip(*checks_of(stored.recording, stored.scenario), strict=True)
    with new_folder(out) as place:
        for name in scenario.files.digests():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(scenario.files.content(name))
        for name in ("scenario.yaml", "metrics.json", "provenance.json"):
            (place / name).write_bytes((folder / name).read_bytes())
        for shape in ("1s", "psse"):
            write_profile(profile, FORMATS[shape], place / f"profile-{shape}.csv")
        write_json(place / "limits.json", [limit_document(check, alone) for check, alone in checks])
        peak_s = profile.power_mw.time_of_maximum()
        models = models_of(parts, peak_s, profile.power_factor)
        write_csv(place / "models.csv", ("part", "model", "parameter", "value", "unit", "source"), models)
        write_csv(place / "data.csv", ("part", "item", "value", "unit", "source", "what"), map(_row, items))
        taken = ((one.path, one.value, one.what) for one in assumptions(stored.scenario))
        write_csv(place / "assumptions.csv", ("field", "value", "what"), taken)
        (place / "README.md").write_text(_readme(recipient, stored), encoding="utf-8")
        names = sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())
        sums = (f"{_sha256(place, name)}  {name}\n" for name in names)
        (place / SUMS).write_text("".join(sums), encoding="utf-8")


def _row(item: Item) -> tuple[str, ...]:
    value = "not known" if item.value is None else str(item.value)
    return item.part, item.name, value, unit_of(item.name) or "", item.source, FORMS["items"][item.name]


def _readme(recipient: str, stored: StoredResult) -> str:
    left_out = [text.format(days=stored.scenario["days"]) for text in FORMS["left_out"]]
    asks = FORMS["asks"][recipient].items()
    text: str = FORMS["readme"].format(
        title=FORMS["titles"][recipient],
        name=stored.scenario["name"],
        run_key=stored.provenance["run_key"],
        model=FORMS["model_left_out"],
        left_out="\n".join(f"- {line}" for line in left_out),
        asks="\n".join(f"| {asked} | {where} |" for asked, where in asks),
    )
    return text


def _sha256(folder: Path, name: str) -> str | None:
    """Return the hash of a file of a folder; None: there is none of this name."""
    check_relative(name)
    path = find_inside(folder, name)
    if path is None:
        return None
    with opened_regular(path, name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(folder: Path, data: Sequence[Path] = (), *, allow_plugins: bool = False) -> list[str]:
    """Return what is wrong with a package, or a result folder: nothing where it holds.

    Every file must have the hash that `SUMS` states, and a run made again from the folder alone the same key
    and, within `AGAIN`, the same metrics, with miners and without. A result folder states no hashes.

    Parameters
    ----------
    folder
        The folder, of whoever sent it: nothing outside it is read for a name or a link in it.
    data
        Folders that hold data files which are not in it.
    allow_plugins
        Whether a policy from outside may run.

    Raises
    ------
    InputError
        A file cannot be read, is no regular one, leads out of the folder, or is not written as it must be.
    """
    there = {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()
    }
    if os.path.lexists(folder / SUMS) or "signals.parquet" not in there:
        wrong = _changed(folder, there - {SUMS})
        if wrong:
            return wrong
    before = read_document(folder, "provenance.json")
    if before.get("model_version") != MODEL_VERSION:
        made = before.get("model_version")
        return [f"provenance.json: made by model version {made}; this is {MODEL_VERSION}"]
    told = read_document(folder, "metrics.json")
    result = run(load_scenario(folder / "scenario.yaml", data=data, allow_plugins=allow_plugins))
    wrong = []
    if result.provenance["run_key"] != before.get("run_key"):
        wrong.append("provenance.json: the run made again has another key")
    now = metrics_document(result.metrics)
    for name, kind in product(sorted(told.keys() | now.keys()), ("value", "baseline")):
        one, other = (_figure(metrics.get(name), kind) for metrics in (told, now))
        if not _same(one, other):
            said = name if kind == "value" else f"{name} without miners"
            wrong.append(f"metrics.json: {said} is {one}; the run made again gives {other}")
    return wrong


def _changed(folder: Path, there: set[str]) -> list[str]:
    """Return what stands in a package and not in its sums, or otherwise; raise InputError as `verify`."""
    lines = stated_content(folder, SUMS).decode(errors="replace").splitlines()
    stated = {}
    for place, line in enumerate(lines, start=1):
        found = _STATED.fullmatch(line)
        if found is None:
            raise InputError.single(f"{folder / SUMS}:{place}", "", "must be a hash, two spaces and a name")
        stated[found[2]] = found[1].lower()
    wrong = [f"{name}: is not in {SUMS}" for name in sorted(there - set(stated))]
    for name in sorted(stated):
        digest = _sha256(folder, name)
        if digest != stated[name]:
            wrong.append(f"{name}: is {'absent' if digest is None else f'not what {SUMS} states'}")
    return wrong


def _figure(metric: Any, kind: str) -> Any:
    return metric.get(kind) if isinstance(metric, dict) else metric


def _same(one: Any, other: Any) -> bool:
    """Tell whether two figures are the same within `AGAIN`; what is no number is the same as nothing."""
    if one is None or other is None:
        return one is other
    try:
        return bool(abs(one - other) <= AGAIN * max(1.0, abs(other)))
    except (TypeError, OverflowError):
        return False
