"""Files of stations over real HTTP: slow, resumed, too long, malformed, killed in the middle."""

from __future__ import annotations

import hashlib
import http.client
import os
import resource
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.processes import Server, eventually, start_server
from tests.rows import change, one, rows, stored
from tests.stack.station import PlainStation
from tests.web import Api, with_api_key

pytestmark = pytest.mark.once  # files travel past the engines

MIB = 2**20
LIMIT = 6 * MIB
FIVE = os.urandom(5 * MIB)
_OTHERS = ["daphne", "uvicorn"]


@pytest.fixture(scope="module", params=_OTHERS)
def server(request, shared_environment) -> Iterator[Server]:
    settings = {"UPLOAD_MAX_BYTES": str(LIMIT), "ASGI_SERVER": request.param}
    with start_server({**shared_environment, **settings}) as running:
        yield running


@pytest.fixture(scope="module")
def api(server) -> Api:
    return with_api_key(server)


@pytest.fixture(scope="module")
def station(server) -> Iterator[PlainStation]:
    with PlainStation(server.ws, f"FILES-{server.environment['ASGI_SERVER']}") as plain:
        yield plain


@pytest.fixture
def upload(api, station) -> str:
    """An address the station is to bring a log to."""
    answer = api.post(f"admin/{station.cp_id}/get-log", {"logType": "SecurityLog"})
    assert answer.status == 200, answer
    return str(station.asked[-1].payload["log"]["remoteLocation"])


@pytest.fixture
def download(api, station) -> str:
    """An address the station is to fetch a firmware from."""
    image = new_image(api, FIVE)
    answer = api.post(f"admin/{station.cp_id}/update-firmware", {"firmware": image})
    assert answer.status == 200, answer
    return str(station.asked[-1].payload["location"])


def new_image(api: Api, content: bytes) -> int:
    """A firmware an operator uploads."""
    version = f"{time.monotonic_ns()}"
    facts = {"vendor": "Acme", "model": "One", "version": version}
    answer = api.upload("firmware/images", "fw 1.bin", content, **facts)
    assert answer.status == 201, answer
    assert answer.body["sha256"] == hashlib.sha256(content).hexdigest()
    return int(answer.body["id"])


class Charger:
    """An HTTP client that is as rude as chargers are."""

    def __init__(self, url: str) -> None:
        self.address = urlsplit(url)
        assert self.address.hostname
        self.http = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=30)

    def ask(
        self, method: str, body: bytes | None = None, path: str = "", **headers: str
    ) -> tuple[int, bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.http.request(method, path or self.address.path, body, named)
        answer = self.http.getresponse()
        self.headers = answer.headers
        return answer.status, answer.read()

    def raw(self, head: str, *pieces: bytes, pause: float = 0) -> int:
        """Send what no client would; gives the status, 0 where the connection just ended."""
        whole = f"{head}\r\nHost: {self.address.netloc}\r\n\r\n".encode()
        with socket.create_connection((self.address.hostname, self.address.port), 30) as line:
            try:
                line.sendall(whole)
                for piece in pieces:
                    time.sleep(pause)
                    line.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it was told to stop already
            try:
                answer = line.recv(4096)
            except ConnectionResetError:
                return 0
        return int(answer.split()[1]) if answer else 0


def files(server: Server, folder: str) -> list[Path]:
    """What lies in one of the folders."""
    return [*(Path(server.environment["DATA_DIR"]) / "media" / folder).iterdir()]


def held(server: Server) -> int:
    """Bytes of uploads under way."""
    return sum(file.stat().st_size for file in files(server, "incoming"))


def last(server: Server) -> tuple[Any, ...]:
    """State, bytes, name and hash of the newest transfer."""
    query = (
        "SELECT state, transferred_bytes, file_name, sha256 FROM stations_transfer"
        " ORDER BY id DESC LIMIT 1"
    )
    return rows(server.environment, query)[0]


def test_a_file_that_comes_slowly_arrives_whole_and_operators_can_save_it(server, api, upload):
    charger = Charger(upload)
    pieces = [FIVE[at : at + MIB // 4] for at in range(0, len(FIVE), MIB // 4)]
    head = f"PUT {charger.address.path}security.log HTTP/1.1\r\nContent-Length: {len(FIVE)}"
    assert charger.raw(head, *pieces, pause=0.05) == 201
    digest = hashlib.sha256(FIVE).hexdigest()
    assert last(server) == ("Received", len(FIVE), "security.log", digest)
    request = api.get("logs?limit=1").body[0]
    assert request["outcome"] == "Done"
    saved = api.raw(request["fileUrl"])
    assert saved.body == FIVE
    assert saved.headers["Content-Disposition"] == 'attachment; filename="security.log"'
    assert saved.headers["X-Content-Type-Options"] == "nosniff"
    assert files(server, "incoming") == []


def test_a_file_in_chunks_of_unknown_length_arrives(server, upload):
    charger = Charger(upload)
    head = f"PUT {charger.address.path} HTTP/1.1\r\nTransfer-Encoding: chunked"
    chunks = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (b"a" * 1000, b"b" * 70_000)]
    assert charger.raw(head, *chunks, b"0\r\n\r\n") == 201
    assert last(server)[:2] == ("Received", 71_000)


@pytest.mark.parametrize("size", [10, 5 * MIB])
def test_a_multipart_form_arrives_as_its_file(server, upload, size):
    charger = Charger(upload)
    kind = "multipart/form-data; boundary=xx"
    disposition = b'Content-Disposition: form-data; name="file"; filename="../../etc/diag.zip"'
    form = b"--xx\r\n" + disposition + b"\r\n\r\n" + FIVE[:size] + b"\r\n--xx--\r\n"
    status, _ = charger.ask("POST", form, Content_Type=kind)
    assert status == 200
    digest = hashlib.sha256(FIVE[:size]).hexdigest()
    assert last(server) == ("Received", size, "diag.zip", digest)
    assert files(server, "incoming") == []


def test_a_form_without_a_file_is_refused_and_the_address_stays_good(server, upload):
    kind = "multipart/form-data; boundary=xx"
    assert Charger(upload).ask("POST", b"--xx--\r\n", Content_Type=kind)[0] == 400
    assert Charger(upload).ask("PUT", b"log")[0] == 201


def test_what_is_too_long_is_refused_before_it_is_sent(server, upload):
    charger = Charger(upload)
    head = f"PUT {charger.address.path} HTTP/1.1\r\nContent-Length: {10**13}"
    began = time.monotonic()
    assert charger.raw(head, b"x" * 1000) == 413
    assert time.monotonic() - began < 10
    assert files(server, "incoming") == []
    assert last(server)[0] == "Open"


def test_what_turns_out_too_long_is_cut_off_and_nothing_is_left_over(server, upload):
    charger = Charger(upload)
    head = f"PUT {charger.address.path} HTTP/1.1\r\nTransfer-Encoding: chunked"
    chunk = b"%x\r\n%s\r\n" % (MIB, b"x" * MIB)
    assert charger.raw(head, *[chunk] * 8) in (413, 0)
    assert eventually(lambda: files(server, "incoming") == [], 5)
    assert last(server)[0] == "Open"


def test_an_interrupted_upload_may_be_tried_again_and_a_complete_one_not(server, upload):
    charger = Charger(upload)
    with socket.create_connection((charger.address.hostname, charger.address.port)) as line:
        head = f"PUT {charger.address.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n"
        line.sendall(head.encode() + FIVE[: 2 * MIB])
        assert eventually(lambda: held(server) >= MIB, 5)
    assert eventually(lambda: files(server, "incoming") == [], 10)
    assert eventually(lambda: last(server)[1] >= MIB, 5), last(server)
    assert charger.ask("PUT", FIVE)[0] == 201
    assert charger.ask("PUT", b"another")[0] == 404
    assert last(server)[1] == len(FIVE)


@pytest.mark.parametrize(
    "path",
    [
        "/files/",
        "/files/x",
        "/files//",
        f"/files/{'A' * 75}",
        "/files/../../etc/passwd",
        "/files/%2e%2e/%2e%2e/etc/passwd",
        "/files/%00",
        f"/files/{'x' * 5000}/y",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST"])
def test_a_wrong_token_is_a_404_and_nothing_is_kept(server, path, method):
    body = b"x" * 200_000 if method in ("PUT", "POST") else None
    assert Charger(server.http).ask(method, body, path)[0] == 404
    assert files(server, "incoming") == []


def test_a_token_is_good_for_one_direction_and_until_it_expires(server, upload, download):
    assert Charger(upload).ask("GET")[0] == 404
    assert Charger(download).ask("PUT", b"x")[0] == 404
    past = stored(datetime(2020, 1, 1, tzinfo=UTC))
    change(server.environment, "UPDATE stations_transfer SET expires_at = ?", past)
    assert Charger(upload).ask("PUT", b"x")[0] == 404
    assert Charger(download).ask("GET")[0] == 404


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "PATCH", "PROPFIND"])
def test_nothing_else_is_done_there(upload, method):
    assert Charger(upload).ask(method)[0] == 405


def test_only_the_hash_of_a_token_is_kept(server, api, upload):
    token = urlsplit(upload).path.split("/")[2]
    query = "SELECT count(*) FROM stations_command WHERE CAST(payload AS TEXT) LIKE ?"
    assert one(server.environment, query, f"%{token}%") == 0
    query = "SELECT count(*) FROM ocpp_gateway_ocppmessage WHERE request LIKE ?"
    shown = "%/files/***%"
    assert eventually(lambda: one(server.environment, query, shown) > 0, 5)
    assert one(server.environment, query, f"%{token}%") == 0
    assert token not in server.said


def test_a_firmware_is_fetched_whole_or_from_where_it_broke_off(server, download):
    charger = Charger(download)
    status, whole = charger.ask("GET")
    assert (status, whole) == (200, FIVE)
    assert charger.headers["Content-Length"] == str(len(FIVE))
    etag = charger.headers["ETag"]
    status, rest = charger.ask("GET", Range=f"bytes={3 * MIB}-", If_Range=etag)
    assert (status, rest) == (206, FIVE[3 * MIB :])
    assert charger.headers["Content-Range"] == f"bytes {3 * MIB}-{len(FIVE) - 1}/{len(FIVE)}"
    assert charger.ask("GET", Range="bytes=0-9") == (206, FIVE[:10])
    assert charger.ask("GET", Range="bytes=-7") == (206, FIVE[-7:])
    assert charger.ask("GET", Range="bytes=5-", If_Range='"other"') == (200, FIVE)
    assert charger.ask("GET", Range=f"bytes={len(FIVE)}-")[0] == 416
    assert charger.ask("HEAD") == (200, b"")
    assert charger.headers["Content-Length"] == str(len(FIVE))
    assert eventually(lambda: last(server)[1] == len(FIVE), 5)


def test_a_reader_that_does_not_read_costs_no_memory(server, api, station):
    image = new_image(api, b"\0" * (120 * MIB))
    assert api.post(f"admin/{station.cp_id}/update-firmware", {"firmware": image}).status == 200
    charger = Charger(station.asked[-1].payload["location"])
    before = memory(server)
    lines = []
    for _ in range(4):
        line = socket.create_connection((charger.address.hostname, charger.address.port), 30)
        line.sendall(f"GET {charger.address.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 200")
        lines.append(line)
    # It goes on sending until the lines are full, and then it waits.
    assert not eventually(lambda: memory(server) - before > 60 * MIB, 2)
    for line in lines:
        line.close()


def memory(server: Server) -> int:
    """Bytes the server holds in memory."""
    pages = int(Path(f"/proc/{server.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()
