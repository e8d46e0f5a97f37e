import csv
import re
from dataclasses import replace

import numpy as np
import pytest
from report_fakes import DAY_S, recording_of, stored, week_loads

from sim.metrics.ledger import ledger
from sim.metrics.mining import mining_revenue_usd
from sim.metrics.months import months
from sim.report.build import LEDGER_COLUMNS, MONTH_COLUMNS, write_tables
from sim.report.format import LocalTime
from sim.report.money import dearest_hours, price_text
from sim.report.page import page
from sim.report.stability import stability_section
from sim.report.worst_windows import worst_moments


@pytest.fixture(scope="module")
def recording():
    return recording_of(week_loads(), 7.0 * DAY_S)


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_ledger_csv_holds_every_line_to_the_last_bit(recording, tmp_path):
    write_tables(recording, tmp_path)
    rows = rows_of(tmp_path / "ledger.csv")
    assert tuple(rows[0]) == LEDGER_COLUMNS
    assert [float(row["amount_usd"]) for row in rows] == [line.amount_usd for line in ledger(recording)]
    assert [row["item"] for row in rows] == [line.item for line in ledger(recording)]


def test_monthly_csv_holds_every_month_and_leaves_blank_what_is_not_known(recording, tmp_path):
    write_tables(recording, tmp_path)
    (row,) = rows_of(tmp_path / "monthly.csv")
    (month,) = months(recording)
    assert tuple(row) == MONTH_COLUMNS
    assert row["month"] == month.month == "2026-01"
    assert float(row["mined_btc"]) == month.mined_btc
    assert row["ebitda_usd"] == ""


def test_tables_are_written_to_the_same_bytes(recording, tmp_path):
    write_tables(recording, tmp_path)
    before = [(tmp_path / name).read_bytes() for name in ("ledger.csv", "monthly.csv")]
    write_tables(replace(recording), tmp_path)
    assert [(tmp_path / name).read_bytes() for name in ("ledger.csv", "monthly.csv")] == before
    assert b"\r" not in before[0]


def test_the_page_shows_segments_months_and_lines(recording):
    result = stored(recording)
    clock = LocalTime.of_run(result.scenario["start"], recording.start_utc_s)
    stability = stability_section(recording, result.scenario, clock)
    text = page(result, clock, worst_moments(recording), stability)
    money = text[text.index('id="money-title"') : text.index('id="metrics-title"')]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", money)]

    assert [row[0] for row in rows[1:4]] == ["Mining", "AI", "Total"]
    assert rows[2][1] == "not assessable"
    assert len(rows[5]) == len(rows[4]) == 11  # a month, and its head
    lines = ledger(recording)
    assert len(rows[-len(lines) :]) == len(lines)
    assert rows[-len(lines)][4] == "90,000.00 USD/BTC"
    assert "under a lease" in money
    assert "take 7 d for a year" in money


def test_a_line_that_is_not_counted_shows_no_price(recording):
    (line, *_) = (line for line in ledger(recording) if "not counted" in line.item)
    assert (price_text(line), line.amount_usd) == ("", 0.0)


def test_the_dearest_hours_name_what_the_site_paid_in_them(recording):
    hours = dearest_hours(recording)
    price, ai, fleet = (recording[name] for name in ("price_usd_per_mwh", "ai_power_mw", "fleet_power_mw"))
    paid = sorted(
        ((price * (ai + fleet)).integral_between(start_s, start_s + 3600.0) / 3600.0, start_s)
        for start_s in np.arange(0.0, recording.end_s, 3600.0).tolist()
    )

    assert [hour[0] for hour in hours] == [start_s for _, start_s in paid[: -len(hours) - 1 : -1]]
    from_s, to_s, cells = hours[0]
    assert to_s - from_s == 3600.0
    ai_usd, fleet_usd = (float(cell.replace(",", "")) for cell in cells[3:5])
    assert ai_usd + fleet_usd == pytest.approx(paid[-1][0], abs=1.1)


def test_what_mining_earned_in_all_hours_is_its_revenue_less_its_power(recording, monkeypatch):
    monkeypatch.setattr("sim.report.money.MOST_HOURS", 10_000)
    margins = [float(cells[5].replace(",", "")) for _, _, cells in dearest_hours(recording)]

    price = recording["price_usd_per_mwh"]
    paid_usd = (price * recording["fleet_power_mw"]).integral() / 3600.0
    assert sum(margins) == pytest.approx(mining_revenue_usd(recording) - paid_usd, abs=len(margins))
