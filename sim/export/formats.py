"""The shapes that other tools read: columns, units, and what a row means."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import numpy as np

from sim.export.points import JUMP_S, points
from sim.export.profile import Profile
from sim.signals import FloatArray, Signal
from sim.units import KW_PER_MW, MEGAWATT_IN_WATTS

INTERVAL_S: Final = 1.0
"""Length of an interval that means are taken over [s]."""
INTERVALS: Final = 86_400
"""Intervals that are worked on at a time."""
ROWS: Final = 1 << 18
"""Breakpoints that are written at a time."""

Block = tuple[FloatArray, ...]
"""Some rows, column by column."""

NO_FACTOR: Final = "0 throughout: the scenario gives no grid.connection, so no power factor is known"


@dataclass(frozen=True, slots=True)
class Format:
    """One shape of file."""

    name: str
    """What it is called on the command line."""
    columns: Mapping[str, str]
    """Unit by column."""
    kind: str
    """What a row means."""
    sign: str
    """What is above zero."""
    reader: str
    """What reads it, with the version that it was written for."""
    blocks: Callable[[Profile], Iterator[Block]]
    """Gives the rows, some at a time."""
    commented: bool = False
    """Whether the file may begin with lines of ``#``; else what they say stands in a file beside it."""
    titled: bool = True
    """Whether a line names the columns."""


def _means(profile: Profile, signals: tuple[Signal, ...]) -> Iterator[Block]:
    """Iterate over the means of signals over whole seconds, and over the rest at the end."""
    end_s = profile.power_mw.end_s
    count = int(np.ceil(end_s / INTERVAL_S - 1e-9))
    for first in range(0, count, INTERVALS):
        numbers = np.arange(first, min(first + INTERVALS, count) + 1, dtype=np.float64)
        edges_s = np.minimum(numbers * INTERVAL_S, end_s)
        if first + INTERVALS >= count:
            edges_s[-1] = end_s
        window_s = float(edges_s[0]), float(edges_s[-1])
        yield edges_s[:-1], *(signal.clip_time(*window_s).means_over(edges_s) for signal in signals)


def _seconds(profile: Profile) -> Iterator[Block]:
    return _means(profile, (profile.power_mw,))


def _breakpoints(profile: Profile) -> Iterator[Block]:
    signal = profile.power_mw
    for first in range(0, signal.time_s.size, ROWS):
        rows = slice(first, first + ROWS)
        yield signal.time_s[rows], signal.value[rows], signal.slope_per_s[rows]


def _playback(profile: Profile) -> Iterator[Block]:
    for times_s, powers_mw in points(profile.power_mw):
        # without a power factor there is no reactive power to tell, which the file beside it says
        yield times_s, powers_mw, profile.reactive_per_mw * powers_mw


def _vessim(profile: Profile) -> Iterator[Block]:
    last: Block = ()
    for times_s, *powers_mw in _means(profile, (profile.power_mw, profile.ai_mw, profile.fleets_mw)):
        last = (times_s, *(MEGAWATT_IN_WATTS * power_mw for power_mw in powers_mw))
        yield last
    # a trace raises beyond its last row, so that the last value is held by a row at the end
    yield np.array([profile.power_mw.end_s]), *(column[-1:] for column in last[1:])


def _openg2g(profile: Profile) -> Iterator[Block]:
    for times_s, powers_mw in points(profile.power_mw):
        yield times_s, KW_PER_MW * powers_mw


BLOCKS: Final = {
    "1s": _seconds,
    "breakpoints": _breakpoints,
    "psse": _playback,
    "vessim": _vessim,
    "openg2g": _openg2g,
}
"""What gives the rows of each format."""


def _described(name: str, columns: Mapping[str, str], kind: str, **rest: Any) -> Format:
    return Format(name, columns, kind.format(jump_s=JUMP_S), blocks=BLOCKS[name], **rest)


_TEXTS: Final = json.loads((files("sim.export") / "formats.json").read_text(encoding="utf-8"))
FORMATS: Final = {name: _described(name, **texts) for name, texts in _TEXTS.items()}
"""The formats by name."""


def facts(profile: Profile, form: Format) -> dict[str, str]:
    """Return what a reader of the file must know, as terms and texts.

    Parameters
    ----------
    profile
        What is written.
    form
        The shape it is written in.
    """
    end_s = profile.power_mw.end_s
    told = {
        "content": "power of a hybrid AI and mining site at its connection to the grid",
        "made by": "hashballast export",
        "format": form.name,
        "columns": ", ".join(f"{name} [{unit}]" for name, unit in form.columns.items()),
        "sign": form.sign,
        "kind": form.kind,
        "time 0": f"{profile.start_text}, {profile.start_s!r} s from the start of the run",
        "end_s": repr(end_s),
        "energy": f"{profile.power_mw.integral() / 3600.0!r} MWh",
        "resolution": f"power may have moved within {profile.resolution_s:g} s without the run showing it",
        "reader": form.reader,
        "run key": profile.run_key,
    }
    if "reactive_mvar" in form.columns:
        factor = profile.power_factor
        told["reactive power"] = NO_FACTOR if factor is None else f"from the power factor {factor:g}"
    return told
