"""What is given in the browser tests; imported where Django runs: see tests/browser/world.py."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.urls import reverse

from billing.models import Account, CorrectionLimit, Posting, SessionBill, Tariff
from billing.models.ledger import INCOME_AND_TAX
from billing.services import accounts, invoices, tariffs, wallets
from cms.accounts.models import User
from cms.shared import clock
from rfid.services import cards, imports
from stations.models import (
    ChargingSession,
    ChargingStation,
    Reservation,
    ReviewCase,
    Site,
    UnknownCard,
)
from stations.services import batches, configuration, local_lists, reservations, strangers
from stations.services.batches import Ask
from tests.billing import charging as world
from tests.billing import invoicing
from tests.browser import month

# What a role may, as operators put it into a group; view permissions of an app are "app.view_*".
ROLES = {
    "operator": ("stations.*", "rfid.*", "ocpp_gateway.view_*"),
    "finance": ("billing.*", "stations.view_*", "rfid.view_rfidcard"),
    "viewer": ("stations.view_*", "rfid.view_*", "billing.view_*"),
}


def a_person(*, name: str) -> str:
    """Make somebody who may do everything, whom no other test is; gives the password."""
    password = secrets.token_urlsafe(12)
    User.objects.create_superuser(name, password=password)
    return password


def a_role(*, name: str) -> str:
    """Make the person of a role, no superuser; gives the password."""
    password = secrets.token_urlsafe(12)
    user = User.objects.create_user(name, password=password, is_staff=True)
    for pattern in ROLES[name]:
        app, codename = pattern.split(".")
        found = Permission.objects.filter(content_type__app_label=app)
        user.user_permissions.add(*found.filter(codename__startswith=codename.removesuffix("*")))
    return password


def a_page_of_everything() -> list[str]:
    """The demo, and a driver who charged and paid; gives pages people look at all day."""
    if not SessionBill.objects.exists():
        call_command("seed_demo", verbosity=0)
        world.everywhere()
        world.a_driver()
        station = world.a_station()
        for minute in (0, 120, 240):
            world.charged(station, minute=minute)
        world.bill_all()
        invoicing.an_issuer()
        invoices.issue_due(at=clock.now())
    bill = SessionBill.objects.select_related("session__station", "version__tariff").earliest("pk")
    wallet = Account.objects.filter(kind="Wallet").earliest("pk")
    rows = (bill, bill.session, bill.session.station, bill.version.tariff, wallet)
    return [
        reverse("admin:index"),
        f"{reverse('admin:billing_report')}?since=2025-03-01&until=2025-03-31",
        *(_page(row, "changelist") for row in rows),
        *(_page(row, "change", row.pk) for row in rows),
    ]


def pages_of_work() -> list[str]:
    """What operators do besides: sites, reservations, reviews, imports, batches: the pages."""
    now = clock.now()
    station = world.given.a_connected_station(f"WORK-{secrets.token_hex(4)}")
    world.given.report(station, "Available")
    begun = world.given.begin(station, connector=2, tag="NOBODYS")
    strangers.unknown_card(station_id=station.pk, id_tag="04FFEE01", at=now)
    until = now + timedelta(hours=2)
    kept = {"connector_id": 1, "id_tag": "KEPT", "expires_at": until, "number": 7, "at": now}
    reservations.record_own(station_id=station.pk, **kept)
    table = b"UID;Name\n04AA0001;Van 1\n;Nothing\n"
    named, looked = (imports.take(name="a.csv", content=table, by=None, at=now) for _ in "ab")
    imports.preview(of=looked, fields=looked.columns, reverse=False, update=False, now=clock.now)
    asks = [Ask(station.pk, "Reset", {"type": "Soft"}, left_out) for left_out in ("", "it is away")]
    batch = batches.create(title="Reset Soft", asks=asks, at=now)
    a_site(name=f"Works {station.cp_id}", place=[53.5, 9.9], stations=[station.cp_id])
    rows = [
        *(Site.objects.latest("pk"), Reservation.objects.latest("pk"), named, looked, batch),
        world.given.session(begun),
        ReviewCase.objects.latest("pk"),
        UnknownCard.objects.latest("pk"),
    ]
    return [
        *(_page(row, "change", row.pk) for row in rows),
        *sorted({_page(row, "changelist") for row in rows}),
        reverse("admin:rfid_cardimport_add"),
        reverse("admin:stations_site_add"),
        reverse("admin:stations_reservation_day"),
    ]


def a_paid_entry() -> str:
    """The page of the newest charge of more than two euros that a wallet paid."""
    bills = SessionBill.objects.filter(kind="Bill", reversed_by=None, wallet__isnull=False)
    entry = bills.filter(gross__gt=Decimal(2)).latest("pk").entry
    return _page(entry, "change", entry.pk)


def no_limit() -> None:
    """Everybody corrects alone again."""
    CorrectionLimit.objects.all().delete()


def a_history() -> dict[str, str]:
    """Two months of business until now; gives the main pages by their names."""
    today = clock.now().date()
    first = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    business = month.a_business(at=datetime.combine(first - timedelta(days=1), time(), UTC))
    month.sessions(business, first=first, last=today - timedelta(days=1))
    bill = SessionBill.objects.select_related("session__station", "version__tariff").latest("pk")
    company = Account.objects.get(kind="Wallet", company__isnull=False)
    driver = Account.objects.get(kind="Wallet", user__username="ann")
    rows = {
        "station": bill.session.station,
        "session": bill.session,
        "bill": bill,
        "tariff": bill.version.tariff,
        "wallet": driver,
        "company": company,
    }
    return {
        "home": reverse("admin:index"),
        "report": f"{reverse('admin:billing_report')}?period=lastMonth",
        "log": reverse("admin:ocpp_gateway_ocppmessage_changelist"),
        "cards": reverse("admin:rfid_rfidcard_changelist"),
        **{f"{name}s": _page(row, "changelist") for name, row in rows.items() if name != "company"},
        **{name: _page(row, "change", row.pk) for name, row in rows.items()},
    }


def charging() -> int:
    """How many sessions are under way."""
    return ChargingSession.objects.filter(status="Active").count()


def a_station_that_charges() -> str:
    """The page of one with a session under way."""
    station = ChargingSession.objects.filter(status="Active").latest("pk").station
    return _page(station, "change", station.pk)


def a_station() -> str:
    """A station with a connector; gives where its page is."""
    station = world.given.a_station(f"CP-{secrets.token_hex(4)}")
    world.given.report(station, "Available")
    return _page(station, "change", station.pk)


def cp_id_at(*, page: str) -> str:
    """What the station is called whose page this is."""
    return ChargingStation.objects.get(pk=page.split("/")[-3]).cp_id


def a_card(*, id_tag: str) -> None:
    """A card that may charge."""
    cards.create(id_tag=id_tag, label="Given")


def a_local_list(*, cp_id: str) -> None:
    """The station's list shall hold all cards."""
    station = ChargingStation.objects.get(cp_id=cp_id)
    local_lists.choose(station=station, policy="All", groups=[], at=clock.now())


def _page(row: Any, kind: str, *of: int) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{kind}", args=of)


def a_site(*, name: str, place: list[float], stations: list[str]) -> str:
    """Make a site at a place (latitude, longitude), with stations there; gives its page."""
    latitude, longitude = (Decimal(str(degrees)) for degrees in place)
    site = Site.objects.create(name=name, latitude=latitude, longitude=longitude)
    ChargingStation.objects.filter(cp_id__in=stations).update(site=site)
    return _page(site, "change", site.pk)


def a_labelled_card(*, label: str, blocked: str = "") -> str:
    """A card that may charge, or is blocked for a reason; gives its number."""
    card = cards.create(id_tag=secrets.token_hex(5).upper(), label=label)
    if blocked:
        cards.block(card=card, reason=blocked)
    return card.id_tag


def a_setting(*, cp_id: str, key: str, value: str) -> None:
    """What a station told of one of its settings."""
    setting = configuration.Setting(key, value, False)
    station = ChargingStation.objects.get(cp_id=cp_id)
    configuration.read(station_id=station.pk, settings=[setting], at=clock.now())


def a_tariff(*, name: str, price: str) -> str:
    """A tariff of so much a kWh; gives where its page is."""
    component = {"kind": "energy", "price": price}
    terms = {**world.ENERGY, "components": [component]}
    made: Tariff = tariffs.define(name=name, terms=terms, at=clock.now()).tariff
    return _page(made, "change", made.pk)


def a_wallet(*, name: str, holding: str = "0") -> str:
    """A prepaid wallet with so much in it; gives where its page is."""
    now = clock.now()
    wallet = wallets.open(customer=User.objects.create_user(name), currency="EUR", at=now)
    if Decimal(holding):
        wallets.top_up(
            wallet_id=wallet.pk,
            amount=Decimal(holding),
            source=accounts.cash("EUR"),
            key=f"given/{name}",
            at=now,
        )
    return _page(wallet, "change", wallet.pk)


def a_month() -> None:
    """The business of last month, billed in it; and a tariff that costs less."""
    first, last = _last_month()
    business = month.a_business(at=datetime.combine(first, time(), UTC))
    month.sessions(business, first=first, last=last, every=4)
    a_tariff(name="Goodwill", price="0.10")


def ledger_of_last_month() -> str:
    """What was booked on income and tax, as the ledger has it."""
    first, last = _last_month()
    days = (datetime.combine(first, time(), UTC), datetime.combine(last, time.max, UTC))
    rows = Posting.objects.filter(account__kind__in=INCOME_AND_TAX, booked_at__range=days)
    return f"{sum(row.amount for row in rows):.2f}"


def days_of_last_month() -> list[str]:
    """The first and the last, as one types them."""
    return [str(day) for day in _last_month()]


def days_of_this_month() -> list[str]:
    """Likewise; it is not over."""
    first = clock.now().date().replace(day=1)
    return [str(first), str((first + timedelta(days=32)).replace(day=1) - timedelta(days=1))]


def _last_month() -> tuple[date, date]:
    last = clock.now().date().replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last
