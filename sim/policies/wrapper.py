"""A policy around another one, which it asks first."""

from typing import TYPE_CHECKING

from sim.policies.base import PolicySpec

if TYPE_CHECKING:
    from sim.policies import AnyPolicy


class WrapperSpec(PolicySpec):
    """Base of the policies that change what another one decides; they may stand in one another."""

    inner: "AnyPolicy"
    """The policy whose decisions are changed; of any type."""

    @property
    def watched_hz(self) -> tuple[float, ...] | None:
        """What the inner policy must be told of [Hz]; None: no frequency."""
        return self.inner.watched_hz
