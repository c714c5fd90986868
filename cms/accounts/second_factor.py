"""The page on which people set up their second factor, and what keeps those out who must first."""

from __future__ import annotations

from base64 import b32encode
from typing import Any

import segno
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django_otp import login

from cms.accounts import codes, throttle
from cms.accounts.models import AuthenticatorApp, User
from cms.shared import audit, texts
from cms.shared.errors import DomainError

NAME = "second_factor"
_SALT = "cms.accounts.second_factor"
_APP_SECONDS = 3600
# What one may open before: this page, and the way out.
_OPEN = {NAME, "login", "logout", "jsi18n", "password_change", "password_change_done"}
_OPEN |= {"account-forgotten", "account-reset", "account-reset-link", "account-verify"}


class SecondFactorWhereRequired:
    """Middleware: whose role needs a second factor sets one up before anything else."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Any) -> None:
        if not codes.demanding_roles():
            raise MiddlewareNotUsed
        self._get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Pass it on, a coroutine where that is one."""
        return self._get_response(request)

    def process_view(self, request: Any, view: Any, *_: Any) -> HttpResponse | None:
        """None lets a request pass; it is asked in a thread, where the database may be."""
        match = request.resolver_match
        if match.url_name in _OPEN or codes.may_use(request.user, request.session):
            return None
        if request.path.startswith(reverse("admin:index")):
            return HttpResponseRedirect(reverse(NAME))
        return JsonResponse({"code": "second_factor_missing", "error": _NEEDED}, status=403)


@sensitive_post_parameters("code")
def page(request: Any) -> HttpResponse:
    """Everybody's own: set it up, get new recovery codes, switch it off."""
    user = User.objects.get(pk=request.user.pk)
    said: dict[str, Any] = {}
    if request.method == "POST":
        try:
            said = _DO.get(request.POST.get("do", ""), _nothing)(request, user)
        except DomainError as error:
            said = {"error": texts.localised(error.message)}
        if said.pop("leave", False):
            return HttpResponseRedirect(reverse("admin:index"))
    return render(request, "admin/second_factor.html", _shown(request, user, said))


def _shown(request: Any, user: User, said: dict[str, Any]) -> dict[str, Any]:
    device = codes.enrolled(user)
    context = {
        **admin.site.each_context(request),
        "title": _("Second factor"),
        "device": device,
        "required": codes.is_required(user),
        "proved": "otp_device_id" in request.session,
        **said,
    }
    if device is None:
        return {**context, **_to_scan(_in_hand(request, user) or codes.new_app(user))}
    return {**context, "left": codes.recovery_codes_left(user)}


def _to_scan(device: AuthenticatorApp) -> dict[str, Any]:
    """The secret as a picture for the telephone, and as letters for who cannot scan it."""
    picture = segno.make(device.config_url, error="m").svg_inline(
        scale=5, border=3, light="#fff", svgclass="vd-qr", lineclass=None
    )
    letters = b32encode(device.bin_key).decode()
    grouped = " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))
    kept = signing.dumps([device.user_id, device.key], salt=_SALT)
    return {"picture": _safe(picture), "letters": grouped, "app": kept}


def _in_hand(request: HttpRequest, user: User) -> AuthenticatorApp | None:
    """The app that is being set up: the page carries its secret along, signed, until it counts."""
    try:
        whose, key = signing.loads(request.POST.get("app", ""), salt=_SALT, max_age=_APP_SECONDS)
    except signing.BadSignature:
        return None
    return AuthenticatorApp(user=user, name="app", key=key) if whose == user.pk else None


def _safe(picture: str) -> SafeString:
    return mark_safe(picture)  # noqa: S308 - drawn by segno from what we gave it


def _confirm(request: HttpRequest, user: User) -> dict[str, Any]:
    app = _in_hand(request, user)
    if app is None:
        raise DomainError("It took too long. Scan the picture anew.")
    made = codes.confirm(user, app.key, request.POST.get("code", ""))
    _proved(request, codes.enrolled(user))
    audit.note(user, "Set up a second factor")
    return {"recovery_codes": made}


def _prove(request: HttpRequest, user: User) -> dict[str, Any]:
    _proved(request, _checked(request, user))
    return {"leave": True}


def _renew(request: HttpRequest, user: User) -> dict[str, Any]:
    _checked(request, user)
    audit.note(user, "Made new recovery codes")
    return {"recovery_codes": codes.renew_recovery_codes(user)}


def _remove(request: HttpRequest, user: User) -> dict[str, Any]:
    if codes.is_required(user):
        raise DomainError("A role of yours needs a second factor.")
    _checked(request, user)
    codes.remove(user)
    audit.note(user, "Switched the second factor off")
    request.session.pop("otp_device_id", None)
    messages.success(request, _("The second factor is off."))
    return {"leave": True}


def _nothing(request: HttpRequest, user: User) -> dict[str, Any]:
    return {}


_DO = {"confirm": _confirm, "prove": _prove, "renew": _renew, "remove": _remove}
_NEEDED = "A role of this user needs a second factor: set it up in the admin."


def _checked(request: HttpRequest, user: User) -> Any:
    """The device that knows the code. Raises DomainError; wrong ones count as at the login."""
    name = user.get_username()
    if throttle.is_locked(request, name):
        raise DomainError("There were too many wrong codes. Try again later.")
    device = codes.check(user, request.POST.get("code", ""))
    if device is None:
        throttle.was_wrong(request, name)
        raise DomainError("The code is wrong, or was used already. Wait for the next one.")
    return device


def _proved(request: Any, device: Any) -> None:
    request.session.cycle_key()
    login(request, device)
