"""Drivers' apps, their socket and maps: names and times as the Charging WebSocket API has them."""

from __future__ import annotations

from cms.settings.env import env

HEARTBEAT_INTERVAL: int = env("HEARTBEAT_INTERVAL")
SESSION_TIMEOUT: int = env("SESSION_TIMEOUT")
CONNECTION_TIMEOUT: int = env("CONNECTION_TIMEOUT")
MAX_CONNECTIONS: int = env("MAX_CONNECTIONS")
FRONTEND_URL: list[str] = env("FRONTEND_URL")
MAPS_PUBLIC: bool = env("MAPS_PUBLIC")
APP_CONNECTS_PER_MINUTE: int = env("APP_CONNECTS_PER_MINUTE")
APP_LOGINS_PER_MINUTE: int = env("APP_LOGINS_PER_MINUTE")
APP_MESSAGES_PER_MINUTE: int = env("APP_MESSAGES_PER_MINUTE")
