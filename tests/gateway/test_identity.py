"""Which station a path names, and which sub-protocol is spoken with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_gateway import dialects
from ocpp_gateway.authentication import identity


@pytest.mark.parametrize(
    ("path", "cp_id"),
    [
        ("/CP_001", "CP_001"),
        ("/ocpp/CP_001", "CP_001"),
        ("/OCPP/CP_001", "CP_001"),
        ("/ocpp/CP_001/", "CP_001"),
        ("//ocpp//CP_001//", "CP_001"),
        ("/ocpp/1.6/CP_001", "CP_001"),
        ("/services/ocppj/some/where/CP_001", "CP_001"),
        ("/CP_001?token=x", "CP_001"),
        ("/CP_001/?a=/b/c", "CP_001"),
        ("/ocpp/CP%20001", "CP 001"),
        ("/ocpp/CP%2D001", "CP-001"),
        ("/ocpp/CP%2541", "CP%41"),
        ("/ocpp/S%C3%A4ule", "Säule"),
        ("/ocpp/%E2%9A%A1", "⚡"),
        ("/ocpp/CP:001", "CP:001"),
        ("/ocpp/a.b", "a.b"),
        ("/ocpp/admin", "admin"),
        ("/ocpp/ocpp", "ocpp"),
        ("/ocpp/" + "x" * 100, "x" * 100),
    ],
)
def test_the_last_part_of_a_path_names_the_station(path, cp_id):
    assert identity(path) == cp_id


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "//",
        "/?x=1",
        "/ocpp",
        "/ocpp/",
        "/OCPP/",
        "/admin",
        "/admin/CP_001",
        "/Admin/CP_001",
        "/api/stations",
        "/ws/live",
        "/static/x.css",
        "/health",
        "/metrics",
        "/graphql",
        "/ocpp/.",
        "/ocpp/..",
        "/ocpp/%2e%2e",
        "/ocpp/%2E%2E/",
        "/ocpp/%20",
        "/ocpp/%00",
        "/ocpp/CP%00",
        "/ocpp/CP%0A001",
        "/ocpp/CP%1B[2J",
        "/ocpp/CP%7F",
        "/ocpp/CP%C2%85",
        "/ocpp/%E2%80%AECP",
        "/ocpp/CP%E2%80%8B",
        "/ocpp/a%2Fb",
        "/ocpp/a%5Cb",
        "/ocpp/%FF%FE",
        "/ocpp/" + "x" * 101,
        "/ocpp/" + "x" * 100_000,
    ],
)
def test_what_names_no_station_is_refused(path):
    assert identity(path) is None


@given(st.text())
def test_no_path_raises(path):
    cp_id = identity(path)
    assert cp_id is None or (0 < len(cp_id) <= 100 and cp_id.isprintable())


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        (["ocpp1.6"], "ocpp1.6"),
        (["ocpp2.0.1", "ocpp1.6"], "ocpp1.6"),
        (["ocpp0.1", "ocpp1.6"], "ocpp1.6"),
        (["", "ocpp1.6"], "ocpp1.6"),
        ([" ocpp1.6 "], "ocpp1.6"),
        (["OCPP1.6"], "OCPP1.6"),
        ([], None),
        ([""], None),
        (["", " "], None),
    ],
)
def test_it_speaks_1_6_and_names_it_as_the_station_did(offered, answered):
    assert dialects.chosen(offered) == ("ocpp1.6", answered)


@pytest.mark.parametrize("offered", [["ocpp2.0.1"], ["ocpp1.5", "ocpp1.2"], ["mqtt"], ["ocpp1.66"]])
def test_it_does_not_speak_what_it_does_not_know(offered):
    assert dialects.chosen(offered) is None
