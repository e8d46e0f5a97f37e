"""Money as charts: the waterfall ends at EBITDA, and months stand side by side."""

import re

from sim.report.money import money_charts
from sim.simulation import run
from sim.testing import a_scenario


def charts_of(**fields):
    result = run(a_scenario(**fields))
    return result, {chart.title: str(chart.drawing) for chart in money_charts(result.recording)}


def test_a_waterfall_ends_where_the_ledger_does():
    result, charts = charts_of(days=0.1)
    total = sum(result.ledger.to_frame()["amount_usd"])

    (shown,) = set(re.findall(r"EBITDA: (-?[\d,]+)", charts["From revenue to EBITDA"]))
    assert int(shown.replace(",", "")) == round(total)
    assert "EBITDA by month" not in charts


def test_months_stand_side_by_side_where_there_are_several():
    _, charts = charts_of(days=3.0, start="2026-01-30T00:00:00-06:00")

    names = re.findall(r"<title>(\d{4}-\d{2}): ", charts["EBITDA by month"])
    assert names == ["2026-01", "2026-02"] * 2  # for a screen and for a telephone
