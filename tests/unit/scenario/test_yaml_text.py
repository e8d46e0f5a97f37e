import math

import pytest

from sim.errors import InputError
from sim.scenario.tree import plain
from sim.scenario.yaml_text import parse_value, parse_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12), ("-3", -3), ("+4", 4), ("012", 12), ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e6", 1e6),
        ("-2.5E-3", -0.0025), ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        (".inf", math.inf), ("-.INF", -math.inf),
        # text in YAML 1.2, whatever 1.1 made of it
        ("no", "no"), ("on", "on"), ("12:30", "12:30"), ("1_000", "1_000"), ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("2026-01-01", "2026-01-01"), ("'12'", "12"),
        ('"true"', "true"), ("<<", "<<"),
        ("[1, a, {b: c}]", [1, "a", {"b": "c"}]),
    ],
)  # fmt: skip
def test_words_mean_what_they_mean_in_yaml_1_2(text: str, value: object) -> None:
    found = plain(parse_value(text, "x"))

    assert found == value
    assert type(found) is type(value)


def test_nan_is_read_so_that_it_can_be_refused_by_name() -> None:
    assert math.isnan(plain(parse_value(".nan", "x")))


def test_keys_are_text() -> None:
    node, faults = parse_yaml("1: a\ntrue: b\nnull: c\n", "x")

    assert plain(node) == {"1": "a", "true": "b", "null": "c"}
    assert faults == []


def test_every_value_remembers_its_place() -> None:
    node, _ = parse_yaml("a: 1\nb:\n  - c\n  - {d: 5}\n", "x.yaml")

    assert isinstance(node.value, dict)
    items = node.value["b"].value
    assert isinstance(items, list)
    assert isinstance(items[1].value, dict)
    places = [node.place, node.value["a"].place, node.value["b"].place, items[0].place]
    assert [str(place) for place in (*places, items[1].value["d"].place)] == [
        "x.yaml:1:1",
        "x.yaml:1:1",
        "x.yaml:2:1",
        "x.yaml:3:5",
        "x.yaml:4:6",
    ]


def test_several_faults_of_the_text_are_kept_while_reading_on() -> None:
    node, faults = parse_yaml("a: 1\na: 2\nb: &x 3\nc: !t 4\n", "x")

    assert plain(node) == {"a": 1, "b": 3, "c": 4}
    assert [fault.place for fault in faults] == ["x:2:1", "x:3:4", "x:4:4"]


def test_a_merge_key_is_a_key_like_any_other() -> None:
    node, _ = parse_yaml("<<: {a: 1}\nb: 2\n", "x")

    assert plain(node) == {"<<": {"a": 1}, "b": 2}


@pytest.mark.parametrize("depth", [24, 25])
def test_depth_ends_at_twenty_four(depth: int) -> None:
    text = "a: " + "[" * (depth - 1) + "1" + "]" * (depth - 1)

    if depth <= 24:
        parse_yaml(text, "x")
    else:
        with pytest.raises(InputError, match="more than 24"):
            parse_yaml(text, "x")
