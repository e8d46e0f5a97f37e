"""A page of pictures and a table: one HTML file, which loads nothing and runs no script."""

import base64
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
)
"""What the page may do: show its own style and pictures."""


def figures_folder(folder: Path) -> Path:
    """Return the folder of a page's figures, made where it is missing."""
    figures = folder / "figures"
    figures.mkdir(exist_ok=True)
    return figures


def pictures_of(folder: Path, names: Sequence[str], captions: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return each picture as text of a data address, and its caption."""
    return [
        (base64.b64encode((folder / name).read_bytes()).decode("ascii"), captions[name]) for name in names
    ]


def static_page(
    title: str,
    notes: Sequence[str],
    pictures: Sequence[tuple[str, str]],
    table: tuple[Sequence[str], Sequence[Sequence[str]]],
) -> str:
    """Return the page's text.

    Parameters
    ----------
    title
        Its heading.
    notes
        Sentences above the table.
    pictures
        As `pictures_of` returns them.
    table
        Head and rows.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(_own("comparison.html.jinja"))
    style = Markup(_own("page.css"))  # noqa: S704  # our own file
    return template.render(
        policy=POLICY, style=style, title=title, notes=notes, pictures=pictures, head=table[0], rows=table[1]
    )


def _own(name: str) -> str:
    return (files("sim.report") / name).read_text(encoding="utf-8")
