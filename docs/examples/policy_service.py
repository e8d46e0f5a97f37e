"""A policy as a service, in plain Python: mine with what stays free for sure, while it pays.

python docs/examples/policy_service.py 8000
hashballast run helios --policy http:url=http://127.0.0.1:8000/decide
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def decide(seen: dict) -> dict:
    """Leave each load the most that its tenant states; stand still where a MWh costs more than it earns."""
    stated_mw = sum(load["stated_mw"] for load in seen["loads"])
    target_mw = 0.0
    for fleet in seen["fleets"]:  # the most efficient first
        if seen["price_usd_per_mwh"] < fleet["breakeven_usd_per_mwh"]:
            target_mw += fleet["rated_mw"] if fleet["available_mw"] is None else fleet["available_mw"]
    free_mw = max(0.0, seen["limit_mw"] - stated_mw)
    return {"target_mw": min(target_mw, free_mw), "reason": "free" if free_mw < target_mw else "price"}


class Service(BaseHTTPRequestHandler):
    """Answers each observation with a decision, over one connection that stays open."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer one observation."""
        seen = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps(decide(seen)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Service).serve_forever()
