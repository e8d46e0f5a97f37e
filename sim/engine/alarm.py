"""A call at a later time that can be moved, without leaving stale events behind for every move."""

from collections.abc import Callable
from math import inf

from simpy import Environment, Event

from sim.ai.base import At


class Alarm:
    """Calls back once, at the time it was last set to.

    Setting it later costs no event: the one already in the heap goes off early, sees that it is not yet time,
    and is armed again. Only setting it *earlier* than every event it waits for adds one.

    Parameters
    ----------
    env
        The clock.
    ring
        What to call.
    """

    def __init__(self, env: Environment, ring: Callable[[], None]) -> None:
        self._env = env
        self._ring = ring
        self.due_s = inf
        """When it rings next [s]; infinity: not set."""
        self._armed_s: list[float] = []  # falls from first to last: only earlier times are added

    def set(self, time_s: float) -> None:
        """Ring at this time [s], not before now, and at no other; infinity: do not ring."""
        self.due_s = time_s
        if time_s < inf:
            self._arm()

    def _arm(self) -> None:
        if not self._armed_s or self.due_s < self._armed_s[-1]:
            self._armed_s.append(self.due_s)
            At(self._env, self.due_s).callbacks.append(self._go_off)

    def _go_off(self, _: Event) -> None:
        self._armed_s.pop()
        if self.due_s <= self._env.now:
            self.due_s = inf
            self._ring()
        elif self.due_s < inf:
            self._arm()
