"""What a review case has noted is said in words, with units; the JSON stands behind it."""

from __future__ import annotations

import pytest

from stations.admin import known_facts


@pytest.mark.parametrize(
    ("noted", "said"),
    [
        ({"connectorId": 2}, "<td>Connector</td><td>2</td>"),
        ({"meter_stop_wh": 12_345}, "12.345 kWh"),
        ({"stops": [{"meter_stop_wh": 1_000}, {"meter_stop_wh": 2_000}]}, "2.000 kWh"),
        ({"first": "2026-01-01T10:00:00+00:00"}, "2026-01-01 10:00:00 UTC"),
        ({"payload": {"idTag": "04AABBCC"}}, "idTag: ••••BBCC"),
        ({"techInfo": "<b>"}, "<td>&lt;b&gt;</td>"),
    ],
)
def test_evidence_is_a_table_of_labels_and_values(noted, said):
    shown = known_facts.evidence(noted)
    assert said in shown.partition("<details>")[0]


def test_numbers_of_our_rows_stand_only_in_the_json():
    facts, _, json = known_facts.evidence({"connector": 4711, "connectorId": 2}).partition("<detai")
    assert "4711" not in facts
    assert "4711" in json


def test_changes_are_said_before_and_after_of_what_they_were():
    shown = known_facts.changes(
        {"session #7": {"energy_wh": [1_000, 2_500], "billable": [None, True]}}
    )
    facts = shown.partition("<details>")[0]
    assert facts.index("1.000 kWh") < facts.index("2.500 kWh")
    assert "session #7" in facts
    assert "<td>yes</td>" in facts
