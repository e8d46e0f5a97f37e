import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from report_fakes import crowded_loads, decisions, not_assessable, recording_of, stored, week_loads

from sim.events import EventRow
from sim.recording import Recording
from sim.report.build import write_report_of
from sim.report.format import LocalTime
from sim.report.page import page as page_of
from sim.report.stability import stability_section
from sim.report.worst_windows import worst_moments
from sim.signals import Signal

DAY_S = 86_400.0
HOSTILE = "</script><script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>"


@pytest.fixture(scope="module")
def result():
    return stored(recording_of(week_loads(DAY_S), DAY_S, events=decisions(DAY_S)))


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    folder = tmp_path_factory.mktemp("result")
    write_report_of(result, folder, with_figures=True)
    return folder


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


class Elements(HTMLParser):
    """Collects the elements of a page, and the text of its scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.scripts = []
        self.words = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._in_script = tag == "script"
        if self._in_script:
            self.scripts.append("")

    def handle_endtag(self, tag):  # noqa: ARG002  # the parser hands it over
        self._in_script = False

    def handle_data(self, data):
        if self._in_script:
            self.scripts[-1] += data
        else:
            self.words.append(data)


def text_of(result):
    clock = LocalTime.of_run(result.scenario["start"], result.recording.start_utc_s)
    stability = stability_section(result.recording, result.scenario, clock)
    return page_of(result, clock, worst_moments(result.recording), stability)


def test_a_rebuilt_report_has_the_same_bytes(result, folder, tmp_path):
    write_report_of(result, tmp_path, with_figures=True)
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert [str(path) for path in files] == [
        "figures/load_duration.png",
        "figures/power.png",
        "figures/price_and_target.png",
        "figures/spectrum.png",
        "figures/worst.png",
        "ledger.csv",
        "monthly.csv",
        "report.html",
    ]
    for path in files:
        assert (folder / path).read_bytes() == (tmp_path / path).read_bytes(), path


def test_the_content_security_policy_allows_the_pages_own_scripts_and_no_request(page):
    elements = Elements(page)
    policy = next(attrs["content"] for tag, attrs in elements.tags if attrs.get("http-equiv"))
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert set(directives) == {"default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"}
    _, *programs = elements.scripts  # the first holds the data
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in programs]
    assert directives["script-src"].split() == [f"'sha256-{digest}'" for digest in digests]
    assert directives["img-src"] == "data: blob:"


def test_no_element_names_an_address_outside_the_page(page):
    elements = Elements(page).tags
    anchors = {attrs["id"] for _, attrs in elements if "id" in attrs}
    for tag, attrs in elements:
        assert not {"src", "action", "srcset"} & set(attrs), tag
        link = attrs.get("href", "data:image/png;base64,")
        assert link.startswith("data:image/png;base64,") or link.removeprefix("#") in anchors


def test_every_section_stands_in_the_contents(page):
    titles = re.findall(r'<h2 id="([^"]+)"', page)
    assert len(titles) > 8
    assert re.findall(r'<li><a href="#([^"]+)">', page) == titles


def test_a_week_weighs_little_and_names_whose_its_script_is():
    end_s = 7 * DAY_S
    text = text_of(stored(recording_of(week_loads(end_s), end_s, events=decisions(end_s))))
    assert len(text.encode()) < 1_500_000
    assert "Copyright (c) 2022 Leon Sorokin" in text


def test_the_carpet_and_the_duration_curves_need_no_script(page):
    own = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    for title in ("Site power by day and hour", "Headroom duration", "Load duration", "Price duration"):
        assert f"<h3>{title}</h3>" in own
    assert own.count("<svg") >= 12


def test_hostile_names_stay_text():
    events = (
        EventRow(0.0, "controller", f"decision: {HOSTILE}", 1.0),
        EventRow(1.0, f"load.{HOSTILE}", HOSTILE, 1.0),
    )
    recording = recording_of({"a": Signal.constant(10.0, 60.0)}, 60.0, events=events)
    metrics = {f"site_{HOSTILE}": {"value": 1.0, "unit": HOSTILE, "summary": HOSTILE}}
    hostile = stored(recording, metrics, name=HOSTILE, question=HOSTILE, policy={"type": HOSTILE, HOSTILE: HOSTILE})
    hostile.provenance["versions"][HOSTILE] = HOSTILE
    elements = Elements(text_of(hostile))
    assert len(elements.scripts) == 4
    assert not any(tag == "img" or "onerror" in attrs for tag, attrs in elements.tags)
    assert sum(HOSTILE in text for text in elements.words) >= 8


def test_the_embedded_data_cannot_end_its_script(page):
    data = Elements(page).scripts[0]
    assert not set("<>&") & set(data)
    assert json.loads(data)["end_s"] == DAY_S


def test_every_metric_appears_with_name_and_summary(result, page):
    words = Elements(page).words
    for name, metric in result.metrics.items():
        assert name in words
        assert metric["summary"] in words


def test_the_page_tells_what_was_run_and_how_to_repeat_it(page):
    text = " ".join(Elements(page).words)
    for part in (
        "2026-01-01 00:00 to 2026-01-02 00:00, UTC-06:00 (1 d)",
        "follow-headroom (margin_mw = 0.0)",
        "0123456789abcdef" * 4,
        "inputs sha256 · price_file.csv",
        "ab" * 32,
        "hashballast run scenario.yaml",
        "Was the limit kept?",
        "price above threshold",
        "checkpoint",
    ):
        assert part in text


def test_the_page_says_what_is_out_of_scope_and_what_to_hand_over(page):
    text = " ".join(page.split())
    assert "Harmonics, electromagnetic transients and sub-synchronous interaction are out of scope" in text
    assert "the makers' PSCAD models" in text


def test_times_and_hosts_of_the_making_stand_nowhere(page):
    own = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"/(tmp|home|work|root)/", own)
    assert "2026-01-01" in own


@pytest.mark.parametrize(
    "recording",
    [
        recording_of({"a": Signal.constant(10.0, 60.0)}, 60.0),
        recording_of({}, 3600.0),
        recording_of(week_loads(DAY_S), DAY_S, with_fleet=False),
        recording_of({}, 60.0, with_fleet=False),
        recording_of({"a": Signal.constant(1e-3, 5.0)}, 5.0, limit_mw=1e-3),
    ],
    ids=["a minute", "no loads", "no fleets", "nothing", "a kilowatt for five seconds"],
)
def test_a_report_is_made_of_any_run(recording, tmp_path):
    write_report_of(stored(recording, not_assessable()), tmp_path, with_figures=True)
    assert "</html>" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert (tmp_path / "figures" / "power.png").stat().st_size > 1000


def test_a_page_is_made_without_any_metric():
    assert "not assessable" in text_of(stored(recording_of({}, 60.0), {}))


def test_a_run_without_price_has_no_price_panel():
    whole = recording_of(week_loads(DAY_S), DAY_S)
    signals = {name: signal for name, signal in whole.signals.items() if not name.startswith("price_usd_per_mwh")}
    recording = Recording(whole.start_utc_s, whole.end_s, signals, whole.events, whole.facts)
    text = text_of(stored(recording, not_assessable()))
    assert json.loads(Elements(text).scripts[0])["price"] is None
    assert "Every line of the ledger" not in text


def test_the_page_shows_the_profit_and_loss(page):
    assert "Every line of the ledger" in page
    assert "bitcoin mined, net of the pool fee" in page


def test_values_that_are_not_assessable_are_said_to_be():
    metrics = {"net_ramp_up_300s_mw_per_min": {"value": None, "unit": "MW/min", "summary": "Ramp", "baseline": None}}
    text = text_of(stored(recording_of({}, 60.0), metrics))
    assert '<td class="number">not assessable</td>' in text


def test_a_crowded_day_stays_small():
    result = stored(recording_of(crowded_loads(100_000, DAY_S), DAY_S), metrics={})
    assert len(text_of(result)) < 7_000_000
