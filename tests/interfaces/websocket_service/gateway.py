"""A gateway elsewhere: a program of somebody else's that has an address and a key, and HTTP."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

_TIMEOUT_S = 60.0


class Answer(NamedTuple):
    """Status and JSON of an answer."""

    status: int
    body: Any


class Gateway:
    """The client of the OCPP WebSocket Service, call by call (its ``utils/api_client``)."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url, key
        self._opener = build_opener(ProxyHandler({}))

    def by_device(self, device: str) -> Answer:
        """Get a charger by its device id."""
        return self.call("GET", f"/api/charger/by-device/{quote(device, safe='')}")

    def ensure(self, **charger: Any) -> Answer:
        """Create or update a charger."""
        return self.call("POST", "/api/charger/ensure", charger)

    def status(self, device: str, status: str) -> Answer:
        """Update its status."""
        return self.call("PATCH", f"/api/charger/{device}/status", {"status": status})

    def last_seen(self, device: str) -> Answer:
        """Update when it was last seen."""
        return self.call("PATCH", f"/api/charger/{device}/last-seen")

    def active_sessions(self, device: str) -> Answer:
        """What it charges."""
        return self.call("GET", f"/api/charger/{device}/active-sessions")

    def stop(self, session: Any, **figures: Any) -> Answer:
        """Stop a session."""
        return self.call("PATCH", f"/api/charging-session/{session}/stop", figures)

    def refund(self, **refund: Any) -> Answer:
        """Process a refund."""
        return self.call("POST", "/api/wallet/refund", refund)

    def store(self, device: str, **message: Any) -> Answer:
        """Store an OCPP message."""
        return self.call("POST", f"/api/charger/{device}/ocpp-message", message)

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """One request."""
        headers = {"Content-Type": "application/json", "X-API-Key": self._key}
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._url + path, data, headers, method=method)
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as response:
                return Answer(response.status, json.loads(response.read()))
        except HTTPError as refusal:
            return Answer(refusal.code, json.loads(refusal.read()))
