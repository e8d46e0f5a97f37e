"""A region: many sites of a few kinds, each a run of its own, and what the grid sees of all of them together.

Sites run in the workers of a study and leave their power on disk, breakpoint by breakpoint. Sums are exact, by
the algebra of signals, and made one span of time after the other: no more than one is in memory, however many
sites there are and however long they run.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, JsonValue, model_validator

from sim.engine.campus import Campus
from sim.errors import Fault, InputError
from sim.result import write_json
from sim.scenario.load import read_text, resolve
from sim.scenario.tree import Node, nearest
from sim.scenario.yaml_text import parse_yaml
from sim.signals import Signal, total
from sim.signals.distribution import Distribution
from sim.signals.windows import change_segments
from sim.simulation import run_key
from sim.spec import Name, Positive, Spec, Text, require_once, rising
from sim.study.expand import Checker, set_axis
from sim.study.runs import RECORD_FORMAT, Progress, Record, RunTask, Store, executor_of, require_all
from sim.study.spec import MAX_RUNS, ScenarioName, scenario_path, validated
from sim.study.workers import at_work
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE, unit_of
from sim.whole import whole_file

FOLDER: Final = Path("results/regions")
"""Where regions lie unless told otherwise, each under its name."""
SITE, AI, FLEET = "site_power_mw", "ai_power_mw", "fleet_power_mw"
SUMMED: Final = (SITE, AI, FLEET)
"""The signals of each site that are kept and summed."""
SPAN_S: Final = 3.0 * SECONDS_PER_HOUR
"""Length of a span of which the sum is made at once [s]: memory, not results, hangs on it."""
WINDOWS_S: Final = (5.0, 60.0, 600.0)
"""Windows over which ramps of the region are told [s]."""
FAULT_WINDOW_S: Final = 5.0
"""Within this time a fault counts what it takes away [s]."""


class Archetype(Spec):
    """Sites of one kind: a scenario, run once for each with a seed of its own."""

    name: Name
    """Name of the kind."""
    scenario: ScenarioName
    """The scenario: a name in the region file's own folder or, if that is ``regions``, in the one above it."""
    count: Annotated[int, Field(ge=1, le=MAX_RUNS)]
    """How many sites there are of it."""
    fields: dict[str, JsonValue] = Field(default_factory=dict)
    """Fields set in the scenario of each of them, as in ``--set``."""
    dealt: dict[str, list[JsonValue]] = Field(default_factory=dict)
    """Values of a field that are dealt out to the sites in turn, such as time zones:
    ``loads.chat.time_zone: [America/New_York, America/Chicago]``."""


class PowerGrowth(Spec):
    """How the region's mean power is to grow: by the same factor each year."""

    first_year: int
    """Year that it begins with."""
    first_mw: Positive
    """Mean power of AI in that year [MW]."""
    last_year: int
    """Year that it ends with."""
    last_mw: Positive
    """Mean power of AI in that year [MW]."""

    _rises = rising("first_year", "last_year")


class RegionSpec(Spec):
    """Sites of some kinds, over the same time."""

    schema_version: Literal[1]
    """Version of this format."""
    name: Name
    """Name of the region; results lie under it."""
    question: Annotated[Text, Field(max_length=2000)] = ""
    """The question that it answers, in words."""
    days: Positive
    """Length of each run [d]."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    """Seed of the first site; each further one has the next."""
    fields: dict[str, JsonValue] = Field(default_factory=dict)
    """Fields set in the scenario of every site: what all share, such as ``start`` or ``market.power``."""
    sites: Annotated[list[Archetype], Field(min_length=1, max_length=100)]
    """The kinds of sites."""
    fault: dict[str, JsonValue] | None = None
    """An event that all sites feel at the same time, as in ``events`` of a scenario, with ``at_s``."""
    growth: PowerGrowth | None = None
    """PowerGrowth of the whole; left out: none."""

    @model_validator(mode="after")
    def _is_told_apart(self) -> Self:
        require_once([one.name for one in self.sites], "each kind of sites needs a name of its own")
        at_s = 0.0 if self.fault is None else self.fault.get("at_s")
        if not isinstance(at_s, int | float) or not 0.0 <= at_s < self.days * SECONDS_PER_DAY:
            raise ValueError(f"fault needs at_s within the {self.days:g} days, got {at_s}")
        return self


class Region(NamedTuple):
    """A region whose every site is known to be well described."""

    spec: RegionSpec
    tasks: list[RunTask]


def load_region(path: Path, data: Sequence[Path] = ()) -> Region:
    """Return the region in a file, the scenario of every site checked.

    Raises
    ------
    InputError
        With every fault of the file; if it has none, with those of the first site that has any.
    """
    tree, faults = parse_yaml(read_text(path, str(path)), str(path))
    spec, found = validated(RegionSpec, tree)
    faults = [*faults, *found]
    places = [
        scenario_path(path, one.scenario, ("sites", number, "scenario"), tree, faults)
        for number, one in enumerate(() if spec is None else spec.sites)
    ]
    if spec is None or faults:
        raise InputError(faults)
    return Region(spec, list(_tasks(spec, [place for place in places if place], tree, data)))


def _tasks(spec: RegionSpec, places: Sequence[Path], tree: Node, data: Sequence[Path]) -> Iterator[RunTask]:
    """Yield a task for each site."""
    seed = spec.seed
    for number, (kind, place) in enumerate(zip(spec.sites, places, strict=True)):
        checker = Checker(place.parent, data)
        for site in range(kind.count):
            try:
                content = _site(spec, kind, resolve(place), site)
                key = run_key(checker.scenario({**content, "seed": seed}, str(place)))
            except InputError as error:
                where = str(nearest(tree, ("sites", number)).place)
                said = f"sites.{number}: {kind.name}: "
                raise InputError([Fault(where, said + one.path, one.message) for one in error.faults]) from None
            label = f"{kind.name} {site + 1}, seed {seed}"
            yield RunTask(key, label, {**content, "seed": seed}, place.parent, tuple(data))
            seed += 1


def _site(spec: RegionSpec, kind: Archetype, content: Mapping[str, Any], site: int) -> dict[str, Any]:
    """Return the scenario of a site."""
    dealt = {field: values[site % len(values)] for field, values in kind.dealt.items() if values}
    content = {**content, "days": spec.days}
    for field, value in {**spec.fields, **kind.fields, **dealt}.items():
        content = set_axis(content, field, value)
    if spec.fault is not None:
        content["events"] = [*content.get("events", ()), spec.fault]
    return content


def perform_site(task: RunTask, folder: Path) -> Record:
    """Run a site, keep its power below a folder, and return its peak and energy."""
    recording = Campus(task.resolved()).run()
    for name in SUMMED:
        signal = recording[name]
        path = _kept(folder, task.key, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            np.save(file, np.stack([signal.time_s, signal.value, signal.slope_per_s]))
    peaks = {f"peak.{name}": recording[name].maximum() for name in SUMMED}
    return {"format": RECORD_FORMAT, "run_key": task.key, "metrics": peaks, "baseline": {}}


def _kept(folder: Path, key: str, name: str) -> Path:
    return folder / "power" / key[:2] / f"{key}.{name}.npy"


def read_between(path: Path, from_s: float, until_s: float) -> Signal:
    """Return the part of a kept signal between two times [s], reading no more than that."""
    rows = np.load(path, mmap_mode="r")
    first = max(0, int(np.searchsorted(rows[0], from_s, side="right")) - 1)
    last = max(first + 1, int(np.searchsorted(rows[0], until_s, side="left")))
    time_s, value, slope_per_s = rows[:, first:last]
    return Signal.from_breakpoints(time_s, value, slope_per_s, until_s).clip_time(from_s, until_s)


class _Tally:
    """What is measured on a sum, span by span.

    Parameters
    ----------
    most_mw
        No more than this can it be: the sum of the sites' own peaks [MW].
    """

    def __init__(self, most_mw: float) -> None:
        self._spread = Distribution(0.0, most_mw)
        self._energy_mws = self._length_s = 0.0
        self._highest_mw, self._lowest_mw = 0.0, most_mw
        self._up_mw = dict.fromkeys(WINDOWS_S, 0.0)
        self._down_mw = dict.fromkeys(WINDOWS_S, 0.0)

    def add(self, power_mw: Signal, since_s: float) -> None:
        """Add a span that begins at a time [s]; what lies before it is there for the ramps alone."""
        span = power_mw.clip_time(since_s, power_mw.end_s)
        self._spread.add(span)
        self._energy_mws += span.integral()
        self._length_s += span.duration_s
        self._highest_mw = max(self._highest_mw, span.maximum())
        self._lowest_mw = min(self._lowest_mw, span.minimum())
        for window_s in WINDOWS_S:
            seen = power_mw.clip_time(max(power_mw.start_s, since_s - window_s), power_mw.end_s)
            if seen.duration_s > window_s:
                change = change_segments(seen, window_s)
                ends_mw = np.concatenate([change.value, change.left_limit])
                self._up_mw[window_s] = max(self._up_mw[window_s], float(ends_mw.max(initial=0.0)))
                self._down_mw[window_s] = max(self._down_mw[window_s], float(-ends_mw.min(initial=0.0)))

    def numbers(self) -> dict[str, float]:
        """Return what was found."""
        mean_mw = self._energy_mws / self._length_s
        ramps = {}
        for window_s in WINDOWS_S:
            minutes = window_s / SECONDS_PER_MINUTE
            ramps[f"net_ramp_up_{window_s:.0f}s_mw_per_min"] = self._up_mw[window_s] / minutes
            ramps[f"net_ramp_down_{window_s:.0f}s_mw_per_min"] = self._down_mw[window_s] / minutes
        return {
            "energy_mwh": self._energy_mws / SECONDS_PER_HOUR,
            "mean_mw": mean_mw,
            "peak_mw": self._highest_mw,
            "lowest_mw": self._lowest_mw,
            "load_factor_ratio": mean_mw / self._highest_mw if self._highest_mw > 0.0 else 0.0,
            "p05_mw": self._spread.quantile(0.05),
            "p95_mw": self._spread.quantile(0.95),
            **ramps,
        }


def simulate(
    region: Region,
    folder: Path | None = None,
    *,
    workers: int = 1,
    timeout_s: float | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Run every site that is not done, sum them, write ``region.json``, and return what it holds.

    Parameters
    ----------
    region
        The region, as `load_region`.
    folder
        Where its sites are kept, ``results/regions/<name>`` unless given; one that has some goes on.
    workers, timeout_s
        As `sim.study.sweep.sweep`.
    progress
        Told the share of the sites still to do that are done.

    Raises
    ------
    ResultError
        A site failed, or another process works in the folder.
    """
    spec = region.spec
    store = Store(FOLDER / spec.name if folder is None else folder)
    function = partial(perform_site, folder=store.folder)
    with store.opened(), at_work(executor_of(function, workers, timeout_s)) as crew:
        require_all(region.tasks, store, crew, progress)
        keys = [task.key for task in region.tasks]
        peaks_mw = {name: sum(store.read(key)["metrics"][f"peak.{name}"] for key in keys) for name in SUMMED}
        found = _summed(store.folder, keys, spec, peaks_mw)
        write_json(store.folder / "region.json", found)
    return found


def _summed(folder: Path, keys: Sequence[str], spec: RegionSpec, peaks_mw: Mapping[str, float]) -> dict[str, Any]:
    """Return what the sums over all sites come to, as ``region.json`` holds it."""
    end_s = spec.days * SECONDS_PER_DAY

    def sum_of(name: str, from_s: float, until_s: float) -> Signal:
        return total([read_between(_kept(folder, key, name), from_s, until_s) for key in keys])

    site, ai, fleet = (_tallied(partial(sum_of, name), end_s, peaks_mw[name]) for name in SUMMED)
    metrics = {name: _stated(name, value, ai[name]) for name, value in site.items()}
    metrics |= {f"miners_{name}": _stated(name, value) for name, value in fleet.items()}
    if spec.fault is not None:
        at_s = float(spec.fault["at_s"])  # type: ignore[arg-type]  # checked: a number
        lost, lost_of_ai = (_lost(partial(sum_of, name), at_s, end_s) for name in (SITE, AI))
        metrics |= {f"fault_{name}": _stated(name, value, lost_of_ai[name]) for name, value in lost.items()}
    return {
        "name": spec.name,
        "question": spec.question,
        "days": spec.days,
        "site_count": len(keys),
        "metrics": metrics,
        "growth": [] if spec.growth is None else list(_grown(spec.growth, metrics)),
    }


def _stated(name: str, value: float, baseline: float | None = None) -> dict[str, Any]:
    """Return a number as ``metrics.json`` has it; the baseline is that of AI without miners."""
    stated = {"value": value, "unit": unit_of(name)}
    return stated if baseline is None else {**stated, "baseline": baseline}


def _tallied(sum_of: Callable[[float, float], Signal], end_s: float, most_mw: float) -> dict[str, float]:
    """Return what is measured on a sum, which is never above the sum of peaks [MW]."""
    tally = _Tally(most_mw)
    for since_s in np.arange(0.0, end_s, SPAN_S).tolist():
        until_s = min(end_s, since_s + SPAN_S)
        tally.add(sum_of(max(0.0, since_s - max(WINDOWS_S)), until_s), since_s)
    return {**tally.numbers(), "sum_of_peaks_mw": most_mw}


def _lost(sum_of: Callable[[float, float], Signal], at_s: float, end_s: float) -> dict[str, float]:
    """Return what a fault takes away [MW], against the power a second before it."""
    since_s = max(0.0, at_s - 1.0)
    part = sum_of(since_s, min(end_s, at_s + max(WINDOWS_S)))
    before_mw = float(part.at([since_s])[0])
    struck = part.clip_time(at_s, min(part.end_s, at_s + FAULT_WINDOW_S))
    return {
        "before_mw": before_mw,
        "lost_within_5s_mw": before_mw - struck.minimum(),
        "lost_after_600s_mw": before_mw - float(part.left_limits()[-1]),
    }


def _grown(growth: PowerGrowth, metrics: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, float]]:
    """Yield a row for each year: the region as it is, with as many more sites of its kinds.

    Ramps of sites that know nothing of each other grow by the root of their number at least, and in
    proportion at the most; what miners draw, and what one fault takes away, in proportion.
    """
    for year in range(growth.first_year, growth.last_year + 1):
        share = (year - growth.first_year) / (growth.last_year - growth.first_year)
        ai_mw = growth.first_mw * (growth.last_mw / growth.first_mw) ** share
        factor = ai_mw / metrics["mean_mw"]["baseline"]
        ramp_mw_per_min = metrics["net_ramp_up_60s_mw_per_min"]["value"]
        row = {
            "ai_mean_mw": ai_mw,
            "peak_mw": metrics["peak_mw"]["value"] * factor,
            "miners_p05_mw": metrics["miners_p05_mw"]["value"] * factor,
            "ramp_at_least_mw_per_min": ramp_mw_per_min * min(factor, factor**0.5),
            "ramp_at_most_mw_per_min": ramp_mw_per_min * max(factor, factor**0.5),
        }
        if "fault_lost_within_5s_mw" in metrics:
            row["fault_takes_mw"] = metrics["fault_lost_within_5s_mw"]["value"] * factor
        # twelve digits are the same on every processor
        yield {"year": year, **{name: float(f"{value:.12g}") for name, value in row.items()}}
