"""Importing cards: columns guessed, rows previewed by line, the good ones written, or none."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

import pytest
from django.db.models import F
from xlsxwriter import Workbook

from cms.accounts.models import User
from cms.shared.errors import Conflict, DomainError
from rfid.models import CardChange, CardGroup, CardImport, RfidCard
from rfid.services import (
    cards,
    columns,
    imports,
    revisions,
    sheets,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
TABLE = "Number;Label;Driver;Group;State;Reason;Valid until\n"


@pytest.fixture
def anna():
    return User.objects.create_user("anna", email="Anna@example.com")


def taken(text, by=None):
    """A file somebody sent."""
    content = text if isinstance(text, bytes) else text.encode()
    return imports.take(name="cards.csv", content=content, by=by, at=NOON)


def shown(text, *, by=None, reverse=False, update=True):
    """What would come of it, with the columns as they are guessed."""
    row = taken(text, by)
    return previewed(row, reverse=reverse, update=update)


def previewed(row, **more):
    """Its columns as they are guessed, looked at now."""
    how = {"fields": row.columns, "reverse": False, "update": True, "now": lambda: NOON}
    return imports.preview(of=row, **{**how, **more})


def confirmed(row, by=None):
    """What was shown, done."""
    return imports.confirm(of=row, by=by, now=lambda: NOON)


def done(text, **how):
    """What came of it."""
    row = shown(text, **how)
    return confirmed(row, how.get("by"))


def problems(row):
    """What is wrong: line, field, what is said of it."""
    return [(each["line"], each["field"], each["message"]) for each in row.problems]


@pytest.mark.parametrize(
    ("headings", "fields"),
    [
        (
            "idTag,parentIdTag,expiryDate,maxActiveTransactionCount,note",
            "number group valid_until status label",
        ),
        (
            "idToken,idTokenType,status,groupIdToken,cacheExpiryDateTime",
            "number  status group valid_until",
        ),
        (
            "Kartennummer,Bezeichnung,Fahrer,Gruppe,Gültig bis,Gesperrt",
            "number label driver group valid_until status",
        ),
        ("Numéro de carte,Libellé,Conducteur,Valable jusqu'au", "number label driver valid_until"),
        ("UID,Name,E-Mail,UID", "number label driver "),
        ("Whatever,Else", " "),
    ],
)
def test_columns_are_guessed_from_their_headings(headings, fields):
    assert columns.guessed(headings.split(",")) == fields.split(" ")


@pytest.mark.parametrize(
    ("text", "heading", "status"),
    [
        ("gesperrt", "Status", "Blocked"),
        ("Actif", "Statut", "Active"),
        ("true", "blocked", "Blocked"),
        ("nein", "Gesperrt", "Active"),
        ("0", "maxActiveTransactionCount", "Blocked"),
        ("-1", "maxActiveTransactionCount", "Active"),
        ("Invalid", "status", "Blocked"),
    ],
)
def test_states_are_read_in_three_languages(text, heading, status):
    assert columns.status(text, heading) == status


def test_days_end_with_their_last_second():
    for text in ("2026-12-31", "31.12.2026", "31/12/2026", "2026-12-31T00:00:00"):
        assert columns.moment(text, is_end=True) == datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert columns.moment("2026-12-31T18:00:00Z", is_end=True).hour == 18
    with pytest.raises(ValueError, match="2026-12-31"):
        columns.moment("soon", is_end=True)


def test_a_preview_counts_and_changes_nothing(anna):
    cards.create(id_tag="04AA0001", label="Old")
    cards.create(id_tag="04AA0002", label="Same")
    row = shown(f"{TABLE}04:AA:00:01;New;;;;;\n04AA0002;Same;;;;;\n04AA0003;;anna;;;;31.12.2026\n")
    assert row.counts == {"new": 1, "changed": 1, "same": 1, "wrong": 0}
    assert RfidCard.objects.count() == 2
    assert row.examples[0]["changes"] == {"label": ["Old", "New"]}


def test_errors_name_line_and_field(anna):
    row = shown(
        f"{TABLE}04AA0001;;;;;;\n\n;no number;;;;;\n04AA0001;;;;;;\n"
        "04AA0002;;nobody;;;;\n04AA0003;;;No group;;;\n04AA0004;;;;perhaps;;\n04AA0005;;;;;;soon\n"
    )
    assert [(line, field) for line, field, _ in problems(row)] == [
        (4, "number"),
        (5, "number"),
        (6, "driver"),
        (7, "group"),
        (8, "status"),
        (9, "valid_until"),
    ]
    assert "line 2" in problems(row)[1][2]
    assert row.counts == {"new": 1, "changed": 0, "same": 0, "wrong": 6}


def test_good_rows_come_in_and_say_where_they_are_from(anna):
    group = CardGroup.objects.create(name="Fleet", parent_id_tag="FLEET")
    cards.create(id_tag="04aa0001", label="Old")
    revision = revisions.current()
    row = done(
        f"{TABLE}04AA0001;New;ANNA@example.com;fleet;gesperrt;lost;\n0x04AA0002;Two;anna;Fleet;;;\n;;;;;;x\n",
        by=anna,
    )
    assert (row.state, bytes(row.content), row.done_at) == ("Done", b"", NOON)
    first, second = RfidCard.objects.order_by("pk")
    assert (first.id_tag, first.label, first.user, first.group) == ("04aa0001", "New", anna, group)
    assert (first.status, first.status_reason) == ("Blocked", "lost")
    assert (second.id_tag, second.status, second.created_at) == ("04AA0002", "Active", NOON)
    changes = CardChange.objects.filter(kind="Imported", by=anna, reason="cards.csv")
    assert {change.card for change in changes} == {first, second}
    assert changes.get(card=first).changes["status"] == ["Active", "Blocked"]
    assert revisions.current() > revision


def test_an_empty_cell_leaves_what_is(anna):
    cards.create(id_tag="04AA0001", label="Kept", user=anna)
    done(f"{TABLE}04AA0001;;;;Blocked;;\n")
    card = RfidCard.objects.get()
    assert (card.label, card.user, card.status) == ("Kept", anna, "Blocked")


def test_cards_that_exist_may_be_left_alone():
    cards.create(id_tag="04AA0001", label="Old")
    row = done(f"{TABLE}04AA0001;New;;;;;\n04AA0002;Two;;;;;\n", update=False)
    assert row.counts == {"new": 1, "changed": 0, "same": 1, "wrong": 0}
    assert RfidCard.objects.get(id_tag="04AA0001").label == "Old"


def test_the_bytes_may_be_turned():
    done("UID\nC3B2A104\n", reverse=True)
    assert RfidCard.objects.get().id_tag == "04A1B2C3"


def test_confirmed_twice_it_happens_once(anna):
    row = shown(f"{TABLE}04AA0001;;;;;;\n")
    first = confirmed(row, anna)
    second = confirmed(row, anna)
    assert first.counts == second.counts
    assert CardChange.objects.count() == RfidCard.objects.count() == 1


def test_nothing_is_confirmed_before_it_was_shown_or_after_it_was_forgotten(anna):
    row = taken(f"{TABLE}04AA0001;;;;;;\n")
    with pytest.raises(Conflict, match="columns"):
        confirmed(row, anna)
    imports.cancel(of=row)
    row.refresh_from_db()
    with pytest.raises(Conflict, match="over"):
        previewed(row)


@pytest.mark.parametrize(
    ("fields", "said"),
    [(["label"], "number"), (["number", "number"], "Two columns"), (["number", "odd"], "odd")],
)
def test_columns_that_make_no_sense_are_refused(fields, said):
    row = taken("a;b\n04AA0001;x\n")
    with pytest.raises(DomainError, match=said):
        previewed(row, fields=fields)


def test_a_workbook_is_read_like_a_table():
    buffer = BytesIO()
    book = Workbook(buffer, {"in_memory": True})
    sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, ["Kartennummer", "Bezeichnung", "Gültig bis"])
    sheet.write_row(1, 0, ["04:AA:00:01", "Van"])
    sheet.write_datetime(1, 2, datetime(2026, 12, 31), day)  # noqa: DTZ001
    sheet.write_row(2, 0, [11223344, "Number"])
    book.close()
    done(buffer.getvalue())
    first, second = RfidCard.objects.order_by("pk")
    assert first.valid_until == datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert (first.id_tag, second.id_tag) == ("04AA0001", "11223344")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_whatever_the_code_page_and_the_separator(encoding, separator):
    text = f"Numéro{separator}Libellé\r\n04AA0001{separator}Véhicule\r\n"
    done(text.encode(encoding))
    assert RfidCard.objects.get().label == "Véhicule"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no rows"),
        (b"only a head", "no rows"),
        (b"\x00\x01\x02", "neither"),
        (b"PK\x03\x04 no archive", "workbook"),
        (b"x" * (sheets.MOST_BYTES + 1), "larger than 8 MB"),
        (b"a;b\n" + b";" * 60 + b"x\n", "more than 50 columns"),
    ],
)
def test_what_is_no_table_is_refused(content, said):
    with pytest.raises(DomainError, match=said):
        taken(content)
    assert not CardImport.objects.exists()


def test_no_more_rows_than_are_held(monkeypatch):
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)
    with pytest.raises(DomainError, match="more than 3 rows"):
        shown("UID\n" + "04AA0001\n" * 4)


def test_many_rows_take_few_queries(anna, django_assert_max_num_queries):
    text = TABLE + "".join(f"04AA{n:04};Card {n};anna;;;;\n" for n in range(2500))
    row = taken(text)
    with django_assert_max_num_queries(32):
        row = previewed(row)
    with django_assert_max_num_queries(60):
        confirmed(row, anna)
    assert RfidCard.objects.filter(user=F("user")).count() == 2500


def test_files_nobody_confirmed_are_forgotten():
    row = taken("UID\n04AA0001\n")
    imports.prune(before=NOON)
    assert CardImport.objects.get().state == "Uploaded"
    imports.prune(before=datetime(2025, 3, 2, tzinfo=UTC))
    row.refresh_from_db()
    assert (row.state, bytes(row.content)) == ("Cancelled", b"")
