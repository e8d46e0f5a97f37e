"""The page as a browser shows it; left out where none is installed."""

import re
import shutil
import subprocess

import pytest
from report_fakes import crowded_loads, decisions, recording_of, stored, week_loads

from sim.report.build import write_report_of

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine"),
]


@pytest.mark.parametrize(
    "loads", [week_loads, lambda end_s: crowded_loads(80_000, end_s)], ids=["exact", "binned"]
)
def test_the_charts_are_drawn_without_an_error_or_a_refused_script(loads, tmp_path):
    end_s = 7 * 86_400.0
    write_report_of(stored(recording_of(loads(end_s), end_s, events=decisions(end_s))), tmp_path)
    shown = subprocess.run(
        [
            BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
            "--virtual-time-budget=15000", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom",
            (tmp_path / "report.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "CONSOLE" not in shown.stderr
    assert re.search(r'<html[^>]* data-ready="1"', shown.stdout)
    assert shown.stdout.count("<canvas") == 3
    assert "Shown: 2026-01-01 00:00:00 to 2026-01-08 00:00:00 (UTC-06:00)" in shown.stdout
