"""The shapes that other tools read: columns, units, what a row means; and the file in one of them.

Rows are made and written a block at a time: a year needs the memory of a day beside the run itself.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final, Self

import numpy as np

from sim.grid.voltage import reactive_mvar
from sim.metrics.generation import export_mw, import_mw
from sim.metrics.resolution import resolution_s
from sim.metrics.voltage import GridStrength
from sim.recording import Recording
from sim.result import StoredResult
from sim.shipped import shipped
from sim.signals import FloatArray, Signal
from sim.units import KW_PER_MW, MEGAWATT_IN_WATTS, TOLERANCE_MW
from sim.whole import whole_file, write_whole


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Power at the connection over a window; times count from its start."""

    power_mw: Signal
    """Power at the connection [MW]: drawn from the grid above 0, given to it below 0."""
    ai_mw: Signal
    """Power that all AI loads draw [MW]."""
    fleets_mw: Signal
    """Power that all fleets of miners draw [MW]."""
    power_factor: float | None
    """Active over apparent power, below 0 where reactive power is given; None where the run does not say."""
    start_s: float
    """Start of the window, from the start of the run [s]."""
    start_utc_s: float
    """The same [s since 1970-01-01T00:00Z]."""
    resolution_s: float
    """Time within which power may have moved without the run showing it [s]."""
    run_key: str
    """Key of the run that it comes from."""

    @classmethod
    def of(cls, result: StoredResult, start_s: float = 0.0, length_s: float | None = None) -> Self:
        """Return the profile of a result, or of a window of it.

        Parameters
        ----------
        result
            The result as read from its folder.
        start_s
            Start of the window [s].
        length_s
            Length of the window [s], above 0; None: to the end of the run.

        Raises
        ------
        ValueError
            Where the window is empty or reaches beyond the run.
        """
        recording = result.recording
        end_s = recording.end_s if length_s is None else start_s + length_s
        if not 0.0 <= start_s < end_s <= recording.end_s:
            raise ValueError(
                f"a window must lie within the run of {recording.end_s:g} s, got {start_s:g} to {end_s:g} s"
            )

        def cut(signal: Signal) -> Signal:
            return signal.clip_time(start_s, end_s).shift(-start_s)

        connection = GridStrength.recorded(recording)
        return cls(
            power_mw=cut(connection_mw(recording)),
            ai_mw=cut(recording["ai_power_mw"]),
            fleets_mw=cut(recording["fleet_power_mw"]),
            power_factor=None if connection is None else connection.power_factor,
            start_s=start_s,
            start_utc_s=recording.start_utc_s + start_s,
            resolution_s=resolution_s(recording),
            run_key=str(result.provenance.get("run_key", "unknown")),
        )

    @property
    def reactive_per_mw(self) -> float:
        """Reactive power drawn with each MW [Mvar]; 0 where no power factor is known."""
        return 0.0 if self.power_factor is None else float(reactive_mvar(1.0, self.power_factor))

    @property
    def start_text(self) -> str:
        """Start of the window as a date and time in UTC."""
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=self.start_utc_s)
        return moment.isoformat().replace("+00:00", "Z")


def connection_mw(recording: Recording) -> Signal:
    """Return power at the connection: what the site takes from the grid less what it gives to it [MW]."""
    if "generation_mw" not in recording.signals or "price_usd_per_mwh" not in recording.signals:
        return import_mw(recording)
    return import_mw(recording) - export_mw(recording)


INTERVAL_S: Final = 1.0
"""Length of an interval that means are taken over [s]."""
INTERVALS: Final = 86_400
"""Intervals that are worked on at a time."""
JUMP_S: Final = 1e-3
"""Time that a jump is drawn out over, centred on it [s], so that times increase strictly; assumption: far
below a step of any study in the phasor domain."""
ROWS: Final = 1 << 17
"""Breakpoints that are worked on at a time."""

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


def points(signal: Signal) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Iterate over the points that straight lines join to make a signal, a block at a time.

    Parameters
    ----------
    signal
        The signal [MW].

    Yields
    ------
    tuple of FloatArray
        Times [s], strictly increasing, and values [MW].

    Notes
    -----
    A jump takes `JUMP_S`, or half of the shorter line beside it where that is less: half before its
    instant, half after, so that the energy over level lines stays what it is.

    Examples
    --------
    >>> step = Signal.steps([0.0, 60.0], [100.0, 40.0], 120.0)
    >>> [[array.round(4).tolist() for array in block] for block in points(step)]
    [[[0.0, 59.9995, 60.0005, 120.0], [100.0, 100.0, 40.0, 40.0]]]
    """
    count = signal.time_s.size
    for first in range(0, count, ROWS):
        last = min(first + ROWS, count)
        yield _block(signal, first, last)


def _block(signal: Signal, first: int, last: int) -> tuple[FloatArray, FloatArray]:
    """Return the first point of each segment in a range, and its last where no other begins there."""
    # one segment more on either side tells how the block's own borders are crossed
    low, high = max(first - 1, 0), min(last + 1, signal.time_s.size)
    end_s = signal.time_s[high] if high < signal.time_s.size else signal.end_s
    edges_s = np.append(signal.time_s[low:high], end_s)
    value, slope_per_s = signal.value[low:high], signal.slope_per_s[low:high]
    lengths_s = np.diff(edges_s)
    left_limit = value + slope_per_s * lengths_s
    half_s = np.zeros(edges_s.size)
    jumps = np.abs(value[1:] - left_limit[:-1]) > TOLERANCE_MW
    half_s[1:-1] = np.where(jumps, np.minimum(0.5 * JUMP_S, 0.25 * np.minimum(lengths_s[1:], lengths_s[:-1])), 0.0)
    own = slice(first - low, last - low)
    before_s, after_s = half_s[:-1][own], half_s[1:][own]
    starts_s, ends_s = edges_s[:-1][own] + before_s, edges_s[1:][own] - after_s
    times_s = np.column_stack([starts_s, ends_s])
    values = np.column_stack([value[own] + slope_per_s[own] * before_s, left_limit[own] - slope_per_s[own] * after_s])
    kept = np.ones(times_s.shape, dtype=np.bool_)
    # without a jump the next segment begins where this one ends
    kept[:, 1] = after_s > 0.0
    if last == signal.time_s.size:
        kept[-1, 1] = True
    return times_s[kept], values[kept]


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


BLOCKS: Final = {"1s": _seconds, "breakpoints": _breakpoints, "psse": _playback, "vessim": _vessim, "openg2g": _openg2g}
"""What gives the rows of each format."""


def _described(name: str, columns: Mapping[str, str], kind: str, **rest: Any) -> Format:
    return Format(name, columns, kind.format(jump_s=JUMP_S), blocks=BLOCKS[name], **rest)


FORMATS: Final = {name: _described(name, **texts) for name, texts in shipped("sim.export", "formats.json").items()}
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


def write_profile(profile: Profile, form: Format, path: Path) -> tuple[Path, ...]:
    """Write a profile as CSV, and beside it what the file cannot say itself.

    Parameters
    ----------
    profile
        What to write.
    form
        The shape, one of `FORMATS`.
    path
        File to write; must be new.

    Returns
    -------
    tuple of pathlib.Path
        What was written: the file, and ``<path>.json`` where the format knows no comments.

    Raises
    ------
    ResultError
        Something is there already, or it cannot be written; nothing of it is left then.
    """
    beside = path.parent / f"{path.name}.json"
    written = (path,) if form.commented else (path, beside)
    told = facts(profile, form)
    said = f"{json.dumps(told, indent=2, ensure_ascii=False)}\n".encode()
    with whole_file(path, is_new=True) as file:
        if form.commented:
            file.writelines(f"# {term}: {text}\n".encode() for term, text in told.items())
        _write_rows(profile, form, file)
        # first, and what a killed export left is as good: there is never a profile without it
        if not form.commented and not (beside.is_file() and beside.read_bytes() == said):
            write_whole(beside, said, is_new=True)
    return written


def _write_rows(profile: Profile, form: Format, file: IO[bytes]) -> None:
    import pyarrow as pa  # noqa: PLC0415  # slow to import, and not every command writes a table
    from pyarrow import csv  # noqa: PLC0415  # see above

    from sim.tables import arrow  # noqa: PLC0415  # see above

    if form.titled:
        file.write((",".join(form.columns) + "\n").encode())
    schema = pa.schema([pa.field(name, pa.float64()) for name in form.columns])
    # numbers are written with the digits that give the same number back
    options = csv.WriteOptions(include_header=False, quoting_style="none")
    with csv.CSVWriter(pa.PythonFile(file, mode="w"), schema, write_options=options) as writer:
        for block in form.blocks(profile):
            columns = [arrow.column(column) for column in block]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
