"""The message log: exchanges page by page, followed, opened, searched and saved."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ocpp_gateway.models import OcppMessage
from tests.admin.test_lists import BUDGET

LIST = "admin:ocpp_gateway_ocppmessage_changelist"


@pytest.fixture
def say(station):
    """Writes exchanges into the log; every one has what is not said otherwise."""

    def make(number=1, **more):
        given = {
            "station": station,
            "direction": "Received",
            "action": "Heartbeat",
            "response": "[3]",
            "at": timezone.now(),
            "latency_ms": 7,
        }
        rows = [
            OcppMessage(**{"message_id": f"m{each}", "request": "[]", **given, **more})
            for each in range(number)
        ]
        return OcppMessage.objects.bulk_create(rows)

    return make


@pytest.fixture
def log(root):
    """What the log shows: the ids of its rows and its HTML."""

    def look(part="", **query):
        name = f"admin:ocpp_gateway_ocppmessage_{part}" if part else LIST
        response = root.get(reverse(name), query)
        assert response.status_code == 200, response.content
        text = response.content.decode()
        return [int(one) for one in re.findall(r'data-id="(\d+)"', text)], text

    return look


def numbers(rows):
    return sorted((row.pk for row in rows), reverse=True)


def line_of(row, text):
    """The line of the list that shows this exchange."""
    return next(line for line in text.splitlines() if f'data-id="{row.pk}"' in line)


def test_pages_go_on_behind_the_last_row_and_miss_nothing_that_came_meanwhile(say, log):
    expected = numbers(say(120))
    first, text = log()
    say(7)
    seen, pages = first, 1
    while more := re.search(r'hx-get="([^"]*before=(\d+)[^"]*)"', text):
        found, text = log("rows", before=more[2])
        seen, pages = seen + found, pages + 1
    assert seen == expected
    assert pages == 3


def test_a_page_is_asked_for_without_offset_and_count(say, log):
    rows = say(120)
    with CaptureQueriesContext(connection) as queries:
        log("rows", before=rows[60].pk)
    statements = [query["sql"] for query in queries]
    assert len(statements) <= BUDGET
    assert not [sql for sql in statements if "OFFSET" in sql or "COUNT(" in sql]


def test_what_is_newer_is_found_by_the_id_one_has(say, log):
    old, new = say(3), say(2)
    assert log("rows", after=max(numbers(old)))[0] == numbers(new)
    assert log("rows", after=max(numbers(new)))[0] == []


def test_more_at_once_than_one_look_brings_begins_the_list_anew(say, log):
    first = say(1)
    rows = say(230)
    found, text = log("rows", after=first[0].pk)
    assert found == numbers(rows)[:200]
    assert 'class="vd-log-more"' in text


def test_following_keeps_to_the_filters(say, log):
    say(2)
    errors = say(1, error_code="InternalError")
    assert log("rows", after=0, outcome="error")[0] == numbers(errors)


@pytest.mark.parametrize("odd", ["", "x", "-1", "9" * 30, "１"])
def test_an_id_that_is_none_counts_as_not_said(odd, say, log):
    rows = say(2)
    assert log("rows", before=odd)[0] == numbers(rows)
    assert log("rows", after=odd)[0] == numbers(rows)


def test_the_head_says_how_long_messages_are_kept(log, settings):
    settings.OCPP_MESSAGE_RETENTION_DAYS = 17
    assert "Kept 17 days" in log()[1]


@pytest.mark.parametrize(
    ("outcome", "changes"),
    [
        ("error", {"error_code": "InternalError"}),
        ("none", {"response": "", "latency_ms": None}),
        ("slow", {"latency_ms": 5001}),
        ("stray", {"action": "", "response": ""}),
    ],
)
def test_the_log_is_narrowed_by_how_it_was_answered(outcome, changes, say, log):
    usual, odd = say(2), say(1, **changes)
    assert set(numbers(odd)) <= set(log(outcome=outcome)[0])
    assert not set(numbers(usual)) & set(log(outcome=outcome)[0])


def test_the_log_is_narrowed_to_a_time_by_the_clock_of_the_admin(say, log):
    now = timezone.now()
    rows = [say(1, at=now - timedelta(hours=hours))[0] for hours in (50, 30, 10)]
    text = "%Y-%m-%d %H:%M"
    since = timezone.localtime(now - timedelta(hours=40)).strftime(text)
    until = timezone.localtime(now - timedelta(hours=20)).strftime(text)
    assert log(since=since)[0] == numbers(rows[1:])
    assert log(since=since, until=until)[0] == [rows[1].pk]
    assert log(until=until)[0] == numbers(rows[:2])


def test_a_time_that_is_none_is_named_and_finds_nothing(say, log):
    say(1)
    found, text = log(since="yesterday")
    assert found == []
    assert "“yesterday” is no time" in text


def test_a_text_is_looked_for_only_within_a_station_and_a_week(say, log, station, root):
    found = say(1, request='[2,"x","DataTransfer",{"vendorId":"Zebra"}]')
    say(2)
    query = {"text": "zebra", "station__id__exact": station.pk}
    assert log(**query)[0] == numbers(found)
    assert log(**query, range="7d")[0] == numbers(found)
    for wrong in ({"text": "zebra"}, {**query, "range": "30d"}, {**query, "range": "all"}):
        rows, text = log(**wrong)
        assert rows == []
        assert "choose a station as well" in text
    assert "three characters" in log(**{**query, "text": "ze"})[1]
    export = reverse("admin:ocpp_gateway_ocppmessage_csv")
    assert root.get(export, {"text": "zebra"}).status_code == 400


def test_a_call_that_was_answered_late_says_so_and_names_the_answer(say, log, root):
    now = timezone.now()
    sent = {"direction": "Sent", "response": "", "latency_ms": None, "action": "Reset"}
    [call, silent] = [say(1, **sent, message_id=each, at=now)[0] for each in ("late", "never")]
    stray = {"action": "", "response": "", "latency_ms": None, "request": '[3,"late",{}]'}
    [answer] = say(1, **stray, message_id="late", at=now + timedelta(seconds=42))
    rows, text = log()
    assert rows == [answer.pk, silent.pk, call.pk]
    late = line_of(call, text)
    assert "Answered late" in late
    assert "42,000 ms" in late
    assert "No answer" in line_of(silent, text)
    address = reverse("admin:ocpp_gateway_ocppmessage_payload", args=[call.pk])
    shown = root.get(address).content.decode()
    assert "after 42000 ms" in shown.replace(",", "")
    assert reverse("admin:ocpp_gateway_ocppmessage_change", args=[answer.pk]) in shown


def payload(root, row):
    address = reverse("admin:ocpp_gateway_ocppmessage_payload", args=[row.pk])
    return root.get(address).content.decode()


def test_a_row_opens_by_when_it_was_said(say, root, log):
    say(1, at=timezone.now().replace(microsecond=999_999))
    [address] = re.findall(r'data-payload="([^"]+)"', log(range="all")[1])
    assert [root.get(address + more).status_code for more in ("", "0")] == [200, 404]


def test_an_exchange_opens_on_both_frames_with_what_the_schemas_say(say, root):
    call = [2, "a", "Authorize", {"idTag": "04AABBCC"}]
    answer = [3, "a", {"idTagInfo": {"status": "Fine"}}]
    frames = {"request": json.dumps(call), "response": json.dumps(answer)}
    text = payload(root, say(1, action="Authorize", **frames)[0])
    assert "&quot;idTag&quot;: &quot;04AABBCC&quot;" in text
    assert "As the specification has it." in text
    assert "idTagInfo.status: status should be one of" in text


@pytest.mark.parametrize(
    ("action", "request_text", "verdict"),
    [
        ("Authorize", '[2,"a","Authorize",{}]', "idTag: idTag is missing"),
        ("Authorize", '[2,"a","Authorize",{"idTag":"' + "x" * 30 + '"}]', "and tolerated:"),
        ("Nonsense", '[2,"a","Nonsense",{}]', "no action of this name"),
        ("", "garbage", "it is no complete call"),
    ],
)
def test_a_call_that_is_not_as_specified_is_told_what_is_wrong(
    action, request_text, verdict, say, root
):
    assert verdict in payload(root, say(1, action=action, request=request_text)[0])


def test_an_exchange_leads_to_its_session(say, session, root):
    request = json.dumps([2, "a", "MeterValues", {"transactionId": session.pk}])
    text = payload(root, say(1, action="MeterValues", request=request)[0])
    assert reverse("admin:stations_chargingsession_change", args=[session.pk]) in text


def test_a_frame_as_a_websocat_command_is_quoted_for_the_shell(say, root):
    request = json.dumps([2, "a", "Authorize", {"idTag": "'; rm -rf /"}])
    text = payload(root, say(1, action="Authorize", request=request)[0])
    assert "websocat -1n --protocol ocpp1.6 ws://testserver/ocpp/CP-0001" in text
    assert "{&quot;idTag&quot;:&quot;&#x27;&quot;&#x27;&quot;&#x27;; rm -rf /" in text
    assert "websocat" not in payload(root, say(1, direction="Sent", request=request)[0])


def saved(client, form, **query):
    response = client.get(reverse(f"admin:ocpp_gateway_ocppmessage_{form}"), query)
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content).decode()


def test_the_filtered_log_is_saved_as_json_lines(say, root):
    say(3)
    [row] = say(1, error_code="InternalError", request='[2,"x","Reset",{}]', response="cut…")
    [line] = saved(root, "jsonl", outcome="error").splitlines()
    found = json.loads(line)
    assert (found["id"], found["station"], found["request"], found["response"]) == (
        *(row.pk, "CP-0001", [2, "x", "Reset", {}]),
        "cut…",
    )


def test_a_file_holds_every_row_once_in_batches(say, root):
    rows = say(1203)
    with CaptureQueriesContext(connection) as queries:
        lines = saved(root, "jsonl").splitlines()
    assert [json.loads(line)["id"] for line in lines] == numbers(rows)
    assert sum("LIMIT 500" in query["sql"] for query in queries) == 3


def test_nothing_in_the_csv_is_taken_for_a_formula(say, root):
    say(1, message_id="=1+1", action="@cmd", request="-garbage")
    [row] = csv.DictReader(io.StringIO(saved(root, "csv").removeprefix("\ufeff")))
    assert (row["message_id"], row["action"], row["request"]) == ("'=1+1", "'@cmd", "'-garbage")


def test_a_secret_that_was_stored_somehow_is_in_no_file(say, root):
    frame = '[2,"a","ChangeConfiguration",{"key":"AuthorizationKey","value":"topsecret"}]'
    say(1, request=frame)
    say(1, request='[2,"AuthorizationKey","topsecret"')
    for form in ("jsonl", "csv"):
        assert "topsecret" not in saved(root, form)


def test_a_file_ends_at_its_bound(say, root, monkeypatch):
    rows = say(20)
    monkeypatch.setattr("ocpp_gateway.admin.exports.MOST", 12)
    monkeypatch.setattr("ocpp_gateway.admin.exports._BATCH", 5)
    lines = saved(root, "jsonl").splitlines()
    assert [json.loads(line)["id"] for line in lines] == numbers(rows)[:12]


def test_only_who_may_save_the_log_is_offered_it_and_gets_it(say, client_with):
    say(1)
    reader = client_with("ocpp_gateway.view_ocppmessage", "stations.view_chargingstation")
    export = reverse("admin:ocpp_gateway_ocppmessage_csv")
    assert reader.get(export).status_code == 403
    assert "/export." not in reader.get(reverse(LIST)).content.decode()
    assert client_with("ocpp_gateway.export_ocppmessage").get(export).status_code == 403
    both = client_with("ocpp_gateway.view_ocppmessage", "ocpp_gateway.export_ocppmessage")
    assert both.get(export).status_code == 200


def test_who_may_not_see_the_log_sees_no_part_of_it(say, client_with):
    [row] = say(1)
    stranger = client_with("stations.view_chargingstation")
    for name, args in (("rows", []), ("payload", [row.pk])):
        address = reverse(f"admin:ocpp_gateway_ocppmessage_{name}", args=args)
        assert stranger.get(address).status_code == 403
