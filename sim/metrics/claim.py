"""A claim that the limit is never exceeded, and what came of it."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from sim.facts.limit import CertificateFacts

CONTRACTS: Final = {
    "none": "may return to its stated maximum at any moment",
    "positive notice": "counts as down only while its return is announced for later than the fleets need",
    "silence means down": "does not rise without a notice: a covenant of its tenant",
    "slow return": "rises no faster than its limit on returns",
    "drift": "moves no further than the drift until the fleets have answered: a statistical bound",
}
"""What is assumed of a load, by contract."""


INEQUALITY: Final = "fleet command <= limit - margin - sum of the loads' reserves + what a battery can give"
ASSUMPTIONS: Final = (
    "no load draws more than it states",
    "each load keeps to its contract",
    "telemetry is no later than its delay and scan, or known to be stale",
    "every block of the fleets answers, or is known not to",
    "the fleets are where they are told to be within latency, fall and ramp",
    "the limit does not fall faster than the fleets",
)
"""What the claim rests on."""


@dataclass(frozen=True, slots=True)
class Break:
    """One assumption, or the inequality, that did not hold."""

    what: str
    """Which."""
    at_s: float
    """When first [s]."""
    by_mw: float
    """By how much at the most [MW]."""
    time_s: float
    """For how long in all [s]."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a policy claimed of the limit, and what came of it."""

    facts: CertificateFacts
    """What it reckons with."""
    contracts: dict[str, str]
    """Contract of each load: a key of `CONTRACTS`."""
    reaction_s: float
    """Time from a change of AI power until the fleets are gone from full power [s]."""
    breaks: tuple[Break, ...]
    """What did not hold, in order of time."""
    strains: tuple[Break, ...] = ()
    """Faults on which the policy fell back to what still held: since when, how much power, for how long."""

    @property
    def holds(self) -> bool:
        """Whether all of it held."""
        return not self.breaks


def document(found: Certificate) -> dict[str, Any]:
    """Return what ``certificate.json`` holds: the claim, its numbers, what it assumes, whether it held."""
    return {
        "format": 1,
        "holds": found.holds,
        "inequality": INEQUALITY,
        "numbers": {**asdict(found.facts), "reaction_s": found.reaction_s},
        "loads": {
            name: {"contract": contract, "assumes": CONTRACTS[contract]} for name, contract in found.contracts.items()
        },
        "assumptions": list(ASSUMPTIONS),
        "breaks": [asdict(each) for each in found.breaks],
        "strains": [asdict(each) for each in found.strains],
    }
