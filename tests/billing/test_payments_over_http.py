"""The whole way over HTTP: our API, the SDK, a Stripe, and its webhooks, doubled and disordered."""

from __future__ import annotations

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from billing.models import Payment, PaymentEvent
from billing.services import payment_steps, payments, proof
from cms.accounts import keys
from cms.shared import clock
from tests.billing import charging, given, paying
from tests.fakes.stripe_webhooks import deliver, event
from tests.stations import given as stations

pytestmark = pytest.mark.django_db(transaction=True)


class Caller:
    """A program with a key."""

    def __init__(self, address: str, user: Any) -> None:
        scopes = ["read", "write", "money"]
        _, self.key = keys.create(name="app", user=user, scopes=scopes, at=clock.now())
        self.address = address

    def ask(self, path: str, body: Any = None, key: str = "k") -> Any:
        """What the API answers."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Api-Key {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(
            f"{self.address}/api/{path}", data=data, headers={**headers, "Idempotency-Key": key}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)


@pytest.fixture
def server():
    with paying.a_stripe() as there:
        yield there


def test_a_top_up_from_the_wish_to_the_wallet_and_back(server, live_server):
    ada = given.a_user()
    app, hook = Caller(live_server.url, ada), f"{live_server.url}/api/payments/webhooks/stripe"
    begun = app.ask("payments", {"amount": "20"})
    declined = event("payment_intent.payment_failed", server.decline("pi_0001"))
    paid = event("payment_intent.succeeded", server.confirm("pi_0001"))
    story = [paid, declined, paid, {**paid, "id": "evt_again"}, declined]
    with ThreadPoolExecutor(4) as pool:
        args = (hook, paying.SECRET, story)
        said = list(pool.map(lambda _: deliver(*args, at=clock.now()), range(4)))
    assert said == [[200] * 5] * 4
    assert PaymentEvent.objects.filter(event_id=paid["id"]).count() == 1
    assert app.ask("wallet")["balance"] == "20.00"
    back = {"amount": "5", "reason": "cable"}
    assert app.ask(f"payments/{begun['id']}/refunds", back)["state"] == "Refunded"
    assert app.ask("wallet")["balance"] == "15.00"
    assert deliver(hook, "whsec_wrong", [paid], at=clock.now()) == [400]
    assert list(proof.problems()) == []


def test_a_session_from_the_card_to_the_bill(server, live_server):
    charging.everywhere()
    station, ann = charging.a_station(), charging.a_driver()
    app, hook = Caller(live_server.url, ann), f"{live_server.url}/api/payments/webhooks/stripe"
    body = {"amount": "30", "purpose": "Session", "cpId": "CP-1"}
    assert app.ask("payments", body)["clientSecret"]
    told = event("payment_intent.amount_capturable_updated", server.confirm("pi_0001"))
    assert deliver(hook, paying.SECRET, [told, told], at=clock.now()) == [200, 200]
    number = charging.charged(station)
    charging.bill_all()
    payments.decide(at=clock.now())
    payment_steps.drive_due(at=clock.now())
    captured = event("payment_intent.succeeded", server.intents["pi_0001"])
    assert deliver(hook, paying.SECRET, [captured, told], at=clock.now()) == [200, 200]
    [shown] = app.ask("payments")
    assert (shown["state"], shown["captured"]) == ("Captured", "3.57")
    assert shown["transactionId"] == number == Payment.objects.get().session_id
    assert stations.session(number).card.user == ann
    assert server.taken() == 357
    wallet = app.ask("wallet")
    assert (wallet["balance"], wallet["owed"]) == ("0.00", "0.00")
    assert list(proof.problems()) == []
