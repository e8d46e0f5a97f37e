"""What does not change in a run of its limit: what counts as exceeding it, and who claims to keep it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToleranceFacts:
    """How far, and how long, site power may lie above the limit."""

    above_ratio: float = 1.0
    """Highest power over the limit that does not count."""
    after_s: float = 0.0
    """Time for which power may lie above that level [s]."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a policy reckons with that claims that the site never exceeds its limit."""

    margin_mw: float = 0.0
    """Power that it keeps free [MW]."""
    drift_mw: float | None = None
    """How far each drifting load moves until the fleets have answered [MW]; None: its stated power counts."""
    telemetry_delay_s: float = 0.0
    """Delay of the telemetry [s]."""
    telemetry_scan_s: float = 0.0
    """Least time between two of its reports [s]."""
    minimum_interval_s: float = 0.0
    """Least time between two decisions [s]."""
    latency_s: float = 0.0
    """Time from a command to the start of the fleets' ramp [s]."""
    ramp_down_mw_per_s: float | None = None
    """How fast the fleets fall [MW/s]; None: within `fall_s`."""
    fall_s: float = 0.0
    """What a fall takes in any case [s]."""
