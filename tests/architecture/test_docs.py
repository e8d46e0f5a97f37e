"""The documentation: its links resolve, its lines fit, and what is made from the code is current."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.scenario_checks import CHECKS
from sim.policies import POLICIES

ROOT = Path(__file__).parents[2]
DOCS = [page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts]
PAGES = sorted([*ROOT.glob("*.md"), *DOCS, *(ROOT / "scenarios").rglob("*.md")])
PAGES.append(ROOT / "results" / "README.md")
LINK = re.compile(r"\]\(([^()\s]+)\)")
CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
LONGEST = 120


def anchors(page):
    headings = HEADING.findall(CODE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page):
    for link in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        if link.startswith(("https://", "http://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


def check(module, *names):
    command = [sys.executable, "-m", module, "--check", *names]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_resolve(page):
    assert list(broken_links(page)) == []


def test_a_link_to_nowhere_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Here\n\n[a](gone.md) [b](page.md#here) [c](#there)\n")

    assert list(broken_links(page)) == ["gone.md", "#there"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_lines_fit_a_screen(page):
    # rows of tables cannot be broken, and nobody reads the comments that mark samples
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > LONGEST and not line.startswith(("|", "<!--"))] == []


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 120


def test_every_page_is_reached_from_the_index():
    reached, waiting = set(), [ROOT / "docs" / "index.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            links = [link.partition("#")[0] for link in LINK.findall(page.read_text(encoding="utf-8"))]
            waiting += [(page.parent / link).resolve() for link in links if link and "://" not in link]

    assert set(DOCS) - reached == set()


def test_reference_pages_are_what_the_code_says():
    done = check("docs.reference")

    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_table_of_published_numbers_is_what_make_validate_gives():
    done = check("docs.validation")

    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_asks_no_network():
    pytest.importorskip("sphinx", reason="the site is built by what make docs installs")
    done = subprocess.run([sys.executable, "-m", "docs.site"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    site = ROOT / "docs" / "_build" / "html"
    pages = {page.relative_to(site).with_suffix("").as_posix() for page in site.rglob("*.html")}
    wanted = {page.relative_to(ROOT / "docs").with_suffix("").as_posix() for page in DOCS}
    assert wanted | {"search", "genindex"} <= pages
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert re.findall(r'(?:<script[^>]+src|<link[^>]+rel="stylesheet"[^>]+href)="https?:[^"]+', text) == []


@pytest.mark.slow
def test_samples_are_what_the_commands_print():
    done = check("docs.samples")

    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_table_of_rivals_is_what_runs_give():
    done = check("docs.rivals")

    assert done.returncode == 0, done.stderr


def test_what_small_scenarios_are_checked_by_is_what_runs_give():
    done = check("docs.scenario_checks", "replay-day", "island")

    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_what_scenarios_are_checked_by_is_what_runs_give():
    done = check("docs.scenario_checks")

    assert done.returncode == 0, done.stderr


def test_every_shipped_scenario_has_five_checks():
    assert set(CHECKS) == {path.stem for path in (ROOT / "scenarios").glob("*.yaml")}
    assert min(len(checks) for checks in CHECKS.values()) == 5


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_every_policy_has_its_page_with_rule_parameters_source_and_when_it_wins(name):
    text = (ROOT / "docs" / "policies" / f"{name}.md").read_text(encoding="utf-8")

    assert HEADING.findall(text) == [
        name,
        "Rule",
        "Parameters",
        "Source",
        "When it wins, when it loses",
    ]
    parameters = text.partition("## Parameters")[2].partition("## Source")[0]
    fields = POLICIES[name].model_fields.keys() - {"type"}
    assert {field for field in fields if f"`{field}`" not in parameters} == set()


def test_every_page_of_a_policy_is_of_a_policy():
    assert {page.stem for page in (ROOT / "docs" / "policies").glob("*.md")} == set(POLICIES)


def test_pictures_are_small_and_the_chart_loads_nothing():
    assert (ROOT / "docs" / "images" / "helios.png").stat().st_size < 250_000
    chart = (ROOT / "docs" / "images" / "comparison.svg").read_text(encoding="utf-8")
    assert len(chart) < 10_000
    assert "soft" in chart.partition("</style>")[0]
    assert not re.search(r"url\(|href|<script", chart)
