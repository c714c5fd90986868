"""The remote start dialog: cards and drivers found by what one types, refused, limited."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.services import tariffs
from cms.accounts.models import User
from rfid.models import RfidCard
from rfid.services import cards
from stations.models import Command, SessionLimit
from tests.admin.dialogs import HTMX, address, press, progress
from tests.billing import charging

SUGGEST = "admin:stations_chargingstation_drivers"


def start(client, station, typed, **more):
    return press(client, "remote_start", station, id_tag=typed, connector_id="1", **more)


def asked():
    return [row.payload["idTag"] for row in Command.objects.all()]


@pytest.fixture
def ada(card):
    user = User.objects.create_user("ada", first_name="Ada", last_name="Lovelace")
    RfidCard.objects.update(user=user)
    return user


@pytest.mark.parametrize("typed", ["04aabbcc", "Van 7", "van 7", "ada", "Ada Lovelace"])
def test_a_card_is_named_by_its_number_its_label_or_its_driver(typed, ada, station, root):
    start(root, station, typed)
    assert asked() == ["04AABBCC"]


def test_a_driver_with_two_cards_is_asked_which(ada, station, root):
    cards.create(id_tag="SECOND", user=ada)
    shown = start(root, station, "ada")
    assert "There are several cards of this name: 04AABBCC, SECOND. Choose one." in shown
    assert asked() == []


def test_of_a_drivers_two_cards_the_one_that_is_not_blocked_is_meant(ada, station, root):
    cards.block(card=cards.create(id_tag="SECOND", user=ada), reason="lost")
    start(root, station, "ada")
    assert asked() == ["04AABBCC"]


def test_cards_and_drivers_are_suggested_by_their_beginnings(ada, root):
    for typed in ("04aa", "van", "ad", "love"):
        shown = root.get(reverse(SUGGEST), {"q": typed}).content.decode()
        assert '<option value="04AABBCC">Ada Lovelace · Van 7</option>' in shown
    assert "<option" not in root.get(reverse(SUGGEST), {"q": "zz"}).content.decode()


def test_who_may_not_see_numbers_chooses_a_card_without_one(ada, station, client_with):
    may = ("stations.view_chargingstation", "stations.serve_driver", "rfid.view_rfidcard")
    support = client_with(*may)
    shown = support.get(reverse(SUGGEST), {"q": "ada"}).content.decode()
    card = RfidCard.objects.get()
    assert f'<option value="#{card.pk}">Ada Lovelace · Van 7</option>' in shown
    assert "<option" not in support.get(reverse(SUGGEST), {"q": "04AA"}).content.decode()
    start(support, station, f"#{card.pk}")
    assert asked() == ["04AABBCC"]


def test_nothing_is_suggested_to_whom_may_not_see_cards_or_not_start(ada, client_with):
    for more in ("rfid.view_rfidcard", "stations.serve_driver"):
        client = client_with("stations.view_chargingstation", more)
        assert "<option" not in client.get(reverse(SUGGEST), {"q": "ada"}).content.decode()


def test_a_blocked_card_is_refused_with_its_reason(card, station, root):
    cards.block(card=card, reason="100% lost")
    assert "The card Van 7 is blocked. (100% lost)" in start(root, station, card.id_tag)
    assert asked() == []


def test_a_card_whose_time_is_over_or_not_come_is_refused(card, station, root):
    now = timezone.now()
    RfidCard.objects.update(valid_until=now - timedelta(hours=1))
    assert "The card Van 7 has expired." in start(root, station, card.id_tag)
    RfidCard.objects.update(valid_until=None, valid_from=now + timedelta(hours=1))
    assert "The card Van 7 is not valid yet." in start(root, station, card.id_tag)
    assert asked() == []


def test_a_card_that_charges_elsewhere_is_refused(session, offline, root):
    type(offline).objects.filter(pk=offline.pk).update(online=True, connection_id="other")
    shown = press(root, "remote_start", offline, id_tag=session.id_tag, connector_id="")
    assert "The card Van 7 charges at another station already." in shown
    assert asked() == []


def seen(shown):
    """What the dialog keeps of what it showed."""
    found = re.search(r'name="seen" value="([^"]*)"', shown)
    return html.unescape(found[1]) if found else ""


def test_a_number_nobody_knows_is_sent_once_just_that_is_confirmed(station, root):
    shown = start(root, station, "UNKNOWN-1")
    assert "Nobody here knows the card UNKNOWN-1." in shown
    assert "authorised as Invalid" in shown
    assert asked() == []
    other = start(root, station, "UNKNOWN-2", seen=seen(shown))
    assert "Nobody here knows the card UNKNOWN-2." in other
    assert asked() == []
    sent = start(root, station, "UNKNOWN-1", seen=seen(shown))
    assert asked() == ["UNKNOWN-1"]
    assert "Nobody here knows this card" in sent


def test_a_known_card_needs_no_second_press(card, station, root):
    start(root, station, card.id_tag)
    assert asked() == [card.id_tag]


def test_who_only_serves_drivers_starts_for_known_cards_only(station, client_with):
    support = client_with("stations.view_chargingstation", "stations.serve_driver")
    refused = start(support, station, "UNKNOWN-1")
    assert "Nobody here knows this card: it has to be added first." in refused
    told = "Nobody here knows the card UNKNOWN-1."
    assert told not in refused
    start(support, station, "UNKNOWN-1", seen=told)
    assert asked() == []
    cards.create(id_tag="UNKNOWN-1")
    start(support, station, "UNKNOWN-1")
    assert asked() == ["UNKNOWN-1"]


def test_limits_are_kept_with_the_start_and_shown_in_its_progress(card, station, root):
    start(root, station, "Van 7", limit_energy="12.5", limit_minutes="90", limit_amount="20")
    row = SessionLimit.objects.get()
    assert (row.energy_wh, row.minutes, row.amount) == (12_500, 90, Decimal(20))
    shown = progress(root, Command.objects.get())
    assert "12.5 kWh, 90 min, a cost of 20.00" in shown


@pytest.mark.parametrize("field", ["limit_energy", "limit_minutes", "limit_amount"])
@pytest.mark.parametrize("value", ["0", "-1", "x", "NaN"])
def test_a_limit_that_is_none_is_refused_beside_its_field(field, value, card, station, root):
    shown = start(root, station, "Van 7", **{field: value})
    assert shown.count('class="vd-error"') == 1
    assert not SessionLimit.objects.exists()
    assert asked() == []


def test_connectors_say_what_they_are_and_how_they_stand(station, root):
    station.connectors.filter(connector_id=1).update(connector_type="CCS2", max_power_w=150_000)
    opened = root.get(address("remote_start", station), **HTMX).content.decode()
    assert "1 – CCS2 150 kW · Available" in opened


def labelled(client, station):
    """What the limit of money is called."""
    shown = client.get(address("remote_start", station)).content.decode()
    return re.findall(r"Cost at most[^<]*", shown)[0].strip()


def test_the_limit_of_money_names_the_currency_of_the_tariff_that_counts(station, root):
    assert labelled(root, station) == "Cost at most"
    charging.everywhere({**charging.ENERGY, "currency": "CHF"})
    assert labelled(root, station) == "Cost at most (CHF)"
    here = charging.a_tariff(name="Here")
    tariffs.assign(tariff=here, level="station", target=station)
    assert labelled(root, station) == "Cost at most (EUR)"


def test_where_outlets_or_drivers_have_tariffs_of_their_own_it_names_all_of_them(station, root):
    charging.everywhere()
    swiss = charging.a_tariff(name="Swiss", terms={**charging.ENERGY, "currency": "CHF"})
    tariffs.assign(tariff=swiss, level="user", target=User.objects.get(username="root"))
    assert labelled(root, station) == "Cost at most (CHF / EUR)"
