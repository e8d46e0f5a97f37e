"""A fitted service written down: a scenario that runs, how it was judged, a page with both courses."""

import json
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np

from sim.errors import InputError
from sim.scenario.load import load_scenario
from sim.simulation import run
from sim.study.fit import HELD_BACK_FRACTION, ServiceFit, fit_service, judged, uniform
from sim.tables.view import FileView, look
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE, FloatArray

KINDS: Final = ("inference", "site")
"""What a record may be fitted as."""
_MONDAY_UTC_S: Final = 1_704_067_200.0
"""Where a record that counts seconds from a midnight is laid: Monday 1 January 2024."""
_RATE_MW: Final = 50.0
"""Power at the highest hour, where the record is of requests and says none [MW]."""
_SHORTEST_UPDATE_S: Final = 1.0
_LONGEST_UPDATE_S: Final = 3600.0
_POINTS: Final = 1200


def write_fit(path: Path, folder: Path, fitted_as: str = "inference") -> dict[str, Any]:
    """Fit a record of a service, judge it on the part held back, and write what came out.

    Parameters
    ----------
    path
        File of power or of request rates.
    folder
        Where ``scenario.yaml``, ``profile.csv``, ``fit.json`` and ``fit.html`` go; it exists.
    fitted_as
        One of `KINDS`: the load of a site's power is called ``site``, and no rates are that.

    Returns
    -------
    dict
        What ``fit.json`` holds.

    Raises
    ------
    InputError
        If the file cannot be understood, or is too short.
    """
    view = _understood(path)
    if fitted_as == "site" and view.kind != "load":
        raise InputError.single(
            view.file, "", "holds request rates, which are no site's power: leave out --as site"
        )
    step_s, values = uniform(view.time_s, view.values)
    if step_s < _SHORTEST_UPDATE_S:
        count = round(_SHORTEST_UPDATE_S / step_s)
        values = values[: values.size // count * count].reshape(-1, count).mean(axis=1)
        step_s *= count
    if step_s > _LONGEST_UPDATE_S:
        raise InputError.single(
            view.file, "", f"must hold a value each hour at least, got one in {step_s:g} s"
        )
    first_s = float(view.time_s[0]) + (0.0 if view.by_clock else _MONDAY_UTC_S)
    held = int(values.size * (1.0 - HELD_BACK_FRACTION))
    fit = fit_service(view.file, first_s, step_s, values[:held])
    held_s = first_s + held * step_s
    rest = values[held:]
    name = "site" if fitted_as == "site" else "service"
    made = _made(folder, name, fit, view, held_s, rest)
    document = {
        "file": view.file,
        "kind": view.kind,
        "fitted_as": fitted_as,
        "fitted_rows": held,
        "judged_rows": int(rest.size),
        "step_s": step_s,
        "peak": fit.peak,
        "noise": fit.noises._asdict(),
        "judged": judged(rest, made, held_s, step_s, fit),
        "warnings": list(fit.warnings),
    }
    (folder / "fit.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    (folder / "fit.html").write_text(_page(document, step_s, rest, made), encoding="utf-8")
    return document


def _understood(path: Path) -> FileView:
    view = look(path)
    if view.kind not in {"load", "rates"}:
        view = look(path, "load")
    if view.faults:
        raise InputError.single(view.file, "", view.faults[0].partition(": ")[2])
    return view


def _made(
    folder: Path, name: str, fit: ServiceFit, view: FileView, start_s: float, rest: FloatArray
) -> FloatArray:
    """Write the scenario, run it as long as the part held back, and return its course."""
    peak_mw = fit.peak if view.kind == "load" else _RATE_MW
    rows = "\n".join(f"{hour},{value:.6f}" for hour, value in enumerate(fit.hourly.tolist()))
    (folder / "profile.csv").write_text(f"hour_of_week_utc,demand\n{rows}\n", encoding="utf-8")
    text = (
        (files("sim.study") / "fitted_scenario.yaml")
        .read_text(encoding="utf-8")
        .format(
            file=view.file,
            name=name,
            start=f"{datetime.fromtimestamp(start_s, UTC):%Y-%m-%dT%H:%M:%SZ}",
            days=rest.size * fit.step_s / SECONDS_PER_DAY,
            limit_mw=max(5.0 * peak_mw, 1e-3),
            power_mw=peak_mw,
            noise_sigma=min(fit.noises.fast_sigma, 1.0),
            noise_time_min=fit.noises.fast_time_s / SECONDS_PER_MINUTE,
            slow_sigma=min(max(fit.noises.slow_sigma, 1e-6), 1.0),
            slow_time_h=fit.noises.slow_time_s / SECONDS_PER_HOUR,
            step_s=fit.step_s,
        )
    )
    (folder / "scenario.yaml").write_text(text, encoding="utf-8")
    power = run(load_scenario(folder / "scenario.yaml")).recording["ai_power_mw"]
    at_s = np.minimum(fit.step_s * np.arange(rest.size), power.end_s - 1e-6)
    return np.asarray(power.at(at_s)) * (fit.peak / peak_mw)


def _page(document: dict[str, Any], step_s: float, measured: FloatArray, made: FloatArray) -> str:
    """Return a page that holds all it needs: both courses over each other, and how near they are."""
    from jinja2 import Environment  # noqa: PLC0415  # needed here alone

    highest = float(max(measured.max(), made.max())) or 1.0
    text = (files("sim.study") / "fitted.html.jinja").read_text(encoding="utf-8")
    template = Environment(autoescape=True, keep_trailing_newline=True).from_string(text)
    return template.render(
        document=document,
        length_d=measured.size * step_s / SECONDS_PER_DAY,
        highest=highest,
        courses=[(_points(measured, highest), "#555"), (_points(made, highest), "#c60")],
    )


def _points(values: FloatArray, highest: float) -> str:
    parts = np.array_split(values, min(_POINTS, values.size))
    means = [float(part.mean()) for part in parts]
    scale = 1000.0 / max(len(means) - 1, 1)
    return " ".join(
        f"{scale * place:.1f},{310.0 - 300.0 * mean / highest:.1f}" for place, mean in enumerate(means)
    )
