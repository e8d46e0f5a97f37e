"""Pages as a browser shows them: Debian's Chromium or any other; left out, and said so, where none is."""

import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from browser_session import PROGRAM, Session
from report_fakes import crowded_loads, decisions, recording_of, stored, week_loads

from sim import load_scenario, run
from sim.report.build import write_report_of
from sim.report.comparison_page import write_comparison_report
from sim.report.index_page import write_index
from sim.report.study_page import write_study_report
from sim.result import as_stored
from sim.study.compare import Ways, compare
from sim.study.sweep import load_study, sweep

ROOT = Path(__file__).parents[3]
TEXT_OF_PDF = shutil.which("pdftotext")
AXE = Path(__file__).with_name("axe.min.js.gz")
"""axe-core 4.14.1 of Deque Systems, MPL-2.0: looks for what keeps people from using a page."""
WEEK_S = 7 * 86_400.0
YEAR_S = 365 * 86_400.0
READY = "document.documentElement.dataset.ready === '1'"
PAGES = ["site/run/report.html", "site/compare/compare.html", "studies/try/study.html", "index.html"]
SITE = {
    "schema_version": 1, "name": "site", "start": "2026-01-01T00:00:00-06:00", "days": 0.05,
    "interconnection": {"limit_mw": 50.0},
    "fleets": [{
        "name": "miners", "type": "aggregate", "rated_mw": 60.0, "efficiency_j_per_th": 20.0,
        "ramp_up_mw_per_s": 1.0, "ramp_down_mw_per_s": 1.0,
    }],
}  # fmt: skip
STUDY = {
    "schema_version": 1, "name": "try", "question": "What does a margin cost?", "scenario": "site",
    "axes": {"policy.margin_mw": [50.0, 0.0, 8.0], "interconnection.limit_mw": [40.0, 50.0]},
}  # fmt: skip

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="NO CHROMIUM ON THIS MACHINE: pages are not looked at")


@pytest.fixture(scope="module")
def browser():
    session = Session()
    yield session
    session.close()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A run, a comparison, a study and the list of them."""
    folder = tmp_path_factory.mktemp("results")
    (folder / "site" / "run").mkdir(parents=True)
    week = recording_of(week_loads(WEEK_S), WEEK_S, events=decisions(WEEK_S))
    write_report_of(stored(week), folder / "site" / "run")
    policies = ["always-on", "follow-headroom:margin_mw=12.5"]
    compare(SITE, policies, 2, ways=Ways(references=True)).write(folder / "site" / "compare", write_comparison_report)
    for name, content in (("site", SITE), ("study", STUDY)):
        (folder / f"{name}.yaml").write_text(json.dumps(content), encoding="utf-8")
    write_study_report(sweep(load_study(folder / "study.yaml"), folder / "studies" / "try").folder)
    write_index(folder)
    return folder


def walked(page):
    """Walk down a page, so that all is drawn that waits to be seen."""
    page.value(
        "new Promise((done) => { let y = 0; const end = () => document.documentElement.scrollHeight;"
        "const step = () => { scrollTo(0, (y += 600));"
        "y < end() ? setTimeout(step, 10) : done(scrollTo(0, 0)); }; step(); })"
    )
    return page


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_itself_alone_and_the_console_stays_empty(results, browser, name):
    page = browser.open(results / name)
    walked(page)

    assert page.said == []
    assert page.asked == [(results / name).as_uri()]
    policy = page.value("document.querySelector('meta[http-equiv=Content-Security-Policy]').content")
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy.replace("style-src 'unsafe-inline'", "")
    assert page.value("document.querySelector('h1').textContent.trim()")
    assert page.loaded_s < 5.0
    page.close()


@pytest.mark.slow
def test_a_script_from_elsewhere_is_refused(results, browser):
    page = browser.open(results / PAGES[0])
    page.value("document.body.append(Object.assign(document.createElement('script'), {text: 'window.bad = 1'}))")

    assert page.value("window.bad === undefined")
    assert "Content Security Policy" in json.dumps(page.said)
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("width_px", [390, 1440])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_the_screen(results, browser, name, width_px):
    page = walked(browser.open(results / name, width_px))

    assert page.value("document.documentElement.scrollWidth") <= width_px
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_keeps_people_from_using_a_page(results, browser, name, dark):
    page = walked(browser.open(results / name, dark=dark))
    page.value(gzip.decompress(AXE.read_bytes()).decode() + "; 1")
    found = page.value(
        "axe.run({resultTypes: ['violations']}).then((it) => it.violations.map((one) =>"
        "[one.id, one.help, one.nodes.length, one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160))]))"
    )

    assert found == []
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    "loads",
    [week_loads, lambda end_s: crowded_loads(9_000, end_s), lambda end_s: crowded_loads(80_000, end_s)],
    ids=["each breakpoint", "binned in the page", "binned before"],
)
def test_at_any_zoom_the_lowest_power_is_in_view_to_10_kw(loads, tmp_path, browser):
    recording = recording_of(loads(WEEK_S), WEEK_S, events=decisions(WEEK_S))
    write_report_of(stored(recording), tmp_path)
    page = browser.open(tmp_path / "report.html")
    page.wait_for(READY)
    site = recording.signals["site_power_mw"]
    for from_s, to_s in ((0.0, WEEK_S), (86_400.0, 3 * 86_400.0), (200_000.0, 203_600.0)):
        # the same call as the charts make, and over the time that they then show
        view = page.value(
            "(async () => { const data = JSON.parse(document.getElementById('chart-data').textContent);"
            f"const view = (await openLayer(data.power)).view({from_s}, {to_s});"
            "return {x: [...view.x], low: [...view.channels.site.low], width: view.width ?? 0}; })()"
        )
        low = np.array(view["low"], dtype=float)
        known = np.isfinite(low)
        first_s = max(0.0, view["x"][0])
        last_s = min(WEEK_S, view["x"][-1] + view["width"])
        seen = site.clip_time(first_s, last_s)
        assert low[known].min() == pytest.approx(seen.minimum(), abs=0.01)
        assert first_s <= from_s
        assert last_s >= to_s - 1e-3
    page.close()


@pytest.mark.slow
def test_a_drag_across_the_chart_zooms_and_a_double_click_shows_all(results, browser):
    page = browser.open(results / PAGES[0])
    page.wait_for(READY)
    page.value("document.getElementById('power-chart').scrollIntoView({block: 'center'})")
    whole = page.value("document.getElementById('power-status').textContent")
    box = page.value(
        "(() => { const it = document.querySelector('#power-chart .u-over').getBoundingClientRect();"
        "return [it.x, it.y, it.width, it.height]; })()"
    )
    middle = box[1] + 0.5 * box[3]
    page.drag((box[0] + 0.25 * box[2], middle), (box[0] + 0.5 * box[2], middle))
    page.wait_for(f"document.getElementById('power-status').textContent !== {json.dumps(whole)}")

    shown = page.value("document.getElementById('power-status').textContent")
    assert re.search(r"Shown: 2026-01-02 1[78]:.* to 2026-01-04 1[12]:", shown)
    page.value("[...document.querySelectorAll('#power-controls button')][0].click()")
    assert page.value("document.getElementById('power-status').textContent") == whole
    page.close()


@pytest.mark.slow
def test_charts_and_tables_are_reached_by_the_keyboard(results, browser):
    page = browser.open(results / PAGES[0])
    page.wait_for(READY)
    reached = []
    for _ in range(60):
        page.press("Tab", 9)
        reached.append(page.value("document.activeElement.textContent.trim().slice(0, 24)"))
        if reached[-1] == "Hour":
            break
    assert reached[-1] == "Hour"
    outline = page.value("getComputedStyle(document.activeElement).outlineStyle")
    page.press("Enter", 13, "\r")

    assert outline != "none"
    assert page.value("document.getElementById('power-status').textContent").startswith(
        "Shown: 2026-01-04 11:30:00 to 2026-01-04 12:30:00"
    )
    page.close()


@pytest.mark.slow
def test_a_table_sorts_by_its_heads_and_shows_the_rows_that_hold_some_words(results, browser):
    page = browser.open(results / PAGES[2])
    column = "[...document.querySelectorAll('table.sortable tbody tr')].filter((row) => !row.hidden)"
    column += ".map((row) => parseFloat(row.cells[0].textContent))"
    assert page.value(column) == [50.0, 50.0, 0.0, 0.0, 8.0, 8.0]

    page.value("document.querySelector('table.sortable thead button').click()")
    assert page.value(column) == [0.0, 0.0, 8.0, 8.0, 50.0, 50.0]
    assert page.value("document.querySelector('table.sortable th').getAttribute('aria-sort')") == "ascending"
    page.value("document.querySelector('table.sortable thead button').click()")
    assert page.value(column) == [50.0, 50.0, 8.0, 8.0, 0.0, 0.0]

    page.value("document.querySelector('input[type=search]').focus()")
    page.send("Input.insertText", text="8.0")
    assert set(page.value(column)) == {8.0}
    page.close()


def names_in(page, place):
    names = f"document.querySelectorAll('.look svg')[{place}].querySelectorAll('text.name')"
    return page.value(f"[...{names}].map((one) => one.textContent)")


@pytest.mark.slow
def test_a_study_is_looked_at_from_where_its_reader_wants(results, browser):
    page = browser.open(results / PAGES[2])
    chosen = "[...document.querySelectorAll('.controls select')].map((one) => one.value)"
    assert page.value(chosen)[1] == "interconnection.limit_mw"
    drawn = "[...document.querySelectorAll('.look svg')].map((one) => one.getAttribute('aria-label'))"
    assert [one.split()[0] for one in page.value(drawn)][2:3] == ["How"]

    for place, name in enumerate(("Site peak [MW]", "policy.margin_mw")):
        page.value(
            f"(() => {{ const one = document.querySelectorAll('.controls select')[{place}];"
            f"one.value = '{name}'; one.dispatchEvent(new Event('change')); }})()"
        )
    assert page.value(drawn)[:3] == [
        "Site peak [MW] against policy.margin_mw",
        "Site peak [MW] by interconnection.limit_mw and policy.margin_mw",
        "How far each axis moves Site peak [MW]",
    ]
    # below them how each metric answers the last axis of numbers, a line for each choice of the other
    assert "Site peak [MW] against interconnection.limit_mw" in page.value(drawn)[3:]
    legend = "[...document.querySelector('.look .legend').children].map((one) => one.textContent)"
    assert page.value(legend) == ["interconnection.limit_mw = 40", "interconnection.limit_mw = 50"]
    # a limit of 40 or 50 MW, a margin of 0, 8 or 50: what the site peaks at
    cells = names_in(page, 1)
    assert cells[1:] == ["0", "0", "40", "50", "32", "42"]
    bars = names_in(page, 2)
    assert bars == ["policy.margin_mw", "interconnection.limit_mw"]
    page.close()


@pytest.mark.slow
def test_columns_that_are_in_the_way_are_left_out(results, browser):
    page = browser.open(results / PAGES[2])
    shown = "[...document.querySelectorAll('table.sortable thead th')].filter((one) => !one.hidden).length"
    before = page.value(shown)
    page.value("document.querySelectorAll('.columns input')[2].click()")

    assert page.value(shown) == before - 1
    page.close()


@pytest.mark.slow
@pytest.mark.skipif(TEXT_OF_PDF is None, reason="NO PDFTOTEXT ON THIS MACHINE: paper is not looked at")
@pytest.mark.parametrize("name", PAGES)
def test_a_page_prints_whole(results, browser, tmp_path, name):
    page = browser.open(results / name)
    if name == PAGES[0]:
        page.wait_for(READY)
    page.pdf(tmp_path / "page.pdf")
    command = [TEXT_OF_PDF, "-raw", tmp_path / "page.pdf", "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    printed = re.sub(r"\s+", "", text)
    names = page.value(
        "[...document.querySelectorAll('h1, h2, h3, table code, caption')].map((one) => one.textContent)"
    )
    assert [one for one in names if re.sub(r"\s+", "", one) not in printed] == []
    assert len(names) > (100 if "compare" in name or "run" in name else 0)
    if "compare" in name:
        assert "follow-headroom:margin_mw=12.5" in printed
    page.close()


NOTE_READY = """new MutationObserver((_, watch) => {
  if (!document.documentElement?.dataset.ready) return;
  window.ready_s = performance.now() / 1e3;
  watch.disconnect();
}).observe(document, {attributes: true, childList: true, subtree: true});"""


def a_week():
    return as_stored(run(load_scenario(ROOT / "scenarios" / "helios.yaml")))


def a_year():
    return stored(recording_of(crowded_loads(600_000, YEAR_S), YEAR_S, events=decisions(WEEK_S)))


@pytest.mark.slow
@pytest.mark.parametrize(("result", "most_mb", "most_s"), [(a_week, 1.5, 1.5), (a_year, 6.0, 3.0)])
def test_a_page_is_light_and_soon_ready(browser, tmp_path, result, most_mb, most_s):
    write_report_of(result(), tmp_path)
    readies_s = []
    for _ in range(3):  # another program may be at work meanwhile
        page = browser.open(tmp_path / "report.html", inject=NOTE_READY)
        page.wait_for("window.ready_s")
        readies_s.append(page.value("window.ready_s"))
        page.close()

    assert (tmp_path / "report.html").stat().st_size <= most_mb * 1e6
    assert min(readies_s) <= most_s
