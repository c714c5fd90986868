"""The paths of accounts, below /api."""

from __future__ import annotations

from cms.accounts.api.login import LogIn, LogOut, Refresh
from cms.shared.api import route

urlpatterns = [
    route("auth/token", LogIn.as_view(), "auth-token"),
    route("auth/refresh", Refresh.as_view(), "auth-refresh"),
    route("auth/logout", LogOut.as_view(), "auth-logout"),
]
