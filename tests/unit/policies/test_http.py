"""A policy over the wire: what is sent, what is done with the answer, and what happens where there is none."""

import importlib.util
import json
import threading
import time
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.policies import POLICIES, Observation
from sim.policies.http_client import FIRST_PAUSE_S, LONGEST_PAUSE_S, plain
from sim.scenario import load_scenario
from sim.simulation import run
from sim.testing import a_scenario
from sim.testing.policies import observations

ROOT = Path(__file__).parents[3]
TRAINING = {"name": "llm", "type": "training", "gpus": 8000, "power_mw": 60.0, "failures": {"per_job_hour": 5.0}}


@contextmanager
def service(answer, protocol="HTTP/1.1"):
    """Serve what a function makes of a handler and an observation; yields the address and the requests so far."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = protocol

        def do_POST(self):
            seen = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, self.headers["Hashballast-Run"], seen))
            body = answer(self, seen)
            if body is not None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/decide?site=1", asked
    finally:
        server.shutdown()
        server.server_close()


def headroom(_, seen):
    """Answer as follow-headroom with 4 MW to spare does."""
    free_mw = seen["limit_mw"] - 4.0 - seen["ai_power_mw"]
    return json.dumps(
        {"target_mw": max(0.0, free_mw), "reason": "headroom" if free_mw > 0.0 else "no headroom"}
    ).encode()


def asking(url, **fields):
    return POLICIES["http"].model_validate({"type": "http", "url": url, "fallback": {"type": "always-on"}, **fields})


def seen_at(time_s, **fields):
    (first,) = observations(1)
    return first._replace(time_s=time_s, **fields)


@pytest.mark.parametrize("protocol", ["HTTP/1.1", "HTTP/1.0"])
def test_a_service_that_does_as_a_policy_gives_the_same_run(protocol):
    own = run(a_scenario(loads=[TRAINING], days=0.02, policy={"type": "follow-headroom", "margin_mw": 4.0}))
    with service(headroom, protocol) as (url, asked):
        theirs = run(a_scenario(loads=[TRAINING], days=0.02, policy={"type": "http", "url": url}))

    assert dict(theirs.metrics) == pytest.approx(dict(own.metrics), nan_ok=True, rel=0.0, abs=0.0)
    assert theirs.recording.events == own.recording.events
    assert {path for path, _, _ in asked} == {"/decide?site=1"}
    assert len({name for _, name, _ in asked}) == 1
    assert asked[-1][2].keys() == set(Observation._fields)


def test_each_run_has_a_name_of_its_own():
    with service(headroom) as (url, asked):
        for policy in (asking(url).start(), asking(url).start()):
            policy.decide(seen_at(0.0))
            policy.decide(seen_at(1.0))
    assert sorted(Counter(name for _, name, _ in asked).values()) == [2, 2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "[" * 60_000,
        '{"reason": "r"}',
        '{"target_mw": -1.0, "reason": "r"}',
        '{"target_mw": NaN, "reason": "r"}',
        '{"target_mw": 1e999, "reason": "r"}',
        '{"target_mw": "5", "reason": "r"}',
        '{"target_mw": 5.0, "reason": ""}',
        '{"target_mw": 5.0, "reason": "\\u001b[31m"}',
        '{"target_mw": 5.0, "reason": "r", "extra": 1}',
        '{"target_mw": 5.0, "reason": "r", "wake_at_s": 10.0}',
        '{"target_mw": 5.0, "reason": "r", "offers": {"rrs": 5.0}}',
        '{"target_mw": 5.0, "reason": "r", "off": ["nobody"]}',
        '{"target_mw": 5.0, "reason": "r"}' + " " * 70_000,
    ],
)
def test_what_is_no_sound_answer_is_not_done(text):
    with service(lambda *_: text.encode()) as (url, asked):
        policy = asking(url).start()
        for time_s in (10.0, 11.0):  # it is asked again at once: it is there
            decision = policy.decide(seen_at(time_s, services=()))
            assert decision.reason == "fallback, no sound answer: always on"
    assert len(asked) == 2


def late(handler, _):
    time.sleep(0.4)
    return headroom(handler, seen_at(0.0)._asdict())


def dripping(handler, _):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for letter in range(40):
        time.sleep(0.05)
        handler.wfile.write(f"X-{letter}: y\r\n".encode())


def hanging_up(handler, _):
    handler.close_connection = True


@pytest.mark.parametrize(("answer", "why"), [(late, "late"), (dripping, "late"), (hanging_up, "no answer")])
def test_a_service_that_gives_no_answer_in_time_is_left_alone_for_a_while(answer, why):
    with service(answer) as (url, asked):
        policy = asking(url, timeout_s=0.2).start()
        began = time.monotonic()
        assert policy.decide(seen_at(0.0)).reason == f"fallback, {why}: always on"
        assert time.monotonic() - began < 1.0
        count = len(asked)
        assert policy.decide(seen_at(FIRST_PAUSE_S - 1.0)).reason == "fallback, not asked again yet: always on"
        assert len(asked) == count
        assert policy.decide(seen_at(FIRST_PAUSE_S)).reason == f"fallback, {why}: always on"


def test_a_run_whose_service_is_gone_ends_soon_and_says_so():
    with service(headroom) as (url, _):
        pass
    began = time.monotonic()
    result = run(a_scenario(loads=[TRAINING], days=0.2, policy={"type": "http", "url": url}))
    assert time.monotonic() - began < 20.0
    said = {event.kind for event in result.recording.events if event.kind.startswith("decision")}
    assert said == {
        "decision: fallback, no answer: mining off",
        "decision: fallback, not asked again yet: mining off",
    }


def test_a_service_that_comes_back_is_asked_again():
    is_up = False
    with service(lambda handler, seen: headroom(handler, seen) if is_up else hanging_up(handler, seen)) as (url, _):
        policy, time_s, pauses = asking(url).start(), 0.0, []
        for _ in range(8):
            assert policy.decide(seen_at(time_s)).reason.startswith("fallback, no answer")
            pauses.append(min(FIRST_PAUSE_S * 2 ** len(pauses), LONGEST_PAUSE_S))
            time_s += pauses[-1]
        is_up = True
        assert pauses[-1] == LONGEST_PAUSE_S
        assert "fallback" not in policy.decide(seen_at(time_s)).reason
        assert "fallback" not in policy.decide(seen_at(time_s + 1.0)).reason


def test_a_kept_connection_that_was_closed_is_opened_again():
    def once(handler, seen):
        handler.close_connection = True  # without a word of it
        return headroom(handler, seen)

    with service(once) as (url, asked):
        policy = asking(url).start()
        assert all("fallback" not in policy.decide(seen_at(time_s)).reason for time_s in (0.0, 1.0, 2.0))
    assert len(asked) == 3


def test_every_observation_is_plain_json():
    for seen in observations(300):
        text = json.dumps(plain(seen), allow_nan=False)
        assert json.loads(text)["fleets"] == [plain(fleet) for fleet in seen.fleets]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://example.com/decide", "example.com is not this machine; beyond_this_machine: true allows it"),
        ("http://10.0.0.1:80/", "10.0.0.1 is not this machine"),
        ("file:///etc/passwd", "url must be http://host:port/path, got 'file:///etc/passwd'"),
        ("127.0.0.1:8000", "url must be http://host:port/path"),
        ("http://127.0.0.1:99999/", "Port out of range"),
    ],
)
def test_an_address_elsewhere_is_refused(url, message):
    with pytest.raises(InputError, match=message):
        a_scenario(policy={"type": "http", "url": url})


def test_an_address_elsewhere_may_be_allowed():
    for host in ("localhost", "[::1]", "127.9.9.9"):
        assert asking(f"http://{host}:1/").place.port == 1
    assert asking("https://example.com/decide", beyond_this_machine=True).place.scheme == "https"


def test_the_example_service_holds_the_limit_without_knowing_the_project():
    source = (ROOT / "docs" / "examples" / "policy_service.py").read_text(encoding="utf-8")
    assert "sim" not in {
        name for line in source.splitlines() if line.startswith(("import", "from")) for name in line.split()
    }
    spec = importlib.util.spec_from_file_location("policy_service", ROOT / "docs" / "examples" / "policy_service.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    with service(lambda _, seen: json.dumps(example.decide(seen)).encode()) as (url, _):
        result = run(load_scenario("helios", overrides=["days=0.05"], policy=f"http:url={url}"))
    assert result.metrics["exceedance_count"] == 0.0
    assert result.metrics["fillable_soaked_fraction"] > 0.8
    assert not any("fallback" in event.kind for event in result.recording.events)
