"""Pages for who cannot log in: asking for a new password, and setting it. Without any app."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from cms.accounts import mails, resetting
from cms.accounts.api.resetting import ByClient
from cms.shared import clock, texts
from cms.shared.admin import EmailInput, PasswordInput
from cms.shared.errors import DomainError

_page = require_http_methods(["GET", "HEAD", "POST"])
_HELD = "password_reset"  # in the session: what the link said, so that no address has it any more


class ForgottenForm(forms.Form):
    """Who forgot it."""

    email = forms.EmailField(
        label=lazy("E-mail"),
        widget=EmailInput(attrs={"autocomplete": "email", "autofocus": ""}),
    )


class NewPasswordForm(forms.Form):
    """The password to have, twice."""

    new = forms.CharField(
        label=lazy("New password"),
        max_length=1000,
        strip=False,
        widget=PasswordInput(attrs={"autocomplete": "new-password", "autofocus": ""}),
    )
    again = forms.CharField(
        label=lazy("Once more"),
        max_length=1000,
        strip=False,
        widget=PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> Any:
        """Raise ValidationError where they differ."""
        said = self.cleaned_data
        if {"new", "again"} <= {*said} and said["new"] != said["again"]:
            self.add_error("again", _("The two passwords differ."))
        return said


@never_cache
@_page
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for the mail; the answer is the same whether anybody has the address or not."""
    if not mails.is_on():
        return refused(request, "account/forgotten.html", resetting.NoMail(), 409)
    form = ForgottenForm(request.POST or None)
    if not form.is_valid():
        return shown(request, "account/forgotten.html", form=form)
    throttle, is_taken = ByClient(), False
    if throttle.allow_request(request, None):  # type: ignore[arg-type]
        try:
            is_taken = resetting.forgotten(email=form.cleaned_data["email"], at=clock.now())
        except DomainError as error:
            form.add_error("email", texts.localised(error.message))
            return shown(request, "account/forgotten.html", form=form)
    if not is_taken:
        return shown(request, "account/forgotten.html", 429, form=form, is_too_often=True)
    return shown(request, "account/forgotten.html", is_sent=True)


@never_cache
@_page
def reset_link(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Where the mail leads: the token goes out of the address at once, before a page is shown."""
    try:
        resetting.find(uid=uid, token=token)
    except resetting.LinkRefused as error:
        return refused(request, "account/reset.html", error)
    request.session[_HELD] = [uid, token]
    return HttpResponseRedirect(reverse("account-reset"))


@sensitive_post_parameters()
@sensitive_variables()
@never_cache
@_page
def reset(request: HttpRequest) -> HttpResponse:
    """Set the password, once."""
    uid, token = request.session.get(_HELD, ["", ""])
    form = NewPasswordForm(request.POST or None)
    try:
        user = resetting.find(uid=uid, token=token)
        if not form.is_valid():
            return shown(request, "account/reset.html", form=form, whose=user.get_username())
        user = resetting.reset(uid=uid, token=token, new=form.cleaned_data["new"])
    except resetting.LinkRefused as error:
        return refused(request, "account/reset.html", error)
    except DomainError as error:
        for text in error.fields["newPassword"]:
            form.add_error("new", texts.localised(text))
        return shown(request, "account/reset.html", form=form, whose=user.get_username())
    del request.session[_HELD]
    return shown(request, "account/reset.html", is_done=True, may_log_in=user.is_staff)


def shown(request: HttpRequest, template: str, status: int = 200, **context: Any) -> HttpResponse:
    """A page in the dress of the login."""
    context = {**admin.site.each_context(request), "title": _("Account"), **context}
    return render(request, template, context, status=status)


def refused(
    request: HttpRequest, template: str, error: DomainError, status: int = 400
) -> HttpResponse:
    """Why not."""
    return shown(request, template, status, refused=texts.localised(error.message))


urls: list[URLPattern] = [
    path("account/forgotten/", forgotten, name="account-forgotten"),
    path("account/reset/", reset, name="account-reset"),
    path("account/reset/<segment:uid>/<segment:token>/", reset_link, name="account-reset-link"),
]
