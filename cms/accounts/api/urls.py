"""The paths of accounts, below /api."""

from __future__ import annotations

from cms.accounts.api.login import LogIn, LogOut, Refresh
from cms.accounts.api.resetting import ForgotPassword, ResetPassword
from cms.accounts.api.users import DeactivationViews, UserViews
from cms.shared.api import route

urlpatterns = [
    route("auth/token", LogIn.as_view(), "auth-token"),
    route("auth/refresh", Refresh.as_view(), "auth-refresh"),
    route("auth/logout", LogOut.as_view(), "auth-logout"),
    route("auth/forgot-password", ForgotPassword.as_view(), "auth-forgot-password"),
    route("auth/reset-password", ResetPassword.as_view(), "auth-reset-password"),
    route("users", UserViews.as_view({"get": "list", "post": "create"}), "users"),
    route(
        "users/<number:user_id>",
        UserViews.as_view({"get": "retrieve", "patch": "partial_update"}),
        "user",
    ),
    route(
        "users/<number:user_id>/deactivate",
        DeactivationViews.as_view({"post": "deactivate"}),
        "user-deactivate",
    ),
]
