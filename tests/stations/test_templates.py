"""Configuration templates: what differs, and how stations are made what they should be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cms.shared.errors import Conflict, DomainError
from stations import selectors
from stations.models import Command, ConfigurationKey, ConfigurationTemplate
from stations.services import batches, commands, configuration, stations, templates
from stations.services.configuration import Setting
from tests.stations import given
from tests.stations.talking import hear, waiting

ACCEPTS = {"status": "Accepted"}


def a_template(**settings):
    return templates.save(
        template=ConfigurationTemplate(
            name=f"T{ConfigurationTemplate.objects.count()}",
            settings=settings or {"HeartbeatInterval": "300"},
        )
    )


def tell(station, *settings, unknown=()):
    configuration.read(
        station_id=station.pk, settings=list(settings), unknown=unknown, at=given.NOON
    )


def apply(template, *which, **how):
    return templates.apply(template=template, stations=list(which), at=given.NOON, **how)


def states(batch):
    return {item.station.cp_id: item.state for item in batch.items.select_related("station")}


def test_each_key_is_compared_with_what_the_station_told(station):
    tell(
        station,
        Setting("Same", "1", False),
        Setting("Flag", "True", False),
        Setting("Other", "1", False),
        Setting("Fixed", "1", True),
        unknown=["Absent"],
    )
    template = a_template(Same="1", Flag="true", Other="2", Fixed="2", Absent="2", Unread="2")
    found = templates.differences(template=template, stations=[station])[station.pk]
    assert {one.key: one.verdict for one in found} == {
        "Same": "same",
        "Flag": "same",
        "Other": "different",
        "Fixed": "readonly",
        "Absent": "unknown",
        "Unread": "missing",
    }


def test_templates_are_found_by_the_model_the_closest_first(db):
    for name, model in (("any", ""), ("one", "AC*"), ("close", "AC22*"), ("no", "DC*")):
        ConfigurationTemplate.objects.create(name=name, model=model, settings={"A": "1"})
    station = given.a_station(model="ac22 Duo")
    assert [row.name for row in templates.fitting(station)] == ["close", "one", "any"]
    template = ConfigurationTemplate.objects.get(name="close")
    given.a_station("CP-9", model="DC50")
    assert templates.of_model(template) == [station]


@pytest.mark.parametrize(
    "settings",
    [{}, {"A": 1}, {"": "1"}, {"K" * 51: "1"}, {"A": "v" * 501}, {"AuthorizationKey": "x"}],
)
def test_what_cannot_be_set_is_no_template(db, settings):
    with pytest.raises(DomainError) as refused:
        templates.save(template=ConfigurationTemplate(name="T", settings=settings))
    assert "settings" in refused.value.fields


def test_a_name_is_taken_once(db):
    a_template(A="1")
    with pytest.raises(Conflict):
        templates.save(template=ConfigurationTemplate(name="T0", settings={"A": "1"}))


def test_only_what_differs_is_sent(connected):
    tell(connected, Setting("A", "1", False), Setting("B", "1", False), Setting("C", "1", True))
    batch = apply(a_template(A="1", B="2", C="2"), connected)
    batches.advance(at=given.NOON)
    assert waiting(connected) == [{"key": "B", "value": "2"}]
    hear(connected, lambda *_: ACCEPTS, at=given.NOON)
    batches.advance(at=given.NOON)
    batch.refresh_from_db()
    assert batch.finished_at == given.NOON
    assert selectors.batch_counts([batch.pk])[batch.pk] == {"Done": 1, "Skipped": 1}
    assert ConfigurationKey.objects.get(key="B").value == "2"


def test_a_station_in_step_needs_nothing(connected):
    tell(connected, Setting("A", "1", False))
    with pytest.raises(Conflict):
        apply(a_template(A="1"), connected)


def test_a_plan_says_what_would_happen(connected, other_station):
    tell(other_station, Setting("A", "1", False))
    plan = templates.plan(template=a_template(A="1"), stations=[connected, other_station])
    assert (plan.stations, plan.in_step, plan.away, plan.commands) == (2, 1, 1, 1)
    assert not Command.objects.exists()


def test_who_is_away_is_passed_over_unless_it_may_wait(connected, other_station):
    batch = apply(a_template(), connected, other_station)
    batches.advance(at=given.NOON)
    assert states(batch) == {"CP-1": "Asked", "CP-2": "Away"}
    queued = apply(a_template(), other_station, queue_s=3600)
    batches.advance(at=given.NOON)
    assert states(queued) == {"CP-2": "Asked"}
    given.a_connected_station("CP-2")
    hear(other_station, lambda *_: ACCEPTS, at=given.after(30))
    batches.advance(at=given.after(30))
    assert states(queued) == {"CP-2": "Done"}


def test_so_many_are_asked_at_a_time(db):
    many = [given.a_connected_station(f"CP-{number}") for number in range(25)]
    batch = apply(a_template(), *many)
    batches.advance(at=given.NOON)
    batches.advance(at=given.NOON)
    assert Command.objects.count() == batch.at_once == 20
    for station in many:
        hear(station, lambda *_: ACCEPTS, at=given.NOON)
    batches.advance(at=given.NOON)
    assert Command.objects.count() == 25


def test_a_station_is_asked_one_thing_at_a_time(connected):
    apply(a_template(A="1", B="2"), connected)
    batches.advance(at=given.NOON)
    batches.advance(at=given.NOON)
    assert len(waiting(connected)) == 1


def test_who_is_away_and_may_wait_holds_up_nobody(db):
    gone = [given.a_station(f"GONE-{number}") for number in range(30)]
    there = given.a_connected_station()
    batch = apply(a_template(), *gone, there, queue_s=600)
    for _ in range(3):
        batches.advance(at=given.NOON)
    assert states(batch)["CP-1"] == "Asked"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"status": "RebootRequired"}, "Done"),
        ({"status": "Rejected"}, "Refused"),
        ({"status": "NotSupported"}, "Refused"),
        ("InternalError", "Failed"),
        (None, "TimedOut"),
    ],
)
def test_the_answer_is_the_result(connected, answer, state):
    batch = apply(a_template(), connected)
    batches.advance(at=given.NOON)
    hear(connected, lambda *_: answer, at=given.NOON)
    batches.advance(at=given.NOON)
    assert states(batch) == {"CP-1": state}


def test_what_failed_is_tried_again_when_asked_and_only_that(connected):
    batch = apply(a_template(A="1", B="2"), connected)
    for answer in (ACCEPTS, None):
        batches.advance(at=given.NOON)
        hear(connected, lambda *_, answer=answer: answer, at=given.NOON)
    batches.advance(at=given.NOON)
    made = batches.retry(batch=batch, at=given.NOON)
    assert made.retry_of == batch
    batches.advance(at=given.NOON)
    hear(connected, lambda *_: ACCEPTS, at=given.NOON)
    batches.advance(at=given.NOON)
    assert selectors.batch_counts([made.pk])[made.pk] == {"Done": 1}
    with pytest.raises(Conflict):
        batches.retry(batch=batch, at=given.NOON)


def test_a_command_that_was_never_sent_is_a_failure(connected):
    batch = apply(a_template(), connected)
    batches.advance(at=given.NOON)
    stations.disconnected(station_id=connected.pk, connection_id="socket-1", at=given.NOON)
    commands.expire_due(at=given.NOON + timedelta(minutes=2))
    batches.advance(at=given.after(2))
    assert states(batch) == {"CP-1": "Failed"}


def test_too_much_at_once_is_refused(connected, monkeypatch):
    monkeypatch.setattr(batches, "MOST_ITEMS", 1)
    with pytest.raises(DomainError):
        apply(a_template(A="1", B="2"), connected)
