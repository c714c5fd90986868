"""What the kernel does for us: closes connections whose other end is dead, and gives us files."""

from __future__ import annotations

import contextlib
import os
import resource
import socket

from django.conf import settings


def close_dead(fileno: int) -> None:
    """Have connections accepted here closed where what we send is not taken for too long.

    Our pings are sent, too. A station that takes them lives, whether or not it answers them (EVduty
    does not). Linux only: elsewhere TCP's own, longer patience counts.
    """
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        with socket.socket(fileno=os.dup(fileno)) as listening:
            patience = settings.OCPP_DEAD_SECONDS * 1000
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, patience)


def allow_many_sockets() -> None:
    """Take as many open files as the system grants: each socket is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # macOS grants fewer than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
