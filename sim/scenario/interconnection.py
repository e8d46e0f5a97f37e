"""The connection that AI and miners share: how much it may carry, and when."""

from functools import cached_property

from sim.grid.interconnection import MOST_RATIO, Tolerance, Trip
from sim.market.moving_limit import AnyLimit, MovingLimit, steady
from sim.span import Span
from sim.spec import NonNegative, Spec, some_of


class Interconnection(Spec):
    """The connection that AI and miners share.

    Its limit is one number, ``limit_mw``, or it moves: ``limit``; exactly one of both is given.
    """

    limit_mw: NonNegative | None = None
    """Power that the site may draw from the grid [MW]; 0 only where it has ``market.generation``. More is
    possible and is measured as exceedance."""
    limit: AnyLimit | None = None
    """A limit that moves: ``schedule``, ``file`` or ``contract``."""
    trip: Trip | None = None
    """Relay that stops the fleets after a lasting exceedance; left out: none."""
    tolerance: Tolerance | None = None
    """What counts as exceeding where policies are compared. Left out: what the ``trip`` says; without one,
    any power above the limit."""

    _one_limit = some_of("limit_mw", "limit")

    @cached_property
    def highest_mw(self) -> float:
        """The highest power that it ever allows [MW]."""
        return self.limit.highest_mw if self.limit is not None else self.limit_mw or 0.0

    def moving(self, span: Span) -> MovingLimit:
        """Return the limit over a run."""
        return steady(self.limit_mw or 0.0, span) if self.limit is None else self.limit.moving(span)

    @property
    def tolerated(self) -> Tolerance:
        """What counts as exceeding: as stated, else as the relay has it, else any power above the limit."""
        if self.tolerance is not None or self.trip is None:
            return self.tolerance or Tolerance()
        level = self.trip.level_mw(self.highest_mw)
        ratio = min(max(1.0, level / self.highest_mw), MOST_RATIO) if self.highest_mw > 0.0 else 1.0
        return Tolerance(above_ratio=ratio, after_s=self.trip.after_s)
