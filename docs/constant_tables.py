"""Tables of constants in pages, written from the code: a level that changes there changes here.

A table stands between ``<!-- table: NAME -->`` and ``<!-- end -->``; NAME is one of `TABLES`.
``python -m docs.reference`` fills them all; with ``--check`` it fails if one is stale.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from sim.ai.catalogue import SERVERS, Figure
from sim.ai.cooling import AirCooling, ImmersionCooling, LiquidCooling
from sim.ai.node_power import node_power_w, training_power_w
from sim.ai.replicas import (
    OTHER_PARKED_FRACTION,
    OTHER_RESIDENT_FRACTION,
    PARKED_FRACTION,
    RESIDENT_FRACTION,
)
from sim.ai.training_spec import Iterations
from sim.mining import clocking
from sim.mining.cohort.spec import FIRMWARE, CohortFleet
from sim.units import SECONDS_PER_MINUTE

PAGES: Final = Path(__file__).parent / "explanation"
TABLE: Final = re.compile(r"(<!-- table: ([\w-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_STATES: Final = {
    "compute": "computing",
    "communicate": "waiting for each other within an iteration",
    "stall": "stalled at a checkpoint",
    "hang": "hanging, failure not yet detected",
    "down_context": "down, context on the GPUs",
    "down_cold": "down, cold",
    "load": "loading",
    "warm_up": "warming up",
}


def _training_states() -> str:
    server = SERVERS["h100-hgx"]
    computing_w = training_power_w(server, communication_fraction=1.0 - Iterations().duty_fraction)
    return _table(
        ("state", "GPUs $p_g$", "all else $l$", "node over computing", "source of $p_g$"),
        (
            (
                text,
                f"{server.gpu_fractions[state].value:g}",
                f"{server.other_fractions[state].value:g}",
                f"{node_power_w(server, state) / computing_w:.2f}",
                _said(server.gpu_fractions[state]),
            )
            for state, text in _STATES.items()
        ),
    )


def _said(figure: Figure) -> str:
    said = figure.verified or "assumption" in figure.source
    return figure.source if said else f"{figure.source} (unverified)"


def _servers() -> str:
    return _table(
        ("server", "GPUs", "a GPU [W]", "all else [W]", "nameplate [W]"),
        (
            (f"`{name}`", *(f"{number:,.0f}" for number in (
                server.gpus_per_node, server.gpu_rated_w.value, server.other_w.value, server.nameplate_w.value
            )))
            for name, server in SERVERS.items()
        ),
    )  # fmt: skip


def _firmware() -> str:
    default = CohortFleet.model_fields["firmware"].default
    return _table(
        ("", "latency", "down", "boot", "ramp up", "lowers its clock"),
        (
            (
                f"`{name}`{' (default)' if name == default else ''}",
                *(f"{seconds:g} s" for seconds in times[:4]),
                "yes" if times.scales_clock else "no",
            )
            for name, times in FIRMWARE.items()
        ),
    )


def _cooling() -> str:
    plants = (AirCooling(), LiquidCooling(), ImmersionCooling())
    rows: dict[str, Callable[..., str]] = {
        "$c_0$, and $g$ at the design temperature": lambda it: f"{it.base_ratio:g}, {it.design_ratio:g}",
        "$T_f$, $T_d$ [°C]": lambda it: f"{it.free_c:g}, {it.design_c:g}",
        "fixed share": lambda it: f"{it.fixed_fraction:g}",
        r"$\tau$ up, down [min]": lambda it: (
            f"{it.lag_up_s / SECONDS_PER_MINUTE:.2g}, {it.lag_down_s / SECONDS_PER_MINUTE:g}"
        ),
    }
    body = ((text, *map(value, plants)) for text, value in rows.items())
    return _table(("", *(f"`{plant.type}`" for plant in plants)), body)


def _replicas() -> str:
    resident, parked = f"{RESIDENT_FRACTION:g}", f"{PARKED_FRACTION:g}"
    other = f"{OTHER_RESIDENT_FRACTION:g}"
    return _table(
        ("state", "GPU over rated power", "rest of the node over its loaded level"),
        (
            ("serving, batch $b$", "$p(b)$", f"{other} to 1, in a line with $p$"),
            ("in service without a request; starting", resident, other),
            ("parked, `idle`", parked, f"{OTHER_PARKED_FRACTION:g}"),
            ("parked, `off`", "0", "0"),
        ),
    )


def _clocks() -> str:
    mhz, step = clocking.DEFAULT_REFERENCE_MHZ, clocking.PROFILE_STEP_MHZ
    lowest = 1.0 - clocking.PROFILES_BELOW * step / mhz
    docs, assumed = "LuxOS documentation", "others: assumption"
    return _table(
        ("", "default", "range", "source"),
        (
            ("$a$", f"{clocking.DEFAULT_VF_SLOPE:g}", "0.10 to 0.25",
             f"profiles {step:g} MHz and 0.1 V apart at {mhz:g} MHz and 13.4 V: S19j Pro; {assumed}"),
            ("$s$", f"{clocking.DEFAULT_STATIC_FRACTION:g}", "0.01 to 0.06", "assumption"),
            ("default clock", f"{mhz:g} MHz", "", "S19j Pro; others, where not known: assumption"),
            ("profiles", f"{clocking.PROFILES_BELOW} below, {clocking.PROFILES_ABOVE} above", "", docs),
            ("lowest clock", f"{clocking.DEFAULT_MINIMUM_FRACTION:g}", "0.3 to 0.6",
             f"assumption; with all profiles below it cannot be below {lowest:.2f} at {mhz:g} MHz"),
            ("highest clock", f"{clocking.DEFAULT_MAXIMUM_FRACTION:g}", "to 1.2", "assumption"),
        ),
    )  # fmt: skip


TABLES: Final[dict[str, Callable[[], str]]] = {
    "training-states": _training_states,
    "servers": _servers,
    "firmware": _firmware,
    "cooling": _cooling,
    "replicas": _replicas,
    "clocks": _clocks,
}
"""The tables by name."""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |\n" for row in (head, *rows)]
    return "".join([lines[0], f"|{'---|' * len(head)}\n", *lines[1:]])


def filled(text: str) -> str:
    """Return a page with its tables filled anew."""
    return TABLE.sub(lambda found: found[1] + TABLES[found[2]]() + found[4], text)


def pages() -> list[Path]:
    """Return the pages that may hold tables."""
    return sorted(PAGES.glob("*.md"))
