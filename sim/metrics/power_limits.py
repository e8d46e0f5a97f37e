"""Site power against limits on its changes: kept, broken, or not to be told; and how many of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import nan
from typing import Final, Literal

import numpy as np

from sim.ai.waveform import Waveform, recorded_iterations, site_waveform
from sim.grid.limits import PowerLimit, published_limits
from sim.metrics.base import Metric
from sim.metrics.limit_kinds import MEASURES, MOMENTS, Found, net_ramps
from sim.metrics.resolution import FINEST_NEEDED_S, MODEL_RESOLUTION_S, resolution_s
from sim.metrics.voltage import GridStrength, largest_voltage_step
from sim.recording import Recording
from sim.signals import Signal
from sim.units import ROUNDING, TOLERANCE_MW

DROPPED: Final = "dropped"
Status = Literal["pass", "fail", "not_assessable", "dropped"]

RAMP_SAMPLES: Final = 10.0
"""A ramp is judged as kept on power known at least this many times in its window; assumption."""
SYNTHESIS_S: Final = 120.0
"""Length of the window that is looked at within the second [s]."""
SYNTHESIS_HZ: Final = 500.0
"""Samples in a second of that window [Hz]."""


@dataclass(frozen=True, slots=True)
class LimitCheck:
    """How a power stands to one limit."""

    rule: PowerLimit
    """The limit."""
    status: Status
    """``pass``, ``fail`` or ``not_assessable``; ``dropped``: no limit any more, and not judged."""
    limit: float
    """Highest value allowed at this site."""
    worst: float = nan
    """Largest value found, in the unit of the limit; NaN where there is none."""
    t_worst_s: float = nan
    """When the worst is reached: the end of its window [s]; NaN where that says nothing."""
    episodes: float = nan
    """How often the limit is exceeded; NaN where that is not counted."""
    seconds: float = nan
    """For how long [s]; NaN where that is not counted."""
    reason: str = ""
    """Why it is not assessable, or what the figure rests on."""

    @property
    def margin(self) -> float:
        """What is left to the limit, below 0 where it is exceeded; in the unit of the limit."""
        return self.limit - self.worst


def check_limits(
    site_mw: Signal,
    limits: Sequence[PowerLimit],
    rated_mw: float,
    resolution_s: float = 0.0,
    connection: GridStrength | None = None,
) -> tuple[LimitCheck, ...]:
    """Check a power against limits on its changes.

    Parameters
    ----------
    site_mw
        Power at the connection [MW].
    limits
        The limits.
    rated_mw
        Rated power of the site [MW], which limits given as a share refer to.
    resolution_s
        Time within which the power may have moved without this signal showing it [s]; 0 where it shows all.
    connection
        Strength of the grid at the connection; left out: steps of voltage are not assessable.

    Returns
    -------
    tuple of LimitCheck
        One for each limit, in their order.

    Notes
    -----
    A limit without band is exact at breakpoints. A fail needs only to be seen; a pass is given only where the
    power is known finely enough: for a range or slope within `FINEST_NEEDED_S` and half of the window, for a
    ramp within a tenth of its window, for a band within half of the period of its highest frequency, for a
    step of voltage within `MODEL_RESOLUTION_S`. A band that lies wholly above the frequencies that the power is
    known for is not failed either: a jump in a model says nothing of what happens within the jump. Power in a
    band is filtered as `sim.metrics.spectrum.band_passed` says, the whole run or its worst moments.

    Examples
    --------
    >>> from sim.grid.limits import published_limits
    >>> times_s, levels_mw = [0.0, 1000.0, 1002.0, 1030.0, 1032.0], [200.0, 200.0, 40.0, 40.0, 200.0]
    >>> dip = Signal.linear(times_s, levels_mw, 3600.0)
    >>> names = {"ercot-5s", "ieso-15s", "caiso-10min"}
    >>> rules = [limit for limit in published_limits() if limit.name in names]
    >>> [(check.rule.name, check.status) for check in check_limits(dip, rules, 200.0)]
    [('ercot-5s', 'fail'), ('ieso-15s', 'fail'), ('caiso-10min', 'pass')]
    """
    values = [rule.value(rated_mw) for rule in limits]
    untold = [_why_untold(site_mw, rule, rated_mw, resolution_s, connection) for rule in limits]
    asked = [place for place, reason in enumerate(untold) if not reason and limits[place].status != DROPPED]
    levels = [values[place] * (1.0 + ROUNDING) for place in asked]
    found = _found(site_mw, [limits[place] for place in asked], levels, connection)
    results = dict(zip(asked, found, strict=True))
    return tuple(
        _check(results[place], rule, values[place], resolution_s, site_mw.duration_s)
        if place in results
        else LimitCheck(
            rule, DROPPED if rule.status == DROPPED else "not_assessable", values[place], reason=untold[place]
        )
        for place, rule in enumerate(limits)
    )


def needed_resolution_s(rule: PowerLimit) -> float:
    """Return how finely power must be known for a limit to be judged as kept [s]."""
    if rule.band_hz is not None:
        return 0.5 / rule.band_hz[1]
    if rule.kind == "voltage-step":
        return MODEL_RESOLUTION_S
    return rule.span_s / RAMP_SAMPLES if rule.kind == "net-ramp" else min(FINEST_NEEDED_S, 0.5 * rule.span_s)


def _why_untold(
    site_mw: Signal, rule: PowerLimit, rated_mw: float, resolution_s: float, connection: GridStrength | None
) -> str:
    """Return why a limit cannot be measured at all; empty where it can."""
    if rule.status == DROPPED:
        return "no limit any more"
    if rule.kind == "voltage-step" and connection is None:
        return "needs the strength of the grid, grid.connection"
    if rated_mw < rule.applies_from_mw:
        return f"holds from {rule.applies_from_mw:g} MW on; the site is rated {rated_mw:g} MW"
    if rule.kind in {"net-ramp", "line-amplitude"} and rule.span_s >= site_mw.duration_s:
        return f"the run is not longer than the window of {rule.span_s:g} s"
    if _is_beyond(rule, resolution_s) or (rule.kind == "line-amplitude" and resolution_s > needed_resolution_s(rule)):
        return _too_coarse(rule, resolution_s)
    return ""


def _is_beyond(rule: PowerLimit, resolution_s: float) -> bool:
    """Tell whether a band lies wholly above the frequencies that a power is known for."""
    return rule.band_hz is not None and resolution_s > 0.5 / rule.band_hz[0]


def _found(
    site_mw: Signal, rules: Sequence[PowerLimit], levels: Sequence[float], connection: GridStrength | None
) -> list[Found]:
    """Return what is found of each limit and above which level; net ramps over one window go together."""
    found: dict[int, Found] = {}
    if connection is not None and any(rule.kind == "voltage-step" for rule in rules):
        step = Found(*largest_voltage_step(site_mw, connection))
        found = {place: step for place, rule in enumerate(rules) if rule.kind == "voltage-step"}
    for span_s in {rule.span_s for rule in rules if rule.kind == "net-ramp"}:
        places = [place for place, rule in enumerate(rules) if rule.kind == "net-ramp" and rule.span_s == span_s]
        ramps = net_ramps(site_mw, [rules[place] for place in places], [levels[place] for place in places])
        found |= dict(zip(places, ramps, strict=True))
    return [
        found[place] if place in found else MEASURES[rule.kind](site_mw, rule, levels[place])
        for place, rule in enumerate(rules)
    ]


def _check(found: Found, rule: PowerLimit, limit: float, resolution_s: float, duration_s: float) -> LimitCheck:
    status, reason = _judged(found, rule, limit, resolution_s, duration_s)
    above_s = np.zeros((0, 2)) if status == "pass" else found.above_s
    check = LimitCheck(rule, status, limit, found.worst, found.time_s, reason=reason)
    if above_s is None:
        return check
    return replace(check, episodes=float(len(above_s)), seconds=float(np.sum(above_s[:, 1] - above_s[:, 0])))


def _judged(found: Found, rule: PowerLimit, limit: float, resolution_s: float, duration_s: float) -> tuple[Status, str]:
    if found.worst > limit + TOLERANCE_MW:
        return "fail", "; ".join(part for part in (found.reason, _jumps(rule, resolution_s)) if part)
    if resolution_s > needed_resolution_s(rule):
        return "not_assessable", _too_coarse(rule, resolution_s)
    if found.partial:
        return "not_assessable", f"kept at the {MOMENTS} worst moments, which is all that was filtered"
    if rule.span_s > duration_s:
        return "not_assessable", f"the run is shorter than the window of {rule.span_s:g} s"
    return "pass", found.reason


def _jumps(rule: PowerLimit, resolution_s: float) -> str:
    """Return what to say of a limit that is broken by power known too coarsely; empty where it is not."""
    if resolution_s <= rule.span_s or resolution_s <= MODEL_RESOLUTION_S:
        return ""
    return f"power is known every {resolution_s:.3g} s: its jumps may be slower in truth"


def _too_coarse(rule: PowerLimit, resolution_s: float) -> str:
    needed = needed_resolution_s(rule)
    return f"power is known every {resolution_s:.3g} s, and a pass needs every {needed:.2g} s"


# -- a run --------------------------------------------------------------------------------------------------


def check_recording(recording: Recording, limits: Sequence[PowerLimit], seed: int = 1) -> tuple[LimitCheck, ...]:
    """Check the site of a run against limits, within the second too where it can be synthesised.

    Parameters
    ----------
    recording
        The run; rated power is the highest limit of its interconnection.
    limits
        The limits.
    seed
        Seed of the iterations that are synthesised.

    Returns
    -------
    tuple of LimitCheck
        As `check_limits` gives them. What it cannot judge is looked at once more on a window of
        `SYNTHESIS_S` at the highest AI power, with the iterations of training jobs
        (`sim.ai.waveform.site_waveform`): a limit broken there is broken; one kept there is still not
        assessable, as it is one window, synthesised.
    """
    rated_mw = recording["limit_mw"].maximum()
    connection = GridStrength.recorded(recording)
    known_s = resolution_s(recording)
    checks = check_limits(recording["site_power_mw"], limits, rated_mw, known_s, connection)
    open_checks = [
        check for check in checks if check.status == "not_assessable" and rated_mw >= check.rule.applies_from_mw
    ]
    wave = synthesised(recording, seed) if open_checks else None
    if wave is None:
        return checks
    edges_s = np.append(wave.time_s, wave.start_s + SYNTHESIS_S)
    swings_mw = wave.power_mw - recording["site_power_mw"].means_over(edges_s)
    again = {}
    for check in open_checks:
        # what a state does within a second is not known: there the iterations alone count
        power_mw = swings_mw if _is_beyond(check.rule, known_s) else wave.power_mw
        fine = Signal.steps(edges_s[:-1], power_mw, float(edges_s[-1]))
        (again[check.rule.name],) = check_limits(fine, [check.rule], rated_mw, 0.5 / SYNTHESIS_HZ, connection)
    return tuple(_with_window(check, again.get(check.rule.name)) for check in checks)


def synthesised(recording: Recording, seed: int = 1) -> Waveform | None:
    """Return site power within the second for a window of `SYNTHESIS_S` at the highest AI power.

    Parameters
    ----------
    recording
        The run.
    seed
        Seed of the iterations that are synthesised.

    Returns
    -------
    Waveform or None
        Sampled at `SYNTHESIS_HZ`; None in a run without training jobs, or shorter than the window.
    """
    specs = recorded_iterations(recording)
    if not specs or recording.end_s < SYNTHESIS_S:
        return None
    start_s = min(float(np.floor(recording["ai_power_mw"].time_of_maximum())), recording.end_s - SYNTHESIS_S)
    (wave,) = site_waveform(recording, [(start_s, start_s + SYNTHESIS_S)], specs, SYNTHESIS_HZ, seed)
    return wave


def _with_window(check: LimitCheck, window: LimitCheck | None) -> LimitCheck:
    """Return a check with what a synthesised window adds to it."""
    if window is None or window.status == "not_assessable":
        return check
    if window.status == "fail":
        reason = f"within the second, synthesised for {SYNTHESIS_S:g} s"
        return replace(window, episodes=nan, seconds=nan, reason=reason)
    return replace(check, reason=f"{check.reason}; kept in {SYNTHESIS_S:g} s synthesised within the second")


COUNTED: Final = "grid.count_limits"
"""Name of the fact of a run whose limits are counted."""


def recorded_limits(recording: Recording) -> tuple[PowerLimit, ...]:
    """Return the limits that a run is checked against: those of its region that ship, then the user's own."""
    own = recording.facts.grid.limit.items()
    (region,) = recording.facts.grid.region or (None,)
    return (*published_limits(region), *(PowerLimit.of_numbers(name, numbers) for name, numbers in own))


def limit_checks(recording: Recording) -> tuple[LimitCheck, ...]:
    """Return how the site of a run stands to all its limits; to be asked for by `Recording.once`."""
    seed = recording.facts.run.seed
    return check_recording(recording, recorded_limits(recording), 1 if seed is None else int(seed))


def _count(recording: Recording, *, status: Status) -> float:
    return float(sum(check.status == status for check in recording.once(limit_checks)))


_counted = partial(Metric, compares=True, needs=COUNTED)

CATALOGUE = (
    _counted("limit_pass_count", partial(_count, status="pass")),
    _counted("limit_fail_count", partial(_count, status="fail")),
    _counted("limit_not_assessable_count", partial(_count, status="not_assessable")),
)
