"""What the fleets must do whatever the policy wishes: duties, and which of them wins.

Priorities, the highest first; below them the policy has its own order (AI resume, coincident peak, price,
fill):

1. the interconnection: the trip after an exceedance;
2. orders of the grid operator: emergency, curtailment;
3. ancillary services already sold.
"""

from collections.abc import Iterable
from itertools import groupby
from math import inf
from typing import Final, NamedTuple

TRIP: Final = 1
ORDER: Final = 2
ANCILLARY: Final = 3


class Duty(NamedTuple):
    """Bounds on the power of all fleets together, and what is taken off it."""

    priority: int
    """1 is the highest; see the module's list."""
    reason: str
    """What it comes from, in a few words that do not vary with the numbers."""
    floor_mw: float = 0.0
    """Least that the fleets are to draw [MW]."""
    cap_mw: float = inf
    """Most that they are to draw [MW]; where a floor lies above it, the cap wins."""
    called_mw: float = 0.0
    """What is taken off after the bounds, as a reserve that is called [MW]; below 0 it is added."""


class Obliged(NamedTuple):
    """What the fleets are told once duties have been seen to."""

    target_mw: float
    """Power of all fleets together, at least 0 [MW]."""
    reason: str | None
    """Reason of the duty that had the last word; None where none changed the policy's wish."""


def reserve_duty(up_mw: float, down_mw: float, minimum_mw: float, room_mw: float) -> Duty:
    """Return the bounds that keep reserves deliverable: power to fall from, and room to rise into.

    Parameters
    ----------
    up_mw, down_mw
        What is sold of services whose call makes the fleets draw less, and of those that ask for more [MW].
    minimum_mw
        Power that the fleets draw at the least [MW].
    room_mw
        Power that they may draw at the most, not below that [MW].

    Examples
    --------
    >>> reserve_duty(20.0, 10.0, 5.0, 60.0)[2:4]
    (25.0, 50.0)
    """
    floor_mw = min(minimum_mw + up_mw, room_mw) if up_mw > 0.0 else 0.0
    cap_mw = max(minimum_mw, room_mw - down_mw) if down_mw > 0.0 else inf
    return Duty(ANCILLARY, "reserves", floor_mw, cap_mw)


def arbitrate(target_mw: float, duties: Iterable[Duty]) -> Obliged:
    r"""Return what is left of a wish once every duty has had its say, the highest priority last.

    Parameters
    ----------
    target_mw
        The policy's wish, at least 0 [MW].
    duties
        In any order.

    Returns
    -------
    Obliged
        The target, and the reason of the duty that had the last word.

    Notes
    -----
    From the lowest priority to the highest,

    .. math:: P \leftarrow \max\bigl(0, \min(\max(P, \max_i F_i), \min_i C_i) - \textstyle\sum_i D_i\bigr)

    over the duties :math:`i` of one priority, with floors :math:`F`, caps :math:`C` and called power
    :math:`D`. Order of the priorities: mining practice as proposed by the authors (assumption); an operator's
    order standing above a contract is what ERCOT's and Texas' rules have in common.

    Examples
    --------
    A reserve of 20 MW that is called, then an order that caps the fleets at 10 MW:

    >>> arbitrate(60.0, [Duty(ORDER, "order", cap_mw=10.0), Duty(ANCILLARY, "reserve", called_mw=20.0)])
    Obliged(target_mw=10.0, reason='order')
    """
    reason = None
    ordered = sorted(duties, key=lambda duty: -duty.priority)
    for _, together in groupby(ordered, key=lambda duty: duty.priority):
        equals = tuple(together)
        obliged_mw = _applied(target_mw, equals)
        if obliged_mw != target_mw:
            reason = _last_word(target_mw, obliged_mw, equals)
            target_mw = obliged_mw
    return Obliged(target_mw, reason)


def without_calls(duties: Iterable[Duty]) -> tuple[Duty, ...]:
    """Return the same duties as they would be if no reserve were called."""
    return tuple(duty._replace(called_mw=0.0) for duty in duties)


def _applied(target_mw: float, equals: tuple[Duty, ...]) -> float:
    """Return the target after all duties of one priority, whose order does not matter."""
    floor_mw = max(duty.floor_mw for duty in equals)
    cap_mw = min(duty.cap_mw for duty in equals)
    called_mw = sum(duty.called_mw for duty in equals)
    return max(0.0, min(max(target_mw, floor_mw), cap_mw) - called_mw)


def _last_word(target_mw: float, obliged_mw: float, equals: tuple[Duty, ...]) -> str:
    """Return the reason of the duty that alone moves the target furthest the way that all of them do."""
    if len(equals) == 1:
        return equals[0].reason
    sign = 1.0 if obliged_mw > target_mw else -1.0
    return max(equals, key=lambda duty: sign * (_applied(target_mw, (duty,)) - target_mw)).reason
