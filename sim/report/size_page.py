"""The page of a sizing: the bill, what each lever alone would need, and what stays impossible."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.report.format import NOTES, format_amount, format_number
from sim.report.static_page import PageTable, StaticPage
from sim.whole import write_whole

HEADS = ("item", "amount", "unit", "USD", "what binds it")


def bill_rows(items: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Return the rows of a bill; its last one is the sum."""
    rows = [
        (one["item"], format_number(one["amount"]), one["unit"], format_amount(one["usd"]), one["binding_row"])
        for one in items
    ]
    return [*rows, ("in all", "", "", format_amount(sum(one["usd"] for one in items)), "")]


def alone_rows(document: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return what each lever alone would need, and what it would cost."""
    rows = []
    for one in document["alone"]:
        needs, cost = "does not do", ""
        if one["needs"] is not None:
            amounts = [f"{format_number(item['amount'])} {item['unit']}" for item in one["needs"]]
            needs, cost = ", ".join(amounts) or "nothing", format_amount(sum(item["usd"] for item in one["needs"]))
        rows.append((one["item"], needs, cost))
    return rows


def notes(document: Mapping[str, Any]) -> list[str]:
    """Return what is to be said of a sizing, in sentences."""
    bound, years = document["bound"], document["prices"]["horizon_years"]
    step = f"{bound['step_mw']:.4g} MW made a ramp of {bound['ramp_mw_per_min']:.4g} MW/min"
    said = [f"By hand: a step of {step} takes {bound['energy_mwh']:.3g} MWh each way."]
    if not document["items"] and not document["impossible"]:
        said.append("Nothing need be bought: the site passes as it is.")
    said += [f"{row} stays impossible: {why}." for row, why in document["impossible"].items()]
    if not document["is_whole"]:
        said.append("The time limit was reached: a cheaper set may exist.")
    runs = NOTES["sized"].format(runs=document["runs"], days=document["days"], years=years)
    return [*said, runs, document["out_of_scope"]]


def write_size_page(document: Mapping[str, Any], folder: Path) -> Path:
    """Write ``size.html`` into a folder; return it."""
    sources = [(what, text) for what, text in document["prices"]["sources"].items()]
    page = StaticPage(
        title=f"What {document['scenario']} must buy",
        lead=f"What must be bought to pass {', '.join(document['rows'])}?",
        verdict=notes(document),
        tables=(
            PageTable("Bill", HEADS, bill_rows(document["items"])),
            PageTable("Each lever alone", ("lever", "needs", "USD"), alone_rows(document)),
            PageTable("Prices and assumptions", ("what", "from"), sources),
        ),
    )
    write_whole(folder / "size.html", page.html())
    return folder / "size.html"
