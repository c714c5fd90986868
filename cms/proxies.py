"""Behind a proxy: who really called, over TLS or not, and with which certificate.

Only what a trusted proxy says counts (BEHIND_PROXY, TRUSTED_PROXIES). From anybody else the same
headers are taken out before Django or the gateway could read them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from django.conf import settings

Application = Callable[..., Awaitable[None]]
_FOR, _PROTO = b"x-forwarded-for", b"x-forwarded-proto"
_VERIFIED = "SUCCESS"  # nginx's word ($ssl_client_verify)


class Proxied:
    """Wraps the application of a serving process."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._trusted = [ipaddress.ip_network(each) for each in settings.TRUSTED_PROXIES]
        self._certificate = settings.PROXY_CERTIFICATE_HEADER.lower().encode()
        self._verify = settings.PROXY_VERIFY_HEADER.lower().encode()
        self._ours = {_FOR, _PROTO, self._certificate, self._verify}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Pass a connection on as it is seen from outside the proxy."""
        if scope["type"] in ("http", "websocket"):
            scope = self._seen(scope)
        await self._application(scope, receive, send)

    def _seen(self, scope: dict[str, Any]) -> dict[str, Any]:
        said = {name: value for name, value in scope["headers"] if name in self._ours}
        if not (settings.BEHIND_PROXY and self._trusts((scope.get("client") or ("",))[0])):
            if not said:
                return scope
            kept = [each for each in scope["headers"] if each[0] not in self._ours]
            return {**scope, "headers": kept}
        return self._believed(scope, said)

    def _believed(self, scope: dict[str, Any], said: dict[bytes, bytes]) -> dict[str, Any]:
        """The connection as the proxy describes it; what stands in no header is not there."""
        address = self._caller(said.get(_FOR, b"").decode("latin1"))
        over_tls = said.get(_PROTO, b"").strip().lower() in (b"https", b"wss")
        plain, secure = ("http", "https") if scope["type"] == "http" else ("ws", "wss")
        extensions = {**scope.get("extensions", {})}
        extensions.pop("tls", None)  # between the proxy and us, if anywhere
        if over_tls:
            extensions["tls"] = self._tls(said)
        return {
            **scope,
            "client": (address, 0) if address else scope.get("client"),
            "scheme": secure if over_tls else plain,
            "extensions": extensions,
        }

    def _tls(self, said: dict[bytes, bytes]) -> dict[str, Any]:
        """As the TLS extension of ASGI has it."""
        pem = unquote(said.get(self._certificate, b"").decode("latin1")).strip()
        verdict = said.get(self._verify, b"").decode("latin1").strip()
        return {
            "client_cert_chain": [pem] if pem else [],
            "client_cert_error": None if verdict == _VERIFIED else verdict or "not verified",
        }

    def _caller(self, forwarded: str) -> str:
        """The last address that is not a proxy of ours: those before it anybody could invent."""
        addresses = [part.strip() for part in forwarded.split(",") if part.strip()]
        return next((each for each in reversed(addresses) if not self._trusts(each)), "")

    def _trusts(self, address: str) -> bool:
        try:
            peer = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(peer, "ipv4_mapped", None) or peer
        return any(mapped in network for network in self._trusted)
