"""The report of a result: the page, the tables, and figures on request, from the result folder alone."""

from pathlib import Path

from sim.report.csv_tables import has_prices, write_compliance, write_tables
from sim.report.local_time import LocalTime
from sim.report.page import page
from sim.report.stability import stability_section
from sim.report.worst_windows import worst_moments
from sim.result import StoredResult, read_result
from sim.whole import said_plainly, write_whole


def write_report(folder: Path, *, with_figures: bool = False) -> None:
    """Write the page and its tables (``ledger.csv`` …) into a result folder, from what it holds.

    The same result gives the same bytes: there is no clock time, host or path in them.

    Parameters
    ----------
    folder
        The result folder.
    with_figures
        Whether to draw ``figures/`` as well, which takes longer than all the rest.

    Raises
    ------
    ResultError
        The folder is missing, or not a whole result.
    """
    write_report_of(read_result(folder), folder, with_figures=with_figures)


def write_report_of(result: StoredResult, folder: Path, *, with_figures: bool = False) -> None:
    """Write the report of a result that has been read already.

    Parameters
    ----------
    result
        The result.
    folder
        Existing folder to write into.
    with_figures
        As `write_report`.
    """
    clock = LocalTime.of_run(result.scenario.get("start"), result.recording.start_utc_s)
    moments = worst_moments(result.recording)
    stability = stability_section(result.recording, result.scenario, clock)
    write_whole(folder / "report.html", page(result, clock, moments, stability))
    if has_prices(result.recording):
        write_tables(result.recording, folder)
    write_compliance(result.recording, folder)
    if with_figures:
        from sim.report.figures import write_figures  # noqa: PLC0415  # few runs are drawn for print

        figures = folder / "figures"
        with said_plainly(figures, "made"):
            figures.mkdir(exist_ok=True)
        write_figures(result.recording, clock, moments, stability.curves, figures)
