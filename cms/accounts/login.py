"""The login page: name and password first, then, of those who use one, the code of the app."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cms.accounts import codes, mails, passwords, throttle
from cms.accounts.models import User
from cms.shared.admin import AuthenticationForm, TextInput

_HALF = "cms.accounts.login"  # what is signed here is good for nothing else
_LONGEST_NAME = 150
_HALF_SECONDS = 300  # as long as one may look for the telephone


class LoginForm(AuthenticationForm):
    """Two steps in one form. ``half`` says, signed, whose password was right a moment ago."""

    half = forms.CharField(required=False, widget=forms.HiddenInput)
    otp = forms.CharField(
        required=False,
        max_length=20,
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("Six digits of your authenticator app, or a recovery code."),
        widget=TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "off", "autofocus": ""}
        ),
    )

    def __init__(self, request: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.half_way = self.data.get("half", "")
        if self.half_way:
            self.fields["username"].required = self.fields["password"].required = False

    @property
    def forgotten(self) -> str:
        """The page for who forgot the password, where mail is sent; else nothing."""
        return reverse("account-forgotten") if mails.is_on() else ""

    def clean(self) -> Any:
        """Log in, or ask for the code. Raises ValidationError, which says what is wrong."""
        if not self.half_way:
            if len(self.cleaned_data.get("username", "")) > _LONGEST_NAME:
                raise self.get_invalid_login_error()  # what counts wrong logins could not keep it
            super().clean()
            return self._asked_for_code()
        user = self._whose_password_was_right()
        name = user.get_username()
        if throttle.is_locked(self.request, name):
            raise self._too_often(name)
        device = codes.check(user, self.cleaned_data.get("otp", ""))
        if device is None:
            throttle.was_wrong(self.request, name)
            raise self._too_often(name) if throttle.was_refused(self.request) else _wrong_code()
        self._comes_in(user, device)
        return self.cleaned_data

    def _comes_in(self, user: Any, device: Any) -> None:
        user.otp_device, user.backend = device, settings.AUTHENTICATION_BACKENDS[-1]
        self.user_cache = user

    def get_invalid_login_error(self) -> ValidationError:
        """What a wrong password says; after too many of them, for how long to wait."""
        if throttle.was_refused(self.request):
            return self._too_often(self.cleaned_data.get("username", ""))
        error: ValidationError = super().get_invalid_login_error()
        return error

    def _asked_for_code(self) -> Any:
        user: Any = self.user_cache
        if user is None or not codes.enrolled(user):
            return self.cleaned_data
        self.user_cache = cast(Any, None)
        self.half_way = signing.dumps([user.pk, passwords.seal(user)], salt=_HALF)
        raise ValidationError(_("Your password is right. Now the code, please."), code="otp")

    def _whose_password_was_right(self) -> User:
        try:
            number, seal = signing.loads(self.half_way, salt=_HALF, max_age=_HALF_SECONDS)
        except signing.BadSignature:
            number, seal = 0, ""
        user = User.objects.filter(pk=number).first()
        if user is None or not passwords.is_sealed(user, seal):
            self.half_way = ""
            raise ValidationError(_("It took too long. Log in again."), code="too_late")
        self.confirm_login_allowed(user)
        return user

    def _too_often(self, username: str) -> ValidationError:
        """The words for who has to wait."""
        self.half_way = ""
        number = throttle.minutes(throttle.wait(self.request, username))
        return ValidationError(
            ngettext(
                "There were too many wrong logins from here. Try again in %(number)d minute.",
                "There were too many wrong logins from here. Try again in %(number)d minutes.",
                number,
            )
            % {"number": number},
            code="too_often",
        )


def _wrong_code() -> ValidationError:
    return ValidationError(
        _("The code is wrong, or was used already. Wait for the next one and try again."),
        code="wrong_code",
    )
