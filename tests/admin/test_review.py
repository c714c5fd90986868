"""The review queue: seen by kind, opened with its evidence, settled in dialogs that ask why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from rfid.models import RfidCard
from stations.models import ChargingStation, ReviewCase, Site
from stations.services import sessions, silence, stations, strangers, unplaced
from stations.services.strangers import Refusal
from tests.admin.dialogs import HTMX, address, behind, press
from tests.stations import given

QUEUE = "admin:stations_reviewcase_changelist"
HOSTILE = '"><script>alert(1)</script>'
WHY = "the driver showed a photo of the meter"


def page(client: Any, case: ReviewCase) -> str:
    """The page of a case."""
    response = client.get(reverse("admin:stations_reviewcase_change", args=[case.pk]))
    assert response.status_code == 200
    return str(response.content.decode())


def listed(client: Any, **query: Any) -> list[ReviewCase]:
    """The cases of the list."""
    response = client.get(reverse(QUEUE), query)
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def an_unknown_card(station: ChargingStation, tag: str = "NOBODY") -> ReviewCase:
    """A card nobody knows, presented at ``station``."""
    sessions.authorize(station_id=station.pk, id_tag=tag, at=timezone.now())
    return given.case("UnknownCard", id_tag=tag)


def a_refusal(cp_id: str = "NEW", status: int = 404) -> ReviewCase:
    """A connection that was turned away."""
    refusal = Refusal(cp_id, "this station is not known here", "10.0.0.7", status)
    strangers.refused(refusals=[refusal], at=timezone.now())
    return given.case("RejectedConnection", cp_id=cp_id)


def test_the_list_shows_what_is_open_and_its_kinds_with_their_numbers(orphan, station, root):
    card = an_unknown_card(station)
    press(root, "discard", card, why=WHY)
    assert listed(root) == [orphan]
    assert listed(root, state="Settled") == [card]
    assert listed(root, state="all") == [card, orphan]
    an_unknown_card(station, "OTHER")
    content = root.get(reverse(QUEUE)).content.decode()
    assert "All <small>2</small>" in content
    assert "Unknown card <small>1</small>" in content


def test_the_list_is_filtered_by_kind_station_and_site(orphan, station, root):
    other = given.a_station("CP-OTHER", site=Site.objects.create(name="South"))
    card = an_unknown_card(other)
    assert listed(root, kind__exact="UnknownCard") == [card]
    assert listed(root, station__id__exact=station.pk) == [orphan]
    assert listed(root, station__site__id__exact=other.site_id) == [card]


def test_a_case_is_found_by_number_tag_identity_and_station(orphan, station, root):
    refusal = a_refusal("NEW")
    assert listed(root, q=f"#{orphan.pk}") == [orphan]
    assert listed(root, q="04aabbcc") == [orphan]
    assert listed(root, q="new") == [refusal]
    assert listed(root, q="CP-00") == [orphan]


def test_the_page_shows_the_evidence(session, orphan, root):
    content = page(root, orphan)
    assert "no start came from the station" in content
    assert f"#{session.pk}" in content  # what it may belong to
    assert "9.000 kWh" in content
    assert reverse("admin:stations_chargingstation_change", args=[session.station_id]) in content


def test_the_page_fetches_what_was_said_around_that_time(message, orphan, root):
    moment = int(orphan.first_seen_at.timestamp())
    around = reverse("admin:ocpp_gateway_ocppmessage_near", args=[orphan.station_id, moment])
    assert around in page(root, orphan)
    assert "Heartbeat" in root.get(around).content.decode()
    assert "Nothing is kept" in root.get(around.replace(str(moment), "0")).content.decode()


def test_the_page_shows_meter_values_of_no_session(station, root):
    reading = given.a_reading(station, 99, energy=77_000)
    given.meter(reading)
    unplaced.notice_unplaced(at=timezone.now())
    content = page(root, given.case("UnplacedReadings"))
    assert "77.000 kWh" in content
    assert "transaction 99" in content


def test_only_the_ways_that_fit_are_offered(orphan, station, root):
    ways = {case: page(root, case) for case in (orphan, an_unknown_card(station), a_refusal())}
    offered = {
        case.kind: {
            way
            for way in ("attach", "accept", "end", "adopt_station", "adopt_card", "discard")
            if address(way, case) in content
        }
        for case, content in ways.items()
    }
    assert offered == {
        "OrphanedStop": {"attach", "accept", "discard"},
        "UnknownCard": {"adopt_card", "discard"},
        "RejectedConnection": {"adopt_station", "discard"},
    }


def test_an_orphan_is_attached_to_the_session_one_chooses(session, orphan, root):
    shown = root.get(address("attach", orphan), **HTMX).content.decode()
    assert f'<option value="{session.pk}">' in shown
    press(root, "attach", orphan, session=session.pk, why=WHY)
    session.refresh_from_db()
    assert (session.status, session.energy_wh) == ("Completed", 8000)
    orphan.refresh_from_db()
    assert (orphan.resolution, orphan.settled_by_name, orphan.why) == ("Attached", "root", WHY)
    content = page(root, orphan)
    assert WHY in content
    assert "Attached to a session" in content
    assert address("discard", orphan) not in content


def test_energy_is_accepted_in_kwh(session, root):
    now = timezone.now()
    sessions.released(connector=session.connector, released_at=now, at=now)
    case = given.case("InferredStop")
    shown = root.get(address("accept", case), **HTMX).content.decode()
    assert 'value="5.250"' in shown
    press(root, "accept", case, energy_kwh="4.321", why=WHY)
    session.refresh_from_db()
    assert (session.energy_wh, session.needs_review) == (4321, False)


def test_the_energy_of_an_orphan_has_to_be_typed(orphan, root):
    assert 'value="0.000"' not in root.get(address("accept", orphan), **HTMX).content.decode()
    assert "required" in press(root, "accept", orphan, why=WHY)
    press(root, "accept", orphan, energy_kwh="1.5", why=WHY)
    assert ReviewCase.objects.get(pk=orphan.pk).session.energy_wh == 1500


def test_without_a_reason_nothing_is_settled(orphan, root):
    assert "required" in press(root, "discard", orphan, why=" ")
    orphan.refresh_from_db()
    assert orphan.is_open


def test_a_double_click_is_told_who_settled_it(orphan, root, client_with):
    other = client_with("stations.view_reviewcase", "stations.settle_reviewcase")
    press(other, "discard", orphan, why=WHY)
    name = ReviewCase.objects.get(pk=orphan.pk).settled_by_name
    assert f"{name} settled it" in press(root, "discard", orphan, why=WHY)
    assert ReviewCase.objects.get(pk=orphan.pk).settled_by_name == name


def test_a_silent_session_is_ended(session, root):
    station = session.station
    long_ago = timezone.now() - timedelta(days=3)
    stations.disconnected(station_id=station.pk, connection_id="socket", at=long_ago)
    silence.notice_silent_sessions(at=timezone.now())
    press(root, "end", given.case("SilentSession"), why=WHY)
    session.refresh_from_db()
    assert session.status == "Inferred"


def test_a_station_is_adopted_and_its_key_shown_once(root):
    case = a_refusal()
    shown = press(root, "adopt_station", case, name="Yard", make_key="on", why=WHY)
    station = ChargingStation.objects.get(cp_id="NEW")
    assert (station.name, station.registration) == ("Yard", "Accepted")
    assert station.key_hash
    assert "I have copied it" in shown
    assert station.key_hash not in shown


def test_a_card_is_adopted(station, root):
    case = an_unknown_card(station)
    press(root, "adopt_card", case, label="Van 9", why=WHY)
    assert RfidCard.objects.get(id_tag="NOBODY").label == "Van 9"


def test_adopting_needs_the_right_to_add_as_well(station, client_with):
    settles = ("stations.view_reviewcase", "stations.settle_reviewcase")
    card, refusal = an_unknown_card(station), a_refusal()
    narrow = client_with(*settles)
    for way, case in (("adopt_card", card), ("adopt_station", refusal)):
        assert narrow.post(address(way, case), {"why": WHY}).status_code == 403
        assert address(way, case) not in page(narrow, case)
    wide = client_with(*settles, "rfid.add_rfidcard")
    press(wide, "adopt_card", card, why=WHY)
    assert RfidCard.objects.filter(id_tag="NOBODY").exists()


def test_who_only_looks_settles_nothing(orphan, client_with):
    client = client_with("stations.view_reviewcase")
    assert address("discard", orphan) not in page(client, orphan)
    assert client.post(address("discard", orphan), {"why": WHY}).status_code == 403
    orphan.refresh_from_db()
    assert orphan.is_open


def test_evidence_is_shown_only_to_whom_may_see_it(session, orphan, client_with):
    content = page(client_with("stations.view_reviewcase"), orphan)
    assert "9.000 kWh" not in content
    assert "ocppmessage/near" not in content


def test_hostile_names_are_text_everywhere(station, root):
    for case in (an_unknown_card(station, HOSTILE), a_refusal(HOSTILE)):
        pages = [page(root, case), root.get(reverse(QUEUE)).content.decode()]
        way = "adopt_card" if case.id_tag else "adopt_station"
        pages.append(root.get(address(way, case), **HTMX).content.decode())
        for content in pages:
            assert HOSTILE not in content
            assert "&lt;script&gt;alert(1)" in content


def test_the_pages_of_a_station_a_session_and_a_card_lead_to_their_cases(orphan, card, root):
    case_page = reverse("admin:stations_reviewcase_change", args=[orphan.pk])
    row: Any
    for row, link in (
        (orphan.session, case_page),
        (card, f"{reverse(QUEUE)}?q={card.id_tag}"),
    ):
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
        assert link in root.get(reverse(name, args=[row.pk])).content.decode()
    cases = f"{reverse(QUEUE)}?station__id__exact={orphan.station_id}"
    assert cases in behind(root, "history", orphan.station)


def test_the_navigation_says_how_much_waits_to_whom_may_see_it(orphan, root, client_with):
    home = reverse("admin:index")

    def badge(client: Any) -> Any:
        groups = client.get(home).context["sidebar_navigation"]
        items = {item["title"]: item for group in groups for item in group["items"]}
        return items.get("Review queue", {}).get("badge")

    assert badge(root) == "1"
    assert not badge(client_with("stations.view_chargingstation"))
    press(root, "discard", orphan, why=WHY)
    assert not badge(root)


def test_a_case_takes_few_queries(session, orphan, root, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        page(root, orphan)


def test_a_case_leads_to_the_next_ones_of_the_kind_one_looked_at(orphan, station, root):
    first, second = an_unknown_card(station, "ONE"), an_unknown_card(station, "TWO")
    path = reverse("admin:stations_reviewcase_change", args=[second.pk])
    shown = root.get(path).content.decode()
    assert "Newer case" not in shown
    assert f"/reviewcase/{first.pk}/change/" in shown
    kept = {"_changelist_filters": "kind__exact=UnknownCard"}
    path = reverse("admin:stations_reviewcase_change", args=[first.pk])
    shown = root.get(path, kept).content.decode()
    assert f"/reviewcase/{second.pk}/change/?_changelist_filters=kind__exact%3DUnknownCard" in shown
    assert "Older case" not in shown
    assert 'href="/admin/stations/reviewcase/?kind__exact=UnknownCard"' in shown
    assert "Older case" in root.get(path).content.decode()


def test_the_last_case_says_that_no_other_waits(orphan, root):
    assert "no other case waits" in page(root, orphan)
