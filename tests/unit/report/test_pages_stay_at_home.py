"""Every page that a command writes says itself that it may load nothing, and holds nothing that would."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sim.cli import main

ROOT = Path(__file__).parents[3]
SITE = """
schema_version: 1
name: site
question: Does <script>alert(1)</script> stay a text?
start: "2026-01-01T00:00:00Z"
days: 0.02
interconnection: {limit_mw: 100.0}
loads: [{name: chat, type: inference, power_mw: 40.0}]
"""
STUDY = "schema_version: 1\nname: s\nscenario: site\naxes: {seed: [1, 2]}\n"
LOADING = {"src", "srcset", "action", "poster", "background", "formaction", "ping"}
ELEMENTS = {"iframe", "object", "embed", "link", "base", "form", "frame"}


class Page(HTMLParser):
    """The elements of a page, and the texts of its scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self._script = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")
            self._script = dict(attrs).get("type", "")

    def handle_data(self, data):
        if self._script is not None:
            self.scripts[-1] += data

    def handle_endtag(self, tag):
        if tag == "script":
            self._script = None


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    (folder / "site.yaml").write_text(SITE)
    (folder / "studies").mkdir()
    (folder / "s.yaml").write_text(STUDY)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for words in (
            "run site.yaml",
            "compare site.yaml --policies mining-off --workers 1",
            "sweep s.yaml --workers 1",
        ):
            with pytest.raises(SystemExit) as ended:
                main(words.split())
            assert ended.value.code == 0, words
    return {path.name: path.read_text() for path in folder.rglob("*.html")}


def test_all_of_them_were_made(pages):
    assert {"report.html", "compare.html", "study.html", "index.html"} <= set(pages)


def test_each_says_that_it_may_load_nothing_and_run_its_own_scripts_alone(pages):
    for name, text in pages.items():
        page = Page(text)
        policies = [
            attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy"
        ]
        assert len(policies) == 1, name
        rules = dict(part.strip().split(" ", 1) for part in policies[0].split(";") if part.strip())
        assert rules["default-src"] == "'none'", name
        assert not re.search(r"https?:|\*|unsafe-eval", policies[0]), name
        assert "unsafe-inline" not in rules.get("script-src", ""), name
        allowed = set(rules.get("script-src", "").split())
        for script in page.scripts:
            if script and not script.lstrip().startswith(("{", "[")):
                digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
                assert f"'sha256-{digest}'" in allowed, name


def test_none_holds_what_would_load_or_run_something(pages):
    for name, text in pages.items():
        for tag, attrs in Page(text).tags:
            assert tag not in ELEMENTS, (name, tag)
            assert not LOADING & set(attrs) or attrs.get("src", "").startswith("data:"), (name, tag)
            assert not [attr for attr in attrs if attr.startswith("on")], (name, tag)
            assert not re.match(r"(?i)\s*(https?:|//|javascript:)", attrs.get("href") or ""), (name, tag)
        assert "<script>alert(1)" not in text, name
