"""The campus beside a real site: it takes in what the site's meters say, and its policy decides on that."""

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from functools import partial
from math import inf, isfinite, nan, nextafter
from pathlib import Path
from typing import Any, Final

from pydantic import PrivateAttr
from simpy import Event

from sim.ai.base import Connection, SetPower
from sim.ai.replay import ReplayLoad
from sim.engine.campus import Campus
from sim.errors import InputError, RunError, did_you_mean, printable
from sim.grid.events import CurtailmentOrder
from sim.live.journal import Growing, Journal
from sim.market.power import FixedPowerPrice
from sim.policies import Decision, Observation, Policy
from sim.scenario.model import Scenario
from sim.span import Span
from sim.spec import NonNegative

FIGURES: Final = ("limit_mw", "price_usd_per_mwh")
"""What may come in besides the power of AI."""
TAKEN: Final = ("time_s", "stamp_s", "row_count")
"""Columns before the values of what was taken in: when it counts, when it was measured, rows read by then."""
DECIDED: Final = (
    "time_s",
    "target_mw",
    "reason",
    "wake_at_s",
    "offers",
    "off",
    "ai_power_mw",
    "limit_mw",
    "price_usd_per_mwh",
    "commanded_mw",
)
"""Columns of what was decided, and what it was decided on."""
MOST_USD_PER_MWH: Final = 1e5
"""A price beyond it is none; until one is read power counts as so dear, and nobody mines [USD/MWh]."""


class MeteredLoad(ReplayLoad):
    """A record of AI power that goes on being written while it is replayed."""

    from_outside = True
    stated_mw: NonNegative
    """The most that it may draw [MW]; it counts as that until something is read, and while nothing is."""
    _set_power_mw: SetPower | None = PrivateAttr(None)

    def check(self, span: Span) -> None:
        """Read nothing: it is read as it comes."""

    def most_mw(self, span: Span) -> float:  # noqa: ARG002  # see check
        """Return the most that it states to draw [MW]."""
        return self.stated_mw

    def process(self, connection: Connection) -> Generator[Event, Any, None]:
        """Draw what is stated, until something is read."""
        self._set_power_mw = connection.set_power_mw
        connection.set_power_mw(self.stated_mw)
        yield from ()

    def read(self, power_mw: float) -> None:
        """Draw what was read [MW]."""
        if self._set_power_mw is not None:
            self._set_power_mw(power_mw)


class Shadow:
    """A campus whose AI, limit and price are those of a site, as it tells them.

    All that is taken in and all that is decided is kept in a folder, before anybody acts on it. Opened again
    after a stop it goes through what was taken in once more, makes sure that it decides the same, and goes on.

    Parameters
    ----------
    scenario
        The site. Its loads and halls are read, not simulated.
    source
        CSV file that the site appends to: ``time_s`` from the scenario's start, or ``time`` by the clock with
        its offset, and the columns of `columns`.
    folder
        Where to keep ``inputs.csv`` and ``decisions.csv``.
    stale_s
        After so long without a sound row AI counts as all that it states to draw [s].

    Raises
    ------
    InputError
        The file lacks a column, or the policy follows the grid's frequency, which is not read.
    RunError
        The folder is of another site, or what it holds is decided otherwise now.
    """

    def __init__(self, scenario: Scenario, source: Path, folder: Path, stale_s: float) -> None:
        if scenario.policy.watched_hz is not None:
            raise InputError.single(scenario.name, "policy", "follows the grid's frequency, which is not read live")
        stated = stated_mw(scenario)
        self._start_utc_s, self._stale_s = scenario.start_utc_s, stale_s
        self._source = Growing(source)
        header, *self._waiting = self._source.rows() or [[]]
        self._clock_column, self._places = _places(str(source), header, list(stated))
        self._loads = {
            name: MeteredLoad(name=name.split(".")[1], type="replay", file=str(source), stated_mw=most_mw)
            for name, most_mw in stated.items()
        }
        self._inputs = Journal(folder / "inputs.csv", (*TAKEN, *self._places))
        self._decisions = Journal(folder / "decisions.csv", DECIDED)
        policy = _Kept(scenario.policy.start(), self._decisions)
        self._campus = Campus(_watched(scenario, tuple(self._loads.values()), self._places), policy)
        self._values: dict[str, float] = {}
        self.time_s = 0.0
        """Time up to which all has happened [s]; what comes in counts after it."""
        self.end_s = scenario.end_s
        """End of the run [s]."""
        self.stamp_s = -inf
        """When the last sound row was measured [s]."""
        self.row_count = self.refused_count = self.stale_count = 0
        self.longest_late_s = 0.0
        """The most by which a row came after it was measured [s]."""
        self.is_stale = False
        """Whether AI counts as all that it states to draw, because nothing is read of it."""
        self._go_through_again()

    @property
    def commanded_mw(self) -> float:
        """What the fleets are told to draw now, together: the decision, and what duties leave of it [MW]."""
        return self._campus.commanded_mw

    def site_s(self) -> float | None:
        """Return what time the site last said it was [s]; None: no sound row waits."""
        self._waiting += self._source.rows()
        sound = (found[0] for found in map(self._sound, self._waiting) if found is not None)
        return max(sound, default=None)

    def step(self, now_s: float) -> None:
        """Take in what has come by now [s], and decide on it; where time has gone back, it stands still."""
        now_s = max(now_s, self.time_s)
        rows, self._waiting = [*self._waiting, *self._source.rows()], []
        for row in rows:
            self.row_count += 1
            found = self._sound(row)
            if found is None or found[0] > now_s + self._stale_s:
                self.refused_count += 1
                continue
            self.stamp_s = found[0]
            self.is_stale = False
            self._take(max(self.stamp_s, nextafter(self.time_s, inf)), found[1])
            self.longest_late_s = max(self.longest_late_s, self.time_s - self.stamp_s)
        if not self.is_stale and now_s - self.stamp_s > self._stale_s:
            self.is_stale = True
            self.stale_count += 1
            stated = {name: load.stated_mw for name, load in self._loads.items()}
            self._take(max(now_s, nextafter(self.time_s, inf)), {**self._values, **stated})
        self._inputs.sync()
        self._go_to(max(now_s, self.time_s))
        self._decisions.sync()

    def _go_to(self, time_s: float) -> None:
        self._campus.advance(time_s)
        self.time_s = time_s

    def _sound(self, row: Sequence[str]) -> tuple[float, dict[str, float]] | None:
        """Return when a row was measured [s] and what it says; None where it is not sound, or not later."""
        try:
            text = row[self._clock_column[1]]
            is_by_clock = self._clock_column[0] == "time"
            at_s = datetime.fromisoformat(text).timestamp() - self._start_utc_s if is_by_clock else float(text)
            values = {name: float(row[place]) for name, place in self._places.items()}
        except (ValueError, IndexError, OverflowError):
            return None
        is_sound = all(_may_be(name, value) for name, value in values.items())
        return (at_s, values) if is_sound and self.stamp_s < at_s < inf else None

    def _take(self, time_s: float, values: Mapping[str, float]) -> None:
        """Have values count from a time on [s], which is after all that has happened; keep them."""
        numbers = (time_s, self.stamp_s, self.row_count, *(values.get(name, nan) for name in self._places))
        self._inputs.add([repr(number) for number in numbers])
        self._campus.at(time_s, partial(self._tell, {**values}))
        self.time_s = time_s

    def _tell(self, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            if value != self._values.get(name):
                self._values[name] = value
                load = self._loads.get(name)
                if load is not None:
                    load.read(value)
                else:
                    self._campus.publish(name, value)

    def _go_through_again(self) -> None:
        """Go through what was taken in before a stop, and through what was decided then."""
        try:
            for row in self._inputs.kept:
                time_s, self.stamp_s, row_count, *values = map(float, row)
                self.row_count = int(row_count)
                told = zip(self._places, values, strict=True)
                self._take(time_s, {name: value for name, value in told if isfinite(value)})
            decided_s = [float(row[0]) for row in self._decisions.kept[-1:]]
        except ValueError as error:
            raise RunError(f"what the folder holds is no journal: {error}") from error
        if self.row_count > len(self._waiting):
            raise RunError(f"{self.row_count:,} rows were read of the source; it has {len(self._waiting):,}")
        del self._waiting[: self.row_count]
        self._go_to(max([self.time_s, *decided_s]))


class _Kept:
    """Has each decision of a policy kept, with what it was made on."""

    def __init__(self, inner: Policy, journal: Journal) -> None:
        self._inner, self._journal = inner, journal

    def decide(self, observation: Observation) -> Decision:
        """Return what the policy decides."""
        seen, decision = observation, self._inner.decide(observation)
        numbers = (seen.ai_power_mw, seen.limit_mw, seen.price_usd_per_mwh, seen.commanded_mw)
        self._journal.add(
            [
                repr(seen.time_s),
                repr(decision.target_mw),
                printable(decision.reason).replace("\n", " "),
                "" if decision.wake_at_s is None else repr(decision.wake_at_s),
                " ".join(f"{name}={amount_mw!r}" for name, amount_mw in decision.offers),
                " ".join(decision.off),
                *map(repr, numbers),
            ]
        )
        return decision


def stated_mw(scenario: Scenario) -> dict[str, float]:
    """Return the most that each meter of AI may show [MW], by its signal: loads outside halls, and halls."""
    span, stated = scenario.span, {}
    for load in scenario.loads:
        if load.hall is None:
            stated[f"load.{load.name}.power_mw"] = load.most_mw(span)
    for hall in scenario.halls:
        it_mw = sum(load.in_hall().most_mw(span) for load in scenario.loads if load.hall == hall.name)
        most_mw = hall.base_mw + it_mw * (hall.feed_ratio + hall.cooling.design_ratio)
        stated[f"hall.{hall.name}.power_mw"] = min(most_mw, hall.rated_mw + hall.error_mw)
    return {name: min(most_mw, scenario.interconnection.highest_mw) for name, most_mw in stated.items()}


def _watched(scenario: Scenario, loads: tuple[MeteredLoad, ...], read: Mapping[str, int]) -> Scenario:
    """Return the site with meters in the place of its loads and halls, and without what befalls those."""
    market = scenario.market
    if "price_usd_per_mwh" in read:
        unknown = FixedPowerPrice(price_usd_per_mwh=MOST_USD_PER_MWH)
        market = market.model_copy(update={"power": unknown})
    orders = tuple(event for event in scenario.events if isinstance(event, CurtailmentOrder))
    return scenario.model_copy(update={"loads": loads, "halls": (), "events": orders, "market": market})


def _places(source: str, header: list[str], meters: list[str]) -> tuple[tuple[str, int], dict[str, int]]:
    """Return name and place of the column of times, and the place of each value in a row."""
    clock = next((name for name in ("time_s", "time") if name in header), "time_s")
    for name in (clock, *meters):
        if name not in header:
            raise InputError.single(source, name, f"there is no such column{did_you_mean(name, header)}")
    read = [*meters, *(name for name in FIGURES if name in header)]
    return (clock, header.index(clock)), {name: header.index(name) for name in read}


def _may_be(name: str, value: float) -> bool:
    if name == "price_usd_per_mwh":
        return abs(value) <= MOST_USD_PER_MWH
    return 0.0 <= value < inf
