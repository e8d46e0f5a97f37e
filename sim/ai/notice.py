"""What a tenant tells the site of its load: what is to come, and what state it is in."""

from math import nan
from typing import Final, Literal, NamedTuple

NoticeKind = Literal["checkpoint", "planned", "resume", "start", "end", "load", "warm-up"]
State = Literal["compute", "stall", "hang", "down_context", "down_cold", "load", "warm_up", "absent", ""]
"""State of a load, as it tells it; the empty one: it tells none."""
QUIET_STATES: Final = frozenset({"stall", "hang", "down_context", "down_cold", "load", "warm_up", "absent"})
"""States in which a load draws less than it might at any moment."""
INTERRUPTED_STATES: Final = frozenset({"hang", "down_context", "down_cold"})
"""States that an interruption begins with; what was announced before it no longer holds."""


class Notice(NamedTuple):
    """A change of power that a tenant has announced.

    It states a plan: a failure in between makes it wrong.
    """

    load: str
    """Name of the load."""
    kind: NoticeKind
    """What is to come."""
    at_s: float
    """When power begins to change [s]."""
    until_s: float
    """When power is expected to be back, or to have settled [s]; as `at_s` where it stays."""
    change_mw: float
    """Expected change of power at the site's meter [MW]; below 0 where power falls."""
    issued_at_s: float
    """When it was announced [s]; not after `at_s`."""
    level_mw: float = nan
    """Expected power of the load after the change [MW]; NaN: not stated."""
