"""Pages as a browser shows them; left out where none is installed."""

import re
import shutil
import subprocess

import pytest
from report_fakes import crowded_loads, decisions, recording_of, stored, week_loads

from sim.report.build import write_report_of
from sim.report.comparison_page import write_comparison_report
from sim.report.index_page import write_index
from sim.study.compare import Ways, compare

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TEXT_OF_PDF = shutil.which("pdftotext")
WEEK_S = 7 * 86_400.0
MEASURE = """<script>addEventListener("load", () => setTimeout(() => {
const root = document.documentElement;
root.dataset.beyond = Math.max(0, root.scrollWidth - root.clientWidth); }, 1000));</script></body>"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine"),
]


@pytest.fixture
def browse(tmp_path):
    """Open a page in a browser of its own, and return what it says."""

    def run(page, *arguments):
        return subprocess.run(
            [
                BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                "--disable-component-update", "--enable-logging=stderr", "--virtual-time-budget=15000",
                f"--user-data-dir={tmp_path / 'profile'}", *arguments, page.as_uri(),
            ],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip

    return run


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A run page, a comparison and the list of both."""
    folder = tmp_path_factory.mktemp("results")
    (folder / "site" / "run").mkdir(parents=True)
    week = recording_of(week_loads(WEEK_S), WEEK_S, events=decisions(WEEK_S))
    write_report_of(stored(week), folder / "site" / "run")
    content = {
        "schema_version": 1, "name": "site", "start": "2026-01-01T00:00:00-06:00", "days": 0.05,
        "interconnection": {"limit_mw": 50.0},
        "fleets": [{
            "name": "miners", "type": "aggregate", "rated_mw": 60.0, "efficiency_j_per_th": 20.0,
            "ramp_up_mw_per_s": 1.0, "ramp_down_mw_per_s": 1.0,
        }],
    }  # fmt: skip
    found = compare(content, ["always-on", "follow-headroom:margin_mw=12.5"], 2, ways=Ways(references=True))
    found.write(folder / "site" / "compare", write_comparison_report)
    write_index(folder)
    return folder


@pytest.mark.parametrize(
    "loads", [week_loads, lambda end_s: crowded_loads(80_000, end_s)], ids=["exact", "binned"]
)
def test_the_charts_are_drawn_without_an_error_or_a_refused_script(loads, tmp_path, browse):
    write_report_of(stored(recording_of(loads(WEEK_S), WEEK_S, events=decisions(WEEK_S))), tmp_path)
    shown = browse(tmp_path / "report.html", "--dump-dom")
    assert "CONSOLE" not in shown.stderr
    assert re.search(r'<html[^>]* data-ready="1"', shown.stdout)
    assert shown.stdout.count("<canvas") == 3
    assert "Shown: 2026-01-01 00:00:00 to 2026-01-08 00:00:00 (UTC-06:00)" in shown.stdout


@pytest.mark.parametrize("width_px", [390, 1440])
@pytest.mark.parametrize("name", ["site/run/report.html", "site/compare/compare.html", "index.html"])
def test_no_page_is_wider_than_the_screen(results, name, width_px, tmp_path, browse):
    # the page allows no script but its own: a copy without that rule is measured
    text = (results / name).read_text(encoding="utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    (tmp_path / "copy.html").write_text(text.replace("</body>", MEASURE), encoding="utf-8")

    shown = browse(tmp_path / "copy.html", "--dump-dom", f"--window-size={width_px},900")
    assert re.search(r'<html[^>]* data-beyond="0"', shown.stdout)


@pytest.mark.skipif(TEXT_OF_PDF is None, reason="no pdftotext on this machine")
def test_a_comparison_prints_every_policy_and_metric(results, tmp_path, browse):
    page = results / "site" / "compare" / "compare.html"
    browse(page, f"--print-to-pdf={tmp_path / 'page.pdf'}", "--no-pdf-header-footer")
    text = subprocess.run(
        [TEXT_OF_PDF, "-layout", tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout

    printed = re.sub(r"\s+", "", text)
    names = set(re.findall(r"<code>(\w+)</code>", page.read_text(encoding="utf-8")))
    assert len(names) > 100
    assert not [name for name in names if name not in printed]
    assert "follow-headroom:margin_mw=12.5" in printed
