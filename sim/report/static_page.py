"""A page of sentences, charts and tables: one HTML file, which loads nothing."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from sim.report import format as texts
from sim.report.format import words_of
from sim.report.svg import Drawing

WORDS: Final = {name: one for name, one in vars(texts).items() if name.startswith("format_") or name == "words_of"}
"""What a template may ask for words."""

Document = Mapping[str, Any]
"""What a study or a comparison left, as its JSON file holds it."""


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
    axis_count: int = 0
    """How many of the first columns are axes, over which a script draws the others; 0: it draws nothing."""
    figure: Sequence[str] = ()
    """The columns that it draws first, across and upwards; none: its own choice."""


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
        values: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        is_drawn = any(table.axis_count for table in self.tables)
        wanted = {"tables.js": self.is_sortable, "study.js": is_drawn}
        scripts = [own_file(name) for name, is_used in wanted.items() if is_used]
        return rendered("static.html.jinja", policy=security_policy(scripts), scripts=scripts, **values)


def axis_title(document: Document, metric: str) -> str:
    """Return a metric in words, with its unit."""
    unit = document["metrics"][metric]["unit"]
    return words_of(metric) if unit == "1" else f"{words_of(metric).removesuffix(f' {unit}')} [{unit}]"


def rendered(template: str, **values: Any) -> str:
    """Return the text that a template of this room gives, every value escaped that is no `Markup`."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, loader=FunctionLoader(own_file)
    )
    environment.globals |= WORDS
    return environment.get_template(template).render(style=own_file("page.css"), **values)


def own_file(name: str) -> Markup:
    """Return the text of a file that lies beside this module."""
    text = (files("sim.report") / name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704  # our own file


def embedded(document: Any) -> Markup:
    """Return a document as JSON that cannot end the script element it stands in."""
    text = json.dumps(document, allow_nan=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704  # escaped above


def security_policy(scripts: Sequence[str], pictures: str = "img-src data:; ") -> str:
    """Return what a page may do: run these scripts, show its own style (charts set it too) and pictures."""
    digests = (b64encode(sha256(script.encode()).digest()).decode() for script in scripts)
    hashes = " ".join(f"'sha256-{digest}'" for digest in digests)
    allowed = f"script-src {hashes}; " if hashes else ""
    return f"default-src 'none'; {allowed}style-src 'unsafe-inline'; {pictures}base-uri 'none'; form-action 'none'"
