"""Model cards, made from the code: what each model says, what it rests on, and what it is held to.

A card names one or more modules; their docstrings, the fields of their descriptions are read from the code.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Final, NamedTuple

from docs.spec_fields import Row, Section, prose

UNSOURCED: Final = ("assumption", "unverified")


class Card(NamedTuple):
    """What of the code one card is about."""

    title: str
    modules: tuple[str, ...]
    fields: tuple[str, ...]
    """Pages of the scenario reference, or beginnings of the titles of sections there."""
    explained: str
    topics: tuple[str, ...] = ()
    """Headings of the page of published numbers."""


CARDS: Final = (
    Card(
        "Training job",
        ("ai.training_spec", "ai.checkpointing", "ai.node_power"),
        ("loads-training",),
        "training",
        (
            "Training: interruptions and checkpoints",
            "Training: power of nodes",
            "Training: measured power of one 8xH100 node",
        ),
    ),
    Card(
        "Inference service",
        ("ai.inference", "ai.replicas", "ai.demand"),
        ("loads-inference",),
        "inference",
        ("Inference",),
    ),
    Card("Tenant", ("ai.tenant", "ai.tenancy"), ("loads-tenant",), "tenants"),
    Card(
        "Hall, losses and cooling",
        ("ai.halls", "ai.facility", "ai.cooling", "ai.weather"),
        ("`halls", "`weather"),
        "halls",
        ("Halls",),
    ),
    Card(
        "Fleet of machines",
        ("mining.cohort.spec", "mining.clocking"),
        ("`fleets",),
        "fleets",
        ("Fleets", "Mining"),
    ),
    Card(
        "Bitcoin network and pools",
        ("market.network", "market.difficulty", "market.pools"),
        ("`market.bitcoin",),
        "bitcoin",
        ("Bitcoin network",),
    ),
    Card(
        "Power price and supply",
        ("market.synthetic", "market.supply", "market.bill"),
        ("`market.power", "`market.supply", "`market.generation", "`market.demand_charge", "`market.four_cp"),
        "power-supply",
        ("Power market", "Synthetic power price"),
    ),
    Card("Reserves", ("market.ancillary",), ("`market.ancillary",), "ancillary"),
    Card(
        "Leases and valuation",
        ("market.leases", "market.valuation"),
        ("`leases", "`valuation"),
        "money",
        ("Leases",),
    ),
    Card("Limits of utilities", ("grid.limits",), ("`grid.limits",), "stability", ("Grid limits and voltage",)),
    Card("Frequency", ("grid.spec",), ("`grid.frequency",), "frequency", ("Grid frequency",)),
    Card(
        "Voltage and flicker",
        ("grid.voltage",),
        ("`grid.connection",),
        "voltage",
        ("Grid limits and voltage",),
    ),
    Card("Battery", ("grid.storage",), ("`storage",), "battery"),
)


def page(parts: Mapping[str, Sequence[Section]]) -> str:
    """Return the page of all cards, from the sections of the scenario reference by page."""
    text = (
        "# Model cards\n\nWhat each model says, what its defaults rest on and what it is held to; made from "
        "the code. What no model here\ncontains: [limits](../explanation/limits.md).\n"
    )
    return text + "".join(f"\n## {card.title}\n\n{_body(card, parts)}" for card in CARDS)


def _body(card: Card, parts: Mapping[str, Sequence[Section]]) -> str:
    said = "\n\n".join(_said(name) for name in card.modules)
    rows = list(_rows(card, parts))
    unsourced = [row for row in rows if any(word in row.what for word in UNSOURCED)]
    lines = [
        f"- How it works: [{card.explained}](../explanation/{card.explained}.md)",
        f"- Code: {', '.join(f'`sim.{name}`' for name in card.modules)}",
        f"- Held to: {_held(card)}",
        f"- Fields: {len(rows)}; {len(unsourced)} of them have a default without a source"
        + ("".join(f"\n  - {path}" for path in dict.fromkeys(row.path for row in unsourced))),
    ]
    return f"{said}\n\n" + "\n".join(lines) + "\n"


def _said(name: str) -> str:
    """Return what a module says of itself; inner headings would stand among the cards."""
    return prose(import_module(f"sim.{name}").__doc__ or "")


def _rows(card: Card, parts: Mapping[str, Sequence[Section]]) -> Iterator[Row]:
    for name, found in parts.items():
        for section in found:
            if name in card.fields or section.title.startswith(card.fields):
                yield from section.rows


def _held(card: Card) -> str:
    links = [f"[{title}](../validation.md#{anchor(title)})" for title in card.topics]
    if not links:
        return "closed forms in the tests alone; no published number"
    return "published numbers" + "".join(f"\n  - {link}" for link in links)


def anchor(heading: str) -> str:
    """Return the anchor of a heading, as GitHub and MyST make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
