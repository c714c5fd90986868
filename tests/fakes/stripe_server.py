"""Stripe over HTTP, as far as we use it: PaymentIntents, refunds, idempotency keys, faults.

What it does is taken from Stripe's documentation: a key gives the same answer again, errors
included; the same key with another request is an error; a PaymentIntent moves as it may.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
_OBJECT = dict[str, Any]


class Call(NamedTuple):
    """What somebody asked for."""

    method: str
    path: str
    params: dict[str, str]
    key: str


class Refusal(Exception):
    """An error as Stripe answers it."""

    def __init__(self, status: int, message: str, code: str = "", kind: str = "") -> None:
        super().__init__(message)
        self.status = status
        error = {"message": message, "type": kind or "invalid_request_error"}
        self.body = {"error": {**error, "code": code} if code else error}


class Stripe:
    """What Stripe knows, and how it moves. ``faults`` wait for the next call they name."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.intents: dict[str, _OBJECT] = {}
        self.refunds: dict[str, _OBJECT] = {}
        self.calls: list[Call] = []
        self.faults: list[tuple[str, str]] = []
        self._answers: dict[str, tuple[Call, int, _OBJECT]] = {}

    def fail_next(self, path: str, how: str) -> None:
        """The next call to a path like this: ``500``, ``429``, ``401``, ``declined``,

        ``drop`` (before the work is done) or ``drop after`` it.
        """
        self.faults.append((path, how))

    def forget_keys(self) -> None:
        """A day has passed."""
        self._answers.clear()

    def made(self, path: str) -> list[Call]:
        """The calls that changed something at a path like this."""
        return [call for call in self.calls if call.method == "POST" and re.search(path, call.path)]

    def taken(self) -> int:
        """All money we have of customers, in minor units."""
        with self.lock:
            took = sum(intent["amount_received"] for intent in self.intents.values())
            gave = [r["amount"] for r in self.refunds.values() if r["status"] != "failed"]
            return int(took - sum(gave))

    def confirm(self, ref: str) -> _OBJECT:
        """The customer's app completes it with a card that works."""
        with self.lock:
            intent = self.intents[ref]
            _expect(intent, *_OPEN)
            if intent["capture_method"] == "manual":
                return self._became(intent, "requires_capture", capturable=intent["amount"])
            return self._became(intent, "succeeded", received=intent["amount"])

    def decline(self, ref: str) -> _OBJECT:
        """The customer's card does not work; another may."""
        with self.lock:
            self.intents[ref]["last_payment_error"] = {"message": "Your card was declined."}
            return self._became(self.intents[ref], "requires_payment_method")

    def expire(self, ref: str) -> _OBJECT:
        """The bank lets go of what was reserved, after a week."""
        with self.lock:
            return self._became(self.intents[ref], "canceled")

    def fail_refund(self, ref: str) -> _OBJECT:
        """The bank gives a refund back to us: the card's account is closed."""
        with self.lock:
            self.refunds[ref] |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
            return dict(self.refunds[ref])

    def answer(self, call: Call) -> tuple[int, _OBJECT, str]:
        """Status, body, and the fault with which the connection ends, if any."""
        with self.lock:
            self.calls.append(call)
            fault = self._fault(call)
            if fault == "drop":
                return 0, {}, fault
            known = self._answers.get(call.key) if call.key else None
            if known is not None:
                return (*_repeated(call, known), "")
            status, body = self._done(call, fault)
            if call.key and status not in (401, 409, 429):
                self._answers[call.key] = (call, status, body)
            return status, body, fault

    def _fault(self, call: Call) -> str:
        for number, (path, how) in enumerate(self.faults):
            if re.search(path, call.path):
                del self.faults[number]
                return how
        return ""

    def _done(self, call: Call, fault: str) -> tuple[int, _OBJECT]:
        try:
            _refuse(fault)
            return 200, json.loads(json.dumps(self._work(call)))
        except Refusal as refusal:
            return refusal.status, refusal.body

    def _work(self, call: Call) -> _OBJECT:
        match [*call.path.strip("/").split("/")[1:], call.method]:
            case ["payment_intents", "POST"]:
                return self._create(call.params)
            case ["payment_intents", ref, "GET"]:
                return self._intent(ref)
            case ["payment_intents", ref, "capture", "POST"]:
                return self._capture(self._intent(ref), call.params)
            case ["payment_intents", ref, "cancel", "POST"]:
                _expect(self._intent(ref), *_OPEN, "requires_capture")
                return self._became(self._intent(ref), "canceled")
            case ["refunds", "POST"]:
                return self._refund(call.params)
            case ["refunds", "GET"]:
                of = call.params["payment_intent"]
                rows = [r for r in self.refunds.values() if r["payment_intent"] == of]
                return {"object": "list", "url": call.path, "has_more": False, "data": rows}
        raise Refusal(404, f"Unrecognized request URL ({call.method}: {call.path})")

    def _intent(self, ref: str) -> _OBJECT:
        if ref not in self.intents:
            raise Refusal(404, f"No such payment_intent: '{ref}'", "resource_missing")
        return self.intents[ref]

    def _create(self, params: dict[str, str]) -> _OBJECT:
        amount, currency = int(params["amount"]), params["currency"]
        if amount < 50 and currency == "eur":
            raise Refusal(400, "Amount must be at least €0.50 eur", "amount_too_small")
        ref = f"pi_{len(self.intents) + 1:04}"
        intent = {
            "id": ref,
            "object": "payment_intent",
            "amount": amount,
            "amount_capturable": 0,
            "amount_received": 0,
            "currency": currency,
            "capture_method": params["capture_method"],
            "client_secret": f"{ref}_secret_abc",
            "metadata": {"voltdesk": params["metadata[voltdesk]"]},
            "last_payment_error": None,
            "status": "requires_payment_method",
        }
        self.intents[ref] = intent
        return intent

    def _capture(self, intent: _OBJECT, params: dict[str, str]) -> _OBJECT:
        _expect(intent, "requires_capture")
        amount = int(params.get("amount_to_capture", intent["amount_capturable"]))
        if amount > intent["amount_capturable"]:
            raise Refusal(400, "The amount is greater than can be captured", "amount_too_large")
        return self._became(intent, "succeeded", received=amount)

    def _refund(self, params: dict[str, str]) -> _OBJECT:
        intent = self._intent(params["payment_intent"])
        amount = int(params.get("amount", intent["amount_received"]))
        of_it = [r for r in self.refunds.values() if r["payment_intent"] == intent["id"]]
        given = sum(r["amount"] for r in of_it if r["status"] != "failed")
        if given + amount > intent["amount_received"]:
            raise Refusal(400, "Refund amount is greater than what is left", "charge_over_refunded")
        ref = f"re_{len(self.refunds) + 1:04}"
        token = params.get("metadata[voltdesk]")
        self.refunds[ref] = {
            "id": ref,
            "object": "refund",
            "amount": amount,
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "metadata": {"voltdesk": token} if token else {},
            "status": "succeeded",
        }
        return self.refunds[ref]

    def _became(
        self, intent: _OBJECT, status: str, *, capturable: int = 0, received: int = 0
    ) -> _OBJECT:
        amounts = {"amount_capturable": capturable, "amount_received": received}
        intent |= {"status": status, **amounts}
        if status == "succeeded":
            intent["last_payment_error"] = None
        return dict(intent)


def _expect(intent: _OBJECT, *statuses: str) -> None:
    if intent["status"] not in statuses:
        said = f"This PaymentIntent has a status of {intent['status']}."
        raise Refusal(400, said, "payment_intent_unexpected_state")


def _refuse(fault: str) -> None:
    if fault == "500":
        raise Refusal(500, "An unknown error occurred", kind="api_error")
    if fault == "429":
        raise Refusal(429, "Too many requests", "rate_limit")
    if fault == "401":
        raise Refusal(401, "Invalid API Key provided: sk_test_****key")
    if fault == "declined":
        raise Refusal(402, "Your card was declined.", "card_declined", "card_error")


def _repeated(call: Call, known: tuple[Call, int, _OBJECT]) -> tuple[int, _OBJECT]:
    first, status, body = known
    if (first.path, first.params) != (call.path, call.params):
        message = "Keys for idempotent requests can only be used with the same parameters"
        refusal = Refusal(400, message, kind="idempotency_error")
        return refusal.status, refusal.body
    return status, body


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stripe: Stripe

    def do_GET(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self._serve(dict(parse_qsl(body)))

    def _serve(self, params: dict[str, str]) -> None:
        address = urlsplit(self.path)
        key = self.headers.get("Idempotency-Key") or ""
        everything = {**dict(parse_qsl(address.query)), **params}
        call = Call(self.command, address.path, everything, key)
        status, body, fault = self.stripe.answer(call)
        if fault.startswith("drop"):
            self.close_connection = True
            return
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args: Any) -> None:
        """Tests say what they see."""


@contextmanager
def serving() -> Iterator[tuple[Stripe, str]]:
    """A Stripe of its own, and its address, for the length of the block."""
    stripe = Stripe()
    handler = type("Handler", (_Handler,), {"stripe": stripe})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield stripe, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
