"""Writes the pages under docs/reference, and tables of constants in others, from specs and catalogues.

``python -m docs.reference`` writes them; with ``--check`` it writes nothing, and fails if a page is stale.
"""

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from textwrap import dedent
from typing import Final, NamedTuple

from docs import api, constant_tables, models
from docs.spec_fields import Section, cell, field_table, sections
from sim import metrics
from sim.metrics import CATALOGUE, LOAD_CATALOGUE
from sim.mining.catalogue import MODELS
from sim.policies import (
    AwardChange,
    Awards,
    Decision,
    FleetView,
    Notice,
    Observation,
    Order,
    ServiceView,
)
from sim.recording import SIGNALS
from sim.scenario.model import Scenario
from sim.study.spec import StudySpec

FOLDER: Final = Path(__file__).parent / "reference"
HEAD: Final = "<!-- Made by `make reference`; do not edit. -->\n"


class Part(NamedTuple):
    """A page of the scenario reference, and which fields stand there."""

    name: str
    title: str
    fields: tuple[str, ...]


PARTS: Final = (
    Part("site", "Connection, battery, controller", ("interconnection", "storage", "controller")),
    Part("grid", "Grid", ("grid",)),
    Part("halls", "Halls and weather", ("halls", "weather")),
    Part("events", "Events", ("events",)),
    Part("fleets", "Fleets", ("fleets",)),
    Part("bitcoin", "Bitcoin", ("market.bitcoin",)),
    Part("forecasts", "Forecasts", ("market.forecasts",)),
    Part("reserves", "Reserves and market rules", ("market.ancillary", "market.rules")),
    Part("power", "Power and its price", ("market",)),
    Part("money", "Leases, costs, valuation", ("leases", "costs", "valuation")),
)
"""The pages besides those of each type of load; the first that fits holds a field."""
POLICY_TITLE: Final = "`policy"
"""How the title of a section begins that stands on the page of policies."""


def scenario_pages() -> dict[str, str]:
    """Return the pages of every field of a scenario file: an overview and one for each part."""
    text = (
        "# Scenario file\n\nEvery field, from the same descriptions that check a file. A path such as "
        "`fleets.*.rated_mw` is\nwritten with the entry's name in an override: "
        "`--set fleets.miners.rated_mw=80`. A number may be written whole.\n"
        "Besides these, a file may say `extends: other.yaml`: a scenario in the same folder, or by its "
        "name an example\n(`extends: helios`), that it changes.\n"
    )
    parts = scenario_parts()
    listed = "".join(f"- [{title}](scenario/{name}.md)\n" for name, (title, _) in parts.items() if title)
    text += f"\n{listed}- [Policies](policies.md)\n"
    pages = {"scenario.md": HEAD + text + _sections_text(parts[""][1])}
    for name, (title, own) in parts.items():
        if name:
            head = f"# {title}\n\nPart of the [scenario file](../scenario.md).\n"
            pages[f"scenario/{name}.md"] = HEAD + head + _sections_text(own)
    return pages


def scenario_parts() -> dict[str, tuple[str, list[Section]]]:
    """Return title and sections of each part, by its name; what stands in the overview has none."""
    parts: dict[str, tuple[str, list[Section]]] = {}
    for section in sections(Scenario):
        if not section.title.startswith(POLICY_TITLE):
            found = _part(section.title, list(parts))
            parts.setdefault(found.name, (found.title, []))[1].append(section)
    return parts


def models_page() -> str:
    """Return the page of the model cards."""
    return HEAD + models.page({name: own for name, (_, own) in scenario_parts().items()})


def _part(title: str, before: list[str]) -> Part:
    """Return the page of a section; a load's inner fields stand with the type named last."""
    path, _, kind = title.strip("`").replace("`", "").partition(" with type: ")
    if path.startswith("loads"):
        name = f"loads-{kind}" if path == "loads.*" else before[-1]
        return Part(name, f"Loads: {name.removeprefix('loads-')}", ())
    return next((part for part in PARTS if path.startswith(part.fields)), Part("", "", ()))


def study_page() -> str:
    """Return the page of every field of a study file."""
    text = "# Study file\n\nEvery field of a file that `hashballast sweep` runs.\n"
    return HEAD + text + _sections_text(sections(StudySpec))


def _sections_text(shown: Iterable[Section]) -> str:
    return "".join(f"\n## {section.title}\n\n{section.text}\n\n{field_table(section.rows)}" for section in shown)


def assumptions_page() -> str:
    """Return the page of the fields whose default has no source."""
    text = (
        "# Defaults without a source\n\nFields whose documentation says *assumption* (chosen by the authors) "
        "or *unverified* (a source is missing\nor does not cover the value). Set them for your site before "
        "you rely on a number.\n"
    )
    for section in sections(Scenario):
        rows = tuple(row for row in section.rows if "assumption" in row.what or "unverified" in row.what)
        if rows:
            text += f"\n## {section.title}\n\n{field_table(rows)}"
    return HEAD + text


OF_THE_RUN = "## Run\n\nHow much work the run was; the same for the same scenario, on any machine."


def metrics_page() -> str:
    """Return the page of every metric, in the order of the table, by module."""
    text = (
        "# Metrics\n\nEach metric is computed from the recording alone: signals, events, facts. "
        "*Baseline*: whether the\nsame number is given for the site without mining. `*` stands for the name "
        "of a load, a hall, a fleet, a service or a\nmonth. How they are defined: "
        "[metrics](../explanation/metrics.md).\n"
    )
    groups: dict[str, list[str]] = {}
    titles = _metric_titles()
    for metric in CATALOGUE:
        row = (f"`{metric.name}`", metric.unit, "yes" if metric.compares else "", cell(metric.summary))
        groups.setdefault(titles.get(metric.key, OF_THE_RUN), []).append(f"| {' | '.join(row)} |\n")
    for of_each in LOAD_CATALOGUE:
        metric = of_each.of("*")
        summary = f"{cell(metric.summary)} (each {_whose(of_each.kind)})"
        row = (f"`{metric.name}`", metric.unit, "yes" if metric.compares else "", summary)
        groups.setdefault(titles[of_each.key], []).append(f"| {' | '.join(row)} |\n")
    head = "| metric | unit | baseline | what |\n|---|---|---|---|\n"
    return HEAD + text + "".join(f"\n{title}\n\n{head}{''.join(rows)}" for title, rows in groups.items())


def _whose(kind: str) -> str:
    """Return what has the metrics of a kind."""
    own = {"ancillary": "service sold", "fleet": "fleet", "hall": "hall"}
    own |= {"month": "month of the bill", "peak": "coincident peak that is known"}
    own |= {"flexible": "load that can give way, or class of them"}
    return own.get(kind, f"load of type `{kind}`")


def _metric_titles() -> dict[str, str]:
    """Return, by metric, the heading of its module and what the module says of itself."""
    titles = {}
    for found in iter_modules(metrics.__path__):
        module = import_module(f"sim.metrics.{found.name}")
        summary = (module.__doc__ or "").partition("\n\n")[0]
        for metric in getattr(module, "CATALOGUE", ()):
            titles[metric.key] = f"## {found.name.capitalize()}\n\n{summary}"
    return titles


def signals_page() -> str:
    """Return the page of every recorded signal."""
    text = (
        "# Signals\n\nEvery signal that a run records; `*` stands for the name of a load or a fleet. A "
        "signal is a piecewise-linear\nfunction of time with jumps: from `time_s` on it is "
        "`value + slope_per_s * (t - time_s)`, until its next row in\n`signals.parquet`. How to read them: "
        "[read a result folder](../how-to/read-a-result-folder.md).\n\n"
        "| signal | unit | what |\n|---|---|---|\n"
    )
    rows = (f"| `{signal.name}` | {signal.unit} | {cell(signal.summary)} |\n" for signal in SIGNALS)
    return HEAD + text + "".join(rows)


def policies_page() -> str:
    """Return the page of every policy, and of what a policy sees and answers."""
    text = "# Policies\n\nWhat a scenario may name as its `policy`. The default is `follow-headroom`.\n"
    policies = [section for section in sections(Scenario) if section.title.startswith(POLICY_TITLE)]
    body = "".join(
        f"\n## {section.title.rpartition('type: ')[2].rstrip('`')}\n\n{section.text}\n\n{field_table(section.rows)}"
        for section in policies
    )
    for title, noun in (
        ("What a policy sees: Observation", Observation),
        ("A fleet as a policy sees it: FleetView", FleetView),
        ("What a tenant has announced: Notice", Notice),
        ("An order to draw less: Order", Order),
        ("Reserves sold: Awards", Awards),
        ("When they change next: AwardChange", AwardChange),
        ("A service that the policy may offer: ServiceView", ServiceView),
        ("What a policy answers: Decision", Decision),
    ):
        head = f"\n## {title}\n\n{noun.__doc__}\n\n| field | type | what |\n|---|---|---|\n"
        body += head + "".join(f"| {' | '.join(row)} |\n" for row in _attributes(noun))
    return HEAD + text + body


def _attributes(noun: type) -> Iterator[tuple[str, str, str]]:
    """Yield name, type and docstring of each field of a class, read from its source."""
    (body,) = ast.parse(dedent(inspect.getsource(noun))).body
    statements = body.body if isinstance(body, ast.ClassDef) else []
    for statement, following in zip(statements, [*statements[1:], ast.Pass()], strict=True):
        if isinstance(statement, ast.AnnAssign):
            value = following.value if isinstance(following, ast.Expr) else None
            doc = str(value.value) if isinstance(value, ast.Constant) else ""
            kind = ast.unparse(statement.annotation)
            yield f"`{ast.unparse(statement.target)}`", f"`{kind}`".replace("|", "\\|"), cell(doc)


def machines_page() -> str:
    """Return the page of every ASIC miner in the catalogue."""
    text = (
        "# Machines\n\nThe ASIC miners that `sim.mining.catalogue` knows; a blank is not known. *Verified*: "
        "the source quotes the\nmanufacturer. What the figures are good for: "
        "[machines](../explanation/mining.md#machines).\n\n"
        "| key | model | TH/s | W | J/TH | cooling | form | MHz | USD/(TH/s) | verified | source |\n"
        f"|{'---|' * 11}\n"
    )
    rows = (
        f"| `{it.key}` | {it.vendor} {it.model} | {it.th_s:g} | {it.power_w:g} | {it.j_per_th:g} "
        f"| {it.cooling} | {it.form or ''} | {_known(it.reference_mhz)} | {_known(it.price_usd_per_th)} "
        f"| {'yes' if it.verified else ''} | {cell(it.source)} |\n"
        for it in MODELS.values()
    )
    return HEAD + text + "".join(rows)


def _known(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


PAGES: Final = {
    "assumptions.md": assumptions_page,
    "study.md": study_page,
    "policies.md": policies_page,
    "metrics.md": metrics_page,
    "signals.md": signals_page,
    "machines.md": machines_page,
    "models.md": models_page,
    "python.md": lambda: HEAD + api.python_page(),
    "formulas.md": lambda: HEAD + api.formulas_page(),
}


def pages() -> dict[str, str]:
    """Return every page by its name."""
    return scenario_pages() | {name: page() for name, page in PAGES.items()}


def stale() -> list[str]:
    """Return the pages that are missing, left over or stale, and those whose tables are."""
    there = {page.relative_to(FOLDER).as_posix(): page.read_text(encoding="utf-8") for page in FOLDER.rglob("*.md")}
    made = pages()
    wrong = [name for name in sorted(there.keys() | made.keys()) if there.get(name) != made.get(name)]
    texts = {page.name: page.read_text(encoding="utf-8") for page in constant_tables.pages()}
    return wrong + [name for name, text in texts.items() if constant_tables.filled(text) != text]


def main(arguments: list[str]) -> None:
    """Write the pages, or with ``--check`` fail if one is stale."""
    if arguments == ["--check"]:
        names = stale()
        sys.exit(f"stale, run make reference: {', '.join(names)}" if names else 0)
    for name, text in pages().items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
    for page in constant_tables.pages():
        page.write_text(constant_tables.filled(page.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
