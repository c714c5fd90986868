"""Firmware and logs of a station: fetched and brought over real HTTP, reported step by step."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from datetime import datetime
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from tests.simulator.records import Records

if TYPE_CHECKING:
    from tests.simulator.charge_point import ChargePoint

log = logging.getLogger("simulator")
_TIMEOUT_S = 60.0
_PIECE = 64 * 1024
_INSTALLING_S = 20.0  # station seconds
_HTTP = ("http", "https")


class Job(NamedTuple):
    """A file to fetch or to bring."""

    location: str
    starts_at: datetime | None = None
    installs_at: datetime | None = None
    retries: int = 0
    retry_interval_s: int = 10
    request_id: int | None = None
    signature: str | None = None  # None: not a signed update


class Upkeep:
    """What one station does of it: one update and one upload at a time; the newest counts."""

    def __init__(self, station: ChargePoint) -> None:
        self._station = station
        self.firmware_status, self.upload_status = "Idle", "Idle"
        self.installed = b""  # the last file it installed

    async def update(self, job: Job) -> None:
        """Download, verify, install, restart; says each step as it comes."""
        await self._until(job.starts_at)
        await self._firmware("Downloading", job)
        content = await self._tried(job, _download)
        if content is None:
            return await self._firmware("DownloadFailed", job)
        await self._firmware("Downloaded", job)
        if job.signature is not None:
            if not _is_base64(job.signature):
                return await self._firmware("InvalidSignature", job)
            await self._firmware("SignatureVerified", job)
        await self._until(job.installs_at)
        await self._firmware("Installing", job)
        await self._station.clock.sleep(_INSTALLING_S)
        self.installed = content
        version = _version(job.location, content)[:50]
        self._station.hardware = self._station.hardware._replace(firmware=version)
        await self._station.reset("Soft")
        await self._station.ready()
        await self._firmware("Installed", job)
        self.firmware_status = "Idle"

    async def upload(self, job: Job, name: str) -> None:
        """Bring a file that tells what happened at the station."""
        is_log = job.request_id is not None
        failed = "UploadFailure" if is_log else "UploadFailed"
        await self._uploading("Uploading", job)
        if urlsplit(job.location).scheme not in _HTTP:
            return await self._uploading("NotSupportedOperation" if is_log else failed, job)
        content = _told(self._station.cp_id, self._station.records)
        done = await self._tried(job, lambda url: _put(url, name, content))
        await self._uploading(failed if done is None else "Uploaded", job)
        self.upload_status = "Idle"

    async def _tried(self, job: Job, work: Any) -> bytes | None:
        """Do it until it works, as often as the system allows."""
        for attempt in range(job.retries + 1):
            if attempt:
                await self._station.clock.sleep(job.retry_interval_s)
            try:
                result: bytes = await asyncio.to_thread(work, job.location)
            except (OSError, HTTPException, ValueError) as error:
                log.info("[%s] %s: %s", self._station.cp_id, job.location, error)
            else:
                return result
        return None

    async def _firmware(self, status: str, job: Job) -> None:
        self.firmware_status = status
        signed = "Signed" if job.signature is not None else ""
        await self._say(f"{signed}FirmwareStatusNotification", status, job)

    async def _uploading(self, status: str, job: Job) -> None:
        self.upload_status = status
        kind = "Log" if job.request_id is not None else "Diagnostics"
        await self._say(f"{kind}StatusNotification", status, job)

    async def _say(self, action: str, status: str, job: Job) -> None:
        number = {} if job.request_id is None else {"requestId": job.request_id}
        await self._station.say(action, {"status": status, **number})

    async def _until(self, moment: datetime | None) -> None:
        if moment is not None:
            left = (moment - self._station.clock.now()).total_seconds()
            await self._station.clock.sleep(max(0.0, left))


def _download(url: str) -> bytes:
    """The file, fetched piece by piece; what breaks off is resumed once from where it did."""
    content = bytearray()
    for _ in range(2):
        headers = {"Range": f"bytes={len(content)}-"} if content else {}
        with _open(Request(url, headers=headers)) as answer:
            length = int(answer.headers.get("Content-Length") or 0) + len(content)
            while piece := answer.read(_PIECE):
                content += piece
        if len(content) >= length:
            return bytes(content)
    raise OSError("it broke off twice")


def _put(url: str, name: str, content: bytes) -> bytes:
    """Bring a file; a folder's address is completed by its name."""
    target = url + name if url.endswith("/") else url
    with _open(Request(target, content, method="PUT")) as answer:
        body: bytes = answer.read()
    return body


def _open(request: Request) -> Any:
    if urlsplit(request.full_url).scheme not in _HTTP:
        raise OSError("only http and https are known here")
    return build_opener(ProxyHandler({})).open(request, timeout=_TIMEOUT_S)


def _version(location: str, content: bytes) -> str:
    """What the file says of itself (``version 1.2.3`` in its first line), else its name."""
    first = content[:100].partition(b"\n")[0].decode("ascii", "replace").strip()
    if first.startswith("version "):
        return first.removeprefix("version ")
    return unquote(urlsplit(location).path.rpartition("/")[2]) or "unknown"


def _told(cp_id: str, records: Records) -> bytes:
    counts = "\n".join(f"{name}: {count}" for name, count in sorted(records.counts.items()))
    return f"log of {cp_id}\n{counts}\n".encode()


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return False
