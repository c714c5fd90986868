"""TLS at the server itself: what daphne and uvicorn share, and the certificate a client showed.

TLS 1.2 or newer with the cipher suites of the security whitepaper (section 3.4). A certificate is
asked of every client and required of none: browsers have none, and whether a station needs one is
its own security profile's to say, with a 401 and a reason in the log.
"""

from __future__ import annotations

import ssl
from typing import Any

from django.conf import settings

# Forward secrecy and authenticated encryption; TLS 1.3 has only such.
CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
)
# Of OpenSSL; not named in Python. That a certificate is out of date is the application's to refuse.
_NO_CHECK_TIME = 0x200000


def context(anchors: list[str]) -> ssl.SSLContext:
    """What uvicorn listens with; ``anchors`` (PEM) may have signed clients' certificates.

    Raises OSError where the files of the settings cannot be used.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers(CIPHERS)
    try:
        made.load_cert_chain(settings.TLS_CERTIFICATE, settings.TLS_KEY)
    except OSError as error:
        raise unusable(error) from None
    if anchors:
        made.load_verify_locations(cadata="\n".join(anchors))
        made.verify_mode = ssl.CERT_OPTIONAL
        made.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME) | ssl.VERIFY_X509_PARTIAL_CHAIN
    return made


def unusable(error: Exception) -> OSError:
    """What to say where certificate and key cannot be used together, or at all."""
    return OSError(f"TLS_CERTIFICATE and TLS_KEY should be PEM files that fit: {error}")


def extension(chain: list[str]) -> dict[str, Any]:
    """The TLS extension of ASGI for a client that showed ``chain`` (PEM, its own first)."""
    return {"client_cert_chain": chain, "client_cert_error": None}
