"""A fitted record written down: a scenario that runs, and how it was judged."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from sim.ai.catalogue import SERVERS
from sim.ai.node_power import node_power_w
from sim.errors import InputError
from sim.scenario.load import load_scenario
from sim.simulation import run
from sim.study.fit import HELD_BACK_FRACTION, LEAST_ROWS, fit_fleet, fit_service, judged, uniform
from sim.study.fit_training import fit_training, running
from sim.tables.unit_words import shown
from sim.tables.view import FileView, look, understood
from sim.units import MEGAWATT_IN_WATTS, SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE, FloatArray

KINDS: Final = ("training", "inference", "fleet", "site")
"""What a record may be fitted as."""
_MONDAY_UTC_S: Final = 1_704_067_200.0
"""Where a record that counts seconds from a midnight is laid: Monday 1 January 2024."""
_COLUMNS: Final = ("power_column", "setpoint_column")
_RATE_MW: Final = 50.0
"""Power at the highest hour, where the record is of requests and says none [MW]."""
_SHORTEST_UPDATE_S: Final = 1.0
_LONGEST_UPDATE_S: Final = 3600.0
_NEAR: Final = 0.1
"""Energy off by more than this is worth a word."""


@dataclass(frozen=True)
class _Record:
    """A record at a regular spacing."""

    file: str
    kind: str
    first_s: float
    """Time of the first value since 1970-01-01T00:00Z [s]."""
    step_s: float
    values: FloatArray
    targets: FloatArray | None = None
    """Set-points of a fleet."""
    warnings: tuple[str, ...] = ()
    """What is not in the file, and was taken for known."""

    def part(self, rows: slice) -> "_Record":
        """Return some of its rows, one after another."""
        targets = None if self.targets is None else self.targets[rows]
        first_s = self.first_s + (rows.start or 0) * self.step_s
        return replace(self, first_s=first_s, values=self.values[rows], targets=targets)


class _Fitted(NamedTuple):
    """What came of a record."""

    found: Mapping[str, Any]
    """What was fitted, for ``fit.json``; the warnings are part of it."""
    template: str
    fields: Mapping[str, Any]
    usual: FloatArray
    """Usual level by hour of the week, in the record's unit, shape (168,)."""
    unit_mw: float = 1.0
    """Power of one unit of the record [MW]."""
    signal: str = "ai_power_mw"


def write_fit(
    path: Path, folder: Path, fitted_as: str, given: Mapping[str, Any]
) -> tuple[dict[str, Any], FloatArray, FloatArray]:
    """Fit a record, judge it on the part held back, and write what came out.

    Parameters
    ----------
    path
        File of power, of request rates, or of a fleet's set-points and power.
    folder
        Where ``scenario.yaml``, what it reads and ``fit.json`` go; it exists.
    fitted_as
        One of `KINDS`: the load of a site's power is called ``site``, and no rates are that.
    given
        Fields of the file's description that are known; ``setpoint_column`` of a fleet's besides.

    Returns
    -------
    tuple
        What ``fit.json`` holds, the part of the record that was held back, and what was generated in its place, shape
        (n,).

    Raises
    ------
    InputError
        If the file cannot be understood, or is too short.
    """
    record = _record(path, fitted_as, given)
    held = int(record.values.size * (1.0 - HELD_BACK_FRACTION))
    if held < LEAST_ROWS:
        message = f"must hold {2 * LEAST_ROWS} values or more, got {record.values.size}"
        raise InputError.single(record.file, "", message)
    rest = record.part(slice(held, record.values.size))
    fitted = _fitted(record.part(slice(0, held)), rest, folder, fitted_as)
    made = _made(folder, fitted, rest)
    found = dict(fitted.found)
    judgement = judged(rest.values, made, rest.first_s, record.step_s, fitted.usual)
    warnings = [*record.warnings, *found.pop("warnings")]
    if abs(judgement["energy_error_fraction"]) > _NEAR:
        warnings.append("the half held back draws another energy: the record changed, or is too short")
    document = {
        "file": record.file,
        "kind": record.kind,
        "fitted_as": fitted_as,
        "fitted_rows": held,
        "judged_rows": int(rest.values.size),
        "step_s": record.step_s,
        **found,
        "judged": judgement,
        "warnings": warnings,
    }
    (folder / "fit.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return document, rest.values, made


def _record(path: Path, fitted_as: str, given: Mapping[str, Any]) -> _Record:
    """Return the part of a file that can be fitted; raise InputError where it is of another kind."""
    of_power = {name: value for name, value in given.items() if name != _COLUMNS[1]}
    kind = None if fitted_as in {"inference", "site"} and "power_column" not in given else "load"
    view = look(path, kind, of_power)
    if view.kind not in {"load", "rates"} or view.faults:
        view = understood(path, "rates" if view.kind == "rates" else "load", of_power)
    if fitted_as == "site" and view.kind != "load":
        message = "holds request rates, which are no site's power: leave out --as site"
        raise InputError.single(view.file, "", message)
    step_s, values = uniform(view.time_s, view.values)
    first_s = float(view.time_s[0]) + (0.0 if view.by_clock else _MONDAY_UTC_S)
    record = _Record(view.file, view.kind, first_s, step_s, values, warnings=tuple(_taken_for_known(view)))
    if fitted_as == "training":
        return record.part(running(view.file, values)[0])
    return _with_targets(path, record, view, given) if fitted_as == "fleet" else _slower(record)


def _slower(record: _Record) -> _Record:
    """Return a record whose values are a second apart at least."""
    step_s, values = record.step_s, record.values
    if step_s > _LONGEST_UPDATE_S:
        message = f"must hold a value each hour at least, got one in {step_s:g} s"
        raise InputError.single(record.file, "", message)
    count = max(1, round(_SHORTEST_UPDATE_S / step_s))
    means = values[: values.size // count * count].reshape(-1, count).mean(axis=1)
    return replace(record, step_s=step_s * count, values=means)


def _taken_for_known(view: FileView) -> Iterator[str]:
    """Yield what a fit rests on and nobody can tell from the file."""
    facts = view.facts
    for field in view.guessed:
        yield f"{field}: {view.said[field]} is a guess; say --set {field}=..."
    if not facts["is_unit_told"]:
        yield f"no unit is told of column '{facts['column']}': it is taken for {shown(facts['unit'])}"
    if facts["holes_count"]:
        where = f"{facts['filled_s']:g} s in {facts['holes_count']} holes"
        yield f"{where} have no good row and are crossed in lines: stalls and steps in them are lost"


def _with_targets(path: Path, record: _Record, power: FileView, given: Mapping[str, Any]) -> _Record:
    named = {"power_column": given["setpoint_column"]} if "setpoint_column" in given else {}
    of_target = {name: value for name, value in given.items() if name not in _COLUMNS} | named
    targets = understood(path, "set-point", of_target)
    if targets.facts["column"] == power.facts["column"]:
        message = "needs a column of set-points beside power, called setpoint_mw, target_mw or command_mw"
        raise InputError.single(record.file, "", message)
    at_s = power.time_s[0] + record.step_s * np.arange(record.values.size)
    rows = np.maximum(np.searchsorted(targets.time_s, at_s + 1e-6, side="right") - 1, 0)
    return replace(record, targets=targets.values[rows])


def _fitted(record: _Record, rest: _Record, folder: Path, fitted_as: str) -> _Fitted:
    if fitted_as == "training":
        return _training(record)
    return _fleet(record, rest, folder) if fitted_as == "fleet" else _service(record, folder, fitted_as)


def _service(record: _Record, folder: Path, fitted_as: str) -> _Fitted:
    fit = fit_service(record.file, record.first_s, record.step_s, record.values)
    hourly, peak, noises = fit["hourly"], fit["peak"], fit["noises"]
    rows = "\n".join(f"{hour},{value:.6f}" for hour, value in enumerate(hourly.tolist()))
    (folder / "profile.csv").write_text(f"hour_of_week_utc,demand\n{rows}\n", encoding="utf-8")
    peak_mw = peak if record.kind == "load" else _RATE_MW
    fields = {
        "name": "site" if fitted_as == "site" else "service",
        "power_mw": peak_mw,
        "limit_mw": max(5.0 * peak_mw, 1e-3),
        "noise_sigma": min(noises.fast_sigma, 1.0),
        "noise_time_min": noises.fast_time_s / SECONDS_PER_MINUTE,
        "slow_sigma": min(max(noises.slow_sigma, 1e-6), 1.0),
        "slow_time_h": noises.slow_time_s / SECONDS_PER_HOUR,
        "step_s": record.step_s,
    }
    found = {"peak": peak, "noise": noises._asdict(), "warnings": fit["warnings"]}
    return _Fitted(found, "fitted_scenario.yaml", fields, hourly * peak, peak_mw / peak)


def _training(record: _Record) -> _Fitted:
    fit = fit_training(record.file, record.step_s, record.values)
    gpu_mw = node_power_w(SERVERS["h100-hgx"], "compute") / SERVERS["h100-hgx"].gpus_per_node
    compute_mw = fit["compute"]
    gpus = max(1, round(compute_mw * MEGAWATT_IN_WATTS / gpu_mw))
    fields = {"gpus": gpus, "power_mw": compute_mw, "limit_mw": 2.0 * compute_mw, **fit}
    found = {**fit, "floor_fraction": float(np.quantile(record.values, 0.001)) / compute_mw}
    return _Fitted(found, "fitted_training.yaml", fields, np.full(168, compute_mw))


def _fleet(record: _Record, rest: _Record, folder: Path) -> _Fitted:
    assert record.targets is not None  # noqa: S101  # read with the record
    assert rest.targets is not None  # noqa: S101  # as above
    fit = fit_fleet(record.file, record.step_s, record.targets, record.values)
    left_mw = np.maximum(fit["rated"] - rest.targets, 0.0)
    changes = np.flatnonzero(np.diff(left_mw, prepend=np.nan))
    rows = "\n".join(f"{row * rest.step_s:.9g},{left_mw[row]:.9g}" for row in changes.tolist())
    (folder / "rest.csv").write_text(f"time_s,power_mw\n{rows}\n", encoding="utf-8")
    usual = np.full(168, float(record.values.mean()))
    return _Fitted(fit, "fitted_fleet.yaml", fit, usual, signal="fleet_power_mw")


def _made(folder: Path, fitted: _Fitted, rest: _Record) -> FloatArray:
    """Write the scenario, run it as long as the part held back, and return its course."""
    template = (files("sim.study") / fitted.template).read_text(encoding="utf-8")
    text = template.format(
        file=rest.file,
        start=f"{datetime.fromtimestamp(rest.first_s, UTC):%Y-%m-%dT%H:%M:%SZ}",
        days=rest.values.size * rest.step_s / SECONDS_PER_DAY,
        **{name: _shown(value) for name, value in fitted.fields.items()},
    )
    (folder / "scenario.yaml").write_text(text, encoding="utf-8")
    try:
        scenario = load_scenario(folder / "scenario.yaml")
    except InputError as error:
        told = "; ".join(f"{fault.path}: {fault.message}" for fault in error.faults)
        raise InputError.single(rest.file, "", f"none of this kind makes such a record: {told}") from None
    power = run(scenario).recording[fitted.signal]
    at_s = np.minimum(rest.step_s * np.arange(rest.values.size), power.end_s - 1e-6)
    return np.asarray(power.at(at_s)) / fitted.unit_mw


def _shown(value: Any) -> str:
    return "null" if value is None else f"{value:.9g}" if isinstance(value, float) else str(value)
