"""Dialogs: every action of the admin shows a form on GET, acts on POST and names its permission."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as lazy

from cms.shared import scoping, texts
from cms.shared.admin import ModelAdmin, action, variant
from cms.shared.errors import DomainError

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Perform = Callable[..., HttpResponse]
_PRESS_AGAIN = lazy("This is what it would do: press again to do it.")
_SHOWN = "shown"  # the code of what is no error: it was only shown so far


class DialogForm(forms.Form):
    """The form of a dialog. ``obj`` is the row it acts on, None for a dialog of the list.

    The token makes a double click harmless where the service takes an idempotency key.
    """

    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    can_submit = True
    shown: SafeString | str = ""  # what it is about, between notices and fields

    def __init__(self, data: Any, *, obj: Any, request: HttpRequest) -> None:
        super().__init__(data)
        self.obj = obj
        self.request = request
        self.notices: list[tuple[str, str]] = []
        for field in self.fields.values():
            rows = getattr(field, "queryset", None)
            if isinstance(field, forms.ModelChoiceField) and rows is not None:
                field.queryset = scoping.visible(request.user, rows)  # what one may see
        self.prepare()

    def prepare(self) -> None:
        """Set choices, initial values and notices for ``obj``."""

    def idempotency_key(self) -> str:
        """One for each dialog, however often its button is pressed."""
        return f"admin:{self.request.user.pk}:{self.cleaned_data['token']}"

    def warn(self, text: str, tone: str = "amber") -> None:
        """Say something above the fields."""
        self.notices.append((tone, text))

    def refuse(self, text: str) -> None:
        """Say why it cannot be done now; the button is off."""
        self.warn(text, "red")
        self.can_submit = False

    @property
    def answers(self) -> list[tuple[str, str]]:
        """What is said of the whole form: a tone and a text each."""
        found = self.non_field_errors().as_data()
        tones = [("blue" if error.code == _SHOWN else "red", error) for error in found]
        return [(tone, text) for tone, error in tones for text in error.messages]


class ConfirmForm(DialogForm):
    """Only a question."""


class ShownFirstForm(DialogForm):
    """The first press shows what it would do; the second, where that is still so, does it."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def show_first(self, *said: tuple[str, str], press: StrOrPromise = _PRESS_AGAIN) -> None:
        """Say what it would do (tone, text). Raises ValidationError until just that was seen."""
        for tone, text in said:
            self.warn(text, tone)
        seen = " ".join(text for _, text in said)
        if self.cleaned_data["seen"] != seen:
            self.data = {**self.data.dict(), "seen": seen}  # type: ignore[attr-defined]
            raise forms.ValidationError(press, code=_SHOWN)


def dialog(
    *,
    title: StrOrPromise,
    permission: str,
    form: type[DialogForm] = ConfirmForm,
    submit: StrOrPromise,
    text: StrOrPromise = "",
    icon: str | None = None,
    danger: bool = False,
    look: str = "default",
) -> Callable[[Perform], Any]:
    """Make ``perform(admin, request, obj, form)`` an action: GET shows, POST does.

    ``danger`` colours its button, ``look`` (default, primary, danger) the one that opens it.
    ``permission`` names a method ``has_<permission>_permission``: a name with a dot would be
    looked up in the database by the system checks, which run before there is one.
    """
    shown = {"title": title, "text": text, "submit": submit, "danger": danger}

    def decorate(perform: Perform) -> Any:
        @wraps(perform)
        def view(self: ModelAdmin, request: HttpRequest, object_id: str | None = None) -> Any:
            if request.method not in ("GET", "POST"):
                return HttpResponseNotAllowed(["GET", "POST"])
            self.may_look(request)
            obj = self.found(request, unquote(object_id)) if object_id else None
            bound = form(
                request.POST if request.method == "POST" else None, obj=obj, request=request
            )
            if bound.is_valid() and bound.can_submit:
                try:
                    return perform(self, request, obj, bound)
                except DomainError as error:
                    bound.add_error(None, texts.localised(error.message))
            return show(self, request, obj, "admin/dialog_form.html", {**shown, "form": bound})

        marked = action(
            permissions=[permission],
            description=format_lazy("{}…", title),
            url_path=perform.__name__.replace("_", "-"),
            icon=icon,
            variant=variant(look),
        )(view)
        marked.dialog = {**shown, "asks": form}
        return marked

    return decorate


def leads(
    *, title: StrOrPromise, permission: str, icon: str
) -> Callable[[Callable[..., str]], Any]:
    """Make ``where(admin, request, obj)`` an action that only leads to the address it gives."""

    def decorate(where: Callable[..., str]) -> Any:
        @wraps(where)
        def view(self: ModelAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
            obj = self.found(request, unquote(object_id))
            return HttpResponseRedirect(where(self, request, obj))

        marked = action(
            permissions=[permission],
            description=title,
            url_path=where.__name__.replace("_", "-"),
            icon=icon,
        )(view)
        marked.leads = True
        return marked

    return decorate


def in_modal(request: HttpRequest) -> bool:
    """Whether htmx asked, from a page that shows the answer in its dialog."""
    return request.headers.get("HX-Request") == "true"


def show(
    model_admin: ModelAdmin, request: HttpRequest, obj: Any, body: str, context: dict[str, Any]
) -> HttpResponse:
    """The dialog with ``body``: alone for htmx, on a page of its own without JavaScript."""
    everything = {**context, "body": body, "object": obj, "in_modal": in_modal(request)}
    if in_modal(request):
        return render(request, "admin/dialog_body.html", everything)
    site = model_admin.admin_site.each_context(request)
    opts = {"opts": model_admin.opts, "original": obj} if obj else {"opts": model_admin.opts}
    return render(request, "admin/dialog.html", {**site, **opts, **everything})


def leave(request: HttpRequest, url: str) -> HttpResponse:
    """Close the dialog by going to ``url``."""
    if in_modal(request):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
