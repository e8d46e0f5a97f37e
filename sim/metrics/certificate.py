r"""Whether the limit was held as claimed: the claim's inequality, recomputed from recorded loads and notices.

Notes
-----
A policy that claims it says at each decision :math:`c \le L - m - \sum_i R_i + b`; see
`sim.policies.certificate`. After the run

- *inequality*: the right side is computed again at each decision, from what the loads drew and told by then,
  the notices that had arrived and the battery's charge; the target must not be above it;
- *loads*: no load drew more than its reserve at that moment: its stated maximum, or, of one that counted as
  down, what it draws in its state and what it had announced;
- *fleets*: they drew no more than they were told, latency and ramps allowed for;
- *site*: fleets and reserves together stay below the limit at every moment; with a battery, site power does.

The last three together are the proof that nothing can have exceeded the limit. Where one fails, the claim
does not hold, and it is said which, when, and by how much.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from math import inf, isnan, sqrt
from typing import Final, NamedTuple

import numpy as np

from sim.facts.limit import CertificateFacts
from sim.metrics.base import numbers_of
from sim.metrics.claim import Break, Certificate
from sim.policies.certificate import FleetResponse, battery_mw, drift_within_mw
from sim.policies.hold_limit import LEAST_WATCH_S
from sim.policies.reserve import FULL_RISES
from sim.recording import Recording
from sim.signals import Signal, total
from sim.units import TOLERANCE_MW, FloatArray

TIME_S: Final = 1e-6
"""Two times this near are one [s]."""


class _Notice(NamedTuple):
    """A rise that a load announced."""

    kind: str
    issued_s: float
    at_s: float
    until_s: float
    change_mw: float
    level_mw: float


def certificate(recording: Recording) -> Certificate | None:
    """Return the certificate of a run with its check; None where no policy claims one."""
    facts = recording.facts.certificate
    if facts is None:
        return None
    checked = _Check(recording, facts)
    found = sorted(checked.breaks(), key=lambda each: each.at_s)
    strains = tuple(sorted(checked.strains(), key=lambda each: each.at_s))
    return Certificate(facts, checked.contracts, checked.reaction_s, tuple(found), strains)


class _Check:
    """The check of one run.

    Parameters
    ----------
    recording, facts
        The run, and what its policy reckons with.
    """

    def __init__(self, recording: Recording, facts: CertificateFacts) -> None:
        self._recording = recording
        self._facts = facts
        down = facts.ramp_down_mw_per_s or inf
        self._response = FleetResponse(facts.latency_s, inf, down, facts.fall_s)
        self._seen_s = facts.telemetry_delay_s + facts.telemetry_scan_s + facts.minimum_interval_s
        self._wait_s = self._seen_s + facts.latency_s + facts.fall_s
        self.reaction_s = self._seen_s + self._response.drop_s(recording.rated_fleet_mw)
        self._halls = {load: name for name, hall in recording.facts.hall.items() for load in hall.load}
        self._stale = recording.events.where(lambda _, kind: kind == "stale-telemetry")
        self.contracts = {name: self._contract(name) for name in recording.load_names}
        self._told = {name: self._contract(name, is_slow=False) for name in recording.load_names}
        tells = [name for name in recording.load_names if f"load.{name}.level_mw" in recording.signals]
        self._notices = {name: tuple(_notices(recording, name)) for name in tells}

    def _contract(self, load: str, *, is_slow: bool = True) -> str:
        """Return what is assumed of a load; by what it tells alone, though it comes back slowly."""
        stated = self._recording.facts.load.get(load)
        if stated is None:
            return "none"
        if stated.drifts:
            return "none" if self._facts.drift_mw is None else "drift"
        if stated.rise_mw_per_s is not None and is_slow:
            return "slow return"
        if stated.silence_means_down:
            return "silence means down"
        return "positive notice" if stated.announces else "none"

    def breaks(self) -> Iterator[Break]:
        """Yield what did not hold."""
        recording, limit = self._recording, self._recording["limit_mw"]
        reserved: dict[str, Signal] = {}
        for load in recording.load_names:
            moves, drawn = self.contracts[load] in {"drift", "slow return"}, recording.load_power_mw(load)
            reserved[load] = drawn if moves else self._reserve(load, late_s=0.0, lead_s=0.0)
            yield from self._unannounced(load)
            yield from _break_of(f"{load} drew more than it stated or announced", drawn - reserved[load])
        yield from self._inequality()
        above = list(_break_of("site power was above the limit", recording["site_power_mw"] - limit))
        if recording.facts.battery is None:
            parts = [reserved[load] for load in reserved if load not in self._halls]
            parts += [self._hall(name, reserved) for name in recording.facts.hall]
            excess = total([recording["fleet_power_mw"], *parts, -limit])
            above += _break_of("fleets and reserves together were above the limit", excess)
        yield from above
        yield from (self._fleets() if above else ())  # why: by itself it breaks nothing

    def strains(self) -> Iterator[Break]:
        """Yield what struck fleets and telemetry, with the power that did not answer, or moved unseen."""
        recording = self._recording
        for name in recording.fleet_names:
            if (stuck := recording.signals.get(f"fleet.{name}.stuck_mw")) is not None:
                yield from _break_of(f"blocks of {name} did not answer", stuck)
        for row in self._stale:
            name, until_s = row.source.removeprefix("load."), min(row.time_s + row.value, recording.end_s)
            power = recording.load_power_mw(name).clip_time(row.time_s, until_s)
            rose_mw = power.maximum() - float(power.value[0])
            yield Break(f"telemetry of {name} was stale", row.time_s, rose_mw, until_s - row.time_s)

    def _hall(self, name: str, reserved: Mapping[str, Signal]) -> Signal:
        """Return the most that a hall may draw with what its loads are left [MW]; see `WatchedHall`."""
        recording, hall = self._recording, self._recording.facts.hall[name]
        ratio = recording[f"hall.{name}.meter_ratio"]
        it_mw = total([Signal.constant(0.0, recording.end_s), *(reserved[load] for load in hall.load)])
        cooling = recording[f"hall.{name}.cooling_power_mw"].maximum_with(it_mw.times(ratio - hall.feed_ratio))
        return it_mw * hall.feed_ratio + cooling + hall.base_mw

    def _unannounced(self, load: str) -> Iterator[Break]:
        """Yield where a load rose without a word whose silence means that it does not."""
        level = self._recording.signals.get(f"load.{load}.level_mw")
        if level is None or self.contracts[load] != "silence means down":
            return
        told = [(each.at_s, each.until_s, each.level_mw) for each in self._notices[load]]
        asked = self._recording.events_of(f"load.{load}", "request")
        told += [(row.time_s, row.time_s + row.value, inf) for row in asked]
        told_mw = np.zeros(level.time_s.size)
        at_s, until_s, levels_mw = np.array(told).reshape(-1, 3).T
        firsts, ends = np.searchsorted(level.time_s, [at_s - TIME_S, until_s + TIME_S]).tolist()
        for first, end, level_mw in zip(firsts, ends, levels_mw.tolist(), strict=True):
            told_mw[first:end] = np.maximum(told_mw[first:end], level_mw)
        untold_mw = level.value - np.maximum(told_mw, np.concatenate([level.value[:1], level.value[:-1]]))
        for place in np.flatnonzero(untold_mw > TOLERANCE_MW):
            yield Break(f"{load} rose without a notice", float(level.time_s[place]), float(untold_mw[place]), 0.0)

    def _right_mw(self, times_s: FloatArray) -> FloatArray:
        """Return the right side at some times, but for what a battery lends [MW]."""
        recording, delay_s = self._recording, self._facts.telemetry_delay_s
        left_mw = recording["limit_mw"].at(times_s) - self._facts.margin_mw
        ratios: dict[str, FloatArray] = {}
        for name, hall in recording.facts.hall.items():
            ratio, cooling, it_mw = (
                _later(recording[f"hall.{name}.{part}"], delay_s).at(times_s)
                for part in ("meter_ratio", "cooling_power_mw", "it_power_mw")
            )
            ratios[name] = ratio
            left_mw -= hall.base_mw + np.maximum(0.0, cooling - (ratio - hall.feed_ratio) * it_mw)
        for load in recording.load_names:
            ratio = ratios.get(self._halls.get(load, ""), np.ones(1))
            moves = self.contracts[load] in {"drift", "slow return"}
            counted = self._drifting(load, times_s, ratio) if moves else np.full(1, inf)
            if not moves or self._told[load] in {"positive notice", "silence means down"}:
                told = self._reserve(load, delay_s, self._response.drop_s(0.0))
                counted = np.minimum(counted, told.at(times_s))
            left_mw -= ratio * counted
        return left_mw

    def _inequality(self) -> Iterator[Break]:
        """Yield where a target was above the right side when it was decided."""
        target = self._recording["fleet_target_mw"]
        allowed = np.maximum(self._right_mw(target.time_s) + self._lent_mw(target.time_s), 0.0)
        excess = target.value - allowed
        for row in self._stale:  # until a reading is overdue the last one counts
            overdue_s = row.time_s + self._facts.telemetry_delay_s + self._facts.telemetry_scan_s
            excess[(target.time_s >= row.time_s) & (target.time_s <= overdue_s)] = 0.0
        bad = np.flatnonzero(excess > TOLERANCE_MW)
        if bad.size:
            ends_s = np.append(target.time_s[1:], target.end_s)
            time_s = float(np.sum(ends_s[bad] - target.time_s[bad]))
            first_s = float(target.time_s[bad[0]])
            yield Break("the target was above the right side", first_s, float(excess[bad].max()), time_s)

    def _fleets(self) -> Iterator[Break]:
        """Yield where fleets drew more than they were told, latency and ramps allowed for."""
        recording = self._recording
        if not recording.fleet_names:
            return
        least_mw, rated_mw = recording.least_fleet_mw, recording.rated_fleet_mw
        target = recording["fleet_target_mw"].maximum_with(least_mw).minimum_with(rated_mw)
        allowed = target.rolling_maximum(self._response.drop_s(rated_mw - least_mw))
        yield from _break_of("the fleets drew more than they were told", recording["fleet_power_mw"] - allowed)

    def _drifting(self, name: str, times_s: FloatArray, ratio: FloatArray) -> FloatArray:
        """Return what a drifting load counts as at each decision [MW]: as telemetered, and its drift."""
        power = _later(self._recording.load_power_mw(name), self._facts.telemetry_delay_s)
        load = self._recording.facts.load[name]
        moves_mw = drift_within_mw(self._facts.drift_mw or 0.0, self._wait_s) / ratio
        if load.rise_mw_per_s is not None:
            wait_s = self._wait_s + max(0.0, LEAST_WATCH_S - self._facts.minimum_interval_s)
            moves_mw = np.full(1, load.rise_mw_per_s * wait_s)
        return np.minimum(power.at(times_s) + moves_mw, inf if load.stated_mw is None else load.stated_mw)

    def _lent_mw(self, times_s: FloatArray) -> FloatArray | float:
        """Return what the battery lends at some times, by its charge [MW]."""
        recording, battery = self._recording, self._recording.facts.battery
        if battery is None:
            return 0.0
        charge = recording["battery_charge_mwh"]
        efficiency = sqrt(battery.round_trip_efficiency_fraction)
        wait_s = self._wait_s
        most_mwh = np.maximum(charge.value, charge.left_limits())  # within a piece it moves one way
        lent = [
            battery_mw(battery.power_mw, mwh * efficiency, wait_s, self._response.ramp_down_mw_per_s)
            for mwh in most_mwh.tolist()
        ]
        return Signal.steps(charge.time_s, np.array(lent), charge.end_s).at(times_s)

    # -- reserves -------------------------------------------------------------------------------------------

    def _reserve(self, name: str, late_s: float, lead_s: float) -> Signal:
        """Return what a load is left at each moment by what it tells [MW], in a hall of IT power.

        Parameters
        ----------
        name
            The load.
        late_s
            How late its state and power are known [s].
        lead_s
            How long before it comes an announced rise counts [s].
        """
        recording, contract = self._recording, self._told[name]
        facts = recording.facts.of_load(name)
        stated_mw = inf if facts.stated_mw is None else facts.stated_mw
        if stated_mw == inf:
            stated_mw = 0.0  # it states nothing: whatever it draws is more
        level = recording.signals.get(f"load.{name}.level_mw")
        if level is None or contract == "none":
            return Signal.constant(stated_mw, recording.end_s)
        power = _later(recording.load_power_mw(name), late_s)
        steps = self._steps(name, _later(level, late_s), stated_mw, late_s, lead_s)
        return steps.maximum_with(power.minimum_with(stated_mw)) if late_s else steps

    def _steps(self, load: str, level: Signal, stated_mw: float, late_s: float, lead_s: float) -> Signal:
        """Return what a load that tells its state is left, by state and notices alone [MW]."""
        notices = self._notices[load]
        is_positive = self._told[load] == "positive notice"
        struck_s = self._interruptions_s(load)
        spans_s = np.array([self._span(notice, struck_s, late_s, lead_s) for notice in notices]).reshape(-1, 3)
        times_s = np.unique(np.concatenate([level.time_s, spans_s.ravel(), [0.0]]))
        times_s = times_s[(times_s >= 0.0) & (times_s < level.end_s)]
        values = level.at(times_s)
        quiet = values < stated_mw - TOLERANCE_MW
        backed = np.zeros(times_s.size, dtype=bool)
        places = np.searchsorted(times_s, spans_s).tolist()
        for notice, (known, counts, until) in zip(notices, places, strict=True):
            values[counts:until] = np.maximum(values[counts:until], notice.level_mw)
            if is_positive and notice.kind in FULL_RISES:
                waiting = slice(known, counts)
                backed[waiting] = True
                values[waiting] = np.maximum(values[waiting], notice.level_mw - notice.change_mw)
        if is_positive:
            values = np.where(quiet & backed, values, stated_mw)
        return Signal.steps(times_s, np.minimum(values, stated_mw), level.end_s)

    def _span(
        self, notice: _Notice, struck_s: Sequence[float], late_s: float, lead_s: float
    ) -> tuple[float, float, float]:
        """Return from when a notice is known, from when its rise counts, and until when [s]."""
        counts_s = max(notice.at_s - lead_s, notice.issued_s)
        until_s = max(notice.until_s, counts_s)
        after = bisect_right(struck_s, notice.issued_s)
        if after == len(struck_s) or struck_s[after] >= notice.at_s:
            return notice.issued_s, counts_s, until_s
        # an interruption has made it void: the load will not rise then
        if lead_s == 0.0 and late_s == 0.0:
            # what the fleets still draw by it they draw until they have answered
            over_s = min(counts_s, struck_s[after] + self.reaction_s)
            return notice.issued_s, over_s, over_s
        known_s = struck_s[after] + late_s
        if known_s < counts_s:
            return notice.issued_s, known_s, known_s
        return notice.issued_s, counts_s, min(until_s, known_s)

    def _interruptions_s(self, load: str) -> list[float]:
        return list(map(float, self._recording.events_of(f"load.{load}", "failure", "planned").time_s))


def _notices(recording: Recording, load: str) -> Iterator[_Notice]:
    """Yield the rises that a load announced; each notice is four events of one instant, in this order."""
    source, parts = f"load.{load}", ("notice: ", "notice until: ", "notice change: ", "notice level: ")
    rows = tuple(recording.events.where(lambda other, kind: other == source and kind[:6] == "notice"))
    for place in range(0, len(rows) - 3, 4):
        kinds = [row.kind for row in rows[place : place + 4]]
        if not all(map(str.startswith, kinds, parts)):
            raise ValueError(f"notices of {load} are not told in full at {rows[place].time_s} s")
        at_s, until_s, change_mw, level_mw = (row.value for row in rows[place : place + 4])
        if change_mw > 0.0 and not isnan(level_mw):
            yield _Notice(kinds[0].removeprefix(parts[0]), rows[place].time_s, at_s, until_s, change_mw, level_mw)


def _later(signal: Signal, delay_s: float) -> Signal:
    """Return a signal as it is seen so much later [s]; before that, as it began."""
    if delay_s == 0.0:
        return signal
    moved = signal.clip_time(0.0, signal.end_s - delay_s).shift(delay_s) if signal.end_s > delay_s else None
    if moved is None:
        return Signal.constant(float(signal.value[0]), signal.end_s)
    return Signal.from_breakpoints(
        np.concatenate([[0.0], moved.time_s]),
        np.concatenate([moved.value[:1], moved.value]),
        np.concatenate([[0.0], moved.slope_per_s]),
        signal.end_s,
    )


def _break_of(what: str, excess: Signal) -> Iterator[Break]:
    """Yield that something did not hold, where an excess lies above rounding [MW]."""
    peak_mw = excess.maximum()
    if peak_mw > TOLERANCE_MW:
        times_s = excess.intervals_above(TOLERANCE_MW)
        first_s = float(times_s[0, 0]) if times_s.size else excess.time_of_maximum()
        yield Break(what, first_s, peak_mw, excess.time_above(TOLERANCE_MW))


CATALOGUE = (numbers_of(certificate)("limit_certificate_holds", lambda found: found.holds),)
