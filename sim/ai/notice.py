"""What a tenant announces of its load."""

from typing import Literal, NamedTuple

NoticeKind = Literal["checkpoint", "planned", "resume", "start", "end"]


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
