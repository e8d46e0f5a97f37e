"""Market rules with the dates from which they hold; each can be moved or switched off."""

from datetime import date
from math import inf

from sim.market.calendar import midnight_utc_s
from sim.spec import Positive, Spec, TimeZone


class RealTimeCooptimization(Spec):
    """Energy and ancillary services are cleared together in real time (RTC+B in ERCOT).

    Until then a day-ahead award is physical: capacity not held pays a penalty. From then on an award is
    financial: capacity not held is bought back at the real-time capacity price.
    """

    since: date = date(2025, 12, 5)
    """First day [local]; ERCOT went live on 2025-12-05 (market monitor's report on 2025, as cited by a third
    party)."""


class ColocatedPaidResponse(Spec):
    """A site with AI loads is paid for no demand response: it has no awards from then on."""

    barred_from: date = date(2026, 7, 23)
    """First day [local]. Texas' commission barred one co-located AI load of 525.5 MW from it on 2026-07-23
    (Docket 59220; unverified, from a secondary source); that it holds for others is an assumption."""


class SenateBill6(Spec):
    """Texas' Senate Bill 6: large loads connected after a date must be curtailable in an emergency.

    With it, orders bind only a site to which the bill applies, or one that takes part of its own will.
    """

    since: date = date(2025, 6, 20)
    """First day on which an order may be given [local]; the bill took effect on 2025-06-20."""
    threshold_mw: Positive = 75.0
    """Smallest site that it applies to, by the limit of its interconnection [MW]; 75 MW in the bill."""
    connected_after: date = date(2025, 12, 31)
    """It applies to sites connected after this day; 2025-12-31 in the bill (date unverified, from a secondary
    source)."""
    connected: date
    """Day on which the site was connected."""
    voluntary: bool = False
    """Whether the site follows orders although it need not."""

    def applies_to(self, site_mw: float) -> bool:
        """Return whether the bill applies to a site with this limit [MW]."""
        return site_mw >= self.threshold_mw and self.connected > self.connected_after


class MarketRules(Spec):
    """Rules of the market, each with its date; one that is left out or ``null`` is not in force."""

    time_zone: TimeZone = "America/Chicago"
    """Clocks by which the days begin."""
    real_time_cooptimization: RealTimeCooptimization | None = RealTimeCooptimization()
    """From when ancillary awards are financial; ``null``: never."""
    colocated_paid_response: ColocatedPaidResponse | None = None
    """From when a site with AI loads has no awards; left out: never."""
    sb6: SenateBill6 | None = None
    """Whom curtailment orders bind; left out: every site, at any time."""

    def financial_from_s(self, start_utc_s: float) -> float:
        """Return when awards become financial [s from the scenario's start]; infinity: never."""
        rule = self.real_time_cooptimization
        return inf if rule is None else midnight_utc_s(rule.since, self.time_zone) - start_utc_s

    def paid_until_s(self, start_utc_s: float, *, has_ai: bool) -> float:
        """Return until when a site may have awards [s from the scenario's start]; infinity: always."""
        rule = self.colocated_paid_response
        if rule is None or not has_ai:
            return inf
        return midnight_utc_s(rule.barred_from, self.time_zone) - start_utc_s

    def binds(self, announced_s: float, start_utc_s: float, site_mw: float) -> bool:
        """Return whether an order announced at a time [s] binds a site with this limit [MW]."""
        if self.sb6 is None or self.sb6.voluntary:
            return True
        since_s = midnight_utc_s(self.sb6.since, self.time_zone) - start_utc_s
        return announced_s >= since_s and self.sb6.applies_to(site_mw)
