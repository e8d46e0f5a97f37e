"""The certificate of a run on its page, and in a line on the terminal."""

from collections.abc import Sequence
from typing import NamedTuple

from sim.metrics.certificate import certificate
from sim.metrics.claim import ASSUMPTIONS, CONTRACTS, INEQUALITY
from sim.recording import Recording
from sim.report.format import format_duration, format_value
from sim.report.local_time import LocalTime


class CertificateSection(NamedTuple):
    """What the page says of a claim that the limit is held."""

    holds: bool
    inequality: str
    numbers: Sequence[tuple[str, str]]
    contracts: Sequence[tuple[str, str, str]]
    """Load, its contract, and what that assumes."""
    assumptions: Sequence[str]
    breaks: Sequence[tuple[str, str, str, str]]
    """What did not hold, since when, by how much, for how long."""


def certificate_section(recording: Recording, clock: LocalTime) -> CertificateSection | None:
    """Return what the page says of the claim; None where no policy claims it."""
    found = recording.once(certificate)
    if found is None:
        return None
    facts = found.facts
    numbers = [
        ("margin", format_value(facts.margin_mw, "MW")),
        ("drift of each load that follows demand", _known(facts.drift_mw, "MW", "as stated")),
        ("telemetry: delay and scan", f"{facts.telemetry_delay_s:g} s and {facts.telemetry_scan_s:g} s"),
        ("least time between two decisions", f"{facts.minimum_interval_s:g} s"),
        ("fleets: latency, and what a fall takes besides", f"{facts.latency_s:g} s and {facts.fall_s:g} s"),
        ("fleets: ramp down", _known(facts.ramp_down_mw_per_s, "MW/s", "at once")),
        ("time until the fleets have gone from full power", format_duration(found.reaction_s)),
    ]
    breaks = [
        (each.what, clock.text(each.at_s), format_value(each.by_mw, "MW"), format_duration(each.time_s))
        for each in found.breaks
    ]
    contracts = [(name, contract, CONTRACTS[contract]) for name, contract in found.contracts.items()]
    return CertificateSection(found.holds, INEQUALITY, numbers, contracts, ASSUMPTIONS, breaks)


def certificate_lines(recording: Recording) -> list[str]:
    """Return what a terminal says of the claim; nothing where no policy claims it."""
    found = recording.once(certificate)
    if found is None:
        return []
    if found.holds:
        return ["certificate: holds; by what the loads state and announce, the limit could not be exceeded"]
    return [
        f"certificate: does not hold; {each.what}, first at {each.at_s:.1f} s, by up to {each.by_mw:.3g} MW"
        for each in found.breaks
    ]


def _known(value: float | None, unit: str, otherwise: str) -> str:
    return otherwise if value is None else format_value(value, unit)
