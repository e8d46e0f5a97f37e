"""ASIC miners by key: hash rate, power at the wall, cooling, shape.

The rows stand in ``asic_models.csv`` beside this module, each with its source.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

from pydantic import TypeAdapter

from sim.shipped import shipped

MachineKey = str
"""Name of a machine in `MODELS`: ``antminer-s21``."""

Cooling = Literal["air", "immersion", "hydro"]
"""How a machine gives off its heat."""

Form = Literal["shoebox", "2U", "3U", "rack"]
"""Shape of a machine: a box of its own, two or three rack units, or a rack unit of a height not published."""

_NEAR: Final = 3
"""Most keys that an error proposes."""

_LONGEST_KEY: Final = 60
"""Most of an unknown key that an error repeats [characters]."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One model of ASIC miner as it leaves the factory; None stands for what is not published.

    Vendors state hash rate within 3 % and power within 5 % (Antminer S19 Pro; SealMiner: 10 %): two machines
    of a model differ by as much.
    """

    key: MachineKey
    """Name in `MODELS`."""
    vendor: str
    """Who makes it."""
    model: str
    """Name as the vendor writes it."""
    th_s: float
    """Hash rate at the reference clock [TH/s]."""
    power_w: float
    """Power at the wall at the reference clock [W]."""
    j_per_th: float
    """Efficiency as stated; ``power_w / th_s`` within 1 % [J/TH]."""
    cooling: Cooling
    """How it gives off its heat."""
    form: Form | None
    """Its shape."""
    release: str | None
    """Year or quarter from which it ships."""
    reference_mhz: float | None
    """Clock of the chips in the default profile [MHz]."""
    reference_v: float | None
    """Voltage in the default profile [V]."""
    vf_slope: float | None
    """Relative change of voltage per relative change of clock [1]."""
    price_usd_per_th: float | None
    """Price quoted for the model, else the index of its class of efficiency, in autumn 2026; unverified
    [USD/(TH/s)]."""
    source: str
    """Where hash rate and power come from."""
    verified: bool
    """Whether the source quotes the manufacturer; no manufacturer's page was itself seen."""


def _hint(key: str) -> str:
    written = key.lower().replace(" ", "-").replace("+", "-plus")
    near = get_close_matches(written, list(MODELS), n=_NEAR)
    return f"did you mean {' or '.join(map(repr, near))}?" if near else f"known are {', '.join(MODELS)}"


_ROWS = TypeAdapter(list[Machine]).validate_python(
    [{name: cell or None for name, cell in row.items()} for row in shipped("sim.mining", "asic_models.csv")]
)
MODELS: Final[Mapping[MachineKey, Machine]] = {row.key: row for row in _ROWS}
"""Machines by key, oldest first within each vendor."""


def machine(key: MachineKey) -> Machine:
    """Return the machine of a key.

    Parameters
    ----------
    key
        Name in `MODELS`.

    Returns
    -------
    Machine
        What is known of the model.

    Raises
    ------
    ValueError
        If there is no such key; the message names those that are near.

    Examples
    --------
    >>> machine("antminer-s21").power_w
    3500.0
    """
    if key not in MODELS:
        raise ValueError(f"no machine {key[:_LONGEST_KEY]!r}; {_hint(key[:_LONGEST_KEY])}")
    return MODELS[key]
