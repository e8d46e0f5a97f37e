"""Whether what a policy answers can be carried out: the same for a run and for the check before it."""

from collections.abc import Iterable
from math import inf
from numbers import Real
from typing import Final

from sim.errors import PolicyError

Offers = tuple[tuple[str, float], ...]
_PAIR: Final = 2


def is_power(value: object) -> bool:
    """Tell whether a value is a power that a site can draw: a number, 0 or more, finite [MW].

    Examples
    --------
    >>> [is_power(value) for value in (0, 2.5, -1.0, float("nan"), float("inf"), "5", None)]
    [True, True, False, False, False, False, False]
    """
    if type(value) is float:  # nearly always: an abstract class takes five times as long to ask
        return 0.0 <= value < inf
    return isinstance(value, Real) and 0.0 <= float(value) < inf


def sound_offers(offers: object, when: str = "") -> Offers:
    """Return a policy's offers as pairs of name and amount [MW], each name once; a list counts as a tuple.

    Parameters
    ----------
    offers
        What stands in ``Decision.offers``; later changes of it change nothing of what is returned.
    when
        Said in a fault: ``" at 10 s"``.

    Raises
    ------
    PolicyError
        They are no pairs, a name stands twice, or an amount is no number, below 0 or not finite.

    Examples
    --------
    >>> sound_offers([("rrs", 5.0)])
    (('rrs', 5.0),)
    """
    if isinstance(offers, str | dict) or not isinstance(offers, Iterable):
        raise PolicyError(f'the offers{when} must be pairs of service and MW, such as (("rrs", 5.0),); got {offers!r}')
    found: dict[str, float] = {}
    for pair in offers:
        if not (isinstance(pair, tuple | list) and len(pair) == _PAIR and isinstance(pair[0], str)):
            raise PolicyError(f'an offer{when} must be a service and its MW, such as ("rrs", 5.0); got {pair!r}')
        name, offer_mw = pair
        if name in found:
            raise PolicyError(f"the policy offers '{name}' twice{when}; each service may stand once")
        if not is_power(offer_mw):
            raise PolicyError(f"the policy offers {offer_mw!r} MW of {name}{when}; must be 0 MW or more, and finite")
        found[name] = float(offer_mw)
    return tuple(found.items())
