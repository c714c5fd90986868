"""What `manage.py check --deploy` asks of an installation, beside Django's own questions."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def pages_are_served_over_tls(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Dialogs post to the address the server thinks it has: over TLS it must know that."""
    if settings.TLS_PORT or settings.BEHIND_PROXY:
        return []
    return [
        Warning(
            "Neither TLS_PORT nor BEHIND_PROXY is set: pages believe they are served without TLS. "
            "Nobody stays logged in (cookies are for TLS), and behind a TLS proxy browsers block "
            "every dialog as mixed content.",
            hint="Set BEHIND_PROXY=true behind a proxy that sets X-Forwarded-Proto, else TLS_PORT.",
            id="voltdesk.W001",
        )
    ]
