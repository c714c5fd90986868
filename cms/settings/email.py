"""EMAIL_URL to Django's settings of e-mail."""

from __future__ import annotations

from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

_SECONDS = 20  # a mail server that does not answer must not hold up what else there is to do


def email(address: str) -> dict[str, Any]:
    """The settings for ``address``; nothing is sent where it is empty.

    Raises ImproperlyConfigured where it is malformed.
    """
    if not address:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    try:
        found: dict[str, Any] = dict(environ.Env.email_url_config(address))
    except (ValueError, KeyError) as error:
        raise ImproperlyConfigured(
            f"EMAIL_URL is malformed ({error}); it should look like"
            " smtp+tls://user:password@host:587."
        ) from None
    return {"EMAIL_TIMEOUT": _SECONDS, **found}
