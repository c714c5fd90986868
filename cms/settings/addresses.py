"""The address at which stations reach this system over HTTP, where PUBLIC_URL does not say it."""

from __future__ import annotations

import socket

_ANY = ("0.0.0.0", "::", "")


def public_url(*, host: str, port: int, allowed: list[str], behind_proxy: bool) -> str:
    """The best guess for one machine: its first named host, else the address it has itself."""
    named = [name for name in allowed if not name.startswith(("*", "."))]
    if named and behind_proxy:  # which ends TLS
        return f"https://{named[0]}"
    if host not in _ANY:
        return f"http://{_bracketed(host)}:{port}"
    return f"http://{_bracketed(named[0] if named else _own_address())}:{port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _own_address() -> str:
    """The address other machines see; nothing is sent to find out (RFC 5737 names nobody)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
