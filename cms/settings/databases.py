"""DATABASE_URL to Django's DATABASES entry, for SQLite and PostgreSQL."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

# WAL lets readers go on while one writes; FULL keeps the last commit through a power cut.
_SQLITE_START = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=30000;"

_LIKE = "it should look like postgresql://user:password@host:5432/name."


def ensure_folder(folder: Path, variable: str = "DATA_DIR") -> None:
    """Make ``folder``; raises ImproperlyConfigured naming ``variable`` where none can write."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()  # may exist, and be somebody else's
    except OSError as error:
        raise ImproperlyConfigured(
            f"{variable} has {str(folder)!r}, but it should be a folder Voltdesk may write to "
            f"({error})."
        ) from None


def database(address: str, *, data_dir: Path, pool: int) -> dict[str, Any]:
    """The DATABASES entry for ``address``; SQLite in ``data_dir`` where it is empty."""
    if not address:
        return _sqlite(str(data_dir / "voltdesk.sqlite3"))
    if address.startswith("file:"):  # as the prior gateway wrote it: file:./dev.db
        return _sqlite(address.removeprefix("file:"))
    try:
        config: dict[str, Any] = dict(environ.Env.db_url_config(address))
    except ValueError as error:  # a port that is none, half an IPv6 address
        raise ImproperlyConfigured(f"DATABASE_URL is malformed ({error}); {_LIKE}") from None
    if config["ENGINE"] == "django.db.backends.sqlite3":
        return _sqlite(config["NAME"])
    return _postgresql(config, pool)


def _sqlite(name: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": name,
        "OPTIONS": {
            "timeout": 30,
            # Take the write lock at BEGIN: no deadlock between two that read first.
            "transaction_mode": "IMMEDIATE",
            "init_command": _SQLITE_START,
        },
    }


# A server that vanishes without a word is noticed in seconds, not by the kernel after 15 minutes
# or two hours (PostgreSQL manual, 34.1.2). DATABASE_URL may say otherwise, behind a question mark.
_NOTICED = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


def _postgresql(config: dict[str, Any], pool: int) -> dict[str, Any]:
    if not config.get("NAME"):
        raise ImproperlyConfigured(f"DATABASE_URL names no database; {_LIKE}")
    options = dict(config.get("OPTIONS") or {})
    for name, value in _NOTICED.items():
        options.setdefault(name, value)
    # Under ASGI connections must not outlive the request; the pool keeps them warm.
    options["prepare_threshold"] = 5  # for the few statements that bind on the server
    options["pool"] = {"min_size": 2, "max_size": pool, "timeout": 10}
    return {
        **config,
        "ENGINE": "cms.shared.postgresql",
        "CONN_MAX_AGE": 0,
        "OPTIONS": options,
    }
