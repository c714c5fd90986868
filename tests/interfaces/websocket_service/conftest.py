"""A server, a gateway elsewhere with its key, and what was prepaid for a session."""

from __future__ import annotations

import json

import pytest

from tests.interfaces.websocket_service.gateway import Gateway
from tests.processes import manage, start_server

_USER = "from cms.accounts.models import User; User.objects.create_user('gateway')"
# A driver with 500, a tariff of 10 and 18 % a kWh, and a session for which 200 are set aside.
_PREPAID = """
import json
from datetime import timedelta
from decimal import Decimal
from billing.services import accounts, holds, tariffs, wallets
from cms.accounts.models import User
from cms.shared import clock
from rfid.services import cards
from stations.services import sessions, stations
at = clock.now()
began = at - timedelta(hours=1)
user, new = User.objects.get_or_create(username="customer")
if new:
    cards.create(id_tag="CUSTOMER", user=user)
    energy = {{"kind": "energy", "price": "10"}}
    terms = {{"currency": "EUR", "tax_rate": "18", "components": [energy]}}
    tariff = tariffs.define(name="Prepaid", terms=terms, at=began).tariff
    tariffs.assign(tariff=tariff, level="everywhere")
wallet = wallets.open(customer=user, currency="EUR", at=at)
source = accounts.cash("EUR")
wallets.top_up(wallet_id=wallet.pk, amount=Decimal(500), source=source, key={device!r}, at=at)
station = stations.find({device!r})
start = sessions.Start(1, "CUSTOMER", began, 1000)
number = sessions.start(station_id=station.pk, start=start, at=began).transaction_id
held = {{"wallet_id": wallet.pk, "reference": f"session/{{number}}", "at": at}}
if holds.open_hold(wallet.pk, held["reference"]) is not None:
    holds.release(key=f"less/{{number}}", **held)
holds.hold(amount=Decimal(200), key=f"prepaid/{{number}}", **held)
wallet.refresh_from_db()
print(json.dumps({{"session": number, "customer": user.pk, "balance": float(wallet.balance)}}))
"""


@pytest.fixture(scope="module")
def server(shared_environment):
    environment = {**shared_environment, "OCPP_ALLOW_UNAUTHENTICATED": "true"}
    with start_server({**environment, "BILLING_CURRENCY": "EUR"}) as running:
        manage(running.environment, "shell", "--verbosity", "0", "-c", _USER)
        yield running


@pytest.fixture(scope="module")
def gateway(server):
    """It was given a key by ``create_api_key --scopes gateway``."""
    asked = ("--name", "elsewhere", "--user", "gateway", "--scopes", "gateway")
    return Gateway(server.http, manage(server.environment, "create_api_key", *asked).strip())


@pytest.fixture
def prepaid(server):
    """Have 200 set aside for a session at a station that is known; gives its facts."""

    def prepare(device: str) -> dict:
        script = _PREPAID.format(device=device)
        said = manage(server.environment, "shell", "--verbosity", "0", "-c", script)
        facts: dict = json.loads(said.splitlines()[-1])
        return facts

    return prepare
