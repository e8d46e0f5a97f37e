"""SimPy's clock, with a rule for what happens at once."""

from collections.abc import Callable

from simpy import Environment


class Clock(Environment):
    """SimPy's environment, which settles once after the last event of each instant that changed something.

    All changes of one instant come first, then one settled observation. The settle is no event of its own: it
    would double the number of events, and could not know that it is the last.
    """

    def __init__(self) -> None:
        super().__init__(initial_time=0.0)
        self.unsettled = False
        """Set by whoever changes something that the controller may see."""
        self.settle: Callable[[], None] = _nothing
        """Called at the end of an instant in which `unsettled` was set."""
        self.settle_count = 0

    def step(self) -> None:
        """Process the next event, and settle where it was the last of its instant."""
        Environment.step(self)  # by name: super() would cost a tenth of the step
        if self.unsettled and (not self._queue or self._queue[0][0] > self._now):
            self.unsettled = False
            self.settle_count += 1
            self.settle()

    def run_before(self, time_s: float) -> None:
        """Process every event before this time [s]; unlike `run`, without an event of its own to stop at."""
        queue, step = self._queue, self.step
        while queue and queue[0][0] < time_s:
            step()

    @property
    def event_count(self) -> int:
        """Events scheduled so far."""
        # SimPy numbers its events; the counter's own text is the only way to read it without taking a number.
        return int(repr(self._eid)[len("count(") : -1])

    @property
    def pending_count(self) -> int:
        """Events that wait in the heap."""
        return len(self._queue)


def _nothing() -> None:
    """Settle nothing."""
