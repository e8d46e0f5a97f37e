"""How many examples a property is tried on."""

from typing import Any

from hypothesis import settings

FEW, WHOLE = 30, 100
LEAST = 10


def examples(count: int, **more: Any) -> settings:
    """Return settings for so many examples in ``make test-all`` and ``make hunt``, in ``make test`` for some.

    The first find what is wrong in every case or in one of ten; the rest looks for what is rare.
    """
    share = settings().max_examples / WHOLE
    return settings(max_examples=min(count, max(LEAST, round(count * share))), **more)
