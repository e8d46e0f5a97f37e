"""How a job's power gets from level to level: at once, in a line, smoothed; what a slow return costs."""

from collections import deque
from dataclasses import dataclass
from math import inf
from typing import Annotated, Final

from pydantic import Field

from sim.spec import NonNegative, Positive, Spec
from sim.units import MEGAWATT_IN_WATTS, SECONDS_PER_HOUR

STATED_SHARE: Final = 0.95
"""Share of a change that is done after its stated time."""


class Smoothing(Spec):
    """Power smoothing by the GPUs, as a GB200 has it: a floor while the job is active, and limited ramps.

    It costs energy, which ``ai.<load>.smoothing_energy_mwh`` counts; that GPUs held back on a ramp compute
    less is left out.
    """

    floor_fraction: Annotated[float, Field(ge=0.0, le=0.9)] = 0.9
    """Least power of a GPU over its rated power while the job is active: computing, stalled, hanging, warming
    up. Default: the highest that a GB200 allows (arXiv:2508.14318)."""
    ramp_up_w_per_s: Positive = 150.0
    """Fastest rise for each GPU [W/s]. Default: unverified; 70 W/s to the rated power in a second are
    allowed."""
    ramp_down_w_per_s: Positive = 150.0
    """Fastest fall for each GPU [W/s]. Default: unverified, as above."""
    stop_delay_s: NonNegative = 10.0
    """Time for which power stays once the job stops being active [s]. Default: assumption."""


@dataclass(eq=False)
class PowerPath:
    """Piecewise-linear power of a job: where it is, and where it is going."""

    snap_back_s: float
    """Time in which 95 % of a rise is done [s]; 0: a step."""
    fall_s: float = 0.0
    """Time in which 95 % of a fall is done [s]; 0: a step."""
    ramp_up_mw_per_s: float = inf
    ramp_down_mw_per_s: float = inf
    """Fastest rise and fall [MW/s]; infinity: a rise takes ``snap_back_s``, a fall ``fall_s``."""
    stop_delay_s: float = 0.0
    """Time for which power stays before a fall that ends the job's activity [s]."""

    def __post_init__(self) -> None:
        """Begin nowhere."""
        self.next_s = inf
        """When the slope next changes [s]."""
        self.since_s = 0.0
        """Since when it holds [s]."""
        self.power_mw = 0.0
        """Power at that time [MW]."""
        self.slope_mw_per_s = 0.0
        """Its slope [MW/s]."""
        self._ahead: deque[tuple[float, float, float]] = deque()
        self._drawn_mws = 0.0

    @classmethod
    def of(
        cls,
        snap_back_s: float,
        fall_s: float,
        smoothing: Smoothing | None,
        gpus: int,
        pue: float,
        rise_mw_per_s: float = inf,
    ) -> "PowerPath":
        """Return the path of a job's power at the site's meter, which rises no faster than told [MW/s]."""
        if smoothing is None:
            return cls(snap_back_s, fall_s, rise_mw_per_s)
        scale = gpus * pue / MEGAWATT_IN_WATTS
        return cls(
            snap_back_s,
            fall_s,
            min(smoothing.ramp_up_w_per_s * scale, rise_mw_per_s),
            smoothing.ramp_down_w_per_s * scale,
            smoothing.stop_delay_s,
        )

    def start(self, now_s: float, level_mw: float) -> None:
        """Stand at a level, without a way to it."""
        self._go(now_s, level_mw, 0.0)
        self._ahead.clear()
        self.next_s = inf

    def stands_at(self, level_mw: float) -> bool:
        """Tell whether power is at this level to stay, so that there is nothing to do."""
        return self.power_mw == level_mw and self.slope_mw_per_s == 0.0 and not self._ahead

    def turn(self, now_s: float, level_mw: float, *, stops: bool = False) -> None:
        """Go to a level from where power is now; ``stops``: the job's activity ends."""
        while self.next_s <= now_s:
            self.advance()
        self._ahead.clear()
        power_mw = self._at(now_s)
        change_mw = level_mw - power_mw
        delay_s = self.stop_delay_s if stops and change_mw < 0.0 else 0.0
        move_s = self._move_s(change_mw)
        if delay_s > 0.0:
            self._ahead.append((now_s + delay_s, power_mw, change_mw / move_s if move_s > 0.0 else 0.0))
            self._go(now_s, power_mw, 0.0)
        elif move_s > 0.0:
            self._go(now_s, power_mw, change_mw / move_s)
        else:
            self._go(now_s, level_mw, 0.0)
        if delay_s + move_s > 0.0:
            self._ahead.append((now_s + delay_s + move_s, level_mw, 0.0))
        self.next_s = self._ahead[0][0] if self._ahead else inf

    def advance(self) -> None:
        """Take the next change of slope, which is due."""
        time_s, power_mw, slope_mw_per_s = self._ahead.popleft()
        self._go(time_s, power_mw, slope_mw_per_s)
        self.next_s = self._ahead[0][0] if self._ahead else inf

    def energy_mwh(self, end_s: float) -> float:
        """Return the energy drawn until then, if the path is left as it is planned [MWh]."""
        drawn_mws, since_s = self._drawn_mws, self.since_s
        power_mw, slope = self.power_mw, self.slope_mw_per_s
        for time_s, next_mw, next_slope in (*self._ahead, (inf, 0.0, 0.0)):
            length_s = max(0.0, min(time_s, end_s) - since_s)
            drawn_mws += length_s * (power_mw + slope * length_s / 2.0)
            since_s, power_mw, slope = time_s, next_mw, next_slope
        return drawn_mws / SECONDS_PER_HOUR

    def _move_s(self, change_mw: float) -> float:
        limit = self.ramp_up_mw_per_s if change_mw > 0.0 else self.ramp_down_mw_per_s
        if limit < inf:
            return abs(change_mw) / limit
        return (self.snap_back_s if change_mw > 0.0 else self.fall_s) / STATED_SHARE

    def _at(self, time_s: float) -> float:
        return self.power_mw + self.slope_mw_per_s * (time_s - self.since_s)

    def _go(self, time_s: float, power_mw: float, slope_mw_per_s: float) -> None:
        length_s = time_s - self.since_s
        self._drawn_mws += length_s * (self.power_mw + self.slope_mw_per_s * length_s / 2.0)
        self.since_s, self.power_mw, self.slope_mw_per_s = time_s, power_mw, slope_mw_per_s


class SlowReturn:
    """The computing that is missing while a job's power comes back at a limited rate.

    The job computes in proportion to its power above that of a stall.

    Parameters
    ----------
    rise_mw_per_s
        Limit on the rise [MW/s]; infinity: none.
    compute_mw, stall_mw
        Power while computing, and in a stall [MW].

    Examples
    --------
    50 MW at 0.5 MW/s take 100 s, of which half is lost:

    >>> slow = SlowReturn(0.5, 100.0, 50.0)
    >>> slow.begin(50.0)
    >>> slow.lost_s(1000.0), slow.lost_s(50.0)
    (50.0, 37.5)
    """

    def __init__(self, rise_mw_per_s: float, compute_mw: float, stall_mw: float) -> None:
        self._rise_mw_per_s = rise_mw_per_s
        self._compute_mw = compute_mw
        self._span_mw = compute_mw - stall_mw
        self._share = self._length_s = 0.0

    def begin(self, power_mw: float) -> None:
        """Begin to come back from a power [MW]."""
        rise_mw = max(0.0, self._compute_mw - power_mw)
        self._share = min(1.0, rise_mw / self._span_mw) if self._span_mw > 0.0 else 0.0
        self._length_s = rise_mw / self._rise_mw_per_s

    def lost_s(self, computed_s: float = inf) -> float:
        """Return the computing lost some time after it began to come back [s]."""
        part_s = min(computed_s, self._length_s)
        return self._share * (part_s - 0.5 * part_s * part_s / self._length_s) if part_s > 0.0 else 0.0
