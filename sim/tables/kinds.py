"""Kinds of files that a scenario may name, by what a person calls them."""

from typing import Final, NamedTuple

from sim.shipped import shipped
from sim.tables.quantities import Quantity, quantity


class Kind(NamedTuple):
    """A kind of file that a scenario may name."""

    quantity: Quantity
    usual_time: str
    names: list[str]
    """What its column of values is called, in small letters without signs."""
    lines: str
    """Where in a scenario it stands, with ``{}`` for its fields."""
    shapes: str = ""
    """Which shapes it may have; empty where none is known."""


KINDS: Final = {
    name: Kind(**said | {"quantity": quantity(said["quantity"]), "lines": "\n".join(said["lines"])})
    for name, said in shipped("sim.tables", "kinds.json").items()
}
