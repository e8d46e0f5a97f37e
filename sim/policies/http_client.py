"""The client of a policy over the wire: sends an observation as JSON, and takes what comes back in time."""

import json
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from math import inf, isfinite
from typing import Annotated, Any, Final
from uuid import uuid4
from weakref import finalize

from pydantic import Field

from sim.policies.base import Decision, Observation, Policy
from sim.policies.http import Http
from sim.spec import NonNegative, Spec

MAX_ANSWER_BYTES: Final = 65_536
FIRST_PAUSE_S: Final = 60.0
"""Simulated time for which a service that gave no answer in time is not asked again [s]; assumption."""
LONGEST_PAUSE_S: Final = 3600.0
"""What that time doubles up to, while it goes on giving none [s]; assumption."""


class Answer(Spec):
    """What a service answers: a `Decision` in JSON, offers as a mapping."""

    target_mw: NonNegative
    """Power the fleets are to draw [MW]."""
    reason: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[ -~]+$")]
    """Why, in a few words that do not vary with the numbers."""
    wake_at_s: float | None = None
    """When to ask again even if nothing changes [s]."""
    offers: dict[str, NonNegative] = Field(default_factory=dict)
    """What stands offered of services [MW], by name."""
    off: tuple[str, ...] = ()
    """Fleets that are to sleep behind open breakers."""


class HttpPolicy:
    """Sends observations and takes decisions; one connection is kept, and a request goes with the run's own name."""

    def __init__(self, spec: Http, fallback: Policy) -> None:
        self._spec, self._fallback = spec, fallback
        self._headers = {"Content-Type": "application/json", "Hashballast-Run": uuid4().hex}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="policy")
        self._connection = self._connect()
        self._again_s, self._pause_s = -inf, FIRST_PAUSE_S

    def decide(self, observation: Observation) -> Decision:
        """Return what the service decides, or what the fallback does, and then why."""
        fallback = self._fallback.decide(observation)
        why = "not asked again yet"
        if observation.time_s >= self._again_s:
            try:
                text = self._answer(json.dumps(plain(observation), allow_nan=False).encode())
                self._pause_s = FIRST_PAUSE_S
                return _decision(text, observation)
            except ValueError:
                why = "no sound answer"
            except (OSError, HTTPException) as error:
                why = "late" if isinstance(error, TimeoutError) else "no answer"
                self._give_up()
                self._again_s = observation.time_s + self._pause_s
                self._pause_s = min(2.0 * self._pause_s, LONGEST_PAUSE_S)
        return fallback._replace(reason=f"fallback, {why}: {fallback.reason}")

    def _connect(self) -> HTTPConnection:
        place = self._spec.place
        kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
        connection = kind(str(place.hostname), place.port, timeout=self._spec.timeout_s)
        finalize(self, connection.close)  # a run says no farewell to its policy
        return connection

    def _answer(self, body: bytes) -> bytes:
        """Return the text of the answer; in time as a whole, however slowly its parts come."""
        until_s = time.monotonic() + self._spec.timeout_s
        is_kept = self._connection.sock is not None
        try:
            return self._pool.submit(self._ask, body).result(self._spec.timeout_s)
        except (OSError, HTTPException) as error:
            if not is_kept or isinstance(error, TimeoutError):
                raise
        self._give_up()  # a service may close a connection that was kept, and take another
        return self._pool.submit(self._ask, body).result(max(0.0, until_s - time.monotonic()))

    def _ask(self, body: bytes) -> bytes:
        place, connection = self._spec.place, self._connection
        connection.request("POST", place._replace(scheme="", netloc="").geturl() or "/", body, self._headers)
        if connection.sock is not None and hasattr(socket, "TCP_QUICKACK"):
            # a plain server sends head and body apart, and waits 40 ms for a receipt of the first
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        response = connection.getresponse()
        text = response.read(MAX_ANSWER_BYTES + 1)
        if response.status != 200 or len(text) > MAX_ANSWER_BYTES:  # noqa: PLR2004 -- OK
            connection.close()
            raise ValueError(f"status {response.status}, {len(text)} bytes")
        return text

    def _give_up(self) -> None:
        """Leave a connection, and whoever may still wait at it."""
        self._connection.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool, self._connection = ThreadPoolExecutor(1, thread_name_prefix="policy"), self._connect()


def plain(value: Any) -> Any:
    """Return an observation, or a part of it, as JSON has it: mappings by field; null for what is infinite.

    Examples
    --------
    >>> from sim.policies import Awards
    >>> plain((Awards(1.0, float("inf")),))
    [{'up_mw': 1.0, 'down_mw': None}]
    """
    if hasattr(value, "_asdict"):
        return {name: plain(part) for name, part in value._asdict().items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(part) for part in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _decision(text: bytes, observation: Observation) -> Decision:
    """Return what an answer decides; raise ValueError where a site could not carry it out."""
    answer = Answer.model_validate_json(text)
    known = {view.service for view in observation.services}, {fleet.name for fleet in observation.fleets}
    if answer.offers.keys() - known[0] or set(answer.off) - known[1]:
        raise ValueError("a name that the observation has not")
    if answer.wake_at_s is not None and not observation.time_s < answer.wake_at_s < inf:
        raise ValueError("a time that has passed")
    return Decision(answer.target_mw, answer.reason, answer.wake_at_s, tuple(answer.offers.items()), answer.off)
