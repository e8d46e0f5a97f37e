"""How many limits on changes of power a site keeps; only where the scenario asks, as it takes seconds."""

from functools import partial
from typing import Final

from sim.grid.limits import PowerLimit, published_limits
from sim.metrics.base import Metric
from sim.metrics.limit_check import LimitCheck, Status, check_recording
from sim.recording import Recording

COUNTED: Final = "grid.count_limits"
"""Name of the constant of a run whose limits are counted."""
PREFIX: Final = "grid.limit."
"""What the names of constants of the user's own limits begin with."""


def recorded_limits(recording: Recording) -> tuple[PowerLimit, ...]:
    """Return the limits that a run is checked against: those that ship, then the user's own."""
    own: dict[str, dict[str, float]] = {}
    for constant, value in recording.constants.items():
        if constant.startswith(PREFIX):
            name, field = constant.removeprefix(PREFIX).split(".")
            own.setdefault(name, {})[field] = value
    return (*published_limits(), *(PowerLimit.of_numbers(name, numbers) for name, numbers in own.items()))


def limit_checks(recording: Recording) -> tuple[LimitCheck, ...]:
    """Return how the site of a run stands to all its limits; to be asked for by `Recording.once`."""
    return check_recording(recording, recorded_limits(recording), int(recording.constants.get("run.seed", 1)))


def _count(recording: Recording, *, status: Status) -> float:
    return float(sum(check.status == status for check in recording.once(limit_checks)))


def _metric(status: Status, summary: str) -> Metric:
    return Metric(
        f"limit_{status}_count", "1", summary, partial(_count, status=status), compares=True, needs=COUNTED
    )


CATALOGUE = (
    _metric(
        "pass", "Limits on changes of site power that are kept, of those that ship and the scenario's own"
    ),
    _metric(
        "fail", "Limits on changes of site power that are broken, of those that ship and the scenario's own"
    ),
    _metric(
        "not_assessable", "Limits on changes of site power that this run cannot tell to be kept or broken"
    ),
)
