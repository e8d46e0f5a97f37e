"""What a run left as pandas DataFrames: metrics, signals, events, ledger; pandas is imported on first use."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sim.errors import InputError
from sim.events import EventRow
from sim.metrics import Measurement
from sim.metrics.base import headlines
from sim.metrics.ledger import ledger
from sim.recording import Recording
from sim.signals import FloatArray, Signal
from sim.units import unit_of

if TYPE_CHECKING:
    import pandas as pd

LEDGER_COLUMNS: Final = ("segment", "account", "item", "quantity", "unit", "price_usd_per_unit", "amount_usd")
"""Columns of the ledger, as a table and as a file."""
SHOWN: Final = 4
"""Names that a short text gives, before it says how many more there are."""


def has_prices(recording: Recording) -> bool:
    """Return whether a recording has a power price; without one there is no money to count."""
    return "price_usd_per_mwh" in recording.signals


def ledger_rows(recording: Recording) -> Iterator[tuple[str | float, ...]]:
    """Yield the lines of a run's ledger by `LEDGER_COLUMNS`; none where the run has no power price."""
    if has_prices(recording):
        for line in recording.once(ledger):
            price = line.price
            yield line.segment, line.account, line.item, line.quantity, line.unit, price, line.amount_usd


class Metrics(dict[str, Measurement]):
    """Metrics by name; each is a float that knows its unit, its meaning and its value without mining."""

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each metric: ``value``, ``unit``, ``baseline``, ``summary``; NaN: not known.

        Returns
        -------
        pandas.DataFrame
            By name; ``attrs["units"]`` holds the units too.
        """
        rows = [
            (float(one), one.unit, np.nan if one.baseline is None else one.baseline, one.summary)
            for one in self.values()
        ]
        units = {name: one.unit for name, one in self.items()}
        return _frame(rows, ("value", "unit", "baseline", "summary"), units, list(self)).rename_axis("metric")

    def __repr__(self) -> str:
        """Return how many there are, and the first."""
        return f"Metrics({_counted(list(self))})"

    def _repr_html_(self) -> str:
        """Return the metrics that are read first, as a notebook shows them."""
        shown = self.to_frame().loc[list(headlines(self))]
        return _html(shown.rename(columns={"baseline": "without mining", "summary": "what it is"}))


@dataclass(frozen=True, slots=True, eq=False)
class Signals(Mapping[str, Signal]):
    """Signals of a run by name."""

    recording: Recording
    utc_offset_s: float
    """Local time less UTC, as the scenario's start has it [s]."""

    def __getitem__(self, name: str) -> Signal:
        """Return the signal of this name."""
        return self.recording.signals[name]

    def __iter__(self) -> Iterator[str]:
        """Return an iterator over the names."""
        return iter(self.recording.signals)

    def __len__(self) -> int:
        """Return how many signals there are."""
        return len(self.recording.signals)

    def to_frame(self, freq: str | None = None, names: Sequence[str] | None = None) -> "pd.DataFrame":
        """Return a column for each signal: its exact means over intervals, or its values at breakpoints.

        Parameters
        ----------
        freq
            Length of the intervals: ``"1min"``, ``"15min"``, ``"1h"``, ``"1D"``; the first begins with the
            run, and the last one may be shorter. None: a row for each instant at which any signal bends, with
            what all are worth from then on; for a year rather name a few signals.
        names
            Signals wanted; all unless given.

        Returns
        -------
        pandas.DataFrame
            By time, with the offset from UTC of the scenario's start. ``attrs["units"]`` holds the units.

        Raises
        ------
        InputError
            There is no such signal, or no such length.
        """
        wanted = list(self) if names is None else list(names)
        for name in wanted:
            if name not in self.recording.signals:
                raise InputError.single("signals", "names", f"no such signal: {name!r}")
        signals = {name: self[name] for name in wanted}
        if freq is None:
            times_s = np.unique(np.concatenate([np.zeros(1), *(one.time_s for one in signals.values())]))
            columns = {name: one.at(times_s) for name, one in signals.items()}
        else:
            edges_s = _edges_s(self.recording.end_s, _seconds(freq))
            times_s = edges_s[:-1]
            columns = {name: one.means_over(edges_s) for name, one in signals.items()}
        units = {name: unit_of(name.rsplit(".", 1)[-1]) or "1" for name in wanted}
        return _frame(columns, tuple(columns), units, _times(self.recording, times_s, self.utc_offset_s))

    def __repr__(self) -> str:
        """Return how many there are, and the first."""
        return f"Signals({_counted(list(self))})"

    def _repr_html_(self) -> str:
        """Return extremes and mean of each signal, as a notebook shows them."""
        rows = [(one.minimum(), one.mean(), one.maximum(), len(one.time_s)) for one in self.values()]
        return _html(_frame(rows, ("minimum", "mean", "maximum", "breakpoints"), {}, list(self)))


@dataclass(frozen=True, slots=True, eq=False)
class Events(Sequence[EventRow]):
    """What happened in a run, in order."""

    recording: Recording
    utc_offset_s: float
    """Local time less UTC, as the scenario's start has it [s]."""

    def __getitem__(self, place: Any) -> Any:
        """Return an event, or some of them."""
        return self.recording.events[place]

    def __len__(self) -> int:
        """Return how many events there are."""
        return len(self.recording.events)

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each event: ``time_s``, ``source``, ``kind``, ``value``, by time."""
        columns = [field.name for field in fields(EventRow)]
        events = self.recording.events
        index = _times(self.recording, events.time_s, self.utc_offset_s)
        return _frame([astuple(event) for event in events], columns, {"time_s": "s"}, index)

    def __repr__(self) -> str:
        """Return how many there are."""
        return f"Events({len(self):,})"


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """Every line of a run's profit and loss; none where the run has no power price."""

    recording: Recording

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each line; revenue above 0, cost below: the amounts add up to EBITDA."""
        return _frame(list(ledger_rows(self.recording)), LEDGER_COLUMNS, {"amount_usd": "USD"})

    def __repr__(self) -> str:
        """Return how many lines there are."""
        return f"Ledger({sum(1 for _ in ledger_rows(self.recording))} lines)"


def _frame(data: Any, columns: Sequence[str], units: Mapping[str, str], index: Any = None) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415  # slow to import, and most runs need none of it

    frame = pd.DataFrame(data, index=index, columns=list(columns))
    frame.attrs["units"] = dict(units)
    return frame


def utc_offset_s(start: datetime | str) -> float:
    """Return local time less UTC [s] of a run's start, as date or as text; 0 where it names no zone."""
    moment = datetime.fromisoformat(start) if isinstance(start, str) else start
    offset = moment.utcoffset()
    return 0.0 if offset is None else offset.total_seconds()


def _times(recording: Recording, time_s: FloatArray, offset_s: float) -> "pd.DatetimeIndex":
    """Return times of a run as dates with their zone, to the microsecond."""
    import pandas as pd  # noqa: PLC0415  # see above

    microseconds = np.rint(1e6 * (recording.start_utc_s + time_s)).astype(np.int64)
    index = pd.DatetimeIndex(microseconds.view("datetime64[us]"), tz=UTC, name="time")
    return index.tz_convert(timezone(timedelta(seconds=offset_s)) if offset_s else UTC)


def _edges_s(end_s: float, length_s: float) -> FloatArray:
    """Return where intervals of a length begin and end, the last one with the run [s]."""
    starts_s = length_s * np.arange(max(1, int(np.ceil(end_s / length_s - 1e-9))))
    return np.append(starts_s, end_s).astype(np.float64)


def _seconds(freq: str) -> float:
    import pandas as pd  # noqa: PLC0415  # see above

    text = freq if freq[:1].isdigit() else f"1{freq}"
    try:  # digits alone would count as nanoseconds
        length_s = 0.0 if text.isdigit() else float(pd.to_timedelta(text).total_seconds())
    except ValueError:
        length_s = 0.0
    if not length_s > 0.0:
        message = f'must be a length of time above 0: "1min", "15min", "1h", "1D"; got {freq!r}'
        raise InputError.single("signals", "freq", message)
    return length_s


# -- short texts --------------------------------------------------------------------------------------------


def _counted(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _html(frame: "pd.DataFrame") -> str:
    """Return a table for a notebook; every cell is escaped."""
    return str(frame.to_html(float_format="{:,.5g}".format, na_rep=""))
