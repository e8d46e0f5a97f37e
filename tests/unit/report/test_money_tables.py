import csv
from dataclasses import replace

import pytest
from report_fakes import DAY_S, recording_of, week_loads

from sim.metrics.ledger import ledger
from sim.metrics.months import months
from sim.report.csv_tables import LEDGER_COLUMNS, MONTH_COLUMNS, write_tables
from sim.report.money import MONTH_HEADS, money


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
    shown = money(recording)
    assert [row.title for row in shown.segments] == ["Mining", "AI", "Total"]
    assert shown.segments[1].cells[0] == "not assessable"
    assert [len(row.cells) for row in shown.months] == [len(MONTH_HEADS)]
    assert len(shown.lines) == len(ledger(recording))
    assert shown.lines[0].price == "90,000.00 USD/BTC"
    assert any("under a lease" in note for note in shown.notes)
    assert any("take 7 d for a year" in note for note in shown.notes)


def test_a_line_that_is_not_counted_shows_no_price(recording):
    (line, *_) = (line for line in money(recording).lines if "not counted" in line.item)
    assert (line.price, line.amount) == ("", "0")
