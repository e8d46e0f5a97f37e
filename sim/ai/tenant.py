"""A tenant that moves in: what is energised, what of it is drawn, and what is paid for."""

from collections.abc import Generator
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import AwareDatetime, Field
from simpy import Event

from sim.ai.base import Connection, Load
from sim.ai.tenancy import DataHall, DrawShape, blocks_of, draw_bends_s, draw_fraction
from sim.clock import At
from sim.slip import Days, Slip
from sim.span import Span
from sim.spec import Fraction, Positive, Spec
from sim.units import SECONDS_PER_DAY


class TenantPhase(Spec):
    """One phase of a tenant's contract."""

    size_mw: Positive
    """IT power let in it [MW]."""
    ready: AwareDatetime
    """When its first data hall is due, ISO 8601 with an offset; the phase slips from there."""
    length_d: Days = 228.0
    """Time from its first to its last megawatt [d]. Default: two and a half quarters; two to three were taken
    by phases that are public."""
    billable: AwareDatetime | None = None
    """When the tenant pays for all of it, whether it is energised, and draws, or not (take or pay). Left out:
    for each data hall once it is energised."""


class TenantLoad(Load):
    """A tenant that moves in phase by phase, and draws less than its contract for long.

    Data halls are energised one by one. In each, racks are set up over some weeks, burn in at high power,
    then serve at a steady share of what is let. What is let and not yet drawn is idle: miners may have it.
    """

    type: Literal["tenant"]
    """Kind of load."""
    phases: Annotated[tuple[TenantPhase, ...], Field(min_length=1, max_length=100)]
    """Phases of the contract."""
    block_mw: Annotated[float, Field(ge=0.5, le=100.0)] = 8.0
    """IT power of one data hall [MW]. Default: within the 5 to 10 MW that are energised at a time."""
    arrival_fraction: Fraction = 1.0
    """Chance that the tenant comes at all, drawn once [1]. Default: the contract is signed."""
    slip: Slip = Slip()
    """How late phases are."""
    fill_d: Annotated[float, Field(ge=0.1, le=730.0)] = 45.0
    """Time in which racks of a data hall are set up [d]. Default: 30 to 60 days; unverified."""
    burn_in_d: Annotated[float, Field(ge=0.0, le=365.0)] = 7.0
    """Time each rack is tested under load [d]. Default: assumption."""
    burn_in_fraction: Fraction = 0.9
    """IT power of a rack under test over what is let for it. Default: 0.9 of its rated power; unverified."""
    draw_fraction: Fraction = 0.75
    """IT power of a rack in service over what is let for it. Default: measured training servers draw 0.76 of
    their nameplate (arXiv:2412.08602)."""
    pue: Annotated[float, Field(ge=1.0, le=10.0)] = 1.25
    """Power at the site's meter over IT power, at every load. Default: assumption."""

    drifts: ClassVar[bool] = True

    def most_mw(self, span: Span) -> float:  # noqa: ARG002  # as in Load
        """Return what it draws with all that is let under test, at the site's meter [MW]."""
        share = max(self.burn_in_fraction, self.draw_fraction)
        return self.pue * share * sum(phase.size_mw for phase in self.phases)

    @property
    def shape(self) -> DrawShape:
        """What the tenant draws in a data hall, by its age."""
        return DrawShape(
            self.fill_d * SECONDS_PER_DAY, self.burn_in_d * SECONDS_PER_DAY, self.burn_in_fraction, self.draw_fraction
        )

    def process(self, connection: Connection) -> Generator[Event, Any, None]:
        """Move in; log ``energised``, ``due`` and ``billable``, each with the IT power [MW] from then on.

        ``due`` is when a data hall would have been energised had its phase not slipped; none where a date is
        agreed from which all of a phase is paid for.

        What lies before the start of the run is logged at the start. One that does not come logs ``absent``.
        """
        if self.arrival_fraction < 1.0 and connection.stream("arrival").random() >= self.arrival_fraction:
            connection.log("absent", sum(phase.size_mw for phase in self.phases))
            connection.set_power_mw(0.0)
            return
        draws = connection.stream("slip")
        blocks: list[DataHall] = []
        news: list[tuple[float, str, float]] = []
        for phase in self.phases:
            late_s = self.slip.late_s(float(draws.standard_normal()))
            due_s = phase.ready.timestamp() - connection.span.start_utc_s
            shape = phase.size_mw, phase.length_d * SECONDS_PER_DAY, self.block_mw
            energised = blocks_of(due_s + late_s, *shape)
            blocks += energised
            news += [(block.energised_s, "energised", block.size_mw) for block in energised]
            if phase.billable is None:
                news += [(block.energised_s, "billable", block.size_mw) for block in energised]
                news += [(block.energised_s, "due", block.size_mw) for block in blocks_of(due_s, *shape)]
            else:
                from_s = phase.billable.timestamp() - connection.span.start_utc_s
                news.append((from_s, "billable", phase.size_mw))
        yield from self._move_in(connection, blocks, sorted(news))

    def _move_in(
        self, connection: Connection, blocks: list[DataHall], news: list[tuple[float, str, float]]
    ) -> Generator[Event, Any, None]:
        """Draw straight lines from bend to bend, and tell the news as it comes."""
        bends_s = draw_bends_s(self.shape)
        times_s = {block.energised_s + bend_s for block in blocks for bend_s in bends_s}
        times_s |= {time_s for time_s, _, _ in news}
        later_s = sorted(time_s for time_s in times_s if 0.0 < time_s < connection.span.end_s)
        waiting = list(reversed(news))
        for time_s, next_s in zip([0.0, *later_s], [*later_s, connection.span.end_s], strict=True):
            if time_s > 0.0:
                yield At(connection.env, time_s)
            while waiting and waiting[-1][0] <= time_s:
                _, kind, size_mw = waiting.pop()
                connection.log(kind, size_mw)
            power_mw, then_mw = self._power_mw(blocks, time_s), self._power_mw(blocks, next_s)
            connection.set_power_mw(power_mw, (then_mw - power_mw) / (next_s - time_s))

    def _power_mw(self, blocks: list[DataHall], time_s: float) -> float:
        """Return the power at the meter [MW]; its line has no jumps, for racks take time to set up."""
        ages_s = np.array([time_s - block.energised_s for block in blocks])
        shares = np.asarray(draw_fraction(ages_s, self.shape)).tolist()
        it_mw = sum(block.size_mw * float(share) for block, share in zip(blocks, shares, strict=True))
        return self.pue * it_mw
