r"""What mining adds to the site: every line of the ledger, less the same line of the site without miners.

Notes
-----
.. math:: \Delta\text{EBITDA} = \sum_\ell (a_\ell - a_\ell^0) - r \sum_k (D_k - D_k^0)

over the lines :math:`\ell` of the ledger with their amounts :math:`a`, and the coincident peaks :math:`k` of
the run with demands :math:`D` at the rate :math:`r` of a quarter of a year's charge: what the run's peaks
cost, they cost in the year after. The site without miners is that of `Recording.without_mining`: the same AI
loads, the same prices, the battery as it would act alone.
"""

from math import fsum, isfinite, nan
from typing import Final

from sim.facts import FourCpFacts
from sim.metrics.base import told
from sim.metrics.coincident_peaks import peak_demands, peaks_count, rate_usd_per_mw_year
from sim.metrics.ledger import LedgerLine, ledger
from sim.recording import Recording
from sim.units import SECONDS_PER_DAY, SECONDS_PER_YEAR

NEXT_YEAR: Final = "transmission of next year, on this run's peaks"
"""What the line is called by which the run's coincident peaks cost in the year after."""
_LEAST_DAYS = 1.0
"""A run below this says nothing of a year [d]."""


Key = tuple[str, str, str]


def incremental_lines(recording: Recording) -> tuple[LedgerLine, ...]:
    """Return each line of the ledger that miners change, by as much as they change it."""
    present = {_key(line): line for line in recording.once(ledger)}
    absent = {_key(line): line for line in recording.once(Recording.without_mining).once(ledger)}
    lines = [_difference(present.get(key), absent.get(key)) for key in {**present, **absent}]
    return tuple(line for line in (*lines, _next_years_peaks(recording)) if not line.is_nothing)


def incremental_ebitda_usd(recording: Recording) -> float:
    """Return what the site earns with its miners less what it would earn without them [USD]."""
    return fsum(line.amount_usd for line in recording.once(incremental_lines))


def yearly_incremental_ebitda_usd(recording: Recording) -> float:
    """Return that, the run taken for a year's of 365 days [USD/year]; NaN for a run of no length."""
    if recording.end_s <= 0.0:
        return nan
    return recording.once(incremental_ebitda_usd) * SECONDS_PER_YEAR / recording.end_s


def _key(line: LedgerLine) -> Key:
    return line.segment, line.account, line.item


def _difference(present: LedgerLine | None, absent: LedgerLine | None) -> LedgerLine:
    some = present or absent
    if some is None:
        raise RuntimeError("a line that is in neither ledger has no difference")
    return LedgerLine(
        some.segment,
        some.account,
        some.item,
        (present.quantity if present else 0.0) - (absent.quantity if absent else 0.0),
        some.unit,
        (present.amount_usd if present else 0.0) - (absent.amount_usd if absent else 0.0),
    )


def _next_years_peaks(recording: Recording) -> LedgerLine:
    """Return what the coincident peaks of the run cost in the year after, as far as miners draw at them."""
    alone = recording.once(Recording.without_mining)
    risen_mw = _mean_peak_mw(recording) - _mean_peak_mw(alone)
    amount_usd = -rate_usd_per_mw_year(recording) * risen_mw
    return LedgerLine("site", "charges", NEXT_YEAR, risen_mw, "MW·year", amount_usd)


def _mean_peak_mw(recording: Recording) -> float:
    demands_mw = (peak.demand_mw for peak in recording.once(peak_demands))
    mean_mw = sum(mw for mw in demands_mw if isfinite(mw)) / peaks_count(recording)
    return (recording.facts.four_cp or FourCpFacts()).billed_mw(mean_mw)


def _per_year(recording: Recording) -> float:
    if recording.end_s < _LEAST_DAYS * SECONDS_PER_DAY:
        return nan
    return yearly_incremental_ebitda_usd(recording)


CATALOGUE = (
    told("incremental_ebitda_usd", lambda r: r.once(incremental_ebitda_usd)),
    told("incremental_ebitda_usd_per_year", _per_year),
)
