"""TLS for clients that read in one thread and write in another."""

from __future__ import annotations

import select
import ssl
import threading
from typing import Any

from tests.pki import Identity


def trusting(root: Identity) -> ssl.SSLContext:
    """What a client dials with that trusts whoever ``root`` signed."""
    made = ssl.create_default_context(cadata=root.pem)
    made.sslsocket_class = OneAtATime
    return made


class OneAtATime(ssl.SSLSocket):
    """Reads and writes one after the other.

    websockets' threads do both at once, and in older Pythons nothing keeps OpenSSL from working
    on one connection in two threads (python/cpython#124984): rarely, a write ended in "internal
    error", or what was written never arrived.
    """

    @property
    def _turn(self) -> threading.Lock:
        lock: threading.Lock = self.__dict__.setdefault("_lock", threading.Lock())
        return lock

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """What has arrived; waits for it without keeping writers from their turn."""
        patience = self.gettimeout()
        while True:
            with self._turn:
                self.setblocking(False)
                try:
                    return super().recv(buflen, flags)
                except ssl.SSLWantReadError:
                    pass
                finally:
                    self.settimeout(patience)
            if not select.select([self], [], [], patience)[0]:
                raise TimeoutError("The read operation timed out")

    def send(self, data: Any, flags: int = 0) -> int:
        """In its turn."""
        with self._turn:
            return super().send(data, flags)
