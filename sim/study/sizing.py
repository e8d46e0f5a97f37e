r"""What a site must buy to pass limits on its power: the cheapest set of levers found, by exact runs.

Notes
-----
A battery that turns a step :math:`\Delta P` into a ramp :math:`r` needs the power :math:`\Delta P` and the
energy :math:`E = \Delta P^2 / (2 r)`, each way; it stands in the middle of its charge, so that it holds twice
that, times an oversize. Runs then tell how much of that bound is needed.

Each lever is a ladder of values, from mild to strong. All levers at their strongest tell what is possible.
Each lever alone, and all of them together lowered one after another (the dearest first, and the cheapest
first), are searched by bisection; the cheapest set counts. In it no item can be weaker while the others
stand, if a stronger lever never does worse: that is assumed, and the set itself is always a run that passed.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any, Final, NamedTuple

from ruamel.yaml import YAML

from sim.errors import InputError, did_you_mean
from sim.grid.limits import PowerLimit
from sim.metrics.power_limits import LimitCheck, check_recording, recorded_limits
from sim.recording import Recording
from sim.result import Result
from sim.scenario.load import apply_override
from sim.shipped import shipped
from sim.signals.screening import largest_range
from sim.simulation import run
from sim.study.expand import Checker
from sim.study.feasibility import COUNT
from sim.study.runs import write_json
from sim.units import ROUNDING, SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE, SECONDS_PER_YEAR

TABLE: Final[dict[str, Any]] = shipped("sim.study", "sizing.json")
"""Levers, prices and where they are from, and what no run tells."""
LIMIT: Final = "limit"
"""Name of the row that the interconnection's own limit is."""
AMPLITUDES: Final = ("band-amplitude", "line-amplitude")

State = dict[str, int]
"""Rung of each lever; 0: not used."""


class Verdict(NamedTuple):
    """What a run with some levers came to."""

    failing: dict[str, float]
    """Excess over what is allowed, as a share of it, by row that is not kept."""
    untold: dict[str, str]
    """Rows that no run of this site can tell, and why."""
    tightest: str
    """The row with the least room."""
    usd_per_day: float
    """What the site earns by mining, less what GPUs lose and floors draw [USD/d]."""


class Out(NamedTuple):
    """What a sizing came to."""

    content: Mapping[str, Any]
    """The scenario with the set applied, as a file would hold it."""
    document: dict[str, Any]
    """Items with amount, unit, USD and binding row; each lever alone; what stays impossible."""


def ramp_mw_per_min(rule: PowerLimit, rated_mw: float) -> float:
    """Return the steady ramp at which a limit is just kept [MW/min].

    Examples
    --------
    >>> from sim.grid.limits import published_limits
    >>> ramp_mw_per_min(published_limits()[0], 200.0)
    120.0
    """
    value = rule.value(rated_mw)
    if rule.unit == "MW/min":
        return value
    return value * (2.0 if rule.kind in AMPLITUDES else 1.0) / rule.span_s * SECONDS_PER_MINUTE


def energy_mwh(step_mw: float, ramp: float) -> float:
    """Return the energy that turns a step into a ramp [MW/min], one way [MWh].

    Examples
    --------
    160 MW to 10 MW in 5 s:

    >>> round(energy_mwh(160.0, 120.0), 2)
    1.78
    """
    return step_mw * step_mw / (2.0 * ramp / SECONDS_PER_MINUTE) / SECONDS_PER_HOUR


def write_sizing(found: Out, folder: Path) -> None:
    """Write ``size.json``, and ``scenario.yaml`` with the set applied."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "size.json", found.document)
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    with (folder / "scenario.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(found.content, file)


class Sizing:
    """Searches the set for one scenario.

    Parameters
    ----------
    content
        The scenario, as a file would hold it.
    place
        Its file.
    data
        Folders that it may read from besides.
    rows
        Limits to pass, by name; the interconnection's own always counts.
    most_s
        Wall time after which the best set so far counts [s].
    tell
        Told what goes on.

    Raises
    ------
    InputError
        There is no such limit, or the scenario is wrong.
    """

    def __init__(
        self,
        content: Mapping[str, Any],
        place: Path,
        data: Sequence[Path],
        rows: Sequence[str],
        most_s: float,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._content, self._place, self._tell = content, place, tell
        self._checker = Checker(place.parent, data)
        self._ends_s = time.monotonic() + most_s
        self._seen: dict[tuple[tuple[str, int], ...], Verdict] = {}
        self._impossible: dict[str, str] = {}
        started_s = time.monotonic()
        first = run(self._checker.scenario(content, str(place)))
        self._scenario = first.scenario
        self._rules = _chosen(first.recording, rows)
        self._rated_mw = first.recording["limit_mw"].maximum()
        site_mw = first.recording["site_power_mw"]
        slowest = min((ramp_mw_per_min(rule, self._rated_mw) for rule in self._rules), default=0.0)
        self.ramp_mw_per_min = TABLE["ramp_share"] * slowest
        """Ramp that the battery lets pass [MW/min]."""
        span_s = max([TABLE["dip_s"], *(rule.span_s for rule in self._rules)])
        self.step_mw = largest_range(site_mw, span_s)[0]
        """Largest change of the site's power in a minute, or in the longest window [MW]."""
        self.levers = {lever["name"]: lever for lever in TABLE["levers"] if self._fits(lever)}
        self._before = self._seen[self._key({})] = self._judged(first)
        runs = 1 + sum(2 + 3 * len(lever["ladder"]).bit_length() for lever in self.levers.values())
        run_s = time.monotonic() - started_s
        tell(f"up to {runs} runs of {run_s:.1f} s or more: {runs * run_s / SECONDS_PER_MINUTE:.1f} min at the most")

    # -- levers --------------------------------------------------------------------------------------------------

    def _fits(self, lever: Mapping[str, Any]) -> bool:
        """Tell whether the scenario has what a lever acts on, and is a scenario with it at its strongest."""
        if lever["name"] == "battery" and (self.ramp_mw_per_min <= 0.0 or self._scenario.storage is not None):
            return False
        try:
            changed = self._with_lever(self._content, lever, len(lever["ladder"]))
            return self._checker.scenario(changed, str(self._place)) != self._scenario
        except InputError:
            return False

    def _names(self, lever: Mapping[str, Any]) -> list[str]:
        """Return the loads or fleets that a lever acts on."""
        if lever["of"] == "training":
            return [load.name for load in self._scenario.loads if load.type == "training"]
        kinds = {"cohort": ("cohort",), "miners": ("cohort", "aggregate")}.get(lever["of"], ())
        return [fleet.name for fleet in self._scenario.fleets if fleet.type in kinds] or ([""] if not kinds else [])

    def _with_lever(self, content: Mapping[str, Any], lever: Mapping[str, Any], rung: int) -> Mapping[str, Any]:
        """Return the scenario with a lever at a rung."""
        value = lever["ladder"][rung - 1]
        if lever["name"] == "battery":
            return apply_override(content, lever["field"], self._battery(value))
        for name in self._names(lever):
            given: Any = {lever["key"]: value} if "key" in lever else value
            if lever["name"] == "miners":
                given = value * next(fleet.full_mw for fleet in self._scenario.fleets if fleet.name == name)
            content = apply_override(content, lever["field"].format(name=name), given)
        return content

    def _battery(self, share: float) -> dict[str, float]:
        """Return a battery of a share of the bound on power, with the energy that goes with it, both ways."""
        power_mw = round(share * self.step_mw, 3)
        bound_mwh = 2.0 * TABLE["oversize"] * energy_mwh(power_mw, self.ramp_mw_per_min)
        return {
            "power_mw": power_mw,
            "energy_mwh": round(bound_mwh, 4),
            "ramp_limit_mw_per_min": self.ramp_mw_per_min,
            "recharge_mw": min(1.0, power_mw),
        }

    def content(self, state: State) -> Mapping[str, Any]:
        """Return the scenario with levers applied."""
        content = self._content
        for name, rung in state.items():
            if rung:
                content = self._with_lever(content, self.levers[name], rung)
        return content

    # -- runs ----------------------------------------------------------------------------------------------------

    def _key(self, state: State) -> tuple[tuple[str, int], ...]:
        return tuple(sorted((name, rung) for name, rung in state.items() if rung))

    def verdict(self, state: State) -> Verdict:
        """Return what a run with levers comes to; each is done once."""
        key = self._key(state)
        if key not in self._seen:
            self._seen[key] = self._judged(run(self._checker.scenario(self.content(state), str(self._place))))
            kept = "passes" if self.passes(state) else f"fails {', '.join(self._seen[key].failing)}"
            self._tell(f"run {len(self._seen)}: {', '.join(f'{name} {rung}' for name, rung in key)}: {kept}")
        return self._seen[key]

    def passes(self, state: State) -> bool:
        """Tell whether a run with levers keeps all rows that can be kept."""
        return not self.verdict(state).failing.keys() - self._impossible.keys()

    def _judged(self, result: Result) -> Verdict:
        checks = check_recording(result.recording, self._rules, result.scenario.seed)
        over = {check.rule.name: check.worst / check.limit - 1.0 for check in checks if _is_told(check)}
        failing = {name: excess for name, excess in over.items() if excess > ROUNDING}
        untold = {check.rule.name: check.reason for check in checks if not _is_told(check)}
        broken_count = float(result.metrics[COUNT])
        if broken_count:
            failing[LIMIT] = broken_count
        return Verdict(failing, untold, max(over, key=lambda name: over[name], default=LIMIT), _earned(result))

    # -- search --------------------------------------------------------------------------------------------------

    def weakest(self, state: State, lever: str) -> State:
        """Return a set that passes, with one lever as weak as it may be while the others stand."""
        low, high = -1, state.get(lever, 0)
        while high - low > 1 and time.monotonic() < self._ends_s:
            middle = (low + high) // 2
            low, high = (low, middle) if self.passes({**state, lever: middle}) else (middle, high)
        return {**state, lever: high}

    def usd(self, state: State) -> dict[str, float]:
        """Return what each item costs, bought and run over the horizon, each as if it were alone [USD]."""
        days = TABLE["horizon_years"] * SECONDS_PER_YEAR / SECONDS_PER_DAY
        costs: dict[str, float] = {}
        for name in (name for name, rung in state.items() if rung):
            lost_usd_per_day = self._before.usd_per_day - self.verdict({name: state[name]}).usd_per_day
            costs[name] = max(0.0, lost_usd_per_day) * days
        if state.get("battery"):
            built = self._battery(self.levers["battery"]["ladder"][state["battery"] - 1])
            costs["battery"] += built["power_mw"] * TABLE["battery_usd_per_mw"]
            costs["battery"] += built["energy_mwh"] * TABLE["battery_usd_per_mwh"]
        return costs

    def search(self) -> Out:
        """Return the cheapest set found, and what each lever alone would need."""
        self._impossible |= self._before.untold
        tops: State = {name: len(lever["ladder"]) for name, lever in self.levers.items()}
        weak = "every lever at its strongest does not keep it"
        self._impossible |= dict.fromkeys(self.verdict(tops).failing, weak)
        alone = {
            name: self.weakest({name: top}, name) if self.passes({name: top}) else None for name, top in tops.items()
        }
        found = [state for state in alone.values() if state is not None]
        price = {name: sum(self.usd({name: rung}).values()) for name, rung in tops.items()}
        for order in (sorted(tops, key=price.__getitem__, reverse=True), sorted(tops, key=price.__getitem__)):
            state = tops
            for name in order:
                state = self.weakest(state, name)
            found.append(state)
        best = {} if self.passes({}) else min(found, key=lambda state: sum(self.usd(state).values()))
        return Out(self.content(best), self._document(best, alone))

    def _document(self, best: State, alone: Mapping[str, State | None]) -> dict[str, Any]:
        return {
            "format": 1,
            "scenario": self._scenario.name,
            "days": self._scenario.days,
            "rows": [*(rule.name for rule in self._rules), LIMIT],
            "bound": {
                "step_mw": self.step_mw,
                "ramp_mw_per_min": self.ramp_mw_per_min,
                "energy_mwh": energy_mwh(self.step_mw, self.ramp_mw_per_min) if self.ramp_mw_per_min else 0.0,
            },
            "items": list(self._items(best)),
            "alone": [
                {"item": self.levers[name]["item"], "needs": None if state is None else list(self._items(state))}
                for name, state in alone.items()
            ],
            "impossible": dict(self._impossible),
            "runs": len(self._seen),
            "is_whole": time.monotonic() < self._ends_s,
            "prices": {key: value for key, value in TABLE.items() if key not in {"levers", "out_of_scope"}},
            "out_of_scope": TABLE["out_of_scope"],
        }

    def _items(self, state: State) -> Iterator[dict[str, Any]]:
        """Yield the items of a set; what binds one is the row that fails first without it."""
        for name, usd in self.usd(state).items():
            without = self.verdict({**state, name: 0}).failing
            lever, value = self.levers[name], self.levers[name]["ladder"][state[name] - 1]
            amounts = {lever["unit"]: float(value)}
            if name == "battery":
                built = self._battery(value)
                amounts = {"MW": built["power_mw"], "MWh": built["energy_mwh"]}
            elif name == "miners":
                amounts = {lever["unit"]: (1.0 - value) * sum(fleet.full_mw for fleet in self._scenario.fleets)}
            energy_usd = amounts.get("MWh", 0.0) * TABLE["battery_usd_per_mwh"]
            binding = max(without, key=without.__getitem__, default=self.verdict(state).tightest)
            for unit, amount in amounts.items():
                part_usd = energy_usd if unit == "MWh" else usd - energy_usd
                item = {"item": lever["item"], "amount": amount, "unit": unit, "usd": part_usd}
                yield {**item, "binding_row": binding}


def _chosen(recording: Recording, rows: Sequence[str]) -> list[PowerLimit]:
    """Return the limits of these names."""
    known = {rule.name: rule for rule in recorded_limits(recording)}
    for row in rows:
        if row not in known and row != LIMIT:
            names = [*known, LIMIT]
            raise InputError.single("--pass", row, f"must be one of {', '.join(names)}{did_you_mean(row, names)}")
    return [known[row] for row in dict.fromkeys(rows) if row != LIMIT]


def _is_told(check: LimitCheck) -> bool:
    """Tell whether a run says of a limit that it is broken, or kept as far as power is known."""
    return not isnan(check.worst) and check.limit > 0.0  # NaN: nothing was measured


def _earned(result: Result) -> float:
    """Return what a site earns by mining, less what its GPUs lose and its floors draw [USD/d]."""
    metrics, scenario = result.metrics, result.scenario
    earned = float(metrics["incremental_ebitda_usd"])
    for load in scenario.loads:
        if load.type == "training":
            lost_h = float(metrics[f"ai.{load.name}.return_lost_s"]) / SECONDS_PER_HOUR
            earned -= lost_h * load.gpus * TABLE["gpu_usd_per_h"]
            earned -= float(metrics[f"ai.{load.name}.smoothing_energy_mwh"]) * TABLE["energy_usd_per_mwh"]
    return earned / scenario.days
