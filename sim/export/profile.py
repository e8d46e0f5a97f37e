"""What is exported: power at the connection over a window of a run, and what must be known beside it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from sim.grid.voltage import reactive_mvar
from sim.metrics.generation import export_mw, import_mw
from sim.metrics.power_limits import resolution_s
from sim.metrics.voltage import GridStrength
from sim.recording import Recording
from sim.result import StoredResult
from sim.signals import Signal


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
