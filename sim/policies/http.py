"""A policy over the wire: the observation goes out as JSON, the decision comes back, a fallback is at hand."""

from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, model_validator

from sim.policies.base import Policy, PolicySpec
from sim.policies.simple import MiningOff
from sim.spec import Positive, Text

if TYPE_CHECKING:
    from sim.policies import AnyPolicy


class Http(PolicySpec):
    """Ask a service outside: each observation is sent as JSON, and what it answers is done.

    Where no sound answer comes in time the fallback decides. It sees every observation, so that it is ready.
    What the service does is no part of the scenario: the same run need not give the same result again.
    """

    type: Literal["http"]
    url: Text
    """Where the service listens: ``http://127.0.0.1:8000/decide``."""
    fallback: "AnyPolicy" = Field(default_factory=lambda: MiningOff(type="mining-off"))
    """The policy that decides where the service does not; left out, it does not mine."""
    timeout_s: Annotated[Positive, Field(le=60.0)] = 1.0
    """Time until the whole answer must be there, by the clock on the wall [s]; the default is an
    assumption."""
    beyond_this_machine: bool = False
    """Whether the service may be on another machine: the observation leaves this one then."""

    @model_validator(mode="after")
    def _is_near(self) -> Self:
        place = self.place
        if place.scheme not in {"http", "https"} or not place.hostname:
            raise ValueError(f"url must be http://host:port/path, got {self.url!r}")
        if not (self.beyond_this_machine or is_loopback(place.hostname)):
            raise ValueError(f"{place.hostname} is not this machine; beyond_this_machine: true allows it")
        return self

    @property
    def place(self) -> SplitResult:
        """The parts of the address."""
        place = urlsplit(self.url)
        _ = place.port  # raises ValueError where it is no port
        return place

    @property
    def watched_hz(self) -> tuple[float, ...] | None:
        """What the fallback must be told of [Hz]; None: no frequency."""
        return self.fallback.watched_hz

    def start(self) -> Policy:
        """Return a policy with a connection and a fallback of its own."""
        from sim.policies.http_client import HttpPolicy  # noqa: PLC0415  # few runs ask anybody outside

        return HttpPolicy(self, self.fallback.start())


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
