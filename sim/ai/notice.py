"""What a tenant tells the site of its load: what is to come, what state it is in; when nothing is heard."""

from math import nan
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field

from sim.spec import Name, Spell

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


class StaleTelemetry(Spell):
    """A time in which the power and state of some loads come no more: what was last read stands.

    Notices still arrive, and the site's own meter still tells what AI draws in all.
    """

    type: Literal["stale-telemetry"]
    loads: Annotated[tuple[Name, ...], Field(max_length=1000)] | None = None
    """Loads of which nothing is heard; left out: all."""
