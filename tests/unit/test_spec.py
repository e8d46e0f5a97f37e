"""Checks of a description that stand in its class: fields that rise, that replace or need one another."""

import pytest
from pydantic import ValidationError

from sim.spec import NonNegative, Spec, require_once, rising, some_of, together


class Strict(Spec):
    low_hz: NonNegative | None = None
    middle_hz: NonNegative | None = None
    high_ratio: NonNegative | None = None

    _rises = rising("low_hz", "middle_hz", "high_ratio")


class Loose(Spec):
    low_hz: NonNegative
    high_hz: NonNegative

    _does_not_fall = rising("low_hz", "high_hz", strictly=False)


class Choice(Spec):
    one: int | None = None
    other: tuple[int, ...] = ()

    _one = some_of("one", "other")


class AtMost(Choice):
    _one = some_of("one", "other", least=0)


class AtLeast(Choice):
    _one = some_of("one", "other", most=2)


class Pair(Spec):
    one: int | None = None
    other: int | None = None

    _pair = together("one", "other")


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        (Strict, {"low_hz": 2.0, "middle_hz": 2.0}, "low_hz is 2 Hz; must be below middle_hz, 2 Hz"),
        (Strict, {"low_hz": 2.5, "high_ratio": 1.0}, "low_hz is 2.5 Hz; must be below high_ratio, 1 "),
        (Strict, {"middle_hz": 2.0, "high_ratio": 1.0}, "middle_hz is 2 Hz; must be below high_ratio, 1 "),
        (Loose, {"low_hz": 3.0, "high_hz": 2.0}, "low_hz is 3 Hz; must not be above high_hz, 2 Hz"),
        (Choice, {}, "needs one of one, other; got none"),
        (Choice, {"one": 1, "other": (2,)}, "needs one of one, other; got one and other"),
        (AtMost, {"one": 1, "other": (2,)}, "needs at most one of one, other; got one and other"),
        (AtLeast, {}, "needs at least one of one, other; got none"),
        (Pair, {"one": 0}, "one and other go together; got one alone"),
        (Pair, {"other": 0}, "one and other go together; got other alone"),
    ],
)
def test_fields_that_do_not_fit_are_refused(kind, fields, words):
    with pytest.raises(ValidationError, match=words):
        kind(**fields)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Strict, {}),
        (Strict, {"low_hz": 0.0, "high_ratio": 1.0}),
        (Loose, {"low_hz": 2.0, "high_hz": 2.0}),
        (Choice, {"one": 0}),
        (Choice, {"other": (2,)}),
        (AtMost, {}),
        (AtLeast, {"one": 1, "other": (2,)}),
        (Pair, {}),
        (Pair, {"one": 0, "other": 0}),
    ],
)
def test_fields_that_fit_are_taken(kind, fields):
    assert kind(**fields).model_dump(exclude_defaults=True) == fields


def test_names_that_stand_twice_are_refused():
    require_once(["a", "b"], "each once")
    with pytest.raises(ValueError, match=r"^each once; used twice: a, c$"):
        require_once(iter(["c", "a", "b", "c", "a"]), "each once")
