"""The largest files in bounded memory; a server that dies in the middle leaves nothing half."""

from __future__ import annotations

import hashlib
import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.processes import Server, eventually, start_server
from tests.rows import rows
from tests.stack.station import PlainStation
from tests.stack.test_files import MIB, files, held, memory
from tests.web import with_api_key

pytestmark = pytest.mark.once  # files travel past the engines

SIZE = 200 * MIB  # as much as the settings allow
PIECE = bytes(range(256)) * 4096


@pytest.fixture(params=["daphne", "uvicorn"])
def server(request, process_environment) -> Iterator[Server]:
    with start_server({**process_environment, "ASGI_SERVER": request.param}) as running:
        yield running


def address(server: Server) -> str:
    """Where a station is to bring a log to."""
    with PlainStation(server.ws, "LARGE") as station:
        asked = with_api_key(server).post("admin/LARGE/get-log", {"logType": "SecurityLog"})
        assert asked.status == 200, asked
        return str(station.asked[-1].payload["log"]["remoteLocation"])


def put(url: str, size: int, **headers: str) -> int:
    """Send so many bytes; gives the status."""
    where = urlsplit(url)
    line = http.client.HTTPConnection(where.hostname or "", where.port, timeout=120)
    line.putrequest("PUT", where.path)
    line.putheader("Content-Length", str(size))
    line.endheaders()
    for _ in range(size // len(PIECE)):
        line.send(PIECE)
    return line.getresponse().status


class Watch(threading.Thread):
    """Notes the most memory a server ever holds."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._server, self._over = server, threading.Event()
        self.most = self.began = memory(server)

    def run(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, memory(self._server))

    def grown(self) -> int:
        self._over.set()
        self.join()
        return self.most - self.began


def test_200_megabytes_arrive_in_a_few(server):
    url = address(server)
    watch = Watch(server)
    watch.start()
    assert put(url, SIZE) == 201
    assert watch.grown() < 48 * MIB
    digest = hashlib.sha256()
    for _ in range(SIZE // len(PIECE)):
        digest.update(PIECE)
    query = "SELECT state, transferred_bytes, sha256 FROM stations_transfer"
    assert rows(server.environment, query) == [("Received", SIZE, digest.hexdigest())]


def test_what_nobody_asked_for_is_neither_kept_nor_remembered(server):
    """Pages and the API take no long bodies, whoever sends them: Django would keep all of it."""
    watch = Watch(server)
    watch.start()
    for path in ("/admin/login/", "/api/auth/token", "/nowhere", "/files/x"):
        where = urlsplit(server.http)
        with socket.create_connection((where.hostname, where.port), 30) as line:
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {SIZE}\r\n\r\n"
            line.sendall(head.encode())
            try:
                for _ in range(16):
                    line.sendall(PIECE)
            except OSError:
                pass  # it was told to stop
            try:
                answer = line.recv(100)
            except ConnectionResetError:
                answer = b""
            expected = (b"HTTP/1.1 413", b"HTTP/1.1 404" if path == "/files/x" else b"HTTP/1.1 413")
            assert not answer or answer.startswith(expected)
    assert watch.grown() < 48 * MIB


def test_a_server_that_is_killed_leaves_nothing_half_written_and_takes_it_once_more(server):
    url = address(server)
    where = urlsplit(url)
    with socket.create_connection((where.hostname, where.port), 30) as line:
        head = f"PUT {where.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {SIZE}\r\n\r\n"
        line.sendall(head.encode() + PIECE * 3)
        assert eventually(lambda: held(server) >= MIB, 10)
        server.kill()
    assert not (Path(server.environment["DATA_DIR"]) / "media" / "uploads").exists()
    [(state, file)] = rows(server.environment, "SELECT state, file FROM stations_transfer")
    assert (state, file) == ("Open", "")
    server.start()
    assert put(url, 4 * len(PIECE)) == 201
    assert [file.stat().st_size for file in files(server, "uploads")] == [4 * len(PIECE)]
