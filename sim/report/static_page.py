"""A page of sentences, charts and tables: one HTML file, which loads nothing."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from sim.report.svg import Drawing

Document = Mapping[str, Any]
"""What a study or a comparison left, as its JSON file holds it."""
POLICY: Final = (
    "default-src 'none'; {}style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
)
"""What the page may do: show its own style and pictures, and run its own script if it has one."""


@dataclass(frozen=True, slots=True)
class PageTable:
    """One table of a page; its first column stays in sight."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    """Cells; what stands behind a line break is small, and in the first column a bare name."""
    note: str = ""
    is_open: bool = True
    """Whether it is unfolded at first."""


@dataclass(frozen=True, slots=True)
class StaticPage:
    """What a page says."""

    title: str
    lead: str = ""
    """The question that it answers."""
    facts: Sequence[tuple[str, str]] = ()
    """What was done, as term and text."""
    verdict: Sequence[str] = ()
    """The answer, in sentences."""
    charts: Sequence[Drawing] = ()
    tables: Sequence[PageTable] = field(default=())
    is_sortable: bool = False
    """Whether its open tables may be sorted, searched and saved, for which it has a script."""

    def html(self) -> str:
        """Return the page's text."""
        environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        template = environment.from_string(_own("static.html.jinja"))
        values: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        script = _own("tables.js") if self.is_sortable else ""
        allowed = f"script-src 'sha256-{sha256_base64(script)}'; " if script else ""
        own = {"style": Markup(_own("page.css")), "script": Markup(script)}  # noqa: S704  # our own files
        return template.render(policy=POLICY.format(allowed), **own, **values)


def sha256_base64(text: str) -> str:
    """Return the hash of a script as a page's content security policy names it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _own(name: str) -> str:
    return (files("sim.report") / name).read_text(encoding="utf-8")
