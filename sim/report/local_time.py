"""Times of a run as the clock on site shows them, at the offset that the scenario's start is written with."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Self

from sim.units import MILLISECONDS_PER_SECOND, SECONDS_PER_MINUTE


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Turns seconds from the start of a run into local time; the offset stays that of the start."""

    start: datetime
    """Start of the run, with its offset from UTC."""

    @classmethod
    def of_run(cls, start: Any, start_utc_s: float) -> Self:
        """Return the clock of a run.

        Parameters
        ----------
        start
            Start as the scenario writes it, ISO 8601 with an offset; UTC is taken where there is none.
        start_utc_s
            Start of the run [s since 1970-01-01T00:00Z].

        Returns
        -------
        LocalTime
            The clock.
        """
        try:
            offset = datetime.fromisoformat(str(start)).utcoffset() or timedelta(0)
        except ValueError:
            offset = timedelta(0)
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return cls((epoch + timedelta(seconds=start_utc_s)).astimezone(timezone(offset)))

    @property
    def offset(self) -> str:
        """The offset in words: ``UTC-06:00``."""
        return f"UTC{self.start.isoformat()[-6:]}"

    @property
    def start_ms(self) -> float:
        """The start as a chart wants it: milliseconds from 1970 as the local clock shows it [ms]."""
        as_if_utc = self.start.replace(tzinfo=UTC)
        return as_if_utc.timestamp() * MILLISECONDS_PER_SECOND

    def text(self, time_s: float) -> str:
        """Return the local date and time, to the second where seconds matter.

        Parameters
        ----------
        time_s
            Time from the start [s].

        Returns
        -------
        str
            ``2026-01-01 00:00`` or ``2026-01-01 00:00:05``.

        Examples
        --------
        >>> LocalTime.of_run("2026-01-01T00:00:00-06:00", 1767247200.0).text(65.0)
        '2026-01-01 00:01:05'
        """
        moment = self.start + timedelta(seconds=round(time_s))
        whole_minute = moment.second % SECONDS_PER_MINUTE == 0.0
        return f"{moment:%Y-%m-%d %H:%M}" if whole_minute else f"{moment:%Y-%m-%d %H:%M:%S}"
