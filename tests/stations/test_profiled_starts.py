"""Remote starts that carry a charging profile, and the session it becomes the profile of."""

from __future__ import annotations

import pytest

from cms.shared.errors import DomainError
from stations.models import Command, ProfileAssignment
from stations.services import assignments
from tests.stations import given
from tests.stations.given_profiles import answer, asker, in_ocpp, named, state


def remote_start(station, connector=1, tag="CARD-1", profile=None, key=None, **inline):
    """Ask for a session, with a profile."""
    payload = {"idTag": tag, **({"connectorId": connector} if connector else {})}
    return assignments.remote_start(
        station=station,
        payload={**payload, **inline},
        profile=profile,
        asker=asker(idempotency_key=key),
    )


def test_a_remote_start_may_have_no_profile(connected):
    assert remote_start(connected).payload == {"idTag": "CARD-1", "connectorId": 1}
    assert not ProfileAssignment.objects.exists()


@pytest.mark.parametrize("connector", [1, None])
def test_a_remote_starts_profile_belongs_to_the_session_it_leads_to(connected, card, connector):
    command = remote_start(connected, connector, profile=named(purpose="TxProfile"))
    row = ProfileAssignment.objects.get()
    assert command.payload["chargingProfile"] == row.sent
    assert "transactionId" not in row.sent
    answer(command)
    started = given.begin(connected, minute=2)
    row.refresh_from_db()
    assert (row.session_id, row.connector.connector_id) == (started.transaction_id, 1)
    given.finish(connected, started.transaction_id)
    assert state(row) == "Ended"


def test_a_remote_starts_profile_is_over_where_somebody_else_starts(connected, card):
    given.a_card("CARD-2")
    answer(remote_start(connected, profile=named(purpose="TxProfile")))
    given.begin(connected, tag="CARD-2", minute=2)
    assert ProfileAssignment.objects.get().state == "Ended"


def test_a_remote_starts_profile_stays_where_somebody_else_starts_elsewhere(connected, card):
    given.a_card("CARD-2")
    answer(remote_start(connected, profile=named(purpose="TxProfile")))
    given.begin(connected, tag="CARD-2", connector=2, minute=2)
    assert ProfileAssignment.objects.get().state == "Accepted"


def test_a_remote_start_may_give_the_profile_itself(connected):
    sent = in_ocpp("TxProfile")
    assert remote_start(connected, chargingProfile=sent).payload["chargingProfile"] == sent
    assert ProfileAssignment.objects.get().number == 7


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (in_ocpp("TxDefaultProfile"), "chargingProfile.chargingProfilePurpose"),
        (in_ocpp("TxProfile", transactionId=5), "chargingProfile.transactionId"),
        (in_ocpp("TxProfile", stackLevel=-1), "chargingProfile.stackLevel"),
    ],
)
def test_a_profile_a_remote_start_cannot_have_is_named(connected, sent, field):
    with pytest.raises(DomainError) as refused:
        remote_start(connected, chargingProfile=sent)
    assert list(refused.value.fields) == [field]
    assert not Command.objects.exists()


def test_a_repeated_remote_start_is_one(connected):
    profile = named(purpose="TxProfile")
    first, again = (remote_start(connected, profile=profile, key="a") for _ in range(2))
    assert first == again
    assert ProfileAssignment.objects.count() == 1
