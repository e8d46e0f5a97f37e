"""Checks that what answers frequency, or moves it, has a grid to do so."""

from collections.abc import Iterable

from sim.grid.events import GenerationLoss
from sim.grid.frequency_spec import FrequencySpec
from sim.policies.base import PolicySpec
from sim.policies.wrapper import WrapperSpec


def check_frequency(frequency: FrequencySpec | None, policy: PolicySpec, events: Iterable[object]) -> None:
    """Raise ValueError where a policy or an event needs a frequency that the scenario does not compute.

    Parameters
    ----------
    frequency
        What the scenario says of its grid's frequency.
    policy
        Its policy.
    events
        Its events.
    """
    if not _has_grid(frequency) and any(isinstance(event, GenerationLoss) for event in events):
        raise ValueError(
            "an event generation-loss needs grid.frequency with a preset or a grid of one's own: without it "
            "nothing answers"
        )
    seeing = [each for each in chain_of(policy) if each.watched_hz is not None]
    if not seeing:
        return
    name = getattr(policy, "type", "")
    if frequency is None or not frequency.is_followed:
        raise ValueError(
            f"policy {name} needs grid.frequency with closed_loop: true or measured: without it no frequency "
            "is seen in the run"
        )
    for each in seeing:
        nominal_hz = getattr(each, "nominal_hz", frequency.nominal_hz)
        if nominal_hz != frequency.nominal_hz:
            raise ValueError(
                f"policy {name} has a nominal_hz of {nominal_hz:g} Hz; must be that of grid.frequency, "
                f"{frequency.nominal_hz:g} Hz"
            )


def _has_grid(frequency: FrequencySpec | None) -> bool:
    return frequency is not None and frequency.has_grid


def chain_of(policy: PolicySpec) -> list[PolicySpec]:
    """Return a policy and all that stand in it, from the outside in."""
    chain = [policy]
    while isinstance(chain[-1], WrapperSpec):
        chain.append(chain[-1].inner)
    return chain
