"""When the controller decides: at news, but not before the minimum interval is over."""

from sim.clock import Clock


class Turn:
    """Collects news, and has the clock settle once a decision may be made of it.

    Parameters
    ----------
    clock
        The clock.
    interval_s
        Two decisions are at least so far apart [s].
    is_urgent
        Whether somebody besides the policy (a duty, a relay) must see news at once.
    """

    def __init__(self, clock: Clock, interval_s: float, *, is_urgent: bool = False) -> None:
        self._clock = clock
        self._interval_s = interval_s
        self._is_urgent = is_urgent
        self._next_s = 0.0
        self.has_news = False
        """Whether something was published that no decision has seen."""

    def notice(self) -> None:
        """Take note that something was published: decide at the end of this instant, or of the interval."""
        self.has_news = True
        if self._is_urgent or self._clock.now >= self._next_s:
            self._clock.unsettled = True
        else:
            self._clock.turn_s = self._next_s

    def has_come(self, now_s: float) -> bool:
        """Return whether to decide now; where it is too early, the end of the interval is waited for."""
        if not self.has_news:
            return False
        if now_s >= self._next_s:
            self.has_news = False
            self._next_s = now_s + self._interval_s
            return True
        self._clock.turn_s = self._next_s
        return False
