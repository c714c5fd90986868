"""Handshakes: slow, odd, huge and false ones are let in or refused with a status, never 500."""

from __future__ import annotations

import base64
import contextlib
import socket
from collections.abc import Iterator

import pytest

from tests.hostile.peer import Closed, Peer, frame, handshake
from tests.hostile.target import Target

SERVED, CUT = 101, 0  # the line may be cut in the middle of a head that is too large
Case = tuple[dict[str, str | None], tuple[str, ...], set[int]]  # changed headers, more, statuses
HEADERS: dict[str, Case] = {
    "the usual ones": ({}, (), {SERVED}),
    "no subprotocol": ({"Sec_WebSocket_Protocol": None}, (), {SERVED}),
    "an empty subprotocol": ({"Sec_WebSocket_Protocol": ""}, (), {SERVED, 400}),
    "an odd subprotocol": ({"Sec_WebSocket_Protocol": ",ocpp1.6"}, (), {SERVED}),
    "only another one": ({"Sec_WebSocket_Protocol": "mqtt"}, (), {400}),
    "one that is a script": ({"Sec_WebSocket_Protocol": "<script>"}, (), {400}),
    "one that is no ASCII": ({"Sec_WebSocket_Protocol": "öcpp1.6"}, (), {400}),
    "one with an escape": ({"Sec_WebSocket_Protocol": "ocpp1%2E6"}, (), {400}),
    "one of 4,000 characters": ({"Sec_WebSocket_Protocol": "x" * 4000}, (), {400}),
    "500 of them": ({"Sec_WebSocket_Protocol": ",".join(f"p{n}" for n in range(500))}, (), {400}),
    "the same one twice": ({"Sec_WebSocket_Protocol": "ocpp1.6,ocpp1.6"}, (), {SERVED, 400}),
    "two headers of them": ({}, ("Sec-WebSocket-Protocol: ocpp2.0.1",), {SERVED, 400}),
    "no key": ({"Sec_WebSocket_Key": None}, (), {400}),
    "an empty key": ({"Sec_WebSocket_Key": ""}, (), {400}),
    "a short key": ({"Sec_WebSocket_Key": "AAAA"}, (), {400}),
    "a key that is not base64": ({"Sec_WebSocket_Key": "!" * 24}, (), {400}),
    "a key of 4,000 characters": ({"Sec_WebSocket_Key": "A" * 4000}, (), {400}),
    "two keys": ({}, ("Sec-WebSocket-Key: c2l4dGVlbiBieXRlcyBvaw==",), {400}),
    "no version": ({"Sec_WebSocket_Version": None}, (), {400, 426}),
    "version 8": ({"Sec_WebSocket_Version": "8"}, (), {SERVED, 400, 426}),
    "version 99": ({"Sec_WebSocket_Version": "99"}, (), {400, 426}),
    "version x": ({"Sec_WebSocket_Version": "x"}, (), {400, 426}),
    "version -13": ({"Sec_WebSocket_Version": "-13"}, (), {400, 426}),
    "a version of 5,000 digits": ({"Sec_WebSocket_Version": "9" * 5000}, (), {400, 426}),
    "no connection header": ({"Connection": None}, (), {400, 404, 426}),
    "connection close": ({"Connection": "close"}, (), {400, 404, 426}),
    "upgrade to h2c": ({"Upgrade": "h2c"}, (), {400, 404, 426}),
    "upgrade in capitals": ({"Upgrade": "WebSocket"}, (), {SERVED}),
    "no host": ({"Host": None}, (), {SERVED, 400}),
    "two hosts": ({}, ("Host: other",), {SERVED, 400}),
    "a host with a port that is none": ({"Host": "localhost:x"}, (), {SERVED, 400}),
    "a host that is a script": ({"Host": "<script>"}, (), {SERVED, 400}),
    "a foreign origin": ({"Origin": "https://evil.example"}, (), {SERVED, 403}),
    "an origin that is none": ({"Origin": "::::"}, (), {SERVED, 400, 403}),
    "compression": ({"Sec_WebSocket_Extensions": "permessage-deflate"}, (), {SERVED}),
    "compression with nonsense": (
        {"Sec_WebSocket_Extensions": "permessage-deflate; server_max_window_bits=99; x"},
        (),
        {SERVED, 400},
    ),
    "extensions that do not end": (
        {"Sec_WebSocket_Extensions": 'a; b="' + ";" * 1000},
        (),
        {SERVED, 400},
    ),
    "a user without a password": ({"Authorization": "Basic YQ=="}, (), {SERVED, 401}),
    "credentials that are not base64": ({"Authorization": "Basic ÿÿÿ"}, (), {SERVED, 401}),
    "credentials without a scheme": ({"Authorization": "x"}, (), {SERVED, 401}),
    "another scheme": ({"Authorization": "Bearer x.y.z"}, (), {SERVED, 401}),
    "huge credentials": (
        {"Authorization": "Basic " + base64.b64encode(b"a:" + b"x" * 3000).decode()},
        (),
        {SERVED, 401},
    ),
    "binary credentials": (
        {"Authorization": "Basic " + base64.b64encode(b"\xff\x00:\xff\x00").decode()},
        (),
        {SERVED, 401},
    ),
    "a false address": ({"X_Forwarded_For": "'; DROP TABLE x; --"}, (), {SERVED}),
    "a false certificate": (
        {"X_SSL_Client_Cert": "%" * 1000, "X_SSL_Client_Verify": "SUCCESS"},
        (),
        {SERVED},
    ),
    "a root path of daphne": ({"Daphne_Root_Path": "/admin"}, (), {SERVED, 400, 404}),
    "a header that is no ASCII": ({"X_Odd": "é\xff"}, (), {SERVED, 400}),
    "a header with an underscore": ({}, ("X_Under: 1",), {SERVED, 400}),
    "a header name that is no ASCII": ({}, ("X-é: 1",), {400}),
    "a header without a name": ({}, (": 1",), {400}),
    "a header without a colon": ({}, ("nonsense",), {400}),
    "a header with NUL": ({}, ("X-Nul: a\x00b",), {400}),
    "a header in two lines": ({}, ("X-Folded: a", " b"), {SERVED, 400}),
    "a header of 60,000 characters": ({}, ("X-Long: " + "x" * 60_000,), {SERVED, 400, 431, CUT}),
    "a header of 300,000 characters": ({}, ("X-Long: " + "x" * 300_000,), {400, 431, CUT}),
    "1,000 headers": ({}, tuple(f"X-{n}: {n}" for n in range(1000)), {SERVED, 400, 431}),
    "20,000 headers": ({}, tuple(f"X-{n}: {n}" for n in range(20_000)), {400, 431, CUT}),
    "a body": ({}, ("Content-Length: 5",), {SERVED, 400}),
    "a length that is none": ({}, ("Content-Length: x",), {400}),
    "a length below nothing": ({}, ("Content-Length: -5",), {400}),
    "two lengths": ({}, ("Content-Length: 5", "Content-Length: 6"), {400}),
    "chunks": ({}, ("Transfer-Encoding: chunked",), {SERVED, 400}),
    "a coding of nobody": ({}, ("Transfer-Encoding: x",), {400, 501}),
    "a length and chunks": ({}, ("Transfer-Encoding: chunked", "Content-Length: 5"), {400}),
    "expect": ({}, ("Expect: 200-nonsense",), {SERVED, 400, 417}),
}
BODIES = {"a body": b"hello", "chunks": b"0\r\n\r\n", "a length and chunks": b"0\r\n\r\n"}
PATHS: dict[str, set[int]] = {
    "/ocpp/NAME/": {SERVED},
    "//ocpp///NAME": {SERVED},
    "/a/b/c/ocpp/NAME?x=y&z": {SERVED},
    "/ocpp/N%41ME": {SERVED},
    "/ocpp/NAME#fragment": {SERVED, 400, 404},
    "/ocpp/%4eAME%20x": {SERVED, 404},
    "/": {404},
    "/ocpp": {404},
    "/ocpp/": {404},
    "/ocpp/.": {404},
    "/ocpp/..": {404},
    "/ocpp/../..": {404},
    "/ocpp/%2e%2e": {404},
    "/ocpp/%2E": {404},
    "/ocpp/..%2f..%2fetc%2fpasswd": {404},
    "/ocpp/a%2fb": {SERVED, 404},
    "/ocpp/%00": {404},
    "/ocpp/NAME%00": {404},
    "/ocpp/NAME%0d%0aX:1": {404},
    "/ocpp/%E2%80%AE": {404},
    "/ocpp/%FF": {404},
    "/ocpp/%": {SERVED, 404},
    "/ocpp/%zz": {SERVED, 404},
    "/ocpp/%252e%252e": {SERVED, 404},
    "/ocpp/" + "x" * 300: {404},
    "/ocpp/" + "x" * 15_000: {400, 404, 414},
    "/ocpp/" + "x/" * 5000 + "NAME": {SERVED, 400, 404, 414},
    "/ocpp/é": {400, 404},
    "/admin/NAME": {404},
    "/api/NAME": {404},
    "/files/NAME": {404},
    "/ws/": {404},
    "http://evil.example/ocpp/NAME": {SERVED, 400, 404},
    "*": {SERVED, 400, 404},
    "ocpp/NAME": {SERVED, 400, 404},
}
# No handshake at all: plain HTTP, or not even that.
REQUESTS: dict[str, tuple[bytes, set[int]]] = {
    "GET": (b"GET /ocpp/x HTTP/1.1\r\nHost: x\r\n\r\n", {400, 404, 426}),
    "HEAD": (b"HEAD /ocpp/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {400, 404, 426}),
    "POST": (
        b"POST /ocpp/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        {400, 403, 404, 405, 426},
    ),
    "OPTIONS": (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", {200, 400, 404}),
    "CONNECT": (b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n", {400, 404, 405}),
    "a method of nobody": (b"HACK /ocpp/x HTTP/1.1\r\nHost: x\r\n\r\n", {400, 403, 404, 405}),
    "POST and upgrade": (handshake("/ocpp/x").replace(b"GET", b"POST", 1), {400, 404, 405}),
    "HTTP/1.0": (
        handshake("/ocpp/x").replace(b"HTTP/1.1", b"HTTP/1.0", 1),
        {SERVED, 400, 404, 426, 505},
    ),
    "HTTP/9.9": (b"GET /ocpp/x HTTP/9.9\r\nHost: x\r\n\r\n", {400, 404, 505}),
    "no version": (b"GET /ocpp/x\r\n\r\n", {400, 404}),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 9, {400, 404, 505}),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200 + b"\r\n\r\n", {400}),
    "a frame": (frame(b'[2,"id","Heartbeat",{}]') + b"\r\n\r\n", {400}),
    "zeroes": (b"\0" * 1000 + b"\r\n\r\n", {400}),
    "only line ends": (b"\r\n" * 500, {400, 408}),
}


@pytest.fixture
def alone(target: Target) -> Iterator[Peer]:
    """A connection that has not said anything."""
    with target.plain() as peer:
        yield peer


def status(peer: Peer) -> int:
    """What a handshake got."""
    try:
        return peer.answer().status
    except Closed:
        return CUT


@pytest.mark.parametrize("name", HEADERS)
def test_headers_get_what_they_deserve(target, alone, name):
    changed, more, deserved = HEADERS[name]
    with contextlib.suppress(ConnectionError):
        alone.send(handshake(target.new_path(), *more, **changed) + BODIES.get(name, b""))
    got = status(alone)
    assert got in deserved
    if got == SERVED and name not in BODIES:  # which are no frames
        alone.call("1")
        assert alone.hear()[:2] == [3, "1"]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_gets_what_it_deserves(target, alone, path):
    name = target.new_path().rpartition("/")[2]
    alone.send(handshake(path.replace("NAME", name)))
    got = status(alone)
    assert got in PATHS[path]
    if got == SERVED:
        alone.call("1")
        assert alone.hear()[:2] == [3, "1"]


def test_at_the_path_of_apps_nobody_speaks_ocpp(alone):
    alone.send(handshake("/ws"))
    assert status(alone) == SERVED
    alone.call("1")
    said = alone.hear()
    assert said["error"]["code"] == "INVALID_MESSAGE_FORMAT"


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_no_handshake_is_refused(alone, name):
    request, deserved = REQUESTS[name]
    alone.send(request)
    alone.socket.shutdown(socket.SHUT_WR)
    assert status(alone) in {*deserved, CUT}


def test_a_handshake_that_drips_is_served_and_others_are_meanwhile(target, alone):
    data = handshake(target.new_path())
    for n in range(len(data)):
        alone.send(data[n : n + 1])
        if n % 50 == 0:
            target.meanwhile()
    assert alone.answer().status == SERVED


def test_fifty_that_never_finish_their_handshake_hold_up_nobody(target):
    waiting = [target.plain() for _ in range(50)]
    for n, peer in enumerate(waiting):
        peer.send(handshake(target.new_path())[: 10 + 3 * n])
    target.meanwhile()
    with target.peer() as served:
        served.call("1")
        assert served.hear()[:2] == [3, "1"]
    for peer in waiting:
        peer.reset()


def test_a_call_right_behind_the_handshake_is_served(target, alone):
    alone.send(handshake(target.new_path()) + frame(b'[2,"1","Heartbeat",{}]'))
    assert alone.answer().status == SERVED
    assert alone.hear()[:2] == [3, "1"]


def test_a_second_handshake_behind_the_first_is_no_frame(target, alone):
    alone.send(handshake(target.new_path()) * 2)
    assert alone.answer().status == SERVED
    assert alone.goodbye().code == 1002


def test_a_handshake_behind_a_plain_request_is_served_or_refused(target, alone):
    alone.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n" + handshake(target.new_path()))
    assert alone.answer().status == 200
    assert status(alone) in {SERVED, 400, CUT}


def test_a_handshake_that_is_given_up_at_once_leaves_nothing(target):
    for _ in range(20):
        peer = target.plain()
        peer.send(handshake(target.new_path()))
        peer.reset()
